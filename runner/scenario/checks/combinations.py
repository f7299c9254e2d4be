"""Which modifiers go with which kinds: what makes no sense together is said before anything runs."""

from __future__ import annotations

from collections.abc import Callable

from runner.scenario import model
from runner.scenario.findings import Findings
from runner.scenario.yaml import nodes

_STREAMED = ("output", "items", "progress", "upgrade")
_CALLS = (model.OperationCall, model.RawRequest)
_WITHOUT_ANSWER = (model.SetVariables, model.Check, model.Sleep, model.Parallel, model.Include)


def check_combination(step: model.Step, findings: Findings, *, deferred: bool) -> None:
    """Report modifiers that can't apply to the step's kind, or not to each other."""

    def refuse(modifier: str, message: str, hint: str | None = None) -> None:
        node = step.node.key(modifier) or step.key
        findings.error("cannot-combine", message, step.source, node, hint=hint)

    name = str(step.key.value)
    _flow(step, name, refuse, deferred)
    _take(step, name, refuse)
    _expectations(step, name, findings)
    _bodies(step, findings)
    _no_time(step, findings)


def _flow(step: model.Step, name: str, refuse: Callable[..., None], deferred: bool) -> None:
    kind = step.kind
    if step.background and not isinstance(kind, (*_CALLS, model.Sleep)):
        refuse("background", f"'{name}' can't run in the background", "only requests and 'sleep' can")
    if step.retry and isinstance(kind, (model.SetVariables, model.Check, model.Await, model.Sleep, model.Parallel)):
        refuse("retry", f"'{name}' can't be retried", "retry the step that makes the request")
    if step.for_each and isinstance(kind, model.Await):
        refuse("for_each", "'await' joins one step; it can't be looped", "await it once: it joins every element")
    if step.for_each and isinstance(kind, model.Parallel):
        inner = next((one for child in kind.steps for one in child.walk() if one.capture), None)
        if inner is not None:
            hint = f"capture in a step that has 'for_each' itself; this is about line {inner.key.span.line}"
            refuse("for_each", "a step inside can't capture: each element would set the same name", hint)
    if deferred and step.defer:
        refuse("defer", "a deferred step can't defer another one", "give 'defer' a list of steps")
    if deferred and step.background:
        refuse("background", "a deferred step can't run in the background")


def _take(step: model.Step, name: str, refuse: Callable[..., None]) -> None:
    if step.take is None:
        return
    kind = step.kind
    streams = isinstance(kind, model.RawRequest) or (
        isinstance(kind, model.OperationCall) and (kind.operation.answer in _STREAMED or bool(kind.operation.endless))
    )
    if not streams:
        hint = "take goes with streams: stats, events, logs, attach, pull, …"
        refuse("take", f"the answer of '{name}' is not a stream", hint)


def _expectations(step: model.Step, name: str, findings: Findings) -> None:
    """An expectation of what the step's kind can't bring."""
    expect, kind = step.expect, step.kind
    if expect is None:
        return
    refused: dict[str, str] = {}
    if isinstance(kind, _WITHOUT_ANSWER):
        hint = "write it as an expression, in 'that'"
        refused = dict.fromkeys(("status", "headers", "body", "stdout", "stderr"), hint)
    elif isinstance(kind, model.OperationCall) and kind.operation.answer not in ("output", "upgrade"):
        hint = "attach, logs and exec.start bring output; other answers are in 'body'"
        refused = dict.fromkeys(("stdout", "stderr"), hint)
    elif isinstance(kind, model.OperationCall) and expect.status is None:
        refused = {"body": "its output is in 'stdout' and 'stderr'"}
    for part, hint in refused.items():
        key = expect.node.key(part)
        if key is not None:
            findings.error("cannot-combine", f"'{name}' brings no {part}", step.source, key, hint=hint)


def _bodies(step: model.Step, findings: Findings) -> None:
    call = step.node.get(str(step.key.value))
    for first, second in (
        ("body", "body_file"),
        ("body", "body_dir"),
        ("body_file", "body_dir"),
        ("stdin", "stdin_file"),
    ):
        if getattr(step.kind, first, None) is not None and getattr(step.kind, second, None) is not None:
            node = (call.key(second) if isinstance(call, nodes.Mapping) else None) or step.key
            message = f"'{first}' and '{second}' can't stand together"
            findings.error("cannot-combine", message, step.source, node, hint="keep one of them")


def _no_time(step: model.Step, findings: Findings) -> None:
    take = step.node.get("take")
    for seconds, node in (
        (step.timeout, step.node.get("timeout")),
        (
            step.take.seconds if step.take else None,
            take.get("for") if isinstance(take, nodes.Mapping) else None,
        ),
    ):
        if seconds == 0 and node is not None:
            findings.error("bad-duration", "no time at all is too little", step.source, node, hint="write 500ms, 5s, …")
