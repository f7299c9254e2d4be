"""The kinds of steps: one row for each that is not an operation of the API, and the rules for operations.

A new kind needs a class in :mod:`runner.scenario.model` (and in its union ``Kind``), a row here, and a fragment of the
schema in ``schemas/language.py``; a test compares the three, and mypy lists every ``match`` that lacks the class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from runner.api.operations import Operation
from runner.scenario import model
from runner.scenario.expressions.values import Constant
from runner.scenario.readers import StepReader, scalar_in
from runner.scenario.yaml.nodes import Mapping, Node, Scalar

RESPONSE_PARTS: Final = frozenset({"status", "headers", "body", "items", "stdout", "stderr"})
"""The keys of ``expect`` that look at a response."""
STREAMS: Final = frozenset({"output", "items", "progress", "upgrade"})
"""The kinds of answers that arrive in pieces, and can be cut short by ``take``."""
_OUTPUTS: Final = frozenset({"output", "upgrade"})


class Rules(NamedTuple):
    """Which modifiers a kind refuses, and which parts of ``expect`` its result lacks (``hint`` says where to look
    instead). Those ``on_failure`` exist if another status than a success is expected."""

    refused: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    hint: str | None = None
    on_failure: frozenset[str] = frozenset()


class LocalKind(NamedTuple):
    """A kind that the runner defines. ``read`` makes the model from a node (derived ids begin with the third argument);
    None, with a finding, if that is impossible."""

    name: str
    model: type[model.Kind]
    read: Callable[[StepReader, Node, str], model.Kind | None]
    rules: Rules


def rules_of(kind: model.Kind, name: str) -> Rules:
    """Return the rules of a step's kind, which the file calls ``name``."""
    return _operation_rules(kind.operation) if isinstance(kind, model.OperationCall) else LOCAL_KINDS[name].rules


def _operation_rules(operation: Operation) -> Rules:
    streams = operation.answer in STREAMS or bool(operation.endless)
    refused = frozenset[str]() if streams else frozenset({"take"})
    if operation.answer in _OUTPUTS:
        body = frozenset({"body"})
        return Rules(refused, body, "its output is in 'stdout' and 'stderr'", body)
    hint = "attach, logs and exec.start have output; other responses are in 'body'"
    return Rules(refused, frozenset({"stdout", "stderr"}), hint)


def _request(steps: StepReader, node: Node, _prefix: str) -> model.RawRequest:
    assert isinstance(node, Mapping)
    value = steps.reader.value
    return model.RawRequest(
        method=value(node.get("method")) or Constant("GET"),
        path=value(node.get("path")) or Constant("/"),
        query=value(node.get("query")),
        headers=value(node.get("headers")),
        body=value(node.get("body")),
        body_file=value(node.get("body_file")),
        is_versioned=scalar_in(node.get("version")) is not False,
    )


def _await(_steps: StepReader, node: Node, _prefix: str) -> model.Await:
    return model.Await(str(scalar_in(node)), node)


def _set(steps: StepReader, node: Node, _prefix: str) -> model.SetVariables:
    return model.SetVariables(steps.reader.values(node))


def _check(steps: StepReader, node: Node, _prefix: str) -> model.Check:
    return model.Check(steps.reader.expression_list(node))


def _sleep(steps: StepReader, node: Node, _prefix: str) -> model.Sleep:
    return model.Sleep(steps.reader.duration(node))


def _parallel(steps: StepReader, node: Node, prefix: str) -> model.Parallel:
    return model.Parallel(steps.steps(node, prefix))


def _group(steps: StepReader, node: Node, prefix: str) -> model.Group:
    return model.Group(steps.steps(node, prefix))


def _include(steps: StepReader, node: Node, _prefix: str) -> model.Include | None:
    assert isinstance(node, Mapping)
    target = node.get("scenario")
    assert isinstance(target, Scalar)
    variables = steps.reader.values(node.get("vars"))
    every_var = steps.reader.limit(node.get("vars"))
    scenario = steps.included(target, list(variables))
    if scenario is not None and scenario.matrix:
        hint = "give its variables with 'vars', in a loop"
        steps.reader.findings.error("cannot-combine", "a scenario with a matrix can't be included", target, hint)
        return None
    return model.Include(scenario, variables, every_var) if scenario else None


_NO_RESPONSE = "write it as an expression, in 'that'"


def _without_response(*refused: str) -> Rules:
    return Rules(frozenset((*refused, "labels", "take")), RESPONSE_PARTS, _NO_RESPONSE)


_ROWS = (
    LocalKind("request", model.RawRequest, _request, Rules()),
    LocalKind("await", model.Await, _await, Rules(frozenset({"background", "retry", "for_each", "labels", "take"}))),
    LocalKind("set", model.SetVariables, _set, _without_response("background", "retry")),
    LocalKind("check", model.Check, _check, _without_response("background", "retry")),
    LocalKind("sleep", model.Sleep, _sleep, _without_response("retry")),
    LocalKind("parallel", model.Parallel, _parallel, _without_response("background", "retry")),
    LocalKind("group", model.Group, _group, _without_response("background")),
    LocalKind("include", model.Include, _include, _without_response("background")),
)
LOCAL_KINDS: dict[str, LocalKind] = {row.name: row for row in _ROWS}
"""Every kind that is not an operation, by its key in a scenario."""
