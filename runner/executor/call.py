"""Makes one request of a step: prepares it, sends it, reads the response."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from runner.api.operations import AnswerKind
from runner.engine.engine import Engine
from runner.engine.transport import Deadline, Response
from runner.errors import DeadlineExceeded, RunnerError, StepError
from runner.executor.context import StepContext
from runner.executor.files import RunFiles
from runner.executor.request import registry_credentials, tty
from runner.executor.request.labels import origin_label
from runner.executor.request.prepare import Prepared, RequestKind, prepare
from runner.executor.response.reader import Reader, Stream, TakeLimits
from runner.executor.response.stdin import StdinWriter
from runner.executor.response.watch import NOTHING_WATCHED, StreamWatch
from runner.executor.tracking import creating
from runner.executor.tracking.created import NO_LABEL
from runner.results.events import ItemArrived, OutputArrived, RequestSent
from runner.results.records import ResponseRecord
from runner.scenario import model
from runner.scenario.expectations import SUBJECTS, rendered
from runner.scenario.expressions.references import Scope

if TYPE_CHECKING:
    from runner.executor.tracking.builds import Build


class NoAnswer(Exception):
    """No answer has begun within the time of ``take.for``, which is a success."""


class CallOutcome:
    """Holds what one attempt sent and received, as far as it got. ``in_band_error`` is the engine's error message
    inside a successful response; ``is_unanswered`` says that none has begun within ``take.for``; ``watched`` are the
    streams that were too long to be kept."""

    def __init__(self) -> None:
        self.prepared: Prepared | None = None
        self.response: ResponseRecord | None = None
        self.error: RunnerError | None = None
        self.in_band_error: str | None = None
        self.is_unanswered = False
        self.watched = NOTHING_WATCHED


def perform(
    context: StepContext, kind: RequestKind, names: Scope, deadline: Deadline, on_response: Callable[[], None]
) -> CallOutcome:
    """Make a step's request once. ``on_response`` is called as soon as a successful response has begun.

    A failure is in the outcome, beside the part of the response that arrived.
    """
    outcome = CallOutcome()
    try:
        outcome.prepared = prepared = prepare(context, kind, names, deadline)
        if context.cancelled():
            raise StepError("interrupted", "interrupted")
        has_tty = prepared.answer == "output" and tty.has_tty(prepared, context, deadline)
        path = prepared.request.path.removeprefix(f"/v{context.engine.api_version}")
        context.emit(RequestSent(context.key, prepared.request.method, unquote(path)))
        call = _Call(context, prepared, names, on_response, has_tty=has_tty)
        try:
            outcome.response = _exchange(call, deadline)
        except NoAnswer:
            outcome.is_unanswered = True
            return outcome
        except RunnerError:
            outcome.response = call.partial
            raise
        finally:
            outcome.watched = call.watched
            context.scope.watch(context.step.id, call.watched)
        outcome.in_band_error = call.in_band_error
        registry_credentials.conceal_token(context.run, prepared.operation, outcome.response.body)
    except RunnerError as error:
        outcome.error = error
    return outcome


class _Call:
    """One exchange with the engine. ``partial`` is what has been read of the response, also after a failure."""

    def __init__(
        self,
        context: StepContext,
        prepared: Prepared,
        names: Scope,
        on_response: Callable[[], None],
        *,
        has_tty: bool,
    ) -> None:
        self.context = context
        self.prepared = prepared
        self.names = names
        self.on_response = on_response
        self.has_tty = has_tty
        self.partial: ResponseRecord | None = None
        self.in_band_error: str | None = None
        self.watched = NOTHING_WATCHED
        self.build: Build | None = None

    def exchange(self, engine: Engine, deadline: Deadline) -> ResponseRecord:
        """Send the request and read the response.

        Raises:
            RunnerError: it can't be sent, or the response can't be read.
            NoAnswer: none has begun within ``take.for``, which counts from now.
        """
        context, prepared = self.context, self.prepared
        limits = _take_limits(context.step, self.names)
        response = self._send(engine, deadline, limits)
        try:
            is_success = response.status in prepared.documented
            if is_success:
                self.on_response()
                if self.build is not None:
                    self.build.begin(response.headers)
            elif self.build is not None:
                self.build.refuse()
            watch = StreamWatch(lambda part: _expected(context, part))
            reader = Reader(response, deadline, limits, watch)
            try:
                record = self._read(reader)
            finally:
                self.partial = reader.record
                self.watched = watch.watched(reader.record)
        finally:
            response.close()
        self.in_band_error = _in_band_error(prepared, reader)
        if is_success:
            context.run.created.note(prepared.operation, prepared.body, record.body, labelled=prepared.is_labelled)
        return record

    def _send(self, engine: Engine, deadline: Deadline, limits: TakeLimits | None) -> Response:
        if limits is None or self.prepared.creates is not None:
            return engine.send(self.prepared.request, deadline)
        sooner = deadline.sooner(limits.deadline)
        try:
            return engine.send(self.prepared.request, sooner)
        except DeadlineExceeded:
            if sooner is deadline:
                raise
            raise NoAnswer() from None

    def _read(self, reader: Reader) -> ResponseRecord:
        context, prepared, response = self.context, self.prepared, reader.response
        if response.status not in prepared.documented:
            reader.limits = None
            return reader.value()
        answer = prepared.answer if prepared.operation else _guess(response, limited=reader.limits is not None)
        match answer:
            case "output" | "upgrade":
                return _read_output(context, prepared, reader, has_tty=self.has_tty or answer == "upgrade")
            case "items" | "progress":
                return reader.items(self._on_item)
            case "tar":
                return _download(context.run.files, prepared, reader)
            case "none" | "json" | "text":
                record = reader.value()
                if self.build is not None:
                    self.build.feed_text(record.body)
                return record

    def _on_item(self, item: Any, size: int) -> None:
        arrived = ItemArrived(self.context.key, item, size)
        if self.build is None:
            self.context.emit(arrived)
        else:
            self.build.feed(item)
            self.build.unless_abandoned(lambda: self.context.emit(arrived))


def _exchange(call: _Call, deadline: Deadline) -> ResponseRecord:
    """Make the exchange; one that creates something is tracked until it is known what has become of it."""
    context, creates = call.context, call.prepared.creates
    created = context.run.created
    if not context.run.run_id:
        return call.exchange(context.engine, deadline)
    if creates is None:
        return call.exchange(context.engine, deadline)
    if creates.build_context:
        from runner.executor.tracking import build_tracking
        from runner.executor.tracking.builds import Build

        call.build = Build(creates.noun, context.step.id, call.prepared.tags)
        return build_tracking.send(context, call.build, call.exchange, deadline)
    is_labelled = call.prepared.is_labelled
    origin = origin_label(creates.noun, context.key) if is_labelled else NO_LABEL
    creation = created.begin(creates.noun, origin, context.step.id)

    def exchange(engine: Engine, deadline: Deadline) -> ResponseRecord:
        sent = time.time()
        record = call.exchange(engine, deadline)
        if is_labelled:
            created.note_id(record.body)
        else:
            from runner.executor.tracking import by_id

            by_id.note(context.run, creates, context.step.id, record, sent)
        return record

    return creating.send(context, creation, exchange, deadline)


def _read_output(context: StepContext, prepared: Prepared, reader: Reader, *, has_tty: bool) -> ResponseRecord:
    """Read a container's output, while stdin is being written."""

    def on_output(stream: Stream, data: bytes) -> None:
        context.emit(OutputArrived(context.key, stream, data))

    stdin = None if prepared.stdin is None else StdinWriter(reader.response, prepared.stdin)
    record = reader.output(tty=has_tty, on_output=on_output)
    if stdin is not None:
        stdin.finish()
    return record


