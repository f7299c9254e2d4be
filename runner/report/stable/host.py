"""Replaces facts of the host that an engine runs on by those of a typical one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.report.treatments import Host

_EVERYWHERE: Final[Mapping[str, Any]] = {
    "KernelVersion": "6.1.0",
    "OperatingSystem": "Linux",
    "Kernel": "6.1.0",
    "CertIssuerSubject": "c0ffee",
    "CertIssuerPublicKey": "c0ffee",
    "TrustRoot": "-----BEGIN CERTIFICATE-----\nc0ffee\n-----END CERTIFICATE-----\n",
    "execDuration": "1",
    "com.docker.network.driver.overlay.vxlanid_list": "4097",
}
_TOP_LEVEL: Final[Mapping[Host | None, Mapping[str, Any]]] = {
    "info": {
        "Name": "host",
        "OSVersion": "1",
        "NCPU": 4,
        "MemTotal": 8_589_934_592,
        "MemFree": 4_294_967_296,
        "SwapTotal": 0,
        "SwapFree": 0,
        "Uptime": "1h",
        "Driver": "overlay2",
        "DriverStatus": [],
        "DockerRootDir": "/var/lib/docker",
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
        "Warnings": [],
        "Containers": 1,
        "ContainersRunning": 1,
        "ContainersPaused": 0,
        "ContainersStopped": 0,
        "Images": 1,
        "NFd": 32,
        "NGoroutines": 48,
        "NEventsListener": 0,
    },
    "container": {"Driver": "overlay2"},
}
_DEEP: Final[Mapping[Host | None, Mapping[str, Any]]] = {
    "node": {"Hostname": "host", "NanoCPUs": 4_000_000_000, "MemoryBytes": 8_589_934_592},
}


def facts(host: Host | None, body: Any) -> Any:
    """Return an answer with the facts of a typical host in place of this one's."""
    if isinstance(body, Mapping) and host in _TOP_LEVEL:
        known = _TOP_LEVEL[host]
        body = {name: known.get(name, value) if value is not None else None for name, value in body.items()}
    return _deep(body, {**_EVERYWHERE, **_DEEP.get(host, {})})


def _deep(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: known[name] if name in known and part else _deep(part, known) for name, part in value.items()}
    return [_deep(part, known) for part in value] if isinstance(value, list) else value
