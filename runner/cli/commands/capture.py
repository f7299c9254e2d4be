"""Implements ``run capture -o SCENARIO -- CMD``: a scenario of what a client program said to an engine."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli import options
from runner.cli.client import add_listening, endpoint_behind, show_each_once, show_silence, split_program
from runner.cli.output import diagnostics
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.files import check_writable, write_text
from runner.library.arguments import Parser
from runner.text import count, visible

if TYPE_CHECKING:
    from runner.proxy.capture.scenario import Captured
    from runner.proxy.tape import Tape

USAGE = "run capture -o SCENARIO [options] -- CMD…"
DESCRIPTION = """\
Run a client program against an engine and write what it said as a scenario: operations by name, ids of earlier
responses as captures, waits and attaches in the background where they were, uploads as files beside it, secrets as
secrets. The scenario is checked; with --record it is also run once on the same engine, recorded, and replayed."""
EXAMPLES = """\
examples:
  run capture -o hello.yaml -- docker run --rm alpine echo hi
  run capture -o hello.yaml --record hello.json -- docker run --rm alpine echo hi
  run capture -o app.yaml --secret token=s3cret -- python app.py

exit code: CMD's own, or 128 and the signal that ended it; 1 if the scenario does not pass"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run capture", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("-o", "--output", type=Path, metavar="SCENARIO", help="the scenario to write, a .yaml file")
    parser.add_argument("--record", type=Path, metavar="FILE", help="run the scenario once, record it, and replay it")
    parser.add_argument("--full", action="store_true", help="keep fields and parameters at their defaults")
    parser.add_argument("--force", action="store_true", help="replace a scenario that is there already")
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME=VALUE", help="write this value as a secret (repeatable)"
    )
    add_listening(parser)
    options.add_engine(parser)
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> int:
    """Run the verb and return its exit code."""
    words, program = split_program(arguments)
    namespace = options.parse(parser(console), words, console)
    hint = "for example: run capture -o hello.yaml -- docker run --rm alpine echo hi"
    if not program and namespace.listen is None:
        raise UsageError("wrong-use", "what is to be captured? Give a program behind --", hint=hint)
    if namespace.output is None or namespace.output.suffix not in (".yaml", ".yml"):
        raise UsageError("wrong-use", "-o names the scenario to write, a .yaml file", hint=hint)
    if namespace.output.exists() and not namespace.force:
        raise UsageError("cannot-write", f"{namespace.output} is there already", hint="--force replaces it")
    for file in filter(None, (namespace.output, namespace.record)):
        check_writable(file)
    return _capture(namespace, program, console)


def _capture(namespace: argparse.Namespace, program: Sequence[str], console: Console) -> int:
    from runner.engine.sockets.dial import dialer
    from runner.proxy.capture.scenario import capture, title_for
    from runner.proxy.conversation import Conversation
    from runner.proxy.session import serve_clients
    from runner.proxy.splice import Splice
    from runner.proxy.tape import Tape

    secrets = options.secrets(namespace, console)
    endpoint = endpoint_behind(namespace, console)
    tape = Tape(secrets.values())
    splice = Splice(dialer(endpoint), lambda: Conversation(tape.begin, tape.note), show_each_once(console))

    def started(url: str) -> None:
        if not program:
            console.say(f"listening at {url}, in front of {endpoint.url}; Ctrl-C ends it and writes the scenario")

    try:
        code = serve_clients(splice.serve, program, console.environment, address=namespace.listen, started=started)
        if not tape.exchanges:
            show_silence(console, program)
            return code
        captured = capture(
            tape, title_for(program) if program else "Captured", namespace.output, secrets, full=namespace.full
        )
        _tell(captured, tape, console)
        if not captured.steps:
            hint = "with BuildKit nothing can be captured of a build; DOCKER_BUILDKIT=0 builds without it"
            message = "nothing was asked that can be a step, so there is no scenario"
            diagnostics.show_error(console, UsageError("no-steps", message, hint=hint if captured.opaque else None))
            return code or ExitCode.FAILED
        write_text(namespace.output, captured.text)
    finally:
        tape.close()
    passed = _prove(namespace, captured.secrets, len(captured.steps), console)
    return code if passed or code else ExitCode.FAILED


def _tell(captured: Captured, tape: Tape, console: Console) -> None:
    """Say what became of the calls."""
    console.say(count(len(tape.exchanges), "call"))
    for step in captured.steps:
        remarks = []
        if "capture" in step:
            remarks.append(f"captured: {', '.join(step['capture'])}")
        if step.get("background"):
            remarks.append("in the background, as it was")
        name = next(key for key in step if key not in ("id", "title", "capture", "background", "expect", "take"))
        if name != "await":
            console.say(f"  {name:22}{'; '.join(remarks)}".rstrip())
    if captured.left_out:
        console.say(f"left out: {'; '.join(visible(line) for line in captured.left_out)}")
    for line in captured.opaque:
        console.say(f"{line} is BuildKit's: it was passed, and what it says can't be captured")
    for note in dict.fromkeys(tape.notes):
        console.say(f"a connection was passed that is not HTTP/1.1: {visible(note)}")
    if captured.secrets:
        given = " ".join(f"--secret {name}=…" for name in captured.secrets)
        console.say(f"secrets: give them with {given}")


def _prove(namespace: argparse.Namespace, secrets: Mapping[str, str], steps: int, console: Console) -> bool:
    """Check the scenario strictly; with ``--record`` run it on the engine, record it, and replay that."""
    from runner.library.scenarios import ScenarioFile, open_files

    file = namespace.output
    (checked,) = open_files([ScenarioFile(file, str(file))], ())
    for diagnostic in checked.diagnostics:
        diagnostics.show_diagnostic(console, diagnostic)
    what = f"{file}: {count(steps, 'step')}"
    if checked.diagnostics:
        console.say(f"{what}; {count(len(checked.diagnostics), 'finding')}: it needs a hand")
        return False
    if namespace.record is None:
        console.say(f"{what}; checked")
        return True
    from runner.library.face import record, replay

    host = endpoint_behind(namespace, console).url
    report = record(file, namespace.record, engine=host, secrets=secrets)
    again = replay(file, namespace.record, secrets=secrets) if report.status == "passed" else report
    for result in (report, again):
        if result.status != "passed":
            failed = [
                step
                for scenario in result.scenarios
                for step in scenario.steps
                if step.status == "failed" or step.error
            ]
            for step in failed[:1]:
                if step.error is not None:
                    diagnostics.show_failure(console, step.error, step.status)
            console.say(f"{what}; checked, {'run' if result is report else 'replayed'} once: {result.status}")
            return False
    console.say(f"{what}; checked, run and recorded in {namespace.record}, replayed once: passed")
    return True