def _guess(response: Response, *, limited: bool) -> AnswerKind:
    """Derive how to read the response to a raw request from its media type. One with limits is a stream of items."""
    media_type = _media_type(response)
    if response.upgraded:
        return "upgrade"
    if media_type in ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream"):
        return "output"
    if media_type in ("application/x-ndjson", "application/jsonl", "application/json-seq") or limited:
        return "items"
    if media_type in ("application/x-tar", "application/octet-stream"):
        return "tar"
    return "json"


def _media_type(response: Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip()


def _download(files: RunFiles, prepared: Prepared, reader: Reader) -> ResponseRecord:
    is_tar = prepared.operation is not None or _media_type(reader.response) == "application/x-tar"
    if prepared.save is None:
        return reader.download(None, tar=is_tar)
    from runner.executor.response.download import Download

    with Download(files.root_of(prepared.save), prepared.save) as download:
        record = reader.download(download, tar=is_tar)
    files.note_written(download.path)
    return record


def _expected(context: StepContext, part: str) -> list[Any]:
    """Return what is expected of a part of the result, by the step itself and by those that await it, as far as it can
    be said before the step has ended."""
    awaiting = (
        step.expect
        for step in context.scope.scenario.walk()
        if isinstance(step.kind, model.Await) and step.kind.step == context.step.id
    )
    wanted = []
    for expect in (context.step.expect, *awaiting):
        expected = getattr(expect, part, None)
        if expected is not None:
            with suppress(StepError):  # it uses what only the result can tell
                wanted.append(rendered(expected, context.names(), SUBJECTS[part]))
    return wanted


def _take_limits(step: model.Step, names: Scope) -> TakeLimits | None:
    take = step.take
    if take is None:
        return None
    until = None
    if take.until is not None:
        condition = take.until

        def until(item: Any) -> bool:
            return condition.holds({**names, "item": item})

    return TakeLimits(take.items, Deadline.after(take.seconds), until)


def _in_band_error(prepared: Prepared, reader: Reader) -> str | None:
    """Return the error inside a successful response: in a stream of progress, or in the body."""
    if prepared.operation is None or reader.response.status not in prepared.documented:
        return None
    if prepared.answer == "progress":
        return reader.in_band_error
    body = reader.record.body
    error = body.get("Error") if prepared.operation.in_band == "body" and isinstance(body, Mapping) else None
    if not error:
        return None
    return str(error.get("Message") or error) if isinstance(error, Mapping) else str(error)
