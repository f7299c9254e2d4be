"""Writes a scenario as YAML that a person would write: short things on one line, templates in double quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from runner.proxy.capture.names import Raw
from runner.scenario.yaml.scalars import resolve

_STRING: Final = "tag:yaml.org,2002:str"
WIDTH: Final = 110
_FLOW_ROOM: Final = 90


class _Dumper(yaml.SafeDumper):
    """Writes lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = text.splitlines()
    block = len(lines) > 1 and "\n".join(lines) in (text, text.removesuffix("\n")) and all(map(str.isprintable, lines))
    if block and not any(line.startswith((" ", "\t")) or line != line.rstrip() for line in (lines[0], lines[-1])):
        return dumper.represent_scalar(_STRING, text, style="|")
    quoted = "{{" in text or not text.isprintable() or not isinstance(resolve(text), str)
    return dumper.represent_scalar(_STRING, text, style='"' if quoted else None)


def _raw(dumper: yaml.SafeDumper, text: Raw) -> yaml.ScalarNode:
    return dumper.represent_scalar("!raw", str(text), style='"')


def _mapping(dumper: yaml.SafeDumper, mapping: Mapping[Any, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping.items(), flow_style=_fits(mapping))


def _list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=_fits(values))


def _fits(value: Any) -> bool:
    """Return whether a value is short and plain enough for one line."""
    inner = list(value.values()) if isinstance(value, Mapping) else value
    if any(isinstance(one, (Mapping, list)) and (not _fits(one) or _depth(one) > 1) for one in inner):
        return False
    if any(isinstance(one, str) and "\n" in one.rstrip("\n") for one in inner):
        return False
    return len(str(value)) <= _FLOW_ROOM


def _depth(value: Any) -> int:
    if not isinstance(value, (Mapping, list)):
        return 0
    inner = value.values() if isinstance(value, Mapping) else value
    return 1 + max((_depth(one) for one in inner), default=0)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Raw, _raw)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)


def scenario_text(head: Mapping[str, Any], steps: list[dict[str, Any]]) -> str:
    """Return the text of a scenario: its first keys, then its steps with an empty line between."""
    top = "".join(_dump({key: value}) for key, value in head.items())
    blocks = [_step(step) for step in steps]
    return f"{top}\nsteps:\n" + "\n".join(blocks)


def _step(step: dict[str, Any]) -> str:
    """Return a step in block form, whatever its size."""
    lines = "".join(_dump({key: value}) for key, value in step.items()).splitlines()
    return "".join(
        f"{'  - ' if number == 0 else '    '}{line}\n" if line else "\n" for number, line in enumerate(lines)
    )


def _dump(value: Any) -> str:
    (key,) = value
    inner = value[key]
    if inner is None:
        return f"{key}:\n"
    node = yaml.dump(inner, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None)
    text = node.removesuffix("...\n").rstrip("\n")
    block = isinstance(inner, (Mapping, list)) and not _fits(inner)
    if not block:
        return f"{key}: {text}\n"
    return f"{key}:\n" + "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
