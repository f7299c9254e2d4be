"""Renders templates in ``timeout``, ``retry.times`` and ``retry.every``, when the step runs."""

from __future__ import annotations

from runner.errors import Place, StepError
from runner.scenario import duration, model
from runner.scenario.expressions.references import Scope
from runner.scenario.expressions.values import Template, Value, Whole
from runner.scenario.yaml import nodes
from runner.text import shown


def with_limits(step: model.Step, names: Scope) -> model.Step:
    """Return the step with numbers in place of templates.

    Raises:
        StepError: ``bad-duration`` or ``wrong-type``, or a template can't be rendered.
    """
    if isinstance(step.timeout, (Whole, Template)):
        step = step._replace(timeout=_seconds(step.timeout, names, step.node.get("timeout")))
    retry = step.retry
    if retry is None or (retry.times_value is None and retry.every_value is None):
        return step
    node = step.node.get("retry")
    inner = node if isinstance(node, nodes.Mapping) else None
    if retry.every_value is not None:
        retry = retry._replace(every=_seconds(retry.every_value, names, inner.get("every") if inner else None))
    if retry.times_value is not None:
        times = retry.times_value.render(names)
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            place = _place(inner.get("times") if inner else None)
            message = f"retry.times must be a whole number from 1 on, not {shown(times, 60)}"
            raise StepError("wrong-type", message, place=place)
        retry = retry._replace(times=times)
    return step._replace(retry=retry)


def _seconds(value: Value, names: Scope, node: nodes.Node | None) -> float:
    rendered: object = value.render(names)
    try:
        seconds = duration.seconds(rendered)
    except ValueError as error:
        raise StepError("bad-duration", str(error), place=_place(node)) from None
    return seconds


def _place(node: nodes.Node | None) -> Place | None:
    return nodes.place_of(node) if node is not None else None
