"""Hides secrets in everything that leaves the program: one layer, which every writer and recorder goes through.

A secret can appear as it is, or inside JSON, a URL, or base64 (also somewhere inside a longer text that was encoded
as a whole, which shifts it by one or two bytes). All of these are replaced, the longest first.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

SHOWN = "***"
SHORTEST_INNER = 6
"""Base64 pieces of a secret that are shorter than this say too little, and stand in too much other text."""

T = TypeVar("T")


class Masker:
    """Replaces every form of every secret by ``***``."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: list[str] = []
        self.longest = 0
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Secrets that became known later. Whoever masks meanwhile, in another thread, sees the old list or the new."""
        found = {form for secret in secrets if secret for form in _forms(secret)}
        if not found.issubset(self._forms):
            forms = sorted(found.union(self._forms), key=len, reverse=True)
            self.longest = len(forms[0])
            self._forms = forms

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, SHOWN)
        return text

    def begins(self, text: str) -> bool:
        """Whether some form begins with this text, and is longer."""
        return any(len(form) > len(text) and form.startswith(text) for form in self._forms)

    def value(self, value: T) -> T:
        """The same value with every text in it masked, keys too; records and events, named tuples, are rebuilt."""
        masked: Any = self._value(value) if self._forms else value
        result: T = masked
        return result

    def _value(self, value: Any) -> Any:
        masked = value
        if isinstance(value, str):
            masked = self.text(value)
        elif isinstance(value, bytes):
            masked = self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        elif isinstance(value, Mapping):
            masked = {self._value(key): self._value(inner) for key, inner in value.items()}
        elif isinstance(value, (list, tuple)):
            inner = [self._value(one) for one in value]
            masked = value._make(inner) if hasattr(value, "_make") else type(value)(inner)
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) in self._forms:
            masked = SHOWN
        return masked


class StreamMasker:
    """The same for a stream that comes in pieces: what could be the beginning of a secret is held back."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown so far."""
        whole = self._held + text
        masked = self._masker.text(whole)
        keep = self._held_back(masked)
        self._held = masked[len(masked) - keep :] if keep else ""
        return masked[: len(masked) - keep]

    def end(self) -> str:
        """The rest."""
        rest, self._held = self._held, ""
        return rest

    def _held_back(self, text: str) -> int:
        """The length of the longest end of the text that begins a secret's form."""
        for length in range(min(self._masker.longest - 1, len(text)), 0, -1):
            if self._masker.begins(text[-length:]):
                return length
        return 0


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as it is written inside JSON, URLs and base64."""
    data = secret.encode("utf-8", "surrogateescape")
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    escaped |= {form.replace("/", "\\/") for form in escaped}
    percent = {quote(data, safe=""), quote(data), quote_plus(data), quote(data, safe="/:@!$&'()*+,;=~")}
    percent |= {form.replace("%2f", "%2F") for form in percent} | {_lower_percent(form) for form in percent}
    forms = {secret, *escaped, *percent}
    for text in (data, *(form.encode("utf-8", "surrogateescape") for form in escaped)):
        forms |= _base64_forms(text)
    return {form for form in forms if form}


def _lower_percent(text: str) -> str:
    import re

    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def _base64_forms(data: bytes) -> set[str]:
    """The text alone, padded or not, and its inner characters at each of the three places inside a longer text."""
    forms: set[str] = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(data).decode("ascii")
        forms |= {whole, whole.rstrip("=")}
        for shift in range(3):
            shifted = encode(b"\0" * shift + data).decode("ascii").rstrip("=")
            first = (0, 2, 3)[shift]  # characters that hold bits of what stands before
            last = len(shifted) - (1 if (shift + len(data)) % 3 else 0)  # and of what comes after
            inner = shifted[first:last]
            if len(inner) >= SHORTEST_INNER:
                forms.add(inner)
    return forms
