"""Profiles what a client program asks of an engine: operations, API versions, and how it finds its version."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from runner.api.compatibility import missing_in
from runner.api.missing import MISSING
from runner.api.operations import Operation, by_id, oldest_api, version_key
from runner.engine.http.parser import RequestHead, ResponseHead
from runner.errors import UsageError
from runner.proxy.allow_lists import Route
from runner.proxy.conversation import End
from runner.proxy.matching import Call, call_of

PROFILE_VERSION: Final = 1
MAX_BODY: Final = 1024 * 1024
"""Bytes of a JSON body that are read for its fields."""

_NEGOTIATION: Final = frozenset(("system.ping", "system.ping_head", "system.version"))
_OPAQUE: Final = frozenset(("/session", "/grpc"))
Versioning = Literal["negotiates", "pins", "unversioned", "mixed"]


class Need(NamedTuple):
    """An API version that is needed, and for what: ``1.44``, ``the parameter platform``; ``until`` is the last
    version that has it, where it is gone again."""

    version: str
    reason: str
    until: str | None = None


@dataclass(slots=True)
class Use:
    """A route as it was used. ``versions`` are those in the paths, with None for none; ``sources`` are the runs."""

    method: str
    template: str
    operation: str | None
    count: int = 0
    refused: int = 0
    cut: int = 0
    versions: set[str | None] = field(default_factory=set)
    needs: set[Need] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)

    @property
    def route(self) -> Route:
        return Route(self.method, self.template, frozenset(version is not None for version in self.versions))

    @property
    def libpod(self) -> bool:
        """Return whether it belongs to Podman's own API, whose versions are Podman's."""
        return self.template.startswith("/libpod/")


class Profile:
    """The uses of one or several runs. Thread-safe while it is being made."""

    def __init__(self, source: str) -> None:
        self.sources = [source]
        self.uses: dict[tuple[str, str], Use] = {}
        self.pinged = False
        self.engine_versions: set[str] = set()
        self.notes: list[str] = []
        self._lock = threading.Lock()

    @property
    def calls(self) -> int:
        return sum(use.count for use in self.uses.values())

    @property
    def routes(self) -> tuple[Route, ...]:
        return tuple(sorted(use.route for use in self.uses.values()))

    @property
    def opaque(self) -> tuple[Use, ...]:
        """Return what was passed without being understood: BuildKit's session and its gRPC."""
        return tuple(use for use in self.uses.values() if use.template in _OPAQUE)

    @property
    def spoken(self) -> tuple[str, ...]:
        """The API versions in the paths, oldest first."""
        versions = {
            version for use in self.uses.values() if not use.libpod for version in use.versions if version is not None
        }
        return tuple(sorted(versions, key=version_key))

    @property
    def versioning(self) -> Versioning:
        """Return how the client finds its version. One that asks the engine for its version first, and then uses
        versions in its paths, negotiates; one that uses them without asking pins."""
        versioned = any(None not in use.versions or len(use.versions) > 1 for use in self._beyond_negotiation())
        unversioned = any(None in use.versions for use in self._beyond_negotiation())
        if versioned and unversioned:
            return "mixed"
        if not versioned:
            return "negotiates" if self.pinged and not unversioned else "unversioned"
        return "negotiates" if self.pinged else "pins"

    @property
    def needed(self) -> Need | None:
        """The newest API version that anything used needs; None where the oldest that is known will do."""
        needs = [need for use in self.uses.values() for need in use.needs if need.until is None]
        newest = max(needs, key=lambda need: (version_key(need.version), need.reason), default=None)
        return newest if newest and version_key(newest.version) > version_key(oldest_api()) else None

    @property
    def gone(self) -> tuple[Need, ...]:
        """Return what newer API versions do not have any more."""
        return tuple(sorted({need for use in self.uses.values() for need in use.needs if need.until is not None}))

    @property
    def newest_spoken(self) -> str | None:
        """The newest version in the paths, if it is older than what every engine offered: the newest that the client
        knows, or one that it was told."""
        offered = min(self.engine_versions, key=version_key, default=None)
        if not self.spoken or offered is None or version_key(self.spoken[-1]) >= version_key(offered):
            return None
        return self.spoken[-1]

    @property
    def newest_offered(self) -> str | None:
        """The newest version that an engine offered."""
        return max(self.engine_versions, key=version_key, default=None)

    def _beyond_negotiation(self) -> list[Use]:
        return [use for use in self.uses.values() if use.operation not in _NEGOTIATION and not use.libpod]

    def add(self, call: Call, *, body: Any = MISSING, status: int | None = None, cut: bool = False) -> None:
        """Count a call; ``cut``: the engine broke its response off."""
        with self._lock:
            key = (call.method, call.template)
            use = self.uses.get(key)
            if use is None:
                name = call.operation.name if call.operation else None
                use = self.uses[key] = Use(call.method, call.template, name, sources={self.sources[0]})
            use.count += 1
            use.refused += status in (403, 405)
            use.cut += cut
            use.versions.add(call.version)
            if call.operation is not None:
                if call.operation.name not in _NEGOTIATION:
                    use.needs |= set(_needs(call.operation, call.params, body))
                elif call.version is None and not self.spoken:
                    self.pinged = True

    def saw_engine(self, api_version: str) -> None:
        """Note which version the engine offered."""
        with self._lock:
            self.engine_versions.add(api_version)

    def note(self, reason: str) -> None:
        """Note bytes that were passed and could not be understood."""
        with self._lock:
            if reason not in self.notes:
                self.notes.append(reason)

    def merge(self, other: Profile) -> None:
        """Add what another run used."""
        self.sources += [source for source in other.sources if source not in self.sources]
        self.pinged = self.pinged or other.pinged
        self.engine_versions |= other.engine_versions
        for key, use in other.uses.items():
            mine = self.uses.setdefault(key, Use(use.method, use.template, use.operation))
            mine.count += use.count
            mine.refused += use.refused
            mine.versions |= use.versions
            mine.needs |= use.needs
            mine.sources |= use.sources


