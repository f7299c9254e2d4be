"""Local files: what a stranger's scenario may read and write without an engine, and what any run may write."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.engine.engine import Engine
from runner.engine.transport import Deadline, Headers, Request, Response
from runner.errors import RunnerError
from runner.executor.cancellation import CancelScope
from runner.executor.context import Options
from runner.executor.plan import NoTransport, plan
from runner.executor.run import Job, execute
from runner.results.collector import collect
from runner.results.records import StepRecord
from tests.engine.scripted import Peer, Script, ok, serving
from tests.executor.helpers import NO_ENGINE, Player
from tests.executor.test_faults import PING

TAR = "Content-Type: application/x-tar"


def small_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo("file")
        info.size = 4
        made.addfile(info, io.BytesIO(b"data"))
    return out.getvalue()


CONTENT = small_tar()


class Answers:
    """A replay's transport: every export is a small tar, every upload is read as a replay reads it."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def send(self, request: Request, deadline: Deadline) -> Response:
        if request.body is not None and not isinstance(request.body, bytes):
            self.read.append(b"".join(request.body.recorded_chunks()))
        return Whole(CONTENT if request.path.endswith("/export") else b"")

    def share(self) -> Answers:
        return self

    def abort(self) -> None: ...

    def hang_up(self, reason: RunnerError) -> None: ...

    def close(self) -> None: ...


class Whole:
    """A response that has arrived."""

    status, reason, upgraded = 200, "OK", False
    headers = Headers()

    def __init__(self, body: bytes) -> None:
        self.left = [body]

    def read1(self) -> bytes:
        return self.left.pop() if self.left else b""

    def until(self, deadline: Deadline) -> None: ...

    def write(self, data: bytes) -> None: ...

    def close_write(self) -> None: ...

    def close(self) -> None: ...


class Replayed:
    """Runs scenarios as a replay does, with ``home`` as the working folder."""

    def __init__(self, player: Player, home: Path) -> None:
        self.player = player
        self.home = home
        self.transport = Answers()

    def __call__(self, *steps: str, recorded_at: str | None = "2026-01-01", **options: Any) -> list[StepRecord]:
        scenario = self.player.open("steps:\n" + "".join(f"  - {step}\n" for step in steps))
        engine = Engine(NO_ENGINE.endpoint, self.transport, "docker", "20", "1.41", recorded_at=recorded_at)
        options = {"folder": self.home, **options}
        report = collect(execute((Job.new(scenario, engine),), Options(**options), CancelScope()))
        return list(report.scenarios[0].steps)


def code(step: StepRecord) -> str | None:
    return step.error.code if step.error else None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The working folder of somebody who tries a stranger's files: full of what must stay as it is, and secret."""
    home = tmp_path / "home"
    for name in (".git/config", ".ssh/id_rsa", ".bashrc", "notes.txt", "out/old.tar", "elsewhere/secret"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"the old {name}")
    (home / "link").symlink_to(home / "notes.txt")
    (home / "linked").symlink_to(home / "elsewhere")
    os.mkfifo(home / "fifo")
    return home


@pytest.fixture
def replayed(home: Path) -> Replayed:
    """The stranger's folder is below the home: its neighbours are the bait."""
    folder = home / "stranger"
    (folder / ".hidden").mkdir(parents=True)
    (folder / ".hidden" / "file").write_text("hidden")
    (folder / ".env").write_text("not in a hidden folder")
    (folder / "in").mkdir()
    (folder / "own.tar").write_text("own")
    (folder / "way-out").symlink_to("../notes.txt")
    (folder / "way-in").symlink_to("own.tar")
    (folder / "folder-out").symlink_to("..")
    os.mkfifo(folder / "fifo")
    (folder / "zero").symlink_to("/dev/zero")
    return Replayed(Player(folder), home)


