"""Passes a request that was not recorded on to a real engine, and keeps what it answers."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Final

from runner.engine.recordings.recording import Recording
from runner.engine.sockets.connection import Dial
from runner.engine.transport import Deadline
from runner.errors import RunnerError
from runner.masking import Masker
from runner.proxy.conversation import Conversation
from runner.proxy.playback.server import Incoming
from runner.proxy.splice import CONNECT_SECONDS, pump
from runner.proxy.tape import Tape

_HOP: Final = frozenset(("connection", "expect", "content-length", "transfer-encoding"))


class Forwarder:
    """Answers misses by way of a real engine. The connection ends with such a response, so that the next request is
    looked up in the recording again."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self.tape: Final = Tape()
        self.failures: Final[list[RunnerError]] = []

    def __call__(self, client: socket.socket, incoming: Incoming) -> bool:
        """Pass a request on, and its response back; False: it can't be."""
        if incoming.content is None:
            return False
        try:
            channel = self._dial(Deadline.after(CONNECT_SECONDS))
        except RunnerError as error:
            self.failures.append(error)
            return False
        channel.settimeout(None)
        pump(client, channel, Conversation(self.tape.begin, self.tape.note), _message(incoming))
        return True

    def extended(self, recording: Recording) -> Recording:
        """Return the recording with what was kept behind it, masked.

        Raises:
            UsageError: ``recording-too-large``.
        """
        last = max((exchange.at for exchange in recording.exchanges), default=0.0)
        masker: Masker = self.tape.masker()
        kept = self.tape.recorded(masker, last + 1)
        return replace(recording, exchanges=(*recording.exchanges, *kept))


def _message(incoming: Incoming) -> bytes:
    head, content = incoming.head, incoming.content or b""
    lines = [f"{head.method} {head.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.fields if name.lower() not in _HOP]
    lines.append(f"Connection: {'Upgrade' if head.upgrade else 'close'}")
    if content or head.method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content
