"""Knows which containers and execs have a terminal: without one their output comes in frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.api.operations import Operation, truth
from runner.results.records import StepRecord


class Terminals:
    """Remembers what was created with a terminal, or is seen to have one, by every name it has."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def note(self, step: StepRecord) -> None:
        """Take note of what a step, or an element of its loop, created or inspected."""
        for each in (step, *(step.each or ())):
            self._note(each)

    def _note(self, step: StepRecord) -> None:
        request, response = step.request, step.response
        created: Mapping[str, Any] = request.body if request and isinstance(request.body, Mapping) else {}
        seen: Mapping[str, Any] = response.body if response and isinstance(response.body, Mapping) else {}
        config = seen.get("Config")
        inspected = config if isinstance(config, Mapping) else {}
        if not (truth(created.get("Tty")) or truth(inspected.get("Tty"))):
            return
        names = [seen.get("Id"), *step.captured.values(), request.params.get("name") if request is not None else None]
        self._names.update(name for name in names if isinstance(name, str))

    def framed(self, step: StepRecord, operation: Operation) -> bool:
        """Return whether the output of a step comes in frames: always without a terminal, never with one."""
        assert step.request is not None
        if operation.tty == "always" or (step.response is not None and step.response.status >= 400):
            return False
        if isinstance(step.request.body, Mapping) and truth(step.request.body.get("Tty")):
            return False
        return not any(value in self._names for value in step.request.params.values() if isinstance(value, str))
