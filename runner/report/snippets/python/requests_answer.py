"""Writes what becomes of a ``requests.Response`` in Python: what is read of it, and what is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from runner.api.operations import AnswerKind, Operation
from runner.report.snippets.python.words import FILTERS, PythonWords, path_code
from runner.report.snippets.session import Setup
from runner.results.records import StepRecord
from runner.results.result_path import EVERY, Source

AnswerForm = Literal["json", "text", "nothing", "headers", "framed", "raw", "items", "file", "refused", "protocol"]
"""What is done with an answer: ``framed`` output is parted, ``raw`` output comes from a terminal, ``items`` are JSON
values one after the other, a ``file`` is saved; of one that was ``refused`` the engine's message is shown; of another
``protocol`` only the status."""

DEMULTIPLEX: Final = Setup(
    "Without a terminal the output comes in frames: the stream's number, three zeros, the length, the data. This"
    " function parts stdout from stderr:",
    """def demultiplex(answer):
    streams = {1: b"", 2: b""}
    while header := answer.raw.read(8):
        stream, length = max(header[0], 1), int.from_bytes(header[4:])
        streams[stream] += answer.raw.read(length)
    return tuple(data.decode(errors="replace") for data in streams.values())

""",
)

_FORMS: Final[Mapping[AnswerKind, AnswerForm]] = {
    "none": "nothing",
    "json": "json",
    "text": "text",
    "tar": "file",
    "items": "items",
    "progress": "items",
    "upgrade": "protocol",
}
_PRINTED: Final[Mapping[AnswerForm, str]] = {
    "framed": 'print(stdout, stderr, sep="", end="")',
    "raw": 'print(stdout, end="")',
    "items": 'print(*items, sep="\\n")',
    "json": "print(answer.json())",
    "text": "print(answer.text)",
    "headers": "print(answer.status_code, dict(answer.headers))",
    "refused": "print(answer.status_code, answer.text)",
    "protocol": "print(answer.status_code)  # from here on the connection speaks another protocol",
    "nothing": "print(answer.status_code)",
    "file": "",
}
_OF_EVERY_ANSWER: Final = {"status": "answer.status_code", "headers": "answer.headers"}
_ROOTS: Final[Mapping[AnswerForm, Mapping[str, str]]] = {
    "json": {"body": "answer.json()"},
    "refused": {"body": "answer.json()"},
    "text": {"body": "answer.text"},
    "framed": {"stdout": "stdout", "stderr": "stderr"},
    "raw": {"stdout": "stdout"},
    "items": {"items": "items"},
}


class Answer(NamedTuple):
    """Describes what code does with one answer; ``taken`` are how many elements of an endless stream are read, ``file``
    is the code of the name that it is saved under."""

    form: AnswerForm
    taken: int | None = None
    file: str = ""

    @classmethod
    def of(cls, step: StepRecord, operation: Operation | None, *, framed: bool, words: PythonWords) -> Answer:
        """Return what is done with the answer to a step."""
        request, response = step.request, step.response
        assert request is not None
        form = _form(step, operation, framed=framed)
        if form == "file":
            noun = operation.noun if operation is not None else "answer"
            return cls(form, file=words.text(request.save or f"{noun}.tar"))
        if form == "items" and operation is not None and operation.is_endless(request.params):
            return cls(form, len((response.items if response is not None else None) or ()) or 1)
        return cls(form)

    @property
    def streams(self) -> bool:
        """Return whether the answer must not be read at once."""
        return self.form in ("framed", "raw", "items", "file", "protocol")

    @property
    def imports(self) -> tuple[str, ...]:
        """Return what the code of the answer needs."""
        if self.form != "items":
            return ()
        return ("import json",) if self.taken is None else ("import itertools", "import json")

    @property
    def setups(self) -> tuple[Setup, ...]:
        return (DEMULTIPLEX,) if self.form == "framed" else ()

    def collected(self, answer: str) -> list[str]:
        """Return the statements that read a stream to its end."""
        match self.form:
            case "framed":
                return [f"stdout, stderr = demultiplex({answer})"]
            case "raw":
                return [f'stdout = {answer}.raw.read().decode(errors="replace")']
            case "items":
                lines = f"{answer}.iter_lines(chunk_size=1)"
                lines = lines if self.taken is None else f"itertools.islice({lines}, {self.taken})"
                close = [] if self.taken is None else [f"{answer}.close()"]
                return [f"items = [json.loads(line) for line in {lines} if line]", *close]
            case "file":
                return [f'with open({self.file}, "wb") as file:', f"    file.writelines({answer}.iter_content(65536))"]
            case _:
                return []

    def printed(self) -> list[str]:
        """Return the statements that show the answer."""
        shown = _PRINTED[self.form]
        return [shown] if shown else []

    def root(self, name: str) -> str | None:
        """Return the code of a part of the result; None if the answer has no such part."""
        return {**_OF_EVERY_ANSWER, **_ROOTS.get(self.form, {})}.get(name)


def _form(step: StepRecord, operation: Operation | None, *, framed: bool) -> AnswerForm:
    request, response = step.request, step.response
    assert request is not None
    if response is not None and response.status >= 400:
        return "refused"
    if request.method.upper() == "HEAD":
        return "headers"
    body = response.body if response is not None else None
    if operation is None:
        of_body: AnswerForm = "nothing" if body in (None, "") else "text" if isinstance(body, str) else "json"
        return "items" if response is not None and response.items is not None else of_body
    if operation.upgrade_for(request.body) in ("websocket", "h2c"):
        return "protocol"
    kind = operation.answer_for(request.params, request.body)
    if kind == "json" and response is not None and body in (None, ""):
        return "nothing"
    return ("framed" if framed else "raw") if kind == "output" else _FORMS[kind]


def reading(answer: Answer, source: Source, *, digest: bool = False) -> str | None:
    """Return the code that reads what an expression does from an answer; None if there is none."""
    path = source.path
    if path is not None and EVERY not in path.keys and path.filter in FILTERS:
        root = answer.root(path.root)
        return root + path_code(path, digest=digest) if root is not None else None
    from runner.report.snippets.formulas import (  # imports Jinja2, which few pages need
        Untranslatable,
        root_of,
        without_parentheses,
    )
    from runner.report.snippets.python.formula import PythonTranslator

    name = root_of(source.text, ("body", "stdout", "stderr", "items", "status", "headers"))
    root = answer.root(name) if name is not None else None
    if name is None or root is None:
        return None
    try:
        return without_parentheses(PythonTranslator(name, root).translate(source.text))
    except Untranslatable:
        return None
