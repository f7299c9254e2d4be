"""Writes the steps of a scenario as commands of the docker CLI, which a shell can run one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runner.api.operations import truth
from runner.report.snippets.calls import Call, call_of, is_digest, shown_source
from runner.report.snippets.names import shell_identifier
from runner.report.snippets.session import Draft, NoEquivalent, Setup
from runner.report.snippets.shell import bash
from runner.report.snippets.shell.bash import Use
from runner.report.snippets.shell.docker_cli_table import COMMANDS, Command
from runner.report.snippets.shell.docker_cli_words import CommandWords
from runner.report.snippets.shell.jq import Kind, jq_filter
from runner.report.snippets.shell.retry import repeated
from runner.report.snippets.shell.shell_session import ShellSession
from runner.report.snippets.variables import Variable
from runner.results.records import StepRecord
from runner.results.result_path import ResultPath, Source


class _Exec(NamedTuple):
    """The first half of ``docker exec``: the call that makes an exec, and its row."""

    container: str
    body: Mapping[str, Any]
    row: Command


class Commands(ShellSession):
    """The commands of one scenario."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:  # noqa: ARG002 - the CLI has contexts
        super().__init__(steps, shell_identifier)
        self._words = CommandWords(self.variables)
        self._execs: dict[str, _Exec] = {}

    def wait(self, step: StepRecord) -> Draft:
        if step.awaits not in self.started:
            raise NoEquivalent(step.kind)
        return Draft(f'wait "${self.names.job(step.awaits or "", "_job")}"')

    def loop(self, step: StepRecord, elements: Sequence[StepRecord]) -> Draft | None:
        drafts = [self._foreground(element, index) for index, element in enumerate(elements)]
        if not drafts:
            return None
        names = [name for name in step.captured if any(name == value[0] for draft in drafts for value in draft.values)]
        return self.arrays(names, drafts)

    def call(self, step: StepRecord) -> Draft | None:
        call, row = _row(step)
        if row.exec == "create" and not step.background:
            self._note_exec(call, row)
            return None
        if not step.background:
            return self._foreground(step)
        if not row.in_background or row.exec == "create":
            raise NoEquivalent(step.kind)
        code = self._text(call, row, closing=f" & {self.names.job(step.id, '_job')}=$!") + f"\n{bash.CONNECTED}"
        return Draft(code, setups=_setups(call))

    def _foreground(self, step: StepRecord, index: int | None = None) -> Draft:
        call, row = _row(step)
        if row.exec == "create":
            raise NoEquivalent("it has one command for this call and the next")
        readings = {name: text for name in step.captured if (text := _reading(call, row, name)) is not None}
        variables = {name: Variable(self.names.variable(name), index) for name in readings}
        filters = {variables[name].name: text for name, text in readings.items()}
        quiet = bool(readings)
        use, remark = repeated(
            Use(filters, index is not None, _excerpt(call, row)),
            step,
            lambda source, kind: _of_the_json(source, kind) if row.json else None,
        )
        if remark:
            raise NoEquivalent("the condition of its loop")
        text = bash.used(lambda opening, closing: self._text(call, row, opening, closing, quiet=quiet), use)
        values = tuple((name, step.captured[name], variable) for name, variable in variables.items())
        return Draft(text, values, _setups(call))

    def _text(self, call: Call, row: Command, opening: str = "", closing: str = "", *, quiet: bool = False) -> str:
        chunks = self._exec(call, row) if row.exec == "start" else self._words.chunks(call, row)
        if quiet and row.quiet:
            chunks[0] += f" {row.quiet}"
        if row.streams and row.exec is None:
            stdout, stderr = call.flag("stdout"), call.flag("stderr")
            if not (stdout or stderr):
                raise NoEquivalent("neither stream")
            chunks += _redirected(stdout=stdout, stderr=stderr)
        items = call.step.response.items if call.step.response is not None else None
        if _is_cut_off(call):
            if not items or not row.lines:
                raise NoEquivalent(row.words)
            chunks[0] = f"take {len(items)} {chunks[0]}"
        return bash.lay_out([opening + chunks[0], *chunks[1:]], closing)

    def _note_exec(self, call: Call, row: Command) -> None:
        for value in call.step.captured.values():
            if isinstance(value, str) and isinstance(call.body, Mapping):
                self._execs[value] = _Exec(call.params["id"], call.body, row)

    def _exec(self, call: Call, row: Command) -> list[str]:
        """Return ``docker exec`` with what the two calls say."""
        made = self._execs.get(call.params["id"])
        if made is None:
            raise NoEquivalent(row.words)
        start = call.body if isinstance(call.body, Mapping) else {}
        stdin = call.request.stdin
        if call.request.stdin_left_out:
            raise NoEquivalent(row.words)
        flags = [*(["--detach"] if truth(start.get("Detach")) else []), *(["--interactive"] if stdin else [])]
        front, back = self._words.of_the_body(made.body, made.row)
        container = bash.word(self.variables.split(made.container))
        given = f"printf %s {bash.word(self.variables.split(stdin))} | " if stdin else ""
        words = " ".join([f"{given}docker {row.words}", *flags, *front, container, *back])
        if truth(made.body.get("Tty")) or truth(start.get("Detach")):
            return [words]
        stdout, stderr = truth(made.body.get("AttachStdout")), truth(made.body.get("AttachStderr"))
        return [words, *_redirected(stdout=stdout, stderr=stderr)]


