"""Describes the API's operations: a table with one row each, facts only.

The rows are read from ``operations.json``, which ``python -m schemas.make`` extracts from the API's own description
files; facts that those don't have (aliases, errors inside a 200, where labels go) are in the hand-written overlay,
``schemas/overlay.py``. Reading the file takes less than a millisecond, and a row becomes an :class:`Operation` only
when it is looked up, because every start of the command pays for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

ParamPlace = Literal["path", "query", "header"]
ParamType = Literal["string", "integer", "number", "boolean", "array", "filters", "json", "auth", "time"]
BodyKind = Literal["json", "tar"]
AnswerKind = Literal["none", "json", "text", "tar", "output", "items", "progress", "upgrade"]
Upgrade = Literal["tcp", "websocket", "h2c"]
TtyFact = Literal["creates", "body", "container", "always"]
RegistryFact = Literal["login", "all", "reference"]

REFERENCE = "https://docs.docker.com/reference/api/engine/version"


class Param(NamedTuple):
    """A parameter of an operation, by its API name.

    ``filters`` is a mapping sent as JSON of string lists; ``json`` any value sent as JSON text; ``auth`` registry
    credentials sent as base64url of JSON; ``time`` a point in time sent as Unix seconds; an ``array`` is a repeated
    name, whose elements are ``json`` if ``of_json`` is true. One that is sent ``always`` has its default where a call
    gives none. ``since`` is the first API version that has it, ``until`` the last one if it is gone again.
    """

    name: str
    place: ParamPlace = "query"
    type: ParamType = "string"
    required: bool = False
    default: Any = None
    allowed: tuple[Any, ...] = ()
    of_json: bool = False
    always: bool = False
    since: str = "1.25"
    until: str | None = None


class Operation(NamedTuple):
    """One operation. ``name`` is ``noun.verb``; ``id`` the API's operationId; ``path`` has ``{id}`` places.

    ``answer`` is the kind of a successful response: ``output`` is a container's multiplexed or raw output, ``items`` a
    stream of JSON values, ``progress`` a stream of JSON values that may contain an error, ``upgrade`` raw bytes both
    ways; see :meth:`answer_for`. With ``empty_body`` the engine wants ``{}`` rather than no body. ``upgrade`` is the
    protocol that the request asks to switch to. ``in_band`` is where a success can hide an error, besides a stream of
    progress: in the ``body``, or as JSON behind the end of the ``tar``. ``endless`` names the flag with which the
    response has no end, or after a ``!`` the parameter without which it has none. ``labels`` is where the runner's
    labels go (``body.Labels``, ``query.changes``). ``slow`` operations have ten minutes by default,
    others one.

    ``tty`` is where it is decided whether output is from a terminal, and so is raw: the operation ``creates`` a
    terminal if the body's ``Tty`` is true; the ``body`` of this call has ``Tty``; the ``container`` of the parameter
    ``id`` has ``Config.Tty``, which inspect shows; or the output is ``always`` raw. ``registry`` is whose credentials
    the call needs: it is a ``login`` with its own; ``all`` registries', since a build may pull from any; or those for
    the registry of the ``reference`` at ``image`` (``query.fromImage``, ``path.name``,
    ``body.TaskTemplate.ContainerSpec.Image``), see :meth:`image_reference`. With one of the parameters
    ``keeps_credentials`` the engine uses those that it has. A ``build_context`` is a tar whose Dockerfile and
    ``.dockerignore`` are sent even if they are ignored.
    """

    name: str
    id: str
    method: str
    path: str
    aliases: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    success: tuple[int, ...] = (200,)
    answer: AnswerKind = "none"
    body: BodyKind | None = None
    body_required: bool = False
    empty_body: bool = False
    upgrade: Upgrade | None = None
    stdin: bool = False
    in_band: Literal["body", "tar"] | None = None
    endless: str | None = None
    labels: str | None = None
    slow: bool = False
    tty: TtyFact | None = None
    registry: RegistryFact | None = None
    image: str | None = None
    keeps_credentials: tuple[str, ...] = ()
    build_context: bool = False
    since: str = "1.25"

    @property
    def noun(self) -> str:
        return self.name.partition(".")[0]

    def param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)

    @property
    def path_params(self) -> tuple[Param, ...]:
        return tuple(param for param in self.params if param.place == "path")

    @property
    def required_params(self) -> tuple[Param, ...]:
        """The parameters that a call must have. Not registry credentials: without any, empty ones are sent."""
        return tuple(param for param in self.params if param.required and param.type != "auth")

    @property
    def sole_param(self) -> Param | None:
        """The path parameter of an operation that needs nothing else: its value alone is a whole call."""
        needed = self.required_params
        return needed[0] if len(needed) == 1 and needed[0].place == "path" and not self.body_required else None

    @property
    def needs_nothing(self) -> bool:
        return not self.required_params and not self.body_required

    @property
    def extras(self) -> tuple[str, ...]:
        """The keys that a call may have beside its parameters: what is sent, and where the response is saved.

        Attach has a flag ``stdin`` in the API already: true or false means that flag, a text is what is sent.
        """
        keys: list[str] = []
        if self.body == "json":
            keys += ["body", "body_file"]
        elif self.body == "tar":
            keys += ["body_file", "body_dir"]
        if self.stdin:
            keys += ["stdin", "stdin_file"]
        if self.answer == "tar":
            keys += ["save", "overwrite"]
        return tuple(keys)

    def reference(self, api_version: str) -> str:
        """Return the URL of the operation in the API reference, of the nearest version that describes it."""
        newest = _table()["api"]
        version = min(max(api_version, self.since, key=version_key), newest, key=version_key)
        return f"{REFERENCE}/v{version}/#operation/{self.id}"

    def is_endless(self, params: Mapping[str, Any]) -> bool:
        """Return whether the response has no end with these parameters."""
        if self.endless is None:
            return False
        if self.endless.startswith("!"):
            return params.get(self.endless[1:]) is None
        param = self.param(self.endless)
        flag = params.get(self.endless)
        return truth(param.default if flag is None and param else flag)

    def answer_for(self, params: Mapping[str, Any], body: Any = None) -> AnswerKind:
        """Return the kind of a successful response with these parameters and this body.

        ``stats`` with ``stream: false`` is a single value; an exec that is started detached has no output.
        """
        if self.answer == "items" and not (self.endless or "!").startswith("!") and not self.is_endless(params):
            return "json"
        if self.upgrade and isinstance(body, Mapping) and truth(body.get("Detach")):
            return "none"
        return self.answer

    def upgrade_for(self, body: Any = None) -> Upgrade | None:
        """Return the protocol to ask for; None for a detached exec."""
        return None if self.answer_for({}, body) == "none" else self.upgrade

    def image_reference(self, params: Mapping[str, Any], body: Any = None) -> str | None:
        """Return the image or plugin whose registry the call needs; None if it needs none."""
        if self.image is None or any(params.get(name) for name in self.keeps_credentials):
            return None
        place, *path = self.image.split(".")
        value: Any = body if place == "body" else params
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return str(value) if value else None

    def labels_for(self, params: Mapping[str, Any]) -> str | None:
        """Return where labels go with these parameters: an image that is imported takes some, a pulled one none."""
        return None if self.param("fromSrc") and not params.get("fromSrc") else self.labels


def version_key(version: str) -> tuple[int, ...]:
    """Return a key that orders API versions: 1.9 before 1.10."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def truth(value: Any) -> bool:
    """Return whether a flag is set, in any spelling: ``true``, ``1``, ``"true"``, ``"1"``."""
    return value.strip().lower() in ("1", "true") if isinstance(value, str) else bool(value)


