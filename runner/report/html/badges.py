"""A status, to be seen and to be heard."""

from __future__ import annotations

from runner.results.records import Status

MARKS: dict[Status, str] = {"passed": "✓", "failed": "✗", "error": "✗", "skipped": "·"}


def badge(status: Status) -> str:
    """A status as a mark and a word; colour alone tells nobody."""
    return f'<span class="badge {status}">{MARKS[status]} {status}</span>'