def _needs(operation: Operation, params: Mapping[str, Any], body: Any) -> Iterable[Need]:
    """Return the operation itself, and what of it is younger than the oldest known version or gone again."""
    yield Need(operation.since, operation.name)
    oldest = operation.since
    for lack in missing_in(operation, params, _given(body), oldest):
        yield Need(lack.since, f"the {lack.kind} {lack.name} of {operation.name}")
    for param in operation.params:
        if param.until is not None and params.get(param.name) is not None:
            yield Need(param.since, f"the parameter {param.name} of {operation.name}", param.until)


def _given(body: Any) -> Any:
    """Return the body without fields that say nothing: clients send all the fields that they know, with zeros in
    them."""
    if isinstance(body, Mapping):
        kept = {name: _given(value) for name, value in body.items()}
        return {name: value for name, value in kept.items() if value or value is MISSING}
    return [_given(value) for value in body] if isinstance(body, list) else body


class Profiler:
    """Listens to one exchange for a profile; keeps no more of it than a JSON body's fields."""

    def __init__(self, profile: Profile, head: RequestHead) -> None:
        self._profile = profile
        self._call = call_of(head.method, head.target)
        self._json = self._call.operation is not None and self._call.operation.body == "json"
        self._body = bytearray()
        self._status: int | None = None

    def sent_body(self, data: bytes) -> None:
        if self._json and len(self._body) <= MAX_BODY:
            self._body += data

    def answered(self, head: ResponseHead) -> None:
        self._status = head.status
        if api_version := head.headers.get("Api-Version"):
            self._profile.saw_engine(api_version)

    def hijacked(self) -> None: ...

    def received(self, data: bytes) -> None: ...

    def sent_input(self, data: bytes) -> None: ...

    def closed_input(self) -> None: ...

    def ended(self, end: End) -> None:
        self._profile.add(self._call, body=self._fields(), status=self._status, cut=end == "cut")

    def _fields(self) -> Any:
        if not self._body or len(self._body) > MAX_BODY:
            return MISSING
        try:
            return json.loads(self._body)
        except (ValueError, RecursionError):
            return MISSING


def profiler(profile: Profile) -> Callable[[RequestHead], Profiler]:
    """Return what makes the listener of each exchange."""
    return lambda head: Profiler(profile, head)


def to_json(profile: Profile) -> dict[str, Any]:
    """Return the profile as a file keeps it."""
    return {
        "profile_version": PROFILE_VERSION,
        "sources": profile.sources,
        "pinged": profile.pinged,
        "engine_versions": sorted(profile.engine_versions, key=version_key),
        "uses": [
            {
                "method": use.method,
                "path": use.template,
                "operation": use.operation,
                "count": use.count,
                "versions": sorted(use.versions, key=lambda version: version_key(version or "0")),
                "needs": [need._asdict() for need in sorted(use.needs)],
                "sources": sorted(use.sources),
            }
            for use in profile.uses.values()
        ],
    }


def from_json(value: Any, source: str) -> Profile:
    """Return a profile from its file, or from the report of a run.

    Raises:
        UsageError: ``bad-profile``, it is neither.
    """
    try:
        if isinstance(value, Mapping) and "report_version" in value:
            return _from_report(value, source)
        if isinstance(value, Mapping) and value.get("profile_version") == PROFILE_VERSION:
            return _from_profile(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError("bad-profile", f"{source} is broken: {error!r}") from None
    raise UsageError("bad-profile", f"{source} is neither a profile nor a report of a run")


def _from_profile(value: Mapping[str, Any]) -> Profile:
    profile = Profile(value["sources"][0])
    profile.sources = list(value["sources"])
    profile.pinged = bool(value["pinged"])
    profile.engine_versions = set(value["engine_versions"])
    for use in value["uses"]:
        profile.uses[use["method"], use["path"]] = Use(
            use["method"],
            use["path"],
            use["operation"],
            int(use["count"]),
            0,
            0,
            set(use["versions"]),
            {Need(**need) for need in use["needs"]},
            set(use["sources"]),
        )
    return profile


def _from_report(value: Mapping[str, Any], source: str) -> Profile:
    """Return the requests of a run. It negotiates its version unless it was told one, which a report does not say."""
    profile = Profile(source)
    profile.pinged = True
    profile.saw_engine(value["engine"]["api_version"])
    for scenario in value["scenarios"]:
        for step in _steps(scenario["steps"]):
            request = step.get("request")
            if request:
                call = call_of(request["method"], request["path"])
                operation = by_id(step["operation"]) if step.get("operation") else call.operation
                call = call._replace(operation=operation, params={**request["query"], **call.params})
                body = request.get("body")
                profile.add(call, body=MISSING if body is None else body)
    return profile


def _steps(steps: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for step in steps:
        yield step
        for inner in ("each", "steps"):
            yield from _steps(step.get(inner) or ())
