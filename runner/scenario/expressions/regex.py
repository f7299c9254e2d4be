"""Searches with regular expressions in bounded time, whatever the pattern.

Patterns are those of Python's ``re``, whose engine backtracks: a pattern such as ``(a+)+$`` can take hours, and nothing
interrupts it. A search that is certainly short is made here. Any other one is made by a process of its own
(:mod:`runner.scenario.expressions.regex_worker`), which ends when it has used two seconds of the processor.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from runner.errors import StepError
from runner.scenario.expressions.work import MAX_WORK, charge
from runner.text import shown

MAX_PATTERN: Final = 10_000
"""The longest pattern, in characters."""
CPU_SECONDS: Final = 2.0
"""The processor time of one search."""
_MAX_STEPS: Final = 2_000_000
"""The most steps of a search that is made in this process: some milliseconds."""
_MAX_IDLE: Final = 2
"""How many idle workers are kept for the next search."""
_REPEATED_GROUP = re.compile(r"\)[*+?{]")
_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_QUANTIFIER = re.compile(r"[*+?{]")
_compiling = threading.Lock()


class PatternError(ValueError):
    """A text that is not a regular expression; ``position`` is the index of the mistake, if that is known."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position

    @property
    def hint(self) -> str | None:
        """Return where the mistake is."""
        return f"at character {self.position + 1} of it" if self.position is not None else None


class Found(NamedTuple):
    """Holds what a search has found: the whole match and its groups, None for one that took no part."""

    groups: tuple[str | None, ...]


def check_pattern(pattern: str) -> None:
    """Compile a pattern.

    Raises:
        PatternError: it is not a regular expression.
    """
    _compiled(pattern)


def search(pattern: str, text: str) -> Found | None:
    """Search a text for a pattern (``re.search``).

    Raises:
        StepError: ``bad-regex``; ``regex-timeout``: the search takes too long.
    """
    compiled = _checked(pattern)
    if _steps(pattern, len(text)) <= _MAX_STEPS:
        match = compiled.search(text)
        return Found((match[0], *match.groups())) if match else None
    groups = _ask(pattern, {"pattern": pattern, "text": text})
    return Found(tuple(groups)) if groups is not None else None


def find(pattern: str, text: str, start: int) -> tuple[int, int] | None:
    """Return the beginning and the end of the first match that begins at ``start`` or later; what is before it is seen
    by the pattern all the same.

    Raises:
        StepError: ``bad-regex``; ``regex-timeout``: the search takes too long.
    """
    compiled = _checked(pattern)
    if _steps(pattern, len(text)) <= _MAX_STEPS:
        match = compiled.search(text, start)
        return match.span() if match else None
    span = _ask(pattern, {"pattern": pattern, "text": text, "start": start})
    return (span[0], span[1]) if span is not None else None


def group_number(pattern: str, group: object) -> int:
    """Return the number of a group of a pattern, which is given by its number or its name.

    Raises:
        StepError: ``bad-regex``: not a regular expression, or one without that group.
    """
    compiled = _checked(pattern)
    number = compiled.groupindex.get(group, -1) if isinstance(group, str) else group
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= compiled.groups:
        return number
    raise StepError("bad-regex", f"the regular expression has no group {shown(group, 60)}")


def replace(pattern: str, replacement: str, text: str, limit: int) -> str:
    """Replace each match of a pattern (``re.sub``); ``\\1`` in the replacement is a group. The result has at most
    ``limit`` characters.

    Raises:
        StepError: ``bad-regex``; ``regex-timeout``: it takes too long; ``unsafe-expression``: the result is too long.
    """
    compiled = _checked(pattern)
    longest = (len(text) + 1) * (len(replacement) + 1 + replacement.count("\\") * len(text))
    if longest <= limit and _steps(pattern, len(text)) * (len(text) + 1) <= _MAX_STEPS:
        try:
            return compiled.sub(replacement, text)
        except (re.error, IndexError) as error:
            raise StepError("bad-regex", f"not a replacement: {error}") from None
    result = _ask(pattern, {"pattern": pattern, "text": text, "replacement": replacement, "limit": limit})
    if result is None:
        raise StepError("unsafe-expression", "the text would be too long")
    return str(result)


def _checked(pattern: str) -> re.Pattern[str]:
    try:
        return _compiled(pattern)
    except PatternError as error:
        raise StepError("bad-regex", f"not a regular expression: {error.message}", hint=error.hint) from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"it is longer than {MAX_PATTERN:,} characters")
    with _compiling, warnings.catch_warnings():  # which changes a list that all threads share
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern)
        except re.error as error:
            raise PatternError(error.msg, error.pos) from None
        except (RecursionError, OverflowError, MemoryError):
            raise PatternError("it is nested too deeply, or repeats too often") from None


def _steps(pattern: str, length: int) -> float:
    """Return the most steps that a search may take, from above: each quantifier can try as many ends as the text has
    characters, from as many beginnings. Where a group is repeated there is no such bound."""
    if _REPEATED_GROUP.search(pattern) or _BACK_REFERENCE.search(pattern):
        return float("inf")
    quantifiers = len(_QUANTIFIER.findall(pattern))
    return (length + 1.0) ** min(1 + quantifiers, 50) * len(pattern)


class _Worker:
    """A process that makes one search after the other."""

    def __init__(self) -> None:
        import subprocess

        program = Path(__file__).with_name("regex_worker.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(program), str(CPU_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer; None if the process has used up its time, or memory."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            return None
        return dict(json.loads(answer)) if answer.endswith(b"\n") else None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class _Workers:
    """The workers of this process that are idle; threads take one each."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Have a worker answer; see :meth:`_Worker.ask`."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or _Worker()
        answer = None
        try:
            answer = worker.ask(request)
        finally:
            with self._lock:
                keep = answer is not None and len(self._idle) < _MAX_IDLE
                if keep:
                    self._idle.append(worker)
            if not keep:
                worker.close()
        return answer

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()


@lru_cache(maxsize=1)
def _workers() -> _Workers:
    import atexit

    workers = _Workers()
    atexit.register(workers.close)
    return workers


def _ask(pattern: str, request: dict[str, Any]) -> Any:
    answer = _workers().ask(request)
    if answer is None:
        message = f"the regular expression {shown(pattern, 60)} takes too long on this text"
        hint = f"it may take {CPU_SECONDS:g} s: avoid repeating what is repeated already, as in (a+)+"
        raise StepError("regex-timeout", message, hint=hint)
    charge(int(answer["seconds"] / CPU_SECONDS * MAX_WORK))
    if "error" in answer:
        raise StepError("bad-regex", f"not a replacement: {answer['error']}")
    return answer["result"]