def find(name: str) -> Operation | None:
    """Return the operation with that name or alias."""
    row = _index().get(name)
    return None if row is None else _operation(row)


def by_id(operation_id: str) -> Operation | None:
    """Return the operation with that operationId (``ContainerCreate``)."""
    for number, row in enumerate(_rows()):
        if row["id"] == operation_id:
            return _operation(number)
    return None


def all_operations() -> tuple[Operation, ...]:
    """Return every operation, in the order of the API's own description."""
    return tuple(_operation(number) for number in range(len(_rows())))


def names() -> tuple[str, ...]:
    """Return every name and alias."""
    return tuple(_index())


def newest_api() -> str:
    """Return the newest API version in the table."""
    version: str = _table()["api"]
    return version


def oldest_api() -> str:
    """Return the oldest API version that the table was compared with: no ``since`` is earlier."""
    version: str = _table()["first"]
    return version


@cache
def _table() -> dict[str, Any]:
    import json
    from pathlib import Path

    table: dict[str, Any] = json.loads(Path(__file__).with_name("operations.json").read_bytes())
    return table


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _table()["operations"]
    return rows


@cache
def _index() -> dict[str, int]:
    rows = _rows()
    index = {row["name"]: number for number, row in enumerate(rows)}
    for number, row in enumerate(rows):
        for alias in row.get("aliases", ()):
            index[alias] = number
    return index


@cache
def _operation(number: int) -> Operation:
    return from_row(_rows()[number], oldest_api())


def from_row(row: Mapping[str, Any], oldest: str) -> Operation:
    """Return a row of ``operations.json`` as an operation; one without ``since`` is as old as the oldest version."""
    since = row.get("since", oldest)
    facts = dict(row, since=since)
    for name in ("aliases", "success", "keeps_credentials"):
        if name in row:
            facts[name] = tuple(row[name])
    facts["params"] = tuple(
        Param(**{"since": since, **param, "allowed": tuple(param.get("allowed", ()))})
        for param in row.get("params", ())
    )
    return Operation(**facts)
