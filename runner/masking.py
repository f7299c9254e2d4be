"""Masks secrets: replaces every form of each by ``***`` in text and values that come from outside the runner.

A secret can appear as it is, or inside JSON, a URL, hexadecimal digits or base64 (also inside a longer text that was
encoded as a whole, which shifts it by one or two bytes); each line of a long one can appear alone. All of these are
masked, the longest first.

A secret shorter than :data:`SHORTEST` characters is part of too many texts to be masked everywhere: it is masked where
a value is exactly the secret, or where it is between word borders.

Only what comes from outside is given to a masker: never a status, a count, a key of a report, or another word of the
runner's own. :mod:`runner.executor.event_masking` knows which field of a record is which.
"""

from __future__ import annotations

import codecs
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from runner.errors import Diagnostic

SHOWN = "***"
"""The text that replaces a secret."""
SHORTEST = 4
"""Characters from which on a secret is masked inside of words too, and its beginning where a text was cut."""
SHORTEST_LINE = 6
"""Characters from which on a line of a secret is masked by itself."""
CUT = "\N{HORIZONTAL ELLIPSIS}"
"""The mark where :func:`runner.text.shown` has cut a text."""

FIELD_NAMES = frozenset({
    "action", "aux", "cause", "code", "config", "created", "current", "data", "digest", "error", "errorDetail",
    "from", "headers", "id", "items", "labels", "message", "name", "networks", "progress", "progressDetail", "read",
    "response", "scope", "size", "start", "state", "status", "stream", "tag", "time", "timeNano", "title", "total",
    "type", "value", "version", "volumes", "warning", "Action", "Actor", "Args", "Attributes", "Body", "Cmd",
    "Config", "Container", "Containers", "Created", "Data", "Driver", "Entrypoint", "Env", "Error", "ExitCode",
    "File", "Filter", "Format", "Hash", "Host", "HostConfig", "Id", "ID", "Image", "Images", "Info", "Ip", "IP",
    "Key", "Kind", "Label", "Labels", "Limit", "Log", "Message", "Mode", "Mounts", "Name", "Names", "Network",
    "Networks", "Node", "Options", "Path", "Paused", "Pid", "Pids", "Port", "Ports", "Process", "Read", "Running",
    "Scope", "Secret", "Service", "Size", "Source", "Stack", "Start", "State", "Status", "StatusCode", "Tag",
    "Target", "Task", "Time", "Title", "Tty", "Type", "User", "Value", "Version", "Volume", "Volumes", "Warning",
    "Warnings",
})  # fmt: skip
"""Names of the API's fields that are everyday words: a key that is exactly one of them stays readable."""

_KEPT_IN_URLS = ("", "/", "/:@!$&'()*+,;=~", "$&+,/:;=@", "$&+=:@", "!'()*")
"""What encoders leave as it is, besides letters, digits and ``-._~``: Python's, Go's for paths, JavaScript's."""
_AROUND = r"\s\"'`,:;=/()\[\]{}<>"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")

T = TypeVar("T")


