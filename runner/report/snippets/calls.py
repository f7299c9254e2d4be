"""Describes a step as a call of an operation, for languages that have a function or a command for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runner.api.operations import AnswerKind, Operation, by_id, truth
from runner.report.snippets.session import NoEquivalent
from runner.results.records import RequestRecord, StepRecord
from runner.results.result_path import Absent, Source, read


class Call(NamedTuple):
    """``params`` are those of path, query and header, with the types that the API gives them; ``body`` is the JSON
    that was sent."""

    operation: Operation
    request: RequestRecord
    step: StepRecord

    @property
    def params(self) -> Mapping[str, Any]:
        return self.request.params

    @property
    def body(self) -> Any:
        return self.request.body

    @property
    def answer(self) -> AnswerKind:
        """Return what a success brings, with these parameters."""
        return self.operation.answer_for(self.params, self.body)

    def flag(self, name: str) -> bool:
        """Return a flag of the call, or its default."""
        param = self.operation.param(name)
        return truth(self.params.get(name, param.default if param is not None else None))


def shown_source(step: StepRecord) -> Source | None:
    """Return what a document shows of the answer, if not all of it; a variable is what it was captured from."""
    if not isinstance(step.show, Source):
        return None
    path = step.show.path
    return step.capture_sources.get(path.root, step.show) if path is not None and not path.keys else step.show


def is_digest(step: StepRecord, source: Source) -> bool:
    """Return whether an expression reads a digest (``sha256:…``), of which a short id is another part than of an id."""
    if source.path is None or step.response is None or not source.path._replace(filter=None).in_response:
        return False
    try:
        value = read(source.path, step.response)
    except Absent:
        return False
    return isinstance(value, str) and value.startswith("sha256:")


def call_of(step: StepRecord) -> Call | None:
    """Return the call that a step made; None if it made none, or none of the API's operations."""
    operation = by_id(step.operation) if step.operation else None
    return None if operation is None or step.request is None else Call(operation, step.request, step)


def flattened(body: Any, known: Mapping[str, Any], ignored: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the parts of a body by their dotted names, as far down as ``known`` has them.

    Raises:
        NoEquivalent: it has something that is neither known nor ignored.
    """
    parts: dict[str, Any] = {}
    _flatten(body or {}, "", known, ignored, parts)
    return parts


def _flatten(value: Any, prefix: str, known: Mapping[str, Any], ignored: frozenset[str], parts: dict[str, Any]) -> None:
    if not isinstance(value, Mapping):
        raise NoEquivalent(prefix)
    for name, part in value.items():
        path = f"{prefix}{name}"
        if path in known:
            parts[path] = part
        elif path not in ignored and part not in (None, "", {}, []):
            if not isinstance(part, Mapping):
                raise NoEquivalent(path)
            _flatten(part, f"{path}.", known, ignored, parts)
