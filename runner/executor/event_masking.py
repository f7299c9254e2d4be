"""Masks secrets in a run's events, before any consumer gets them: text from outside, never what the runner says itself.

:data:`FIELDS` has the treatment of every field of every event and record: statuses, kinds, ids, names of variables,
counts, times and places in files are structure, and stay as they are whatever the secret is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, Final, TypeVar, assert_never

from runner.api.request_masking import masked_headers, masked_path, masked_query, masked_reason
from runner.contradiction import Contradiction
from runner.errors import Diagnostic
from runner.masking import Masker, StreamMasker
from runner.results import events, records
from runner.results.events import Event, OutputArrived, StepFinished, StepKey


class Treatment(Enum):
    """Names the ways in which a field is masked."""

    STRUCTURE = auto()
    """Not at all: the runner's own words and numbers, and what the scenario file says."""
    VALUE = auto()
    """As text or JSON from outside."""
    NAMED = auto()
    """As a mapping whose keys are names of variables or parameters."""
    MESSAGE = auto()
    """As a sentence of the runner that quotes values."""
    RECORD = auto()
    """As a record of its own, or several."""
    OWN = auto()
    """By the rules of its record; see :data:`_OWN_RULES`."""


FIELDS: Final[Mapping[type, Mapping[str, Treatment]]] = {
    events.RunStarted: {
        "started_at": Treatment.STRUCTURE,
        "engine": Treatment.RECORD,
        "scenarios": Treatment.STRUCTURE,
    },
    events.ScenarioStarted: {
        "scenario": Treatment.STRUCTURE,
        "file": Treatment.STRUCTURE,
        "title": Treatment.VALUE,
        "steps": Treatment.STRUCTURE,
        "engine": Treatment.RECORD,
    },
    events.StepStarted: {
        "key": Treatment.STRUCTURE,
        "id": Treatment.STRUCTURE,
        "kind": Treatment.STRUCTURE,
        "phase": Treatment.STRUCTURE,
        "background": Treatment.STRUCTURE,
    },
    events.RequestSent: {"key": Treatment.STRUCTURE, "method": Treatment.STRUCTURE, "target": Treatment.OWN},
    events.OutputArrived: {"key": Treatment.STRUCTURE, "stream": Treatment.STRUCTURE, "data": Treatment.VALUE},
    events.ItemArrived: {"key": Treatment.STRUCTURE, "item": Treatment.VALUE, "size": Treatment.STRUCTURE},
    events.StepFinished: {"key": Treatment.STRUCTURE, "record": Treatment.RECORD},
    events.ScenarioFinished: {"scenario": Treatment.STRUCTURE, "record": Treatment.RECORD},
    events.RunFinished: {"duration_ms": Treatment.STRUCTURE, "summary": Treatment.STRUCTURE},
    records.EngineRecord: {
        "name": Treatment.STRUCTURE,
        "version": Treatment.STRUCTURE,
        "api_version": Treatment.STRUCTURE,
        "endpoint": Treatment.VALUE,
        "recorded_at": Treatment.STRUCTURE,
    },
    records.RequestRecord: {
        "method": Treatment.STRUCTURE,
        "path": Treatment.OWN,
        "query": Treatment.OWN,
        "headers": Treatment.OWN,
        "body": Treatment.VALUE,
        "upload": Treatment.VALUE,
        "stdin": Treatment.VALUE,
        "folder": Treatment.VALUE,
        "save": Treatment.VALUE,
        "params": Treatment.NAMED,
        "excluded": Treatment.VALUE,
        "stdin_left_out": Treatment.STRUCTURE,
    },
    records.ResponseRecord: {
        "status": Treatment.STRUCTURE,
        "reason": Treatment.OWN,
        "headers": Treatment.OWN,
        "body": Treatment.OWN,
        "stdout": Treatment.OWN,
        "stderr": Treatment.OWN,
        "items": Treatment.VALUE,
        "stdout_left_out": Treatment.STRUCTURE,
        "stderr_left_out": Treatment.STRUCTURE,
        "items_left_out": Treatment.STRUCTURE,
    },
    records.Expectation: {
        "expression": Treatment.VALUE,
        "passed": Treatment.STRUCTURE,
        "actual": Treatment.VALUE,
        "details": Treatment.VALUE,
    },
    records.StepRecord: {
        "id": Treatment.STRUCTURE,
        "kind": Treatment.STRUCTURE,
        "phase": Treatment.STRUCTURE,
        "status": Treatment.STRUCTURE,
        "title": Treatment.VALUE,
        "about": Treatment.VALUE,
        "operation": Treatment.STRUCTURE,
        "attempts": Treatment.STRUCTURE,
        "started_ms": Treatment.STRUCTURE,
        "duration_ms": Treatment.STRUCTURE,
        "request": Treatment.RECORD,
        "response": Treatment.RECORD,
        "captured": Treatment.NAMED,
        "capture_sources": Treatment.STRUCTURE,
        "expectations": Treatment.RECORD,
        "error": Treatment.RECORD,
        "reason": Treatment.MESSAGE,
        "background": Treatment.STRUCTURE,
        "awaits": Treatment.STRUCTURE,
        "show": Treatment.STRUCTURE,
        "shown": Treatment.VALUE,
        "volatile": Treatment.STRUCTURE,
        "each": Treatment.RECORD,
        "steps": Treatment.RECORD,
        "on_failure": Treatment.RECORD,
        "outputs": Treatment.NAMED,
        "retry": Treatment.STRUCTURE,
        "contradictions": Treatment.RECORD,
    },
    Contradiction: {
        "operation": Treatment.STRUCTURE,
        "version": Treatment.STRUCTURE,
        "path": Treatment.VALUE,
        "problem": Treatment.MESSAGE,
    },
    records.ScenarioRecord: {
        "file": Treatment.STRUCTURE,
        "title": Treatment.VALUE,
        "status": Treatment.STRUCTURE,
        "about": Treatment.VALUE,
        "duration_ms": Treatment.STRUCTURE,
        "vars": Treatment.NAMED,
        "outputs": Treatment.NAMED,
        "steps": Treatment.RECORD,
        "error": Treatment.RECORD,
        "reason": Treatment.MESSAGE,
        "left": Treatment.MESSAGE,
        "engine": Treatment.RECORD,
        "generated": Treatment.VALUE,
    },
}

