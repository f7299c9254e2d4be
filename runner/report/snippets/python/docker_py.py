"""Writes the steps of a scenario in Python, with docker-py's low-level client.

Run one after the other they do what the scenario did; a captured value is a variable.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.api.engines import DEFAULT_SOCKET
from runner.report.snippets.calls import Call, call_of
from runner.report.snippets.python.docker_py_call import PythonCall, method_of
from runner.report.snippets.python.python_session import PythonSession
from runner.report.snippets.python.statements import Statements, reading
from runner.report.snippets.python.words import indented
from runner.report.snippets.session import Draft, NoEquivalent
from runner.report.snippets.variables import Variable
from runner.results.records import StepRecord

_REPLACEMENT = "\ufffd"
_API_ERROR = "from docker.errors import APIError"
_ISLICE = "import itertools"
_POOL = "from concurrent.futures import ThreadPoolExecutor"


class Program(PythonSession):
    """The snippets of one scenario. ``endpoint`` is the engine's address, as in ``DOCKER_HOST``."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:
        super().__init__(steps)
        self._endpoint = endpoint
        self._imported: set[str] = set()

    def opening(self, draft: Draft) -> str:
        """Return the imports that are new, and before the first snippet the client."""
        first = not self._imported
        new = sorted(set(draft.imports) - self._imported)
        self._imported |= {"import docker", *new}
        if first:
            return "\n".join(["import docker", *new, "", self._client(), "", ""])
        return "\n".join([*new, "", ""]) if new else ""

    def _client(self) -> str:
        if self._endpoint == f"unix://{DEFAULT_SOCKET}" or self._endpoint.startswith("ssh://"):
            return "client = docker.APIClient()"
        if self._endpoint.startswith("https://") or self._endpoint.endswith(":2376"):
            return "client = docker.from_env().api"
        return f"client = docker.APIClient(base_url={self._words.text(self._endpoint)})"

    def call(self, step: StepRecord) -> Draft:
        return self._background(step) if step.background else self._foreground(step)

    def _foreground(self, step: StepRecord, index: int | None = None) -> Draft:
        call = self._call(step)
        code = PythonCall(call, self._words)
        if step.response is not None and step.response.status >= 400:
            lines = [*code.opening(), f"{code.indent}{code.expression()}"]
            refused = ["try:", *indented(lines), "except APIError as error:", "    print(error.explanation)"]
            return Draft("\n".join(refused), imports=(_API_ERROR,))
        if code.method.result in ("file", "archive"):
            return Draft("\n".join(self._saved(code)))
        variables = {
            name: Variable(self.names.variable(name), index)
            for name, source in step.capture_sources.items()
            if name in step.captured and reading(call, source) is not None
        }
        value, imports = self._collected(call, code.expression())
        if code.method.result == "output" and call.answer == "output":
            value += _decoded(step)
        statements = Statements(call, value, {variable.name: name for name, variable in variables.items()})
        lines = [*code.opening(), *(f"{code.indent}{line}" for line in statements.lines(index is not None))]
        values = tuple((name, step.captured[name], variable) for name, variable in variables.items())
        return Draft("\n".join([*lines, *code.closing()]), values, imports=(*imports, *statements.imports))

    def _call(self, step: StepRecord) -> Call:
        call = call_of(step)
        if call is None or call.request.stdin is not None:
            raise NoEquivalent(step.kind)
        return call

    def _saved(self, code: PythonCall) -> list[str]:
        """Return the code that writes a tar to a file."""
        chunks = "chunks, stat" if code.method.result == "archive" else "chunks"
        name = self._words.text(code.call.request.save or f"{code.call.operation.noun}.tar")
        opening = [f"{chunks} = {code.expression()}", f'with open({name}, "wb") as file:']
        return [*opening, "    file.writelines(chunks)"]

    def _collected(self, call: Call, value: str) -> tuple[str, tuple[str, ...]]:
        """Return a stream's elements as a list, as many as were taken, and what must be imported for it."""
        items = call.step.response.items if call.step.response is not None else None
        if call.answer == "items" and call.operation.is_endless(call.params):
            return f"list(itertools.islice({value}, {len(items or ()) or 1}))", (_ISLICE,)
        return (f"list({value})" if method_of(call).result == "stream" else value), ()

    # What goes on in the background

    def _background(self, step: StepRecord) -> Draft:
        """Return the code that begins a stream, which is read when it is awaited, or another call in a thread."""
        call = self._call(step)
        code = PythonCall(call, self._words)
        if code.method.result in ("file", "archive") or code.method.upload is not None:
            raise NoEquivalent(step.kind)
        name = self.names.job(step.id)
        match call.answer:
            case "items":
                return Draft(f"{name} = {code.expression()}")
            case "output":
                return Draft(f"{name} = {code.expression(stream='True')}")
        method, _, arguments = code.expression().partition("(")
        separator = ", " if arguments != ")" else ""
        return Draft(f"{name} = ThreadPoolExecutor().submit({method}{separator}{arguments}", imports=(_POOL,))

    def wait(self, step: StepRecord) -> Draft:
        started = self.started.get(step.awaits or "")
        if started is None:
            raise NoEquivalent(step.kind)
        call = self._call(started)
        name = self.names.job(call.step.id)
        match call.answer:
            case "output":
                return Draft(f'print(b"".join({name}){_decoded(step)}, end="")')
            case "items":
                value, imports = self._collected(call, name)
                return Draft(value, imports=imports)
        return Draft(f"{name}.result()")


def _decoded(step: StepRecord) -> str:
    """Return how a container's output becomes text; what is not UTF-8 must not end the program."""
    response = step.response
    texts = (response.stdout, response.stderr) if response is not None else ()
    return '.decode(errors="replace")' if any(_REPLACEMENT in (text or "") for text in texts) else ".decode()"
