"""Adds facts to the operation table that the API's description files don't have.

Each was observed on the wire of Docker 20.10 (API 1.41), or is in the engine's own source, which reads more (or other)
things than its description has.
"""

from __future__ import annotations

from typing import Any

NAMES = {
    "PutContainerArchive": "container.put_archive",
    "GetPluginPrivileges": "plugin.get_privileges",
}
"""Where the mechanical name would begin with a verb; the mechanical one becomes an alias."""

ALIASES: dict[str, tuple[str, ...]] = {
    "ContainerDelete": ("container.remove",),
    "ContainerExec": ("exec.create",),
    "ImageCreate": ("image.pull", "image.import"),
    "ImageDelete": ("image.remove",),
    "ImageGet": ("image.save",),
    "ImageGetAll": ("image.save_all",),
    "NetworkDelete": ("network.remove",),
    "VolumeDelete": ("volume.remove",),
    "PluginDelete": ("plugin.remove",),
    "NodeDelete": ("node.remove",),
    "ServiceDelete": ("service.remove",),
    "SecretDelete": ("secret.remove",),
    "ConfigDelete": ("config.remove",),
    "SwarmUnlockkey": ("swarm.unlock_key",),
    "SystemDataUsage": ("system.df",),
    "SystemAuth": ("system.login",),
}
"""Common aliases. Those of ``container.`` and ``system.`` work without their noun too, as the names do."""

OPERATIONS: dict[str, dict[str, Any]] = {
    # Attach and exec switch protocols when they are asked to; older engines answer 200 and do the same.
    "ContainerAttach": {"answer": "output", "upgrade": "tcp", "stdin": True},
    "ContainerAttachWebsocket": {"answer": "output", "upgrade": "websocket", "stdin": True},
    "ExecStart": {"answer": "output", "upgrade": "tcp", "stdin": True, "success": [101, 200], "empty_body": True},
    # Podman says 201 for Docker's 200 here, and 200 for its 201 with a new secret.
    "ExecResize": {"success": [200, 201]},
    "Session": {"answer": "upgrade", "upgrade": "h2c"},
    "ContainerLogs": {"answer": "output", "endless": "follow"},
    "ServiceLogs": {"answer": "output", "endless": "follow"},
    "TaskLogs": {"answer": "output", "endless": "follow"},
    "ContainerExport": {"answer": "tar"},
    "ContainerStats": {"answer": "items", "endless": "stream"},
    "SystemEvents": {"answer": "items", "endless": "!until"},
    "ContainerWait": {"in_band": "body"},
    # Streams of progress: 200 with the first byte, whatever happens afterwards.
    "ImageBuild": {"answer": "progress", "body": "tar"},
    "ImageCreate": {"answer": "progress", "body": "tar", "labels": "query.changes"},
    "ImagePush": {"answer": "progress"},
    "PluginPull": {"answer": "progress", "success": [200, 204], "body_required": True},
    "PluginPush": {"answer": "progress"},
    "PluginUpgrade": {"answer": "progress", "success": [200, 204], "body_required": True},
    # What goes wrong in the middle of a save is JSON behind the tar.
    "ImageGet": {"answer": "tar", "in_band": "tar"},
    "ImageGetAll": {"answer": "tar", "in_band": "tar"},
    # The engine reads a body here even where the description leaves it open, and answers 400 without one.
    "ConfigCreate": {"body_required": True, "labels": "body.Labels"},
    "ConfigUpdate": {"body_required": True},
    "ImageLoad": {"answer": "progress", "body_required": True},
    "NodeUpdate": {"body_required": True},
    "PluginCreate": {"body_required": True},
    "PluginSet": {"body_required": True},
    "SecretCreate": {"body_required": True, "success": [201, 200], "labels": "body.Labels"},
    "SecretUpdate": {"body_required": True},
    "SystemAuth": {"body_required": True},
    # Labels. Podman takes those of a commit only as instructions, and wants a body whatever is in it.
    "ContainerCreate": {"labels": "body.Labels"},
    "ImageCommit": {"labels": "query.changes", "empty_body": True},
    "NetworkCreate": {"labels": "body.Labels"},
    "VolumeCreate": {"labels": "body.Labels"},
    "ServiceCreate": {"labels": "body.Labels"},
}

TTY = {
    "ContainerCreate": "creates",
    "ContainerExec": "creates",
    "ExecStart": "body",
    "ContainerAttach": "container",
    "ContainerLogs": "container",
    "ContainerAttachWebsocket": "always",
}
"""Where it is decided whether output comes from a terminal, and so is raw; see ``Operation.tty``."""

REGISTRY: dict[str, dict[str, Any]] = {
    "SystemAuth": {"registry": "login"},
    "ImageBuild": {"registry": "all"},
    "ImageCreate": {"registry": "reference", "image": "query.fromImage"},
    "ImagePush": {"registry": "reference", "image": "path.name"},
    "DistributionInspect": {"registry": "reference", "image": "path.name"},
    "GetPluginPrivileges": {"registry": "reference", "image": "query.remote"},
    "PluginPull": {"registry": "reference", "image": "query.remote"},
    "PluginUpgrade": {"registry": "reference", "image": "query.remote"},
    "PluginPush": {"registry": "reference", "image": "path.name"},
    "ServiceCreate": {"registry": "reference", "image": "body.TaskTemplate.ContainerSpec.Image"},
    "ServiceUpdate": {
        "registry": "reference",
        "image": "body.TaskTemplate.ContainerSpec.Image",
        "keeps_credentials": ["registryAuthFrom", "rollback"],
    },
}
"""Which registry's credentials an operation needs; see ``Operation.registry``."""

