"""From nodes that the schema has accepted to the typed model.

The schema has said what may stand where; what it can't say (expressions that parse, regular expressions that compile,
unique ids) is found here and in :mod:`runner.scenario.modifiers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from runner.scenario import model
from runner.scenario.expressions.expression import Constant
from runner.scenario.findings import Findings
from runner.scenario.modifiers import Parts, listed_in, text_in, value_in
from runner.scenario.yaml.nodes import Mapping, Node, Scalar, Sequence, Source

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
PARTS_OF_A_CALL = ("body", "body_file", "body_dir", "stdin", "stdin_file", "save")

OpenInclude = Callable[[Scalar, Source, list[str]], "model.Scenario | None"]


class Builder:
    """Builds one file's model; findings go to ``findings``, included files are opened through ``open_include``."""

    def __init__(self, source: Source, findings: Findings, open_include: OpenInclude, *, trusted: bool) -> None:
        self.source = source
        self.findings = findings
        self.parts = Parts(source, findings, trusted=trusted)
        self.open_include = open_include
        self.ids: dict[str, Scalar] = {}

    def scenario(self, path: Path, node: Mapping) -> model.Scenario:
        self._collect_ids(node)
        get = node.get
        return model.Scenario(
            path=path,
            source=self.source,
            node=node,
            title=text_in(get("title")) or path.stem,
            about=text_in(get("about")),
            requires=self._requires(get("requires")),
            vars=self.parts.values(get("vars")),
            secrets=tuple(str(name) for name in listed_in(get("secrets"))),
            timeout=self.parts.seconds(get("timeout")),
            steps=self._steps(get("steps"), ""),
            finally_=self._steps(get("finally"), "finally_"),
            outputs=dict(self.parts.expressions(get("outputs"))),
        )

    # Steps

    def _steps(self, node: Node | None, prefix: str) -> tuple[model.Step, ...]:
        if isinstance(node, Mapping):  # `defer` takes a single step too
            node = Sequence((node,), node.span)
        if not isinstance(node, Sequence):
            return ()
        steps = (
            self._step(item, prefix, position)
            for position, item in enumerate(node.items, 1)
            if isinstance(item, Mapping)
        )
        return tuple(step for step in steps if step)

    def _step(self, node: Mapping, prefix: str, position: int) -> model.Step | None:
        found = next(((key, value) for key, value in node.entries if key.value not in MODIFIERS), None)
        if found is None:
            return None
        key, value = found
        get = node.get
        step_id = self._id(node, prefix, str(key.value), position)
        kind = self._kind(str(key.value), value, f"{step_id}_")
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
            title=self.parts.value(get("title")),
            about=self.parts.value(get("about")),
            when=self.parts.expression(get("when")),
            for_each=self.parts.for_each(get("for_each")),
            retry=self.parts.retry(get("retry")),
            timeout=self.parts.seconds(get("timeout")),
            background=value_in(get("background")) is True,
            take=self.parts.take(get("take")),
            expect=self.parts.expect(get("expect")),
            capture=tuple(self.parts.expressions(get("capture"))),
            defer=self._steps(get("defer"), f"{step_id}_defer_"),
            show=self.parts.show(get("show")),
            volatile=self.parts.volatile(get("volatile")),
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

    def _kind(self, name: str, node: Node, prefix: str) -> model.Kind | None:
        """What the step does; None, with a finding, if that can't be built."""
        if name == "await":
            return model.Await(str(value_in(node)), node)
        if name == "parallel":
            return model.Parallel(self._steps(node, prefix))
        build = _LOCAL_KINDS.get(name)
        return build(self, node) if build else self._operation(name, node)

    def _set(self, node: Node) -> model.SetVariables:
        return model.SetVariables(self.parts.values(node))

    def _check(self, node: Node) -> model.Check:
        return model.Check(tuple(self.parts.expression_list(node)))

    def _sleep(self, node: Node) -> model.Sleep:
        return model.Sleep(self.parts.duration_value(node))

    def _request(self, node: Node) -> model.RawRequest:
        assert isinstance(node, Mapping)
        values = {part: self.parts.value(node.get(part)) for part in ("query", "headers", "body", "body_file")}
        method = self.parts.value(node.get("method")) or Constant("GET")
        return model.RawRequest(method, self.parts.value(node.get("path")) or Constant("/"), **values)

    def _operation(self, name: str, node: Node) -> model.OperationCall:
        from runner.api import operations

        operation = operations.find(name)
        assert operation is not None, "the schema knows only the table's names"
        if not isinstance(node, Mapping):
            value = self.parts.value(node)
            bare = operation.sole_param
            given = {bare.name: value} if bare and value and value != Constant(None) else {}
            return model.OperationCall(operation, given)
        values = self.parts.values(node)
        parts = {part: values.pop(part) for part in PARTS_OF_A_CALL if part in values}
        return model.OperationCall(operation, values, **parts)

    def _include(self, node: Node) -> model.Include | None:
        assert isinstance(node, Mapping)
        target = node.get("scenario")
        assert isinstance(target, Scalar)
        given = self.parts.values(node.get("vars"))
        scenario = self.open_include(target, self.source, list(given))
        return model.Include(scenario, given) if scenario else None

    def _requires(self, node: Node | None) -> model.Requires:
        if not isinstance(node, Mapping):
            return model.Requires()
        swarm = value_in(node.get("swarm"))
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
                self.findings.error("bad-version", f"'{node.text}' is no version", self.source, node, hint=hint)
                return ()
            bounds.append((match[1] or ">=", match[2]))
        return tuple(bounds)


_LOCAL_KINDS: dict[str, Callable[[Builder, Node], model.Kind | None]] = {
    "request": Builder._request,
    "set": Builder._set,
    "check": Builder._check,
    "sleep": Builder._sleep,
    "include": Builder._include,
}
