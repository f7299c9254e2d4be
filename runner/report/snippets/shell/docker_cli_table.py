"""Which command of the docker CLI makes which call: one row an operation.

https://docs.docker.com/reference/cli/docker/; an operation without a row has no equivalent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Form = Literal[
    "value",
    "pairs",
    "filters",
    "inverted",
    "restart",
    "publish",
    "mounts",
    "keys",
    "entrypoint",
    "shell",
    "in_folder",
    "subnets",
    "endpoint",
]
"""How a flag is written: with a ``value``, or alone where that is true; as ``name=value`` ``pairs`` of a mapping, or of
``filters``; ``inverted`` is given where the value is false. ``shell`` joins a list as a shell would write it. A path
that the API has ``in_folder`` is relative to the reader's own. ``subnets`` and the ``endpoint`` on a network are
several flags."""


class Flag(NamedTuple):
    """A flag with its form. In the tables a flag that is a text has a ``value``, or ``pairs`` if it ends in ``=``."""

    name: str
    form: Form = "value"


class Command(NamedTuple):
    """``words`` have path parameters in braces, and query parameters that are given without a flag; one without a
    value is left out. ``flags`` are for the other query parameters, ``body`` for parts of the body by their dotted
    names; a part of the body with the flag ``""`` is at the end, without one. ``ignored`` is what the command does by
    itself.

    ``prints`` is what the command prints, so that a capture of it can be one of the output; with ``quiet``, that flag
    makes it print that alone. ``json`` says that it prints the same JSON as the API, in a list.

    ``streams`` says that it prints stdout and stderr both, whichever the call asks for. ``all_tags`` are the
    parameters of an image and of its tag, where a call without a tag is for all of them. A ``folder`` is the last
    ``argument``, or comes as a tar through a ``pipe``. ``exec`` says which half of ``docker exec`` a call is. What
    is not ``in_background`` can't be run there: it needs a container that runs. ``lines`` says that each element of an
    endless stream is printed on a line.
    """

    words: str
    flags: Mapping[str, str | Flag] = {}
    body: Mapping[str, str | Flag] | None = None
    ignored: frozenset[str] = frozenset()
    prints: str | None = None
    quiet: str | None = None
    json: bool = False
    streams: bool = False
    all_tags: tuple[str, str] | None = None
    folder: Literal["argument", "pipe"] | None = None
    exec: Literal["create", "start"] | None = None
    in_background: bool = True
    lines: bool = False


SUBNET: Mapping[str, str | Flag] = {
    "Subnet": "--subnet",
    "Gateway": "--gateway",
    "IPRange": "--ip-range",
    "AuxiliaryAddresses": "--aux-address=",
}
"""The parts of a network's subnet."""
ENDPOINT: Mapping[str, str | Flag] = {
    "Aliases": "--network-alias",
    "Links": "--link",
    "IPAMConfig.IPv4Address": "--ip",
    "IPAMConfig.IPv6Address": "--ip6",
    "MacAddress": "--mac-address",
}
"""The parts of a new container's endpoint on its network."""
_STREAMS = frozenset({"stream", "stdout", "stderr", "logs"})
_LIMITS: Mapping[str, str | Flag] = {
    "Memory": "--memory",
    "MemoryReservation": "--memory-reservation",
    "MemorySwap": "--memory-swap",
    "CpuShares": "--cpu-shares",
    "CpuPeriod": "--cpu-period",
    "CpuQuota": "--cpu-quota",
    "CpusetCpus": "--cpuset-cpus",
    "CpusetMems": "--cpuset-mems",
    "BlkioWeight": "--blkio-weight",
    "PidsLimit": "--pids-limit",
    "RestartPolicy": Flag("--restart", "restart"),
}
_HOST: Mapping[str, str | Flag] = {
    **_LIMITS,
    "AutoRemove": "--rm",
    "Binds": "--volume",
    "CapAdd": "--cap-add",
    "CapDrop": "--cap-drop",
    "Dns": "--dns",
    "ExtraHosts": "--add-host",
    "GroupAdd": "--group-add",
    "Init": "--init",
    "IpcMode": "--ipc",
    "Mounts": Flag("--mount", "mounts"),
    "LogConfig.Config": "--log-opt=",
    "LogConfig.Type": "--log-driver",
    "NetworkMode": "--network",
    "PidMode": "--pid",
    "PortBindings": Flag("--publish", "publish"),
    "Privileged": "--privileged",
    "PublishAllPorts": "--publish-all",
    "ReadonlyRootfs": "--read-only",
    "Runtime": "--runtime",
    "SecurityOpt": "--security-opt",
    "ShmSize": "--shm-size",
    "Sysctls": "--sysctl=",
    "VolumesFrom": "--volumes-from",
}
_CREATE: Mapping[str, str | Flag] = {
    "Domainname": "--domainname",
    "Env": "--env",
    "ExposedPorts": Flag("--expose", "keys"),
    "Hostname": "--hostname",
    "Labels": "--label=",
    "OpenStdin": "--interactive",
    "StopSignal": "--stop-signal",
    "StopTimeout": "--stop-timeout",
    "Tty": "--tty",
    "User": "--user",
    "WorkingDir": "--workdir",
    **{f"HostConfig.{name}": flag for name, flag in _HOST.items()},
    "NetworkingConfig.EndpointsConfig": Flag("--network-alias", "endpoint"),
    "Entrypoint": Flag("--entrypoint", "entrypoint"),
    "Image": "",
    "Cmd": "",
}
_EXEC: Mapping[str, str | Flag] = {
    "Env": "--env",
    "User": "--user",
    "WorkingDir": "--workdir",
    "Privileged": "--privileged",
    "Tty": "--tty",
    "Cmd": "",
}
_ATTACHED = frozenset({"AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce"})
_NETWORK: Mapping[str, str | Flag] = {
    "Driver": "--driver",
    "Options": "--opt=",
    "Internal": "--internal",
    "Attachable": "--attachable",
    "EnableIPv6": "--ipv6",
    "Labels": "--label=",
    "IPAM.Driver": "--ipam-driver",
    "IPAM.Options": "--ipam-opt=",
    "IPAM.Config": Flag("--subnet", "subnets"),
    "Name": "",
}
_ENDPOINT: Mapping[str, str | Flag] = {
    "EndpointConfig.Aliases": "--alias",
    "EndpointConfig.Links": "--link",
    "EndpointConfig.IPAMConfig.IPv4Address": "--ip",
    "EndpointConfig.IPAMConfig.IPv6Address": "--ip6",
}
_SERVICE: Mapping[str, str | Flag] = {
    "Name": "--name",
    "Labels": "--label=",
    "Mode.Replicated.Replicas": "--replicas",
    "TaskTemplate.ContainerSpec.Env": "--env",
    "TaskTemplate.ContainerSpec.Labels": "--container-label=",
    "TaskTemplate.ContainerSpec.User": "--user",
    "TaskTemplate.ContainerSpec.Dir": "--workdir",
    "TaskTemplate.RestartPolicy.Condition": "--restart-condition",
    "TaskTemplate.RestartPolicy.MaxAttempts": "--restart-max-attempts",
    "TaskTemplate.ContainerSpec.Command": Flag("--entrypoint", "shell"),
    "TaskTemplate.ContainerSpec.Image": "",
    "TaskTemplate.ContainerSpec.Args": "",
}
_LIST: Mapping[str, str | Flag] = {"all": "--all", "filters": Flag("--filter", "filters")}
_FILTERS: Mapping[str, str | Flag] = {"filters": Flag("--filter", "filters")}
_FORCE: Mapping[str, str | Flag] = {"force": "--force"}
_STOP: Mapping[str, str | Flag] = {
    "t": "-t",
    "signal": "--signal",
}  # -t is --time in old versions, --timeout in new ones
_LOGS: Mapping[str, str | Flag] = {
    "follow": "--follow",
    "tail": "--tail",
    "since": "--since",
    "timestamps": "--timestamps",
}
_BUILD: Mapping[str, str | Flag] = {
    "buildargs": "--build-arg=",
    "dockerfile": Flag("--file", "in_folder"),
    "labels": "--label=",
    "memory": "--memory",
    "networkmode": "--network",
    "forcerm": "--force-rm",
    "nocache": "--no-cache",
    "platform": "--platform",
    "pull": "--pull",
    "q": "--quiet",
    "t": "--tag",
    "target": "--target",
}

