"""Implements ``run profile -- CMD``: what a client program needs of an engine, and the allow-lists that let it work."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.cli import options
from runner.cli.client import add_listening, endpoint_behind, show_each_once, show_silence, split_program
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.files import check_writable, write_text
from runner.library.arguments import Parser

if TYPE_CHECKING:
    from runner.proxy.profile import Profile

USAGE = "run profile [FILE…] [options] [-- CMD…]"
DESCRIPTION = """\
Run a client program against an engine and report the operations of the API that it uses, the API version that it
needs, whether it negotiates that version, and the smallest allow-lists of two socket proxies that let it work, with
what each of them grants beyond that. Profiles of earlier runs and JSON reports of scenarios are merged."""
EXAMPLES = """\
examples:
  run profile -- docker run --rm alpine true
  run profile -o app.json -- python app.py          keep it as a file
  run profile app.json tests.json                   merge what several runs used
  run profile --listen tcp://127.0.0.1:2375         profile whatever connects there, until Ctrl-C

exit code: CMD's own, or 128 and the signal that ended it"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run profile", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("file", nargs="*", type=Path, metavar="FILE", help="a profile, or a JSON report, to merge")
    add_listening(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the profile to a file too: JSON if it ends in .json"
    )
    options.add_engine(parser)
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> int:
    """Run the verb and return its exit code."""
    words, program = split_program(arguments)
    namespace = options.parse(parser(console), words, console)
    if not program and not namespace.file and namespace.listen is None:
        hint = "for example: run profile -- docker ps"
        raise UsageError("wrong-use", "what is to be profiled? Give a program behind --, or files to merge", hint=hint)
    if namespace.output is not None:
        check_writable(namespace.output)
    return _profile(namespace, program, console)


def _profile(namespace: argparse.Namespace, program: Sequence[str], console: Console) -> int:
    from runner.proxy.profile import Profile, from_json

    profiles = [from_json(_read(path), str(path)) for path in namespace.file]
    code: int = ExitCode.PASSED
    if program or namespace.listen is not None:
        profile = Profile(shlex.join(program) or namespace.listen)
        code = _listen(profile, namespace, program, console)
        if not profile.uses:
            show_silence(console, program)
        profiles.insert(0, profile)
    first, *others = profiles
    for other in others:
        first.merge(other)
    _write(first, namespace, console, beside_program=bool(program))
    return code


def _listen(profile: Profile, namespace: argparse.Namespace, program: Sequence[str], console: Console) -> int:
    from runner.engine.sockets.dial import dialer
    from runner.proxy.conversation import Conversation
    from runner.proxy.profile import profiler
    from runner.proxy.session import serve_clients
    from runner.proxy.splice import Splice

    endpoint = endpoint_behind(namespace, console)
    begin = profiler(profile)
    splice = Splice(dialer(endpoint), lambda: Conversation(begin, profile.note), show_each_once(console))

    def started(url: str) -> None:
        if not program:
            console.say(f"listening at {url}, in front of {endpoint.url}; Ctrl-C ends it")

    return serve_clients(splice.serve, program, console.environment, address=namespace.listen, started=started)


def _write(profile: Profile, namespace: argparse.Namespace, console: Console, *, beside_program: bool) -> None:
    """Write it: to stdout, or to stderr where stdout is the program's."""
    from runner.proxy.profile import to_json
    from runner.proxy.profile_text import profile_text

    as_json = json.dumps(to_json(profile), indent=2, ensure_ascii=False) + "\n"
    if namespace.output is not None:
        write_text(namespace.output, as_json if namespace.output.suffix == ".json" else profile_text(profile))
    text = as_json if namespace.format == "json" else profile_text(profile)
    if not beside_program:
        console.write(text)
        return
    for line in text.splitlines():
        console.say(line)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError("bad-profile", f"{path} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError("bad-profile", f"{path} is not JSON") from None
