"""Descriptions of the fields of request bodies, in our own words: what an editor shows while an author writes a body.

A field is named by the API's type (or, where the type has no name, the operation) and its path below it. Each text says
what the field does, its unit, and what a value looks like.
"""

from __future__ import annotations

from schemas.fields.container import CONTAINER
from schemas.fields.host import HOST
from schemas.fields.network import NETWORK
from schemas.fields.service import SERVICE
from schemas.fields.swarm import SWARM

FIELDS: dict[str, dict[str, str]] = {**CONTAINER, **HOST, **NETWORK, **SERVICE, **SWARM}
SAME = {
    "ContainerConfig": "ContainerCreate",
    "ContainerUpdate": "HostConfig",
    "ServiceUpdate": "ServiceCreate",
    "SecretCreate": "SecretSpec",
    "ConfigCreate": "ConfigSpec",
}
"""Types and operations that have the fields of another one."""


def description(place: str) -> str | None:
    """Return the description of a field such as ``HostConfig.LogConfig.Type``, None if it has none."""
    owner, _, path = place.partition(".")
    return FIELDS.get(SAME.get(owner, owner), {}).get(path)
