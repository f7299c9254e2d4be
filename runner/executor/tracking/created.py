"""Tracks what a run has created on its engine, for later requests and for the cleanup."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runner.api.operations import Operation

if TYPE_CHECKING:
    from runner.executor.tracking.builds import Build

NO_LABEL: Final = ""
"""The origin of what has none of the run's labels: nothing that is found by its label matches it."""
_WITH_UPDATES: Final = frozenset({"service", "secret", "config"})
"""Nouns with an update operation, which replaces all labels."""


class ById(NamedTuple):
    """A resource without labels: its kind, its full id (a volume's name), the step that created it, and for a volume
    the time, in Unix seconds."""

    noun: str
    id: str
    step_id: str
    created: float | None = None


class Creation:
    """A request that creates a resource, from the time that it is sent. ``origin`` is the resource's third
    label, for kinds that have one.

    It is ``pending`` until the engine has answered. Where the connection broke before, the engine may create the
    resource all the same: then it is ``in_doubt`` until the cleanup has found the resource.
    """

    def __init__(self, noun: str, origin: str | None, step_id: str) -> None:
        self.noun = noun
        self.origin = origin
        self.step_id = step_id
        self.in_doubt = False
        self.cut_off_at = 0.0
        """When the connection broke, on the monotonic clock."""
        self._ended = threading.Event()

    @property
    def pending(self) -> bool:
        return not self._ended.is_set()

    def end(self, *, in_doubt: bool) -> None:
        """End the request: it was answered or never sent, or what became of it is in doubt."""
        self.in_doubt = in_doubt
        self.cut_off_at = time.monotonic()
        self._ended.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the request; False if the time ends before."""
        return self._ended.wait(seconds)


class CreatedResources:
    """The resources that one run may have created. Thread-safe: each change is a single operation on a set, a list or a
    mapping."""

    def __init__(self) -> None:
        self.nouns: set[str] = set()
        """The kinds (``container``, ``network``) of which the run may have created something with its labels."""
        self.ids: set[str] = set()
        """Ids (names, of volumes) that the engine has answered with."""
        self.updatable: set[str] = set()
        """Ids and names of created resources whose updates must carry the labels too."""
        self.ttys: dict[str, bool] = {}
        """Whether a container or exec instance has a TTY, by its full id."""
        self.creations: list[Creation] = []
        self.by_id: list[ById] = []
        """What carries no labels, in the order in which the engine answered."""
        self.builds: list[Build] = []
        self.deleted_images: set[str] = set()
        """Full ids of images that the run has deleted, without ``sha256:``."""

    def begin(self, noun: str, origin: str | None, step_id: str) -> Creation:
        """Note a request that is about to create a labelled resource."""
        creation = Creation(noun, origin, step_id)
        self.creations.append(creation)
        return creation

    def note(self, operation: Operation | None, body: Any, answer: Any, *, labelled: bool) -> None:
        """Note what an operation has created, from the body that it sent and the one that it got."""
        if operation is None:
            return
        if operation.noun == "image" and operation.method == "DELETE":
            self.note_deleted_images(answer)
        if not isinstance(answer, Mapping):
            return
        sent: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
        if operation.tty == "creates" and isinstance(answer.get("Id"), str):
            self.ttys[answer["Id"]] = bool(sent.get("Tty"))
        if labelled and operation.labels and operation.noun in _WITH_UPDATES:
            for value in (sent, answer):
                self.updatable.update(_names(value))

    def note_id(self, answer: Any) -> None:
        """Note the id in the response to a creating request."""
        if isinstance(answer, Mapping):
            self.ids.update(_names(answer))

    def note_deleted_images(self, answer: Any) -> None:
        """Note the images that the removal of one has deleted."""
        for item in answer if isinstance(answer, list) else ():
            if isinstance(item, Mapping) and item.get("Deleted"):
                self.deleted_images.add(str(item["Deleted"]).removeprefix("sha256:"))

    def unsettled(self) -> list[Creation]:
        """Return the creations that are pending or in doubt."""
        return [creation for creation in self.creations if creation.pending or creation.in_doubt]


def _names(value: Mapping[str, Any]) -> Iterable[str]:
    return (str(value[key]) for key in ("Name", "ID", "Id") if value.get(key))