def everything(folder: Path) -> dict[str, tuple[float, str]]:
    """The content of a folder: each file's time and text."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_text(errors="replace") if path.is_file() and not path.is_symlink() else ""
        found[str(path.relative_to(folder))] = (0.0 if path.is_dir() else status.st_mtime, content)
    return found


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, which is to be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


SAVES = ["x.tar", "notes.txt", "out/old.tar", "out/new/x.tar", "stranger/own.tar"]
NEVER = [".git/config", ".bashrc", "out/.x", "../x", "/etc/x", "stranger/.hidden/x"]


@pytest.mark.parametrize("overwrite", ["", ", overwrite: true"])
@pytest.mark.parametrize("recorded_at", ["2026-01-01", None])
def test_a_run_without_an_engine_writes_nothing(
    replayed: Replayed, home: Path, temporary: Path, overwrite: str, recorded_at: str | None
) -> None:
    """``confined`` is for a live run that is to change nothing, as ``docs --check``."""
    before = everything(home)
    names = [*SAVES, *NEVER, "link", "linked/x", "fifo"]
    steps = [f"container.export: {{id: x, save: '{name}'{overwrite}}}" for name in names]
    done = replayed(*steps, recorded_at=recorded_at, confined=True, keep_going=True)
    assert [code(step) for step in done] == [
        None if name not in NEVER else "outside-folder" for name in names
    ]  # the rest went to a private folder
    written = {name for name, value in everything(home).items() if before.get(name) != value}
    assert written == {"stranger/scenario.yaml"}, "the test's own"
    assert list(temporary.iterdir()) == [], "the private folder is gone"


def test_a_later_step_reads_what_was_saved(replayed: Replayed) -> None:
    steps = ["container.export: {id: x, save: out/x.tar}", "image.load: {body_file: out/x.tar}"]
    assert [code(step) for step in replayed(*steps)] == [None, None]
    assert replayed.transport.read == [CONTENT]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own.tar", None), ("way-in", None), ("./in/../own.tar", None),
        ("../notes.txt", "outside-folder"), ("way-out", "outside-folder"), ("folder-out/notes.txt", "outside-folder"),
        ("/etc/passwd", "outside-folder"), (".env", None), (".hidden/file", "outside-folder"),
        ("../.ssh/id_rsa", "outside-folder"), ("/dev/zero", "outside-folder"), ("zero", "outside-folder"),
        ("/proc/self/environ", "outside-folder"), ("fifo", "unreadable-file"), ("missing", "unreadable-file"),
        (".", "unreadable-file"), ("a\\0b", "outside-folder"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "step",
    [
        'image.load: {{body_file: "{}"}}',
        'exec.start: {{id: x, stdin_file: "{}"}}',
        'request: {{method: POST, path: /x, body_file: "{}"}}',
    ],
)
def test_a_replay_reads_below_its_own_folder_only(
    replayed: Replayed, name: str, expected: str | None, step: str
) -> None:
    (done,) = replayed(step.format(name))
    assert code(done) == expected, done.error
    if expected is None and "stdin" not in step:
        assert replayed.transport.read == [(replayed.player.folder / name).read_bytes()]
    else:
        assert replayed.transport.read == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("context", None), ("..", "outside-folder"), ("/", "outside-folder"), ("folder-out", "outside-folder"),
        (".hidden", "outside-folder"), ("/proc", "outside-folder"),
    ],
)  # fmt: skip
def test_a_replay_sends_no_folder_from_outside(replayed: Replayed, name: str, expected: str | None) -> None:
    context = replayed.player.folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM x")
    (context / "link").symlink_to("/etc/passwd")
    (context / ".dockerignore").symlink_to(replayed.home / ".bashrc")
    (done,) = replayed(f"image.build: {{body_dir: '{name}'}}")
    if expected is None:
        assert code(done) == "unreadable-file", "a link is not read for its patterns"
        (context / ".dockerignore").unlink()
        (done,) = replayed(f"image.build: {{body_dir: '{name}'}}")
        with tarfile.open(fileobj=io.BytesIO(replayed.transport.read[0])) as sent:
            assert sent.getmember("link").issym()
    assert code(done) == expected


def test_folders_that_the_user_allows(replayed: Replayed, home: Path) -> None:
    steps = [
        "image.load: {body_file: ../elsewhere/secret}",
        "container.export: {id: x, save: out/x.tar}",
        "container.export: {id: x, save: out/x.tar}",
        f"container.export: {{id: x, save: '{home}/out/deep/x.tar'}}",
        "container.export: {id: x, save: out/old.tar}",
        "container.export: {id: x, save: out/.x.tar}",
    ]
    done = replayed(*steps, keep_going=True, allow_read=(home / "elsewhere",), allow_write=(home / "out",))
    assert [code(step) for step in done] == [None, None, None, None, "file-exists", "outside-folder"]
    assert (home / "out" / "x.tar").read_bytes() == CONTENT
    assert (home / "out" / "deep" / "x.tar").read_bytes() == CONTENT
    assert (home / "out" / "old.tar").read_text() == "the old out/old.tar"


def test_a_plan_touches_no_file(replayed: Replayed, home: Path, temporary: Path) -> None:
    text = """
        steps:
          - container.export: {id: x, save: notes.txt}
          - image.load: {body_file: fifo}
          - image.build: {body_dir: /}
          - exec.start: {id: x, stdin_file: ../.ssh/id_rsa}
    """
    engine = Engine(NO_ENGINE.endpoint, NoTransport(), "docker", "", "1.41")
    scenario = replayed.player.open(text)
    before = everything(home)
    planned = list(plan(scenario, engine, Options(folder=home)))
    assert len(planned) == 4
    assert planned[3].record.request is None
    assert "outside the scenario" in planned[3].notes[0]
    assert (everything(home), list(temporary.iterdir())) == (before, [])


@pytest.fixture
def live(home: Path) -> Iterator[Any]:
    """Runs exports for an engine, whose response is that small tar."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        while True:
            peer.request()
            peer.send(ok(CONTENT, TAR))

    def run(*names: str, more: str = "", scripts: tuple[Script, ...] = (script,)) -> list[str | None]:
        steps = "".join(f"  - container.export: {{id: x, save: '{name}'{more}}}\n" for name in names)
        with serving(*scripts) as server:
            played = Player(home, server.endpoint)(f"steps:\n{steps}", keep_going=True)
        return [code(step) for step in played.scenario.steps]

    yield run