BUILD_CONTEXT = {"ImageBuild"}
"""Operations that are sent a tar with a Dockerfile in it."""

SLOW = {
    "ImageCreate",
    "ImagePush",
    "ImageBuild",
    "ImageLoad",
    "ImageGet",
    "ImageGetAll",
    "PluginPull",
    "PluginPush",
    "PluginUpgrade",
}
"""Pull, push, build, load and save: ten minutes instead of one."""

PLATFORM = {"type": "array", "of_json": True}

PARAMS: dict[str, dict[str, Any]] = {
    # Strings that hold JSON, and strings that the engine reads as flags or as repeated names.
    "ImageBuild.buildargs": {"type": "json"},
    "ImageBuild.cachefrom": {"type": "json"},
    "ImageBuild.labels": {"type": "json"},
    "ImageBuild.outputs": {"type": "json"},
    "ImageBuild.extrahosts": {"type": "array"},
    "ImageBuild.t": {"type": "array"},
    "ImageBuild.pull": {"type": "boolean"},
    # The container of a step that failed has no label by which it could be found again; Podman never leaves it.
    "ImageBuild.forcerm": {"always": True, "default": True},
    "ImageCommit.changes": {"type": "array"},
    # The engine reads this number even where it isn't there.
    "PluginEnable.timeout": {"always": True},
    "PutContainerArchive.noOverwriteDirNonDir": {"type": "boolean"},
    "PutContainerArchive.copyUIDGID": {"type": "boolean"},
    "ImageAttestations.platform": PLATFORM,
    "ImageDelete.platforms": PLATFORM,
    "ImageGet.platform": PLATFORM,
    "ImageGetAll.platform": PLATFORM,
    "ImageLoad.platform": PLATFORM,
    "ImageHistory.platform": {"type": "json"},
    "ImageInspect.platform": {"type": "json"},
    "ImagePush.platform": {"type": "json"},
    # Unix seconds with up to nine decimals.
    "ContainerLogs.since": {"type": "time"},
    "ContainerLogs.until": {"type": "time"},
    "ServiceLogs.since": {"type": "time"},
    "TaskLogs.since": {"type": "time"},
    "SystemEvents.since": {"type": "time"},
    "SystemEvents.until": {"type": "time"},
    # The engine has read these from the start; their absence was a gap in the descriptions of 1.25 or 1.26.
    "GetPluginPrivileges.remote": {"since": "1.25"},
    "ContainerDelete.link": {"since": "1.25"},
}

MORE_PARAMS: dict[str, tuple[dict[str, Any], ...]] = dict.fromkeys(
    ("DistributionInspect", "GetPluginPrivileges", "PluginPush"),
    ({"name": "X-Registry-Auth", "place": "header", "type": "auth"},),
)
"""Parameters that the engine reads and no description has: without them no private registry can be used."""

NO_PARAMS = ("ImageBuild.Content-type", "GetPluginPrivileges.name")
"""Described as parameters, but can't be chosen: the body's kind decides the first, the second never existed."""

BODY_FIELDS = {
    **dict.fromkeys(
        (
            "ContainerCreate.HostConfig.Init",
            "ContainerCreate.HostConfig.KernelMemory",
            "ContainerUpdate.Init",
            "ContainerUpdate.KernelMemory",
            "NetworkCreate.Attachable",
            *(
                f"{operation}.{field}"
                for operation in ("ServiceCreate", "ServiceUpdate")
                for field in (
                    "EndpointSpec.Ports.*.PublishMode",
                    "TaskTemplate.ContainerSpec.Groups",
                    "TaskTemplate.ContainerSpec.HealthCheck",
                    "TaskTemplate.ContainerSpec.Hostname",
                    "TaskTemplate.ContainerSpec.Hosts",
                    "TaskTemplate.ContainerSpec.Secrets",
                )
            ),
        ),
        "1.25",
    ),
    "NetworkCreate.ConfigFrom": "1.30",
    "NetworkCreate.ConfigOnly": "1.30",
    "NetworkCreate.Scope": "1.30",
    "ServiceCreate.TaskTemplate.ContainerSpec.Init": "1.37",
    "ServiceUpdate.TaskTemplate.ContainerSpec.Init": "1.37",
}
"""The true first version of fields that were described late: the version that the docker CLI requires for them."""

MISSPELLED_FIELDS = {"NanoCPUs": "NanoCpus"}
"""Misspelled fields of one API version: ignored where the right spelling is beside them."""

OPEN_FIELDS = ("LogConfig.Type",)
"""Fields that are described with a list of values, but accept others too: a plugin's log driver is one."""
