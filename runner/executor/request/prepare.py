"""Renders a step's request: parameters, bodies, labels and credentials. Nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, assert_never

from runner.api.missing import MISSING
from runner.api.operations import AnswerKind, Operation, truth, version_key
from runner.engine import requests
from runner.engine.parameters import typed_params
from runner.engine.transport import Deadline, Request, Upload
from runner.errors import FieldError, StepError
from runner.executor.context import StepContext
from runner.executor.files import SaveTarget
from runner.executor.request import registry_credentials
from runner.executor.request.file_body import Check, FileUpload
from runner.executor.request.labels import Content, Labeller, all_params, is_native, raw_creation
from runner.results.records import EMPTY, MARK, RequestRecord
from runner.scenario import model
from runner.scenario.expressions.references import Scope
from runner.scenario.expressions.values import Value
from runner.scenario.yaml import nodes
from runner.text import shown

RequestKind = model.OperationCall | model.RawRequest
"""The kinds of steps that send a request."""

SHOWN_STDIN: Final = 1024 * 1024
"""How much of a file that is sent as stdin a record holds, in bytes."""
_OUTPUTS: Final = ("stdout", "stderr")


class Prepared(NamedTuple):
    """A request that is ready to be sent, with what is needed to read its response."""

    request: Request
    operation: Operation | None = None
    params: Mapping[str, Any] = EMPTY
    body: Any = None
    stdin: bytes | FileUpload | None = None
    save: SaveTarget | None = None
    creates: Operation | None = None
    """The operation that creates a resource of the run, if the request is or amounts to one."""
    is_labelled: bool = True
    """Whether what it creates carries the run's labels."""
    tags: tuple[str, ...] = ()
    """The names that a build gives to its image."""

    @property
    def documented(self) -> tuple[int, ...]:
        """The statuses that are a success."""
        if self.operation:
            return self.operation.success
        return (*((101,) if self.request.upgrade else ()), *range(200, 300))

    @property
    def answer(self) -> AnswerKind:
        """The kind of a successful response."""
        return self.operation.answer_for(self.params, self.body) if self.operation else "json"

    def record(self) -> RequestRecord:
        request = self.request
        query: dict[str, str | list[str]] = {}
        for name, value in request.query:
            earlier = query.get(name)
            if earlier is None:
                query[name] = value
            else:
                query[name] = [*([earlier] if isinstance(earlier, str) else earlier), value]
        stdin, stdin_left_out = _shown_input(self.stdin)
        upload = request.body if request.body is not None and not isinstance(request.body, bytes) else None
        return RequestRecord(
            method=request.method,
            path=request.path,
            query=query,
            headers=registry_credentials.shown(request.headers),
            body=self._sent_body(),
            upload=_upload_label(upload),
            stdin=stdin,
            stdin_left_out=stdin_left_out,
            folder=getattr(upload, "folder", None),
            excluded=getattr(upload, "excluded", ()),
            save=self.save.name if self.save is not None else None,
            params=typed_params(self.operation, self.params) if self.operation else EMPTY,
        )

    def _sent_body(self) -> Any:
        """Return the JSON that was sent, in which numbers are text where the API wants text."""
        content = self.request.body
        if isinstance(content, bytes) and not isinstance(self.body, str):
            return json.loads(content)
        return self.body


def prepare(context: StepContext, kind: RequestKind, names: Scope, deadline: Deadline) -> Prepared:
    """Render a step's request.

    Raises:
        StepError: a template fails, a parameter can't be sent, or registry credentials can't be read.
        FieldError: a value doesn't fit the API, at the place of its field.
    """
    try:
        match kind:
            case model.OperationCall():
                return _prepare_call(context, kind, names, deadline)
            case model.RawRequest():
                return _prepare_raw(context, kind, names, deadline)
            case _:
                assert_never(kind)
    except FieldError as error:
        call = context.step.node.get(str(context.step.key.value))
        if call is not None and error.place is None:
            error.place = nodes.place_of(nodes.node_at(call, error.field))
        raise


def _prepare_call(context: StepContext, kind: model.OperationCall, names: Scope, deadline: Deadline) -> Prepared:
    operation, version = kind.operation, context.engine.api_version
    params = {name: value.render(names) for name, value in kind.params.items()}
    body = kind.body.render(names) if kind.body is not None else MISSING
    stdin = _stdin(context, kind, names, deadline)
    if isinstance(stdin, bool):
        params["stdin"], stdin = stdin, None
    elif stdin is not None and _has_flag(operation, "stdin", version):
        params.setdefault("stdin", True)
    if operation.upgrade == "websocket" and params.keys().isdisjoint(_OUTPUTS):
        # From API 1.42 on only the streams that are named are attached; before, all of them are.
        params |= {name: True for name in _OUTPUTS if _has_flag(operation, name, version)}
    upload = _upload(context, kind, names, params, deadline)
    labeller = Labeller(context)
    content = labeller.add(operation, Content(params, body, upload))
    params = registry_credentials.add(context.run, operation, dict(content.params), content.body, deadline)
    request = requests.build(operation, params, body=content.body, upload=content.upload, api_version=version)
    save = _save(context, kind, names)
    creates, tags = _creates(operation, content.params)
    is_labelled = labeller.labels(operation, content)
    return Prepared(request, operation, params, _json_body(content.body), stdin, save, creates, is_labelled, tags)


