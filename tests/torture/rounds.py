"""Fails one connect, read or write of one scenario's run on a recorded engine, and looks at how the run ends.

In the manner of curl's torture tests: a scenario is run once to count what its client does; then each of these fails in
each way, a round each.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from runner.engine.recordings.recording import Recording, read
from runner.proxy.listening import Server
from runner.proxy.playback.breaker import Breaker
from runner.proxy.playback.faults import Break, BreakKind, Event
from runner.proxy.playback.playback import Entry, Playback
from runner.proxy.playback.server import PlaybackServer
from tests.torture.zygote import HUNG

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "scenarios" / "recordings").glob("*.json"))
OPTIONS: Mapping[str, tuple[str, ...]] = {"private-registry": ("--var", "registry=127.0.0.1:5000")}
STEP_SECONDS = 2
"""The time of a step: what a stalled connection costs."""
HUNG_SECONDS = 60
"""A run that takes longer hangs: a stalled step, a stalled cleanup and the search for the rest take 30 s at most."""
KINDS: tuple[BreakKind, ...] = get_args(BreakKind)
MIDDLE = 20
"""Bytes of a piece that still arrive in those rounds that break in its middle: half a head, a frame without its end."""

_BLOCK = re.compile(r"^(?:\S+:\d+:\d+: |run: )?(?:error|failed)\[([a-z-]+)\]: ", re.MULTILINE)
_SAID = re.compile(r"\bleft\b|cleanup-failed|can't be removed|could not be removed")


class Round(NamedTuple):
    """One scenario and what breaks in its run; None for the run that counts."""

    name: str
    rule: Break | None

    @property
    def command(self) -> str:
        """The command that does the same."""
        fault = ["--fault", str(self.rule)] if self.rule else []
        serve = ["run", "serve", "--speed", "0", "--listen", "tcp://127.0.0.1:0", *fault]
        scenario = [f"scenarios/recordings/{self.name}.json", "--", "run", f"scenarios/{self.name}.yaml"]
        return shlex.join([*serve, *scenario, *arguments(self.name)])


class Outcome(NamedTuple):
    """The outcome of a round. ``steps`` are the records of the report by phase and id, None where there is no report;
    ``left`` are changes of resources that the run has made on the engine and not removed."""

    code: int
    err: str
    steps: Mapping[str, Mapping[str, Any]] | None
    left: tuple[str, ...]
    served: tuple[str, ...]
    counts: Mapping[Event, int]
    reached: bool
    seconds: float


def arguments(name: str) -> list[str]:
    return ["--timeout", f"{STEP_SECONDS}s", "--format", "none", *OPTIONS.get(name, ())]


class Torturer:
    """Plays rounds, one after the other, on recorded engines."""

    def __init__(self, zygote: subprocess.Popen[str], folder: Path) -> None:
        self._zygote = zygote
        self._folder = folder
        self._recordings: dict[str, Recording] = {}
        self._whole: dict[str, Outcome] = {}

    def whole(self, name: str) -> Outcome:
        """The outcome of the run in which nothing fails."""
        if name not in self._whole:
            self._whole[name] = self.play(Round(name, None))
        return self._whole[name]

    def rounds(self, name: str) -> list[Round]:
        """Every round of a scenario."""
        counts = self.whole(name).counts
        rounds = [
            Round(name, Break(event, number, kind))
            for event in get_args(Event)
            for number in range(1, counts[event] + 1)
            for kind in KINDS
        ]
        middle = [
            Round(name, Break("read", number, kind, MIDDLE))
            for number in range(1, counts["read"] + 1)
            for kind in KINDS
            if kind in ("reset", "end")
        ]
        return rounds + middle

    def play(self, one: Round) -> Outcome:
        if one.name not in self._recordings:
            self._recordings[one.name] = read(ROOT / "scenarios" / "recordings" / f"{one.name}.json")
        playback = Playback(self._recordings[one.name])
        breaker = Breaker([one.rule] if one.rule else [])
        served: list[str] = []
        server = PlaybackServer(playback, lambda one: served.append(f"{one.method} {one.path} {one.status}"), 0)
        server.breaker = breaker
        report = self._folder / "report.json"
        report.unlink(missing_ok=True)
        began = time.monotonic()
        with Server("tcp://127.0.0.1:0", server.serve) as listening:
            scenario = str(ROOT / "scenarios" / f"{one.name}.yaml")
            code = self._run(listening.url, [scenario, *arguments(one.name), "--stable", "-o", str(report)])
            seconds = time.monotonic() - began
            playback.close()
        steps = None
        if report.exists():
            records = [step for scenario in json.loads(report.read_text())["scenarios"] for step in scenario["steps"]]
            steps = {f"{step['phase']} {step['id']}": step for step in _all_steps(records)}
        return Outcome(
            code,
            (self._folder / "err").read_text(errors="replace"),
            steps,
            _left(playback.made),
            tuple(served),
            dict(breaker.counts),
            bool(breaker.broken),
            seconds,
        )

    def _run(self, url: str, words: list[str]) -> int:
        files = {name: str(self._folder / name[3:]) for name in ("stdout", "stderr")}
        env = {"DOCKER_HOST": url, "HOME": str(self._folder), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:  # what the scenario saves goes there
            request = {"arguments": words, "folder": folder, "env": env, "seconds": HUNG_SECONDS, **files}
            self._zygote.stdin.write(json.dumps(request) + "\n")
            self._zygote.stdin.flush()
            return int(self._zygote.stdout.readline())


@contextlib.contextmanager
def torturer() -> Iterator[Torturer]:
    """Return what plays rounds; its processes end with it."""
    command = [sys.executable, "-m", "tests.torture.zygote"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as zygote,
    ):
        try:
            yield Torturer(zygote, Path(folder))
        finally:
            zygote.kill()


def _all_steps(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        yield record
        yield from _all_steps([*(record.get("steps") or ()), *(record.get("each") or ())])


def _left(made: tuple[Entry, ...]) -> tuple[str, ...]:
    """Return what was created and not removed."""
    left: set[str] = set()
    for entry in made:
        method, name = entry.asked.call.method, entry.asked.call.name
        if name.endswith(".create") and entry.created is not None and name != "image.create":
            left.add(entry.created)
        if method == "DELETE":
            left.discard(entry.resource)
    return tuple(sorted(left))


def complaints(whole: Outcome, one: Round, outcome: Outcome) -> list[str]:
    """Return what is wrong with how a round has ended; nothing if it is as it should be."""
    err = outcome.err
    if HUNG in err:
        return ["it hangs"]
    found = []
    blocks = [code for code in _BLOCK.findall(err) if code != "cleanup-failed"]
    failed = [step for step in (outcome.steps or {}).values() if step["status"] in ("failed", "error")]
    if outcome.code not in (0, 1, 4):
        found.append(f"the exit code is {outcome.code}")
    if "Traceback" in err or "run: bug" in err:
        found.append("a traceback, or a bug")
    if outcome.code and not 1 <= len(blocks) <= max(1, len(failed)):
        found.append(f"{len(blocks)} messages ({', '.join(blocks)}) for {len(failed)} steps")
    if outcome.code in (0, 1) and outcome.steps is None:
        found.append("no report")
    before = whole.steps or {}
    for key, step in (outcome.steps or {}).items():
        if outcome.code == 0 and step["status"] != before.get(key, step)["status"]:
            found.append(f"exit code 0, and {key} is {step['status']}")
        if step["status"] == "passed" == before.get(key, step)["status"]:
            found += _cut(key, before.get(key, step)["response"], step["response"], one.rule)
    if outcome.left and not _SAID.search(err) and not _asked_at_the_end(outcome.served):
        found.append(f"left without a word: {', '.join(outcome.left)}")
    return found


def _cut(key: str, before: Any, now: Any, rule: Break | None) -> Iterator[str]:
    """Each part of a step's response that is not what it is in a whole run, although the step has passed."""
    if not before or not now:
        return
    if now["status"] == 101 and rule is not None and rule.kind == "end" and not rule.after:
        return  # a hijacked stream has no other end than that of the connection, and this one is between two frames
    for part in ("status", "body", "stdout", "stderr", "items"):
        if rule is not None and rule.kind == "garbage" and ("<garbage>" in str(now[part]) or "\0" in str(now[part])):
            continue  # bytes in the place of others, of the length that was promised: they are shown as they came
        if _comparable(before[part]) != _comparable(now[part]):
            yield f"{key} passed, and its {part} is not whole: {str(now[part])[:200]!r}"


def _comparable(value: Any) -> str:
    """A part of a response without ids, which a scenario may make from random ones."""
    return re.sub(r"[0-9a-f]{8,}", "ID", json.dumps(value, sort_keys=True))


def _asked_at_the_end(served: Sequence[str]) -> bool:
    """Return whether the run has asked the engine what is left, and got an answer, also from a recording."""
    return any(
        re.fullmatch(r"GET /(containers/json|networks|volumes|images/json|services) 200", line) for line in served[-6:]
    )
