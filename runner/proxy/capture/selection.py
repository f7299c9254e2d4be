"""Chooses which of the taped exchanges become steps, and says what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from runner.proxy.tape import Taped
from runner.text import count

_NEGOTIATION: Final = frozenset(("system.ping", "system.ping_head"))
_NOT_FOUND: Final = 404
_SERVER_ERROR: Final = 500
_OF_TERMINALS: Final = frozenset(("container.resize", "exec.resize"))


class Selection(NamedTuple):
    """The exchanges that become steps, a line for each kind of what does not, and what can't become one."""

    kept: tuple[Taped, ...]
    left_out: tuple[str, ...]
    opaque: tuple[str, ...]


def select(exchanges: Sequence[Taped]) -> Selection:
    """Choose: no negotiation of versions, no terminal sizes, no poll that brought nothing new."""
    kept: list[Taped] = []
    reasons: Counter[str] = Counter()
    opaque: list[str] = []
    for taped in exchanges:
        if taped.opaque or is_buildkit(taped):
            opaque.append(f"{taped.call.method} {taped.call.path}")
            continue
        reason = _reason(taped, kept)
        if reason is None:
            kept.append(taped)
        else:
            reasons[reason] += 1
    lines = [f"{reason}" if times == 1 else f"{reason} ({count(times, 'time')})" for reason, times in reasons.items()]
    return Selection(tuple(kept), tuple(lines), tuple(dict.fromkeys(opaque)))


def _reason(taped: Taped, before: Sequence[Taped]) -> str | None:
    """Return why an exchange is not a step; None for one that is."""
    call = taped.call
    name = call.operation.name if call.operation else ""
    negotiates = name in _NEGOTIATION or call.path == "/libpod/_ping"
    if negotiates or (name == "system.version" and call.version is None and not before):
        return f"{call.method} {call.path}"
    if name in _OF_TERMINALS or call.path.endswith(("/resize", "/shouldrestart")):
        return "the size of the terminal" if call.path.endswith("/resize") else f"{call.method} {call.template}"
    lost = _lost(taped)
    if lost is not None:
        return f"{call.method} {call.template}, {lost}"
    if call.method == "GET" and before and _same(before[-1], taped):
        return f"GET {call.template} again, with the same response"
    return None


def _lost(taped: Taped) -> str | None:
    """Return why nothing came of an exchange; None if something did."""
    if taped.status is None:
        return "which was not answered"
    if taped.end == "left" and not taped.received and taped.call.method != "HEAD":
        return "which the client did not wait for"
    if taped.status == _NOT_FOUND and taped.call.method == "DELETE":
        return "of what was gone already"
    if taped.status >= _SERVER_ERROR:
        return f"which the engine failed with {taped.status}"
    return None


def is_buildkit(taped: Taped) -> bool:
    """Return whether it is a build whose context and secrets are in a session."""
    operation = taped.call.operation
    params = taped.call.params
    builds = operation is not None and operation.name == "image.build"
    return builds and (params.get("version") == "2" or params.get("remote") == "client-session")


def _same(one: Taped, other: Taped) -> bool:
    return one.head.target == other.head.target and one.output == other.output and one.status == other.status
