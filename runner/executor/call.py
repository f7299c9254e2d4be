"""Makes one request of a step: renders it, sends it, reads the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from runner.api.missing import MISSING
from runner.api.operations import AnswerKind, Operation, version_key
from runner.engine import requests, transport
from runner.errors import RunnerError, StepError
from runner.executor.context import Frame, Turn
from runner.executor.request import labels, registry_credentials, tty
from runner.executor.request.file_body import FileUpload
from runner.executor.response.reader import Bounds, Reader
from runner.executor.response.stdin import Stdin
from runner.executor.steps.background import Begun
from runner.results.events import ItemArrived, OutputArrived, RequestSent, StepKey
from runner.results.records import EMPTY, RequestRecord, ResponseRecord
from runner.scenario import model
from runner.scenario.expressions.expression import Scope, Value
from runner.text import shown

PLANNED = StepKey(0, ())
MAX_LOCAL_STDIN = 64 * 1024 * 1024


class Prepared(NamedTuple):
    """A request ready to be sent, with what is needed to read its answer."""

    request: transport.Request
    operation: Operation | None = None
    params: Mapping[str, Any] = EMPTY
    body: Any = None
    stdin: bytes | None = None
    save: Path | None = None

    @property
    def documented(self) -> tuple[int, ...]:
        """The statuses that are a success."""
        if self.operation:
            return self.operation.success
        return (*((101,) if self.request.upgrade else ()), *range(200, 300))

    @property
    def answer(self) -> AnswerKind:
        """What a success brings."""
        return self.operation.answer_for(self.params, self.body) if self.operation else "json"

    def record(self) -> RequestRecord:
        request = self.request
        query: dict[str, str | list[str]] = {}
        for name, value in request.query:
            known = query.get(name)
            query[name] = value if known is None else [*([known] if isinstance(known, str) else known), value]
        upload = request.body if request.body is not None and not isinstance(request.body, bytes) else None
        return RequestRecord(
            method=request.method,
            path=request.path,
            query=query,
            headers=registry_credentials.shown(request.headers),
            body=self._sent_body(),
            upload=upload.label if upload is not None else None,
            stdin=self.stdin.decode("utf-8", "replace") if self.stdin is not None else None,
            folder=getattr(upload, "folder", None),
            save=self.save.name if self.save is not None else None,
            params=requests.typed_params(self.operation, self.params) if self.operation else EMPTY,
        )

    def _sent_body(self) -> Any:
        """The JSON that was sent: with numbers turned into the text that the API wants."""
        content = self.request.body
        if isinstance(content, bytes) and not isinstance(self.body, str):
            return json.loads(content)
        return self.body


class Exchange:
    """One attempt: what was sent and what came, as far as it got. ``in_band`` is an error that the engine put inside a
    successful answer."""

    def __init__(self) -> None:
        self.prepared: Prepared | None = None
        self.response: ResponseRecord | None = None
        self.error: RunnerError | None = None
        self.in_band: str | None = None


def prepare(
    step: model.Step, frame: Frame, scope: Scope, deadline: transport.Deadline, key: StepKey = PLANNED
) -> Prepared:
    """Render a step's request; nothing is sent yet. ``key`` tells the steps of a run apart.

    Raises:
        StepError: a template fails, a parameter can't be sent, or the registry's credentials can't be had.
    """
    kind = step.kind
    base = frame.scenario.path.parent
    version = frame.shared.engine.api_version
    labeller = labels.Labeller(frame.shared, key)
    if isinstance(kind, model.RawRequest):
        method, path = str(kind.method.render(scope)), str(kind.path.render(scope))
        body = kind.body.render(scope) if kind.body is not None else MISSING
        sent = labels.Sent(_mapping(kind.query, scope), body, _upload(kind.body_file, frame, scope))
        created = labels.creation(method, path)
        if created is not None:
            path, sent = labeller.add_raw(created, path, sent)
        headers = _mapping(kind.headers, scope)
        request = requests.build_raw(
            method, path, sent.params, headers, body=sent.body, upload=sent.upload, api_version=version
        )
        return Prepared(request, body=_given(sent.body))
    assert isinstance(kind, model.OperationCall)
    operation = kind.operation
    params = {name: value.render(scope) for name, value in kind.params.items()}
    body = kind.body.render(scope) if kind.body is not None else MISSING
    stdin = _stdin(kind, base, scope)
    if isinstance(stdin, bool):
        params["stdin"], stdin = stdin, None
    elif stdin is not None and _takes_stdin_flag(operation, version):
        params.setdefault("stdin", True)
    sent = labeller.add(operation, labels.Sent(params, body, _file(kind, frame, scope, params)))
    params = registry_credentials.add(frame.shared, operation, dict(sent.params), sent.body, deadline)
    request = requests.build(operation, params, body=sent.body, upload=sent.upload, api_version=version)
    return Prepared(request, operation, params, _given(sent.body), stdin, _save(kind, frame, scope))


def _given(body: Any) -> Any:
    return None if body is MISSING else body


def _takes_stdin_flag(operation: Operation, version: str) -> bool:
    flag = operation.param("stdin")
    return flag is not None and version_key(version) >= version_key(flag.since)


def _mapping(value: Value | None, scope: Scope) -> dict[str, Any]:
    given = value.render(scope) if value is not None else {}
    if not isinstance(given, Mapping):
        raise StepError("wrong-type", f"a mapping is expected here, not {shown(given, 60)}")
    return dict(given)


def _file(kind: model.OperationCall, frame: Frame, scope: Scope, params: Mapping[str, Any]) -> transport.Upload | None:
    """The file or the folder to send."""
    if kind.body_dir is None:
        return _upload(kind.body_file, frame, scope)
    from runner.executor.request.folder_body import IGNORE_FILE, FolderUpload

    build_files = (str(params.get("dockerfile") or "Dockerfile"), IGNORE_FILE)
    needed = build_files if kind.operation.id == "ImageBuild" else ()
    return FolderUpload(frame.scenario.path.parent / str(kind.body_dir.render(scope)), needed)


def _upload(value: Value | None, frame: Frame, scope: Scope) -> FileUpload | None:
    """A file beside the scenario; else one of the working folder, which is where an earlier step has saved it."""
    if value is None:
        return None
    name = str(value.render(scope))
    path, saved = frame.scenario.path.parent / name, frame.shared.options.folder / name
    return FileUpload(saved if saved.exists() and not path.exists() else path)


def _stdin(kind: model.OperationCall, base: Path, scope: Scope) -> bytes | bool | None:
    """What to send; or, where the API itself has a flag of that name (attach), the flag."""
    if kind.stdin is not None:
        value = kind.stdin.render(scope)
        if isinstance(value, (bool, int)):
            return bool(value)
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    if kind.stdin_file is not None:
        return FileUpload(base / str(kind.stdin_file.render(scope))).read(MAX_LOCAL_STDIN)
    return None


def _save(kind: model.OperationCall, frame: Frame, scope: Scope) -> Path | None:
    if kind.save is None:
        return None
    from runner.executor.response.download import inside

    return inside(frame.shared.options.folder, str(kind.save.render(scope)))


def perform(turn: Turn, scope: Scope, deadline: transport.Deadline, begun: Begun) -> Exchange:
    """Make the step's request once. ``begun`` is called as soon as a good answer has begun.

    What goes wrong is in the exchange, with as much of the answer as came.
    """
    exchange = Exchange()
    try:
        exchange.prepared = prepared = prepare(turn.step, turn.frame, scope, deadline, turn.position.key)
        engine = turn.engine
        if turn.interrupted():
            raise StepError("interrupted", "interrupted")
        output = prepared.answer == "output"
        raw = output and tty.has_terminal(prepared, turn, deadline)
        path = prepared.request.path.removeprefix(f"/v{engine.api_version}")
        turn.emit(RequestSent(turn.position.key, prepared.request.method, unquote(path)))
        response = engine.send(prepared.request, deadline)
        try:
            if response.status in prepared.documented:
                begun()
            reader = Reader(response, deadline, _bounds(turn.step, scope))
            try:
                exchange.response = _read(turn, prepared, reader, tty=raw)
            except RunnerError:
                exchange.response = reader.came
                raise
        finally:
            response.close()
        exchange.in_band = _in_band(prepared, reader)
        tty.remember(prepared, exchange.response, turn.shared)
        labels.remember(turn.shared, prepared.operation, prepared.body, exchange.response.body)
        registry_credentials.conceal_token(prepared.operation, exchange.response, turn.shared)
    except RunnerError as error:
        exchange.error = error
    return exchange


def _read(turn: Turn, prepared: Prepared, reader: Reader, *, tty: bool) -> ResponseRecord:
    response = reader.response
    if response.status not in prepared.documented:
        reader.bounds = None
        return reader.value()
    key, emit = turn.position.key, turn.emit
    answer = prepared.answer if prepared.operation else _guess(response, reader.bounds is not None)

    def on_output(name: Literal["stdout", "stderr"], data: bytes) -> None:
        emit(OutputArrived(key, name, data))

    if answer in ("output", "upgrade"):
        stdin = None if prepared.stdin is None else Stdin(response, prepared.stdin)
        record = reader.output(tty=tty or answer == "upgrade", on_output=on_output)
        if stdin is not None:
            stdin.end()
        return record
    if answer in ("items", "progress"):
        return reader.items(lambda item, size: emit(ItemArrived(key, item, size)))
    if answer == "tar":
        return _download(reader, prepared)
    return reader.value()


def _guess(response: transport.Response, bounded: bool) -> AnswerKind:
    """How to read the answer of a raw request: by its media type."""
    media_type = _media_type(response)
    if response.upgraded:
        return "upgrade"
    if media_type in ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream"):
        return "output"
    if media_type in ("application/x-ndjson", "application/jsonl", "application/json-seq") or bounded:
        return "items"
    if media_type in ("application/x-tar", "application/octet-stream"):
        return "tar"
    return "json"


def _media_type(response: transport.Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip()


def _download(reader: Reader, prepared: Prepared) -> ResponseRecord:
    tar = prepared.operation is not None or _media_type(reader.response) == "application/x-tar"
    if prepared.save is None:
        return reader.download(None, tar=tar)
    from runner.executor.response.download import Download

    with Download(prepared.save) as target:
        return reader.download(target, tar=tar)


def _bounds(step: model.Step, scope: Scope) -> Bounds | None:
    take = step.take
    if take is None:
        return None
    until = None
    if take.until is not None:
        condition = take.until

        def until(item: Any) -> bool:
            return bool(condition.evaluate({**scope, "item": item}))

    return Bounds(take.items, transport.Deadline.after(take.seconds), until)


def _in_band(prepared: Prepared, reader: Reader) -> str | None:
    """The error inside a successful answer: of a progress stream, or in the body."""
    if prepared.operation is None or reader.response.status not in prepared.documented:
        return None
    if prepared.answer == "progress":
        return reader.problem
    body = reader.came.body
    error = body.get("Error") if prepared.operation.in_band == "body" and isinstance(body, Mapping) else None
    if not error:
        return None
    return str(error.get("Message") or error) if isinstance(error, Mapping) else str(error)
