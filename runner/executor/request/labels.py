"""The labels on everything a run creates, by which it is found again and removed.

A container inherits its image's labels, and an image those of the image or container that it was made of. So that
somebody else's container, made from an image that a run has built, is not taken for the run's own, containers and
images carry a third label: what they are and which step made them. Whatever only inherits it has the same one as that
which it comes from, or one of another kind; see :func:`runner.executor.cleanup.find.find`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from runner.api import operations
from runner.api.missing import MISSING
from runner.api.operations import Operation
from runner.engine.transport import Upload
from runner.executor.request.file_body import FileUpload

if TYPE_CHECKING:
    from runner.executor.context import Shared
    from runner.results.events import StepKey

RUN: Final = "engine-recipes.run"
SCENARIO: Final = "engine-recipes.scenario"
ORIGIN: Final = "engine-recipes.origin"
INHERITING: Final = frozenset({"container", "image"})
"""What can have labels that nobody gave it."""

_UNQUOTABLE = str.maketrans({'"': "'", "\\": "/", "$": None, "\n": " "})
LARGEST_FILE: Final = 4 * 1024 * 1024
"""The largest file, in bytes, that is read to label what it describes."""

_UPDATED = frozenset({"service", "secret", "config"})
"""What has an update that replaces all labels."""


class Sent(NamedTuple):
    """What a request is made of: its parameters, and a JSON body or a file to stream."""

    params: Mapping[str, Any]
    body: Any = MISSING
    upload: Upload | None = None


class Labeller(NamedTuple):
    """Puts the labels of a run on what one of its steps creates. Without a run's id, as in a plan, it does nothing."""

    shared: Shared
    key: StepKey

    def add(self, operation: Operation, sent: Sent) -> Sent:
        """A creating operation's request with the labels in it; any other as it was. A file that becomes a JSON body
        is read, if it holds a mapping."""
        if not self.shared.run_id:
            return sent
        target = operation.labels_for(sent.params)
        own = operation.name.endswith(".update") and sent.params.get("id") in self.shared.updatable
        if target is None and not own:
            return sent
        self.shared.created.add(operation.noun)
        where, _, name = (target or "body.Labels").partition(".")
        if where == "query":
            given = sent.params.get(name)
            return sent._replace(params={**sent.params, name: self._in_query(operation.noun, name, given)})
        if isinstance(sent.upload, FileUpload):
            value = _mapping(sent.upload.read(LARGEST_FILE))
            if value is None:
                return sent  # the engine says what is wrong with it
            sent = sent._replace(body=value, upload=None)
        return sent._replace(body=self._in_body(operation.noun, sent.body))

    def add_raw(self, operation: Operation, path: str, sent: Sent) -> tuple[str, Sent]:
        """The same for a raw request that comes to this operation; its path loses the query that is written there."""
        bare, _, written = path.partition("?")
        params: dict[str, Any] = dict(sent.params)
        for name, value in parse_qsl(written, keep_blank_values=True):
            params[name] = [*_several(params[name]), value] if name in params else value
        return bare, self.add(operation, sent._replace(params=params))

    def _labels(self, noun: str) -> dict[str, str]:
        labels = {RUN: self.shared.run_id, SCENARIO: self.shared.title}
        if noun in INHERITING:
            labels[ORIGIN] = f"{noun}/{'.'.join(str(index) for index in self.key.path)}"
        return labels

    def _in_query(self, noun: str, name: str, given: Any) -> Any:
        labels = self._labels(noun)
        if name == "changes":
            return [*_several(given), *(f'LABEL "{key}"={_quoted(value)}' for key, value in labels.items())]
        if isinstance(given, str):
            given = _mapping(given)
        return {**(given if isinstance(given, Mapping) else {}), **labels}

    def _in_body(self, noun: str, body: Any) -> Any:
        if isinstance(body, str):
            value = _mapping(body)
            return body if value is None else json.dumps(self._in_body(noun, value))
        if body is MISSING:
            body = {}
        given = body.get("Labels") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or (given is not None and not isinstance(given, Mapping)):
            return body  # the engine says what is wrong with it
        return {**body, "Labels": {**(given or {}), **self._labels(noun)}}


def remember(shared: Shared, operation: Operation | None, body: Any, answer: Any) -> None:
    """Note the id and the name of what has been created, so that an update of it keeps the labels."""
    if operation is None or operation.noun not in _UPDATED or not operation.labels:
        return
    for value in (body, answer):
        if isinstance(value, Mapping):
            shared.updatable.update(str(value[key]) for key in ("Name", "ID", "Id") if value.get(key))


def creation(method: str, path: str) -> Operation | None:
    """The operation that a raw request comes to, if it is one that creates something."""
    bare = unquote(re.sub(r"^/v[0-9]+\.[0-9]+(?=/)", "", path.partition("?")[0])).rstrip("/")
    every = operations.all_operations()
    return next((one for one in every if one.labels and (one.method, one.path) == (method.upper(), bare)), None)


def _several(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _mapping(text: str | bytes) -> Mapping[str, Any] | None:
    """What a text is in JSON, if that is a mapping."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def _quoted(value: str) -> str:
    """A value as a Dockerfile's LABEL has it, without what needs escapes: Podman keeps those as they are."""
    return f'"{value.translate(_UNQUOTABLE)}"'
