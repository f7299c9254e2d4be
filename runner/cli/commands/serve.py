"""Implements ``run serve RECORDING -- CMD``: an engine made of a recording, for any client."""

from __future__ import annotations

import argparse
import re
import shlex
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runner.api.engines import DEFAULT_SOCKET, ENGINE_NAMES
from runner.cli import options
from runner.cli.client import add_listening, endpoint_behind, show_each_once, show_silence, split_program
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.files import check_writable, write_text
from runner.library.arguments import Parser
from runner.text import SHORT_ID, count, visible

if TYPE_CHECKING:
    from runner.engine.recordings.recording import Recording
    from runner.proxy.playback.forwarding import Forwarder
    from runner.proxy.playback.playback import Entry, Miss
    from runner.proxy.playback.server import Served

_API_VERSION = re.compile(r"[0-9]+\.[0-9]+")
_LONG_ID = re.compile(r"[0-9a-f]{64}")

USAGE = "run serve RECORDING [options] [-- CMD…]"
DESCRIPTION = """\
Play the engine of a recording for any client program. Requests are matched without what differs from run to run (ids,
random names, ports, API versions); what reads is answered by what the client has changed last. A request without a
recorded response gets 501, is shown with the nearest recorded one, and makes the exit code 1."""
EXAMPLES = """\
examples:
  run serve scenarios/recordings/run-a-container.json -- pytest tests
  run serve web.json --speed 0 -- docker run --rm alpine ls
  run serve web.json --listen tcp://127.0.0.1:2375
  run serve web.json --on-miss record -H unix:///var/run/docker.sock -- pytest tests
  run serve web.json --fault 'POST /containers/*/start: status:500' -- ./deploy
  run serve web.json --fault 'read 12: reset' -- ./deploy

exit code: CMD's own, or 1 if a request had no response; without CMD 130 after Ctrl-C"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run serve", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="a file that --record has written")
    add_listening(parser)
    parser.add_argument(
        "--speed", default="1", metavar="N", help="play streams N times as fast as recorded; 0: at once"
    )
    parser.add_argument("--api", metavar="X.YY", help="claim this as the oldest API version")
    parser.add_argument(
        "--on-miss",
        choices=("fail", "record"),
        default="fail",
        help="record: pass a request that was not recorded on to an engine, and keep its response in the file",
    )
    parser.add_argument("--fault", action="append", default=[], metavar="RULE", help="break on purpose (repeatable)")
    parser.add_argument("-q", "--quiet", action="store_true", help="show only requests without a response")
    options.add_engine(parser)
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> int:
    """Run the verb and return its exit code."""
    words, program = split_program(arguments)
    namespace = options.parse(parser(console), words, console)
    if namespace.api is not None and not _API_VERSION.fullmatch(namespace.api):
        raise UsageError("wrong-use", f"--api {namespace.api}: a version such as 1.44 is expected")
    return _serve(namespace, program, console)


def _serve(namespace: argparse.Namespace, program: Sequence[str], console: Console) -> int:
    from runner.engine.recordings.recording import read
    from runner.proxy.playback.breaker import Breaker
    from runner.proxy.playback.faults import parse_rules
    from runner.proxy.playback.playback import Playback
    from runner.proxy.playback.server import PlaybackServer
    from runner.proxy.session import serve_clients

    recording = read(namespace.recording)
    playback = Playback(recording)
    log = _Log(namespace, playback.entries, console)
    rules = parse_rules(namespace.fault)
    breaker = Breaker(rules.breaks)
    forwarder = _forwarder(namespace, console)
    speed = _speed(namespace.speed)
    server = PlaybackServer(playback, log.show, speed, namespace.api, rules.faults, forwarder, breaker)

    def started(url: str) -> None:
        name = ENGINE_NAMES.get(recording.name, recording.name)
        engine = f"{name} {visible(recording.version)} (API {recording.api_version})"
        console.say(f"{count(len(playback.entries), 'response')} of {engine} at {url}")

    try:
        code = serve_clients(server.serve, program, console.environment, address=namespace.listen, started=started)
    finally:
        playback.close()
    if not breaker.counts["connect"]:
        show_silence(console, program)
    unanswered = f", {count(server.misses, 'request')} without a response: exit 1" if server.misses else ""
    console.say(f"{playback.used} of {count(len(playback.entries), 'response')} used{unanswered}")
    for rule in server.unreached:
        console.say(f"nothing was broken by the rule '{visible(rule)}'")
    if rules.breaks:
        counts = ", ".join(count(number, event) for event, number in breaker.counts.items())
        console.say(f"the client made {counts}")
    if forwarder is not None:
        _keep(forwarder, recording, namespace, console)
    elif server.misses:
        again = shlex.join(["run", "serve", "--on-miss", "record", *_words_of(namespace), "--", *program])
        console.say(f"  to record it: {again}")
    return ExitCode.FAILED if server.misses else code


def _words_of(namespace: argparse.Namespace) -> list[str]:
    """Return the arguments that name the engine and the recording, for a command that is shown."""
    return ["-H", namespace.host or f"unix://{DEFAULT_SOCKET}", str(namespace.recording)]


def _forwarder(namespace: argparse.Namespace, console: Console) -> Forwarder | None:
    """Return what passes misses on.

    Raises:
        UsageError: ``cannot-write``; no engine is named well; ``wrong-use``, an engine that nothing would be passed to.
    """
    if namespace.on_miss == "fail":
        if namespace.host or namespace.context:
            hint = "with --on-miss record, requests that were not recorded go there"
            raise UsageError("wrong-use", "a recording is served, so no engine is asked", hint=hint)
        return None
    from runner.engine.sockets.dial import dialer
    from runner.proxy.playback.forwarding import Forwarder

    check_writable(namespace.recording)
    return Forwarder(dialer(endpoint_behind(namespace, console)))


def _keep(forwarder: Forwarder, recording: Recording, namespace: argparse.Namespace, console: Console) -> None:
    """Write what was passed on into the recording."""
    from runner.engine.recordings.recording import render

    show = show_each_once(console)
    for failure in forwarder.failures:
        show(failure)
    kept = len(forwarder.tape.exchanges)
    if kept:
        write_text(namespace.recording, render(forwarder.extended(recording)))
        console.say(f"kept {count(kept, 'response')} of the engine in {namespace.recording}")
    forwarder.tape.close()


class _Log:
    """Shows each request on a line. Thread-safe."""

    def __init__(self, namespace: argparse.Namespace, entries: Sequence[Entry], console: Console) -> None:
        self._file: Path = namespace.recording
        self._quiet: bool = namespace.quiet
        self._entries = entries
        self._console = console
        self._lock = threading.Lock()

    def show(self, served: Served) -> None:
        """Show a request and what it was answered with."""
        if self._quiet and served.miss is None:
            return
        path = visible(_LONG_ID.sub(lambda match: match[0][:SHORT_ID], served.path))
        mark = self._console.paint("✗", "red") if served.miss else " "
        remark = self._about(served.miss) if served.miss else served.remark
        with self._lock:
            self._console.say(f"{mark} {served.method:6} {path:44} {served.status}   {visible(remark)}".rstrip())
            for line in served.miss.differences if served.miss else ():
                self._console.say(f"           {visible(line)}")

    def _about(self, miss: Miss) -> str:
        from runner.proxy.playback.playback import line_of

        if miss.nearest is None:
            return miss.message
        request = miss.nearest.exchange.request
        requests = [entry.exchange.request for entry in self._entries]
        line = line_of(self._file.read_text("utf-8", "replace"), requests, miss.nearest.number)
        where = f"{self._file.name}:{line}" if line else self._file.name
        return f"{miss.message}; the nearest is {request.method} {_short(request.target)} ({where})"


def _short(target: str) -> str:
    """Return the end of a path, which tells what is asked for."""
    path = re.sub(r"^/v[0-9.]+(?=/)", "", target.partition("?")[0])
    return path if path.count("/") < 3 else f"…/{path.rsplit('/', 1)[1]}"


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError("wrong-use", f"--speed {text}: a number is expected: 2 is twice as fast, 0 at once")
    return value
