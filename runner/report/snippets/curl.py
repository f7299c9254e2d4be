"""The steps of a scenario as commands for bash, with ``curl`` for each request.

Pasted one after the other the commands do what the scenario did: a captured value is put into a shell variable by
the command that brings it, and read from there by those that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from runner.api.operations import Operation, by_id, truth
from runner.report.pretty import pretty
from runner.report.snippets import bash
from runner.report.snippets.jq import jq_filter
from runner.report.snippets.variables import Part, Variable, Variables
from runner.results.records import RequestRecord, StepRecord

UNFRAME = (
    'unframe() { perl -e \'$|=1; while (read STDIN,$h,8) { ($s,$n)=unpack "CxxxN",$h; read STDIN,$d,$n;'
    " print {$s==2 ? *STDERR : *STDOUT} $d }'; }"
)
"""A shell function that takes the frames off a container's output and parts stdout from stderr. Each frame begins
with eight bytes: the stream's number, three zeros, the length (see ContainerAttach in the API reference)."""

_DEFAULT_SOCKET = "/var/run/docker.sock"
_INDENT = "    "
_CONNECTED = "sleep 1  # until it is connected"
_LONG_BODY = 88
"""Characters from which on a JSON body stands on several lines."""

_OF_THE_CONNECTION = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "upgrade",
    }
    | {"user-agent"}
)
_CREDENTIALS = {"x-registry-auth": "REGISTRY_AUTH", "x-registry-config": "REGISTRY_CONFIG"}
"""Headers whose value is never shown: the reader's shell holds it in a variable."""

_PLAIN_QUERY = re.compile(r"[A-Za-z0-9._~:/@,-]*")
_NOT_A_NAME = re.compile(r"\W")


