"""From nodes that the schema has accepted to the typed model.

The schema has said what may stand where; what it can't say (expressions that parse, regular expressions that compile,
unique ids) is found here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from runner.errors import InvalidScenario
from runner.scenario import duration, model
from runner.scenario.findings import Findings
from runner.scenario.nodes import Mapping, Node, Scalar, Sequence, Source, plain
from runner.scenario.template import Constant, Expression, Value, expression_of, value_of

MODIFIERS = (
    "id",
    "title",
    "about",
    "when",
    "for_each",
    "retry",
    "timeout",
    "background",
    "take",
    "expect",
    "capture",
    "defer",
    "show",
    "volatile",
)
SHOW_WORDS = ("none", "request", "response", "all")
PARTS_OF_A_CALL = ("body", "body_file", "body_dir", "stdin", "stdin_file", "save")

T = TypeVar("T")
OpenInclude = Callable[[Scalar, Source, list[str]], "model.Scenario | None"]


class Builder:
    """Builds one file's model; findings go to ``findings``, included files are opened through ``open_include``."""

    def __init__(self, source: Source, findings: Findings, open_include: OpenInclude) -> None:
        self.source = source
        self.findings = findings
        self.open_include = open_include
        self.ids: dict[str, Scalar] = {}

    def scenario(self, path: Path, node: Mapping) -> model.Scenario:
        self._collect_ids(node)
        get = node.get
        return model.Scenario(
            path=path,
            source=self.source,
            node=node,
            title=_text(get("title")) or path.stem,
            about=_text(get("about")),
            requires=self._requires(get("requires")),
            vars=self._values(get("vars")),
            secrets=tuple(str(name) for name in _listed(get("secrets"))),
            timeout=self._seconds(get("timeout")),
            steps=self._steps(get("steps"), ""),
            finally_=self._steps(get("finally"), "finally_"),
            outputs=dict(self._expressions(get("outputs"))),
        )

    # Steps

    def _steps(self, node: Node | None, prefix: str) -> tuple[model.Step, ...]:
        if isinstance(node, Mapping):  # `defer` takes a single step too
            node = Sequence((node,), node.span)
        if not isinstance(node, Sequence):
            return ()
        steps = (
            self.step(item, prefix, position)
            for position, item in enumerate(node.items, 1)
            if isinstance(item, Mapping)
        )
        return tuple(step for step in steps if step)

    def step(self, node: Mapping, prefix: str, position: int) -> model.Step | None:
        found = next(((key, value) for key, value in node.entries if key.value not in MODIFIERS), None)
        if found is None:
            return None
        key, value = found
        get = node.get
        step_id = self._id(node, prefix, str(key.value), position)
        kind = self._attempt(lambda: self._kind(key, value, f"{step_id}_"))
        if kind is None:
            return None
        name = kind.operation.name if isinstance(kind, model.OperationCall) else str(key.value)
        return model.Step(
            id=step_id,
            name=name,
            kind=kind,
            source=self.source,
            node=node,
            key=key,
            title=self._value(get("title")),
            about=self._value(get("about")),
            when=self._expression(get("when")),
            for_each=self._for_each(get("for_each")),
            retry=self._retry(get("retry")),
            timeout=self._seconds(get("timeout")),
            background=_plain(get("background")) is True,
            take=self._take(get("take")),
            expect=self._expect(get("expect")),
            capture=tuple(self._expressions(get("capture"))),
            defer=self._steps(get("defer"), f"{step_id}_defer_"),
            show=self._show(get("show")),
            volatile=tuple(str(path) for path in _listed(get("volatile"))),
        )

    def _collect_ids(self, node: Node) -> None:
        """Every id of the file first: a derived one must not take a name that a later step has."""
        if isinstance(node, Mapping):
            for name in ("steps", "finally", "defer", "parallel"):
                inner = node.get(name)
                if isinstance(inner, Mapping):
                    inner = Sequence((inner,), inner.span)
                for item in inner.items if isinstance(inner, Sequence) else ():
                    self._collect_id(item)
                    self._collect_ids(item)

    def _collect_id(self, item: Node) -> None:
        given = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(given, Scalar):
            return
        name = str(given.value)
        if name in self.ids:
            hint = f"it is the id of the step in line {self.ids[name].span.line} already"
            self.findings.error("duplicate-id", f"the id '{name}' stands twice", self.source, given, hint=hint)
        else:
            self.ids[name] = given

    def _id(self, node: Mapping, prefix: str, key: str, position: int) -> str:
        given = node.get("id")
        if isinstance(given, Scalar):
            return str(given.value)
        name = f"{prefix}{key.replace('.', '_')}_{position}"
        while name in self.ids:
            name += "_"
        self.ids[name] = node.entries[0][0]
        return name

    def _kind(self, key: Scalar, node: Node, prefix: str) -> model.Kind:
        name = str(key.value)
        kinds: dict[str, Callable[[], model.Kind]] = {
            "request": lambda: self._request(node),
            "await": lambda: model.Await(str(_plain(node)), node),
            "set": lambda: model.SetVariables(self._values(node)),
            "check": lambda: model.Check(tuple(self._expression_list(node))),
            "sleep": lambda: model.Sleep(self._duration_value(node)),
            "parallel": lambda: model.Parallel(self._steps(node, prefix)),
            "include": lambda: self._include(node),
        }
        return kinds.get(name, lambda: self._operation(name, node))()

    def _request(self, node: Node) -> model.RawRequest:
        assert isinstance(node, Mapping)
        values = {part: self._value(node.get(part)) for part in ("query", "headers", "body", "body_file")}
        method = self._value(node.get("method")) or Constant("GET")
        return model.RawRequest(method, self._value(node.get("path")) or Constant("/"), **values)

    def _operation(self, name: str, node: Node) -> model.OperationCall:
        from runner.engine import operations

        operation = operations.find(name)
        assert operation is not None, "the schema knows only the table's names"
        if not isinstance(node, Mapping):
            value = self._value(node)
            bare = operation.sole_param
            given = {bare.name: value} if bare and value and value != Constant(None) else {}
            return model.OperationCall(operation, given)
        parts = {part: self._value(node.get(part)) for part in PARTS_OF_A_CALL}
        params = {key: value_of(self.source, inner) for key, inner in node.items() if key not in PARTS_OF_A_CALL}
        return model.OperationCall(operation, params, **parts)

    def _include(self, node: Node) -> model.Include:
        assert isinstance(node, Mapping)
        target = node.get("scenario")
        assert isinstance(target, Scalar)
        given = self._values(node.get("vars"))
        scenario = self.open_include(target, self.source, list(given))
        if scenario is None:
            raise _AlreadyFound
        return model.Include(scenario, given)

    # Modifiers

    def _for_each(self, node: Node | None) -> model.ForEach | None:
        if node is None:
            return None
        if not isinstance(node, Mapping):
            elements = self._elements(node)
            return model.ForEach(elements) if elements else None
        elements = self._elements(node.get("in"))
        parallel = _number(node.get("parallel"))
        name = _text(node.get("as")) or "item"
        return model.ForEach(elements, name, parallel or 1) if elements else None

    def _elements(self, node: Node | None) -> Value | None:
        """A list, a template, or an expression without braces."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and "{{" not in node.value:
            expression = self._expression(node)
            from runner.scenario.template import Whole

            return Whole(expression) if expression else None
        return self._value(node)

    def _retry(self, node: Node | None) -> model.Retry | None:
        if not isinstance(node, Mapping):
            return None
        every = self._seconds(node.get("every"))
        return model.Retry(
            times=_number(node.get("times")),
            every=1.0 if every is None else every,
            until=self._expression(node.get("until")),
            fail_if=self._expression(node.get("fail_if")),
        )

    def _take(self, node: Node | None) -> model.Take | None:
        if isinstance(node, Scalar):
            return model.Take(items=_number(node))
        if not isinstance(node, Mapping):
            return None
        return model.Take(
            items=_number(node.get("items")),
            seconds=self._seconds(node.get("for")),
            until=self._expression(node.get("until")),
        )

    def _expect(self, node: Node | None) -> model.Expect | None:
        if not isinstance(node, Mapping):
            return None
        status = node.get("status")
        return model.Expect(
            node=node,
            status=self._status(status) if status else None,
            headers=self._value(node.get("headers")),
            headers_node=node.get("headers"),
            body=self._value(node.get("body")),
            body_node=node.get("body"),
            stdout=self._text_check(node.get("stdout")),
            stderr=self._text_check(node.get("stderr")),
            that=tuple(self._expression_list(node.get("that"))),
        )

    def _status(self, node: Node) -> tuple[int | str | Value, ...]:
        wanted: list[int | str | Value] = []
        for item in node.items if isinstance(node, Sequence) else (node,):
            value = self._value(item)
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
        value = self._value(inner)
        if value is None:
            return None
        if mode == "matches" and isinstance(value, Constant):
            try:
                re.compile(str(value.value))
            except re.error as error:
                message = f"not a regular expression: {error.msg}"
                self.findings.error("bad-regex", message, self.source, inner, hint=_regex_hint(error))
        return model.TextCheck(mode, value, inner)

    def _show(self, node: Node | None) -> str | Expression | None:
        if isinstance(node, Scalar) and node.value in SHOW_WORDS:
            return str(node.value)
        return self._expression(node)

    def _requires(self, node: Node | None) -> model.Requires:
        if not isinstance(node, Mapping):
            return model.Requires()
        swarm = _plain(node.get("swarm"))
        return model.Requires(
            api=self._api_bounds(node.get("api")),
            engine=_text(node.get("engine")),
            swarm=swarm if isinstance(swarm, bool) else None,
        )

    def _api_bounds(self, node: Node | None) -> tuple[tuple[str, str], ...]:
        if not isinstance(node, Scalar):
            return ()
        bounds = []
        for part in node.text.split(","):
            match = re.fullmatch(r"\s*(>=|<=|==|!=|>|<|=)?\s*([0-9]+\.[0-9]+)\s*", part)
            if match is None:
                hint = 'write a bound such as ">=1.42", or two with a comma'
                self.findings.error("bad-version", f"'{node.text}' is no version", self.source, node, hint=hint)
                return ()
            bounds.append((match[1] or ">=", match[2]))
        return tuple(bounds)

    # Values

    def _attempt(self, build: Callable[[], T]) -> T | None:
        try:
            return build()
        except InvalidScenario as error:
            self.findings.take_over(error)
        except _AlreadyFound:
            pass
        return None

    def _value(self, node: Node | None) -> Value | None:
        return self._attempt(lambda: value_of(self.source, node)) if node is not None else None

    def _values(self, node: Node | None) -> dict[str, Value]:
        if not isinstance(node, Mapping):
            return {}
        pairs = ((name, self._value(value)) for name, value in node.items())
        return {name: value for name, value in pairs if value is not None}

    def _expression(self, node: Node | None) -> Expression | None:
        if not isinstance(node, Scalar) or node.value is None:
            return None
        return self._attempt(lambda: expression_of(self.source, node, node.text))

    def _expression_list(self, node: Node | None) -> list[Expression]:
        items = node.items if isinstance(node, Sequence) else (node,)
        return [expression for item in items if (expression := self._expression(item))]

    def _expressions(self, node: Node | None) -> list[tuple[str, Expression]]:
        if not isinstance(node, Mapping):
            return []
        pairs = ((name, self._expression(value)) for name, value in node.items())
        return [(name, expression) for name, expression in pairs if expression]

    def _seconds(self, node: Node | None) -> float | None:
        if node is None:
            return None
        try:
            return duration.seconds(_plain(node))
        except ValueError as error:
            self.findings.error("bad-duration", str(error), self.source, node)
            return None

    def _duration_value(self, node: Node) -> Value:
        value = self._value(node)
        if value is None or isinstance(value, Constant):
            self._seconds(node)
        return value or Constant(0)


class _AlreadyFound(Exception):
    """What is wrong is among the findings already."""


def _plain(node: Node | None) -> object:
    return node.value if isinstance(node, Scalar) else None


def _number(node: Node | None) -> int | None:
    return int(node.value) if isinstance(node, Scalar) and isinstance(node.value, (int, float)) else None


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def _listed(node: Node | None) -> list[object]:
    if isinstance(node, Scalar):
        return [node.value]
    return list(plain(node)) if node is not None else []


def _regex_hint(error: re.error) -> str | None:
    return f"at character {error.pos + 1} of it" if error.pos is not None else None
