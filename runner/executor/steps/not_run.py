"""Makes the records of steps that did not run, and emits them."""

from __future__ import annotations

from runner.errors import RunnerError, StepError
from runner.executor.context import StepContext
from runner.results.events import StepFinished
from runner.results.records import StepRecord
from runner.scenario.expressions.expression import Expression
from runner.scenario.expressions.values import Template, Value


def _text(value: Value | None, context: StepContext) -> str | None:
    """Render a title or a description; as written, if it needs a name that is not set (yet)."""
    if value is None:
        return None
    try:
        return str(value.render(context.names()))
    except StepError:
        return value.written if isinstance(value, Template) else None


def skipped_record(context: StepContext, reason: str | None = None) -> StepRecord:
    """Return the record of a step that did not run."""
    step = context.step
    return StepRecord(
        id=step.id,
        kind=step.name,
        phase=context.position.phase,
        status="skipped",
        title=_text(step.title, context),
        about=_text(step.about, context),
        operation=step.operation.id if step.operation else None,
        started_ms=context.run.elapsed_ms(),
        capture_sources={name: expression.origin for name, expression in step.capture},
        reason=reason,
        background=step.background,
        show=None if isinstance(step.show, Expression) else step.show,
        volatile=step.volatile,
    )


def skip(context: StepContext, reason: str) -> StepRecord:
    """Skip a step: return its record, and emit it."""
    return _emitted(context, skipped_record(context, reason))


def not_performed(context: StepContext, error: RunnerError) -> StepRecord:
    """Return the record of a step that failed before its first attempt, and emit it."""
    record = skipped_record(context)._replace(status="error", error=error.diagnostic(context.step.place))
    return _emitted(context, record)


def _emitted(context: StepContext, record: StepRecord) -> StepRecord:
    context.emit(StepFinished(context.key, record))
    return record
