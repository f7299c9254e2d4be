"""Holds what ``now()``, ``unique()`` and ``run.id`` gave in a run, so that a replay gives it again.

A value is known by the position of the step that asked for it and by its number there: steps that run side by side get
the same values in a replay, whichever of them is the first.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from runner.clock import exact_utc_now

NO_RUN: Final = "000000000000"
"""What ``run.id`` is where nothing runs: in a plan."""
MAX_PREFIX: Final = 200
"""The longest prefix of a unique name, in characters."""


class Generated:
    """The values of one run, by position and function; ``recorded`` are those of the replayed run. Thread-safe."""

    def __init__(self, run_id: str, recorded: Mapping[str, Sequence[str]] | None = None) -> None:
        self._run_id = run_id or NO_RUN
        self._recorded = recorded or {}
        self._given: dict[str, list[str]] = {}
        self._id_asked = False
        self._lock = threading.Lock()
        self.facts: Mapping[str, Any] = _RunFacts(self)

    @property
    def values(self) -> dict[str, list[str]]:
        """Return the values by position and function, as a recording keeps them."""
        with self._lock:
            return {key: list(values) for key, values in self._given.items()}

    @property
    def texts(self) -> tuple[str, ...]:
        """Return every name and time that was given, by the position of the step; the run's id comes last."""
        values = self.values
        ordered = sorted(values, key=lambda key: [int(part) for part in key.partition(" ")[0].split(".") if part])
        return (*(text for key in ordered for text in values[key]), *((self._run_id,) if self._id_asked else ()))

    def run_id(self) -> str:
        """Return the id of the run, and take note that it was asked for."""
        self._id_asked = True
        return self._run_id

    def at(self, position: Sequence[int] = ()) -> dict[str, Callable[..., str]]:
        """Return the functions for the expressions of a step, or of what begins before any step."""
        path = ".".join(map(str, position))

        def now() -> str:
            return self._next(f"{path} now", lambda _number: exact_utc_now())

        def unique(prefix: str) -> str:
            if not isinstance(prefix, str) or not prefix or len(prefix) > MAX_PREFIX:
                raise TypeError(f"unique needs a text of 1 to {MAX_PREFIX} characters: unique('web')")
            key = f"{path} unique {prefix}"
            return self._next(key, lambda number: f"{prefix}-{self._token(key, number)}")

        return {"now": now, "unique": unique}

    def _token(self, key: str, number: int) -> str:
        return hashlib.sha256(f"{self._run_id} {key} {number}".encode("utf-8", "surrogatepass")).hexdigest()[:12]

    def _next(self, key: str, make: Callable[[int], str]) -> str:
        with self._lock:
            given = self._given.setdefault(key, [])
            recorded = self._recorded.get(key, ())
            value = recorded[len(given)] if len(given) < len(recorded) else make(len(given))
            given.append(value)
            return value


class _RunFacts(Mapping[str, str]):
    """Shows the facts of a run to expressions, as ``run``."""

    def __init__(self, generated: Generated) -> None:
        self._generated = generated

    def __getitem__(self, name: str) -> str:
        if name != "id":
            raise KeyError(name)
        return self._generated.run_id()

    def __iter__(self) -> Iterator[str]:
        return iter(("id",))

    def __len__(self) -> int:
        return 1
