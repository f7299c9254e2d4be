"""The second turn: ids, names, addresses and times, found in the order of the report and replaced everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from runner.api.engines import DEFAULT_SOCKET
from runner.errors import Diagnostic
from runner.report.stable.tokens import BASE, Tokens
from runner.report.times import NANO, nanoseconds
from runner.results.records import (
    EngineRecord,
    Expectation,
    Report,
    RequestRecord,
    ResponseRecord,
    ScenarioRecord,
    StepRecord,
)
from runner.results.result_path import Absent, ResultPath, Source, read

STARTED = "2026-01-01T00:00:00Z"
_DAY = 86_400
GENERATED = 12
"""The digits at the end of a name that no other run has."""
_UNIQUE = re.compile(rf"(?:^|-)[0-9a-f]{{{GENERATED}}}$")
_NOTHING = object()
_EPOCHS = frozenset({"Created", "time"})
_MADE_UP = re.compile(r"[a-z]+_[a-z]+\d*")
_DOCKER_ROOT = re.compile(r"(/.+?)/(?:containers|volumes|image|overlay2|vfs|btrfs|zfs|fuse-overlayfs|plugins)/")
_PODMAN_ROOT = re.compile(r"(/.+?)/(?:overlay|vfs|btrfs|zfs)(?:-containers)?/")
_ROOT_KEYS = frozenset(
    {"LogPath", "HostsPath", "HostnamePath", "ResolvConfPath", "Mountpoint", "LowerDir", "UpperDir", "MergedDir"}
    | {"WorkDir", "SandboxKey"}
)
_RUN_KEYS = frozenset({"HostsPath", "HostnamePath", "ResolvConfPath"})


def with_placeholders(report: Report, ports: Mapping[int, int]) -> Report:
    """Return the report after the second pass; ``ports`` are placeholders of host ports, which texts may have too."""
    return _Replacer(report, ports).report(report)


class _Replacer:
    def __init__(self, report: Report, ports: Mapping[int, int]) -> None:
        self.tokens = Tokens()
        for port, shown in ports.items():
            self.tokens.always(str(port), str(shown))
        self.started = (nanoseconds(report.started_at) or 0) // NANO
        self.given: list[str] = []
        self.epochs: set[int] = set()
        for engine in (report.engine, *(scenario.engine for scenario in report.scenarios)):
            if engine is not None and engine.endpoint.startswith("unix://"):
                self.tokens.always(engine.endpoint.removeprefix("unix://"), DEFAULT_SOCKET)
        self.number = 0
        """Of the step at hand, whichever scenario it is of; what is inside of one has its number."""
        self._observe_generated(dict.fromkeys(text for one in report.scenarios for text in one.generated))
        for scenario in report.scenarios:
            self._observe(scenario.vars, given=True)
            for step in scenario.steps:
                self.number += 1
                self._observe_step(step)
        self.tokens.seal()
        old = sorted(at for at in self.epochs if at < self.started - _DAY)
        self.old = {at: BASE - 2 * _DAY * (len(old) - rank) for rank, at in enumerate(old)}

    # What there is

    def _observe_generated(self, texts: Iterable[str]) -> None:
        """Note the times and the names that functions gave, which the author did not write."""
        names = [text for text in texts if _UNIQUE.search(text)]
        for number, name in enumerate(names, 1):
            self.tokens.always(name, f"{name[:-GENERATED]}c0ffee{number:0{GENERATED - 6}}")
        for text in texts:
            self.tokens.observe(text, given=False)

    def _observe_step(self, step: StepRecord) -> None:
        request, response = step.request, step.response
        if request is not None:
            sent = [request.path, dict(request.query), dict(request.headers), request.body]
            for part in (*sent, request.stdin, request.upload, request.save):
                self._observe(part, given=True)
        if response is not None:
            self._observe_names(step, response)
            parts = (dict(response.headers), response.body, response.stdout, response.stderr, response.items)
            self._observe(parts, given=False)
        for child in (*step.inside, *step.on_failure):
            self._observe_step(child)
        for name, value in step.captured.items():
            again = _NOTHING if response is None else _again(step.capture_sources.get(name), response, _NOTHING)
            if again is _NOTHING:
                self._observe(value, given=False)
                again = value
            if isinstance(again, str):
                self.tokens.observe_captured(again)

    def _observe(self, value: Any, *, given: bool, key: str = "") -> None:
        if isinstance(value, str):
            self.tokens.observe(value, given=given, step=self.number)
            if given:
                self.given.append(value)
            elif key in _ROOT_KEYS:
                self._observe_root(value, key)
        elif isinstance(value, Mapping):
            for name, part in value.items():
                self._observe(str(name), given=given)
                self._observe(part, given=given, key=str(name))
        elif isinstance(value, (list, tuple)):
            for part in value:
                self._observe(part, given=given, key=key)
        elif isinstance(value, int) and not given:
            if key == "timeNano":
                self.tokens.observe_time(value)
            elif key in _EPOCHS and _is_epoch(value):
                self.epochs.add(value)

    def _observe_root(self, path: str, key: str) -> None:
        """Note the folders that the engine keeps its data in."""
        if key == "SandboxKey":
            if (match := re.match(r"(/.+)/netns/[0-9a-f]{12}$", path)) is not None:
                self.tokens.always(match[1], "/var/run/docker")
        elif (match := _PODMAN_ROOT.match(path)) is not None:
            self.tokens.always(
                match[1], "/run/containers/storage" if key in _RUN_KEYS else "/var/lib/containers/storage"
            )
        elif (match := _DOCKER_ROOT.match(path)) is not None:
            self.tokens.always(match[1], "/var/lib/docker")

    def _observe_names(self, step: StepRecord, response: ResponseRecord) -> None:
        """Names that the engine gave to containers."""
        for name in _container_names(step.operation or "", response):
            bare = name.removeprefix("/")
            if _MADE_UP.fullmatch(bare) and not any(bare in text for text in self.given):
                self.tokens.observe_name(bare)

    # What becomes of it

    def report(self, report: Report) -> Report:
        return report._replace(
            started_at=STARTED if report.started_at else "",
            engine=self.engine(report.engine),
            scenarios=tuple(self.scenario(scenario) for scenario in report.scenarios),
        )

    def engine(self, engine: EngineRecord | None) -> EngineRecord | None:
        return None if engine is None else engine._replace(endpoint=_endpoint(engine.endpoint), recorded_at=None)

    def scenario(self, scenario: ScenarioRecord) -> ScenarioRecord:
        return scenario._replace(
            title=self.text(scenario.title),
            steps=tuple(self.step(step) for step in scenario.steps),
            vars=self.value(scenario.vars),
            outputs=self.value(scenario.outputs),
            error=self.error(scenario.error),
            reason=self.maybe(scenario.reason),
            left=tuple(self.text(line) for line in scenario.left),
            generated=tuple(map(self.text, scenario.generated)),
            engine=self.engine(scenario.engine),
        )

    def step(self, step: StepRecord) -> StepRecord:
        response = None if step.response is None else self.response(step.response)
        each = None if step.each is None else tuple(self.step(one) for one in step.each)
        shown = self.value(step.shown)
        if isinstance(step.show, Source) and response is not None:
            shown = _again(step.show, response, shown)
        return step._replace(
            title=self.maybe(step.title),
            about=self.maybe(step.about),
            request=None if step.request is None else self.request(step.request),
            response=response,
            captured=self.captured(step, response, each),
            expectations=tuple(self.expectation(one) for one in step.expectations),
            error=self.error(step.error),
            reason=self.maybe(step.reason),
            shown=shown,
            each=each,
            steps=None if step.steps is None else tuple(self.step(one) for one in step.steps),
            on_failure=tuple(self.step(one) for one in step.on_failure),
            outputs=None if step.outputs is None else self.value(step.outputs),
        )

    def captured(
        self, step: StepRecord, response: ResponseRecord | None, each: tuple[StepRecord, ...] | None
    ) -> dict[str, Any]:
        """Return captured values, read again where they are a path into the answer; of a loop, those of its
        elements."""
        captured: dict[str, Any] = self.value(step.captured)
        for name, value in captured.items():
            if each is not None:
                elements = [one.captured[name] for one in each if name in one.captured]
                if isinstance(value, list) and len(elements) == len(value):
                    captured[name] = elements
            elif response is not None and name in step.capture_sources:
                captured[name] = _again(step.capture_sources[name], response, value)
        return captured

    def request(self, request: RequestRecord) -> RequestRecord:
        return request._replace(
            path=self.text(request.path),
            query=self._epochs(self.value(request.query)),
            params=self._epochs(self.value(request.params)),
            headers=self.value(request.headers),
            body=self.value(request.body),
            stdin=self.maybe(request.stdin),
            upload=self.maybe(request.upload),
            save=self.maybe(request.save),
        )

    def _epochs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters with placeholders for times that are numbers of seconds."""
        return {name: self._epoch(value) for name, value in values.items()}

    def _epoch(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.tokens.epoch(value)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return int(self.tokens.epoch(str(value))) if is_number and _is_epoch(value) else value

    def response(self, response: ResponseRecord) -> ResponseRecord:
        return response._replace(
            headers=self.value(response.headers),
            body=self.value(response.body),
            stdout=self.maybe(response.stdout),
            stderr=self.maybe(response.stderr),
            items=self.value(response.items),
        )

    def expectation(self, expectation: Expectation) -> Expectation:
        details = tuple(self.text(line) for line in expectation.details)
        expression = self.text(expectation.expression)
        return expectation._replace(expression=expression, actual=self.value(expectation.actual), details=details)

    def error(self, error: Diagnostic | None) -> Diagnostic | None:
        if error is None:
            return None
        details = tuple(self.text(line) for line in error.details)
        return error._replace(message=self.text(error.message), hint=self.maybe(error.hint), details=details)

    def text(self, text: str) -> str:
        return self.tokens.replace(text)

    def maybe(self, text: str | None) -> str | None:
        return None if text is None else self.tokens.replace(text)

    def value(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            return self.tokens.replace(value)
        if isinstance(value, Mapping):
            result = {self._key(name): self.value(part, str(name)) for name, part in value.items()}
            nano = value.get("timeNano")
            if isinstance(nano, int) and isinstance(value.get("time"), int):
                result["time"] = self.tokens.time(nano) // NANO
            return result
        if isinstance(value, (list, tuple)):
            return [self.value(part, key) for part in value]
        return self._number(value, key) if isinstance(value, int) and not isinstance(value, bool) else value

    def _number(self, value: int, key: str) -> int:
        if key == "timeNano":
            return self.tokens.time(value)
        return self.old.get(value, BASE) if key in _EPOCHS and value in self.epochs else value

    def _key(self, name: Any) -> Any:
        return self.tokens.replace(name) if isinstance(name, str) else name


def _again(source: Source | None, response: ResponseRecord, value: Any) -> Any:
    """Return a value read again from the stable answer, if it is a plain path into it or a mapping of such."""
    if source is None:
        return value
    if source.path is not None:
        return _read(source.path, response, value)
    members = source.members
    if members is None or not isinstance(value, Mapping) or set(members) != set(value):
        return value
    return {name: _read(members[name], response, part) for name, part in value.items()}


def _read(path: ResultPath, response: ResponseRecord, value: Any) -> Any:
    try:
        return read(path, response) if path.in_response else value
    except Absent:
        return value


def _endpoint(endpoint: str) -> str:
    """Return where the engine usually is: the same kind of address, without what is peculiar to this one."""
    scheme = endpoint.partition("://")[0]
    if scheme in ("unix", "ssh"):
        return f"unix://{DEFAULT_SOCKET}"
    secure = scheme == "https" or urlsplit(endpoint).netloc.endswith(":2376")
    return f"{scheme}://127.0.0.1:{2376 if secure else 2375}"


def _is_epoch(value: int) -> bool:
    return 1_000_000_000 <= value < 100_000_000_000


def _container_names(operation: str, response: ResponseRecord) -> Iterator[str]:
    """Names of containers in an answer, wherever the API has them."""
    for part in (response.body, *_listed(response.body), *(response.items or ())):
        if not isinstance(part, Mapping):
            continue
        if operation == "ContainerStats":
            yield str(part.get("name"))
        yield from (name for name in (part.get("Name"), *_listed(part.get("Names"))) if _has_slash(name))
        attached = part.get("Containers")  # of a network
        if isinstance(attached, Mapping):
            yield from (str(one.get("Name")) for one in attached.values() if isinstance(one, Mapping))
        actor = part.get("Actor")
        attributes = actor.get("Attributes") if isinstance(actor, Mapping) else None
        if part.get("Type") == "container" and isinstance(attributes, Mapping):
            yield str(attributes.get("name"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _has_slash(name: Any) -> bool:
    return isinstance(name, str) and name.startswith("/")
