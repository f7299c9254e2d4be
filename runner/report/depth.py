"""Cuts values that are nested deeper than documents can be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.results.records import Report, ScenarioRecord, StepRecord

DEEPEST: Final = 100
"""Levels of an answer that stay; no engine's real answer has a third of them."""


def bounded(report: Report) -> Report:
    """Return the report with nothing nested deeper than :data:`DEEPEST`."""
    return report._replace(scenarios=tuple(_scenario(scenario) for scenario in report.scenarios))


def _scenario(scenario: ScenarioRecord) -> ScenarioRecord:
    return scenario._replace(
        vars=_value(scenario.vars),
        outputs=_value(scenario.outputs),
        steps=tuple(_step(step) for step in scenario.steps),
    )


def _step(step: StepRecord) -> StepRecord:
    request, response = step.request, step.response
    if request is not None:
        request = request._replace(body=_value(request.body), params=_value(request.params))
    if response is not None:
        response = response._replace(body=_value(response.body), items=_value(response.items))
    return step._replace(
        request=request,
        response=response,
        captured=_value(step.captured),
        expectations=tuple(each._replace(actual=_value(each.actual)) for each in step.expectations),
        shown=_value(step.shown),
        each=None if step.each is None else tuple(_step(element) for element in step.each),
        steps=None if step.steps is None else tuple(_step(child) for child in step.steps),
        on_failure=tuple(_step(child) for child in step.on_failure),
        outputs=None if step.outputs is None else _value(step.outputs),
    )


def _value(value: Any, depth: int = 0) -> Any:
    if isinstance(value, Mapping):
        if depth == DEEPEST:
            return _CUT
        return {name: _value(part, depth + 1) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        if depth == DEEPEST:
            return _CUT
        return [_value(part, depth + 1) for part in value]
    return value


_CUT: Final = f"… nested deeper than {DEEPEST} levels"
