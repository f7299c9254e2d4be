"""Placeholders for what only one run calls so, found in any text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain, count

from runner import labels
from runner.report.times import NANO, nanoseconds
from runner.text import short_id

BASE = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
"""Where the clock of the stable form begins, in seconds since the epoch."""
_DECIMALS = 9

_TOKEN = re.compile(
    r"""
    (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))
  | (?P<uuid>(?:(?<![0-9a-zA-Z-])|(?<=/netns-))[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-zA-Z-]))
  | (?P<engine>(?<![0-9A-Z:])(?:[2-7A-Z]{4}:){11}[2-7A-Z]{4}(?![0-9A-Z:]))
  | (?P<key>SWM(?:TKN|KEY)-1-[0-9A-Za-z+/-]+)
  | (?P<mac>(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:]))
  | (?P<v6>(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?![\w:]))
  | (?P<v4>(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w))
  | (?P<long>(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f]))
  | (?P<swarm>(?<![0-9A-Za-z])(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{25}(?![0-9A-Za-z]))
  | (?P<short>(?<![0-9A-Za-z])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{12}(?![0-9A-Za-z]))
  | (?P<up>\bUp\ (?:Less\ than\ a\ second|About\ an?\ \w+|\d+\ (?:second|minute|hour|day|week|month|year)s?)\b)
  | (?P<ago>\b(?:Less\ than\ a\ second|About\ an?\ \w+|\d+\ (?:second|minute|hour|day|week|month|year)s?)\ ago\b)
    """,
    re.VERBOSE,
)
_LABEL_NAMES = "|".join(map(re.escape, (labels.RUN, labels.SCENARIO, labels.ORIGIN)))
_LABEL = re.compile(rf"""\s?\b(?:{_LABEL_NAMES})=(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^\s,]*)""")
_EPOCH = re.compile(r"\d{10}(?:\.\d{1,9})?")
_MADE_UP = re.compile(r"/?\b[a-z]+_[a-z]+\d*\b")
"""What a name that the engine makes up looks like: ``/eager_hopper``."""
_KINDS = ("long", "short", "swarm", "uuid", "key", "engine", "mac", "v4", "v6")
_FIRST_NET = 17
_A_STEP_HAS = 1000
"""Numbers for the ids of a step; if there are more, they are numbered from the end."""
_ADJECTIVES = ("amber", "brave", "calm", "clever", "eager", "gentle", "happy", "keen", "lively", "quiet")
_SURNAMES = ("curie", "darwin", "euler", "fermi", "gauss", "hopper", "kepler", "lovelace", "noether", "turing")

MADE_UP_NAME = re.compile(rf"\b(?:{'|'.join(_ADJECTIVES)})_(?:{'|'.join(_SURNAMES)})\d*\b")
"""The placeholder of a name that an engine made up."""


class Tokens:
    """First :meth:`observe` everything in the order of the report, then :meth:`replace`.

    What the author of a scenario wrote stays: that is what is first seen in a variable or a request, before any
    answer held it. What he captured is numbered first, everything else step by step: an answer may hold more ids in
    one run than in another (layers that are cached, things of others in a list), and that changes no other step's.
    """

    def __init__(self) -> None:
        self._given: dict[str, set[str]] = {kind: set() for kind in _KINDS}
        self._found: dict[str, dict[str, int]] = {kind: {} for kind in _KINDS}
        self._captured: dict[str, None] = {}
        self._times: dict[int, None] = {}
        self._words: dict[str, None] = {}
        self._literals: dict[str, str] = {}
        self._maps: dict[str, dict[str, str]] = {}
        self._clock: dict[int, int] = {}
        self._seconds: set[int] = set()
        self._word_pattern: re.Pattern[str] | None = None
        self._observed: set[str] = set()
        self._replaced: dict[str, str] = {}

    def observe(self, text: str, *, given: bool, step: int = 0) -> None:
        """Take note of what a text of a step holds; ``given`` means that the author, not the engine, wrote it."""
        if text in self._observed:
            return  # what was seen first decides
        self._observed.add(text)
        for match in _TOKEN.finditer(_without_labels(text)):
            kind, token = match.lastgroup or "", match[0]
            if kind == "time":
                if not given and (at := nanoseconds(token)) is not None:
                    self._note_time(at, exact="." in token)
            elif kind in self._found and token not in self._given[kind] and token not in self._found[kind]:
                if given:
                    self._given[kind].add(token)
                else:
                    self._found[kind][token] = step

    def _note_time(self, at: int, *, exact: bool) -> None:
        """Take note of a time. Those without a fraction are equal or different by chance, so they have one placeholder
        together."""
        if at > 0 and exact:
            self._times.setdefault(at)
        elif at > 0:
            self._seconds.add(at // NANO)

    def observe_captured(self, text: str) -> None:
        """Take note of a captured value, which has been observed where it came from."""
        self._captured.update(dict.fromkeys(match[0] for match in _TOKEN.finditer(text)))

    def observe_time(self, at: int) -> None:
        """Take note of a time in nanoseconds since the epoch."""
        self._times.setdefault(at)

    def observe_name(self, name: str) -> None:
        """Take note of a name that the engine has made up."""
        self._words.setdefault(name)

    def always(self, text: str, shown: str) -> None:
        """Replace a text wherever it stands (a folder of the host, the engine's socket)."""
        self._literals[text] = shown

    def seal(self) -> None:
        """Everything has been observed: make the placeholders."""
        found = {kind: self._captured_first(tokens) for kind, tokens in self._found.items()}
        given = self._given
        whole = {short_id(token): token for token in reversed(found["long"])}
        taken = (given["short"] - set(whole)) | {short_id(token) for token in given["long"]}
        shorts = {token: step for token, step in found["short"].items() if token not in whole and token not in taken}
        shown = _numbered({**found["long"], **shorts}, taken, _short)
        self._maps = {kind: _assign(found[kind], given[kind], make) for kind, make in _MAKERS.items()}
        self._maps |= {kind: _numbered(found[kind], given[kind], make) for kind, make in _NUMBERED.items()}
        self._maps["long"] = {token: _long(shown[token]) for token in found["long"]}
        self._maps["short"] = {token: shown[token] for token in shorts}
        self._maps["short"] |= {token: shown[long] for token, long in whole.items()}
        self._maps["v4"] = _addresses_v4(found["v4"], given["v4"])
        self._maps["v6"] = _addresses_v6(found["v6"], given["v6"])
        real = (at for at in self._times if at > 0)
        self._clock = {at: (BASE + number) * NANO for number, at in enumerate(real)}
        self._seconds |= {at // NANO for at in self._clock}
        self._maps["word"] = dict(zip(self._words, _names(), strict=False))
        literals = sorted({*self._literals, *self._words}, key=len, reverse=True)
        if literals:
            alternatives = "|".join(map(re.escape, literals))
            self._word_pattern = re.compile(rf"(?<![0-9A-Za-z_])(?:{alternatives})(?![0-9A-Za-z_])")

    def _captured_first(self, found: Mapping[str, int]) -> dict[str, int]:
        """Return what has been found and in which step; what was captured comes first, and is of no step."""
        captured = dict.fromkeys((token for token in self._captured if token in found), 0)
        return {**captured, **{token: step for token, step in found.items() if token not in captured}}

    def replace(self, text: str) -> str:
        """Return the text with placeholders."""
        known = self._replaced.get(text)
        if known is None:
            known = _without_labels(text)
            if self._word_pattern is not None:
                known = self._word_pattern.sub(self._word, known)
            known = self._replaced[text] = _TOKEN.sub(self._token, known)
        return known

    def epoch(self, text: str) -> str:
        """Return a text that is a number of seconds since the epoch, as parameters have it, with the placeholder of
        that time; any other text as it is. Decimals are nine, since zeros at the end are left out by chance."""
        if _EPOCH.fullmatch(text) is None:
            return text
        seconds, dot, fraction = text.partition(".")
        at = int(seconds) * NANO + int(f"{fraction:0<9.9}" or 0)
        if int(seconds) not in self._seconds and at not in self._clock:
            return text
        shown = BASE if at % NANO == 0 else self._clock.get(at, BASE * NANO) // NANO
        return f"{shown}.{'0' * _DECIMALS}" if dot else str(shown)

    def time(self, at: int) -> int:
        """Return the placeholder of a time, in nanoseconds since the epoch; times before the epoch are zero values."""
        return self._clock.get(at, at)

    def _word(self, match: re.Match[str]) -> str:
        return self._literals.get(match[0]) or self._maps["word"][match[0]]

    def _token(self, match: re.Match[str]) -> str:
        kind, token = match.lastgroup or "", match[0]
        if kind == "time":
            return self._time(token)
        if kind == "up":
            return "Up 1 second"
        if kind == "ago":
            return "1 second ago"
        return self._maps[kind].get(token, token)

    def _time(self, token: str) -> str:
        at = nanoseconds(token)
        if at is not None and "." not in token and at // NANO in self._seconds:
            return datetime.fromtimestamp(BASE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if at is None or at not in self._clock:
            return token
        moment = datetime.fromtimestamp(self._clock[at] // NANO, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{moment}.000000000Z" if "." in token else f"{moment}Z"


def _without_labels(text: str) -> str:
    return _LABEL.sub("", text) if labels.PREFIX in text else text


def masked(text: str) -> str:
    """Return the text without what differs from run to run: what elements of a set are ordered by."""
    return _MADE_UP.sub("name", _TOKEN.sub(lambda match: match.lastgroup or "", text))


def substituted(text: str, placeholder: Callable[[str, str], str]) -> str:
    """Return the text with each id, time and address replaced by the placeholder of its kind and text."""
    return _TOKEN.sub(lambda match: placeholder(match.lastgroup or "", match[0]), text)


def _assign(tokens: Iterable[str], taken: set[str], make: Callable[[str, int], str]) -> dict[str, str]:
    """Return a placeholder for each token, none of them one that the author uses himself."""
    assigned: dict[str, str] = {}
    numbers = count(1)
    for token in tokens:
        shown = make(token, next(numbers))
        while shown in taken:
            shown = make(token, next(numbers))
        assigned[token] = shown
    return assigned


def _numbered(found: Mapping[str, int], taken: set[str], make: Callable[[int], str]) -> dict[str, str]:
    """Return a placeholder for each token, as :func:`_assign`, that tells its step: the third step's are 3001, 3002,
    …"""
    rest = count(_A_STEP_HAS**2 - 1, -1)
    of_step = {
        step: chain(range(_A_STEP_HAS * step + 1, _A_STEP_HAS * (step + 1)) if step < _A_STEP_HAS else (), rest)
        for step in set(found.values())
    }
    used = set(taken)
    assigned: dict[str, str] = {}
    for token, step in found.items():
        assigned[token] = next(shown for number in of_step[step] if (shown := make(number)) not in used)
        used.add(assigned[token])
    return assigned


def _short(number: int) -> str:
    return f"c0ffee{number:06d}"


def _long(short: str) -> str:
    return (short * 6)[:64]


def _engine_id(_token: str, number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return ":".join(["COFF", "EEAA", *["AAAA"] * 9, "AA" + letters[number // 26 % 26] + letters[number % 26]])


_NUMBERED: dict[str, Callable[[int], str]] = {
    "swarm": lambda number: f"c0ffee{number:019d}",
    "uuid": lambda number: f"c0ffee00-0000-4000-8000-{number:012d}",
}
_MAKERS: dict[str, Callable[[str, int], str]] = {
    "key": lambda token, number: f"{token[:9]}{number:044d}c0ffee",
    "engine": _engine_id,
    "mac": lambda _token, number: f"02:42:ac:11:{number // 256 % 256:02x}:{number % 256:02x}",
}


def _addresses_v4(tokens: Iterable[str], given: set[str]) -> dict[str, str]:
    """Private nets in order, from 172.17 on; in each the net itself and its gateway keep their endings."""
    shown: dict[str, str] = {}
    nets: dict[str, str] = {}
    counters: dict[str, count[int]] = {}
    given_nets = {token.rpartition(".")[0].rpartition(".")[0] for token in given}
    free = (f"{a}.{b}" for a in (172, *range(1, 127)) for b in range(_FIRST_NET, 256) if f"{a}.{b}" not in given_nets)
    for token in tokens:
        octets = token.split(".")
        net = f"{octets[0]}.{octets[1]}"
        if any(int(octet) > 255 or (octet != "0" and octet.startswith("0")) for octet in octets):
            continue
        if int(octets[0]) in (0, 127, 255) or net in given_nets:
            continue
        if net not in nets:
            nets[net] = next(free)
            counters[net] = count(2)
        if (octets[2], octets[3]) in (("0", "0"), ("0", "1")):
            shown[token] = f"{nets[net]}.0.{octets[3]}"
        else:
            number = next(counters[net])
            shown[token] = f"{nets[net]}.{number // 256}.{number % 256}"
    return shown


def _addresses_v6(tokens: Iterable[str], given: set[str]) -> dict[str, str]:
    """Link-local addresses stay such, all others become unique local ones."""
    import ipaddress

    links: list[str] = []
    others: list[str] = []
    for token in tokens:
        try:
            address = ipaddress.IPv6Address(token)
        except ValueError:
            continue
        if address.is_loopback or address.is_unspecified or address.is_multicast or address.packed[:2] == b"\xfe\x00":
            continue
        (links if address.is_link_local else others).append(token)
    return {
        **_assign(links, given, lambda _token, number: f"fe80::{number:x}"),
        **_assign(others, given, lambda _token, number: f"fd00::{number:x}"),
    }


def _names() -> Iterable[str]:
    for number in count():
        suffix = str(number // 100) if number >= 100 else ""
        yield f"{_ADJECTIVES[number % 10]}_{_SURNAMES[(number // 10 + number) % 10]}{suffix}"
