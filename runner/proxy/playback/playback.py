"""Chooses the recorded response for a request of any client: matching, translation, and the state of each resource.

A change (create, start, remove, …) is answered once for each time that it was recorded, in the recorded order. What
only reads is answered as often as it is asked for, by what the client has changed last on the same resource: after the
start with what was recorded after the start.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from runner.engine.recordings.recording import RecordedExchange, RecordedRequest, Recording
from runner.proxy.matching import call_of
from runner.proxy.playback.facets import Asked, asked
from runner.proxy.playback.resources import EVERYTHING, Directory, affected, changes, kind_of
from runner.proxy.playback.tokens import Translation, differs_by_run

_PLACES_OF_NAMES: Final = ("path.", "body.Container", "query.container")
"""Where a container may be named by its id or any of its names."""
_MAX_COMPARED: Final = 2000
_MAX_DIFFERENCES: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded exchange and its place in the recording. ``touches`` are the resources that it changes, ``created`` is
    the one that it makes."""

    number: int
    exchange: RecordedExchange
    asked: Asked
    resource: str
    touches: frozenset[str]
    created: str | None = None

    @property
    def changes(self) -> bool:
        return bool(self.touches)


class Choice(NamedTuple):
    """The response to give: ``remark`` says which of several it is. ``position`` is that of the newest change that
    the client has made."""

    entry: Entry
    remark: str = ""


class Miss(NamedTuple):
    """A request that was not recorded, with the nearest that was."""

    message: str
    nearest: Entry | None
    differences: tuple[str, ...] = ()


class Playback:
    """The state of the engine that a recording is played as. Thread-safe."""

    def __init__(self, recording: Recording) -> None:
        self.recording: Final = recording
        self.translation: Final = Translation()
        calls = [call_of(exchange.request.method, exchange.request.target) for exchange in recording.exchanges]
        self._directory = Directory(zip(calls, recording.exchanges, strict=True))
        self.entries: Final = tuple(self._entry(number, one) for number, one in enumerate(recording.exchanges))
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._done: set[int] = set()
        self._used: set[int] = set()
        self._last: dict[str, int] = {}
        self._closed = False

    @property
    def used(self) -> int:
        """Return how many recorded responses were given."""
        with self._lock:
            return len(self._used)

    @property
    def made(self) -> tuple[Entry, ...]:
        """Return the recorded changes that the client has made."""
        with self._lock:
            return tuple(entry for entry in self.entries if entry.number in self._done)

    def choose(self, method: str, target: str, body: Mapping[str, Any]) -> Choice | Miss:
        """Choose the response to a request."""
        request = asked(method, target, body)
        with self._lock:
            matches = self._matches(request)
            if not matches:
                return self._miss(request)
            if not changes(request.call):
                choice = self._reading(matches)
            else:
                left = [match for match in matches if match.entry.number not in self._done]
                if not left:
                    return _exhausted(request, matches)
                choice = Choice(left[0].entry, _which(left[0].entry, matches))
            self._take(request, choice.entry, matches)
            return choice

    def knows(self, target: str) -> bool:
        """Return whether a request is about something that the recording has made, so that no engine knows it."""
        call = call_of("GET", target)
        with self._lock:
            resource = self._directory.resource(call._replace(operation=None))
        return any(entry.resource == resource and "/" in resource for entry in self.entries)

    def await_change(self, number: int, seconds: float) -> bool:
        """Wait until the client has made a recorded change, or made it impossible; False after ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: number in self._done or self._closed, seconds)

    def close(self) -> None:
        """Release all threads that wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def gate(self, entry: Entry, at: float) -> Entry | None:
        """Return the newest change of the entry's resource that was made before ``at``: what came at ``at`` may be
        its work, so it is not given before the client has made that change too."""
        earlier = [
            other
            for other in self.entries
            if other.number != entry.number and other.exchange.at < at and entry.resource in other.touches
        ]
        return max(earlier, key=lambda other: other.exchange.at, default=None)

    def _entry(self, number: int, exchange: RecordedExchange) -> Entry:
        request = exchange.request
        parts = asked(request.method, request.target, request.body)
        resource = self._directory.resource(parts.call)
        touched: set[str] = set()
        created = None
        if changes(parts.call):
            created = self._directory.created(parts.call, exchange)
            for one in filter(None, (resource, created, self._container_of(parts))):
                touched.update(affected(one))
        return Entry(number, exchange, parts, resource, frozenset(touched), created)

    def _container_of(self, parts: Asked) -> str | None:
        """Return the container that a network is connected to."""
        name = parts.facets.get("body.Container")
        return f"container/{self._directory.identity('container', name)}" if isinstance(name, str) else None

    def _matches(self, request: Asked) -> list[_Match]:
        """Return the entries that a request may mean, the best first."""
        found = [
            match for entry in self.entries if entry.asked.key == request.key for match in self._match(request, entry)
        ]
        if not found:
            return []
        best = min(match.cost for match in found)
        return [match for match in found if match.cost == best]

    def _match(self, request: Asked, entry: Entry) -> list[_Match]:
        translate = self.translation.to_recorded
        mine = {translate(place): value for place, value in request.facets.items()}
        recorded = entry.asked.facets
        if mine.keys() != recorded.keys():
            return []
        learned: dict[str, str] = {}
        for place, value in mine.items():
            other = recorded[place]
            if value == other or self._same_name(request, place, value, other):
                continue
            if place.startswith("path.") or not differs_by_run(value, other):
                return []  # a name in a path is one that the client was given, or gave before
            learned[value] = other
        return [_Match(entry, learned)]

    def _same_name(self, request: Asked, place: str, value: Any, other: Any) -> bool:
        """Return whether two values mean the same: translated before, or two names of one thing."""
        translated = self.translation.to_recorded(value)
        if translated == other:
            return True
        if not isinstance(translated, str) or not isinstance(other, str) or not place.startswith(_PLACES_OF_NAMES):
            return False
        kind = kind_of(request.call) if place.startswith("path.") else "container"
        return self._directory.identity(kind, translated) == self._directory.identity(kind, other)

    def _reading(self, matches: Sequence[_Match]) -> Choice:
        """Return the entry that shows the resource as the client has changed it last."""
        entries = [match.entry for match in matches]
        resource = entries[0].resource
        last = self._last.get(resource, -1)
        following = (entry.number for entry in self.entries if entry.number > last and resource in entry.touches)
        until = next(following, len(self.entries))
        window = [entry for entry in entries if last < entry.number < until]
        later = [entry for entry in entries if entry.number > last]
        pool = window or later[:1] or entries[-1:]
        entry = next((entry for entry in pool if entry.number not in self._used), pool[-1])
        return Choice(entry, self._which_reading(entry, entries, last))

    def _which_reading(self, entry: Entry, entries: Sequence[Entry], last: int) -> str:
        if len(entries) == 1:
            return ""
        after = self.entries[last].asked.call.name.rpartition(".")[2] if last >= 0 else None
        where = f": after {after}" if after else ""
        return f"the {_ordinal(entries.index(entry) + 1)} of {len(entries)}{where}"

    def _take(self, request: Asked, entry: Entry, matches: Sequence[_Match]) -> None:
        match = next(match for match in matches if match.entry is entry)
        for mine, recorded in match.learned.items():
            self.translation.learn(mine, recorded)
        self._used.add(entry.number)
        if changes(request.call):
            self._done.add(entry.number)
            for resource in entry.touches:
                self._last[resource] = max(entry.number, self._last.get(resource, -1))
            self._changed.notify_all()

    def _miss(self, request: Asked) -> Miss:
        line = f"{request.call.method} {request.call.path}"
        nearest = max(self.entries, key=lambda entry: _nearness(request, entry), default=None)
        differences = _differences(request, nearest) if nearest and nearest.asked.key == request.key else ()
        return Miss(f"not recorded: {line}", nearest, differences)


