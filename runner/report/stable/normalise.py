"""The first turn: what the API says of its fields decides what becomes of them.

Process ids, host ports and versions of swarm objects get numbers in the order in which they appear; sizes, figures
and facts of the host get fixed values; sets are sorted; a stream of progress is folded to its end; the runner's own
labels go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

from runner import labels
from runner.api.operations import by_id
from runner.report.stable import host, streams
from runner.report.stable.clock import timed
from runner.report.stable.tokens import masked
from runner.report.treatments import treatment_of
from runner.results.records import Report, RequestRecord, ResponseRecord, ScenarioRecord, StepRecord
from runner.results.result_path import EVERY, ResultPath

HIDDEN = "…"
"""What stands for a value that the scenario calls volatile."""

_NAMES = "|".join(map(re.escape, (labels.RUN, labels.SCENARIO, labels.ORIGIN)))
_LABEL = re.compile(rf"""(?:/bin/sh -c #\(nop\) +)?(?:LABEL\s+)?["']?(?:{_NAMES})\b""")
_SIZES = frozenset({"Size", "VirtualSize", "SizeRw", "SizeRootFs", "SharedSize", "LayersSize", "SpaceReclaimed"})
_SIZE = 1_048_576
_COMMON = 1000
"""Numbers up to this one occur by chance, and are not recognised outside of their place."""
_PIDS = frozenset({"Pid", "PID", "ConmonPid"})
_HOST_PORTS = frozenset({"HostPort", "PublicPort"})
_EPHEMERAL = 32768
"""The first port that Linux gives out by itself."""
_SETS = frozenset({"Mounts", "Ports", "Volumes", "RepoTags", "RepoDigests", "Networks", "Containers", "Images"})
_SETS |= {"ContainersDeleted", "NetworksDeleted", "VolumesDeleted", "Peers", "Names", "Aliases", "DNSNames"}
_FLEETING_HEADERS = frozenset({"date", "content-length", "x-reference-id", "x-docker-container-path-stat"})


class Normalised(NamedTuple):
    """The report after the first pass, and the placeholders of host ports that the engine chose."""

    report: Report
    ports: Mapping[int, int]


def normalised(report: Report) -> Normalised:
    """Return the report after the first pass."""
    shaper = _Shaper()
    scenarios = tuple(shaper.scenario(scenario) for scenario in report.scenarios)
    duration_ms = sum(scenario.duration_ms for scenario in scenarios)
    return Normalised(report._replace(scenarios=scenarios, duration_ms=duration_ms), shaper.ports.placeholders)


class _Numbers:
    """Placeholders for numbers, in the order in which they appear."""

    def __init__(self, first: int, step: int = 1) -> None:
        self._free = count(first, step)
        self._known: dict[int, int] = {}

    def __getitem__(self, number: int) -> int:
        if number not in self._known:
            self._known[number] = next(self._free)
        return self._known[number]

    @property
    def placeholders(self) -> Mapping[int, int]:
        return self._known

    def get(self, number: int) -> int:
        """Return the placeholder of a number that has one, else the number."""
        return self._known.get(number, number)


class _Shaper:
    def __init__(self) -> None:
        self.pids = _Numbers(4001)
        self.ports = _Numbers(49153)
        self.versions = _Numbers(10, 10)
        self.given_ports: set[str] = set()
        self.operations: dict[str, str | None] = {}
        """The operations of the scenario's steps, by their ids: what an awaited step's answer is of."""
        self.seen: dict[int | float, int | float] = {}
        """Large numbers of the answer at hand, and what has become of each where it came first."""

    def scenario(self, scenario: ScenarioRecord) -> ScenarioRecord:
        self.operations = {step.id: step.operation for step in scenario.steps}
        steps, total = timed(tuple(self.step(step) for step in scenario.steps))
        return scenario._replace(steps=steps, duration_ms=total)

    def step(self, step: StepRecord) -> StepRecord:
        request = None if step.request is None else self.request(step.request)
        self.seen = {}
        response = None if step.response is None else self.response(step, step.response)
        return step._replace(
            attempts=min(step.attempts, 1),
            captured=self.as_in_answer(step.captured),
            shown=self.as_in_answer(step.shown),
            request=request,
            response=response,
            each=None if step.each is None else tuple(self.step(one) for one in step.each),
            steps=None if step.steps is None else tuple(self.step(one) for one in step.steps),
            on_failure=tuple(self.step(one) for one in step.on_failure),
        )

    def request(self, request: RequestRecord) -> RequestRecord:
        body = without_labels(request.body, sent=True)
        self.given_ports.update(_values_of(body, _HOST_PORTS))
        query: dict[str, str | list[str]] = {}
        for name, value in request.query.items():
            kept = _without_labels_in_query(value)
            if name == "version" and isinstance(kept, str) and kept.isdecimal():
                kept = str(self.versions.get(int(kept)))
            if kept is not None:
                query[name] = kept
        return request._replace(body=body, query=query, params=dict(self._params(request.params)))

    def _params(self, params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in params.items():
            if name == "version" and isinstance(value, int):
                yield name, self.versions.get(value)
                continue
            kept = without_labels(value, sent=True)
            if kept or not value:
                yield name, kept

    def response(self, step: StepRecord, response: ResponseRecord) -> ResponseRecord:
        operation_id = self.operations.get(step.awaits) if step.awaits else step.operation
        treatment = treatment_of(operation_id)
        operation = by_id(operation_id) if operation_id else None
        body, items = without_labels(response.body), without_labels(response.items)
        if treatment.samples and items is not None:
            items = [streams.stats(item, number, self._note) for number, item in enumerate(items, 1)]
        elif treatment.samples:
            body = streams.stats(body, 1, self._note)
        if items is not None and operation is not None and operation.answer == "progress":
            items = streams.folded(items)
        if treatment.processes:
            body = streams.processes(body, self.pids.__getitem__)
        body = host.facts(treatment.host, body)
        body, items = self.value(body), self.value(items)
        if treatment.set and isinstance(body, list):
            body = sorted(body, key=_order)
        headers = {name: value for name, value in response.headers.items() if name.lower() not in _FLEETING_HEADERS}
        shaped_response = response._replace(body=body, items=items, headers=headers)
        return hidden(shaped_response, step.volatile)

    def as_in_answer(self, value: Any) -> Any:
        """Return a value that was taken from the answer at hand, without labels and with the same numbers."""
        return _mapped(without_labels(value), self.seen)

    def value(self, value: Any, key: str = "") -> Any:
        """Return a part of an answer that stands under ``key``."""
        if isinstance(value, Mapping):
            return {name: self.value(part, name) for name, part in self._ordered(value).items()}
        if isinstance(value, list):
            parts = [self.value(part, key) for part in value]
            return sorted(parts, key=_order) if key in _SETS else parts
        if isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self._note(value, self._number(value, key))
        if isinstance(value, str) and key in _HOST_PORTS and value.isdecimal():
            return str(self._port(int(value)))
        return value

    def _note(self, number: float, shown: Any) -> Any:
        if number > _COMMON and number != shown:
            self.seen.setdefault(number, shown)
        return shown

    def _number(self, value: int, key: str) -> int:
        if key in _PIDS and value > 0:
            return self.pids[value]
        if key in _SIZES and value > 0:
            return _SIZE
        if key in _HOST_PORTS:
            return self._port(value)
        return self.versions[value] if key == "Index" and value > 0 else value

    def _port(self, port: int) -> int:
        return port if port < _EPHEMERAL or str(port) in self.given_ports else self.ports[port]

    @staticmethod
    def _ordered(value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Order the elements of a mapping by id by what they hold."""
        if len(value) > 1 and all(masked(str(name)) in ("long", "swarm") for name in value):
            return dict(sorted(value.items(), key=lambda item: _order(item[1])))
        return value


def without_labels(value: Any, *, sent: bool = False) -> Any:
    """Return a value without the runner's own labels; in what was ``sent``, without the mapping that only they
    filled."""
    if isinstance(value, Mapping):
        kept: dict[str, Any] = {}
        for name, part in value.items():
            if isinstance(name, str) and name.startswith(labels.PREFIX):
                continue
            cleaned = without_labels(part, sent=sent)
            if not (sent and name == "Labels" and part and not cleaned):
                kept[name] = cleaned
        return kept
    if isinstance(value, (list, tuple)):
        return [without_labels(one, sent=sent) for one in value if not _is_label(one) and not _made_a_label(one)]
    return value


def _is_label(value: object) -> bool:
    """Return whether an element of a list is a label, a change that makes one, or a line of an image's history that
    did."""
    return isinstance(value, str) and _LABEL.match(value) is not None


def _made_a_label(value: object) -> bool:
    """Return whether an element is an entry of an image's history that is there for a label."""
    return isinstance(value, Mapping) and "CreatedBy" in value and _is_label(value["CreatedBy"])


def _without_labels_in_query(value: str | list[str]) -> str | list[str] | None:
    if isinstance(value, list):
        kept = [one for one in value if not _is_label(one)]
        return kept or None
    if labels.PREFIX not in value:
        return value
    try:
        cleaned = without_labels(json.loads(value))
    except ValueError:
        return None if _is_label(value) else value
    return json.dumps(cleaned, separators=(",", ":")) if cleaned else None


def hidden(response: ResponseRecord, volatile: Iterable[ResultPath]) -> ResponseRecord:
    """Return the response with what the scenario calls volatile replaced."""
    for path in volatile:
        if path.root != "status":
            value = _hide(getattr(response, path.root), path.keys)
            response = response._replace(**{path.root: value})
    return response


def _hide(value: Any, keys: tuple[str | int, ...]) -> Any:
    if not keys:
        return None if value is None else HIDDEN
    key, rest = keys[0], keys[1:]
    matches: Callable[[Any], bool] = lambda name: key in (name, EVERY)  # noqa: E731
    if isinstance(value, Mapping):
        return {name: _hide(part, rest) if matches(name) else part for name, part in value.items()}
    if isinstance(value, list):
        wanted = key + len(value) if isinstance(key, int) and key < 0 else key
        return [_hide(part, rest) if wanted in (index, EVERY) else part for index, part in enumerate(value)]
    return value


def _mapped(value: Any, numbers: Mapping[int | float, int | float]) -> Any:
    if isinstance(value, Mapping):
        return {name: _mapped(part, numbers) for name, part in value.items()}
    if isinstance(value, list):
        return [_mapped(part, numbers) for part in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return numbers.get(value, value)


def _order(value: Any) -> str:
    return masked(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))


def _values_of(value: Any, keys: frozenset[str]) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name in keys and isinstance(part, (str, int)):
                yield str(part)
            yield from _values_of(part, keys)
    elif isinstance(value, list):
        for part in value:
            yield from _values_of(part, keys)
