"""Warns of fields of request bodies that the API does not have: engines silently ignore ``Comand``."""

from __future__ import annotations

from runner.scenario import model
from runner.scenario.findings import Findings
from runner.scenario.schema.flow_style import flow, shown
from runner.scenario.yaml import nodes


def check_bodies(scenario: model.Scenario, findings: Findings) -> None:
    """Warn of unknown fields in the bodies of operations, until ``findings`` are full."""
    for step in scenario.walk():
        if findings.full:
            return
        if isinstance(step.kind, model.OperationCall) and step.kind.body is not None:
            call = step.node.get(str(step.key.value))
            body = call.get("body") if isinstance(call, nodes.Mapping) else None
            if body is not None:
                _check(step.kind, body, findings)


def _check(kind: model.OperationCall, body: nodes.Node, findings: Findings) -> None:
    from runner.api.bodies import unknown_fields

    for field in ("Cmd", "Entrypoint"):
        command = body.get(field) if isinstance(body, nodes.Mapping) else None
        if isinstance(command, nodes.Scalar) and " " in command.text.strip() and "{{" not in command.text:
            message = f"engines take this text as the name of one program: {shown(command.text)}"
            findings.warning("one-word", message, command, f"write {field}: {flow(command.text.split())}")
    for path, name, nearest in unknown_fields(kind.operation, nodes.plain(body)):
        holder = nodes.node_at(body, path)
        key = holder.key(name) if isinstance(holder, nodes.Mapping) else None
        where = ".".join(str(part) for part in path) or "this body"
        message = f"the API has no field '{name}' in {where}; engines ignore it"
        hint = f"did you mean '{nearest}'?" if nearest else None
        findings.warning("unknown-field", message, key or body, hint)
        if findings.full:
            return