def test_a_live_run_replaces_nothing_that_it_did_not_write(live: Any, home: Path) -> None:
    before = everything(home)
    assert live("new.tar", "notes.txt", "out/old.tar", "new.tar") == [None, "file-exists", "file-exists", None]
    assert (home / "new.tar").read_bytes() == CONTENT
    assert live("new.tar") == ["file-exists"], "another run wrote it"
    assert live("new.tar", "notes.txt", more=", overwrite: true") == [None, None]
    assert (home / "notes.txt").read_bytes() == CONTENT
    after = everything(home)
    changed = {name for name in after if after[name] != before.get(name)} - {"out", "scenario.yaml"}
    assert changed == {"new.tar", "notes.txt"}


@pytest.mark.parametrize("more", ["", ", overwrite: true", ", overwrite: '{{ 1 == 1 }}'"])
def test_a_live_run_goes_through_no_link_and_into_no_hidden_folder(live: Any, home: Path, more: str) -> None:
    before = everything(home)
    names = ["link", "linked/x", "linked/secret", "link/x", *NEVER[:4], "new/.x/y"]
    assert live(*names, more=more) == ["outside-folder"] * len(names)
    assert live("fifo", "out", more=more) == ["cannot-write"] * 2
    after = everything(home)
    assert after.keys() - before.keys() == {"scenario.yaml"}
    assert {name: value for name, value in after.items() if name in before} == before


def test_a_file_that_appears_meanwhile_is_not_replaced(live: Any, home: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        peer.request()
        (home / "new.tar").write_text("somebody else's")
        peer.send(ok(CONTENT, TAR))

    assert live("new.tar", scripts=(script,)) == ["file-exists"]
    assert (home / "new.tar").read_text() == "somebody else's"
    assert [path.name for path in home.glob("*.part")] + [path.name for path in home.glob(".*.part")] == []


def test_a_link_that_appears_meanwhile_is_not_followed(live: Any, home: Path) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        peer.request()
        (home / "later").symlink_to(home / "elsewhere")
        peer.send(ok(CONTENT, TAR))

    assert live("later/x.tar", scripts=(script,)) == ["cannot-write"]
    assert [path.name for path in (home / "elsewhere").iterdir()] == ["secret"]


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/urandom", "fifo", "/proc"])
@pytest.mark.parametrize("step", ["image.load: {{body_file: '{}'}}", "exec.start: {{id: x, stdin_file: '{}'}}"])
def test_a_live_run_sends_regular_files_only(home: Path, step: str, name: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(PING)
        peer.hold()

    with serving(script) as server:
        played = Player(home, server.endpoint)(f"steps:\n  - {{id: sent, {step.format(name)}, timeout: 5s}}\n")
    assert played.error("sent")[0] == "unreadable-file", played["sent"].error
