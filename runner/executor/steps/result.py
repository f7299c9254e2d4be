"""What a step's expressions see of its result, and the bounded buffers it is collected in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.engine.transport import Headers
from runner.results.records import ResponseRecord

KEPT_BYTES = 1024 * 1024
"""How much of a stream is kept; what comes after is read, counted and dropped."""

NOTHING: Mapping[str, Any] = {}


def view(
    response: ResponseRecord | None,
    *,
    ok: bool,
    attempts: int = 1,
    duration_ms: float = 0.0,
    each: list[Mapping[str, Any]] | None = None,
    outputs: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A result as expressions see it, by the names of ``RESULT_NAMES``."""
    return {
        "status": response.status if response else None,
        "headers": response.headers if response else Headers(),
        "body": response.body if response else None,
        "stdout": response.stdout if response else None,
        "stderr": response.stderr if response else None,
        "items": response.items if response else None,
        "ok": ok,
        "attempts": attempts,
        "duration_ms": duration_ms,
        "each": each,
        "outputs": outputs,
    }


class Kept:
    """The beginning of a byte stream, up to :data:`KEPT_BYTES`."""

    __slots__ = ("_parts", "_room", "truncated")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._room = KEPT_BYTES
        self.truncated = False

    def add(self, data: bytes) -> None:
        if self._room >= len(data):
            self._room -= len(data)
            self._parts.append(data)
        elif data:
            self.truncated = True
            if self._room:
                self._parts.append(data[: self._room])
                self._room = 0

    def text(self) -> str:
        """As UTF-8, what isn't replaced; a character that was cut in two at the limit is left out."""
        data = b"".join(self._parts)
        if self.truncated:
            return data.decode("utf-8", "ignore") if _only_end_is_cut(data) else data.decode("utf-8", "replace")
        return data.decode("utf-8", "replace")


def _only_end_is_cut(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3
    return True
