"""Compares a result with what was expected of it, and explains each difference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from runner.errors import Place, StepError
from runner.results.records import Expectation, ResponseRecord
from runner.scenario import model
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Scope
from runner.scenario.yaml import nodes
from runner.text import shown

MAX_DETAILS = 40
MAX_TEXT = 400


_SUCCESSES = range(200, 300)


class Verdict(NamedTuple):
    """One expectation with where it stands in the file and, if it failed, how to say so."""

    expectation: Expectation
    place: Place | None = None
    message: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What did not hold, and why."""
        expression, _, _, details = self.expectation
        return details if details and details[0].startswith(expression) else (expression, *details)


def status(expected: model.Expect | None, documented: tuple[int, ...], actual: int, scope: Scope) -> Expectation:
    """The status against what the step expects, else against the API's documented successes."""
    others = tuple(one for one in documented if one not in _SUCCESSES)
    wanted: tuple[Any, ...] = (*others, "2xx") if len(documented) - len(others) == len(_SUCCESSES) else documented
    if expected is not None and expected.status is not None:
        wanted = _rendered(expected.status, scope)
    passed = any(_status_fits(one, actual) for one in wanted)
    if len(wanted) == 1:
        text = f"status == {wanted[0]}" if isinstance(wanted[0], int) else f"status is {wanted[0]}"
    else:
        text = f"status in [{', '.join(str(one) for one in wanted)}]"
    return Expectation(text, passed, actual)


def _rendered(wanted: tuple[Any, ...], scope: Scope) -> tuple[Any, ...]:
    found: list[Any] = []
    for one in wanted:
        value = one if isinstance(one, (int, str)) else one.render(scope)
        items = value if isinstance(value, list) else [value]
        found += [int(item) if str(item).isdigit() else str(item).lower() for item in items]
    return tuple(found)


def _status_fits(wanted: int | str, actual: int) -> bool:
    if isinstance(wanted, int):
        return wanted == actual
    return len(wanted) == 3 and wanted[1:] == "xx" and wanted[0] == str(actual)[0]


def verdicts(step: model.Step, expected: model.Expect, response: ResponseRecord | None, scope: Scope) -> list[Verdict]:
    """Every expectation but the status, in the order in which the contract lists them."""
    found: list[Verdict] = []
    if expected.headers is not None:
        found += _headers(step, expected, response, scope)
    if expected.body is not None:
        found.append(_body(expected, response, scope))
    for name, check in (("stdout", expected.stdout), ("stderr", expected.stderr)):
        if check is not None:
            found.append(_text(name, check, getattr(response, name, None), scope))
    found += [condition(expression, scope) for expression in expected.that]
    return found


def condition(expression: Expression, scope: Scope) -> Verdict:
    """An expression that must be true."""
    try:
        value = expression.evaluate(scope)
    except StepError as error:
        details = (f"{error.message}" + (f" ({error.hint})" if error.hint else ""), *parts(expression, scope))
        failed = Expectation(expression.text, False, None, details)
        return Verdict(
            failed, error.place or expression.place(), f"{expression.text} can't be evaluated: {error.message}"
        )
    if value:
        return Verdict(Expectation(expression.text, True, value))
    failed = Expectation(expression.text, False, value, parts(expression, scope))
    return Verdict(failed, expression.place(), "the expression is not true")


def parts(expression: Expression, scope: Scope) -> tuple[str, ...]:
    """A line for each part of an expression, with its value."""
    from runner.scenario.expressions.trace import trace  # Jinja2's parser, which only a failure needs

    found = trace(expression, scope)
    width = min(48, max((len(text) for text, _ in found), default=0) + 2)
    return tuple(f"{'  ' if index else ''}{text:<{width}} → {value}" for index, (text, value) in enumerate(found))


def _headers(step: model.Step, expected: model.Expect, response: ResponseRecord | None, scope: Scope) -> list[Verdict]:
    assert expected.headers is not None
    found = []
    wanted: Mapping[str, Any] = _mapping(expected.headers.render(scope))
    for name, value in wanted.items():
        actual = response.headers.get(name) if response else None
        text = f"headers[{json.dumps(name)}] == {json.dumps(value, ensure_ascii=False)}"
        passed = actual is not None and actual == str(value)
        details = (
            () if passed else (f"expected  {value}", f"actual    {actual if actual is not None else 'no such header'}")
        )
        node = nodes.node_at(expected.headers_node or step.node, (name,))
        found.append(
            Verdict(Expectation(text, passed, actual, details), nodes.place_of(node), f"header {name} differs")
        )
    return found