T = TypeVar("T")


def masked(record: T, masker: Masker) -> T:
    """Return an event or a record without secrets."""
    result: Any = _masked(record, masker)
    typed: T = result
    return typed


def _masked(record: Any, masker: Masker) -> Any:
    if isinstance(record, Diagnostic):
        return masker.diagnostic(record)
    changed = {
        field: _treated(record, field, treatment, masker)
        for field, treatment in FIELDS[type(record)].items()
        if treatment is not Treatment.STRUCTURE and getattr(record, field) is not None
    }
    return record._replace(**changed)


def _treated(record: Any, field: str, treatment: Treatment, masker: Masker) -> Any:
    value = result = getattr(record, field)
    match treatment:
        case Treatment.STRUCTURE:
            pass
        case Treatment.VALUE:
            result = masker.value(value)
        case Treatment.NAMED:
            result = {name: masker.value(inner) for name, inner in value.items()}
        case Treatment.MESSAGE:
            result = masker.message(value) if isinstance(value, str) else tuple(map(masker.message, value))
        case Treatment.RECORD:
            several = type(value) is tuple
            result = tuple(_masked(inner, masker) for inner in value) if several else _masked(value, masker)
        case Treatment.OWN:
            result = _OWN_RULES[type(record), field](record, masker)
        case _:
            assert_never(treatment)
    return result


def _output(field: str) -> Callable[[records.ResponseRecord, Masker], Any]:
    """Return the rule for kept output: if it was cut, the beginning of a secret at its end is masked too."""

    def rule(response: records.ResponseRecord, masker: Masker) -> Any:
        value = masker.value(getattr(response, field))
        return masker.cut(value) if response.truncated and isinstance(value, str) else value

    return rule


_OWN_RULES: Final[Mapping[tuple[type, str], Callable[[Any, Masker], Any]]] = {
    (events.RequestSent, "target"): lambda event, masker: masked_path(event.method, event.target, masker),
    (records.RequestRecord, "path"): lambda request, masker: masked_path(request.method, request.path, masker),
    (records.RequestRecord, "query"): lambda request, masker: masked_query(
        request.method, request.path, request.query, masker
    ),
    (records.RequestRecord, "headers"): lambda request, masker: masked_headers(request.headers, masker),
    (records.ResponseRecord, "headers"): lambda response, masker: masked_headers(response.headers, masker),
    (records.ResponseRecord, "reason"): lambda response, masker: masked_reason(
        response.status, response.reason, masker
    ),
    (records.ResponseRecord, "body"): _output("body"),
    (records.ResponseRecord, "stdout"): _output("stdout"),
    (records.ResponseRecord, "stderr"): _output("stderr"),
}


class EventMasker:
    """Masks events one by one; a secret that is split between two pieces of output is masked too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._masker = Masker(secrets)
        self._found_more = False
        self._streams: dict[StepKey, dict[str, tuple[OutputArrived, StreamMasker]]] = {}

    def conceal(self, secrets: Iterable[str]) -> None:
        """Mask secrets that were found during the run, from now on."""
        more = tuple(secrets)
        self._found_more = self._found_more or bool(more)
        self._masker.add(more)

    def report(self, report: records.Report) -> records.Report:
        """Return a report of events that were masked before, also without the secrets that were found later."""
        if not self._found_more:
            return report
        return report._replace(scenarios=tuple(masked(scenario, self._masker) for scenario in report.scenarios))

    def __call__(self, event: Event) -> Iterator[Event]:
        if not self._masker:
            yield event
        elif isinstance(event, OutputArrived):
            yield from self._output(event)
        else:
            if isinstance(event, StepFinished):
                yield from self._rest(event.key)
            yield masked(event, self._masker)

    def _output(self, event: OutputArrived) -> Iterator[Event]:
        streams = self._streams.setdefault(event.key, {})
        _, stream = streams.setdefault(event.stream, (event, StreamMasker(self._masker)))
        data = stream.feed(event.data)
        if data:
            yield event._replace(data=data)

    def _rest(self, key: StepKey) -> Iterator[Event]:
        """Yield what the maskers of a finished step still hold back."""
        for first, stream in self._streams.pop(key, {}).values():
            data = stream.end()
            if data:
                yield first._replace(data=data)
