"""Which command of the docker CLI makes which call: one row an operation.

https://docs.docker.com/reference/cli/docker/; an operation without a row has no equivalent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Command(NamedTuple):
    """``words`` hold path parameters in braces, and query parameters that stand without a flag; one that is not given
    is left out. ``flags`` are for the other query parameters, ``body`` for parts of the body by their dotted names.

    A flag that ends in ``=`` takes a mapping as ``name=value`` pairs; a part of the body with the flag ``""`` stands
    at the end, without one. ``ignored`` is what the command does by itself. ``prints`` is what it prints, so that a
    capture of it can be one of the output (or the flag with which it prints the id alone); ``json`` says that it prints
    the same JSON as the API, in a list.
    """

    words: str
    flags: Mapping[str, str] = {}
    body: Mapping[str, str] | None = None
    ignored: frozenset[str] = frozenset()
    prints: str | None = None
    json: bool = False


_STREAMS = frozenset({"stream", "stdout", "stderr", "logs"})
_LIMITS = {
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
    "RestartPolicy": "--restart",
}
_HOST = {
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
    "Mounts": "--mount",
    "LogConfig.Config": "--log-opt=",
    "LogConfig.Type": "--log-driver",
    "NetworkMode": "--network",
    "PidMode": "--pid",
    "PortBindings": "--publish",
    "Privileged": "--privileged",
    "PublishAllPorts": "--publish-all",
    "ReadonlyRootfs": "--read-only",
    "Runtime": "--runtime",
    "SecurityOpt": "--security-opt",
    "ShmSize": "--shm-size",
    "Sysctls": "--sysctl=",
    "VolumesFrom": "--volumes-from",
}
_CREATE = {
    "Domainname": "--domainname",
    "Env": "--env",
    "ExposedPorts": "--expose",
    "Hostname": "--hostname",
    "Labels": "--label=",
    "OpenStdin": "--interactive",
    "StopSignal": "--stop-signal",
    "StopTimeout": "--stop-timeout",
    "Tty": "--tty",
    "User": "--user",
    "WorkingDir": "--workdir",
    **{f"HostConfig.{name}": flag for name, flag in _HOST.items()},
    "Entrypoint": "--entrypoint",
    "Image": "",
    "Cmd": "",
}
_ATTACHED = frozenset({"AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce"})
_NETWORK = {
    "Driver": "--driver",
    "Options": "--opt=",
    "Internal": "--internal",
    "Attachable": "--attachable",
    "EnableIPv6": "--ipv6",
    "Labels": "--label=",
    "IPAM.Driver": "--ipam-driver",
    "Name": "",
}
_ENDPOINT = {
    "EndpointConfig.Aliases": "--alias",
    "EndpointConfig.Links": "--link",
    "EndpointConfig.IPAMConfig.IPv4Address": "--ip",
    "EndpointConfig.IPAMConfig.IPv6Address": "--ip6",
}
_SERVICE = {
    "Name": "--name",
    "Labels": "--label=",
    "Mode.Replicated.Replicas": "--replicas",
    "TaskTemplate.ContainerSpec.Env": "--env",
    "TaskTemplate.ContainerSpec.Labels": "--container-label=",
    "TaskTemplate.ContainerSpec.User": "--user",
    "TaskTemplate.ContainerSpec.Dir": "--workdir",
    "TaskTemplate.RestartPolicy.Condition": "--restart-condition",
    "TaskTemplate.RestartPolicy.MaxAttempts": "--restart-max-attempts",
    "TaskTemplate.ContainerSpec.Image": "",
    "TaskTemplate.ContainerSpec.Command": "",
    "TaskTemplate.ContainerSpec.Args": "",
}
_LIST = {"all": "--all", "filters": "--filter"}
_FILTERS = {"filters": "--filter"}
_FORCE = {"force": "--force"}
_STOP = {"t": "-t", "signal": "--signal"}  # -t is --time in old versions, --timeout in new ones
_LOGS = {"follow": "--follow", "tail": "--tail", "since": "--since", "timestamps": "--timestamps"}
_BUILD = {
    "buildargs": "--build-arg=",
    "dockerfile": "--file",
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
    "ContainerList": Command("container ls", {**_LIST, "limit": "--last", "size": "--size"}),
    "ContainerCreate": Command(
        "container create", {"name": "--name", "platform": "--platform"}, _CREATE, _ATTACHED, prints="body.Id"
    ),
    "ContainerInspect": Command("container inspect {id}", {"size": "--size"}, json=True),
    "ContainerTop": Command("container top {id} {ps_args}"),
    "ContainerLogs": Command("container logs {id}", {**_LOGS, "until": "--until"}, ignored=_STREAMS, prints="stdout"),
    "ContainerChanges": Command("container diff {id}"),
    "ContainerExport": Command("container export {id}"),
    "ContainerStats": Command("container stats {id}", {"stream": "--no-stream"}, ignored=frozenset({"one-shot"})),
    "ContainerStart": Command("container start {id}"),
    "ContainerStop": Command("container stop {id}", _STOP),
    "ContainerRestart": Command("container restart {id}", _STOP),
    "ContainerKill": Command("container kill {id}", {"signal": "--signal"}),
    "ContainerUpdate": Command("container update {id}", body=_LIMITS),
    "ContainerRename": Command("container rename {id} {name}"),
    "ContainerPause": Command("container pause {id}"),
    "ContainerUnpause": Command("container unpause {id}"),
    "ContainerAttach": Command("container attach {id}", ignored=_STREAMS, prints="stdout"),
    "ContainerWait": Command("container wait {id}", prints="body.StatusCode"),
    "ContainerDelete": Command("container rm {id}", {**_FORCE, "v": "--volumes", "link": "--link"}),
    "ContainerPrune": Command("container prune --force", _FILTERS),
    "ContainerArchive": Command("container cp {id}:{path} -"),
    "PutContainerArchive": Command("container cp - {id}:{path}"),
    "ImageList": Command("image ls", {**_LIST, "digests": "--digests"}),
    "ImageBuild": Command("image build", _BUILD, ignored=frozenset({"rm"}), prints="--quiet"),
    "ImageCreate": Command("image pull {fromImage}:{tag}", {"platform": "--platform"}),
    "ImageInspect": Command("image inspect {name}", json=True),
    "ImageHistory": Command("image history {name}"),
    "ImagePush": Command("image push {name}:{tag}"),
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
    "SystemEvents": Command("system events", {**_FILTERS, "since": "--since", "until": "--until"}),
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
    "ServiceLogs": Command("service logs {id}", _LOGS, ignored=_STREAMS),
    "TaskInspect": Command("inspect --type task {id}", json=True),
    "TaskLogs": Command("service logs {id}", _LOGS, ignored=_STREAMS),
    "SecretList": Command("secret ls", _FILTERS),
    "SecretInspect": Command("secret inspect {id}", json=True),
    "SecretDelete": Command("secret rm {id}"),
    "ConfigList": Command("config ls", _FILTERS),
    "ConfigInspect": Command("config inspect {id}", json=True),
    "ConfigDelete": Command("config rm {id}"),
}
