"""A creating request that is cut off: what the engine creates all the same is found, or named as what may be left."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.scripted import Peer, ok, serving
from tests.executor.helpers import Played, Player
from tests.executor.test_faults import PING

JSON = "Content-Type: application/json"
CREATE = "steps:\n  - {id: made, create: {body: {Image: alpine}}%s}\n"


@dataclass
class SlowEngine:
    """An engine that takes ``seconds`` for a create, whoever still waits for it."""

    seconds: float
    breaks: int = 0
    """How many creates lose their connection."""
    refuses: bool = False
    never: bool = False
    present: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __call__(self, peer: Peer) -> None:
        while True:
            request = peer.request()
            line = request.partition(b"\r\n")[0].decode()
            method, path, _ = line.split(" ")
            if "_ping" in path:
                peer.send(PING)
                continue
            self.asked.append(f"{method} {path.partition('?')[0]}")
            if path.endswith("/containers/create"):
                if not self._create(peer, json.loads(request.partition(b"\r\n\r\n")[2])):
                    return
            elif method == "GET":
                peer.send(ok(json.dumps(list(self.present.values())).encode(), JSON))
            else:
                self.removed.append(path.rpartition("/")[2].partition("?")[0])
                self.present.pop(self.removed[-1], None)
                peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    def _create(self, peer: Peer, body: dict[str, Any]) -> bool:
        """Return whether the connection goes on."""
        number = f"{len(self.asked):064x}"

        def finish() -> None:
            if not self.never:
                self.present[number] = {"Id": number, "Names": [f"/box{len(self.present)}"], "Labels": body["Labels"]}

        if self.breaks:
            self.breaks -= 1
            threading.Timer(self.seconds, finish).start()
            return False
        time.sleep(self.seconds)
        if self.refuses:
            peer.send(b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}")
            return True
        finish()
        peer.send(ok(json.dumps({"Id": number}).encode(), JSON).replace(b"200 OK", b"201 Created"))
        return True


def play(folder: Path, engine: SlowEngine, text: str, **options: Any) -> Played:
    with serving(*[engine] * 20) as server:
        return Player(folder, server.endpoint)(text, **options)


def test_a_step_whose_time_is_over_ends_at_once(tmp_path: Path) -> None:
    engine = SlowEngine(1.0)
    played = play(tmp_path, engine, CREATE % ", timeout: 100ms")
    assert played.error("made") == ("timeout", "no complete answer within 0.1 s")
    assert played["made"].duration_ms < 900
    assert len(engine.removed) == 1
    assert (engine.present, played.scenario.left) == ({}, ())


def test_a_stopped_run_waits_for_the_answer(tmp_path: Path) -> None:
    engine = SlowEngine(1.0)
    played = play(tmp_path, engine, CREATE % "", stop_in="made")
    assert played.error("made")[0] == "interrupted"
    assert played["made"].duration_ms < 900
    assert len(engine.removed) == 1
    assert (engine.present, played.scenario.left) == ({}, ())


def test_an_answer_that_refuses_leaves_no_doubt(tmp_path: Path) -> None:
    engine = SlowEngine(0.5, refuses=True)
    played = play(tmp_path, engine, CREATE % ", timeout: 100ms")
    assert (engine.removed, played.scenario.left) == ([], ())
    assert engine.asked.count("GET /v1.41/containers/json") == 1


def test_a_broken_connection_is_looked_after(tmp_path: Path) -> None:
    engine = SlowEngine(1.0, breaks=1)
    played = play(tmp_path, engine, CREATE % "")
    assert played.error("made")[0] == "connection-broken"
    assert len(engine.removed) == 1
    assert (engine.present, played.scenario.left) == ({}, ())
    assert engine.asked.count("GET /v1.41/containers/json") > 2


def test_what_can_not_be_known_is_named(tmp_path: Path) -> None:
    engine = SlowEngine(0.0, breaks=1, never=True)
    began = time.monotonic()
    played = play(tmp_path, engine, CREATE % "")
    assert played.scenario.left == ("a container of step 'made' may be left: its request was cut off",)
    assert time.monotonic() - began < 9


def test_each_of_several_is_looked_for(tmp_path: Path) -> None:
    engine = SlowEngine(0.7, breaks=3)
    text = "steps:\n  - {id: made, for_each: [1, 2, 3], create: {body: {Image: alpine}}}\n"
    played = play(tmp_path, engine, text, keep_going=True)
    assert len(engine.removed) == 3
    assert (engine.present, played.scenario.left) == ({}, ())


def test_a_try_that_worked_does_not_hide_the_one_that_was_cut_off(tmp_path: Path) -> None:
    """Both have the same labels."""
    engine = SlowEngine(1.5, breaks=1)
    played = play(tmp_path, engine, CREATE % ", retry: {times: 2, every: 10ms}")
    assert played.status == "passed", played["made"].error
    assert played["made"].attempts == 2
    assert len(engine.removed) == 2
    assert (engine.present, played.scenario.left) == ({}, ())
