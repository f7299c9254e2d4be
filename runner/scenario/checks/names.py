"""Checks the names that expressions use against what is known where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

from runner.nearest import did_you_mean, nearest
from runner.scenario import model
from runner.scenario.checks.scope import Known
from runner.scenario.expressions.expression import Expression, Reference
from runner.scenario.findings import Findings

ALWAYS = frozenset({"steps", "engine"})
_OTHER_WORDS = {
    "null": "write none",
    "nil": "write none",
    "Null": "write none",
    "yes": "write true",
    "on": "write true",
    "no": "write false",
    "off": "write false",
    "TRUE": "write true",
    "FALSE": "write false",
    "result": "a result's parts stand alone: body, status, stdout, …",
    "response": "a result's parts stand alone: body, status, stdout, …",
    "self": "a result's parts stand alone: body, status, stdout, …",
    "this": "a result's parts stand alone: body, status, stdout, …",
    "env": "the environment is not seen; RUN_VAR_<NAME> sets the variable of that name",
    "len": "write: items | length",
    "str": "write: value | string",
    "int": "write: value | int",
}
_HYPHENED = re.compile(r"\bsteps\.(\w+(?:-\w+)+)")
_OF_ONE_RESULT = frozenset({"status", "headers", "body", "stdout", "stderr", "items"})


class Names:
    """The names of one scenario. ``used`` collects those that some expression uses."""

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
        """The ``parallel`` blocks around the step at hand: every id inside, and those of the step's own branch."""

    def check(
        self,
        expressions: Iterable[Expression],
        known: Known,
        local: Set[str] = frozenset(),
        own: str | None = None,
    ) -> None:
        """Report every name that has no value here. ``local`` names are known besides; ``own`` is the id of the step
        that the expressions belong to."""
        for expression in expressions:
            if self.findings.full:
                self.used.update(one.name for one in expression.references)
                continue
            if self._minus_in_id(expression):
                continue
            for reference in expression.references:
                self.used.add(reference.name)
                if reference.name == "steps":
                    self._step(expression, reference, known, own)
                elif reference.name not in local and reference.name not in ALWAYS:
                    self._name(expression, reference, known, local)

    def _error(self, code: str, message: str, at: Expression, word: str, hint: str | None) -> None:
        self.findings.error(code, message, at.source, at.node, hint=hint, word=word)

    def _warning(self, code: str, message: str, at: Expression, word: str, hint: str | None) -> None:
        self.findings.warning(code, message, at.source, at.node, hint=hint, word=word)

    # Variables

    def _name(self, at: Expression, reference: Reference, known: Known, local: Set[str]) -> None:
        name = reference.name
        origin = known.name(name)
        if origin is None:
            if not reference.optional:
                self._undefined(at, name, known, local)
        elif origin.state == "pending":
            message = f"'{name}' comes from the background step '{origin.step}', which has not been awaited here"
            self._error("used-before-set", message, at, name, f"add 'await: {origin.step}' before this step")
        elif origin.state == "maybe" and not reference.optional:
            message = f"'{name}' is set only if the step '{origin.step}' (line {origin.line}) is not skipped"
            self._warning("maybe-undefined", message, at, name, f"guard it: when: {name} is defined")

    def _undefined(self, at: Expression, name: str, known: Known, local: Set[str]) -> None:
        setter = self.setters.get(name)
        minus = re.search(rf"([A-Za-z_][\w.]*)\.(\w+(?:-\w+)*-{re.escape(name)}(?:-\w+)*)", at.text)
        if minus:
            hint = f"'-' is a minus here; a key with a hyphen stands in brackets: {minus[1]}['{minus[2]}']"
            self._error("undefined-name", f"'{name}' is not defined here", at, name, hint)
        elif name in self.variables:
            hint = "each variable sees those that stand before it; put it further up"
            self._error("used-before-set", f"'{name}' is used before it is set", at, name, hint)
        elif setter is not None and self._is_beside(setter.id):
            message = f"'{name}' is set by '{setter.id}', which runs at the same time"
            self._error("used-before-set", message, at, name, "move one of the two out of 'parallel'")
        elif setter is not None:
            where = f"step '{setter.id}' sets it, in line {setter.key.span.line}"
            self._error("used-before-set", f"'{name}' is used before it is set", at, name, where)
        else:
            hint = self._hint(name, known, local)
            self._error("undefined-name", f"'{name}' is not defined here", at, name, hint)

    def _hint(self, name: str, known: Known, local: Set[str]) -> str:
        if name in _OTHER_WORDS:
            return _OTHER_WORDS[name]
        if name in model.RESULT_NAMES:
            return f"a step's own '{name}' is there once it has run; another step's is steps.<id>.{name}"
        found = nearest(name, [*known.all_names(), *local, *ALWAYS])
        if found is None:
            return f"define it under 'vars', capture it, or give it with --var {name}=…"
        origin = known.name(found)
        where = f" It is set by step '{origin.step}' (line {origin.line})." if origin and origin.step else ""
        return f"did you mean '{found}'?{where}"

    # Results of other steps

    def _minus_in_id(self, at: Expression) -> bool:
        for step_id in _HYPHENED.findall(at.text):
            if step_id in self.steps:
                hint = f"write steps['{step_id}']"
                self._error("unknown-step", f"'-' in '{step_id}' is a minus here", at, step_id, hint)
                return True
        return False

    def _is_beside(self, step_id: str) -> bool:
        """Whether that step runs at the same time as the one at hand."""
        return any(step_id in every and step_id not in own for every, own in self.blocks)

    def _step(self, at: Expression, reference: Reference, known: Known, own: str | None) -> None:
        if not reference.path:
            return
        step_id, *rest = reference.path
        target = self.steps.get(step_id)
        if target is None:
            hint = did_you_mean(step_id, self.steps)
            if hint is None and self.steps:
                hint = f"there are: {', '.join(list(self.steps)[:12])}"
            self._error("unknown-step", f"no step has the id '{step_id}'", at, step_id, hint)
            return
        origin = known.step(step_id)
        if origin is None:
            self._not_run(at, step_id, target, own)
        elif origin.state == "pending":
            message = f"the background step '{step_id}' has not been awaited here"
            self._error("used-before-run", message, at, step_id, f"add 'await: {step_id}' before this step")
        elif origin.state == "maybe" and not reference.optional:
            message = f"the step '{step_id}' (line {origin.line}) may be skipped, and then has no result"
            self._warning("maybe-undefined", message, at, step_id, f"guard it: when: steps.{step_id} is defined")
        if rest:
            self._part(at, target, rest)

    def _not_run(self, at: Expression, step_id: str, target: model.Step, own: str | None) -> None:
        if step_id == own:
            hint = "its own result stands alone in its expressions: body, status, stdout, …"
        elif self._is_beside(step_id):
            hint = "it runs at the same time; move one of the two out of 'parallel'"
        else:
            hint = f"it is the step in line {target.key.span.line}, which runs later"
        self._error("used-before-run", f"the step '{step_id}' has not run here", at, step_id, hint)

    def _part(self, at: Expression, target: model.Step, path: list[str]) -> None:
        """What is asked of a result: whether results have it, and whether this one does."""
        part, *rest = path
        if part not in model.RESULT_NAMES:
            hint = did_you_mean(part, model.RESULT_NAMES) or f"a result has {', '.join(model.RESULT_NAMES)}"
            self._error("undefined-name", f"a result has no '{part}'", at, part, hint)
        elif isinstance(target.kind, model.Await):
            return
        elif target.for_each is not None:
            if part in _OF_ONE_RESULT or part == "outputs":
                message = f"'{target.id}' runs once per element: there is a '{part}' for each"
                hint = f"write steps.{target.id}.each | map(attribute='{part}')"
                self._warning("result-of-a-loop", message, at, part, hint)
        elif part == "each":
            hint = "'each' is what a step with 'for_each' has"
            self._error("undefined-name", f"'{target.id}' runs once, so it has no 'each'", at, part, hint)
        elif part == "outputs":
            self._output(at, target, rest)

    def _output(self, at: Expression, target: model.Step, rest: list[str]) -> None:
        if not isinstance(target.kind, model.Include):
            message = f"'{target.id}' includes no scenario, so it has no outputs"
            self._error("undefined-name", message, at, "outputs", "its answer is in body, stdout or items")
        elif rest and rest[0] not in target.kind.scenario.outputs:
            outputs = target.kind.scenario.outputs
            file = target.kind.scenario.path.name
            hint = did_you_mean(rest[0], outputs)
            hint = hint or (f"it has {', '.join(outputs)}" if outputs else f"add 'outputs' to {file}")
            self._error("unknown-output", f"{file} has no output '{rest[0]}'", at, rest[0], hint)


def names_used_by(scenario: model.Scenario) -> set[str]:
    """Every name that an expression of the scenario uses."""
    found = {
        reference.name for value in scenario.vars.values() for one in value.expressions for reference in one.references
    }
    found |= {reference.name for one in scenario.outputs.values() for reference in one.references}
    for step in scenario.walk():
        found |= {reference.name for one in step.expressions for reference in one.references}
    return found
