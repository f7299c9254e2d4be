"""Writes the steps of a scenario as commands for bash, with ``curl`` for each request.

Pasted one after the other the commands do what the scenario did: a captured value is assigned to a shell variable by
the command that reads it from the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from runner.api.operations import by_id
from runner.report.snippets.calls import is_digest, shown_source
from runner.report.snippets.names import shell_identifier
from runner.report.snippets.session import Draft, NoEquivalent, Setup, walk
from runner.report.snippets.shell import bash
from runner.report.snippets.shell.bash import Use
from runner.report.snippets.shell.curl_request import RequestWords, credential_setups
from runner.report.snippets.shell.jq import jq_filter
from runner.report.snippets.shell.retry import repeated
from runner.report.snippets.shell.shell_session import ShellSession
from runner.report.snippets.terminals import Terminals
from runner.report.snippets.unset import UnsetVariables
from runner.report.snippets.variables import Variable
from runner.results.records import StepRecord
from runner.results.result_path import ResultPath, Source

UNFRAME: Final = Setup(
    "Without a terminal the output comes in frames. This function takes them off:",
    'unframe() { perl -e \'$|=1; while (read STDIN,$h,8) { ($s,$n)=unpack "CxxxN",$h; read STDIN,$d,$n;'
    " print {$s==2 ? *STDERR : *STDOUT} $d }'; }",
)
"""A shell function that takes the frames off a container's output and parts stdout from stderr. Each frame begins
with eight bytes: the stream's number, three zeros, the length (see ContainerAttach in the API reference)."""


HIJACK: Final = Setup(
    "What is sent here goes over the connection of the answer, which curl can't do. This function sends its input"
    " behind the request, ends it, and prints what comes back:",
    r"""hijack() { perl -MIO::Socket -e '
    ($to, $path, $body) = @ARGV; $| = 1;
    $s = ($to =~ m{^/} ? IO::Socket::UNIX->new($to) : IO::Socket::INET->new($to)) or die "$to: $!\n";
    syswrite $s, "POST $path HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        . "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    while ($h !~ /\r\n\r\n$/) { sysread $s, $c, 1 or last; $h .= $c }
    $h =~ m{^\S+ (101|200)} or die $h;
    if (!fork) { while (sysread STDIN, $d, 65536) { syswrite $s, $d } shutdown $s, 1; exit }
    print $d while sysread $s, $d, 65536; wait' "$@"; }""",
)
"""A shell function for attach and exec with input: a request that becomes a stream both ways, of which the end of the
input closes one."""


class _Command(NamedTuple):
    """A request's ``chunks``, each of which stays on one line, and the ``pipe`` that its answer goes through."""

    chunks: list[str]
    pipe: str = ""
    setups: tuple[Setup, ...] = ()

    def text(self, opening: str = "", closing: str = "") -> str:
        """Return the command between two texts."""
        return bash.lay_out([opening + self.chunks[0], *self.chunks[1:]], self.pipe + closing)