@dataclass(frozen=True, slots=True)
class _Match:
    """An entry that a request may mean, with the client's texts for the recorded ones."""

    entry: Entry
    learned: Mapping[str, str]

    @property
    def cost(self) -> int:
        return len(self.learned)


def _exhausted(request: Asked, matches: Sequence[_Match]) -> Miss:
    times = "once" if len(matches) == 1 else f"{len(matches)} times"
    line = f"{request.call.method} {request.call.path}"
    return Miss(f"{line} was recorded {times} only", matches[-1].entry)


def _which(entry: Entry, matches: Sequence[_Match]) -> str:
    if len(matches) == 1:
        return ""
    position = [match.entry for match in matches].index(entry) + 1
    return f"the {_ordinal(position)} of {len(matches)}"


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _nearness(request: Asked, entry: Entry) -> tuple[bool, float, float]:
    """Return how near an entry is: of the same operation, by its path's form, by all of it."""
    mine, recorded = request.call, entry.asked.call
    paths = _ratio(f"{mine.method} {mine.template}", f"{recorded.method} {recorded.template}")
    return request.key == entry.asked.key, paths, _ratio(_line(request), _line(entry.asked))


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _line(parts: Asked) -> str:
    facets = " ".join(f"{place}={value}" for place, value in sorted(parts.facets.items()))
    return f"{parts.call.method} {parts.call.path} {facets}"[:_MAX_COMPARED]


def _differences(request: Asked, nearest: Entry) -> tuple[str, ...]:
    """Each place where the request is not what was recorded."""
    mine, recorded = request.facets, nearest.asked.facets
    lines = []
    for place in sorted({*mine, *recorded}):
        if mine.get(place) != recorded.get(place):
            shown = [str(facets[place]) if place in facets else "nothing" for facets in (recorded, mine)]
            lines.append(f"{place.partition('.')[2] or place}: recorded {shown[0]}, now {shown[1]}")
    more = (f"and {len(lines) - _MAX_DIFFERENCES} more",) if len(lines) > _MAX_DIFFERENCES else ()
    return (*lines[:_MAX_DIFFERENCES], *more)


def line_of(text: str, requests: Sequence[RecordedRequest], number: int) -> int | None:
    """Return the line of a recording's file on which a request's target is."""
    import json

    wanted = iter(f'"target": {json.dumps(request.target, ensure_ascii=False)}' for request in requests[: number + 1])
    current = next(wanted, None)
    line_number = None
    for index, line in enumerate(text.splitlines(), 1):
        if current is not None and current in line:
            line_number = index
            current = next(wanted, None)
            if current is None:
                return line_number
    return None


__all__ = ["EVERYTHING", "Choice", "Entry", "Miss", "Playback", "line_of"]
