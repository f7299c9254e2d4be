"""Where an engine is: an address, how to trust it, and who said so."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Scheme = Literal["unix", "tcp", "ssh"]


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How to speak TLS. Without ``ca`` the system's authorities are trusted; ``verify`` covers chain and host name."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address. ``url`` is for people and holds no credentials; ``source`` names the flag, variable or
    context it came from. ``path`` belongs to ``unix`` (and to ``ssh``: the socket over there), ``host`` and ``port``
    to the others."""

    url: str
    scheme: Scheme
    source: str
    path: str | None = None
    host: str = ""
    port: int | None = None
    user: str | None = None
    tls: TlsSettings | None = None

    @property
    def exposed(self) -> bool:
        """Plain tcp to another machine: whoever can listen in can take over the engine."""
        return self.scheme == "tcp" and self.tls is None and not _is_loopback(self.host)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
