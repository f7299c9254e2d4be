"""What can be known of a scenario without an engine: every name has a value where it is used, every id exists.

The steps are followed in the order in which they will run. A name can be *set* (on every path), *maybe* set (a step
with ``when`` sets it) or *pending* (a background step sets it, which nobody has awaited yet).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from runner.nearest import did_you_mean
from runner.scenario import model, nodes
from runner.scenario.combine import check_combination
from runner.scenario.findings import Findings
from runner.scenario.template import Expression, Reference, Value

State = Literal["set", "maybe", "pending"]
ALWAYS = frozenset({"steps", "engine"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name comes from: the step that sets it, if one does."""

    state: State
    step: str | None = None
    line: int = 0


@dataclass(slots=True)
class Known:
    """What is known at one point of the run."""

    names: dict[str, Origin] = field(default_factory=dict)
    steps: dict[str, State] = field(default_factory=dict)

    def copy(self) -> Known:
        return Known(dict(self.names), dict(self.steps))


def check(scenario: model.Scenario, given: Iterable[str], findings: Findings) -> None:
    """Follow the scenario's steps; ``given`` are the names that the command line and the environment set."""
    _Checker(scenario, findings).run(given)


class _Checker:
    def __init__(self, scenario: model.Scenario, findings: Findings) -> None:
        self.scenario = scenario
        self.findings = findings
        self.steps = {step.id: step for step in scenario.walk()}
        self.setters: dict[str, model.Step] = {}
        for step in scenario.walk():
            for name in _names_set_by(step):
                self.setters.setdefault(name, step)
        self.fixed: set[str] = set()
        self.used: set[str] = set()
        self.background: dict[str, tuple[str, ...]] = {}

    def run(self, given: Iterable[str]) -> None:
        scenario = self.scenario
        known = Known()
        for name in given:
            known.names[name] = Origin("set")
        self._variables(known)
        for name in scenario.secrets:
            known.names[name] = Origin("set")
        self.fixed = set(known.names)
        self._each(scenario.steps, known)
        self._join_all(known)
        ending = known.copy()
        self._each(scenario.finally_, ending)
        self._join_all(ending)
        for step in scenario.walk():
            self._each(step.defer, ending.copy(), deferred=step)
        for name, expression in scenario.outputs.items():
            self._reserved(name, scenario.node)
            self._expressions((expression,), ending, ())
        self._unused()

    def _variables(self, known: Known) -> None:
        """The file's variables, in order: each may use the ones before it."""
        node = self.scenario.node.get("vars")
        for name, value in self.scenario.vars.items():
            key = node.key(name) if isinstance(node, nodes.Mapping) else None
            self._reserved(name, key or self.scenario.node)
            if name not in known.names:
                self._expressions(value.expressions, known, ())
            known.names[name] = Origin("set")
        for name in self.scenario.secrets:
            self._reserved(name, self.scenario.node.get("secrets") or self.scenario.node)

    # Steps

    def _each(self, steps: tuple[model.Step, ...], known: Known, deferred: model.Step | None = None) -> None:
        for step in steps:
            self._step(step, known, deferred)

    def _step(self, step: model.Step, known: Known, deferred: model.Step | None = None) -> None:
        check_combination(step, self.findings, deferred=deferred is not None)
        outer = known
        loops = deferred.for_each if deferred else None
        local: tuple[str, ...] = (loops.name,) if loops else ()
        if step.for_each:
            self._expressions(step.for_each.elements.expressions, known, local)
            self._loop_name(step, known)
            local = (*local, step.for_each.name)
        if step.when:
            self._expressions((step.when,), known, local)
            known = _guarded(known, step.when)
        self._values((step.title, step.about), known, local)
        self._kind(step, known, local)
        self._results(step, known, (*local, *model.RESULT_NAMES))
        self._settle(step, outer)

    def _kind(self, step: model.Step, known: Known, local: tuple[str, ...]) -> None:
        kind = step.kind
        if isinstance(kind, model.SetVariables):
            for name, value in kind.values_by_name.items():  # each may use the ones before it
                self._expressions(value.expressions, known, local)
                local = (*local, name)
        else:
            self._expressions(kind.expressions, known, local)
        if isinstance(kind, model.Await):
            self._await(step, kind, known)
        elif isinstance(kind, model.Parallel):
            self._parallel(kind, known)

    def _parallel(self, kind: model.Parallel, known: Known) -> None:
        before = known.copy()
        for child in kind.steps:
            alone = before.copy()
            self._step(child, alone)
            known.names.update({name: at for name, at in alone.names.items() if before.names.get(name) != at})
            known.steps.update({name: at for name, at in alone.steps.items() if before.steps.get(name) != at})

    def _await(self, step: model.Step, kind: model.Await, known: Known) -> None:
        target = self.steps.get(kind.step)
        if target is None or not target.background:
            backgrounds = [one.id for one in self.steps.values() if one.background]
            hint = did_you_mean(kind.step, backgrounds)
            if target is not None:
                message, hint = f"'{kind.step}' is not a background step", "add 'background: true' to it"
            else:
                message = f"no step has the id '{kind.step}'"
                hint = hint or "await takes the id of an earlier step with 'background: true'"
            self.findings.error("unknown-step", message, step.source, kind.node, hint=hint, word=kind.step)
        elif kind.step not in known.steps:
            message = f"'{kind.step}' has not been started here"
            hint = f"it is the step in line {target.key.span.line}; await it after that"
            self.findings.error("used-before-run", message, step.source, kind.node, hint=hint, word=kind.step)
        else:
            self._join(kind.step, known)

    def _join(self, step_id: str, known: Known) -> None:
        if known.steps.get(step_id) == "pending":
            known.steps[step_id] = "maybe" if self.steps[step_id].when else "set"
        for name in self.background.get(step_id, ()):
            origin = known.names.get(name)
            if origin and origin.state == "pending":
                known.names[name] = replace(origin, state="maybe" if self.steps[step_id].when else "set")

    def _join_all(self, known: Known) -> None:
        for step_id in list(known.steps):
            self._join(step_id, known)

    def _results(self, step: model.Step, known: Known, local: tuple[str, ...]) -> None:
        """The expressions that see the step's own result."""
        expressions: list[Expression] = [expression for _, expression in step.capture]
        if step.expect:
            expressions += step.expect.expressions
        if isinstance(step.show, Expression):
            expressions.append(step.show)
        for condition in (step.retry.until, step.retry.fail_if) if step.retry else ():
            expressions += self._condition(step, condition)
        own = dict.fromkeys(name for name, _ in step.capture)
        self._expressions(expressions, known, (*local, *own))
        if step.take and step.take.until:
            self._expressions(self._condition(step, step.take.until), known, (*local, "item"))

    def _condition(self, step: model.Step, expression: Expression | None) -> list[Expression]:
        if expression is None:
            return []
        if not expression.references:
            message = f"'{expression.text}' names nothing, so it never changes"
            self.findings.warning("constant-condition", message, step.source, expression.node)
        return [expression]

    def _settle(self, step: model.Step, known: Known) -> None:
        """After the step: its names and its id are known."""
        state: State = "pending" if step.background else "maybe" if step.when else "set"
        known.steps[step.id] = state
        names = _names_set_by(step)
        for name in names:
            node = _key_of(step, name)
            self._reserved(name, node, step.source)
            if name in self.fixed:
                message = f"'{name}' is a variable of the scenario and can't be set again"
                self.findings.error("redefined-variable", message, step.source, node, hint="choose another name")
            known.names[name] = Origin(state, step.id, step.key.span.line)
        if step.background:
            self.background[step.id] = names

    def _loop_name(self, step: model.Step, known: Known) -> None:
        assert step.for_each is not None
        name = step.for_each.name
        node = step.node.key("for_each") or step.key
        self._reserved(name, node, step.source)
        if name in known.names:
            message = f"inside this loop '{name}' hides the variable of that name"
            self.findings.warning("shadowed-variable", message, step.source, node, hint="name it with 'as'")

    # Names

    def _values(self, values: Iterable[Value | None], known: Known, local: tuple[str, ...]) -> None:
        for value in values:
            if value is not None:
                self._expressions(value.expressions, known, local)

    def _expressions(self, expressions: Iterable[Expression], known: Known, local: tuple[str, ...]) -> None:
        for expression in expressions:
            for reference in expression.references:
                if reference.name == "steps":
                    self._step_reference(expression, reference, known)
                elif reference.name not in local and reference.name not in ALWAYS:
                    self._name(expression, reference, known, local)
                self.used.add(reference.name)

    def _name(self, expression: Expression, reference: Reference, known: Known, local: tuple[str, ...]) -> None:
        name = reference.name
        origin = known.names.get(name)
        if origin is None:
            if not reference.optional:
                self._undefined(expression, name, known, local)
        elif origin.state == "pending":
            message = f"'{name}' comes from the background step '{origin.step}', which has not been awaited here"
            hint = f"add 'await: {origin.step}' before this step"
            self.findings.error("used-before-set", message, expression.source, expression.node, hint=hint, word=name)
        elif origin.state == "maybe" and not reference.optional:
            message = f"'{name}' is set only if the step '{origin.step}' (line {origin.line}) is not skipped"
            hint = f"guard it: when: {name} is defined"
            self.findings.warning("maybe-undefined", message, expression.source, expression.node, hint=hint, word=name)

    def _undefined(self, expression: Expression, name: str, known: Known, local: tuple[str, ...]) -> None:
        setter = self.setters.get(name)
        if setter is not None:
            message = f"'{name}' is used before it is set"
            where = f"step '{setter.id}' sets it, in line {setter.key.span.line}"
            self.findings.error("used-before-set", message, expression.source, expression.node, hint=where, word=name)
            return
        candidates = [*known.names, *local, "engine", "steps"]
        hint = did_you_mean(name, candidates)
        if hint:
            found = hint.split("'")[1]
            origin = known.names.get(found)
            hint += f" It is set by step '{origin.step}' (line {origin.line})." if origin and origin.step else ""
        elif name in model.RESULT_NAMES:
            hint = f"a result's '{name}' is known only to its own step; from later ones: steps.<id>.{name}"
        else:
            hint = f"define it under 'vars', capture it, or give it with --var {name}=…"
        message = f"'{name}' is not defined here"
        self.findings.error("undefined-name", message, expression.source, expression.node, hint=hint, word=name)

    def _step_reference(self, expression: Expression, reference: Reference, known: Known) -> None:
        if not reference.path:
            return
        step_id, *rest = reference.path
        state = known.steps.get(step_id)
        target = self.steps.get(step_id)
        place = (expression.source, expression.node)
        if target is None:
            hint = did_you_mean(step_id, self.steps)
            self.findings.error("unknown-step", f"no step has the id '{step_id}'", *place, hint=hint, word=step_id)
        elif state is None:
            hint = f"it is the step in line {target.key.span.line}, which runs later"
            message = f"the step '{step_id}' has not run here"
            self.findings.error("used-before-run", message, *place, hint=hint, word=step_id)
        elif state == "pending":
            message = f"the background step '{step_id}' has not been awaited here"
            hint = f"add 'await: {step_id}' before this step"
            self.findings.error("used-before-run", message, *place, hint=hint, word=step_id)
        if target is not None and rest and rest[0] not in model.RESULT_NAMES:
            hint = did_you_mean(rest[0], model.RESULT_NAMES) or f"a result has {', '.join(model.RESULT_NAMES)}"
            message = f"a result has no '{rest[0]}'"
            self.findings.error("undefined-name", message, *place, hint=hint, word=rest[0])

    def _reserved(self, name: str, node: nodes.Node, source: nodes.Source | None = None) -> None:
        if name in model.RESERVED_NAMES:
            message = f"'{name}' can't be a variable: expressions know it as something else"
            self.findings.error("reserved-name", message, source or self.scenario.source, node, word=name)

    def _unused(self) -> None:
        for step in self.scenario.walk():
            for name, expression in step.capture:
                if name not in self.used:
                    node = _key_of(step, name)
                    message = f"nothing uses the captured '{name}'"
                    self.findings.warning("unused-capture", message, expression.source, node)


def _guarded(known: Known, when: Expression) -> Known:
    """Inside a step whose ``when`` asks whether a name is defined, it is."""
    asked = {reference.name for reference in when.references if reference.optional}
    names = {
        name: replace(origin, state="set") if name in asked and origin.state == "maybe" else origin
        for name, origin in known.names.items()
    }
    return Known(names, known.steps)


def _names_set_by(step: model.Step) -> tuple[str, ...]:
    names = tuple(name for name, _ in step.capture)
    if isinstance(step.kind, model.SetVariables):
        names = (*names, *step.kind.values_by_name)
    return names


def _key_of(step: model.Step, name: str) -> nodes.Node:
    """The key that sets a name, for pointing at it."""
    for holder in ("capture", "set"):
        node = step.node.get(holder)
        if isinstance(node, nodes.Mapping):
            key = node.key(name)
            if key is not None:
                return key
    return step.key
