"""Turns exchanges into steps: operations by name, captures, the background where calls overlapped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from runner.api.operations import Operation
from runner.engine.streams.decoders import frames, json_values
from runner.errors import RunnerError
from runner.proxy.capture.files import Uploads
from runner.proxy.capture.names import Names
from runner.proxy.capture.titles import title_of
from runner.proxy.capture.values import body_of, params_of, request_body_of
from runner.proxy.tape import Taped

_ALIASES: Final = {"container.delete": "remove", "image.create": "image.pull", "container.exec": "container.exec"}
_NOUNS_LEFT_OUT: Final = ("container.", "system.")
_IN_BACKGROUND: Final = frozenset(("output", "items", "json", "progress"))
_MAX_EXPECTED: Final = 200
"""Characters of output that are expected word for word."""


class Builder:
    """Builds the steps of a scenario. ``full`` keeps the defaults that the client wrote out."""

    def __init__(self, names: Names, uploads: Uploads, *, full: bool) -> None:
        self._names = names
        self._uploads = uploads
        self._full = full
        self._ids: set[str] = set()

    def build(self, exchanges: Sequence[Taped]) -> list[dict[str, Any]]:
        """Return the steps, with an ``await`` where an overlapping call ended."""
        steps: list[dict[str, Any]] = []
        running: list[tuple[Taped, dict[str, Any]]] = []
        for number, taped in enumerate(exchanges):
            later = exchanges[number + 1 :]
            for other, step in [*running]:
                if other.ended_at is not None and other.ended_at <= taped.at:
                    steps.append(self._await(other, step))
                    running.remove((other, step))
            step = self._step(taped, later)
            steps.append(step)
            if step.get("background"):
                running.append((taped, step))
        steps += [self._await(other, step) for other, step in running]
        return steps

    def _step(self, taped: Taped, later: Sequence[Taped]) -> dict[str, Any]:
        operation = taped.call.operation
        step: dict[str, Any] = {}
        name = operation_name(operation) if operation else "request"
        background = _overlapped(taped, later)
        if background:
            step["id"] = self._unique(name)
        if operation is not None and (title := title_of(operation)):
            step["title"] = title
        step[name] = self._call(taped, operation) if operation else self._request(taped)
        captures = self._names.captures(taped, later)
        if captures:
            step["capture"] = captures
        if background:
            step["background"] = True
        elif expected := self._expected(taped):
            step["expect"] = expected
        if taken := _taken(taped):
            step["take"] = taken
        return step

    def _call(self, taped: Taped, operation: Operation) -> Any:
        value = self._names.template(params_of(taped.call, full=self._full))
        if taped.upload is not None and operation.body is not None:
            value.update(self._uploads.keep(taped))
        elif taped.sent and operation.body == "json":
            body = body_of(operation, taped.json, full=self._full)
            if body or operation.body_required:
                value["body"] = self._names.template(body if body is not None else {})
        if taped.upgraded and taped.input and operation.stdin:
            value.pop("stdin", None)
            value.update(self._input(taped.input))
        sole = operation.sole_param
        if sole is not None and list(value) == [sole.name]:
            return value[sole.name]
        return value or None

    def _request(self, taped: Taped) -> dict[str, Any]:
        path = unquote(taped.head.target.partition("?")[0])
        value: dict[str, Any] = {"method": taped.call.method, "path": self._names.template(path)}
        query = {name: text for name, text in taped.call.params.items() if self._full or text not in ("", "false")}
        if query:
            value["query"] = self._names.template(query)
        if taped.sent:
            body = taped.json
            content = (
                bytes(taped.sent).decode("utf-8", "replace") if body is None else request_body_of(body, full=self._full)
            )
            value["body"] = self._names.template(content)
        elif taped.upload is not None:
            value.update(self._uploads.keep(taped))
        return value

    def _input(self, data: bytes) -> dict[str, Any]:
        try:
            return {"stdin": self._names.template(data.decode())}
        except UnicodeDecodeError:
            return {"stdin_file": self._uploads.keep_input(data)}

    def _await(self, taped: Taped, step: Mapping[str, Any]) -> dict[str, Any]:
        awaiting: dict[str, Any] = {"await": step["id"]}
        if expected := self._expected(taped):
            awaiting["expect"] = expected
        return awaiting

    def _expected(self, taped: Taped) -> dict[str, Any]:
        """Return what the scenario holds the engine to: how it ended, what it printed, and a refusal that the client
        got."""
        operation = taped.call.operation
        if operation is None or taped.status is None:
            return {}
        if taped.status not in (*operation.success, 101):
            return {"status": taped.status}
        answer = taped.answer
        if operation.name == "container.wait" and isinstance(answer, Mapping) and "StatusCode" in answer:
            return {"body": {"StatusCode": answer["StatusCode"]}}
        if operation.name == "exec.inspect" and isinstance(answer, Mapping) and not answer.get("Running", True):
            return {"body": {"Running": False, "ExitCode": answer.get("ExitCode")}}
        if operation.name in ("container.attach", "exec.start") and taped.upgraded and taped.end == "complete":
            return self._printed(taped)
        return {}

    def _printed(self, taped: Taped) -> dict[str, Any]:
        """Return the output, where it is short, plain text and the same in each run as far as one can see."""
        try:
            parts = list(frames([taped.output]))
        except RunnerError:
            return {}
        expected = {}
        for stream in ("stdout", "stderr"):
            data = b"".join(data for name, data in parts if name == stream)
            if data and len(data) <= _MAX_EXPECTED and _is_plain(data) and not self._names.has_secret(data.decode()):
                expected[stream] = self._names.template(data.decode())
        return expected

    def _unique(self, name: str) -> str:
        stem = re.sub(r"\W", "_", name.rpartition(".")[2])
        text, number = stem, 2
        while text in self._ids:
            text, number = f"{stem}_{number}", number + 1
        self._ids.add(text)
        return text


def operation_name(operation: Operation) -> str:
    """Return how a scenario calls an operation."""
    if operation.name in _ALIASES:
        return _ALIASES[operation.name]
    for noun in _NOUNS_LEFT_OUT:
        short = operation.name.removeprefix(noun)
        if short != operation.name and short in operation.aliases:
            return short
    friendly = [alias for alias in operation.aliases if alias.endswith((".remove", ".save"))]
    return friendly[0] if friendly else operation.name


def _overlapped(taped: Taped, later: Sequence[Taped]) -> bool:
    """Return whether a call went on while the client already made another one."""
    operation = taped.call.operation
    if operation is None or operation.answer_for(taped.call.params, taped.json) not in _IN_BACKGROUND or not later:
        return False
    streams = operation.answer == "output" or operation.name in ("container.wait", "system.events", "container.stats")
    ended = taped.ended_at
    return streams and (ended is None or ended > later[0].at)


def _taken(taped: Taped) -> Any:
    """Return where the client left an endless stream: after as many items, or as long."""
    operation = taped.call.operation
    if operation is None or taped.end != "left" or not operation.is_endless(taped.call.params):
        return None
    if operation.answer == "items":
        try:
            return {"items": sum(1 for _ in json_values(data for _, data in taped.received))}
        except RunnerError:
            return None
    return {"for": f"{max(1, round((taped.received[-1][0] - taped.at) / 1000)) if taped.received else 1}s"}


def _is_plain(data: bytes) -> bool:
    """Return whether it is text without anything that another run would print differently: ids, times, counts."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(line.isprintable() for line in text.splitlines()) and not re.search(r"[0-9a-f]{8}|\d{4,}|\d:\d\d", text)
