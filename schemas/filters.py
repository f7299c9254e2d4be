"""The filters of each operation that takes ``filters``: their names, what each means, and its values if they are few.

The API's description has them in prose alone. Other engines have more, so that the schema completes names and values,
but doesn't refuse others.
"""

from __future__ import annotations

from typing import NamedTuple


class Filter(NamedTuple):
    """Describes a filter as an editor shows it; ``values`` are offered where there are only so many."""

    text: str
    values: tuple[str | bool, ...] = ()


_BOOLEAN = (True, False)
_LABEL = Filter("What has a label: `team`, or with its value `team=docs`.")
_WITHOUT = Filter("What lacks a label: `keep`, or with its value `keep=yes`.")
_UNTIL = Filter("What was made before a time: `24h` (so long ago), `2026-01-31T00:00:00`, or Unix seconds.")
_PRUNE = {"until": _UNTIL, "label": _LABEL, "label!": _WITHOUT}


def _named(thing: str) -> dict[str, Filter]:
    return {
        "id": Filter(f"The {thing} whose id begins so."),
        "name": Filter(f"A {thing}'s name, or a part of it."),
    }


FILTERS: dict[str, dict[str, Filter]] = {
    "ContainerList": {
        **_named("container"),
        "ancestor": Filter("Made from this image or from one that is built on it: `alpine`, `alpine:3.20`, an id."),
        "before": Filter("Made before this container (its id or name)."),
        "since": Filter("Made after this container (its id or name)."),
        "status": Filter(
            "In this state. Those that don't run are listed with this filter even without `all`.",
            ("created", "restarting", "running", "removing", "paused", "exited", "dead"),
        ),
        "exited": Filter("Ended with this exit code; together with `all: true`."),
        "health": Filter("What its health check says.", ("starting", "healthy", "unhealthy", "none")),
        "label": _LABEL,
        "network": Filter("In this network (its id or name)."),
        "volume": Filter("Has this volume mounted, or something at this path."),
        "publish": Filter("Publishes this port: `80`, `8000-8010/tcp`."),
        "expose": Filter("Exposes this port: `80`, `8000-8010/tcp`."),
        "is-task": Filter("Whether it belongs to a service.", _BOOLEAN),
        "isolation": Filter("Windows only: how it is isolated.", ("default", "process", "hyperv")),
    },
    "ContainerPrune": _PRUNE,
    "ImageList": {
        "reference": Filter("Its name fits this pattern: `alpine`, `alpine:3.*`, `registry.example.org/*`."),
        "dangling": Filter("Whether it has no name.", _BOOLEAN),
        "label": _LABEL,
        "before": Filter("Made before this image."),
        "since": Filter("Made after this image."),
        "until": _UNTIL,
    },
    "ImagePrune": {
        "dangling": Filter("`true`: only images without a name; `false`: all that no container uses.", _BOOLEAN),
        **_PRUNE,
    },
    "BuildPrune": {
        "until": Filter("Not used for so long: `24h`."),
        "id": Filter("The entry with this id."),
        "parent": Filter("Built on the entry with this id."),
        "type": Filter(
            "The kind of entry.",
            ("regular", "internal", "frontend", "source.local", "source.git.checkout", "exec.cachemount"),
        ),
        "description": Filter("Described with this text."),
        "inuse": Filter("In use right now.", _BOOLEAN),
        "shared": Filter("Shared by several builds.", _BOOLEAN),
        "private": Filter("Used by one build alone.", _BOOLEAN),
    },
    "ImageSearch": {
        "is-official": Filter("Whether Docker Hub calls it official.", _BOOLEAN),
        "stars": Filter("Has at least so many stars."),
    },
    "SystemEvents": {
        "type": Filter(
            "What the event is about.",
            (
                "container",
                "image",
                "volume",
                "network",
                "daemon",
                "plugin",
                "node",
                "service",
                "secret",
                "config",
                "builder",
            ),
        ),
        "event": Filter(
            "What happened.",
            (
                "create",
                "start",
                "attach",
                "exec_start",
                "die",
                "kill",
                "stop",
                "restart",
                "pause",
                "unpause",
                "health_status",
                "oom",
                "rename",
                "update",
                "destroy",
                "pull",
                "push",
                "tag",
                "untag",
                "delete",
                "connect",
                "disconnect",
                "mount",
                "unmount",
                "prune",
            ),
        ),
        "container": Filter("Events of this container (its id or name)."),
        "image": Filter("Events of this image, and of containers made from it."),
        "network": Filter("Events of this network (its id or name)."),
        "volume": Filter("Events of this volume."),
        "label": Filter("Events of containers and images with this label: `team`, `team=docs`."),
        "daemon": Filter("Events of this engine (its id or name)."),
        "plugin": Filter("Events of this plugin."),
        "node": Filter("Events of this node of the swarm (its id)."),
        "service": Filter("Events of this service (its id or name)."),
        "secret": Filter("Events of this secret (its id or name)."),
        "config": Filter("Events of this config (its id or name)."),
        "scope": Filter("Events of this engine, or of the whole swarm.", ("local", "swarm")),
    },
    "VolumeList": {
        "name": Filter("A volume's name, or a part of it."),
        "driver": Filter("Kept by this driver: `local`."),
        "dangling": Filter("Whether no container uses it.", _BOOLEAN),
        "label": _LABEL,
    },
    "VolumePrune": {
        "all": Filter("`true`: also volumes that have a name, not only anonymous ones.", _BOOLEAN),
        "label": _LABEL,
        "label!": _WITHOUT,
    },
    "NetworkList": {
        **_named("network"),
        "driver": Filter("Made by this driver.", ("bridge", "overlay", "macvlan", "ipvlan", "host", "null")),
        "scope": Filter("Where it is valid.", ("local", "swarm", "global")),
        "type": Filter("Made by a user, or there from the start.", ("custom", "builtin")),
        "dangling": Filter("Whether no container is in it.", _BOOLEAN),
        "label": _LABEL,
    },
    "NetworkPrune": _PRUNE,
    "PluginList": {
        "capability": Filter("What it provides: `volumedriver`, `networkdriver`, `ipamdriver`, `authz`, `logdriver` …"),
        "enabled": Filter("Whether it is switched on.", _BOOLEAN),
    },
    "NodeList": {
        **_named("node"),
        "label": Filter("The engine on it has this label: `disk`, `disk=ssd`."),
        "node.label": Filter("The node itself has this label: `disk`, `disk=ssd`."),
        "membership": Filter("Whether it is let in.", ("accepted", "pending")),
        "role": Filter("What it is.", ("manager", "worker")),
    },
    "ServiceList": {
        **_named("service"),
        "label": _LABEL,
        "mode": Filter("How it is spread.", ("replicated", "global")),
    },
    "TaskList": {
        **_named("task"),
        "service": Filter("Of this service (its id or name)."),
        "node": Filter("On this node (its id or name)."),
        "desired-state": Filter("What the swarm wants of it.", ("running", "shutdown", "accepted")),
        "label": _LABEL,
    },
    "SecretList": {**_named("secret"), "names": Filter("Called exactly so; several are fine."), "label": _LABEL},
    "ConfigList": {**_named("config"), "names": Filter("Called exactly so; several are fine."), "label": _LABEL},
}
