"""Events wait for a slow reader in bounded memory, and nobody waits for one that is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from runner.engine.engine import connect
from runner.engine.transport import Deadline
from runner.executor.cancellation import CancelScope, Level
from runner.executor.context import Options
from runner.executor.event_queue import CAPACITY, EventQueue
from runner.executor.run import Job, execute
from runner.results.events import (
    Event,
    ItemArrived,
    OutputArrived,
    RunFinished,
    ScenarioFinished,
    StepFinished,
    StepKey,
    StepStarted,
)
from tests.engine.scripted import Peer, ok, serving
from tests.executor.helpers import Player

KEY = StepKey(0, (0,))
PIECE = b"x" * 64 * 1024


def output(data: bytes = PIECE) -> OutputArrived:
    return OutputArrived(KEY, "stdout", data)


def started(name: str) -> StepStarted:
    return StepStarted(KEY, name, "sleep", "steps")


def nothing() -> None:
    """There is nothing to do meanwhile."""


def writer(queue: EventQueue, *events: Event) -> threading.Thread:
    def write() -> None:
        for event in events:
            queue.put(event)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("event", [output(), ItemArrived(KEY, {}, len(PIECE)), started("a"), output(b"")])
def test_who_brings_more_than_there_is_room_for_waits(event: Event) -> None:
    queue, put = EventQueue(), 0

    def fill() -> None:
        nonlocal put
        for _ in range(20_000):
            queue.put(event)
            put += 1

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    small = isinstance(event, StepStarted) or event == output(b"")
    assert put <= (CAPACITY // 512 if small else CAPACITY // len(PIECE))
    read = queue.drain(nothing)
    for number in range(1, 20_001):
        assert next(read) == event
        assert put - number < 2 * CAPACITY // (512 if small else len(PIECE)) + 2
    queue.close()
    assert list(read) == []


def test_nothing_is_lost_and_the_order_is_kept_however_many_write() -> None:
    queue = EventQueue()
    threads = [writer(queue, *(started(f"{name}{number}") for number in range(3000))) for name in "abcd"]

    def close() -> None:
        for thread in threads:
            thread.join()
        queue.close()

    threading.Thread(target=close).start()
    names = [event.id for event in queue.drain(nothing) if isinstance(event, StepStarted)]
    assert len(names) == 12_000
    for name in "abcd":
        assert [one for one in names if one[0] == name] == [f"{name}{number}" for number in range(3000)]


def test_once_it_is_open_nobody_waits_and_only_pieces_of_streams_are_dropped() -> None:
    queue = EventQueue()
    thread = writer(queue, *[output()] * 1000, started("end"), output(b"too late"))
    thread.join(0.3)
    assert thread.is_alive()
    queue.stop_blocking()
    thread.join(5)
    assert not thread.is_alive()
    queue.close()
    *pieces, last = queue.drain(nothing)
    assert last == started("end")
    assert CAPACITY // len(PIECE) - 1 <= len(pieces) <= CAPACITY // len(PIECE) + 1


def test_a_bug_is_raised_where_events_are_read() -> None:
    queue = EventQueue()
    queue.put(started("a"))
    queue.close(ValueError("bug"))
    read = queue.drain(nothing)
    assert next(read) == started("a")
    with pytest.raises(ValueError, match="bug"):
        next(read)


FOLLOWING = """
    steps:
      - id: followed
        request: {path: /followed}
        take: {until: item == 'never'}
    finally:
      - {id: last, sleep: 0}
"""


class Flood:
    """An engine that sends as fast as it can."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, peer: Peer) -> None:
        peer.request()
        peer.send(ok(b"OK", "Api-Version: 1.41", "Server: Docker/20.10.24 (linux)"))
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n")
        item = b'"' + b"x" * 60_000 + b'"\n'
        peer.sock.settimeout(3)  # a full connection whose far side is gone may stay so for long
        while True:
            peer.send(item)
            self.sent += len(item)


@pytest.fixture
def flood() -> Flood:
    return Flood()


@pytest.fixture
def cancellation() -> CancelScope:
    return CancelScope()


@pytest.fixture
def following(tmp_path: Path, flood: Flood, cancellation: CancelScope) -> Iterator[Generator[Event, None, None]]:
    """The events of a run that follows the flood, read as far as its first item."""
    player = Player(tmp_path)
    with serving(flood) as server:
        engine = connect(server.endpoint, deadline=Deadline.after(10))
        events = execute((Job.new(player.open(FOLLOWING), engine),), Options(), cancellation)
        assert any(isinstance(event, ItemArrived) for event in events)
        yield events
        events.close()
        engine.close()


def test_a_stream_stands_still_while_nobody_reads(following: Iterator[Event], flood: Flood) -> None:
    time.sleep(0.5)
    before = flood.sent
    time.sleep(0.3)
    assert flood.sent == before < 4 * CAPACITY
    for _ in range(200):
        next(following)
    assert flood.sent > before


def test_leaving_a_stream_ends_the_run(following: Generator[Event, None, None], cancellation: CancelScope) -> None:
    time.sleep(0.3)
    began = time.monotonic()
    following.close()
    assert time.monotonic() - began < 3
    assert cancellation.level == Level.STEPS
    assert not [thread for thread in threading.enumerate() if thread.name == "run"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_is_not_held_up_by_a_reader_that_does_not_read(
    following: Iterator[Event], cancellation: CancelScope, times: int
) -> None:
    time.sleep(0.3)
    run = next(thread for thread in threading.enumerate() if thread.name == "run")
    for _ in range(times):
        cancellation.escalate()
    run.join(5)
    assert not run.is_alive(), "it has cleaned up, though nobody has read of it"
    rest = list(following)
    assert isinstance(rest[-1], RunFinished)
    assert any(isinstance(event, ScenarioFinished) for event in rest)
    ended = {event.record.id: event.record.status for event in rest if isinstance(event, StepFinished)}
    assert ended == {"followed": "error", "last": "passed" if times == 1 else "skipped"}
