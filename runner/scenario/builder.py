"""Builds the typed model of a scenario from nodes that the schema has accepted.

The rows of :mod:`runner.scenario.modifiers` and :mod:`runner.scenario.kinds` read the parts of a step; unique ids,
operations and the top level are read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.scenario import model
from runner.scenario.data.matrix import MAX_COMBINATIONS, combinations
from runner.scenario.expressions.values import Constant, Value
from runner.scenario.findings import Findings
from runner.scenario.kinds import LOCAL_KINDS
from runner.scenario.modifiers import MODIFIERS
from runner.scenario.readers import NodeReader, items_in, scalar_in, text_in
from runner.scenario.yaml.nodes import Mapping, Node, Scalar, Sequence

PARTS_OF_A_CALL = ("body", "body_file", "body_dir", "stdin", "stdin_file", "save", "overwrite")
"""The keys of an operation that are not its parameters."""

OpenInclude = Callable[[Scalar, list[str]], "model.Scenario | None"]
ReadRows = Callable[[Scalar], "list[Any] | None"]


class Builder:
    """Builds the model of one file; mistakes go to ``findings``, included files are opened through ``open_include``,
    files of rows through ``read_rows``."""

    def __init__(self, findings: Findings, open_include: OpenInclude, read_rows: ReadRows, *, trusted: bool) -> None:
        self.findings = findings
        self.reader = NodeReader(findings, trusted=trusted)
        self.included = open_include
        self.rows = read_rows
        self.ids: dict[str, Scalar] = {}

    def scenario(self, path: Path, node: Mapping) -> model.Scenario:
        """Build the model of a file's root node."""
        self._collect_ids(node)
        get = node.get
        matrix = self._matrix(get("matrix"), get("vars"))
        first: dict[str, Value] = {name: Constant(values[0]) for name, values in matrix.items()}
        return model.Scenario(
            path=path,
            node=node,
            title=text_in(get("title")) or path.stem,
            about=text_in(get("about")),
            requires=self._requires(get("requires")),
            vars={**first, **self.reader.values(get("vars"))},
            matrix=matrix,
            secrets=tuple(str(name) for name in items_in(get("secrets"))),
            timeout=self.reader.seconds(get("timeout")),
            steps=self.steps(get("steps"), ""),
            finally_=self.steps(get("finally"), "finally_"),
            on_failure=self.steps(get("on_failure"), "on_failure_"),
            outputs=dict(self.reader.named_expressions(get("outputs"))),
            tags=tuple(map(str, items_in(get("tags")))),
            labels=scalar_in(get("labels")) is not False,
        )

    # Steps

    def steps(self, node: Node | None, prefix: str) -> tuple[model.Step, ...]:
        """Build a list of steps, or a single one; ids that are derived begin with ``prefix``."""
        steps = (
            self._step(item, prefix, position)
            for position, item in enumerate(_items(node), 1)
            if isinstance(item, Mapping)
        )
        return tuple(step for step in steps if step)

    def _step(self, node: Mapping, prefix: str, position: int) -> model.Step | None:
        entry = next(((key, value) for key, value in node.entries if key.value not in MODIFIERS), None)
        if entry is None:
            return None
        key, value = entry
        step_id = self._id(node, prefix, str(key.value), position)
        kind = self._kind(str(key.value), value, f"{step_id}_")
        if kind is None:
            return None
        fields = {name: MODIFIERS[name].read(self, value, step_id) for name, value in node.items() if name in MODIFIERS}
        name = kind.operation.name if isinstance(kind, model.OperationCall) else str(key.value)
        return model.Step(**{**fields, "id": step_id}, name=name, kind=kind, node=node, key=key)

    def _collect_ids(self, node: Node) -> None:
        """Collect the ids of the whole file first: a derived one must not take the name of a later step."""
        if isinstance(node, Mapping):
            for name in ("steps", "finally", "defer", "parallel", "group", "on_failure"):
                for item in _items(node.get(name)):
                    self._collect_id(item)
                    self._collect_ids(item)

    def _collect_id(self, item: Node) -> None:
        node = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(node, Scalar):
            return
        name = str(node.value)
        if name in self.ids:
            hint = f"the step in line {self.ids[name].span.line} has this id already"
            self.findings.error("duplicate-id", f"duplicate step id '{name}'", node, hint)
        else:
            self.ids[name] = node

    def _id(self, node: Mapping, prefix: str, key: str, position: int) -> str:
        own = node.get("id")
        if isinstance(own, Scalar):
            return str(own.value)
        name = f"{prefix}{key.replace('.', '_')}_{position}"
        while name in self.ids:
            name += "_"
        self.ids[name] = node.entries[0][0]
        return name

    def _kind(self, name: str, node: Node, prefix: str) -> model.Kind | None:
        """Build a step's kind; None, with a finding, if that is impossible."""
        local = LOCAL_KINDS.get(name)
        return local.read(self, node, prefix) if local else self._operation(name, node)

    def _operation(self, name: str, node: Node) -> model.OperationCall:
        from runner.api import operations

        operation = operations.find(name)
        assert operation is not None, "the schema accepts only the table's names"
        if not isinstance(node, Mapping):
            value = self.reader.value(node)
            param = operation.sole_param
            params = {param.name: value} if param and value and value != Constant(None) else {}
            return model.OperationCall(operation, params)
        values = self.reader.values(node)
        parts = {part: values.pop(part) for part in PARTS_OF_A_CALL if part in values}
        return model.OperationCall(operation, values, **parts)

    # The top level

    def _matrix(self, node: Node | None, variables: Node | None) -> dict[str, tuple[Any, ...]]:
        """Return the values of each variable of the matrix."""
        matrix: dict[str, tuple[Any, ...]] = {}
        for name, values in node.items() if isinstance(node, Mapping) else ():
            value = self.reader.value(values)
            if isinstance(variables, Mapping) and variables.get(name) is not None:
                message = f"'{name}' is in the matrix and in vars"
                self.findings.error("redefined-variable", message, values, "keep one of them")
            elif isinstance(value, Constant):
                matrix[name] = tuple(value.value)
            else:
                hint = "a matrix is known before anything runs: write the values themselves"
                self.findings.error("wrong-value", "a matrix can't hold templates", values, hint)
        number = combinations(matrix) if matrix else 0
        if number > MAX_COMBINATIONS and node is not None:
            message = f"the matrix has {number:,} combinations, and {MAX_COMBINATIONS:,} is the most"
            self.findings.error("too-many-combinations", message, node, "split it into several scenarios")
        return matrix

    def _requires(self, node: Node | None) -> model.Requires:
        if not isinstance(node, Mapping):
            return model.Requires()
        swarm = scalar_in(node.get("swarm"))
        return model.Requires(
            api=self._api_bounds(node.get("api")),
            engine=text_in(node.get("engine")),
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
                self.findings.error("bad-version", f"'{node.text}' is not a version", node, hint)
                return ()
            bounds.append((match[1] or ">=", match[2]))
        return tuple(bounds)


def _items(node: Node | None) -> tuple[Node, ...]:
    """Return the elements of a list; a mapping is a list of one (``defer`` takes a single step too)."""
    if isinstance(node, Mapping):
        return (node,)
    return node.items if isinstance(node, Sequence) else ()
