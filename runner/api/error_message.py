"""Reads the engine's own message out of an error response, at a length that can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MAX_MESSAGE: Final = 2000
"""Characters of an engine's message that are kept."""


def engine_message(body: Any) -> str | None:
    """Return the message of an error response: Docker's ``message``, Podman's ``cause``, or the text itself.

    ``body`` is the parsed JSON, or the text where it is not JSON.
    """
    if isinstance(body, Mapping):
        message = body.get("message") or body.get("cause") or body.get("errors")
    else:
        message = body if isinstance(body, str) else None
    text = str(message).strip() if message else ""
    return bounded(text) if text else None


def bounded(text: str, limit: int = MAX_MESSAGE) -> str:
    """Return the beginning of a text, with a mark of how many characters were left out."""
    left_out = len(text) - limit
    return text if left_out <= 0 else f"{text[:limit]}… ({left_out:,} more characters)"
