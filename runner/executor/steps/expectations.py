"""Compares a result with the expectations of its step, and explains each difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runner.errors import Place, StepError
from runner.executor.response.watch import Watched
from runner.results.records import Expectation, ResponseRecord
from runner.scenario import model
from runner.scenario.expectations import SUBJECTS, rendered
from runner.scenario.expressions.conditions import NOT_A_CONDITION
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.references import Scope
from runner.scenario.matchers.compare import Mismatch, compare
from runner.scenario.matchers.explain import MAX_TEXT, described, explain, values
from runner.scenario.matchers.kinds import ABSENT, NO_BODY
from runner.scenario.matchers.operands import Subject, is_matcher
from runner.scenario.yaml import nodes
from runner.text import shown

_SUCCESSES: Final = range(200, 300)
_MESSAGES: Final = {
    "contains": "{} does not contain it",
    "not contains": "{} contains it",
    "matches": "{} does not match it",
    "not matches": "{} matches it",
}
"""What is said of a single difference, by its matcher."""


_NOT_JUDGED: Final = frozenset({"cut-value"})
"""Codes of an expression's errors that say nothing about the result: whether it is as expected is not known."""


class Verdict(NamedTuple):
    """One expectation with its place in the file and, if it failed, the error's message; or the ``error`` because of
    which it is not known whether it holds."""

    expectation: Expectation
    place: Place | None = None
    message: str = ""
    error: StepError | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The expectation and the details of its failure, a line each."""
        expression, details = self.expectation.expression, self.expectation.details
        return details if details and details[0].startswith(expression) else (expression, *details)


def status(expected: model.Expect | None, documented: tuple[int, ...], actual: int | None, names: Scope) -> Expectation:
    """Compare the status with the step's expectation, or else with the API's documented successes; it is None if no
    answer has begun.

    Raises:
        StepError: what was expected can't be rendered.
    """
    wanted: Any = [*_documented(documented)]
    if expected is not None and expected.status is not None:
        wanted = rendered(expected.status, names, Subject.STATUS)
        if not is_matcher(wanted):
            items = wanted if isinstance(wanted, list) else [wanted]
            wanted = [int(item) if str(item).isdigit() else _lower(item) for item in items]
    if not isinstance(wanted, list):
        text, matcher = described(wanted, "status"), wanted
    else:
        text, matcher = f"status in [{', '.join(map(str, wanted))}]", {"one_of": wanted}
        if len(wanted) == 1:
            text = f"status == {wanted[0]}" if isinstance(wanted[0], int) else f"status is {wanted[0]}"
    found = compare(matcher, ABSENT if actual is None else actual, Subject.STATUS)
    return Expectation(text, not found, actual)


def _lower(status: Any) -> Any:
    return status.lower() if isinstance(status, str) else status


def _documented(documented: tuple[int, ...]) -> tuple[int | str, ...]:
    """Return the documented successes, with one word for all of them from 200 to 299."""
    others = tuple(code for code in documented if code not in _SUCCESSES)
    return (*others, "2xx") if len(documented) - len(others) == len(_SUCCESSES) else documented


def verdicts(expected: model.Expect, response: ResponseRecord | None, names: Scope, watched: Watched) -> list[Verdict]:
    """Judge every expectation but the status, in the order of the documentation. ``watched`` are the findings about
    streams that were too long to be kept.

    Raises:
        StepError: one of them can't be judged.
    """
    judged: list[Verdict] = []
    if expected.headers is not None:
        judged += _headers(expected.headers, response, names)
    if expected.body is not None:
        judged.append(_body(expected.body, response, names))
    for name, part in (("items", expected.items), ("stdout", expected.stdout), ("stderr", expected.stderr)):
        if part is not None:
            judged.append(_streamed(name, part, response, names, watched))
    judged += [condition(expression, names) for expression in expected.that]
    return judged


def condition(expression: Expression, names: Scope) -> Verdict:
    """Judge an expression that must be true.

    Raises:
        StepError: ``not-a-condition``: its value is neither true nor false.
    """
    try:
        value = expression.holds(names)
    except StepError as error:
        if error.code == NOT_A_CONDITION:
            raise
        details = (f"{error.message}" + (f" ({error.hint})" if error.hint else ""), *parts(expression, names))
        failed = Expectation(expression.text, False, None, details)
        message = f"{expression.text} can't be evaluated: {error.message}"
        is_unknown = error.code in _NOT_JUDGED
        return Verdict(failed, error.place or expression.place(), message, error if is_unknown else None)
    if value:
        return Verdict(Expectation(expression.text, True, value))
    failed = Expectation(expression.text, False, value, parts(expression, names))
    return Verdict(failed, expression.place(), "the expression is not true")


def parts(expression: Expression, names: Scope) -> tuple[str, ...]:
    """Return a line for each part of an expression, with its value."""
    from runner.scenario.expressions.trace import trace  # imports Jinja2, which only a failure needs

    traced = trace(expression, names)
    width = min(48, max((len(text) for text, _ in traced), default=0) + 2)
    return tuple(f"{'  ' if index else ''}{text:<{width}} → {value}" for index, (text, value) in enumerate(traced))


def _compare(wanted: Any, actual: Any, subject: Subject, node: nodes.Node) -> list[Mismatch]:
    try:
        return compare(wanted, actual, subject)
    except StepError as error:
        error.place = error.place or nodes.place_of(node)
        raise


def _headers(expected: model.Expected, response: ResponseRecord | None, names: Scope) -> list[Verdict]:
    wanted = rendered(expected, names, Subject.HEADERS)
    headers: Mapping[str, str] = response.headers if response else {}
    if is_matcher(wanted):
        found = _compare(wanted, headers, Subject.HEADERS, expected.node)
        return [_verdict(found, expected, described(wanted, "headers"), dict(headers), "the headers do not match")]
    return [_header(name, value, headers, expected) for name, value in wanted.items()]


def _header(name: str, wanted: Any, headers: Mapping[str, str], expected: model.Expected) -> Verdict:
    actual = headers.get(name, ABSENT)
    label = f"headers[{json.dumps(name)}]"
    text = described(wanted, label) if is_matcher(wanted) else f"{label} == {json.dumps(wanted, ensure_ascii=False)}"
    node = nodes.node_at(expected.node, (name,))
    found = _compare(wanted if is_matcher(wanted) else as_text(wanted), actual, Subject.TEXT, node)
    details = tuple(
        line.replace("missing", "no such header") if one.actual is ABSENT else line
        for one in found
        for line in values(one)
    )
    expectation = Expectation(text, not found, None if actual is ABSENT else actual, details)
    place = nodes.place_of(nodes.node_at(node, found[0].at) if found else node)
    return Verdict(expectation, place, f"header {name} differs")


def _body(expected: model.Expected, response: ResponseRecord | None, names: Scope) -> Verdict:
    wanted = rendered(expected, names, Subject.VALUE)
    actual: Any = ABSENT if response is None else response.body
    found = _compare(wanted, NO_BODY if actual is None else actual, Subject.VALUE, expected.node)
    part = None if actual is ABSENT else _compared(wanted, actual)
    return _verdict(found, expected, described(wanted, "body"), part, "body does not match")


def _verdict(found: list[Mismatch], expected: model.Expected, text: str, actual: Any, message: str) -> Verdict:
    """Return the verdict on a value, whose differences were found."""
    if not found:
        return Verdict(Expectation(text, True, actual))
    details = explain(found, text.partition(" ")[0])
    return Verdict(
        Expectation(text, False, actual, details),
        nodes.place_of(nodes.node_at(expected.node, found[0].at)),
        message,
    )


def _compared(wanted: Any, actual: Any) -> Any:
    """Return the part of the body that the expectation is about."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping) and not is_matcher(wanted):
        return {key: _compared(value, actual[key]) for key, value in wanted.items() if key in actual}
    return actual


