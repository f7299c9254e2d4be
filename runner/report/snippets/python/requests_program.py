"""Writes the steps of a scenario in Python with ``requests``, over requests-unixsocket where the engine is a socket.

It has no function for an operation, so every operation has a snippet, which begins with the method and the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from runner.api.engines import DEFAULT_SOCKET
from runner.api.operations import Operation, by_id
from runner.report.snippets.calls import is_digest, shown_source
from runner.report.snippets.python.python_session import PythonSession
from runner.report.snippets.python.requests_answer import Answer, reading
from runner.report.snippets.python.requests_call import RequestsCall
from runner.report.snippets.python.words import indented
from runner.report.snippets.session import Draft, NoEquivalent
from runner.report.snippets.terminals import Terminals
from runner.report.snippets.unset import UnsetVariables
from runner.report.snippets.variables import Variable
from runner.results.records import StepRecord
from runner.text import visible

_LONGEST_INPUT: Final = 2000
"""Characters of a text that is written to a connection; a longer one is not for a page."""
_POOL: Final = "from concurrent.futures import ThreadPoolExecutor"
_SOCKET_OF: Final = "answer.raw._fp.fp.raw._sock"
"""The connection below an answer: ``requests`` has no name for it (docker-py reads it in the same way)."""


class RequestsProgram(PythonSession):
    """The snippets of one scenario. ``endpoint`` is the engine's address, as in ``DOCKER_HOST``."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:
        super().__init__(steps, exact_times=True)
        self._endpoint = endpoint
        self._imported: set[str] = set()
        self._terminals = Terminals()
        self._unset = UnsetVariables(self.variables, self.names)

    def opening(self, draft: Draft) -> str:
        """Return the imports that are new, and before the first snippet the session."""
        first = not self._imported
        own, session = self._session() if first else ((), [])
        new = sorted({*draft.imports, *own} - self._imported, key=lambda line: (line.startswith("from"), line))
        self._imported |= {*new, *own}
        standard = [line for line in new if "requests" not in line]
        others = [line for line in new if "requests" in line]
        groups = [group for group in (standard, others, session) if group]
        return "".join("\n".join(group) + "\n\n" for group in groups)

    def _session(self) -> tuple[tuple[str, ...], list[str]]:
        """Return the imports and the statements that make the session."""
        scheme, _, rest = self._endpoint.partition("://")
        if scheme in ("unix", "ssh"):
            path = rest if scheme == "unix" else DEFAULT_SOCKET
            made = ["engine = requests_unixsocket.Session()", f'url = "http+unix://{quote(path, safe="")}"']
            return ("import requests_unixsocket",), made
        parts = urlsplit(self._endpoint)
        secure = scheme == "https" or (scheme == "tcp" and parts.netloc.endswith(":2376"))
        url = f"{'https' if secure else 'http'}://{parts.netloc}{parts.path.rstrip('/')}"
        made = ["engine = requests.Session()", "engine.trust_env = False"]
        if not secure:
            return ("import requests",), [*made, f"url = {self._words.text(url)}"]
        files = {"verify": '"{folder}/ca.pem"', "cert": '"{folder}/cert.pem", f"{folder}/key.pem"'}
        made = [
            *made,
            'folder = os.environ["DOCKER_CERT_PATH"]',
            f"engine.verify = f{files['verify']}",
            f"engine.cert = (f{files['cert']})",
            f"url = {self._words.text(url)}",
        ]
        return ("import os", "import requests"), made

    def write(self, step: StepRecord) -> Draft | None:
        self.variables.used.clear()
        draft = super().write(step)
        if draft is None:
            return None
        unset = [f'{name} = os.environ["{name}"]  # {meaning}' for name, meaning in self._unset.needed()]
        imports = (*draft.imports, "import os") if unset else draft.imports
        imports = (*imports, "import calendar", "import time") if "calendar.timegm(" in draft.code else imports
        return draft._replace(code="\n".join([*unset, draft.code]), imports=imports)

    def note(self, step: StepRecord) -> None:
        """Show what no code reads as a variable all the same: the reader sets it, before it is used."""
        self._terminals.note(step)
        self._unset.note(step)
        super().note(step)

    def call(self, step: StepRecord) -> Draft:
        return self._background(step) if step.background else self._foreground(step)

    def _foreground(self, step: StepRecord, index: int | None = None) -> Draft:
        call, answer = self._prepared(step)
        sent = [f"answer = {call.expression(stream=answer.streams)}", *self._stdin(step)]
        once = [*sent, *answer.collected("answer")]
        imports = [*call.imports, *answer.imports]
        opening = call.opening()
        if step.retry is not None:
            imports.append("import time")
            once = self._repeated(step, answer, once)
        lines, values = self._read(step, answer, index)
        body = [*once, *lines]
        code = [*opening, *(indented(body) if call.indent else body)]
        return Draft("\n".join(code), values, (*call.setups, *answer.setups), (*call.imports, *imports))

    def _prepared(self, step: StepRecord) -> tuple[RequestsCall, Answer]:
        if step.request is None:
            raise NoEquivalent("it was not sent")
        operation = by_id(step.operation) if step.operation else None
        return RequestsCall(step.request, operation, self._words), self._answer(step, operation)

    def _answer(self, step: StepRecord, operation: Operation | None) -> Answer:
        framed = operation is not None and self._terminals.framed(step, operation)
        return Answer.of(step, operation, framed=framed, words=self._words)

    def _stdin(self, step: StepRecord) -> list[str]:
        """Return the lines that send what goes over the connection of the answer, and end it."""
        text = step.request.stdin if step.request is not None else None
        if text is None:
            return []
        if len(text) > _LONGEST_INPUT:
            raise NoEquivalent("what it sends is too long for a page")
        if self._endpoint.startswith("https://") or self._endpoint.endswith(":2376"):
            raise NoEquivalent("requests can't end the input of a connection over TLS")
        return [
            f"connection = {_SOCKET_OF}",
            f"connection.sendall({self._words.text(text)}.encode())",
            "connection.shutdown(1)  # the input ends, the output goes on",
        ]

    def _read(
        self, step: StepRecord, answer: Answer, index: int | None = None
    ) -> tuple[list[str], tuple[tuple[str, object, Variable], ...]]:
        """Return the statements that read the captured values, and print what the page shows."""
        found = {
            name: code
            for name, source in step.capture_sources.items()
            if name in step.captured and (code := reading(answer, source, digest=is_digest(step, source))) is not None
        }
        variables = {name: Variable(self.names.variable(name), index) for name in found}
        lines = []
        for name, code in found.items():
            variable = variables[name].name
            lines.append(f"{variable} = {code}" if index is None else f"{variable}.append({code})")
        shown = shown_source(step)
        code = reading(answer, shown, digest=is_digest(step, shown)) if shown is not None else None
        lines += [f"print({code})"] if code is not None else answer.printed() if not found else []
        return lines, tuple((name, step.captured[name], variables[name]) for name in found)

    def _repeated(self, step: StepRecord, answer: Answer, once: Sequence[str]) -> list[str]:
        """Return a loop until what is asked for is there, or a remark where that can't be written."""
        assert step.retry is not None
        until = step.retry.until
        others = [each for each in step.expectations if not each.expression.startswith("status ")]
        condition = reading(answer, until) if until is not None else None if others else "answer.ok"
        if condition is None:
            wanted = until.text if until is not None else "it does what is expected"
            return [f"# repeat this until {visible(wanted)}", *once]
        inner = [*once, f"if {condition}:", "    break", f"time.sleep({step.retry.every:g})"]
        return ["while True:", *indented(inner)]

    # What goes on in the background

    def _background(self, step: StepRecord) -> Draft:
        """Return the code that begins a stream, which is read when it is awaited, or another call in a thread."""
        call, answer = self._prepared(step)
        if call.indent:
            raise NoEquivalent("the file that it sends would be closed too early")
        name = self.names.job(step.id)
        if answer.streams and answer.form != "file":
            lines = [f"{name} = {call.expression(stream=True)}"]
            if step.request is not None and step.request.stdin is not None:
                lines += [line.replace("answer.", f"{name}.", 1) for line in self._stdin(step)]
            return Draft("\n".join(lines), (), tuple(call.setups), tuple(call.imports))
        function, arguments = call.parts(stream=False)
        code = f"{name} = ThreadPoolExecutor().submit({', '.join([function, *arguments])})"
        return Draft("\n".join([*call.opening(), code]), (), tuple(call.setups), (*call.imports, _POOL))

    def wait(self, step: StepRecord) -> Draft:
        started = self.started.get(step.awaits or "")
        if started is None:
            raise NoEquivalent("what it waits for was not started here")
        operation = by_id(started.operation) if started.operation else None
        answer = self._answer(started._replace(response=step.response or started.response), operation)
        name = self.names.job(started.id)
        is_stream = answer.streams and answer.form != "file"
        lines = answer.collected(name) if is_stream else [f"answer = {name}.result()"]
        read, values = self._read(
            started._replace(
                captured=step.captured or started.captured,
                capture_sources=step.capture_sources or started.capture_sources,
                show=step.show if step.show is not None else started.show,
                response=step.response,
            ),
            answer,
        )
        if is_stream and any("answer." in line for line in read):
            lines = [f"answer = {name}", *lines]
        return Draft("\n".join([*lines, *read]), values, answer.setups, tuple(answer.imports))
