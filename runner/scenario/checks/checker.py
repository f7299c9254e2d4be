"""Checks a scenario without an engine: every name is defined where it is used, every step id exists.

The steps are followed in the order in which they will run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from runner.nearest import did_you_mean
from runner.scenario import model
from runner.scenario.checks.combinations import check_combination
from runner.scenario.checks.names import ALWAYS, Names, names_used_by
from runner.scenario.checks.scope import Origin, State, StaticScope
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.values import Template, Value, Whole
from runner.scenario.findings import Findings
from runner.scenario.names import RESERVED_NAMES, RESULT_NAMES
from runner.scenario.yaml import nodes


def check(scenario: model.Scenario, names: Iterable[str], findings: Findings) -> None:
    """Follow the scenario's steps; ``names`` are the variables that the command line and the environment set."""
    _Checker(scenario, findings).run(names)


class _Checker:
    def __init__(self, scenario: model.Scenario, findings: Findings) -> None:
        self.scenario = scenario
        self.findings = findings
        self.names = Names(scenario, findings)
        self.fixed: set[str] = set()
        self.background: dict[str, tuple[str, ...]] = {}
        self.loops: dict[str, frozenset[str]] = {}
        """The variables of the loops around each step, and of its own."""

    def run(self, names: Iterable[str]) -> None:
        scenario = self.scenario
        scope = StaticScope({name: Origin() for name in names})
        self._variables(scope)
        self.fixed = set(scope.names)
        self._sequence(scenario.steps, scope)
        self._join_all(scope)
        scope.ended = True
        ending = scope.inside()
        self._sequence(scenario.finally_, ending)
        self._join_all(ending)
        self._sequence(scenario.on_failure, ending.inside())
        for step in scenario.walk():
            self._sequence(step.defer, ending.inside(), self.loops.get(step.id, frozenset()), deferred=True)
        scope.ended = False
        self.names.check(scenario.outputs.values(), scope)
        self._unused()

    def _variables(self, scope: StaticScope) -> None:
        """Define the file's secrets; then its variables, in order: each may use the ones before it."""
        scenario = self.scenario
        for name in scenario.secrets:
            self._reserved(name, scenario.node.get("secrets") or scenario.node)
            scope.names[name] = Origin()
        for name, value in scenario.vars.items():
            key = _key_in(scenario.node.get("vars"), name) or scenario.node
            self._reserved(name, key)
            if name in scenario.secrets:
                message = f"'{name}' is a secret and a variable"
                self.findings.error("redefined-variable", message, key, "keep one of them")
            if name not in scope.names:
                self.names.check(value.expressions, scope)
            scope.names[name] = Origin()

    # Steps

    def _sequence(
        self,
        steps: tuple[model.Step, ...],
        scope: StaticScope,
        local: frozenset[str] = frozenset(),
        *,
        deferred: bool = False,
    ) -> None:
        for step in steps:
            self._step(step, scope, local, deferred=deferred)

    def _step(
        self, step: model.Step, scope: StaticScope, local: frozenset[str] = frozenset(), *, deferred: bool = False
    ) -> None:
        """Check a step; ``local`` are the variables of the loops around it."""
        check_combination(step, self.findings, deferred=deferred)
        if step.for_each:
            self.names.check(step.for_each.elements.expressions, scope, local, step.id)
            self._loop_name(step, scope)
            local |= {step.for_each.name}
            if step.for_each.label:
                self.names.check((step.for_each.label,), scope, local, step.id)
        self.loops[step.id] = local
        inside = scope
        if step.when:
            self.names.check((step.when,), scope, local, step.id)
            inside = scope.inside(step.when)
        self._values((step.title, step.about), inside, local)
        block = inside.inside() if step.children else inside
        self._limits(step, block, local)
        self._kind(step, block, local)
        self._results(step, block, local)
        if step.children:
            inside.merge(block, is_loop=step.for_each is not None)
        if step.when:
            scope.merge(inside, step.when.text if step.children else None)
        self._define(step, scope)
        self._sequence(step.on_failure, scope.inside(), local)

    def _limits(self, step: model.Step, scope: StaticScope, local: frozenset[str]) -> None:
        """Check templates in ``timeout`` and ``retry``, which are evaluated before the step's first attempt."""
        retry = (step.retry.times_value, step.retry.every_value) if step.retry else ()
        timeout = step.timeout if isinstance(step.timeout, (Whole, Template)) else None
        self._values((timeout, *retry), scope, local)

    def _kind(self, step: model.Step, scope: StaticScope, local: frozenset[str]) -> None:
        match step.kind:
            case model.SetVariables(values_by_name):
                seen = set(local)
                for name, value in values_by_name.items():
                    self.names.check(value.expressions, scope, seen, step.id)
                    seen.add(name)
            case model.Await() as kind:
                self._await(kind, scope)
            case model.Parallel() as kind:
                self._parallel(kind, scope, local)
            case model.Group(steps):
                self._sequence(steps, scope, local)
                for child in steps:
                    if child.background:
                        self._join(child.id, scope)
            case model.Include() as kind:
                self.names.check(kind.expressions, scope, local, step.id)
                self._include(step, kind)
            case model.OperationCall() | model.RawRequest() | model.Check() | model.Sleep() as kind:
                self.names.check(kind.expressions, scope, local, step.id)
            case _:
                assert_never(step.kind)

    def _parallel(self, kind: model.Parallel, scope: StaticScope, local: frozenset[str]) -> None:
        """Check branches that see what was defined before, but nothing of each other."""
        branches = [frozenset(step.id for step in child.walk()) for child in kind.steps]
        every = frozenset[str]().union(*branches)
        layers = [scope.inside() for _ in kind.steps]
        for child, ids, layer in zip(kind.steps, branches, layers, strict=True):
            self.names.blocks.append((every, ids))
            self._step(child, layer, local)
            self.names.blocks.pop()
        for layer in layers:
            scope.merge(layer)

    def _await(self, kind: model.Await, scope: StaticScope) -> None:
        steps = self.names.steps
        target = steps.get(kind.step)
        if target is None:
            backgrounds = [step.id for step in steps.values() if step.background]
            hint = did_you_mean(kind.step, backgrounds)
            hint = hint or "await takes the id of an earlier step with 'background: true'"
            self.findings.error("unknown-step", f"no step has the id '{kind.step}'", kind.node, hint)
        elif not target.background:
            hint = f"add 'background: true' to the step in line {target.key.span.line}"
            self.findings.error("not-in-background", f"'{kind.step}' is not a background step", kind.node, hint)
        elif scope.step(kind.step) is None:
            hint = f"it is the step in line {target.key.span.line}; await it after that"
            self.findings.error("used-before-run", f"'{kind.step}' has not been started here", kind.node, hint)
        else:
            self._join(kind.step, scope)

    def _include(self, step: model.Step, kind: model.Include) -> None:
        """Report a variable that the included scenario neither declares nor uses."""
        included = kind.scenario
        declared = [*included.vars, *included.secrets]
        unknown = [name for name in kind.vars if name not in declared]
        used = names_used_by(included) if unknown else set()
        call = step.node.get("include")
        variables = call.get("vars") if isinstance(call, nodes.Mapping) else None
        for name in unknown:
            if name not in used:
                hint = did_you_mean(name, declared)
                hint = hint or (f"it has {', '.join(declared)}" if declared else "it has no variables")
                message = f"{included.path.name} has no variable '{name}'"
                self.findings.error("unknown-variable", message, _key_in(variables, name) or step.key, hint)

    # Background steps

    def _join(self, step_id: str, scope: StaticScope) -> None:
        step = self.names.steps.get(step_id)
        if step is None:
            return
        joined = _origin(step, "maybe" if _may_be_skipped(step) else "set")
        origin = scope.step(step_id)
        if origin and origin.state == "pending":
            scope.steps[step_id] = joined
        for name in self.background.get(step_id, ()):
            origin = scope.name(name)
            if origin and origin.state == "pending":
                scope.names[name] = joined

    def _join_all(self, scope: StaticScope) -> None:
        for step_id in list(scope.steps):
            self._join(step_id, scope)

    # Results

    def _results(self, step: model.Step, scope: StaticScope, local: frozenset[str]) -> None:
        """Check the expressions that see the step's own result.

        The status is judged, and ``take`` looks at a stream's items, before anything is captured; a capture sees the
        ones before it, all other expressions see every capture.
        """
        seen = set(local).union(RESULT_NAMES)
        if isinstance(step.kind, model.SetVariables):
            seen.update(step.kind.values_by_name)
        if step.expect:
            self.names.check(step.expect.status_expressions, scope, seen, step.id)
        for name, expression in step.capture:
            self.names.check((expression,), scope, seen, step.id)
            seen.add(name)
        if step.expected_failure and step.expected_failure.when:
            self.names.check((step.expected_failure.when,), scope, local, step.id)
        conditions = (
            [condition for condition in (step.retry.until, step.retry.fail_if) if condition] if step.retry else []
        )
        later = step.expect.later_expressions if step.expect else ()
        self.names.check((*later, *conditions), scope, seen, step.id)
        if isinstance(step.show, Expression):
            self._show(step.show, scope, seen, step)
        if step.take and step.take.until:
            self.names.check((step.take.until,), scope, local | {"item"}, step.id)

    def _show(self, show: Expression, scope: StaticScope, seen: set[str], step: model.Step) -> None:
        names = [reference.name for reference in show.references]
        if names == [show.text] and show.text not in seen | ALWAYS and scope.name(show.text) is None:
            hint = did_you_mean(show.text, (*model.SHOW_WORDS, *seen, *scope.all_names()))
            hint = hint or f"show is {', '.join(model.SHOW_WORDS)}, or an expression such as body.State"
            self.findings.error("undefined-name", f"'{show.text}' is not defined here", show.node, hint)
        else:
            self.names.check((show,), scope, seen, step.id)

    def _define(self, step: model.Step, scope: StaticScope) -> None:
        """Define the names and the result of a step that has run."""
        origin = _origin(step, "pending" if step.background else "maybe" if _may_be_skipped(step) else "set")
        scope.steps[step.id] = origin
        for name in step.sets:
            node = _key_of(step, name)
            self._reserved(name, node)
            if name in self.fixed:
                message = f"'{name}' is a variable of the scenario and can't be set again"
                self.findings.error("redefined-variable", message, node, "choose another name")
            scope.names[name] = origin
        if step.background:
            self.background[step.id] = step.sets

    def _loop_name(self, step: model.Step, scope: StaticScope) -> None:
        assert step.for_each is not None
        name = step.for_each.name
        loop = step.node.get("for_each")
        node = (loop.get("as") if isinstance(loop, nodes.Mapping) else None) or step.node.key("for_each") or step.key
        self._reserved(name, node)
        if scope.name(name) is not None:
            message = f"inside this loop '{name}' hides the variable of that name"
            self.findings.warning("shadowed-variable", message, node, "give the element another name with 'as'")

    def _values(self, values: Iterable[Value | None], scope: StaticScope, local: frozenset[str]) -> None:
        for value in values:
            if value is not None:
                self.names.check(value.expressions, scope, local)

    def _reserved(self, name: str, node: nodes.Node) -> None:
        if name in RESERVED_NAMES:
            message = f"'{name}' can't be a variable: the name is reserved in expressions"
            self.findings.error("reserved-name", message, node, f"choose another name, such as 'my_{name}'", name)

    def _unused(self) -> None:
        for step in self.scenario.walk():
            for name, _ in step.capture:
                if name not in self.names.used:
                    message = f"the captured '{name}' is never used"
                    self.findings.warning("unused-capture", message, _key_of(step, name), "use it, or leave it out")


def _origin(step: model.Step, state: State) -> Origin:
    return Origin(state, step.id, step.key.span.line, step.when.text if step.when else None)


def _may_be_skipped(step: model.Step) -> bool:
    """Return whether the step as a whole may be skipped: by its condition, unless that is evaluated for each element
    of its loop, or by what the scenario that it includes requires."""
    if isinstance(step.kind, model.Include) and step.kind.scenario.requires != model.Requires():
        return step.for_each is None
    loop = step.for_each.name if step.for_each else None
    return step.when is not None and all(reference.name != loop for reference in step.when.references)


def _key_in(node: nodes.Node | None, name: str) -> nodes.Scalar | None:
    return node.key(name) if isinstance(node, nodes.Mapping) else None


def _key_of(step: model.Step, name: str) -> nodes.Node:
    """Return the key that sets a name, for pointing at it."""
    return _key_in(step.node.get("capture"), name) or _key_in(step.node.get("set"), name) or step.key