def _streamed(
    name: str, expected: model.Expected, response: ResponseRecord | None, names: Scope, watched: Watched
) -> Verdict:
    """Judge an output, or the elements of a stream."""
    subject = SUBJECTS[name]
    wanted = rendered(expected, names, subject)
    kept = getattr(response, name, None) if response is not None else None
    actual: Any = watched.streams.get(name, ABSENT if kept is None else kept)
    if not is_matcher(wanted) and subject is Subject.TEXT:
        wanted = as_text(wanted)
        text = f"{name} == {shown(wanted)}"
    else:
        text = described(wanted, name)
    found = _compare(wanted, actual, subject, expected.node)
    shown_actual = _cut(kept) if isinstance(kept, str) else kept
    if not found:
        return Verdict(Expectation(text, True, shown_actual))
    if subject is Subject.VALUE:
        return _verdict(found, expected, text, kept, f"{name} do not match")
    lines = [line for one in found for line in values(one)]
    if len(found) == 1 and text.startswith(f"{name} {found[0].label} "):
        lines = lines[1:]  # the expectation says the same
    message = _MESSAGES.get(found[0].label, "") if len(found) == 1 else ""
    return Verdict(
        Expectation(text, False, shown_actual, tuple(lines)),
        nodes.place_of(nodes.node_at(expected.node, found[0].at)),
        message.format(name) or f"{name} is not what was expected",
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