def _row(step: StepRecord) -> tuple[Call, Command]:
    """Return the call that a step made, and the command for it."""
    call = call_of(step)
    keys = [f"{call.operation.id}?{name}" for name in call.params] + [call.operation.id] if call is not None else []
    row = next((COMMANDS[key] for key in keys if key in COMMANDS), None)
    if call is None or row is None or (call.request.stdin is not None and row.exec != "start"):
        raise NoEquivalent(step.kind)
    return call, row


def _reading(call: Call, row: Command, name: str) -> str | None:
    """Return what the command's output goes through to become a captured value; None if it never has the value."""
    source = call.step.capture_sources.get(name)
    if source is None:
        return None
    if row.prints is not None and source.path is not None and _without_indexes(source.path) == row.prints:
        return ""
    if row.prints == "stdout" and not call.flag("stderr"):
        return jq_filter(source)
    return _of_the_json(source, digest=is_digest(call.step, source)) if row.json else None


def _excerpt(call: Call, row: Command) -> str | None:
    """Return what the output goes through to become what the page shows of the answer, if the command has that."""
    source = shown_source(call.step)
    refused = call.step.response is not None and call.step.response.status >= 400
    return _of_the_json(source) if row.json and source is not None and not refused else None


def _of_the_json(source: Source, kind: Kind = "value", *, digest: bool = False) -> str | None:
    """Return the filter to a part of the answer, which is the only element of a list in the output."""
    return jq_filter(source, kind, ".[0]", digest=digest) if source.path is None or source.path.root == "body" else None


def _without_indexes(path: ResultPath) -> str:
    """Return a path's text, elements of lists left out. The command prints whole ids, whatever is taken of them."""
    return str(path._replace(keys=tuple(key for key in path.keys if isinstance(key, str)), filter=None))


def _is_cut_off(call: Call) -> bool:
    return call.answer == "items" and call.operation.is_endless(call.params)


def _setups(call: Call) -> tuple[Setup, ...]:
    return (bash.TAKE,) if _is_cut_off(call) else ()


def _redirected(*, stdout: bool, stderr: bool) -> list[str]:
    """Return what leaves a stream out that the call does not ask for: the command prints both."""
    if stdout and not stderr:
        return ["2> /dev/null"]
    return ["> /dev/null"] if stderr and not stdout else []
