"""Compares reports step by step, and groups what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from runner.api.error_message import bounded
from runner.api.operations import by_id
from runner.report import wording
from runner.report.comparison.form import Form
from runner.report.comparison.known import Known, KnownDifferences
from runner.report.comparison.model import ANY, Cell, Column, ComparedStep, Comparison, Difference, Entry
from runner.report.comparison.values import ValueDifference, differences
from runner.results.records import CONSEQUENCES, MARK, Report, ResponseRecord, ScenarioRecord, StepRecord
from runner.results.statuses import FAILED

MAX_DIFFERENCES: Final = 100
"""Differences that are kept of one step; more are counted."""
MAX_COUNTED: Final = 10_000
GENERAL: Final = 0.8
"""The share of answers from which on a header that differs is the engine's, not a step's."""
_IDENTITY_HEADERS: Final = ("Api-Version", "Server")
"""Headers that an engine sends with each answer, and that stay the same while it is the same engine."""

Lines = Mapping[tuple[str, str], int]
"""The lines of steps, by the file as the report names it and the id."""


def compare(
    reports: Mapping[str, Report],
    *,
    strict: bool = False,
    known: KnownDifferences | None = None,
    lines: Lines | None = None,
) -> Comparison:
    """Compare two or more reports of the same scenarios; the first is the reference.

    Args:
        reports: Each engine's report, by the name of its column.
        strict: Tell ``null``, an empty list, an empty mapping and a missing key apart.
        known: Differences that are known.
        lines: The lines of the steps, to name their places.
    """
    columns = tuple(Column(name, report.engine) for name, report in reports.items())
    every_step = tuple(_Comparer([*reports.values()], lines or {}, strict=strict).steps())
    entries = _entries(every_step)
    steps = _without_general(every_step, entries)
    matched: list[Entry] = []
    reasons: dict[tuple[str, str, tuple[str, ...]], str] = {}
    names = tuple(reports)
    for entry in entries:
        found = (
            None
            if known is None
            else known.find(entry.operation, entry.path, dict(zip(names, entry.values, strict=True)))
        )
        matched.append(entry._replace(known=found.reason if found is not None else None))
        if found is not None:
            reasons[entry.operation, entry.path, entry.values] = found.reason
    return Comparison(
        columns,
        tuple(_with_reasons(step, reasons) for step in steps),
        tuple(matched),
        unmatched=() if known is None else tuple(map(_known_line, known.unmatched())),
        problems=tuple(_problems(reports)),
        known_file=None if known is None else known.file,
    )


class _Place(NamedTuple):
    """Identifies a scenario or a step in every report: its name, and which one of that name it is."""

    name: tuple[str, ...]
    number: int


class _Located(NamedTuple):
    """A step in its scenario. After a step that failed by itself, others may be skipped."""

    scenario: ScenarioRecord
    step: StepRecord
    after_failure: bool


class _Comparer:
    def __init__(self, reports: Sequence[Report], lines: Lines, *, strict: bool) -> None:
        self._forms = [Form(report) for report in reports]
        self._lines = lines
        self._strict = strict

    def steps(self) -> Iterator[ComparedStep]:
        """Yield every step of every report, in the reference's order."""
        scenarios = [_numbered((_scenario_name(one), one) for one in form.report.scenarios) for form in self._forms]
        for place in _united(scenarios):
            found = [each.get(place) for each in scenarios]
            located = [{} if one is None else _located(one) for one in found]
            skipped = [one for one in found if one is not None and one.status == "skipped"]
            reason = skipped[0].reason or "skipped" if skipped else None
            for step_place in _united(located):
                yield self._step([each.get(step_place) for each in located], step_place, reason)

    def _step(self, found: Sequence[_Located | None], place: _Place, skipped: str | None) -> ComparedStep:
        first = next(one for one in found if one is not None)
        record, file = first.step, first.scenario.file
        compared = ComparedStep(
            scenario=first.scenario.title,
            file=file,
            line=self._lines.get((file, record.id.partition("[")[0])),
            id="/".join(place.name[1:]) or record.id,
            title=wording.title_of(record),
            operation=_operation(record),
            cells=tuple(map(_cell, found)),
        )
        reason = _uncompared(found, skipped)
        if reason is not None:
            return compared._replace(uncompared=reason)
        kept: dict[str, Difference] = {}
        left_out = 0
        for index in range(1, len(found)):
            for number, difference in enumerate(self._differences(found, index)):
                if number >= MAX_COUNTED:
                    break
                if difference.path in kept or len(kept) < MAX_DIFFERENCES:
                    self._keep(kept, difference, index, len(found))
                else:
                    left_out += 1
        return compared._replace(differences=tuple(kept.values()), left_out=left_out)

    def _keep(self, kept: dict[str, Difference], difference: ValueDifference, index: int, width: int) -> None:
        """Keep a difference of a column. Columns without one have the reference's value; several at one path, such as
        elements of a list, are told apart by their number."""
        reference, other = difference.values
        path, number = difference.path, 1
        while path in kept and kept[path].values[index] != kept[path].values[0]:
            number += 1
            path = f"{difference.path} ({number})"
        values = list(kept[path].values if path in kept else [reference] * width)
        values[index] = other
        kept[path] = Difference(path, difference.kind, tuple(values))

    def _differences(self, found: Sequence[_Located | None], index: int) -> Iterator[ValueDifference]:
        one, other = found[0], found[index]
        outcomes = _cell(one).outcome, _cell(other).outcome
        if outcomes[0] != outcomes[1]:
            yield ValueDifference("outcome", "outcome", outcomes)
        if one is None or other is None:
            return
        answers = one.step.response, other.step.response
        if answers[0] is None or answers[1] is None:
            if answers[0] is not answers[1] and outcomes[0] == outcomes[1]:
                yield ValueDifference("status", "status", (_status(answers[0]), _status(answers[1])))
            return
        if answers[0].status != answers[1].status:
            yield ValueDifference("status", "status", (_status(answers[0]), _status(answers[1])))
            return
        formed = self._forms[0].response(one.scenario, answers[0])
        yield from _answers(formed, self._forms[index].response(other.scenario, answers[1]), strict=self._strict)


