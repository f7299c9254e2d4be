"""Brings reports of different engines into one form, in which equal answers are equal.

The stable form numbers ids, times and addresses in the order of one run; another engine may have more or fewer of them.
Here a captured id has the name of its variable, and what else is an id, a time or an address only says so. What the
author wrote stays as it is. The engine's own version, which the head of the comparison shows, is not a difference in
every answer that holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from runner.report.stable.stabilise import stabilise
from runner.report.stable.tokens import BASE, MADE_UP_NAME, substituted
from runner.report.times import NANO, nanoseconds
from runner.results.records import EngineRecord, Report, ResponseRecord, ScenarioRecord, StepRecord

_IDS: Final = frozenset({"long", "short", "swarm", "uuid", "key", "engine"})
_ADDRESSES: Final = frozenset({"v4", "v6", "mac"})
_FIXED_V4: Final = ("0.", "127.", "255.")
_FIXED_V6: Final = frozenset({"::", "::1"})
_YEAR: Final = 366 * 86_400
_NUMBERED: Final = {"Pid": "{pid}", "PID": "{pid}", "HostPort": "{port}", "PublicPort": "{port}", "Index": "{index}"}
_FIRST_PORT: Final = 49_153
"""The first placeholder of a port that an engine chose."""
_MADE_UP_HOSTNAME: Final = re.compile(r"[0-9a-f]{11}")
"""The form of a hostname that Podman makes up for the container of a build, an id's length less one."""
_SETS: Final = frozenset({"Env"})
"""Lists that an engine writes in an order of chance, and whose order means nothing."""
_OF_THE_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "trailer"})


class Form:
    """The form of one report."""

    def __init__(self, report: Report) -> None:
        self.report = stabilise(report)
        self._captured: dict[str, str] = {}
        self._given: set[str] = set()
        self._answered: set[str] = set()
        for scenario in self.report.scenarios:
            self._note_given(scenario.vars)
            for step in scenario.steps:
                self._note(step)

    def response(self, scenario: ScenarioRecord, response: ResponseRecord) -> ResponseRecord:
        """Return an answer in this form."""
        engine = scenario.engine or self.report.engine
        versions = _versions(engine)

        def text(value: str) -> str:
            if engine is not None and value == engine.api_version:
                return "{API version}"
            for version, shown in versions:
                value = value.replace(version, shown)
            return MADE_UP_NAME.sub("{name}", substituted(value, self._placeholder))

        headers = {
            name.lower(): text(value)
            for name, value in response.headers.items()
            if name.lower() not in _OF_THE_CONNECTION
        }
        return response._replace(
            headers=headers,
            body=_mapped(response.body, text),
            stdout=None if response.stdout is None else text(response.stdout),
            stderr=None if response.stderr is None else text(response.stderr),
            items=None if response.items is None else _mapped(response.items, text),
        )

    def _placeholder(self, kind: str, token: str) -> str:
        if token in self._captured:
            return f"{{{self._captured[token]}}}"
        if token in self._given:
            return token
        if kind in _IDS:
            return "{id}"
        if kind == "time":
            return token if (nanoseconds(token) or 0) <= 0 else "{time}"
        if kind in _ADDRESSES:
            return token if token.startswith(_FIXED_V4) or token in _FIXED_V6 else "{address}"
        return token

    def _note(self, step: StepRecord) -> None:
        """Note which ids have names, and which tokens the author wrote before any answer held them."""
        if step.request is not None:
            request = step.request
            self._note_given((request.path, dict(request.query), dict(request.headers), request.body, request.stdin))
        if step.response is not None:
            response = step.response
            parts = (response.body, response.stdout, response.stderr, response.items)
            self._answered.update(token for token in _tokens(parts) if token not in self._given)
        for name, value in step.captured.items():
            if isinstance(value, str):
                for token in _tokens(value):
                    self._captured.setdefault(token, name)
                    self._captured.setdefault(token[:12] if len(token) == 64 else token, name)
        for inner in (*(step.each or ()), *(step.steps or ())):
            self._note(inner)

    def _note_given(self, value: Any) -> None:
        self._given.update(token for token in _tokens(value) if token not in self._answered)


def _versions(engine: EngineRecord | None) -> list[tuple[str, str]]:
    """Return the texts that only repeat which engine it is, each with its placeholder."""
    if engine is None:
        return []
    pairs = [(f"/v{engine.api_version}/", "/v{API version}/")]
    if len(engine.version) >= len("1.2.3"):
        plain = re.split(r"[+~]", engine.version)[0]
        pairs += [(engine.version, "{version}"), *([(plain, "{version}")] if plain != engine.version else [])]
    return pairs


def _mapped(value: Any, text: Callable[[str], str], key: str = "") -> Any:
    if isinstance(value, str):
        is_port = key in ("HostPort", "PublicPort") and value.isdecimal() and int(value) >= _FIRST_PORT
        if key == "Hostname" and _MADE_UP_HOSTNAME.fullmatch(value):
            return "{id}"
        return _NUMBERED[key] if is_port else text(value)
    if isinstance(value, Mapping):
        return {
            text(name) if isinstance(name, str) else name: _mapped(part, text, name) for name, part in value.items()
        }
    if isinstance(value, (list, tuple)):
        parts = [_mapped(part, text, key) for part in value]
        return sorted(parts, key=str) if key in _SETS else parts
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(value, key)
    return value


def _number(value: int, key: str) -> Any:
    if BASE - _YEAR <= value <= BASE + _YEAR or (BASE - _YEAR) * NANO <= value <= (BASE + _YEAR) * NANO:
        return "{time}"
    if key in _NUMBERED and value > (_FIRST_PORT - 1 if key.endswith("Port") else 0):
        return _NUMBERED[key]
    return value


def _tokens(value: Any) -> Iterator[str]:
    """Yield the ids, times and addresses in a value."""
    if isinstance(value, str):
        found: list[str] = []

        def note(_kind: str, token: str) -> str:
            found.append(token)
            return token

        substituted(value, note)
        yield from found
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _tokens(name)
            yield from _tokens(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tokens(part)
