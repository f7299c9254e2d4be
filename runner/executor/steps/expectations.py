"""Compares a result with the expectations of its step, and explains each difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runner.errors import Place, StepError
from runner.results.records import Expectation, ResponseRecord
from runner.scenario import model
from runner.scenario.expressions import regex
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Scope
from runner.scenario.expressions.values import Value
from runner.scenario.yaml import nodes
from runner.text import count, shown

MAX_DETAILS: Final = 40
"""Lines that explain one failure, at most."""
MAX_TEXT: Final = 400
"""Characters of a value that are shown, at most."""

_SUCCESSES: Final = range(200, 300)
_VERBS: Final = {"contains": "contain it", "matches": "match it"}


class Verdict(NamedTuple):
    """One expectation with its place in the file and, if it failed, the error message."""

    expectation: Expectation
    place: Place | None = None
    message: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The expectation and the details of its failure, a line each."""
        expression, details = self.expectation.expression, self.expectation.details
        return details if details and details[0].startswith(expression) else (expression, *details)


def status(expected: model.Expect | None, documented: tuple[int, ...], actual: int, names: Scope) -> Expectation:
    """Compare the status with the step's expectation, or else with the API's documented successes."""
    others = tuple(code for code in documented if code not in _SUCCESSES)
    wanted: tuple[Any, ...] = (*others, "2xx") if len(documented) - len(others) == len(_SUCCESSES) else documented
    if expected is not None and expected.status is not None:
        wanted = _rendered(expected.status, names)
    passed = any(_status_fits(code, actual) for code in wanted)
    if len(wanted) == 1:
        text = f"status == {wanted[0]}" if isinstance(wanted[0], int) else f"status is {wanted[0]}"
    else:
        text = f"status in [{', '.join(str(code) for code in wanted)}]"
    return Expectation(text, passed, actual)


def _rendered(status: tuple[int | str | Value, ...], names: Scope) -> tuple[int | str, ...]:
    """Render the codes and classes of ``expect.status``; a template may give a list of them."""
    codes: list[int | str] = []
    for part in status:
        value = part if isinstance(part, (int, str)) else part.render(names)
        items = value if isinstance(value, list) else [value]
        codes += [int(str(item)) if str(item).isdigit() else str(item).lower() for item in items]
    return tuple(codes)


def _status_fits(wanted: int | str, actual: int) -> bool:
    if isinstance(wanted, int):
        return wanted == actual
    return len(wanted) == 3 and wanted[1:] == "xx" and wanted[0] == str(actual)[0]


def verdicts(step: model.Step, expected: model.Expect, response: ResponseRecord | None, names: Scope) -> list[Verdict]:
    """Judge every expectation but the status, in the order of the documentation."""
    judged: list[Verdict] = []
    if expected.headers is not None:
        judged += _headers(step, expected, response, names)
    if expected.body is not None:
        judged.append(_body(expected, response, names))
    for name, check in (("stdout", expected.stdout), ("stderr", expected.stderr)):
        if check is not None:
            judged.append(_output(name, check, getattr(response, name, None), names))
    judged += [condition(expression, names) for expression in expected.that]
    return judged


def condition(expression: Expression, names: Scope) -> Verdict:
    """Judge an expression that must be true."""
    try:
        value = expression.evaluate(names)
    except StepError as error:
        details = (f"{error.message}" + (f" ({error.hint})" if error.hint else ""), *parts(expression, names))
        failed = Expectation(expression.text, False, None, details)
        return Verdict(
            failed, error.place or expression.place(), f"{expression.text} can't be evaluated: {error.message}"
        )
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


def _headers(step: model.Step, expected: model.Expect, response: ResponseRecord | None, names: Scope) -> list[Verdict]:
    assert expected.headers is not None
    verdicts = []
    wanted: Mapping[str, Any] = _mapping(expected.headers.render(names))
    for name, value in wanted.items():
        actual = response.headers.get(name) if response else None
        text = f"headers[{json.dumps(name)}] == {json.dumps(value, ensure_ascii=False)}"
        passed = actual is not None and actual == str(value)
        details = (
            () if passed else (f"expected  {value}", f"actual    {actual if actual is not None else 'no such header'}")
        )
        node = nodes.node_at(expected.headers_node or step.node, (name,))
        place = nodes.place_of(node)
        verdicts.append(Verdict(Expectation(text, passed, actual, details), place, f"header {name} differs"))
    return verdicts


