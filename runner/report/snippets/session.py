"""Makes the snippets of a scenario's steps in one language, one after the other, as a reader pastes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, assert_never

from runner.api.operations import by_id
from runner.report.snippets.names import Identifier, Names
from runner.report.snippets.variables import Index, Variable, Variables, forms, is_distinctive
from runner.results.records import StepRecord


class Setup(NamedTuple):
    """Code that a page shows once, before the first snippet that needs it, and what it is for."""

    about: str
    code: str


class Snippet(NamedTuple):
    """A step's code. ``sets`` are the captured names whose values it puts into variables."""

    code: str
    setups: tuple[Setup, ...] = ()
    sets: frozenset[str] = frozenset()


class Gap(NamedTuple):
    """A call that the language can't make, and why, as a clause: ``it needs …``."""

    reason: str


class Draft(NamedTuple):
    """A snippet to be, with the values that it puts into variables: the captured name, the value and its variable
    each. ``imports`` are the lines that it needs at its beginning."""

    code: str
    values: tuple[tuple[str, object, Variable], ...] = ()
    setups: tuple[Setup, ...] = ()
    imports: tuple[str, ...] = ()


class NoEquivalent(Exception):
    """The language can't make the call, or not with everything that was sent; the text is why."""


class Session(ABC):
    """Holds what a reader's shell or program has so far. A language is a subclass with :meth:`write`.

    A value that the engine gave and that no snippet of the language reads is unknown to the reader: a snippet that
    needs it is left out, rather than shown with a value of this very run.
    """

    def __init__(self, steps: Sequence[StepRecord], identifier: Identifier) -> None:
        self.variables = Variables()
        self.names = Names(identifier, steps)
        self.started: dict[str, StepRecord] = {}
        """The steps that go on in the background, by their ids."""
        self._unknown = Index()
        self._without_input: set[str] = set()
        """The containers whose input no snippet has sent: they may wait for it for ever."""

    def snippet(self, step: StepRecord) -> Snippet | Gap | None:
        """Return the snippet of the next step, or why there is none; None if there is nothing to do."""
        try:
            self._refuse_hanging(step)
            draft = self.write(step)
            if draft is not None:
                self._refuse_unknown(draft.code)
        except NoEquivalent as reason:
            self.note(step)
            for name in created_names(step):
                self._unknown.add(name)
            if step.request is not None and step.request.stdin is not None:
                self._without_input.add(str(step.request.params.get("id")))
            return Gap(_sentence(str(reason)))
        if step.background and draft is not None:
            self.started[step.id] = step
        for _, value, variable in draft.values if draft is not None else ():
            for forgotten in self.variables.learn(value, variable):
                self._unknown.add(forgotten)
        self.note(step)
        if draft is None:
            return None
        code = self.opening(draft) + draft.code
        return Snippet(code, draft.setups, frozenset(name for name, _, _ in draft.values))

    def note(self, step: StepRecord) -> None:
        """Take note of a step behind its snippet, or of one whose snippet is not shown: the reader doesn't have the
        values that were not read."""
        for captured in step.captured.values():
            for value in distinctive(captured):
                if value not in self.variables:
                    self._unknown.add(value)

    def opening(self, draft: Draft) -> str:  # noqa: ARG002 - languages without imports have none
        """Return what comes before a snippet's code."""
        return ""

    def write(self, step: StepRecord) -> Draft | None:
        """Return a step's code; None if there is nothing to do.

        Raises:
            NoEquivalent: the language can't do what the step did.
        """
        match step.action:
            case "call":
                return self.call(step) if step.each is None else self.loop(step, step.each)
            case "await":
                return self.wait(step)
            case "set":
                return self.assign(step)
            case "sleep":
                return self.pause(max(round(step.duration_ms / 1000, 1), 0.1))
            case "check" | "parallel" | "group" | "include":
                return None
            case _:
                assert_never(step.action)

    @abstractmethod
    def call(self, step: StepRecord) -> Draft | None:
        """Return the code of a request, in the background if the step is; None if a later one does it too."""

    @abstractmethod
    def loop(self, step: StepRecord, elements: Sequence[StepRecord]) -> Draft | None:
        """Return the code of a request that is sent for each element of a list."""

    @abstractmethod
    def wait(self, step: StepRecord) -> Draft:
        """Return the code that awaits a step in the background."""

    @abstractmethod
    def assign(self, step: StepRecord) -> Draft | None:
        """Return the code that sets variables."""

    @abstractmethod
    def pause(self, seconds: float) -> Draft:
        """Return the code that waits for some time."""

    def _refuse_hanging(self, step: StepRecord) -> None:
        """Look for a container that is waited for, whose input was not sent.

        Raises:
            NoEquivalent: it is one.
        """
        request = step.request
        waits = step.operation == "ContainerWait" or (request is not None and request.params.get("follow"))
        if request is not None and waits and str(request.params.get("id")) in self._without_input:
            raise NoEquivalent("it would wait for ever, since the container's input is not sent")

    def _refuse_unknown(self, code: str) -> None:
        """Look for values of this very run.

        Raises:
            NoEquivalent: the code has one.
        """
        for _, value in self._unknown.find(code):
            if value not in self.variables:
                raise NoEquivalent(f"it needs the value {value}, which no command above has read")


def _sentence(reason: str) -> str:
    """Return a reason as a clause; a name alone is what the language lacks."""
    return reason if " " in reason else f"it has nothing for {reason or 'that'}"


def distinctive(value: object) -> Iterator[str]:
    """Yield a captured text or number, or those of a list, in all forms that they have in code, as far as they are
    recognised there."""
    for part in value if isinstance(value, list) else [value]:
        for text, _ in forms(part, Variable("")):
            if is_distinctive(text):
                yield text


def created_names(step: StepRecord) -> Iterator[str]:
    """Yield the names of what a step created, files included: they are missing where its call can't be made."""
    operation = by_id(step.operation) if step.operation else None
    request, response = step.request, step.response
    if request is None or (response is not None and response.status >= 400):
        return
    if request.save is not None:
        yield request.save
    if operation is None or operation.labels is None:
        return
    body = request.body if isinstance(request.body, Mapping) else {}
    repository, tag = (request.params.get(name) for name in ("repo", "tag"))
    given = [request.params.get("name"), body.get("Name"), *_listed(request.params.get("t")), repository]
    given += [f"{repository}:{tag}"] if repository and tag else []
    yield from (name for name in given if isinstance(name, str) and name)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def walk(steps: Iterable[StepRecord]) -> Iterator[StepRecord]:
    """Yield steps and all that is inside them, in the order of the document."""
    for step in steps:
        yield step
        yield from walk(step.inside)
