"""Test that what comes as bytes or in headers: saved whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.scripted import ok, serving
from tests.engines import Docker, Engine
from tests.executor.helpers import Player
from tests.executor.test_faults import says

SAVE = """
    steps:
      - create: {body: {Image: alpine, Cmd: ["true"]}}
        capture: {box: body.Id}
        defer: {remove: {id: "{{ box }}", force: true}}
      - export: {id: "{{ box }}", save: out/export.tar}
      - archive: {id: "{{ box }}", path: /etc, save: out/etc.tar}
      - image.get: {name: alpine, save: out/image.tar}
      - image.get_all: {names: [alpine], save: out/images.tar}
"""


def test_every_tar_is_saved_whole(on_each: Player, engine: Engine) -> None:
    played = on_each(SAVE)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    found = {}
    for path in (on_each.folder / "out").iterdir():
        with tarfile.open(path) as saved:
            found[path.name] = saved.getnames()
    assert "bin/busybox" in found["export.tar"]
    assert "etc/passwd" in found["etc.tar"]
    assert "manifest.json" in found["image.tar"]
    assert "manifest.json" in found["images.tar"]
    assert len(found) == 4


def test_a_saved_file_has_the_mode_that_any_new_file_has(on_docker: Player) -> None:
    before = os.umask(0o027)
    try:
        on_docker(SAVE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((on_docker.folder / "out" / "etc.tar").stat().st_mode) == 0o640


def test_what_a_head_answers_is_the_body(on_each: Player, docker: Docker) -> None:
    played = on_each("""
        steps:
          - create: {body: {Image: alpine, Cmd: ["true"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - id: told
            archive_info: {id: "{{ box }}", path: /etc/passwd}
            expect:
              that: [body.name == 'passwd', body.size > 0]
          - id: raw
            request: {method: HEAD, path: "/containers/{{ box }}/archive?path=/etc/passwd"}
            expect: {that: [body.name == 'passwd']}
          - id: missing
            archive_info: {id: "{{ box }}", path: /missing}
            expect: {status: 404}
          - id: ping
            ping_head: {}
            expect: {that: ["headers['api-version'].startswith('1.')", body is none]}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]


@pytest.mark.parametrize("header", ["???", "bm8="])
def test_a_head_that_can_not_be_read(tmp_path: Path, header: str) -> None:
    with serving(says(ok(b"", f"X-Docker-Container-Path-Stat: {header}"))) as server:
        played = Player(tmp_path, server.endpoint)("steps:\n  - {id: told, archive_info: {id: x, path: /}}\n")
    assert played.error("told")[0] == "bad-header"


def test_a_session_is_a_raw_upgrade(on_docker: Player) -> None:
    """The engine speaks HTTP/2 over it, as the client: with its preface first."""
    played = on_docker("""
        steps:
          - id: raw
            request:
              method: POST
              path: /session
              headers: {Upgrade: h2c, X-Docker-Expose-Session-Uuid: test, X-Docker-Expose-Session-Name: test}
            take: {for: 500ms}
            expect: {status: 101, stdout: {contains: PRI * HTTP/2.0}}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]


def test_events_without_an_end_fail_with_their_time(on_each: Player) -> None:
    played = on_each("steps:\n  - {id: told, events: {}, timeout: 300ms}\n")
    assert played.error("told") == ("timeout", "the stream did not end within 0.3 s")
    error = played["told"].error
    assert error is not None
    assert "take" in (error.hint or "")


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "truncated-tar"), (b"\0" * 512 + b"x" * 512, "broken-tar"), (b"<html>" * 99, "broken-tar")]
)
def test_a_tar_that_is_not_whole_is_not_saved(tmp_path: Path, body: bytes, code: str) -> None:
    with serving(says(ok(body, "Content-Type: application/x-tar"))) as server:
        played = Player(tmp_path, server.endpoint)("steps:\n  - {id: got, export: {id: x, save: x.tar}}\n")
    assert played.error("got")[0] == code
    assert list(tmp_path.glob("*.tar*")) == []


@pytest.mark.parametrize(
    ("save", "code"),
    [("../x.tar", "outside-folder"), ("/etc/x.tar", "outside-folder"), ('"a\\0b"', "outside-folder"),
     (".", "outside-folder"), ("folder", "cannot-write"), ("file/x.tar", "cannot-write"), ("x" * 300, "cannot-write"),
     ("loop/x", "outside-folder"), (".hidden", "outside-folder"), (".git/config", "outside-folder"),
     ("a/.b/c", "outside-folder"), ("\"{{ '\\\\ud800' }}\"", "outside-folder"), ("file", "file-exists"),
     ("fifo", "cannot-write"), ("out/../file", "file-exists"), ("../../etc/x", "outside-folder")],
)  # fmt: skip
def test_places_that_can_not_be_written(tmp_path: Path, save: str, code: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    with serving(says(ok(bytes(1024)))) as server:
        played = Player(tmp_path, server.endpoint)(f"steps:\n  - {{id: got, export: {{id: x, save: {save}}}}}\n")
    assert played.error("got")[0] == code


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted: {done.stderr.decode()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_no_half_file(on_docker: Player, small_disk: Path) -> None:
    (small_disk / "export.tar").write_text("old")
    played = on_docker(SAVE.replace("out/", "").replace("export.tar", "export.tar, overwrite: true"), folder=small_disk)
    assert played.error("export_2") == (
        "cannot-write", f"{small_disk / 'export.tar'} can't be written: No space left on device",
    )  # fmt: skip
    assert [path.name for path in small_disk.iterdir()] == ["export.tar"]
    assert (small_disk / "export.tar").read_text() == "old"


def test_a_disk_that_is_full_at_the_last_bytes(tmp_path: Path, small_disk: Path) -> None:
    """They are written when the file is closed."""
    (small_disk / "filler").write_bytes(bytes(1024 * 1024 - 4096))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo("file")
        info.size = 5000
        made.addfile(info, io.BytesIO(b"x" * 5000))
    with serving(says(ok(out.getvalue()[:7168]))) as server:
        text = "steps:\n  - {id: got, export: {id: x, save: x.tar}}\n"
        played = Player(tmp_path, server.endpoint)(text, folder=small_disk)
    assert played.error("got")[0] == "cannot-write"
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