class Masker:
    """Replaces every form of every secret by ``***``. Thread-safe."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: tuple[str, ...] = ()
        self._short: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Add secrets that were found later. Other threads that mask meanwhile use either the old or the new list."""
        with self._lock:
            forms, short = set(self._forms), set(self._short)
            for secret in secrets:
                if len(secret) >= SHORTEST or secret == SHOWN:
                    forms |= _forms(secret)
                elif secret:
                    short |= _short_forms(secret)
            self._forms = tuple(sorted(forms, key=len, reverse=True))
            self._short = tuple(sorted(short, key=len, reverse=True))

    def __bool__(self) -> bool:
        return bool(self._forms or self._short)

    def text(self, text: str) -> str:
        """Return a text from outside without secrets, also without the beginning of one right before a cut."""
        if CUT in text and self._forms:
            *cut, last = text.split(CUT)
            return CUT.join([*(self.cut(self._masked(part)) for part in cut), self._masked(last)])
        return self._masked(text)

    def message(self, text: str) -> str:
        """Return a message of the runner, which quotes texts from outside, without secrets. Short ones are masked in
        its quotations only."""
        pattern = self._pattern(text, short=False)
        masked = pattern.sub(SHOWN, text) if pattern else text
        if not any(form in masked for form in self._short):
            return masked
        return _QUOTED.sub(lambda match: match[0][0] + self._masked(match[0][1:-1]) + match[0][-1], masked)

    def _masked(self, text: str) -> str:
        pattern = self._pattern(text)
        return pattern.sub(SHOWN, text) if pattern else text

    def _pattern(self, text: str, *, short: bool = True) -> re.Pattern[str] | None:
        """Return a pattern for the forms that are in a text."""
        forms = [re.escape(form) for form in self._forms if form in text]
        if short and self._short:
            forms += [_between_borders(form) for form in self._short if form in text]
        return re.compile("|".join(forms)) if forms else None

    def spans(self, text: str, start: int = 0) -> Iterator[tuple[int, int]]:
        """Yield where the secrets in a text begin and end, from an offset on."""
        pattern = self._pattern(text)
        for match in pattern.finditer(text, start) if pattern else ():
            yield match.span()

    def cut(self, text: str) -> str:
        """Return a text that was cut off at its end without the beginning of a secret there."""
        begun = self.begun(text)
        return text[: len(text) - begun] + SHOWN if begun >= SHORTEST else text

    def begun(self, text: str) -> int:
        """Return the length of the longest end of the text that begins a longer form."""
        longest = 0
        for form in self._forms:
            at = text.find(form[0], max(0, len(text) - len(form) + 1))
            while 0 <= at < len(text) - longest:
                if form.startswith(text[at:]):
                    longest = len(text) - at
                    break
                at = text.find(form[0], at + 1)
        return longest

    def undecided(self, text: str) -> int:
        """Return the length of the end of the text of which only more text can tell whether it is a secret."""
        for length in range(max(map(len, self._short), default=0), 0, -1):
            if any(form.startswith(text[-length:]) for form in self._short) and length <= len(text):
                return max(length, self.begun(text))
        return self.begun(text)

    def value(self, value: T) -> T:
        """Return the same JSON value with every text and number in it masked, and keys that are not names of the API's
        fields."""
        masked: Any = self._value(value) if self else value
        result: T = masked
        return result

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if isinstance(value, Mapping):
            return {self._key(key): self._value(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            masked = [self._value(inner) for inner in value]
            return masked if isinstance(value, list) else tuple(masked)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) in self._forms:
            return SHOWN
        return value

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) and key not in FIELD_NAMES else key

    def diagnostic(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return an error or a warning without secrets in its message, hint, details and source line."""
        if not self:
            return diagnostic
        place = diagnostic.place
        return diagnostic._replace(
            message=self.message(diagnostic.message),
            hint=None if diagnostic.hint is None else self.message(diagnostic.hint),
            place=None if place is None else place._replace(text=self._line(place.text)),
            details=tuple(map(self.text, diagnostic.details)),
        )

    def _line(self, text: str) -> str:
        """Mask a line of a file with as many asterisks as the secret has characters, so that columns stay right."""
        pattern = self._pattern(text, short=False)
        return pattern.sub(lambda match: "*" * len(match[0]), text) if pattern else text


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text and number in a value, keys apart: what has to be masked where the value is a secret."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts_in(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class StreamMasker:
    """Masks bytes that arrive in pieces, wherever they are cut: holds back what could be the beginning of a secret.
    Without secrets the pieces stay as they are."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._before = ""
        """The last character that was returned, which decides whether a word begins after it."""
        self._held = ""

    def feed(self, data: bytes) -> bytes:
        """Take a piece and return the text that is decided."""
        if not self._masker and not self._held:
            return data
        text = self._held + self._decoder.decode(data)
        return self._shown(text, len(text) - self._masker.undecided(text))

    def end(self) -> bytes:
        """Return the rest."""
        text = self._held + self._decoder.decode(b"", True)
        return self._shown(text, len(text))

    def _shown(self, text: str, end: int) -> bytes:
        """Return the text up to ``end``, or up to the secret that goes on there, and hold back the rest."""
        offset = len(self._before)
        end += offset
        whole = self._before + text
        parts: list[str] = []
        done = offset
        for start, stop in self._masker.spans(whole, offset):
            if stop > end:
                end = min(end, start)
                break
            parts += [whole[done:start], SHOWN]
            done = stop
        parts.append(whole[done:end])
        self._held = whole[end:]
        self._before = whole[:end][-1:]
        return "".join(parts).encode("utf-8", "surrogateescape")


def _between_borders(form: str) -> str:
    """Return a pattern for a short form as a word by itself; for one of signs, with space, quotes, brackets or nothing
    around it."""
    before = r"(?<!\w)" if _is_word(form[0]) else rf"(?<![^{_AROUND}])"
    after = r"(?!\w)" if _is_word(form[-1]) else rf"(?![^{_AROUND}])"
    return f"{before}{re.escape(form)}{after}"


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _short_forms(secret: str) -> set[str]:
    """Return a short secret as it is, and as JSON, URLs and base64 have all of it."""
    import base64
    from urllib.parse import quote, quote_plus

    data = secret.encode("utf-8", "surrogateescape")
    encoded = {base64.b64encode(data).decode("ascii"), base64.urlsafe_b64encode(data).decode("ascii")}
    return {secret, *_escaped(secret), quote(data, safe=""), quote_plus(data), *encoded}


def _forms(secret: str) -> set[str]:
    """Return a secret and its lines as they are, and as they are written inside JSON, URLs, base64 and hexadecimal."""
    lines = {line for line in secret.splitlines() if len(line) >= SHORTEST_LINE}
    wholes = {secret, secret.replace("\n", "\r\n"), *lines}  # a terminal sends both
    return {form for whole in wholes for form in _written(whole)}


def _written(secret: str) -> set[str]:
    from urllib.parse import quote, quote_plus

    data = secret.encode("utf-8", "surrogateescape")
    escaped = _escaped(secret)
    percent = {quote(data, safe=safe) for safe in _KEPT_IN_URLS} | {quote_plus(data)}
    percent |= {quote(form, safe="") for form in percent}
    percent |= {re.sub(r"%(?:25)?[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    forms = {secret, *escaped, *(again for form in escaped for again in _escaped(form)), *percent}
    forms |= {data.hex(), data.hex().upper()}
    for text in (data, *(form.encode("utf-8", "surrogateescape") for form in escaped)):
        forms |= _base64_forms(text)
    return {form for form in forms if form}


def _escaped(text: str) -> set[str]:
    """Return a text as it is in JSON strings: with letters beyond ASCII or without, with slashes escaped, and with
    HTML's signs escaped as Go's encoder does it."""
    forms = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    forms |= {form.replace("/", "\\/") for form in forms}
    forms |= {form.translate(_OF_HTML) for form in forms}
    return forms | {re.sub(r"\\u[0-9a-f]{4}", lambda match: f"\\u{match[0][2:].upper()}", form) for form in forms}


_OF_HTML = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def _base64_forms(data: bytes) -> set[str]:
    """Return the text alone, padded or not, and its inner characters at each of the three alignments inside a longer
    text."""
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
            if len(inner) >= SHORTEST:
                forms.add(inner)
    return forms
