"""Follows builds by their streams: which images they create, without adding labels to them.

A label would be a further step of the build, and would change the image's id. The classic builder of Docker and Podman
both print the id behind each step, and whether it came from the cache:
https://github.com/moby/moby/blob/v20.10.24/builder/dockerfile/dispatchers.go
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from runner.engine.transport import Headers
from runner.executor.times import on_engine_clock

_LINE: Final = re.compile(
    r"(?P<step>(?:\[\d+/\d+\] )?step \d+/\d+ ?: (?P<from>from )?)"
    r"|\s*-{2,3}> (?:(?P<cached>using cache)|running in (?P<container>[0-9a-f]{12,64})|(?P<image>[0-9a-f]{11,64})\s*$)"
    r"|(?:sha256:)?(?P<built>[0-9a-f]{64})\s*$",
    re.IGNORECASE,
)


class BuiltImage(NamedTuple):
    """An image that a build has created: its full id, the time as the engine writes it, and its names."""

    id: str
    created: str
    tags: tuple[str, ...]


class Build:
    """One build: what its stream has shown so far. ``tags`` are the names that it gives to its image."""

    def __init__(self, noun: str, step_id: str, tags: tuple[str, ...]) -> None:
        self.noun = noun
        self.step_id = step_id
        self.tags = tags
        self.started = time.time()
        """When it was sent, in Unix seconds of the engine's clock, as far as that is known."""
        self.steps: list[str] = []
        """The ids (shortened) that it has created, in order."""
        self.noted = 0
        """How many of them are in the journal."""
        self.containers: list[str] = []
        """The ids (shortened) of containers that have run its steps."""
        self.final: str | None = None
        """The id of the built image."""
        self.stages: list[str] = []
        """The ids (shortened) of what the stages before the last one have created."""
        self.images: list[BuiltImage] = []
        """The built image and those of the stages, as far as the build is known to have created them."""
        self.cut_off_at: float | None = None
        """When the connection was closed before the engine has said how the build ended, on the monotonic clock."""
        self.abandoned = False
        """Whether the step has ended before the build."""
        self.abort: Callable[[], None] | None = None
        """Breaks the build's connection."""
        self._failed = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._of_stage: str | None = None
        self._has_steps = False
        self._is_base = False
        self._is_cached = False

    @property
    def pending(self) -> bool:
        """Return whether its response is still awaited, in another thread."""
        return self.abort is not None and not self._ended.is_set()

    @property
    def has_ended(self) -> bool:
        """Return whether the engine has said how the build ended."""
        return self._failed or self.final is not None

    @property
    def results(self) -> tuple[str, ...]:
        """The ids of the images that its stages and the whole have made."""
        return (*self.stages, *((self.final,) if self.final else ()))

    def abandon(self) -> None:
        """Note that the step ends. What the stream still brings is for the cleanup only."""
        with self._lock:
            self.abandoned = True

    def unless_abandoned(self, act: Callable[[], None]) -> None:
        """Act for the step, as long as it has not ended."""
        with self._lock:
            if not self.abandoned:
                act()

    def break_off(self) -> None:
        """Break the connection."""
        if self.abort is not None:
            self.abort()

    def end(self) -> None:
        """Note the end of the exchange."""
        self._ended.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the exchange; False if the time ends before."""
        return self._ended.wait(seconds)

    def refuse(self) -> None:
        """Note that the engine has not begun to build."""
        self._failed = True

    def begin(self, headers: Headers) -> None:
        """Note the head of the response, whose date tells the engine's clock."""
        self.started = on_engine_clock(self.started, headers.get("Date", ""))

    def has_created(self, image_id: str, created: float) -> bool:
        """Return whether an image that the stream has named is new, and not from the cache; ``created`` is in Unix
        seconds."""
        bare = image_id.removeprefix("sha256:")
        is_step = not self._has_steps or any(bare.startswith(step) for step in self.steps)
        return is_step and created >= self.started

    def feed_text(self, text: Any) -> None:
        """Follow a stream that was read as one text: a JSON value per line."""
        for line in text.splitlines() if isinstance(text, str) else ():
            with contextlib.suppress(ValueError, RecursionError):
                self.feed(json.loads(line))

    def feed(self, item: Any) -> None:
        """Follow one item of the stream."""
        if not isinstance(item, Mapping):
            return
        if item.get("error") or item.get("errorDetail"):
            self._failed = True
        aux = item.get("aux")
        if isinstance(aux, Mapping) and isinstance(aux.get("ID"), str):
            self.final = aux["ID"].removeprefix("sha256:")
        stream = item.get("stream")
        for line in stream.splitlines() if isinstance(stream, str) else ():
            self._line(line)

    def _line(self, line: str) -> None:
        match = _LINE.match(line)
        if match is None:
            return
        if match["step"]:
            self._has_steps = True
            self._is_base, self._is_cached = match["from"] is not None, False
            if self._is_base and self._of_stage:
                self.stages.append(self._of_stage)
                self._of_stage = None
        elif match["cached"]:
            self._is_cached = True
        elif match["container"]:
            self.containers.append(match["container"])
        elif match["image"]:
            if not (self._is_base or self._is_cached):
                self.steps.append(match["image"])
                self._of_stage = match["image"]
        else:
            self.final = match["built"]
