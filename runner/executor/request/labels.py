"""Labels what a run creates, so that it can be found and removed.

Where labels are not wanted (``labels: false``) or a raw request has no mapping to put them into, the request stays as
it is written, and what it creates is tracked by its id: see :mod:`runner.executor.tracking.by_id`.

A container inherits its image's labels, and an image those of the image or container that it was made of. To tell the
run's own containers and images from those that others derive from them, a third label holds the kind of the resource
and the step that created it. A derived resource has the same one as its origin, or one of another kind; see
:func:`runner.executor.cleanup.find.find`.
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
from runner.labels import ORIGIN, RUN, SCENARIO

if TYPE_CHECKING:
    from runner.executor.context import StepContext
    from runner.results.events import StepKey

INHERITING: Final = frozenset({"container", "image"})
"""Nouns of resources that inherit labels."""
MAX_FILE: Final = 4 * 1024 * 1024
"""The largest file, in bytes, that is read to add labels to the JSON in it."""

_VERSION: Final = re.compile(r"^/v[0-9]+(\.[0-9]+)+(?=/)")
_LIBPOD: Final = "/libpod"
_NATIVE: Final = frozenset({"/containers/create", "/networks/create", "/volumes/create", "/secrets/create"})
"""Podman's own endpoints whose answer names what they have created."""
_NOT_IN_A_DOCKERFILE: Final = str.maketrans({'"': "'", "\\": "/", "$": None, "\n": " "})


class Content(NamedTuple):
    """Holds what a request is built from: parameters, and a JSON body or a file to stream."""

    params: Mapping[str, Any]
    body: Any = MISSING
    upload: Upload | None = None


class Labeller:
    """Adds the labels of a run to the request of one of its steps. A plan, which has no run id, gets none."""

    def __init__(self, context: StepContext) -> None:
        self._run = context.run
        self._key = context.key
        self._is_wanted = context.step.labels and context.scope.scenario.labels

    def add(self, operation: Operation, content: Content) -> Content:
        """Return the content of a creating operation with the labels in it; that of any other unchanged. A file with a
        JSON mapping is read and becomes a JSON body."""
        if not (self._run.run_id and self._is_wanted):
            return content
        target = operation.labels_for(content.params)
        updates_own = operation.name.endswith(".update") and content.params.get("id") in self._run.created.updatable
        if target is None and not updates_own:
            return content
        self._run.created.nouns.add(operation.noun)
        place, _, name = (target or "body.Labels").partition(".")
        if place == "query":
            instructions = (f'LABEL "{key}"={_quoted(text)}' for key, text in self._labels(operation.noun).items())
            changes = [*_as_list(content.params.get(name)), *instructions]
            return content._replace(params={**content.params, name: changes})
        if isinstance(content.upload, FileUpload):
            body = _json_mapping(content.upload.read(MAX_FILE))
            if body is None:
                return content  # the engine explains what is wrong with it
            content = content._replace(body=body, upload=None)
        return content._replace(body=self._in_body(operation.noun, content.body))

    def labels(self, operation: Operation, content: Content, *, raw: bool = False) -> bool:
        """Return whether what the request creates carries the run's labels: of a raw one only where its body is a
        mapping, since a text and a path are sent as they are written."""
        target = operation.labels_for(content.params) if self._is_wanted else None
        return target is not None and (not raw or (target.startswith("body.") and isinstance(content.body, Mapping)))

    def _labels(self, noun: str) -> dict[str, str]:
        labels = {RUN: self._run.run_id, SCENARIO: self._run.title}
        origin = origin_label(noun, self._key)
        return labels if origin is None else {**labels, ORIGIN: origin}

    def _in_body(self, noun: str, body: Any) -> Any:
        if body is MISSING:
            body = {}
        labels = body.get("Labels") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or (labels is not None and not isinstance(labels, Mapping)):
            return body  # the engine explains what is wrong with it
        return {**body, "Labels": {**(labels or {}), **self._labels(noun)}}


def origin_label(noun: str, key: StepKey) -> str | None:
    """Return the third label of what a step creates; None for kinds that inherit no labels."""
    return f"{noun}/{'.'.join(str(index) for index in key.path)}" if noun in INHERITING else None


def raw_creation(method: str, path: str) -> Operation | None:
    """Return the operation that a raw request amounts to, if that creates a resource of the run. Podman's native
    endpoints create the same resources."""
    bare = unquote(_VERSION.sub("", path.partition("?")[0])).rstrip("/")
    if bare.startswith(_LIBPOD):
        bare = bare.removeprefix(_LIBPOD)
        if bare not in _NATIVE:
            return None
    return next(
        (
            operation
            for operation in operations.all_operations()
            if (operation.labels or operation.build_context)
            and (operation.method, operation.path) == (method.upper(), bare)
        ),
        None,
    )


def is_native(path: str) -> bool:
    """Return whether a path is one of Podman's own."""
    return _VERSION.sub("", path).startswith(_LIBPOD)


def all_params(path: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a raw request, with those in its path."""
    every: dict[str, Any] = dict(params)
    for name, value in parse_qsl(path.partition("?")[2], keep_blank_values=True):
        every[name] = [*_as_list(every[name]), value] if name in every else value
    return every


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _json_mapping(text: str | bytes) -> Mapping[str, Any] | None:
    """Parse a JSON mapping; None if the text is anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) else None


def _quoted(value: str) -> str:
    """Quote a value for a Dockerfile's LABEL. Characters that need an escape are replaced: Podman keeps escapes."""
    return f'"{value.translate(_NOT_IN_A_DOCKERFILE)}"'
