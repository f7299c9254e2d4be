"""What can be known of a scenario without an engine: every name has a value where it is used, every id exists.

The steps are followed in the order in which they will run.
"""

from __future__ import annotations

from collections.abc import Iterable

from runner.nearest import did_you_mean
from runner.scenario import model
from runner.scenario.checks.combinations import check_combination
from runner.scenario.checks.names import ALWAYS, Names, names_used_by
from runner.scenario.checks.scope import Known, Origin, State
from runner.scenario.expressions.expression import Expression, Value
from runner.scenario.findings import Findings
from runner.scenario.yaml import nodes


def check(scenario: model.Scenario, given: Iterable[str], findings: Findings) -> None:
    """Follow the scenario's steps; ``given`` are the names that the command line and the environment set."""
    _Checker(scenario, findings).run(given)


class _Checker:
    def __init__(self, scenario: model.Scenario, findings: Findings) -> None:
        self.scenario = scenario
        self.findings = findings
        self.names = Names(scenario, findings)
        self.fixed: set[str] = set()
        self.background: dict[str, tuple[str, ...]] = {}

    def run(self, given: Iterable[str]) -> None:
        scenario = self.scenario
        known = Known({name: Origin() for name in given})
        self._variables(known)
        self.fixed = set(known.names)
        self._each(scenario.steps, known)
        self._join_all(known)
        known.over = True
        ending = known.inside()
        self._each(scenario.finally_, ending)
        self._join_all(ending)
        for step in scenario.walk():
            self._each(step.defer, ending.inside(), deferred=step)
        known.over = False
        self.names.check(scenario.outputs.values(), known)
        self._unused()

    def _variables(self, known: Known) -> None:
        """The file's secrets; then its variables, in order: each may use the ones before it."""
        scenario = self.scenario
        for name in scenario.secrets:
            self._reserved(name, scenario.node.get("secrets") or scenario.node)
            known.names[name] = Origin()
        for name, value in scenario.vars.items():
            key = _key_in(scenario.node.get("vars"), name) or scenario.node
            self._reserved(name, key)
            if name in scenario.secrets:
                self._error("redefined-variable", f"'{name}' is a secret and a variable", key, "keep one of them")
            if name not in known.names:
                self.names.check(value.expressions, known)
            known.names[name] = Origin()

    def _error(self, code: str, message: str, node: nodes.Node, hint: str | None = None, word: str = "") -> None:
        self.findings.error(code, message, self.scenario.source, node, hint=hint, word=word)

    def _warning(self, code: str, message: str, node: nodes.Node, hint: str | None = None) -> None:
        self.findings.warning(code, message, self.scenario.source, node, hint=hint)

    # Steps

    def _each(self, steps: tuple[model.Step, ...], known: Known, deferred: model.Step | None = None) -> None:
        for step in steps:
            self._step(step, known, deferred)

    def _step(self, step: model.Step, known: Known, deferred: model.Step | None = None) -> None:
        check_combination(step, self.findings, deferred=deferred is not None)
        local = frozenset({deferred.for_each.name} if deferred and deferred.for_each else ())
        if step.for_each:
            self.names.check(step.for_each.elements.expressions, known, local, step.id)
            self._loop_name(step, known)
            local |= {step.for_each.name}
        inside = known
        if step.when:
            self.names.check((step.when,), known, local, step.id)
            inside = known.inside(step.when)
        self._values((step.title, step.about), inside, local)
        self._kind(step, inside, local)
        self._results(step, inside, local)
        if step.when:
            known.take(inside, step.when.text if isinstance(step.kind, model.Parallel) else None)
        self._settle(step, known)

    def _kind(self, step: model.Step, known: Known, local: frozenset[str]) -> None:
        kind = step.kind
        if isinstance(kind, model.SetVariables):
            seen = set(local)
            for name, value in kind.values_by_name.items():
                self.names.check(value.expressions, known, seen, step.id)
                seen.add(name)
            return
        self.names.check(kind.expressions, known, local, step.id)
        if isinstance(kind, model.Await):
            self._await(kind, known)
        elif isinstance(kind, model.Parallel):
            self._parallel(kind, known)
        elif isinstance(kind, model.Include):
            self._include(step, kind)

    def _parallel(self, kind: model.Parallel, known: Known) -> None:
        """Each branch sees what was known before, not what the others add."""
        branches = [frozenset(one.id for one in child.walk()) for child in kind.steps]
        every = frozenset[str]().union(*branches)
        layers = [known.inside() for _ in kind.steps]
        for child, ids, layer in zip(kind.steps, branches, layers, strict=True):
            self.names.blocks.append((every, ids))
            self._step(child, layer)
            self.names.blocks.pop()
        for layer in layers:
            known.take(layer)

    def _await(self, kind: model.Await, known: Known) -> None:
        steps = self.names.steps
        target = steps.get(kind.step)
        if target is None:
            backgrounds = [one.id for one in steps.values() if one.background]
            hint = did_you_mean(kind.step, backgrounds)
            hint = hint or "await takes the id of an earlier step with 'background: true'"
            self._error("unknown-step", f"no step has the id '{kind.step}'", kind.node, hint)
        elif not target.background:
            hint = f"add 'background: true' to the step in line {target.key.span.line}"
            self._error("not-in-background", f"'{kind.step}' is not a background step", kind.node, hint)
        elif known.step(kind.step) is None:
            hint = f"it is the step in line {target.key.span.line}; await it after that"
            self._error("used-before-run", f"'{kind.step}' has not been started here", kind.node, hint)
        else:
            self._join(kind.step, known)

    def _include(self, step: model.Step, kind: model.Include) -> None:
        """A variable that the included scenario neither has nor uses is a mistake."""
        included = kind.scenario
        declared = [*included.vars, *included.secrets]
        unknown = [name for name in kind.given if name not in declared]
        used = names_used_by(included) if unknown else set()
        call = step.node.get("include")
        given = call.get("vars") if isinstance(call, nodes.Mapping) else None
        for name in unknown:
            if name not in used:
                hint = did_you_mean(name, declared)
                hint = hint or (f"it has {', '.join(declared)}" if declared else "it has no variables")
                message = f"{included.path.name} has no variable '{name}'"
                self._error("unknown-variable", message, _key_in(given, name) or step.key, hint)

    # Background steps

    def _join(self, step_id: str, known: Known) -> None:
        step = self.names.steps.get(step_id)
        if step is None:
            return
        joined = self._origin(step, "maybe" if _may_be_skipped(step) else "set")
        origin = known.step(step_id)
        if origin and origin.state == "pending":
            known.steps[step_id] = joined
        for name in self.background.get(step_id, ()):
            origin = known.name(name)
            if origin and origin.state == "pending":
                known.names[name] = joined

    def _join_all(self, known: Known) -> None:
        for step_id in list(known.steps):
            self._join(step_id, known)

    # Results

    def _results(self, step: model.Step, known: Known, local: frozenset[str]) -> None:
        """The expressions that see the step's own result: its captures, each also the ones before it; then the others,
        with all of them. Only a status is judged, and a stream's items are looked at, before anything is captured."""
        seen = set(local).union(model.RESULT_NAMES)
        if isinstance(step.kind, model.SetVariables):
            seen.update(step.kind.values_by_name)
        if step.expect:
            self.names.check(step.expect.status_expressions, known, seen, step.id)
        for name, expression in step.capture:
            self.names.check((expression,), known, seen, step.id)
            seen.add(name)
        retry = [one for one in (step.retry.until, step.retry.fail_if) if one] if step.retry else []
        self.names.check((*(step.expect.later_expressions if step.expect else ()), *retry), known, seen, step.id)
        if isinstance(step.show, Expression):
            self._show(step.show, known, seen, step)
        if step.take and step.take.until:
            retry.append(step.take.until)
            self.names.check((step.take.until,), known, local | {"item"}, step.id)
        for condition in retry:
            if not condition.references:
                message = f"'{condition.text}' names nothing, so it never changes"
                self._warning("constant-condition", message, condition.node, "name a part of the result: body.State.…")

    def _show(self, show: Expression, known: Known, seen: set[str], step: model.Step) -> None:
        names = [reference.name for reference in show.references]
        if names == [show.text] and show.text not in seen | ALWAYS and known.name(show.text) is None:
            hint = did_you_mean(show.text, (*model.SHOW_WORDS, *seen, *known.all_names()))
            hint = hint or f"show is {', '.join(model.SHOW_WORDS)}, or an expression such as body.State"
            self._error("undefined-name", f"'{show.text}' is not defined here", show.node, hint)
        else:
            self.names.check((show,), known, seen, step.id)

    def _origin(self, step: model.Step, state: State) -> Origin:
        return Origin(state, step.id, step.key.span.line, step.when.text if step.when else None)

    def _settle(self, step: model.Step, known: Known) -> None:
        """After the step: its names and its id are known."""
        origin = self._origin(step, "pending" if step.background else "maybe" if _may_be_skipped(step) else "set")
        known.steps[step.id] = origin
        names = step.sets
        for name in names:
            node = _key_of(step, name)
            self._reserved(name, node)
            if name in self.fixed:
                message = f"'{name}' is a variable of the scenario and can't be set again"
                self._error("redefined-variable", message, node, "choose another name")
            known.names[name] = origin
        if step.background:
            self.background[step.id] = names

    def _loop_name(self, step: model.Step, known: Known) -> None:
        assert step.for_each is not None
        name = step.for_each.name
        given = step.node.get("for_each")
        node = (given.get("as") if isinstance(given, nodes.Mapping) else None) or step.node.key("for_each") or step.key
        self._reserved(name, node)
        if known.name(name) is not None:
            message = f"inside this loop '{name}' hides the variable of that name"
            self._warning("shadowed-variable", message, node, "give the element another name with 'as'")

    def _values(self, values: Iterable[Value | None], known: Known, local: frozenset[str]) -> None:
        for value in values:
            if value is not None:
                self.names.check(value.expressions, known, local)

    def _reserved(self, name: str, node: nodes.Node) -> None:
        if name in model.RESERVED_NAMES:
            message = f"'{name}' can't be a variable: expressions know it as something else"
            self._error("reserved-name", message, node, f"choose another name, such as 'my_{name}'", name)

    def _unused(self) -> None:
        for step in self.scenario.walk():
            for name, _ in step.capture:
                if name not in self.names.used:
                    message = f"nothing uses the captured '{name}'"
                    self._warning("unused-capture", message, _key_of(step, name), "use it, or leave it out")


def _may_be_skipped(step: model.Step) -> bool:
    """Whether the step as a whole may be: by its condition, unless that is asked for each element of its loop, or by
    what the scenario that it includes requires."""
    if isinstance(step.kind, model.Include) and step.kind.scenario.requires != model.Requires():
        return step.for_each is None
    loop = step.for_each.name if step.for_each else None
    return step.when is not None and all(reference.name != loop for reference in step.when.references)


def _key_in(node: nodes.Node | None, name: str) -> nodes.Scalar | None:
    return node.key(name) if isinstance(node, nodes.Mapping) else None


def _key_of(step: model.Step, name: str) -> nodes.Node:
    """The key that sets a name, for pointing at it."""
    return _key_in(step.node.get("capture"), name) or _key_in(step.node.get("set"), name) or step.key
