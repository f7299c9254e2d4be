"""Says which resource a request is about, whether it changes it, and under which names the recording knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from runner.engine.recordings.recording import RecordedExchange, RecordedResponse
from runner.proxy.matching import Call

EVERYTHING: Final = "*"
"""The resource of what shows all of an engine: info, events, disk usage, tasks."""

_READING: Final = frozenset(
    (
        "container.wait",
        "container.attach",
        "container.resize",
        "exec.resize",
        "system.auth",
        "swarm.unlockkey",
        "session",
    )
)
"""Operations that change nothing although they are not a GET."""
_OVERVIEWS: Final = frozenset(("system", "task", "node", "distribution", "session", "build"))
_MIN_PREFIX: Final = 4


def changes(call: Call) -> bool:
    """Return whether a request changes something."""
    if call.method in ("GET", "HEAD"):
        return False
    if call.operation is not None:
        return call.operation.name not in _READING
    return call.path.rsplit("/", 1)[-1] not in ("wait", "attach", "resize", "session", "grpc", "shouldrestart")


class Names:
    """The names of one kind of resource: a container is the same by its id, the beginning of it, and its name."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def learn(self, identity: str, names: Iterable[str]) -> None:
        """Take the names of an id."""
        for name in (identity, *names):
            self._ids.setdefault(name, identity)

    def identity(self, name: str) -> str:
        """Return the id that a name or the beginning of an id stands for; the name itself where none is known."""
        bare = name.removeprefix("/")
        if bare in self._ids:
            return self._ids[bare]
        matches = {identity for identity in self._ids.values() if identity.startswith(bare)}
        return matches.pop() if len(bare) >= _MIN_PREFIX and len(matches) == 1 else bare


class Directory:
    """The names of every kind, as a recording's requests and responses tell them."""

    def __init__(self, exchanges: Iterable[tuple[Call, RecordedExchange]]) -> None:
        self._kinds: dict[str, Names] = {}
        for call, exchange in exchanges:
            if isinstance(exchange.outcome, RecordedResponse):
                for value in _values(exchange.outcome):
                    self._learn(call, value)

    def resource(self, call: Call) -> str:
        """Return the resource that a request is about: ``container/65e5…``, ``container`` for all of them, or
        everything."""
        kind = kind_of(call)
        if kind in _OVERVIEWS:
            return EVERYTHING
        name = _name_in(call)
        return kind if name is None else f"{kind}/{self.identity(kind, name)}"

    def created(self, call: Call, exchange: RecordedExchange) -> str | None:
        """Return the resource that a request has made."""
        if not isinstance(exchange.outcome, RecordedResponse):
            return None
        for value in _values(exchange.outcome):
            identity = value.get("Id") or value.get("ID") or value.get("Name")
            if isinstance(identity, str):
                kind = "exec" if call.operation and call.operation.name == "container.exec" else kind_of(call)
                return f"{kind}/{identity}"
        return None

    def identity(self, kind: str, name: str) -> str:
        names = self._kinds.get(kind)
        return names.identity(name) if names else name

    def _learn(self, call: Call, value: Mapping[str, Any]) -> None:
        identity = value.get("Id") or value.get("ID")
        if not isinstance(identity, str):
            return
        spec = value.get("Spec")
        names = [
            value.get("Name"),
            *_texts(value.get("Names")),
            spec.get("Name") if isinstance(spec, Mapping) else None,
        ]
        if call.operation is not None and call.operation.name.endswith(".create"):
            names.append(call.params.get("name"))
        kind = "exec" if call.operation and call.operation.name == "container.exec" else kind_of(call)
        known = self._kinds.setdefault(kind, Names())
        known.learn(identity, [name.removeprefix("/") for name in names if isinstance(name, str) and name])


def affected(resource: str) -> tuple[str, ...]:
    """Return the resources whose state a change to one can be seen in."""
    kind = resource.partition("/")[0]
    return (resource, kind, EVERYTHING) if kind != resource else (kind, EVERYTHING)


def kind_of(call: Call) -> str:
    """``container``, ``image``, …; for Podman's own API by its path."""
    if call.operation is not None:
        return call.operation.noun
    parts = [part for part in call.path.split("/") if part and part != "libpod"]
    return parts[0].removesuffix("s") if parts else EVERYTHING


def _name_in(call: Call) -> str | None:
    if call.operation is not None:
        params = call.operation.path_params
        value = call.params.get(params[0].name) if params else None
        return value if isinstance(value, str) else None
    parts = [part for part in call.path.split("/") if part and part != "libpod"]
    return parts[1] if len(parts) > 1 and parts[1] not in ("json", "create", "prune", "pull") else None


def _values(response: RecordedResponse) -> Iterator[Mapping[str, Any]]:
    for part in response.body:
        if part.form == "json":
            content = part.content if isinstance(part.content, list) else [part.content]
            yield from (value for value in content if isinstance(value, Mapping))


def _texts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
