"""Lists the languages of snippets, one row each, and makes a scenario's snippets in all of them in one pass.

A new language is a module with a subclass of :class:`~runner.report.snippets.session.Session`, and a row in
:data:`LANGUAGES`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from runner.report.snippets.session import Gap, Session, Setup, Snippet
from runner.report.wording import call_shown
from runner.results.records import StepRecord

StartSession = Callable[[str, Sequence[StepRecord]], Session]
"""Begins the snippets of a scenario, from the engine's address (as in ``DOCKER_HOST``) and its steps."""


class Language(NamedTuple):
    """One row. Readers know the language by ``label``, in a sentence by ``phrase``; ``highlight`` is a name for
    what colours code, which no other row has: it tells the blocks of a page apart. ``load`` imports its module."""

    name: str
    label: str
    phrase: str
    highlight: str
    load: Callable[[], StartSession]


# Each row's module is imported when snippets are made.


def _curl() -> StartSession:
    from runner.report.snippets.shell.curl import Script

    return Script


def _docker_cli() -> StartSession:
    from runner.report.snippets.shell.docker_cli import Commands

    return Commands


def _docker_py() -> StartSession:
    from runner.report.snippets.python.docker_py import Program

    return Program


def _requests() -> StartSession:
    from runner.report.snippets.python.requests_program import RequestsProgram

    return RequestsProgram


_ROWS = (
    Language("curl", "curl", "`curl`", "bash", _curl),
    Language("docker-cli", "docker CLI", "the docker CLI", "sh", _docker_cli),
    Language("docker-py", "docker-py", "docker-py", "python", _docker_py),
    Language("requests", "requests", "`requests`", "py", _requests),
)
LANGUAGES: Final[dict[str, Language]] = {row.name: row for row in _ROWS}
"""Documents show the first one openly, and the others folded."""
FIRST: Final = _ROWS[0]


class StepSnippets(NamedTuple):
    """A step, its snippets by the names of their languages, and the same of the steps inside it.

    A setup is with the first snippet of its language that needs it. ``gaps`` says of the other languages why they
    have no snippet, where there was something to do.
    """

    step: StepRecord
    snippets: Mapping[str, Snippet]
    gaps: Mapping[str, Gap]
    children: tuple[StepSnippets, ...] = ()


def snippets_of(
    endpoint: str,
    steps: Sequence[StepRecord],
    languages: Iterable[Language] = LANGUAGES.values(),
    shown: Collection[str] | None = None,
) -> tuple[StepSnippets, ...]:
    """Return a scenario's steps with their snippets; steps that were skipped, or whose call is hidden, have none.

    ``shown`` are the ids of the steps that the reader sees; None means all. Snippets get by without the others.
    """
    sessions = {row.name: row.load()(endpoint, steps) for row in languages}
    known: set[tuple[str, Setup]] = set()

    def visit(step: StepRecord, *, seen: bool) -> StepSnippets:
        snippets: dict[str, Snippet] = {}
        gaps: dict[str, Gap] = {}
        for name, session in sessions.items() if step.status != "skipped" else ():
            if call_shown(step) == "hidden" or not seen:
                session.note(step)
                continue
            match session.snippet(step):
                case Snippet() as snippet:
                    new = tuple(setup for setup in snippet.setups if (name, setup) not in known)
                    known.update((name, setup) for setup in new)
                    snippets[name] = snippet._replace(setups=new)
                case Gap() as gap:
                    gaps[name] = gap
        children = step.steps or tuple(element for element in step.each or () if element.steps)
        return StepSnippets(step, snippets, gaps, tuple(visit(child, seen=seen) for child in children))

    return tuple(visit(step, seen=shown is None or step.id in shown) for step in steps)
