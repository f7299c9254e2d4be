"""Lists which method of docker-py's low-level ``APIClient`` makes which call: one row an operation.

https://docker-py.readthedocs.io/en/stable/api.html; an operation without a row has no equivalent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Result = Literal["value", "output", "stream", "file", "archive"]
Conversion = Literal["count", "seconds", "links", "tag"]
"""How a value becomes the argument that docker-py wants: a ``count`` as a number unless it is a word; ``seconds`` as a
number greater than zero, which alone it takes; ``links`` as pairs; of tags the first one as the ``tag``."""


class Method(NamedTuple):
    """``args`` are names of path parameters, given by position; ``query`` and ``body`` name keyword arguments.

    ``body`` may be a name alone: the argument that takes all of it. ``always`` are arguments that make docker-py do
    what the API does by itself; those that the call gives win over them. ``decoded`` are the arguments with which the
    elements of a stream are parsed; ``converted`` says which keyword arguments are not as the API has them.
    ``all_tags`` is the parameter of an image, where a call without a tag is for all of them.
    """

    name: str
    args: tuple[str, ...] = ()
    query: Mapping[str, str] = {}
    body: Mapping[str, str] | str | None = None
    always: Mapping[str, Any] = {}
    ignored: tuple[str, ...] = ()
    result: Result = "value"
    upload: str | None = None
    folder: str | None = None
    decoded: tuple[str, ...] = ()
    converted: Mapping[str, Conversion] = {}
    all_tags: str | None = None


def _same(*names: str, **others: str) -> dict[str, str]:
    return {**{name: name for name in names}, **others}


_FILTERS = _same("filters")
_LOGS = _same("follow", "stdout", "stderr", "since", "until", "timestamps", "tail")
_OUTPUT: Mapping[str, Any] = {"stdout": False, "stderr": False}
_SINCE: Mapping[str, Conversion] = {"since": "seconds", "until": "seconds"}
_EXEC = {
    "Cmd": "cmd",
    "AttachStdout": "stdout",
    "AttachStderr": "stderr",
    "AttachStdin": "stdin",
    "Tty": "tty",
    "Env": "environment",
    "WorkingDir": "workdir",
    "User": "user",
    "Privileged": "privileged",
}
_LIMITS = {
    "Memory": "mem_limit",
    "MemoryReservation": "mem_reservation",
    "MemorySwap": "memswap_limit",
    "CpuShares": "cpu_shares",
    "CpuPeriod": "cpu_period",
    "CpuQuota": "cpu_quota",
    "CpusetCpus": "cpuset_cpus",
    "CpusetMems": "cpuset_mems",
    "BlkioWeight": "blkio_weight",
    "RestartPolicy": "restart_policy",
}
_NETWORK = {
    "Name": "name",
    "Driver": "driver",
    "Options": "options",
    "IPAM": "ipam",
    "CheckDuplicate": "check_duplicate",
    "Internal": "internal",
    "Labels": "labels",
    "EnableIPv6": "enable_ipv6",
    "Attachable": "attachable",
}
_SERVICE = {
    "TaskTemplate": "task_template",
    "Name": "name",
    "Labels": "labels",
    "Mode": "mode",
    "UpdateConfig": "update_config",
    "RollbackConfig": "rollback_config",
    "Networks": "networks",
    "EndpointSpec": "endpoint_spec",
}
_ENDPOINT = {
    "Container": "container",
    "EndpointConfig.Aliases": "aliases",
    "EndpointConfig.Links": "links",
    "EndpointConfig.IPAMConfig.IPv4Address": "ipv4_address",
    "EndpointConfig.IPAMConfig.IPv6Address": "ipv6_address",
}
_BUILD = _same("nocache", "pull", "rm", "forcerm", "dockerfile", "platform", "target", "squash", "buildargs")
_BUILD |= {"t": "tag", "labels": "labels", "networkmode": "network_mode", "shmsize": "shmsize"}

METHODS: dict[str, Method] = {
    "ContainerList": Method("containers", query=_same("all", "limit", "size", "filters")),
    "ContainerCreate": Method("create_container_from_config", query=_same("name", "platform"), body="config"),
    "ContainerInspect": Method("inspect_container", ("id",)),
    "ContainerTop": Method("top", ("id",), _same("ps_args")),
    "ContainerLogs": Method(
        "logs", ("id",), _LOGS, always=_OUTPUT, result="output", converted={"tail": "count", **_SINCE}
    ),
    "ContainerChanges": Method("diff", ("id",)),
    "ContainerExport": Method("export", ("id",), result="file"),
    "ContainerStats": Method("stats", ("id",), {"stream": "stream", "one-shot": "one_shot"}, decoded=("decode",)),
    "ContainerResize": Method("resize", ("id",), {"h": "height", "w": "width"}),
    "ContainerStart": Method("start", ("id",)),
    "ContainerStop": Method("stop", ("id",), {"t": "timeout"}),
    "ContainerRestart": Method("restart", ("id",), {"t": "timeout"}),
    "ContainerKill": Method("kill", ("id",), _same("signal")),
    "ContainerUpdate": Method("update_container", ("id",), body=_LIMITS),
    "ContainerRename": Method("rename", ("id",), _same("name")),
    "ContainerPause": Method("pause", ("id",)),
    "ContainerUnpause": Method("unpause", ("id",)),
    "ContainerAttach": Method(
        "attach",
        ("id",),
        _same("stdout", "stderr", "logs"),
        always=_OUTPUT,
        ignored=("stream",),
        result="output",
    ),
    "ContainerWait": Method("wait", ("id",), _same("condition")),
    "ContainerDelete": Method("remove_container", ("id",), _same("v", "link", "force")),
    "ContainerPrune": Method("prune_containers", query=_FILTERS),
    "ContainerArchive": Method("get_archive", ("id",), _same("path"), result="archive"),
    "PutContainerArchive": Method("put_archive", ("id",), _same("path"), upload="data"),
    "ContainerExec": Method("exec_create", ("id",), body=_EXEC, always=_OUTPUT),
    "ExecStart": Method("exec_start", ("id",), body={"Detach": "detach", "Tty": "tty"}, result="output"),
    "ExecResize": Method("exec_resize", ("id",), {"h": "height", "w": "width"}),
    "ExecInspect": Method("exec_inspect", ("id",)),
    "ImageList": Method("images", query=_same("all", "filters")),
    "ImageBuild": Method(
        "build",
        query=_BUILD,
        always={"rm": True},
        result="stream",
        folder="path",
        decoded=("decode",),
        converted={"tag": "tag"},
    ),
    "ImageCreate": Method(
        "pull",
        query={"fromImage": "repository", "tag": "tag", "platform": "platform"},
        result="stream",
        decoded=("stream", "decode"),
        all_tags="fromImage",
    ),
    "ImageInspect": Method("inspect_image", ("name",)),
    "ImageHistory": Method("history", ("name",)),
    "ImagePush": Method("push", ("name",), _same("tag"), result="stream", decoded=("stream", "decode")),
    "ImageTag": Method("tag", ("name",), {"repo": "repository", "tag": "tag"}),
    "ImageDelete": Method("remove_image", ("name",), _same("force", "noprune")),
    "ImageSearch": Method("search", query=_same("term", "limit")),
    "ImagePrune": Method("prune_images", query=_FILTERS),
    "ImageCommit": Method(
        "commit",
        query={"container": "container", "repo": "repository", "tag": "tag", "comment": "message"}
        | _same("author", "pause", "changes"),
        body="conf",
    ),
    "ImageGet": Method("get_image", ("name",), result="file"),
    "ImageLoad": Method("load_image", query=_same("quiet"), upload="data", result="stream"),
    "DistributionInspect": Method("inspect_distribution", ("name",)),
    "BuildPrune": Method("prune_builds", query={"filters": "filters", "all": "all", "keep-storage": "keep_storage"}),
    "SystemInfo": Method("info"),
    "SystemVersion": Method("version"),
    "SystemPing": Method("ping"),
    "SystemEvents": Method("events", query=_same("since", "until", "filters"), result="stream", decoded=("decode",)),
    "SystemDataUsage": Method("df"),
    "VolumeList": Method("volumes", query=_FILTERS),
    "VolumeCreate": Method(
        "create_volume",
        body={"Name": "name", "Driver": "driver", "DriverOpts": "driver_opts", "Labels": "labels"},
    ),
    "VolumeInspect": Method("inspect_volume", ("name",)),
    "VolumeDelete": Method("remove_volume", ("name",), _same("force")),
    "VolumePrune": Method("prune_volumes", query=_FILTERS),
    "NetworkList": Method("networks", query=_FILTERS),
    "NetworkInspect": Method("inspect_network", ("id",), _same("verbose", "scope")),
    "NetworkDelete": Method("remove_network", ("id",)),
    "NetworkCreate": Method("create_network", body=_NETWORK),
    "NetworkConnect": Method(
        "connect_container_to_network", body=_ENDPOINT, query={"id": "net_id"}, converted={"links": "links"}
    ),
    "NetworkDisconnect": Method(
        "disconnect_container_from_network", query={"id": "net_id"}, body={"Container": "container", "Force": "force"}
    ),
    "NetworkPrune": Method("prune_networks", query=_FILTERS),
    "PluginList": Method("plugins"),
    "GetPluginPrivileges": Method("plugin_privileges", query={"remote": "name"}),
    "PluginPull": Method("pull_plugin", query=_same("remote", "name"), body="privileges", result="stream"),
    "PluginInspect": Method("inspect_plugin", ("name",)),
    "PluginDelete": Method("remove_plugin", ("name",), _same("force")),
    "PluginEnable": Method("enable_plugin", ("name",), _same("timeout")),
    "PluginDisable": Method("disable_plugin", ("name",)),
    "PluginPush": Method("push_plugin", ("name",)),
    "PluginCreate": Method("create_plugin", query=_same("name"), folder="plugin_data_dir"),
    "PluginSet": Method("configure_plugin", ("name",), body="options"),
    "PluginUpgrade": Method("upgrade_plugin", ("name",), _same("remote"), body="privileges", result="stream"),
    "NodeList": Method("nodes", query=_FILTERS),
    "NodeInspect": Method("inspect_node", ("id",)),
    "NodeDelete": Method("remove_node", ("id",), _same("force")),
    "NodeUpdate": Method("update_node", ("id",), _same("version"), body="node_spec"),
    "SwarmInspect": Method("inspect_swarm"),
    "SwarmInit": Method(
        "init_swarm",
        body={"ListenAddr": "listen_addr", "AdvertiseAddr": "advertise_addr", "ForceNewCluster": "force_new_cluster"},
    ),
    "SwarmJoin": Method(
        "join_swarm",
        body={"RemoteAddrs": "remote_addrs", "JoinToken": "join_token"}
        | {"ListenAddr": "listen_addr", "AdvertiseAddr": "advertise_addr"},
    ),
    "SwarmLeave": Method("leave_swarm", query=_same("force")),
    "SwarmUnlockkey": Method("get_unlock_key"),
    "SwarmUnlock": Method("unlock_swarm", body={"UnlockKey": "key"}),
    "ServiceList": Method("services", query=_same("filters", "status")),
    "ServiceCreate": Method("create_service", body=_SERVICE),
    "ServiceInspect": Method("inspect_service", ("id",), {"insertDefaults": "insert_defaults"}),
    "ServiceDelete": Method("remove_service", ("id",)),
    "ServiceUpdate": Method("update_service", ("id",), _same("version"), body=_SERVICE),
    "TaskList": Method("tasks", query=_FILTERS),
    "TaskInspect": Method("inspect_task", ("id",)),
    "SecretList": Method("secrets", query=_FILTERS),
    "SecretInspect": Method("inspect_secret", ("id",)),
    "SecretDelete": Method("remove_secret", ("id",)),
    "ConfigList": Method("configs", query=_FILTERS),
    "ConfigInspect": Method("inspect_config", ("id",)),
    "ConfigDelete": Method("remove_config", ("id",)),
}
