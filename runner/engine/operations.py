"""The table of the API's operations: one row each, facts only.

The rows are read from ``operations.json``, which ``python -m schemas.make`` extracts from the API's own description
files; what those can't say (aliases, errors inside a 200, where labels go) is in the hand-written overlay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ParamPlace = Literal["path", "query", "header"]
ParamType = Literal["string", "integer", "number", "boolean", "array", "filters", "json"]
BodyKind = Literal["json", "tar", "bytes"]
Answer = Literal["none", "json", "text", "tar", "output", "items", "progress", "upgrade"]


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of an operation, by its API name.

    ``filters`` is a mapping sent as JSON of string lists; ``json`` any value sent as JSON text; an ``array`` is
    repeated in the query, unless ``joined``, when its elements go into one value with commas. ``since`` is the first
    API version that has it.
    """

    name: str
    place: ParamPlace
    type: ParamType
    required: bool = False
    default: Any = None
    allowed: tuple[Any, ...] = ()
    since: str = "1.25"
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``name`` is ``noun.verb``; ``id`` the API's operationId; ``path`` has ``{id}`` places.

    ``answer`` is what a success brings: ``output`` is a container's multiplexed or raw output, ``items`` a stream of
    JSON values, ``progress`` a stream of JSON values that can hold an error, ``upgrade`` raw bytes both ways.
    ``endless`` says under which parameters the answer does not end by itself. ``labels`` is where the runner's labels
    go (``body.Labels``, ``query.labels``). ``slow`` operations have ten minutes instead of one.
    """

    name: str
    id: str
    method: str
    path: str
    aliases: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    success: tuple[int, ...] = (200,)
    answer: Answer = "json"
    body: BodyKind | None = None
    body_required: bool = False
    stdin: bool = False
    endless: str | None = None
    labels: str | None = None
    slow: bool = False
    since: str = "1.25"
