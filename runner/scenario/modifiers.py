"""The modifiers of a step: one row for each, with how it is read and what is said where it doesn't apply.

A new modifier needs a row here, a field of :class:`~runner.scenario.model.Step` with the same name, and a fragment of
the schema in ``schemas/language.py``; a test compares the three. Which kinds a modifier doesn't go with is part of the
kinds' own rows (:mod:`runner.scenario.kinds`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from runner.results.records import ShowWord
from runner.results.result_path import ResultPath
from runner.scenario import model
from runner.scenario.expectations import read_expect
from runner.scenario.expressions.expression import Expression, SecretExpression
from runner.scenario.expressions.paths import parse_path
from runner.scenario.expressions.values import Constant, Template, Value, Whole
from runner.scenario.readers import NodeReader, StepReader, items_in, number_in, scalar_in, text_in
from runner.scenario.yaml.nodes import Mapping, Node, Scalar


class Modifier(NamedTuple):
    """``read`` makes the field of the step from a node (the third argument is the step's id). ``refusal`` and ``hint``
    are for a kind that the modifier doesn't go with; ``{kind}`` stands for its name."""

    name: str
    read: Callable[[StepReader, Node, str], Any]
    refusal: str = "'{kind}' can't have this modifier"
    hint: str | None = None


def _id(_steps: StepReader, node: Node, _step_id: str) -> str | None:
    return text_in(node)


def _value(steps: StepReader, node: Node, _step_id: str) -> Value | None:
    return steps.reader.value(node)


def _when(steps: StepReader, node: Node, _step_id: str) -> Expression | None:
    return steps.reader.expression(node)


def _for_each(steps: StepReader, node: Node, _step_id: str) -> model.ForEach | None:
    if not isinstance(node, Mapping):
        elements = _elements(steps.reader, node)
        return model.ForEach(elements) if elements else None
    elements, file = _elements(steps.reader, node.get("in")), node.get("file")
    if (elements is None) == (file is None):
        message = "'in' and 'file' can't be combined" if file is not None else "'in' or 'file' is missing here"
        steps.reader.findings.error("cannot-combine", message, node, "for_each: {in: [a, b]} or {file: rows.csv}")
        return None
    if isinstance(file, Scalar):
        rows = steps.rows(file)
        elements = Constant(rows) if rows is not None else None
    parallel = number_in(node.get("parallel"))
    name = text_in(node.get("as")) or "item"
    label = steps.reader.expression(node.get("name"))
    return model.ForEach(elements, name, parallel or 1, label) if elements else None


def _elements(reader: NodeReader, node: Node | None) -> Value | None:
    """Read a list, a template, or an expression without braces."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and "{{" not in node.value:
        expression = reader.expression(node)
        return Whole(expression) if expression else None
    return reader.value(node)


def _retry(steps: StepReader, node: Node, _step_id: str) -> model.Retry | None:
    if not isinstance(node, Mapping):
        return None
    reader = steps.reader
    times_value, every_value = reader.limit(node.get("times")), reader.limit(node.get("every"))
    every = reader.seconds(node.get("every")) if every_value is None else None
    return model.Retry(
        times_value=times_value,
        every_value=every_value,
        times=number_in(node.get("times")),
        every=1.0 if every is None else every,
        until=steps.reader.expression(node.get("until")),
        fail_if=steps.reader.expression(node.get("fail_if")),
    )


def _timeout(steps: StepReader, node: Node, _step_id: str) -> float | Whole | Template | None:
    return steps.reader.limit(node) or steps.reader.seconds(node)


def _take(steps: StepReader, node: Node, _step_id: str) -> model.Take | None:
    if isinstance(node, Scalar):
        return model.Take(items=number_in(node))
    if not isinstance(node, Mapping):
        return None
    return model.Take(
        items=number_in(node.get("items")),
        seconds=steps.reader.seconds(node.get("for")),
        until=steps.reader.expression(node.get("until")),
    )


def _expect(steps: StepReader, node: Node, _step_id: str) -> model.Expect | None:
    return read_expect(steps.reader, node) if isinstance(node, Mapping) else None


def _capture(steps: StepReader, node: Node, _step_id: str) -> tuple[tuple[str, Expression], ...]:
    """Read captures: an expression, or a mapping with ``from`` and ``secret``."""
    captures: list[tuple[str, Expression]] = []
    for name, value in node.items() if isinstance(node, Mapping) else ():
        expression = steps.reader.expression(value.get("from") if isinstance(value, Mapping) else value)
        if expression is not None:
            is_secret = isinstance(value, Mapping) and scalar_in(value.get("secret")) is True
            captures.append((name, SecretExpression(expression.text, expression.node) if is_secret else expression))
    return tuple(captures)


def _defer(steps: StepReader, node: Node, step_id: str) -> tuple[model.Step, ...]:
    return steps.steps(node, f"{step_id}_defer_")


def _on_failure(steps: StepReader, node: Node, step_id: str) -> tuple[model.Step, ...]:
    return steps.steps(node, f"{step_id}_on_failure_")


def _flag(_steps: StepReader, node: Node, _step_id: str) -> bool:
    return scalar_in(node) is True


def _labels(_steps: StepReader, node: Node, _step_id: str) -> bool:
    return scalar_in(node) is not False


def _expected_failure(steps: StepReader, node: Node, _step_id: str) -> model.ExpectedFailure | None:
    if not isinstance(node, Mapping):
        return None
    return model.ExpectedFailure(text_in(node.get("reason")) or "", steps.reader.expression(node.get("when")))


def _show(steps: StepReader, node: Node, _step_id: str) -> ShowWord | Expression | None:
    word = next((word for word in model.SHOW_WORDS if scalar_in(node) == word), None)
    return word or steps.reader.expression(node)


def _volatile(steps: StepReader, node: Node, _step_id: str) -> tuple[ResultPath, ...]:
    paths: list[ResultPath] = []
    for text in map(str, items_in(node)):
        path = parse_path(text)
        if path is not None and path.in_response:
            paths.append(path)
        else:
            hint = f"it begins with body, items, stdout, stderr or headers: body.{text}"
            steps.reader.findings.error("wrong-value", f"'{text}' is not a part of a result", node, hint, text)
    return tuple(paths)


def _tags(_steps: StepReader, node: Node, _step_id: str) -> tuple[str, ...]:
    return tuple(map(str, items_in(node)))


_ROWS = (
    Modifier("id", _id),
    Modifier("title", _value),
    Modifier("about", _value),
    Modifier("when", _when),
    Modifier(
        "for_each", _for_each, "'{kind}' can't be looped: it joins one step", "await once: that joins every element"
    ),
    Modifier("retry", _retry, "'{kind}' can't be retried", "retry the step that makes the request"),
    Modifier("timeout", _timeout),
    Modifier("background", _flag, "'{kind}' can't run in the background", "only requests and 'sleep' can"),
    Modifier(
        "take",
        _take,
        "the answer of '{kind}' is not a stream",
        "take goes with streams: stats, events, logs, attach, pull, …",
    ),
    Modifier("expect", _expect),
    Modifier("capture", _capture),
    Modifier("defer", _defer),
    Modifier("on_failure", _on_failure),
    Modifier("continue_on_failure", _flag),
    Modifier("expected_failure", _expected_failure),
    Modifier("show", _show),
    Modifier("volatile", _volatile),
    Modifier("tags", _tags),
    Modifier("labels", _labels, "'{kind}' creates nothing itself", "write it on the steps that create something"),
)
MODIFIERS: dict[str, Modifier] = {row.name: row for row in _ROWS}
"""Every modifier by its name: the key in a scenario and the field of the step."""