def _prepare_raw(context: StepContext, kind: model.RawRequest, names: Scope, deadline: Deadline) -> Prepared:
    method, path = str(kind.method.render(names)), str(kind.path.render(names))
    body = kind.body.render(names) if kind.body is not None else MISSING
    content = Content(_mapping(kind.query, names), body, _file(context, kind.body_file, names, deadline))
    created = raw_creation(method, path)
    creates: Operation | None = None
    tags: tuple[str, ...] = ()
    is_labelled = False
    if created is not None:
        labeller = Labeller(context)
        creates, tags = _creates(created, all_params(path, content.params))
        is_labelled = not is_native(path) and labeller.labels(created, content, raw=True)
        content = labeller.add(created, content) if is_labelled else content
    request = requests.build_raw(
        method,
        path,
        content.params,
        _mapping(kind.headers, names),
        body=content.body,
        upload=content.upload,
        api_version=context.engine.api_version if kind.is_versioned else None,
    )
    return Prepared(request, body=_json_body(content.body), creates=creates, is_labelled=is_labelled, tags=tags)


def _creates(operation: Operation, params: Mapping[str, Any]) -> tuple[Operation | None, tuple[str, ...]]:
    """Return the operation if it creates something with these parameters, and the tags of a build."""
    if operation.build_context:
        tags = params.get("t") or ()
        return operation, tuple(map(str, tags)) if isinstance(tags, (list, tuple)) else (str(tags),)
    return (operation if operation.labels_for(params) else None), ()


def _json_body(body: Any) -> Any:
    return None if body is MISSING else body


def _has_flag(operation: Operation, name: str, version: str) -> bool:
    flag = operation.param(name)
    return flag is not None and version_key(version) >= version_key(flag.since)


def _mapping(value: Value | None, names: Scope) -> dict[str, Any]:
    rendered = value.render(names) if value is not None else {}
    if not isinstance(rendered, Mapping):
        raise StepError("wrong-type", f"a mapping is expected here, not {shown(rendered, 60)}")
    return dict(rendered)


def _upload(
    context: StepContext, kind: model.OperationCall, names: Scope, params: Mapping[str, Any], deadline: Deadline
) -> Upload | None:
    """Return the file or the folder to send as the body."""
    if kind.body_dir is None:
        return _file(context, kind.body_file, names, deadline)
    from runner.executor.request.folder_body import IGNORE_FILE, FolderUpload

    build_files = (str(params.get("dockerfile") or "Dockerfile"), IGNORE_FILE)
    required = build_files if kind.operation.build_context else ()
    written = str(kind.body_dir.render(names))
    readable = context.run.files.readable(_folder(context), written)
    return FolderUpload(readable.path, required, readable.policy, _check(context, deadline), written)


def _upload_label(upload: Upload | None) -> str | None:
    """Return how a record names an upload: a file by its path as it is in the scenario."""
    if upload is None:
        return None
    return f"@{upload.written}" if isinstance(upload, FileUpload) and upload.written else upload.label


def _folder(context: StepContext) -> Path:
    """Return the scenario's own folder."""
    return context.scope.scenario.path.parent


def _check(context: StepContext, deadline: Deadline) -> Check:
    """Return a function that ends local work when the step is cancelled, or at its deadline."""

    def check() -> None:
        if context.cancelled():
            raise StepError("interrupted", "interrupted")
        deadline.remaining()

    return check


def _file(context: StepContext, value: Value | None, names: Scope, deadline: Deadline) -> FileUpload | None:
    """Return a file to send: of the scenario's folder, or one that ``save`` has written."""
    if value is None:
        return None
    written = str(value.render(names))
    readable = context.run.files.readable_or_saved(_folder(context), written)
    return FileUpload(readable.path, readable.policy, _check(context, deadline), written)


def _shown_input(stdin: bytes | FileUpload | None) -> tuple[str | None, int]:
    """Return the input as a record shows it, and how many bytes of it are left out."""
    if stdin is None or isinstance(stdin, bytes):
        return (None if stdin is None else stdin.decode("utf-8", "replace")), 0
    shown_part, size = stdin.beginning(SHOWN_STDIN)
    if size <= len(shown_part):
        return shown_part.decode("utf-8", "replace"), 0
    return shown_part.decode("utf-8", "ignore") + MARK, size - len(shown_part)


def _stdin(
    context: StepContext, kind: model.OperationCall, names: Scope, deadline: Deadline
) -> bytes | FileUpload | bool | None:
    """Return the input to send, or the value of the API's own flag of that name (attach).

    Raises:
        StepError: the file can't be read, or is too large for a run without an engine.
    """
    if kind.stdin is not None:
        value = kind.stdin.render(names)
        if isinstance(value, (bool, int)):
            return bool(value)
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    if kind.stdin_file is not None:
        readable = context.run.files.readable(_folder(context), str(kind.stdin_file.render(names)))
        upload = FileUpload(readable.path, readable.policy, _check(context, deadline))
        _ = upload.size
        return upload
    return None


def _save(context: StepContext, kind: model.OperationCall, names: Scope) -> SaveTarget | None:
    if kind.save is None:
        return None
    overwrite = kind.overwrite is not None and truth(kind.overwrite.render(names))
    return context.run.files.target(str(kind.save.render(names)), overwrite=overwrite)
