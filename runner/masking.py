"""Hides secrets in everything that leaves the program: one layer, which every writer and recorder goes through.

A secret can appear as it is, or inside JSON, a URL, or base64 (also somewhere inside a longer text that was encoded
as a whole, which shifts it by one or two bytes); each line of a long one can appear alone. All of these are replaced,
the longest first.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

SHOWN = "***"
SHORTEST_INNER = 6
"""Base64 pieces and lines of a secret that are shorter than this say too little, and stand in too much other text."""
SHORTEST_CUT = 4
"""A secret's beginning is hidden from this length on where a text was cut in the middle of it."""
CUT = "\N{HORIZONTAL ELLIPSIS}"
"""What stands where :func:`runner.text.shown` has cut a text."""

_KEPT_IN_URLS = ("", "/", "/:@!$&'()*+,;=~", "$&+,/:;=@", "$&+=:@", "!'()*")
"""What encoders leave as it is, besides letters, digits and ``-._~``: Python's, Go's for paths, JavaScript's."""

T = TypeVar("T")


class Masker:
    """Replaces every form of every secret by ``***``."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Secrets that became known later. Whoever masks meanwhile, in another thread, sees the old list or the new."""
        found = {form for secret in secrets if secret for form in _forms(secret)}
        if not found.issubset(self._forms):
            self._forms = tuple(sorted(found.union(self._forms), key=len, reverse=True))

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, text: str) -> str:
        """The text without secrets, also without the beginning of one right before a cut."""
        if CUT in text and self._forms:
            *cut, last = text.split(CUT)
            return CUT.join([*(self.cut(self._masked(part)) for part in cut), self._masked(last)])
        return self._masked(text)

    def _masked(self, text: str) -> str:
        found = [form for form in self._forms if form in text]
        if not found:
            return text
        if len(found) == 1:
            return text.replace(found[0], SHOWN)
        return re.sub("|".join(re.escape(form) for form in found), SHOWN, text)

    def cut(self, text: str) -> str:
        """A text that was cut off at its end, without the beginning of a secret there."""
        begun = self.begun(text)
        return text[: len(text) - begun] + SHOWN if begun >= SHORTEST_CUT else text

    def begun(self, text: str) -> int:
        """The length of the longest end of the text that begins a longer form."""
        longest = 0
        for form in self._forms:
            at = text.find(form[0], max(0, len(text) - len(form) + 1))
            while 0 <= at < len(text) - longest:
                if form.startswith(text[at:]):
                    longest = len(text) - at
                    break
                at = text.find(form[0], at + 1)
        return longest

    def whole(self, text: str, end: int) -> int:
        """The last place up to ``end`` where the text can be parted without cutting a secret in two."""
        moved = True
        while moved:
            moved = False
            for form in self._forms:
                at = text.find(form, max(0, end - len(form) + 1), end + len(form) - 1)
                if 0 <= at < end:
                    end, moved = at, True
        return end

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
            if getattr(value, "truncated", False):
                inner = [self.cut(one) if isinstance(one, str) else one for one in inner]
            masked = value._make(inner) if hasattr(value, "_make") else type(value)(inner)
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) in self._forms:
            masked = SHOWN
        return masked


class StreamMasker:
    """The same for bytes that come in pieces, wherever they are cut: what could be the beginning of a secret is held
    back. Without secrets the pieces stay as they are."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._held = ""

    def feed(self, data: bytes) -> bytes:
        """What can be shown so far."""
        if not self._masker and not self._held:
            return data
        text = self._held + self._decoder.decode(data)
        end = self._masker.whole(text, len(text) - self._masker.begun(text))
        self._held = text[end:]
        return self._shown(text[:end])

    def end(self) -> bytes:
        """The rest."""
        rest, self._held = self._held + self._decoder.decode(b"", True), ""
        return self._shown(rest)

    def _shown(self, text: str) -> bytes:
        return self._masker.text(text).encode("utf-8", "surrogateescape")


def _forms(secret: str) -> set[str]:
    """A secret and its lines as they are, and as they are written inside JSON, URLs and base64."""
    lines = {line for line in secret.splitlines() if len(line) >= SHORTEST_INNER}
    wholes = {secret, secret.replace("\n", "\r\n"), *lines}  # a terminal sends both
    return {form for whole in wholes for form in _written(whole)}


def _written(secret: str) -> set[str]:
    data = secret.encode("utf-8", "surrogateescape")
    escaped = _escaped(secret)
    percent = {quote(data, safe=safe) for safe in _KEPT_IN_URLS} | {quote_plus(data)}
    percent |= {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    forms = {secret, *escaped, *(again for form in escaped for again in _escaped(form)), *percent}
    for text in (data, *(form.encode("utf-8", "surrogateescape") for form in escaped)):
        forms |= _base64_forms(text)
    return {form for form in forms if form}


def _escaped(text: str) -> set[str]:
    """As JSON strings have it: with letters beyond ASCII or without, with slashes escaped, and as Go's encoder writes
    what HTML gives a meaning to."""
    forms = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    forms |= {form.replace("/", "\\/") for form in forms}
    forms |= {form.translate(_OF_HTML) for form in forms}
    return forms | {re.sub(r"\\u[0-9a-f]{4}", lambda match: f"\\u{match[0][2:].upper()}", form) for form in forms}


_OF_HTML = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def _base64_forms(data: bytes) -> set[str]:
    """The text alone, padded or not, and its inner characters at each of the three places inside a longer text."""
    import base64

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
