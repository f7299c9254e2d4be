"""Explains the differences that a comparison has found: the path, the matcher, the value, a diff where it helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.nearest import nearest
from runner.scenario.matchers.compare import Mismatch
from runner.scenario.matchers.kinds import ABSENT, NO_BODY, Absent
from runner.scenario.matchers.operands import MATCHERS, is_matcher
from runner.scenario.matchers.streamed import StreamedItems, StreamedText
from runner.text import shown

MAX_LINES: Final = 40
"""Lines that explain one failure, at most."""
MAX_TEXT: Final = 400
"""Characters of a value that are shown, at most."""
_COLUMN: Final = 10
"""The width of the labels before the values."""
_MAX_COMPARED: Final = 2000
"""Lines of a text of which a diff is made, at most."""


def explain(mismatches: Sequence[Mismatch], name: str) -> tuple[str, ...]:
    """Return the lines for some differences of what is called ``name`` (``body``)."""
    lines: list[str] = []
    for number, mismatch in enumerate(mismatches):
        if len(lines) >= MAX_LINES:
            lines.append(f"… and {len(mismatches) - number} more")
            break
        lines += [".".join(map(str, mismatch.path)) or name, *(f"  {line}" for line in values(mismatch))]
    return tuple(lines)


def values(mismatch: Mismatch) -> tuple[str, ...]:
    """Return the lines for the two values of a difference: a diff of texts of several lines, or each by itself."""
    wanted, actual = mismatch.wanted, mismatch.actual
    if mismatch.label in ("expected", "equals"):
        diff = _diff(wanted, actual)
        if diff:
            return diff
    label = mismatch.label
    plainly = isinstance(wanted, str) and (label == "type" or isinstance(actual, str | Absent | StreamedText))
    width = max(_COLUMN, len(label) + 2)
    lines = [f"{label:<{width}}{_plainly(wanted) if plainly else exactly(wanted)}"]
    lines.append(f"{'actual':<{width}}{_plainly(actual) if plainly else exactly(actual)}")
    note = mismatch.note or _meant(wanted, actual)
    return (*lines, f"({note})") if note else tuple(lines)


def _diff(wanted: Any, actual: Any) -> tuple[str, ...]:
    """Return a diff of two texts with several lines, or of two mappings or lists that are not short."""
    if isinstance(wanted, str) and isinstance(actual, str) and "\n" in wanted and "\n" in actual:
        old, new = wanted.splitlines(), actual.splitlines()
    elif _is_large(wanted) and _is_large(actual):
        from runner.json_layout import pretty

        old, new = (pretty(value, width=0).splitlines() for value in (wanted, actual))
    else:
        return ()
    if max(len(old), len(new)) > _MAX_COMPARED:
        return ()
    import difflib

    lines = difflib.unified_diff(old, new, "expected", "actual", lineterm="", n=2)
    return tuple(line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…" for line in list(lines)[:MAX_LINES])


def _is_large(value: Any) -> bool:
    return isinstance(value, Mapping | list) and len(shown(value, MAX_TEXT)) > 80


def _meant(wanted: Any, actual: Any) -> str | None:
    """Return a note where a mapping was expected whose key is almost a matcher."""
    if not isinstance(wanted, Mapping) or isinstance(actual, Mapping) or is_matcher(wanted):
        return None
    meant = next(((key, near) for key in wanted if (near := nearest(str(key), MATCHERS))), None)
    return f"'{meant[0]}' is not a matcher; did you mean '{meant[1]}'?" if meant else None


def exactly(value: Any) -> str:
    """Show a value as JSON, in which a text that looks like a number has quotes."""
    if value is ABSENT or value is NO_BODY:
        return repr(value)
    if isinstance(value, StreamedText):
        return f"{shown(value.kept, MAX_TEXT)} ({len(value):,} characters)"
    if isinstance(value, StreamedItems):
        return f"{shown(value.kept[:20], MAX_TEXT)} ({len(value):,} elements)"
    return shown(value, MAX_TEXT)


def _plainly(value: Any) -> str:
    """Show a text without quotes, if these would add nothing."""
    if isinstance(value, str) and value and value == value.strip() and value.isprintable() and len(value) <= MAX_TEXT:
        return value
    return exactly(value)


def described(wanted: Any, name: str) -> str:
    """Return an expectation as one line: ``stdout contains "x"``, ``body matches {…}``."""
    if is_matcher(wanted) and len(wanted) == 1:
        matcher, operand = next(iter(wanted.items()))
        if matcher == "not" and is_matcher(operand) and len(operand) == 1:
            inner, operand = next(iter(operand.items()))
            matcher = f"not {inner}"
        return f"{name} {matcher} {shown(operand, 200)}"
    return f"{name} matches {shown(wanted, 200)}"
