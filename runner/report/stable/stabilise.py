"""The stable form of a report: two runs of the same scenario give the same one, byte for byte.

What differs from run to run (ids, names that the engine gives, addresses, times, sizes, figures) is replaced by
placeholders that keep its shape and its identity: the same container is the same id everywhere, short or long, and
two ids are never one. It works in three passes: :mod:`.normalise` brings each answer into a form that doesn't depend on
chance, by what the API says of its fields; :mod:`.tokens` collects the ids, names and addresses in the order in which
they first appear, and replaces them everywhere; values that were captured or are shown by a path are then read again
from the answer.
"""

from __future__ import annotations

from runner.report.stable.normalise import normalised
from runner.report.stable.placeholders import STARTED, with_placeholders
from runner.results.records import Report


def stabilise(report: Report) -> Report:
    """Return the stable form; of a report that has it already, the same."""
    first = normalised(report)
    return with_placeholders(first.report, first.ports)


def is_stable(report: Report) -> bool:
    """Return whether a report has the stable form: its times mean nothing then."""
    return report.started_at == STARTED
