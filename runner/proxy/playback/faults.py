"""Parses the rules that break things on purpose: ``POST /containers/*/start: cut@120``, ``read 12: reset``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple, cast

from runner.errors import UsageError

Kind = Literal["cut", "stall", "garbage", "status", "delay"]
Event = Literal["connect", "read", "write"]
"""What a client does: it connects, reads a piece of what was sent to it, or writes one."""
BreakKind = Literal["reset", "end", "stall", "garbage"]

GARBAGE: Final = b"\x00\xff\r\n<garbage>\x07" * 4

_RULE = re.compile(r"\s*([A-Z*]+)\s+(/\S*?)\s*:\s*(?:(cut|stall|garbage)@(\d+)|(status):(\d{3})|(delay):(\S+))\s*")
_FORM: Final = "METHOD PATH: cut@N, stall@N, garbage@N, status:CODE or delay:DURATION"
_BREAK_START = re.compile(r"\s*(connect|read|write)\b")
_BREAK = re.compile(r"\s*(connect|read|write)\s+([1-9]\d{0,8})(?:@(\d{1,9}))?\s*:\s*(reset|end|stall|garbage)\s*")
_BREAK_FORM: Final = "connect N, read N or write N: reset, end, stall or garbage"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}


class Fault(NamedTuple):
    """Describes what breaks: the bytes of the body after which, the status, or the seconds."""

    method: str
    path: str
    kind: Kind
    amount: float

    def __str__(self) -> str:
        sign = "@" if self.kind in ("cut", "stall", "garbage") else ":"
        unit = "s" if self.kind == "delay" else ""
        return f"{self.method} {self.path}: {self.kind}{sign}{self.amount:g}{unit}"

    def applies(self, method: str, path: str) -> bool:
        """Return whether the rule is about a request; ``path`` has no version."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Break(NamedTuple):
    """Describes where a connection breaks, and how: at the client's Nth connect, read or write, counted over all of its
    connections. Of what it reads there, the first ``after`` bytes still arrive."""

    event: Event
    number: int
    kind: BreakKind
    after: int = 0

    def __str__(self) -> str:
        at = f"@{self.after}" if self.after else ""
        return f"{self.event} {self.number}{at}: {self.kind}"


class Rules(NamedTuple):
    """The rules of one engine: those about requests, and those about connections."""

    faults: tuple[Fault, ...] = ()
    breaks: tuple[Break, ...] = ()


def parse_rules(texts: Iterable[str]) -> Rules:
    """Parse rules of both kinds.

    Raises:
        UsageError: ``bad-fault``.
    """
    rules = [_parse_break(text) or parse_fault(text) for text in texts]
    faults = tuple(rule for rule in rules if isinstance(rule, Fault))
    return Rules(faults, tuple(rule for rule in rules if isinstance(rule, Break)))


def _parse_break(text: str) -> Break | None:
    """Return a rule about a connection; None for one about requests."""
    if not _BREAK_START.match(text):
        return None
    match = _BREAK.fullmatch(text)
    if match is None:
        raise UsageError("bad-fault", f"--fault {text!r}: {_BREAK_FORM} is expected", hint="N counts from 1")
    event, number, after, kind = match.groups()
    if after and event != "read":
        raise UsageError("bad-fault", f"--fault {text!r}: only of what is read can the first bytes still arrive")
    return Break(cast(Event, event), int(number), cast(BreakKind, kind), int(after or 0))


def parse_fault(text: str) -> Fault:
    """Parse a rule about requests.

    Raises:
        UsageError: ``bad-fault``.
    """
    match = _RULE.fullmatch(text)
    if match is None:
        raise UsageError("bad-fault", f"--fault {text!r}: {_FORM} is expected", hint="in a path, * is any text")
    method, path, at, count, status, code, _, duration = match.groups()
    kinds: dict[str, Kind] = {"cut": "cut", "stall": "stall", "garbage": "garbage"}
    if at is not None:
        return Fault(method, path, kinds[at], int(count))
    if status is not None:
        return Fault(method, path, "status", int(code))
    seconds = _DURATION.fullmatch(duration)
    if seconds is None:
        raise UsageError("bad-fault", f"--fault {text!r}: {duration} is not a duration such as 500ms, 2s or 1m")
    return Fault(method, path, "delay", float(seconds[1]) * _UNITS[seconds[2]])


def fault_for(faults: Iterable[Fault], method: str, path: str) -> Fault | None:
    """Return the first rule that is about a request."""
    return next((fault for fault in faults if fault.applies(method, path)), None)
