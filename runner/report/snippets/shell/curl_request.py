"""Writes one request as the words of a ``curl`` command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from runner.api.engines import DEFAULT_SOCKET
from runner.api.operations import Operation
from runner.json_layout import pretty
from runner.report.snippets.credentials import CREDENTIALS, OF_THE_CONNECTION, media_type
from runner.report.snippets.session import NoEquivalent, Setup
from runner.report.snippets.shell import bash
from runner.report.snippets.variables import Part, Variables
from runner.results.records import RequestRecord

_INDENT = "    "
_LONG_BODY = 88
"""Characters from which on a JSON body is on several lines."""
_MAX_EXCLUDED: Final = 20
_LONGEST_INPUT: Final = 2000
"""Characters of a text that is written to a connection; a longer one is not for a page."""
_GLOB = re.compile(r"[*?\[\\]")
_ESCAPED = r"\\\g<0>"
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9._~:/@,-]*")


class RequestWords:
    """Writes requests to one engine. ``endpoint`` is its address, as in ``DOCKER_HOST``."""

    def __init__(self, endpoint: str, variables: Variables) -> None:
        self._endpoint = endpoint
        self._variables = variables

    def chunks(self, request: RequestRecord, operation: Operation | None) -> list[str]:
        """Return ``curl`` and its options, in pieces that each stay on one line."""
        curl = f"curl -s{self._connection()}"
        chunks = [curl if request.folder is None else f"{folder_tar(request)} | {curl}"]
        has_body = request.body is not None or request.upload is not None
        long_query, url = self._url(request, in_url=has_body)
        method = request.method.upper()
        if method == "HEAD":
            chunks.append("-I")
        elif method != ("PUT" if request.upload else "GET"):
            chunks[0] += f" -X {method}"
        if _is_slow(request, operation):
            chunks.append("--no-buffer")
        if operation is not None and operation.answer == "tar" and method == "GET":
            file = request.save or f"{operation.noun}.tar"
            chunks.append(f"-o {bash.word(self._variables.split(file))}")
        chunks.append(url)
        if long_query:
            chunks[-1] = f"-G {chunks[-1]}"
            chunks += [f"--data-urlencode {word}" for word in long_query]
        return [*chunks, *self._headers(request), *self._body(request)]

    def hijacked(self, request: RequestRecord) -> list[str]:
        """Return the words for a request that is followed by what it sends, with the function ``hijack``.

        Raises:
            NoEquivalent: the connection is encrypted, or that is too much for a page.
        """
        if self._is_secure():
            raise NoEquivalent("what it sends goes over the connection of the answer, which is encrypted")
        if len(request.stdin or "") > _LONGEST_INPUT:
            raise NoEquivalent("what it sends is too long for a page")
        parts = urlsplit(self._endpoint)
        path = {"unix": parts.path, "ssh": DEFAULT_SOCKET}.get(parts.scheme)
        address = path if path is not None else parts.netloc
        _, target = self._url(request, in_url=True, base="")
        given = f"printf %s {bash.word(self._variables.split(request.stdin or ''))}"
        chunks = [f"{given} | hijack {bash.word([address])}", target]
        if request.body is not None:
            text = bash.escaped_json(pretty(request.body, _LONG_BODY, _INDENT))
            chunks.append(bash.word(self._variables.split(text)))
        return chunks

    def _connection(self) -> str:
        scheme, _, rest = self._endpoint.partition("://")
        if scheme == "unix":
            return f" --unix-socket {bash.word([rest])}"
        if scheme == "ssh":  # as it is on that host
            return f" --unix-socket {DEFAULT_SOCKET}"
        if self._is_secure():
            files = {"cacert": "ca", "cert": "cert", "key": "key"}
            return "".join(f' --{option} "$DOCKER_CERT_PATH/{name}.pem"' for option, name in files.items())
        return ""

    def _is_secure(self) -> bool:
        parts = urlsplit(self._endpoint)
        return parts.scheme == "https" or (parts.scheme == "tcp" and parts.netloc.endswith(":2376"))

    def _base(self) -> str:
        parts = urlsplit(self._endpoint)
        if parts.scheme in ("tcp", "http", "https"):
            return f"{'https' if self._is_secure() else 'http'}://{parts.netloc}{parts.path.rstrip('/')}"
        return "http://localhost"

    def _url(self, request: RequestRecord, *, in_url: bool, base: str | None = None) -> tuple[list[str], str]:
        """Return words for ``--data-urlencode``, and the word of the URL.

        A query with characters that a URL can't hold is easier to read outside of it; beside a body there is only
        the URL.
        """
        parts: list[Part] = [self._base() if base is None else base]
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
            if lowered in CREDENTIALS:
                yield f'-H "{name}: ${CREDENTIALS[lowered].name}"'
            elif lowered not in OF_THE_CONNECTION:
                yield f"-H {bash.word([f'{name}: ', *self._variables.split(value)])}"

    def _body(self, request: RequestRecord) -> list[str]:
        if request.upload is not None:
            source = "-" if request.folder else bash.word(self._variables.split(request.upload.removeprefix("@")))
            return [f"-H {bash.word([f'Content-Type: {media_type(request)}'])} -T {source}"]
        if request.body is None:
            return []
        text = request.body
        if not isinstance(text, str):
            text = bash.escaped_json(pretty(request.body, _LONG_BODY, _INDENT))
        return [
            f"-H {bash.word([f'Content-Type: {media_type(request)}'])}",
            f"-d {bash.word(self._variables.split(text))}",
        ]


def credential_setups(request: RequestRecord) -> tuple[Setup, ...]:
    """Return what sets the variables for the credentials of a request."""
    names = [name.lower() for name in request.headers]
    return tuple(credentials.shell for name, credentials in CREDENTIALS.items() if name in names)


def folder_tar(request: RequestRecord) -> str:
    """Return the command that makes a tar of the folder that was sent, without what was left out of it.

    Raises:
        NoEquivalent: that is too much to name.
    """
    assert request.folder is not None
    if len(request.excluded) > _MAX_EXCLUDED:
        raise NoEquivalent("tar would need a list of what .dockerignore leaves out, which is too long for a page")
    left_out = "".join(f" {bash.word([f'--exclude=./{_GLOB.sub(_ESCAPED, name)}'])}" for name in request.excluded)
    return f"tar -C {bash.word([request.folder])}{left_out} -c ."


def _is_slow(request: RequestRecord, operation: Operation | None) -> bool:
    """Return whether the answer comes bit by bit, so that ``curl`` must not hold it back."""
    if operation is None:
        return False
    match operation.answer_for(request.params, request.body):
        case "output":
            return operation.endless is None or operation.is_endless(request.params)
        case "items" | "progress":
            return True
        case _:
            return False


def _pairs(query: Mapping[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for part in [value] if isinstance(value, str) else value:
            yield name, part
