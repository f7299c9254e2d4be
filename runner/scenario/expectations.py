"""Reads ``expect`` from nodes, and reports the mistakes in it that no schema can find."""

from __future__ import annotations

from typing import Any

from runner.errors import StepError
from runner.scenario import model
from runner.scenario.expressions.references import Scope
from runner.scenario.expressions.values import Constant, Entries, Items, Template, Value, Whole
from runner.scenario.matchers.operands import UNKNOWN, Mistake, Subject, Unknown, mistakes
from runner.scenario.readers import NodeReader
from runner.scenario.yaml.nodes import Mapping, Node, node_at, place_of

SUBJECTS: dict[str, Subject] = {
    "status": Subject.STATUS,
    "headers": Subject.HEADERS,
    "body": Subject.VALUE,
    "items": Subject.VALUE,
    "stdout": Subject.TEXT,
    "stderr": Subject.TEXT,
}
"""The parts of a result that ``expect`` compares, each with what it is."""


def read_expect(reader: NodeReader, node: Mapping) -> model.Expect:
    """Read an ``expect``; mistakes go to the reader's findings."""
    compared = {part: _expected(reader, node.get(part), subject) for part, subject in SUBJECTS.items()}
    return model.Expect(node=node, **compared, that=reader.expression_list(node.get("that")))


def _expected(reader: NodeReader, node: Node | None, subject: Subject) -> model.Expected | None:
    value = reader.value(node)
    if node is None or value is None:
        return None
    if not reader.trusted:
        for mistake in mistakes(_known(value), subject):
            target = place_in(node, mistake)
            reader.findings.error(
                "bad-regex" if mistake.is_pattern else "bad-matcher", mistake.message, target, mistake.hint
            )
    return model.Expected(value, node)


def place_in(node: Node, mistake: Mistake) -> Node:
    """Return the part of an expectation that a mistake is about: a key, or the value at its path."""
    if mistake.at_key:
        above = node_at(node, mistake.path[:-1])
        key = above.key(str(mistake.path[-1])) if isinstance(above, Mapping) else None
        if key is not None:
            return key
    return node_at(node, mistake.path)


def _known(value: Value) -> Any:
    """Return what is known of a value before a run; a part or a key that holds a template is unknown."""
    match value:
        case Constant(known):
            return known
        case Whole() | Template():
            return UNKNOWN
        case Items(values):
            return [_known(inner) for inner in values]
        case Entries(pairs):
            return {str(key.value) if isinstance(key, Constant) else Unknown(): _known(inner) for key, inner in pairs}


def rendered(expected: model.Expected, names: Scope, subject: Subject) -> Any:
    """Return an expectation with its templates rendered.

    Raises:
        StepError: a template fails; or what it gives is not an expectation: ``bad-matcher``, ``bad-regex``.
    """
    wanted = expected.value.render(names)
    try:
        mistake = next(mistakes(wanted, subject), None)
    except RecursionError:
        raise StepError("expression-failed", "the expectation is nested too deeply") from None
    if mistake is not None:
        place = place_of(place_in(expected.node, mistake))
        raise StepError(
            "bad-regex" if mistake.is_pattern else "bad-matcher", mistake.message, hint=mistake.hint, place=place
        )
    return wanted
