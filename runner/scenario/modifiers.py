"""The parts of a step besides its kind, from nodes to the typed model: values, expressions, modifiers."""

from __future__ import annotations

import re

from runner.errors import InvalidScenario
from runner.results.records import ShowWord
from runner.results.result_path import ResultPath
from runner.scenario import duration, model
from runner.scenario.expressions.expression import Constant, Expression, Value, Whole, expression_of, value_of
from runner.scenario.expressions.paths import parse_path
from runner.scenario.findings import Findings
from runner.scenario.yaml.nodes import Mapping, Node, Scalar, Sequence, Source, plain


class Parts:
    """Reads the parts of one file; what is wrong with them goes to ``findings``. In a ``trusted`` file, which was found
    valid before, expressions need not be parsed yet."""

    def __init__(self, source: Source, findings: Findings, *, trusted: bool) -> None:
        self.source = source
        self.findings = findings
        self.trusted = trusted

    # Values

    def value(self, node: Node | None) -> Value | None:
        if node is None:
            return None
        try:
            return value_of(self.source, node, trusted=self.trusted)
        except InvalidScenario as error:
            self.findings.take_over(error)
            return None

    def values(self, node: Node | None) -> dict[str, Value]:
        if not isinstance(node, Mapping):
            return {}
        pairs = ((name, self.value(value)) for name, value in node.items())
        return {name: value for name, value in pairs if value is not None}

    def expression(self, node: Node | None) -> Expression | None:
        if not isinstance(node, Scalar) or node.value is None:
            return None
        try:
            return expression_of(self.source, node, node.text, trusted=self.trusted)
        except InvalidScenario as error:
            self.findings.take_over(error)
            return None

    def expression_list(self, node: Node | None) -> list[Expression]:
        items = node.items if isinstance(node, Sequence) else (node,)
        return [expression for item in items if (expression := self.expression(item))]

    def expressions(self, node: Node | None) -> list[tuple[str, Expression]]:
        if not isinstance(node, Mapping):
            return []
        pairs = ((name, self.expression(value)) for name, value in node.items())
        return [(name, expression) for name, expression in pairs if expression]

    def seconds(self, node: Node | None) -> float | None:
        if node is None:
            return None
        try:
            return duration.seconds(value_in(node))
        except ValueError as error:
            self.findings.error("bad-duration", str(error), self.source, node)
            return None

    def duration_value(self, node: Node) -> Value:
        value = self.value(node)
        if value is None or isinstance(value, Constant):
            self.seconds(node)
        return value or Constant(0)

    # Modifiers

    def for_each(self, node: Node | None) -> model.ForEach | None:
        if node is None:
            return None
        if not isinstance(node, Mapping):
            elements = self._elements(node)
            return model.ForEach(elements) if elements else None
        elements = self._elements(node.get("in"))
        parallel = number_in(node.get("parallel"))
        name = text_in(node.get("as")) or "item"
        return model.ForEach(elements, name, parallel or 1) if elements else None

    def _elements(self, node: Node | None) -> Value | None:
        """A list, a template, or an expression without braces."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and "{{" not in node.value:
            expression = self.expression(node)
            return Whole(expression) if expression else None
        return self.value(node)

    def retry(self, node: Node | None) -> model.Retry | None:
        if not isinstance(node, Mapping):
            return None
        every = self.seconds(node.get("every"))
        return model.Retry(
            times=number_in(node.get("times")),
            every=1.0 if every is None else every,
            until=self.expression(node.get("until")),
            fail_if=self.expression(node.get("fail_if")),
        )

    def take(self, node: Node | None) -> model.Take | None:
        if isinstance(node, Scalar):
            return model.Take(items=number_in(node))
        if not isinstance(node, Mapping):
            return None
        return model.Take(
            items=number_in(node.get("items")),
            seconds=self.seconds(node.get("for")),
            until=self.expression(node.get("until")),
        )

    def expect(self, node: Node | None) -> model.Expect | None:
        if not isinstance(node, Mapping):
            return None
        status = node.get("status")
        return model.Expect(
            node=node,
            status=self._status(status) if status else None,
            headers=self.value(node.get("headers")),
            headers_node=node.get("headers"),
            body=self.value(node.get("body")),
            body_node=node.get("body"),
            stdout=self._text_check(node.get("stdout")),
            stderr=self._text_check(node.get("stderr")),
            that=tuple(self.expression_list(node.get("that"))),
        )

    def _status(self, node: Node) -> tuple[int | str | Value, ...]:
        wanted: list[int | str | Value] = []
        for item in node.items if isinstance(node, Sequence) else (node,):
            value = self.value(item)
            if isinstance(value, Constant):
                text = str(value.value)
                wanted.append(int(text) if text.isdigit() else text.lower())
            elif value is not None:
                wanted.append(value)
        return tuple(wanted)

    def _text_check(self, node: Node | None) -> model.TextCheck | None:
        if node is None:
            return None
        mode, inner = ("equals", node) if not isinstance(node, Mapping) else next(iter(node.items()))
        value = self.value(inner)
        if value is None:
            return None
        if mode == "matches" and isinstance(value, Constant):
            try:
                re.compile(str(value.value))
            except re.error as error:
                message = f"not a regular expression: {error.msg}"
                self.findings.error("bad-regex", message, self.source, inner, hint=_regex_hint(error))
        return model.TextCheck(mode, value, inner)

    def show(self, node: Node | None) -> ShowWord | Expression | None:
        word = next((word for word in model.SHOW_WORDS if isinstance(node, Scalar) and node.value == word), None)
        return word or self.expression(node)

    def volatile(self, node: Node | None) -> tuple[ResultPath, ...]:
        paths: list[ResultPath] = []
        for text in map(str, listed_in(node)):
            path = parse_path(text)
            if path is not None and path.in_response:
                paths.append(path)
            elif node is not None:
                hint = f"it begins with body, items, stdout, stderr or headers: body.{text}"
                message = f"'{text}' is not a part of a result"
                self.findings.error("wrong-value", message, self.source, node, hint=hint, word=text)
        return tuple(paths)


def value_in(node: Node | None) -> object:
    return node.value if isinstance(node, Scalar) else None


def number_in(node: Node | None) -> int | None:
    return int(node.value) if isinstance(node, Scalar) and isinstance(node.value, (int, float)) else None


def text_in(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def listed_in(node: Node | None) -> list[object]:
    if isinstance(node, Scalar):
        return [node.value]
    return list(plain(node)) if node is not None else []


def _regex_hint(error: re.error) -> str | None:
    return f"at character {error.pos + 1} of it" if error.pos is not None else None