COMMANDS: dict[str, Command] = {
    # A key with a parameter is for calls that have it.
    "ContainerList": Command("container ls", {**_LIST, "limit": "--last", "size": "--size"}),
    "ContainerCreate": Command(
        "container create", {"name": "--name", "platform": "--platform"}, _CREATE, _ATTACHED, prints="body.Id"
    ),
    "ContainerInspect": Command("container inspect {id}", {"size": "--size"}, json=True),
    "ContainerTop": Command("container top {id} {ps_args}"),
    "ContainerLogs": Command(
        "container logs {id}", {**_LOGS, "until": "--until"}, ignored=_STREAMS, prints="stdout", streams=True
    ),
    "ContainerChanges": Command("container diff {id}"),
    "ContainerExport": Command("container export {id}"),
    "ContainerStats": Command(
        "container stats {id}", {"stream": Flag("--no-stream", "inverted")}, ignored=frozenset({"one-shot"})
    ),
    "ContainerStart": Command("container start {id}"),
    "ContainerStop": Command("container stop {id}", _STOP),
    "ContainerRestart": Command("container restart {id}", _STOP),
    "ContainerKill": Command("container kill {id}", {"signal": "--signal"}),
    "ContainerUpdate": Command("container update {id}", body=_LIMITS),
    "ContainerRename": Command("container rename {id} {name}"),
    "ContainerPause": Command("container pause {id}"),
    "ContainerUnpause": Command("container unpause {id}"),
    "ContainerAttach": Command(
        "container attach {id}", ignored=_STREAMS, prints="stdout", streams=True, in_background=False
    ),
    "ContainerWait": Command("container wait {id}", prints="body.StatusCode"),
    "ContainerDelete": Command("container rm {id}", {**_FORCE, "v": "--volumes", "link": "--link"}),
    "ContainerPrune": Command("container prune --force", _FILTERS),
    "ContainerArchive": Command("container cp {id}:{path} -"),
    "PutContainerArchive": Command("container cp - {id}:{path}", folder="pipe"),
    "ContainerExec": Command("", body=_EXEC, ignored=_ATTACHED, exec="create"),
    "ExecStart": Command("container exec", exec="start", prints="stdout", streams=True),
    "ImageList": Command("image ls", {**_LIST, "digests": "--digests"}),
    "ImageBuild": Command(
        "image build", _BUILD, ignored=frozenset({"rm"}), prints="items.aux.ID", quiet="--quiet", folder="argument"
    ),
    "ImageCreate": Command("image pull {fromImage}:{tag}", {"platform": "--platform"}, all_tags=("fromImage", "tag")),
    "ImageCreate?fromSrc": Command(
        "image import {fromSrc} {repo}:{tag}",
        {"changes": "--change", "message": "--message", "platform": "--platform"},
        prints="items.status",
    ),
    "ImageInspect": Command("image inspect {name}", json=True),
    "ImageHistory": Command("image history {name}"),
    "ImagePush": Command("image push {name}:{tag}", all_tags=("name", "tag")),
    "ImageTag": Command("image tag {name} {repo}:{tag}"),
    "ImageDelete": Command("image rm {name}", {**_FORCE, "noprune": "--no-prune"}),
    "ImageSearch": Command("search {term}", {**_FILTERS, "limit": "--limit"}),
    "ImagePrune": Command("image prune --force", _FILTERS),
    "ImageCommit": Command(
        "container commit {container} {repo}:{tag}",
        {"author": "--author", "comment": "--message", "pause": "--pause", "changes": "--change"},
        prints="body.Id",
    ),
    "ImageGet": Command("image save {name}"),
    "ImageGetAll": Command("image save {names}"),
    "ImageLoad": Command("image load", {"quiet": "--quiet"}),
    "BuildPrune": Command("builder prune --force", _LIST),
    "SystemInfo": Command("system info"),
    "SystemVersion": Command("version"),
    "SystemEvents": Command("system events", {**_FILTERS, "since": "--since", "until": "--until"}, lines=True),
    "SystemDataUsage": Command("system df"),
    "VolumeList": Command("volume ls", _FILTERS),
    "VolumeCreate": Command(
        "volume create",
        body={"Driver": "--driver", "DriverOpts": "--opt=", "Labels": "--label=", "Name": ""},
        prints="body.Name",
    ),
    "VolumeInspect": Command("volume inspect {name}", json=True),
    "VolumeDelete": Command("volume rm {name}", _FORCE),
    "VolumePrune": Command("volume prune --force", _FILTERS),
    "NetworkList": Command("network ls", _FILTERS),
    "NetworkInspect": Command("network inspect {id}", {"verbose": "--verbose"}, json=True),
    "NetworkDelete": Command("network rm {id}"),
    "NetworkCreate": Command("network create", body=_NETWORK, ignored=frozenset({"CheckDuplicate"}), prints="body.Id"),
    "NetworkConnect": Command("network connect {id}", body={**_ENDPOINT, "Container": ""}),
    "NetworkDisconnect": Command("network disconnect {id}", body={"Force": "--force", "Container": ""}),
    "NetworkPrune": Command("network prune --force", _FILTERS),
    "PluginList": Command("plugin ls", _FILTERS),
    "PluginInspect": Command("plugin inspect {name}", json=True),
    "PluginDelete": Command("plugin rm {name}", _FORCE),
    "PluginEnable": Command("plugin enable {name}", {"timeout": "--timeout"}),
    "PluginDisable": Command("plugin disable {name}", _FORCE),
    "PluginPush": Command("plugin push {name}"),
    "NodeList": Command("node ls", _FILTERS),
    "NodeInspect": Command("node inspect {id}", json=True),
    "NodeUpdate": Command(
        "node update {id}", body={"Role": "--role", "Availability": "--availability"}, ignored=frozenset({"version"})
    ),
    "NodeDelete": Command("node rm {id}", _FORCE),
    "SwarmInit": Command(
        "swarm init",
        body={
            "AdvertiseAddr": "--advertise-addr",
            "ListenAddr": "--listen-addr",
            "ForceNewCluster": "--force-new-cluster",
        },
    ),
    "SwarmJoin": Command(
        "swarm join",
        body={
            "AdvertiseAddr": "--advertise-addr",
            "ListenAddr": "--listen-addr",
            "JoinToken": "--token",
            "RemoteAddrs": "",
        },
    ),
    "SwarmLeave": Command("swarm leave", _FORCE),
    "SwarmUnlockkey": Command("swarm unlock-key --quiet", prints="body.UnlockKey"),
    "ServiceList": Command("service ls", _FILTERS, ignored=frozenset({"status"})),
    "ServiceCreate": Command("service create --detach", body=_SERVICE, prints="body.ID"),
    "ServiceInspect": Command("service inspect {id}", json=True),
    "ServiceDelete": Command("service rm {id}"),
    "ServiceLogs": Command("service logs {id}", _LOGS, ignored=_STREAMS, streams=True),
    "TaskInspect": Command("inspect --type task {id}", json=True),
    "TaskLogs": Command("service logs {id}", _LOGS, ignored=_STREAMS, streams=True),
    "SecretList": Command("secret ls", _FILTERS),
    "SecretInspect": Command("secret inspect {id}", json=True),
    "SecretDelete": Command("secret rm {id}"),
    "ConfigList": Command("config ls", _FILTERS),
    "ConfigInspect": Command("config inspect {id}", json=True),
    "ConfigDelete": Command("config rm {id}"),
}
