"""Finds out whether a step needs what earlier steps failed to give: such a step is skipped, so that one failure is one
failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.executor.context import StepContext, VariableScope
from runner.executor.steps.result import inner_views, view_of
from runner.results.records import StepRecord
from runner.scenario import model
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.references import Reference
from runner.scenario.names import RESULT_NAMES

FACTS: Final = frozenset({"ok", "status", "attempts", "duration_ms"})
"""The parts of a failed step's result that any later step may ask for."""


def missing(context: StepContext, unset: Mapping[str, str], expressions: Iterable[Expression]) -> str | None:
    """Return why a step can't run: what its expressions need and which step did not set it; None if it can.

    ``unset`` are names that have no value for this step, with the step that should have set them.
    """
    scope = context.scope
    if not (unset or scope.unset or scope.without_result or _looks_back(context)):
        return None
    own = {*context.step.sets, *RESULT_NAMES, *context.position.local}
    for expression in expressions:
        for reference in expression.references:
            if reference.optional or reference.name in own:
                continue
            reason = (
                _missing_result(context, reference)
                if reference.name == "steps"
                else _missing_name(context, reference.name, unset)
            )
            if reason is not None:
                return reason
    return None


def _missing_name(context: StepContext, name: str, unset: Mapping[str, str]) -> str | None:
    scope = context.scope
    owner = unset.get(name)
    if owner is None and _looks_back(context):
        owner = scope.setters.get(name) if name not in scope.variables else None
    elif owner is None:
        owner = scope.unset.get(name)
    return None if owner is None else f"needs '{name}', which step '{owner}' did not set"


def _missing_result(context: StepContext, reference: Reference) -> str | None:
    """Look for a part of an earlier step's result. Where that failed, only what cleans up or explains the failure may
    look at more than the bare facts."""
    scope = context.scope
    step_id, *path = reference.path or ("",)
    result = scope.results.get(step_id)
    why = scope.without_result.get(step_id)
    if why is None and result is None and _looks_back(context):
        why = "did not run"
    if why is None or not step_id or step_id == context.step.id:
        return None
    if result is not None and (_is_there(result, path) if _looks_back(context) else bool(path) and path[0] in FACTS):
        return None
    part = ".".join(("steps", step_id, *path))
    return f"needs '{part}', which step '{step_id}' did not set: it {why}"


def _looks_back(context: StepContext) -> bool:
    return context.position.phase != "steps" or context.position.after_failure


def _is_there(value: Any, path: Iterable[str]) -> bool:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


def settle(scope: VariableScope, step: model.Step, record: StepRecord) -> None:
    """Set the variables and the result of a step that has ended, and note what it should have set and did not."""
    if record.status == "skipped":
        lose(scope, step)
        return
    scope.set(record.captured)
    scope.results[step.id] = view_of(record)
    if step.for_each is not None and step.children:
        scope.results.update(inner_views(step, record.each or ()))
    if record.status == "passed":
        scope.without_result.pop(step.id, None)
        return
    scope.without_result[step.id] = "did not pass"
    scope.lose((name for name in step.sets if name not in record.captured), step.id, older=True)
    if step.for_each is not None:  # the lists have only what the elements that passed have set
        scope.unset.update(dict.fromkeys(step.sets, step.id))


def lose(scope: VariableScope, step: model.Step, *, older: bool = False) -> None:
    """Note that a step was skipped, with all that is inside it. Names keep a value from before, unless ``older``: then
    the step would have set them, if another one had not failed."""
    for inner in (step, *(below for child in step.children for below in child.walk())):
        scope.without_result[inner.id] = "was skipped"
        scope.results.pop(inner.id, None)
        scope.lose(inner.sets, inner.id, older=older)
