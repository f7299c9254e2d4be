"""Listeners and proxies for the tests: what a connection was understood as, and a proxy that keeps to an allow-list."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from runner.engine.docker_config.endpoint import parse
from runner.engine.http.parser import RequestHead, ResponseHead
from runner.engine.sockets.dial import dialer
from runner.proxy.conversation import Conversation
from runner.proxy.listening import Server
from runner.proxy.splice import Splice


@dataclass
class Heard:
    """One exchange as a listener heard it."""

    request: RequestHead
    sent: bytes = b""
    response: ResponseHead | None = None
    raw: bool = False
    got: bytes = b""
    typed: bytes = b""
    closed: bool = False
    end: str | None = None

    def sent_body(self, data: bytes) -> None:
        self.sent += data

    def answered(self, head: ResponseHead) -> None:
        self.response = head

    def hijacked(self) -> None:
        self.raw = True

    def received(self, data: bytes) -> None:
        self.got += data

    def sent_input(self, data: bytes) -> None:
        self.typed += data

    def closed_input(self) -> None:
        self.closed = True

    def ended(self, end: str) -> None:
        assert self.end is None, "an exchange ends once"
        self.end = end

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None


@dataclass
class Ear:
    """Hears every exchange of every connection."""

    heard: list[Heard] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def conversation(self) -> Conversation:
        def begin(head: RequestHead) -> Heard:
            self.heard.append(Heard(head))
            return self.heard[-1]

        return Conversation(begin, self.notes.append)

    def of(self, method: str, path: str) -> Heard:
        """The only exchange of that method whose path, without its version, matches."""
        (one,) = [
            h
            for h in self.heard
            if h.request.method == method and re.fullmatch(rf"(/v[\d.]+)?{path}", h.request.target.partition("?")[0])
        ]
        return one


@contextlib.contextmanager
def spliced(url: str, ear: Ear) -> Iterator[str]:
    """The address of a splice in front of an engine."""
    failures: list[BaseException] = []
    splice = Splice(dialer(parse(url, source="a test")), ear.conversation, failures.append)
    with Server(None, splice.serve) as server:
        yield server.url
    assert not failures


class DeniedError(OSError):
    """A request that an allow-list does not have; the splice breaks such a connection."""


Rule = Callable[[str, str], bool]
"""Whether a method and a decoded path are let through."""


@contextlib.contextmanager
def enforcing(url: str, rule: Rule) -> Iterator[tuple[str, list[str]]]:
    """A socket proxy that lets through what ``rule`` allows and breaks every other connection; what it denied."""
    denied: list[str] = []

    def begin(head: RequestHead) -> Heard:
        if not rule(head.method, unquote(head.target.partition("?")[0])):
            denied.append(f"{head.method} {head.target}")
            raise DeniedError  # to the splice the client is broken
        return Heard(head)

    splice = Splice(dialer(parse(url, source="a test")), lambda: Conversation(begin, denied.append), lambda _: None)
    with Server(None, splice.serve) as server:
        yield server.url, denied


SECTIONS = {
    **{name.upper(): name for name in ("auth", "build", "commit", "configs", "containers", "distribution", "events")},
    **{name.upper(): name for name in ("exec", "grpc", "images", "info", "networks", "nodes", "plugins", "secrets")},
    **{name.upper(): name for name in ("services", "session", "swarm", "system", "tasks", "version", "volumes")},
    "PING": "_ping",
    "ALLOW_START": "containers/[a-zA-Z0-9_.-]+/start",
    "ALLOW_STOP": "containers/[a-zA-Z0-9_.-]+/stop",
    "ALLOW_RESTARTS": "containers/[a-zA-Z0-9_.-]+/((stop)|(restart)|(kill))",
}
"""The paths that the variables of Tecnativa's proxy open, as its configuration has them."""


def tecnativa_rule(words: Sequence[str]) -> Rule:
    """That proxy, with variables such as ``POST=1`` in its environment."""
    variables = {"EVENTS": "1", "PING": "1", "VERSION": "1", **dict(word.split("=") for word in words)}
    on = {name for name, value in variables.items() if value == "1"}

    def allows(method: str, path: str) -> bool:
        if method not in ("GET", "HEAD") and "POST" not in on:
            return False
        return any(re.match(rf"(?i)(/v[\d.]+)?/{SECTIONS[name]}", path) for name in on if name in SECTIONS)

    return allows


def wollomatic_rule(words: Sequence[str]) -> Rule:
    """That proxy, with options such as ``-allowGET=/version``: ``^`` and ``$`` are written around each, as it does."""
    options = dict(word.removeprefix("-allow").split("=", 1) for word in words)
    return lambda method, path: method in options and re.search(f"^{options[method]}$", path) is not None