def _body(expected: model.Expect, response: ResponseRecord | None, names: Scope) -> Verdict:
    assert expected.body is not None and expected.body_node is not None
    wanted = expected.body.render(names)
    actual = response.body if response else None
    differences = list(subset_differences(wanted, actual))
    text = f"body matches {shown(wanted, 200)}"
    if not differences:
        return Verdict(Expectation(text, True, _compared(wanted, actual)))
    details: list[str] = []
    for path, want, got in differences[:MAX_DETAILS]:
        details += [".".join(str(part) for part in path) or "body", *_difference(want, got)]
    place = nodes.place_of(nodes.node_at(expected.body_node, differences[0][0]))
    return Verdict(Expectation(text, False, _compared(wanted, actual), tuple(details)), place, "body does not match")


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise StepError("wrong-type", f"expect.headers must be a mapping, not {shown(value, 60)}")
    return value


class _Absent:
    """A key or an element that does not exist."""

    def __repr__(self) -> str:
        return "missing"


ABSENT = _Absent()


def subset_differences(
    wanted: Any, actual: Any, path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], Any, Any]]:
    """Return (path, wanted, actual) of each difference. Mappings may have more keys; lists have the same length."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        differences = []
        for key, value in wanted.items():
            differences += subset_differences(value, actual.get(key, ABSENT), (*path, key))
        return differences
    if isinstance(wanted, list) and isinstance(actual, list):
        differences = []
        for index, value in enumerate(wanted):
            differences += subset_differences(value, actual[index] if index < len(actual) else ABSENT, (*path, index))
        if len(actual) > len(wanted):
            differences.append((path, count(len(wanted), "element"), count(len(actual), "element")))
        return differences
    same = wanted == actual and isinstance(wanted, bool) == isinstance(actual, bool)
    return [] if same else [(path, wanted, actual)]


def _difference(wanted: Any, actual: Any) -> list[str]:
    """Explain a difference: by a diff of texts with several lines, by the two values otherwise."""
    texts = [value if isinstance(value, str) else None for value in (wanted, actual)]
    if all(text and "\n" in text for text in texts):
        import difflib

        lines = difflib.unified_diff(
            str(texts[0]).splitlines(), str(texts[1]).splitlines(), "expected", "actual", lineterm="", n=2
        )
        return [f"  {line}" for line in list(lines)[:MAX_DETAILS]]
    show = _plainly if isinstance(wanted, str) and isinstance(actual, str | _Absent) else _exactly
    return [f"  expected  {show(wanted)}", f"  actual    {show(actual)}"]


def _exactly(value: Any) -> str:
    """Show a value as JSON, in which a text that looks like a number has quotes."""
    return "missing" if value is ABSENT else shown(value, MAX_TEXT)


def _plainly(value: Any) -> str:
    """Show a text without quotes, if these would add nothing."""
    if isinstance(value, str) and value and value == value.strip() and value.isprintable() and len(value) <= MAX_TEXT:
        return value
    return _exactly(value)


def _compared(wanted: Any, actual: Any) -> Any:
    """Return the part of the body that the expectation is about."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        return {key: _compared(value, actual[key]) for key, value in wanted.items() if key in actual}
    return actual


def _output(name: str, check: model.TextCheck, actual: str | None, names: Scope) -> Verdict:
    wanted = check.value.render(names)
    text = str(wanted) if not isinstance(wanted, str) else wanted
    if check.mode == "equals":
        passed, expression = actual == text, f"{name} == {shown(text)}"
    elif check.mode == "contains":
        passed, expression = actual is not None and text in actual, f"{name} contains {shown(text)}"
    else:
        try:
            passed = actual is not None and regex.search(text, actual) is not None
        except StepError as error:
            error.place = nodes.place_of(check.node)
            raise
        expression = f"{name} matches {shown(text)}"
    if passed:
        return Verdict(Expectation(expression, True, _cut(actual)))
    details = tuple(_difference(text, actual)) if check.mode == "equals" else (f"actual    {_plainly(actual)}",)
    message = f"{name} is not what was expected" if check.mode == "equals" else f"{name} does not {_VERBS[check.mode]}"
    return Verdict(Expectation(expression, False, _cut(actual), details), nodes.place_of(check.node), message)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
