"""Lists how documents treat the answers of single operations, one row each."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Host = Literal["info", "container", "node"]


class Treatment(NamedTuple):
    """``samples`` are figures of a container, which the stable form replaces and HTML draws. ``processes`` is a table
    of processes. A ``set`` is a list whose order means nothing. ``host`` says which facts of the engine's host are in
    the answer."""

    samples: bool = False
    processes: bool = False
    set: bool = False
    host: Host | None = None


_PLAIN: Final = Treatment()
_TREATMENTS: Final[dict[str, Treatment]] = {
    "ContainerStats": Treatment(samples=True),
    "ContainerTop": Treatment(processes=True),
    "ContainerInspect": Treatment(host="container"),
    "SystemInfo": Treatment(host="info"),
    "NodeInspect": Treatment(host="node"),
    "NodeList": Treatment(set=True, host="node"),
    "ConfigList": Treatment(set=True),
    "ContainerChanges": Treatment(set=True),
    "ContainerList": Treatment(set=True),
    "ImageList": Treatment(set=True),
    "NetworkList": Treatment(set=True),
    "PluginList": Treatment(set=True),
    "SecretList": Treatment(set=True),
    "ServiceList": Treatment(set=True),
    "TaskList": Treatment(set=True),
    "VolumeList": Treatment(set=True),
}


def treatment_of(operation_id: str | None) -> Treatment:
    """Return how an operation's answers are treated; most are shown as they are."""
    return _TREATMENTS.get(operation_id or "", _PLAIN)