def _answers(one: ResponseRecord, other: ResponseRecord, *, strict: bool) -> Iterator[ValueDifference]:
    """Yield the differences of two answers with the same status."""
    yield from differences("headers", dict(one.headers), dict(other.headers), strict=strict)
    yield from differences("body", one.body, other.body, strict=strict)
    is_cut = one.truncated or other.truncated
    for name in ("stdout", "stderr"):
        pair = getattr(one, name), getattr(other, name)
        if is_cut and all(isinstance(text, str) for text in pair):
            pair = pair[0].removesuffix(MARK), pair[1].removesuffix(MARK)
            length = min(map(len, pair))
            pair = pair[0][:length], pair[1][:length]
        yield from differences(name, pair[0] or None, pair[1] or None, strict=strict)
    items = one.items, other.items
    if is_cut and items[0] is not None and items[1] is not None:
        length = min(len(items[0]), len(items[1]))
        items = items[0][:length], items[1][:length]
    yield from differences("items", items[0], items[1], strict=strict)


def _scenario_name(scenario: ScenarioRecord) -> tuple[str, ...]:
    return (Path(scenario.file).name, scenario.title)


def _located(scenario: ScenarioRecord) -> dict[_Place, _Located]:
    """Return the steps of a scenario that did something themselves, by the ids that lead to them."""
    return _numbered(_leaves(scenario, scenario.steps, ()))


def _leaves(
    scenario: ScenarioRecord, steps: Sequence[StepRecord], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], _Located]]:
    failed = False
    for step in steps:
        if step.phase == "cleanup":
            continue
        name = (*above, step.id)
        inner = (*(step.each or ()), *(step.steps or ()))
        if inner:
            yield from _leaves(scenario, inner, name)
        else:
            yield (step.phase, *name), _Located(scenario, step, failed)
        failed = failed or step.status in FAILED


def _numbered(named: Any) -> dict[_Place, Any]:
    """Return things by name, each with its number among those of that name."""
    found: dict[_Place, Any] = {}
    counts: dict[tuple[str, ...], int] = {}
    for name, thing in named:
        counts[name] = counts.get(name, 0) + 1
        found[_Place(name, counts[name])] = thing
    return found


def _united(all_places: Sequence[Mapping[_Place, Any]]) -> Iterator[_Place]:
    """Yield each place once, in the reference's order; what the reference lacks comes last."""
    yield from dict.fromkeys(place for places in all_places for place in places)


