"""Facts about the engines that speak this API: their names, their usual sockets, headers that hold credentials."""

from __future__ import annotations

from typing import Final

DEFAULT_SOCKET: Final = "/var/run/docker.sock"
PODMAN_SOCKET: Final = "/run/podman/podman.sock"

ENGINE_NAMES: Final = {"docker": "Docker Engine", "podman": "Podman"}
"""The names that people know the engines by."""

REGISTRY_HEADERS: Final = frozenset({"x-registry-auth", "x-registry-config"})
"""Request headers that hold registry credentials, in lower case."""
CREDENTIAL_HEADERS: Final = REGISTRY_HEADERS | {"authorization"}
"""Request headers that are never shown or written, in lower case."""
