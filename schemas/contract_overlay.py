"""Lists errors of the API's descriptions: what every engine answers is right there, and a row says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

STATUSES: Mapping[str, tuple[int, ...]] = {
    # Its request asks to upgrade the connection, as attach does, whose description has 101; every engine grants it.
    "ExecStart": (101,),
}
"""Statuses of operations that every description leaves out."""


class Correction(NamedTuple):
    """Replaces keys of the schema at ``place``, the end of the path below an operation and status, where it says
    ``wrong``. ``why`` is for people."""

    place: tuple[str, ...]
    wrong: Mapping[str, Any]
    right: Mapping[str, Any]
    why: str


CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        ("NetworkSettings", "Ports"),
        {"type": "array"},
        {"type": "object", "items": None},
        "Versions up to 1.31 call the ports a list; engines have always answered a map by port, as later ones say.",
    ),
    *(
        Correction(
            ("RestartPolicy", "Name"),
            {"enum": [*empty, "always", "unless-stopped", "on-failure"]},
            {"enum": ["", "no", "always", "unless-stopped", "on-failure"]},
            "Versions up to 1.39 leave out what a container without a policy has: an empty text or 'no'.",
        )
        for empty in ((), ("",))
    ),
)


def corrected(place: tuple[str, ...], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as it should be."""
    for row in CORRECTIONS:
        is_there = place[-len(row.place) :] == row.place
        if is_there and all(schema.get(key) == value for key, value in row.wrong.items()):
            schema = {key: value for key, value in {**schema, **row.right}.items() if value is not None}
    return schema
