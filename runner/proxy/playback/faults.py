"""Breaks responses on purpose, where a rule says so: ``POST /containers/*/start: cut@120``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple

from runner.errors import UsageError

Kind = Literal["cut", "stall", "garbage", "status", "delay"]

GARBAGE: Final = b"\x00\xff\r\n<garbage>\x07" * 4

_RULE = re.compile(r"\s*([A-Z*]+)\s+(/\S*?)\s*:\s*(?:(cut|stall|garbage)@(\d+)|(status):(\d{3})|(delay):(\S+))\s*")
_FORM: Final = "METHOD PATH: cut@N, stall@N, garbage@N, status:CODE or delay:DURATION"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}


class Fault(NamedTuple):
    """Describes what breaks: the bytes of the body after which, the status, or the seconds."""

    method: str
    path: str
    kind: Kind
    amount: float

    def applies(self, method: str, path: str) -> bool:
        """Return whether the rule is about a request; ``path`` has no version."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


def parse_fault(text: str) -> Fault:
    """Parse a rule.

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