def _uncompared(found: Sequence[_Located | None], skipped: str | None) -> str | None:
    """Return why there is nothing to compare: an engine that the scenario is not for, or a step that no engine, or one
    only because of an earlier failure, did not run."""
    if skipped is not None and any(one is None for one in found):
        return skipped
    for one in found:
        if one is None:
            continue
        step = one.step
        is_consequence = step.error is not None and step.error.code in CONSEQUENCES
        if is_consequence or (step.status == "skipped" and one.after_failure):
            return "an earlier step did not pass"
    if all(one is not None and one.step.status == "skipped" for one in found):
        return "skipped"
    return None


def _cell(located: _Located | None) -> Cell:
    if located is None:
        return Cell("absent")
    step = located.step
    detail = step.error.message if step.error is not None else step.reason or ""
    response = step.response.status if step.response is not None else None
    return Cell(step.status, response, bounded(detail))


def _operation(step: StepRecord) -> str:
    operation = by_id(step.operation) if step.operation else None
    return operation.name if operation is not None else step.kind


def _status(response: ResponseRecord | None) -> str:
    return "no answer" if response is None else str(response.status)


def _entries(steps: Sequence[ComparedStep]) -> tuple[Entry, ...]:
    """Group the same differences of an operation; those of headers that several operations have alike are one."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[tuple[ComparedStep, Difference]]] = {}
    for step in steps:
        for difference in step.differences:
            operation = ANY if difference.path.startswith("headers") else step.operation
            groups.setdefault((operation, _plain(difference.path), difference.values), []).append((step, difference))
    return tuple(
        Entry(operation, path, members[0][1].kind, values, len({member[0] for member in members}), members[0][0].place)
        for (operation, path, values), members in groups.items()
    )


def _without_general(steps: Sequence[ComparedStep], entries: Sequence[Entry]) -> tuple[ComparedStep, ...]:
    """Return the steps without the headers that differ alike in almost every answer: these are of the engine, and would
    hide which steps differ."""
    answers = sum(len({cell.response for cell in step.cells} - {None}) == 1 for step in steps if not step.uncompared)
    often = GENERAL * answers
    general = {(entry.path, entry.values) for entry in entries if entry.operation == ANY and entry.steps >= often}
    if answers < 2 or not general:
        return tuple(steps)
    return tuple(
        step._replace(differences=tuple(one for one in step.differences if (one.path, one.values) not in general))
        for step in steps
    )


def _plain(path: str) -> str:
    """Return a path without the number of a further difference at it."""
    return path.partition(" (")[0] if path.endswith(")") else path


def _with_reasons(step: ComparedStep, reasons: Mapping[tuple[str, str, tuple[str, ...]], str]) -> ComparedStep:
    if not reasons or not step.differences:
        return step
    explained = []
    for difference in step.differences:
        path = _plain(difference.path)
        found = (reasons.get((operation, path, difference.values)) for operation in (step.operation, ANY))
        explained.append(difference._replace(known=next((reason for reason in found if reason is not None), None)))
    return step._replace(differences=tuple(explained))


def _known_line(known: Known) -> str:
    values = ", ".join(f"{name}: {value}" for name, value in known.values.items())
    return f"{known.operation} {known.path}" + (f" ({values})" if values else "")


def _problems(reports: Mapping[str, Report]) -> Iterator[str]:
    """Yield what makes a column untrustworthy: an engine that became another one during the run, or had no time to do
    anything."""
    for name, report in reports.items():
        if not report.scenarios:
            yield f"{name} ran no scenario"
        for header in _IDENTITY_HEADERS:
            seen: dict[str, str] = {}
            for scenario in report.scenarios:
                for step in _all_steps(scenario.steps):
                    value = step.response.headers.get(header) if step.response is not None else None
                    if value is not None:
                        seen.setdefault(str(value), step.id)
            if len(seen) > 1:
                first, second = [*seen][:2]
                yield (
                    f"{name} became another engine at step '{seen[second]}': {header} was {bounded(first)}, "
                    f"then {bounded(second)}"
                )
                break


def _all_steps(steps: Sequence[StepRecord]) -> Iterator[StepRecord]:
    for step in steps:
        yield step
        yield from _all_steps((*(step.each or ()), *(step.steps or ())))