def _body(expected: model.Expect, response: ResponseRecord | None, scope: Scope) -> Verdict:
    assert expected.body is not None and expected.body_node is not None
    wanted = expected.body.render(scope)
    actual = response.body if response else None
    differences = list(subset_differences(wanted, actual))
    text = f"body matches {shown(wanted, 200)}"
    if not differences:
        return Verdict(Expectation(text, True, _seen(wanted, actual)))
    details: list[str] = []
    for path, want, got in differences[:MAX_DETAILS]:
        details += [".".join(str(part) for part in path) or "body", *_difference(want, got)]
    place = nodes.place_of(nodes.node_at(expected.body_node, differences[0][0]))
    return Verdict(Expectation(text, False, _seen(wanted, actual), tuple(details)), place, "body does not match")


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise StepError("wrong-type", f"expect.headers must be a mapping, not {shown(value, 60)}")
    return value


class _Absent:
    """Stands for a key or an element that isn't there."""

    def __repr__(self) -> str:
        return "missing"


ABSENT = _Absent()


def subset_differences(
    wanted: Any, actual: Any, path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], Any, Any]]:
    """Where ``actual`` lacks something of ``wanted``: mappings may have more keys, lists must match in length."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        found = []
        for key, value in wanted.items():
            found += subset_differences(value, actual.get(key, ABSENT), (*path, key))
        return found
    if isinstance(wanted, list) and isinstance(actual, list):
        found = []
        for index, value in enumerate(wanted):
            found += subset_differences(value, actual[index] if index < len(actual) else ABSENT, (*path, index))
        if len(actual) > len(wanted):
            found.append((path, _counted(wanted), _counted(actual)))
        return found
    same = wanted == actual and isinstance(wanted, bool) == isinstance(actual, bool)
    return [] if same else [(path, wanted, actual)]


def _counted(value: list[Any]) -> str:
    return "1 element" if len(value) == 1 else f"{len(value)} elements"


def _difference(wanted: Any, actual: Any) -> list[str]:
    """What differs: a diff for long texts and structures, the two values otherwise."""
    texts = [value if isinstance(value, str) else None for value in (wanted, actual)]
    if all(text and "\n" in text for text in texts):
        import difflib

        lines = difflib.unified_diff(
            str(texts[0]).splitlines(), str(texts[1]).splitlines(), "expected", "actual", lineterm="", n=2
        )
        return [f"  {line}" for line in list(lines)[:MAX_DETAILS]]
    told = _plainly if isinstance(wanted, str) and isinstance(actual, str | _Absent) else _exactly
    return [f"  expected  {told(wanted)}", f"  actual    {told(actual)}"]


def _exactly(value: Any) -> str:
    """So that a text that looks like a number can be told from one."""
    return "missing" if value is ABSENT else shown(value, MAX_TEXT)


def _plainly(value: Any) -> str:
    if isinstance(value, str) and value and value == value.strip() and value.isprintable() and len(value) <= MAX_TEXT:
        return value
    return _exactly(value)


def _seen(wanted: Any, actual: Any) -> Any:
    """The part of the body that was asked about."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        return {key: _seen(value, actual[key]) for key, value in wanted.items() if key in actual}
    return actual


def _text(name: str, check: model.TextCheck, actual: str | None, scope: Scope) -> Verdict:
    wanted = check.value.render(scope)
    text = str(wanted) if not isinstance(wanted, str) else wanted
    if check.mode == "equals":
        passed, expression = actual == text, f"{name} == {shown(text)}"
    elif check.mode == "contains":
        passed, expression = actual is not None and text in actual, f"{name} contains {shown(text)}"
    else:
        try:
            passed = actual is not None and re.search(text, actual) is not None
        except re.error as error:
            place = nodes.place_of(check.node)
            raise StepError("bad-regex", f"not a regular expression: {error.msg}", place=place) from None
        expression = f"{name} matches {shown(text)}"
    if passed:
        return Verdict(Expectation(expression, True, _cut(actual)))
    details = tuple(_difference(text, actual)) if check.mode == "equals" else (f"actual    {_plainly(actual)}",)
    message = f"{name} is not what was expected" if check.mode == "equals" else f"{name} does not {_VERBS[check.mode]}"
    return Verdict(Expectation(expression, False, _cut(actual), details), nodes.place_of(check.node), message)


_VERBS = {"contains": "contain it", "matches": "match it"}


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
