"""Checks that every name in an expression is defined where it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from runner.nearest import did_you_mean, nearest
from runner.scenario import model
from runner.scenario.checks.scope import StaticScope
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Reference
from runner.scenario.findings import Findings
from runner.scenario.names import RESULT_NAMES

ALWAYS = frozenset({"steps", "engine", "run"})
"""The names that every expression sees."""
_ALONE = "a result's parts stand alone: body, status, stdout, …"
_OTHER_WORDS = {
    **dict.fromkeys(("null", "nil", "Null"), "write none"),
    **dict.fromkeys(("yes", "on", "TRUE"), "write true"),
    **dict.fromkeys(("no", "off", "FALSE"), "write false"),
    **dict.fromkeys(("result", "response", "self", "this"), _ALONE),
    "env": "expressions don't see the environment; RUN_VAR_<NAME> sets the variable of that name",
    "len": "write: items | length",
    **dict.fromkeys(("today", "date", "time"), "write now(): the time in RFC 3339; now() | timestamp has Unix seconds"),
    "str": "write: value | string",
    "int": "write: value | int",
}
"""What to write instead of names that other languages have."""
_HYPHENED = re.compile(r"\bsteps\.(\w+(?:-\w+)+)")
_OF_ONE_RESULT = frozenset({"status", "headers", "body", "stdout", "stderr", "items", "outputs"})


class Names:
    """Checks the names of one scenario. ``used`` collects the names that an expression uses."""

    def __init__(self, scenario: model.Scenario, findings: Findings) -> None:
        self.findings = findings
        self.steps = {step.id: step for step in scenario.walk()}
        self.setters: dict[str, model.Step] = {}
        for step in scenario.walk():
            for name in step.sets:
                self.setters.setdefault(name, step)
        self.variables = scenario.vars
        self.used: set[str] = set()
        self.blocks: list[tuple[frozenset[str], frozenset[str]]] = []
        """The ``parallel`` blocks around the current step: every id inside, and those of the step's own branch."""

    def check(
        self,
        expressions: Iterable[Expression],
        scope: StaticScope,
        local: Set[str] = frozenset(),
        own: str | None = None,
    ) -> None:
        """Report every name that is undefined in the scope. ``local`` names are defined too; ``own`` is the id of the
        step that the expressions belong to."""
        for expression in expressions:
            if self.findings.full:
                self.used.update(reference.name for reference in expression.references)
                continue
            if self._minus_in_id(expression):
                continue
            for reference in expression.references:
                self.used.add(reference.name)
                self._length(expression, reference)
                if reference.name == "steps":
                    self._step(expression, reference, scope, own)
                elif reference.name not in local and reference.name not in ALWAYS:
                    self._name(expression, reference, scope, local)

    def _error(self, code: str, message: str, expression: Expression, word: str, hint: str | None) -> None:
        self.findings.error(code, message, expression.node, hint, word)

    def _warning(self, code: str, message: str, expression: Expression, word: str, hint: str) -> None:
        self.findings.warning(code, message, expression.node, hint, word)

    def _length(self, expression: Expression, reference: Reference) -> None:
        """Warn of ``.length``: the API has no field of that name, and other languages count elements so."""
        if reference.path[-1:] == ("length",):
            counted = ".".join((reference.name, *reference.path[:-1]))
            message = "'.length' asks for a field of that name"
            self._warning("maybe-undefined", message, expression, "length", f"write: {counted} | length")

    # Variables

    def _name(self, expression: Expression, reference: Reference, scope: StaticScope, local: Set[str]) -> None:
        name = reference.name
        origin = scope.name(name)
        if origin is None:
            if not reference.optional:
                self._undefined(expression, name, scope, local)
        elif origin.state == "pending":
            message = f"'{name}' comes from the background step '{origin.step}', which has not been awaited here"
            self._error("used-before-set", message, expression, name, f"add 'await: {origin.step}' before this step")
        elif origin.state == "maybe" and not reference.optional:
            message = f"'{name}' is set only if the step '{origin.step}' (line {origin.line}) is not skipped"
            self._warning("maybe-undefined", message, expression, name, f"guard it: when: {name} is defined")

    def _undefined(self, expression: Expression, name: str, scope: StaticScope, local: Set[str]) -> None:
        setter = self.setters.get(name)
        minus = re.search(rf"([A-Za-z_][\w.]*)\.(\w+(?:-\w+)*-{re.escape(name)}(?:-\w+)*)", expression.text)
        if minus:
            hint = f"'-' is a minus here; write a key with a hyphen in brackets: {minus[1]}['{minus[2]}']"
            self._error("undefined-name", f"'{name}' is not defined here", expression, name, hint)
        elif name in self.variables:
            hint = "a variable sees only those above it; move this one up"
            self._error("used-before-set", f"'{name}' is used before it is set", expression, name, hint)
        elif setter is not None and self._is_beside(setter.id):
            message = f"'{name}' is set by '{setter.id}', which runs at the same time"
            self._error("used-before-set", message, expression, name, "move one of the two out of 'parallel'")
        elif setter is not None:
            hint = f"step '{setter.id}' sets it, in line {setter.key.span.line}"
            self._error("used-before-set", f"'{name}' is used before it is set", expression, name, hint)
        else:
            hint = self._hint(name, scope, local)
            self._error("undefined-name", f"'{name}' is not defined here", expression, name, hint)

    def _hint(self, name: str, scope: StaticScope, local: Set[str]) -> str:
        if name in _OTHER_WORDS:
            return _OTHER_WORDS[name]
        if name in RESULT_NAMES:
            return f"a step's own '{name}' exists once it has run; another step's is steps.<id>.{name}"
        similar = nearest(name, [*scope.all_names(), *local, *ALWAYS])
        if similar is None:
            return f"define it under 'vars', capture it, or pass it with --var {name}=…"
        origin = scope.name(similar)
        where = f" It is set by step '{origin.step}' (line {origin.line})." if origin and origin.step else ""
        return f"did you mean '{similar}'?{where}"

    # Results of other steps

    def _minus_in_id(self, expression: Expression) -> bool:
        for step_id in _HYPHENED.findall(expression.text):
            if step_id in self.steps:
                hint = f"write steps['{step_id}']"
                self._error("unknown-step", f"'-' in '{step_id}' is a minus here", expression, step_id, hint)
                return True
        return False

    def _is_beside(self, step_id: str) -> bool:
        """Return whether that step runs at the same time as the current one."""
        return any(step_id in every and step_id not in own for every, own in self.blocks)

    def _step(self, expression: Expression, reference: Reference, scope: StaticScope, own: str | None) -> None:
        if not reference.path:
            return
        step_id, *rest = reference.path
        target = self.steps.get(step_id)
        if target is None:
            hint = did_you_mean(step_id, self.steps)
            if hint is None and self.steps:
                hint = f"the steps are: {', '.join(list(self.steps)[:12])}"
            self._error("unknown-step", f"no step has the id '{step_id}'", expression, step_id, hint)
            return
        origin = scope.step(step_id)
        if origin is None:
            self._not_run(expression, step_id, target, own)
        elif origin.state == "pending":
            message = f"the background step '{step_id}' has not been awaited here"
            hint = f"add 'await: {step_id}' before this step"
            self._error("used-before-run", message, expression, step_id, hint)
        elif origin.state == "maybe" and not reference.optional:
            message = f"the step '{step_id}' (line {origin.line}) may be skipped, and then has no result"
            hint = f"guard it: when: steps.{step_id} is defined"
            self._warning("maybe-undefined", message, expression, step_id, hint)
        if rest:
            self._part(expression, target, rest, in_loop=origin is not None and origin.in_loop)

    def _not_run(self, expression: Expression, step_id: str, target: model.Step, own: str | None) -> None:
        if step_id == own:
            hint = "a step refers to its own result directly: body, status, stdout, …"
        elif self._is_beside(step_id):
            hint = "it runs at the same time; move one of the two out of 'parallel'"
        else:
            hint = f"it is the step in line {target.key.span.line}, which runs later"
        self._error("used-before-run", f"the step '{step_id}' has not run here", expression, step_id, hint)

    def _part(self, expression: Expression, target: model.Step, path: list[str], *, in_loop: bool) -> None:
        """Check a part of a result: whether results have it, and whether this one does."""
        part, *rest = path
        if part not in RESULT_NAMES:
            hint = did_you_mean(part, RESULT_NAMES) or f"a result has {', '.join(RESULT_NAMES)}"
            self._error("undefined-name", f"a result has no '{part}'", expression, part, hint)
        elif isinstance(target.kind, model.Await):
            return
        elif target.for_each is not None or in_loop:
            if part in _OF_ONE_RESULT:
                message = f"'{target.id}' runs once per element: there is a '{part}' for each"
                hint = f"write steps.{target.id}.each | map(attribute='{part}')"
                self._warning("result-of-a-loop", message, expression, part, hint)
        elif part == "each":
            hint = "only a step with 'for_each' has 'each'"
            self._error("undefined-name", f"'{target.id}' runs once, so it has no 'each'", expression, part, hint)
        elif part == "outputs":
            self._output(expression, target, rest)

    def _output(self, expression: Expression, target: model.Step, rest: list[str]) -> None:
        if not isinstance(target.kind, model.Include):
            message = f"'{target.id}' includes no scenario, so it has no outputs"
            self._error("undefined-name", message, expression, "outputs", "its response is in body, stdout or items")
        elif rest and rest[0] not in target.kind.scenario.outputs:
            outputs = target.kind.scenario.outputs
            file = target.kind.scenario.path.name
            hint = did_you_mean(rest[0], outputs)
            hint = hint or (f"it has {', '.join(outputs)}" if outputs else f"add 'outputs' to {file}")
            self._error("unknown-output", f"{file} has no output '{rest[0]}'", expression, rest[0], hint)


def names_used_by(scenario: model.Scenario) -> set[str]:
    """Return every name that an expression of the scenario uses."""
    values = [expression for value in scenario.vars.values() for expression in value.expressions]
    steps = [expression for step in scenario.walk() for expression in step.expressions]
    every = (*values, *scenario.outputs.values(), *steps)
    return {reference.name for expression in every for reference in expression.references}
