"""Warns of text that looks like a template and is not one: ``${image}``, ``{image}``, templates in a title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runner.scenario import model
from runner.scenario.findings import Findings
from runner.scenario.yaml import nodes

_PLACEHOLDER = re.compile(r"\$\{\s*([A-Za-z_]\w*)\s*\}|(?<![{$])\{([A-Za-z_]\w*)\}(?!\})")


def check_placeholders(scenario: model.Scenario, names: Iterable[str], findings: Findings) -> None:
    """Warn of the placeholders of other tools that name a variable of this scenario; ``names`` are those that are set
    from outside."""
    variables = {*names, *scenario.vars, *scenario.secrets}
    for step in scenario.walk():
        variables.update(step.sets)
        if step.for_each:
            variables.add(step.for_each.name)
    for key in ("vars", "steps", "finally"):
        for scalar in _texts(scenario.node.get(key)):
            if findings.full:
                return
            _check(scalar, variables, findings)
    for key in ("title", "about"):
        node = scenario.node.get(key)
        if isinstance(node, nodes.Scalar) and not node.raw and "{{" in node.text:
            message = f"templates are not evaluated in the scenario's {key}"
            findings.warning("not-a-template", message, node, "those of a step are", "{{")


def _check(scalar: nodes.Scalar, variables: set[str], findings: Findings) -> None:
    for match in _PLACEHOLDER.finditer(scalar.text):
        name = match[1] or match[2]
        if name in variables:
            message = f"'{match[0]}' is sent as it is"
            hint = f"write {{{{ {name} }}}} for the variable; !raw before the value says that it is meant so"
            findings.warning("not-a-template", message, scalar, hint, match[0])


def _texts(node: nodes.Node | None) -> Iterator[nodes.Scalar]:
    """Every text below a node, keys included, that is not marked with ``!raw``."""
    waiting = [node] if node is not None else []
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, nodes.Mapping):
            waiting += (part for entry in inner.entries for part in entry)
        elif isinstance(inner, nodes.Sequence):
            waiting += inner.items
        elif isinstance(inner.value, str) and not inner.raw and "{" in inner.value:
            yield inner