class Script(ShellSession):
    """The commands of one scenario. ``endpoint`` is the engine's address, as in ``DOCKER_HOST``."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:
        super().__init__(steps, shell_identifier)
        self._words = RequestWords(endpoint, self.variables)
        self._terminals = Terminals()
        self._unset = UnsetVariables(self.variables, self.names)
        self._several_in_background = sum(step.background for step in walk(steps)) > 1
        self._awaiting = {step.awaits: step for step in walk(steps) if step.awaits}

    def learn(self, name: str, value: object) -> str:
        """Show a value from here on as a variable, which the reader sets; return the variable's name."""
        variable = Variable(self.names.variable(name))
        self.variables.learn(value, variable)
        return variable.name

    def wait(self, step: StepRecord) -> Draft:
        if step.awaits not in self.started:
            raise NoEquivalent("what it waits for was not started here")
        if self._several_in_background and step.awaits:
            return Draft(f'wait "${self._job(step.awaits)}"')
        return Draft("wait")

    def loop(self, step: StepRecord, elements: Sequence[StepRecord]) -> Draft | None:
        names = [name for name in step.captured if _reading(step, name) is not None]
        drafts = [self._foreground(element, index if names else None) for index, element in enumerate(elements)]
        if not drafts:
            return None
        return self.arrays(names, drafts)

    def call(self, step: StepRecord) -> Draft:
        if not step.background:
            return self._foreground(step)
        command = self._command(step)
        job = f" & {self._job(step.id)}=$!" if self._several_in_background else " &"
        excerpt = _excerpt(self._awaiting.get(step.id, step)) or ""
        return Draft(f"{command.text(closing=excerpt + job)}\n{bash.CONNECTED}", (), command.setups)

    def _foreground(self, step: StepRecord, index: int | None = None) -> Draft:
        command = self._command(step)
        readings = {name: text for name in step.captured if (text := _reading(step, name)) is not None}
        variables = {name: Variable(self.names.variable(name), index) for name in readings}
        filters = {variables[name].name: text for name, text in readings.items()}
        use, remark = repeated(Use(filters, index is not None, _excerpt(step)), step, jq_filter)
        code = remark + bash.used(command.text, use)
        values = tuple((name, step.captured[name], variable) for name, variable in variables.items())
        return Draft(code, values, command.setups)

    def write(self, step: StepRecord) -> Draft | None:
        self.variables.used.clear()
        draft = super().write(step)
        if draft is None:
            return None
        checks = [f'# ${name} is {meaning}\n: "${{{name}:?}}"' for name, meaning in self._unset.needed()]
        return draft._replace(code="\n".join([*checks, draft.code]))

    def note(self, step: StepRecord) -> None:
        """Show what no command reads as a variable all the same: the reader sets it, before it is used."""
        self._terminals.note(step)
        self._unset.note(step)
        super().note(step)

    def _command(self, step: StepRecord) -> _Command:
        request = step.request
        operation = by_id(step.operation) if step.operation else None
        if request is None:
            raise NoEquivalent("it was not sent")
        if operation is not None and operation.upgrade_for(request.body) in ("websocket", "h2c"):
            raise NoEquivalent("it switches to another protocol")
        if request.stdin is not None and operation is not None:
            framed = self._terminals.framed(step, operation)
            needed = (HIJACK, UNFRAME) if framed else (HIJACK,)
            return _Command(self._words.hijacked(request), " | unframe" if framed else "", needed)
        setups = credential_setups(request)
        chunks = self._words.chunks(request, operation)
        if operation is None:
            return _Command(chunks, setups=setups)
        answer = operation.answer_for(request.params, request.body)
        if answer == "output" and self._terminals.framed(step, operation):
            return _Command(chunks, " | unframe", (*setups, UNFRAME))
        items = step.response.items if step.response is not None else None
        if answer == "items" and operation.is_endless(request.params) and items:
            return _Command([f"take {len(items)} {chunks[0]}", *chunks[1:]], setups=(*setups, bash.TAKE))
        return _Command(chunks, setups=setups)

    def _job(self, step_id: str) -> str:
        """Return the variable with the process id of a background step."""
        return self.names.job(step_id, "_job")


def _reading(step: StepRecord, name: str) -> str | None:
    """Return what the answer goes through to become a captured value: ``jq``, or nothing for the output itself."""
    source = step.capture_sources.get(name)
    return None if source is None or step.background else _filter(step, source)


def _excerpt(step: StepRecord) -> str | None:
    """Return what the answer goes through to become what the page shows of it; None if that is all of it."""
    source = shown_source(step)
    return _filter(step, source) if source is not None else None


def _is_plain_text(step: StepRecord) -> bool:
    """Return whether the answer is a text that is not JSON: a JSON answer can be a text too."""
    response = step.response
    if response is None or not isinstance(response.body, str):
        return False
    operation = by_id(step.operation) if step.operation else None
    return "json" not in str(response.headers.get("Content-Type")) and (operation is None or operation.answer != "json")


def _filter(step: StepRecord, source: Source) -> str | None:
    if _is_plain_text(step):  # which jq would not read
        return "" if source.path == ResultPath("body") else None
    return jq_filter(source, digest=is_digest(step, source))
