"""Which modifiers go with which kinds: what makes no sense together is said before anything runs."""

from __future__ import annotations

from runner.scenario import model
from runner.scenario.findings import Findings

_STREAMED = ("output", "items", "progress", "upgrade")
_LOCAL = (model.SetVariables, model.Check)
_CALLS = (model.OperationCall, model.RawRequest)


def check_combination(step: model.Step, findings: Findings, *, deferred: bool) -> None:
    """Report modifiers that can't apply to the step's kind, or not to each other."""
    kind = step.kind
    name = str(step.key.value)
    if step.background and not isinstance(kind, (*_CALLS, model.Sleep)):
        _refuse(step, findings, "background", f"'{name}' can't run in the background")
    if step.retry and isinstance(kind, (*_LOCAL, model.Await, model.Sleep, model.Parallel)):
        _refuse(step, findings, "retry", f"'{name}' can't be retried", "retry the step that makes the request")
    if step.for_each and isinstance(kind, model.Await):
        _refuse(step, findings, "for_each", "'await' joins one step; it can't be looped", "await it once")
    if step.take and not _streams(kind):
        hint = "take goes with streams: stats, events, logs, attach, pull, …"
        _refuse(step, findings, "take", f"the answer of '{name}' is not a stream", hint)
    if step.take and step.take == model.Take():
        _refuse(step, findings, "take", "take needs at least one of items, for and until")
    if step.defer and deferred:
        _refuse(step, findings, "defer", "a deferred step can't defer another one")
    if step.background and deferred:
        _refuse(step, findings, "background", "a deferred step can't run in the background")
    _check_output_expectations(step, findings, name)
    _check_bodies(step, findings)


def _streams(kind: model.Kind) -> bool:
    return isinstance(kind, model.RawRequest) or (
        isinstance(kind, model.OperationCall)
        and kind.operation.answer in (*_STREAMED, "json")
        and (kind.operation.answer != "json" or bool(kind.operation.endless))
    )


def _check_output_expectations(step: model.Step, findings: Findings, name: str) -> None:
    kind = step.kind
    if not step.expect or not isinstance(kind, model.OperationCall) or kind.operation.answer in ("output", "upgrade"):
        return
    for stream in ("stdout", "stderr"):
        if getattr(step.expect, stream):
            node = step.expect.node.key(stream) if hasattr(step.expect.node, "key") else step.key
            hint = "attach, logs and exec.start bring output; other answers are in 'body'"
            message = f"'{name}' brings no {stream}"
            findings.error("cannot-combine", message, step.source, node or step.key, hint=hint)


def _check_bodies(step: model.Step, findings: Findings) -> None:
    for first, second in (
        ("body", "body_file"),
        ("body", "body_dir"),
        ("body_file", "body_dir"),
        ("stdin", "stdin_file"),
    ):
        if getattr(step.kind, first, None) is not None and getattr(step.kind, second, None) is not None:
            findings.error("cannot-combine", f"'{first}' and '{second}' can't stand together", step.source, step.key)


def _refuse(step: model.Step, findings: Findings, modifier: str, message: str, hint: str | None = None) -> None:
    node = step.node.key(modifier) or step.key
    findings.error("cannot-combine", message, step.source, node, hint=hint)