class Script:
    """The commands of one scenario, asked for in the order of its steps."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:
        self._endpoint = endpoint
        self._variables = Variables()
        self._terminals: set[str] = set()
        self._several_in_background = sum(step.background for step in _walk(steps)) > 1

    def command(self, step: StepRecord) -> str | None:
        """What to paste for a step; None if there is nothing, or nothing that ``curl`` can do."""
        match step.kind:
            case "await":
                return self._wait(step)
            case "sleep":
                return f"sleep {_seconds(step.duration_ms)}"
            case "set":
                return self._assign(step)
            case "check" | "parallel" | "include":
                return None
        if step.each is not None:
            return self._each(step)
        return self._request(step)

    def knows(self, step: StepRecord, name: str) -> bool:
        """Whether the step's command puts this captured value into a variable."""
        return not step.background and _simple(step, name) is not None

    def learn(self, name: str, value: object) -> None:
        """From here on a value is shown as the variable of that name, which the reader sets."""
        self._variables.learn(value, Variable(name))

    def _wait(self, step: StepRecord) -> str:
        if self._several_in_background and step.awaits:
            return f'wait "${_job(step.awaits)}"'
        return "wait"

    def _assign(self, step: StepRecord) -> str | None:
        lines = []
        for name, value in step.captured.items():
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                lines.append(f"{name}={bash.word(self._variables.split(str(value)))}")
                self._variables.learn(value, Variable(name))
        return "\n".join(lines) or None

    def _each(self, step: StepRecord) -> str | None:
        assert step.each is not None
        names = [name for name in step.captured if _simple(step, name)]
        lines = [f"{name}=()" for name in names]
        for index, element in enumerate(step.each):
            command = self._request(element, index if names else None)
            if command is not None:
                lines.append(command)
        return "\n".join(lines) if len(lines) > len(names) else None

    def _request(self, step: StepRecord, index: int | None = None) -> str | None:
        request = step.request
        operation = by_id(step.operation) if step.operation else None
        if request is None or request.stdin is not None or (operation and operation.upgrade in ("websocket", "h2c")):
            return None
        self._look_for_terminal(step)
        chunks = self._chunks(request, operation)
        pipe = self._pipe(step, operation)
        if step.background:
            suffix = f" & {_job(step.id)}=$!" if self._several_in_background else " &"
            return f"{bash.lay_out(chunks, pipe + suffix)}\n{_CONNECTED}"
        filters = {name: text for name in step.captured if (text := _simple(step, name)) is not None}
        for name in filters:
            self._variables.learn(step.captured[name], Variable(name, index))
        return _captured(chunks, pipe, filters, append=index is not None)

    def _chunks(self, request: RequestRecord, operation: Operation | None) -> list[str]:
        """``curl`` and its options, in pieces that stay on one line."""
        curl = f"curl -s{self._connection()}"
        chunks = [curl if request.folder is None else f"tar -C {bash.word([request.folder])} -c . | {curl}"]
        has_body = request.body is not None or request.upload is not None
        long_query, url = self._url(request, in_url=has_body)
        method = request.method.upper()
        if method == "HEAD":
            chunks.append("-I")
        elif method != ("PUT" if request.upload else "GET"):
            chunks[0] += f" -X {method}"
        if _keeps_talking(request, operation):
            chunks.append("--no-buffer")
        if operation is not None and operation.answer == "tar" and method == "GET":
            file = request.save or f"{operation.noun}.tar"
            chunks.append(f"-o {bash.word(self._variables.split(file))}")
        chunks.append(url)
        if long_query:
            chunks[-1] = f"-G {chunks[-1]}"
            chunks += [f"--data-urlencode {one}" for one in long_query]
        chunks += self._headers(request)
        return chunks + self._body(request)

    def _connection(self) -> str:
        scheme, _, rest = self._endpoint.partition("://")
        if scheme == "unix":
            return f" --unix-socket {bash.word([rest])}"
        if scheme == "ssh":  # as it is on that host
            return f" --unix-socket {_DEFAULT_SOCKET}"
        if self._secure():
            files = {"cacert": "ca", "cert": "cert", "key": "key"}
            return "".join(f' --{option} "$DOCKER_CERT_PATH/{name}.pem"' for option, name in files.items())
        return ""

    def _secure(self) -> bool:
        parts = urlsplit(self._endpoint)
        return parts.scheme == "https" or (parts.scheme == "tcp" and parts.netloc.endswith(":2376"))

    def _base(self) -> str:
        parts = urlsplit(self._endpoint)
        if parts.scheme in ("tcp", "http", "https"):
            return f"{'https' if self._secure() else 'http'}://{parts.netloc}"
        return "http://localhost"

    def _url(self, request: RequestRecord, *, in_url: bool) -> tuple[list[str], str]:
        """Words for ``--data-urlencode``, and the word of the URL.

        A query with characters that a URL can't hold is easier to read outside of it; beside a body there is only
        the URL.
        """
        parts: list[Part] = [self._base()]
        for segment in request.path.split("/")[1:]:
            parts += ["/", *self._variables.split(segment)]
        pairs = list(_pairs(request.query))
        if not in_url and not all(_PLAIN_QUERY.fullmatch(value) for _, value in pairs):
            words = [bash.word([f"{name}=", *self._variables.split(value)]) for name, value in pairs]
            return words, bash.word(parts)
        for number, (name, value) in enumerate(pairs):
            parts += ["&" if number else "?", f"{name}="]
            for part in self._variables.split(value):
                parts.append(quote(part, safe="/:@,") if isinstance(part, str) else part)
        return [], bash.word(parts)

    def _headers(self, request: RequestRecord) -> Iterator[str]:
        for name, value in request.headers.items():
            lowered = name.lower()
            if lowered in _CREDENTIALS:
                yield f'-H "{name}: ${_CREDENTIALS[lowered]}"'
            elif lowered not in _OF_THE_CONNECTION:
                yield f"-H {bash.word([f'{name}: ', *self._variables.split(value)])}"

    def _body(self, request: RequestRecord) -> list[str]:
        if request.upload is not None:
            media_type = _header(request.headers, "content-type") or "application/x-tar"
            source = "-" if request.folder else bash.word(self._variables.split(request.upload.removeprefix("@")))
            return [f"-H {bash.word([f'Content-Type: {media_type}'])} -T {source}"]
        if request.body is None:
            return []
        media_type = _header(request.headers, "content-type") or "application/json"
        text = request.body if isinstance(request.body, str) else _json_text(request.body)
        return [f"-H {bash.word([f'Content-Type: {media_type}'])}", f"-d {bash.word(self._variables.split(text))}"]

    def _pipe(self, step: StepRecord, operation: Operation | None) -> str:
        """What the answer goes through, so that it can be read."""
        request, response = step.request, step.response
        if request is None or operation is None:
            return ""
        answer = operation.answer_for(request.query, request.body)
        if answer == "output" and self._framed(step):
            return " | unframe"
        if answer == "items" and operation.is_endless(request.query) and response is not None and response.items:
            return f" | head -n {len(response.items)}"
        return ""

    def _framed(self, step: StepRecord) -> bool:
        """Whether the output comes in frames: always without a terminal, never with one."""
        assert step.request is not None
        if step.response is not None and step.response.status >= 400:
            return False
        if isinstance(step.request.body, Mapping) and truth(step.request.body.get("Tty")):
            return False
        return not any(segment in self._terminals for segment in step.request.path.split("/"))

    def _look_for_terminal(self, step: StepRecord) -> None:
        """Remember what was created with a terminal, or is seen to have one, by every name it has."""
        request, response = step.request, step.response
        created = request.body if request is not None and isinstance(request.body, Mapping) else {}
        seen = response.body if response is not None and isinstance(response.body, Mapping) else {}
        config = seen.get("Config")
        inspected = config if isinstance(config, Mapping) else {}
        if not (truth(created.get("Tty")) or truth(inspected.get("Tty"))):
            return
        names = [seen.get("Id"), *step.captured.values(), request.query.get("name") if request is not None else None]
        self._terminals.update(name for name in names if isinstance(name, str))


