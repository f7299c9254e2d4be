"""Tracks what a run has created on its engine, for later requests and for the cleanup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.api.operations import Operation

_WITH_UPDATES: Final = frozenset({"service", "secret", "config"})
"""Nouns with an update operation, which replaces all labels."""


class CreatedResources:
    """The resources that one run may have created. Thread-safe: each change is a single operation on a set."""

    def __init__(self) -> None:
        self.nouns: set[str] = set()
        """The kinds (``container``, ``network``) of which the run may have created something."""
        self.updatable: set[str] = set()
        """Ids and names of created resources whose updates must carry the labels too."""
        self.ttys: dict[str, bool] = {}
        """Whether a container or exec instance has a TTY, by its full id."""

    def note(self, operation: Operation | None, body: Any, answer: Any) -> None:
        """Note what an operation has created, from the body that it sent and the one that it got."""
        if operation is None or not isinstance(answer, Mapping):
            return
        sent: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        if operation.tty == "creates" and isinstance(answer.get("Id"), str):
            self.ttys[answer["Id"]] = bool(sent.get("Tty"))
        if operation.labels and operation.noun in _WITH_UPDATES:
            for value in (sent, answer):
                self.updatable.update(str(value[key]) for key in ("Name", "ID", "Id") if value.get(key))
