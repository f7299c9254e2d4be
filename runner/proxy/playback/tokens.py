"""Recognises what is another text in each run although it means the same: ids, random names, ports, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_RANDOM = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)"
    r"|(?P<uuid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?P<word>[A-Za-z0-9]+)"
)
_HEX_DIGITS: Final = 6
_PORT_DIGITS: Final = 4
_MIXED: Final = 5
"""Characters from which on a word of letters and digits mixed looks random."""


def shape(text: str) -> str:
    """Return the text with signs in place of what looks random: equal for ``job-8f3a1c`` and ``job-77b02e``."""
    return _RANDOM.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    if match["time"]:
        return "\0time"
    if match["uuid"]:
        return "\0uuid"
    word = match["word"]
    if word.isdigit():
        return "\0number" if len(word) >= _PORT_DIGITS else word
    if len(word) >= _HEX_DIGITS and re.fullmatch(r"[0-9a-f]+", word):
        return "\0id"
    letters = sum(character.isalpha() for character in word)
    mixed = len(word) >= _MIXED and 0 < letters < len(word)
    return "\0id" if mixed and not re.fullmatch(r"[A-Za-z]+[0-9]{1,2}", word) else word


def differs_by_run(one: Any, other: Any) -> bool:
    """Return whether two values are the same but for what looks random."""
    return isinstance(one, str) and isinstance(other, str) and shape(one) == shape(other)


class Translation:
    """Translates between what the client says and what the recording says, learned from the requests that matched."""

    def __init__(self) -> None:
        self._recorded: dict[str, str] = {}
        self._client: dict[str, str] = {}

    def learn(self, client: str, recorded: str) -> None:
        """Take two texts that mean the same."""
        if client != recorded and client not in self._recorded and recorded not in self._client:
            self._recorded[client] = recorded
            self._client[recorded] = client

    def to_recorded(self, value: Any) -> Any:
        """Return what the recording says for a text of the client's."""
        return _replaced(value, self._recorded)

    def to_client(self, value: Any) -> Any:
        """Return what the client expects where the recording says something else: JSON or text."""
        return _replaced(value, self._client) if self._client else value


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if value in words:
            return words[value]
        for old, new in words.items():
            if old in value:
                # A replacement's backslashes are escapes to ``re``.
                value = re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", new.replace("\\", r"\\"), value)
        return value
    if isinstance(value, Mapping):
        return {_replaced(key, words): _replaced(inner, words) for key, inner in value.items()}
    return [_replaced(inner, words) for inner in value] if isinstance(value, list) else value