def needs_unframe(command: str) -> bool:
    """Whether a command uses the function :data:`UNFRAME`."""
    return "| unframe" in command


def _captured(chunks: list[str], pipe: str, filters: dict[str, str], *, append: bool) -> str:
    """A command whose answer goes into variables: by way of ``jq``, if it is not the output itself."""
    if not filters:
        return bash.lay_out(chunks, pipe)
    if len(filters) == 1:
        ((name, text),) = filters.items()
        command = bash.lay_out([_opened(name, append) + chunks[0], *chunks[1:]], pipe + (f" | {text}" if text else ""))
        return command + (')")' if append else ")")
    lines = [bash.lay_out([f"response=$({chunks[0]}", *chunks[1:]], f"{pipe})")]
    for name, text in filters.items():
        read = f'{text} <<<"$response"' if text else 'echo "$response"'
        lines.append(f'{name}+=("$({read})")' if append else f"{name}=$({read})")
    return "\n".join(lines)


def _opened(name: str, append: bool) -> str:
    return f'{name}+=("$(' if append else f"{name}=$("


def _simple(step: StepRecord, name: str) -> str | None:
    """How a shell gets at a captured value: a ``jq`` command, or nothing more than the output (``""``)."""
    source = step.capture_sources.get(name)
    return None if source is None else jq_filter(source.path)


def _keeps_talking(request: RequestRecord, operation: Operation | None) -> bool:
    """Whether the answer comes bit by bit, so that ``curl`` must not hold it back."""
    if operation is None:
        return False
    answer = operation.answer_for(request.query, request.body)
    if operation.id in ("ContainerLogs", "ServiceLogs", "TaskLogs"):
        return operation.is_endless(request.query)
    return answer in ("output", "items", "progress")


def _pairs(query: Mapping[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for one in [value] if isinstance(value, str) else value:
            yield name, one


def _header(headers: Mapping[str, str], wanted: str) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)


def _json_text(body: Any) -> str:
    return bash.escaped_json(pretty(body, _LONG_BODY, _INDENT))


def _job(step_id: str) -> str:
    """The variable with the process id of a background step."""
    return f"{_NOT_A_NAME.sub('_', step_id)}_job"


def _seconds(milliseconds: float) -> str:
    return f"{max(milliseconds / 1000, 0.1):.1f}".removesuffix(".0")


def _walk(steps: Sequence[StepRecord]) -> Iterator[StepRecord]:
    for step in steps:
        yield step
        yield from _walk((*(step.each or ()), *(step.steps or ())))
