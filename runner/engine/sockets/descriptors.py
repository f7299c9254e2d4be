"""Bounds what this process keeps open at the same time by its limit of descriptors (``ulimit -n``).

A connection is a descriptor, and a run may want hundreds of them: where there are too few, it waits for one instead of
failing. Some are left for everything else, such as the modules that the cleanup loads.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Final

from runner.errors import StepError

_ALWAYS: Final = 4
"""Connections that are opened without asking for the limit: most runs need no more."""
_RESERVE: Final = 32
"""Descriptors that are left for everything else, or a quarter of all if those are fewer."""
_TEXTS: Final = (os.strerror(errno.EMFILE), os.strerror(errno.ENFILE))

HINT: Final = "raise the limit (ulimit -n 4096), or let fewer steps run at the same time"


class Places:
    """Counts the connections of this process. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = 0
        self._waiting = 0
        self._most: int | None = None

    @property
    def most(self) -> int:
        """The number of connections that may be open at the same time."""
        if self._most is None:
            self._most = _most_connections(self._taken)
        return self._most

    @property
    def wanted(self) -> bool:
        """Return whether an exchange waits for a connection to end."""
        return self._waiting > 0

    def take(self, seconds: float) -> bool:
        """Take the place of a new connection, after a wait if necessary; False if there was none in this time."""
        with self._changed:
            if not self._free():
                self._waiting += 1
                try:
                    self._changed.wait_for(self._free, seconds)
                finally:
                    self._waiting -= 1
                if not self._free():
                    return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        """Give back the place of a connection that was closed."""
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    def _free(self) -> bool:
        return self._taken < _ALWAYS or self._taken < self.most


PLACES: Final = Places()


def concurrency(wanted: int) -> int:
    """Return how many of ``wanted`` steps may run at the same time, each with two connections."""
    return wanted if wanted <= _ALWAYS else max(1, min(wanted, PLACES.most // 2))


def _most_connections(taken: int) -> int:
    """Return how many connections the limit allows, of which ``taken`` are open."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        used = sum(1 for _ in Path("/dev/fd").iterdir())
    except (ImportError, OSError):
        return _ALWAYS
    if limit == resource.RLIM_INFINITY:
        limit = 1 << 20
    return max(_ALWAYS, limit - (used - taken) - min(_RESERVE, limit // 4))


def refuse_if_exhausted(error: Exception) -> None:
    """Raise the error for this process's own limit, if that is why something can't be opened.

    Raises:
        StepError: ``too-many-open-files``.
    """
    is_exhausted = isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)
    if is_exhausted or (isinstance(error, ImportError) and any(text in str(error) for text in _TEXTS)):
        message = f"no more connections or files can be opened: {_TEXTS[0]}"
        raise StepError("too-many-open-files", message, hint=HINT) from None
