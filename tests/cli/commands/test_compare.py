"""``run compare``: two engines, or two reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PING
from tests.cli.helpers import Command
from tests.engine.scripted import Peer, Script, Server, ok, serving

TWO_VERSIONS = "title: Two versions\nsteps:\n  - {id: first, version: {}}\n  - {id: second, info: {}}\n"


def answers(*bodies: bytes, last_api: str = "1.41") -> list[Script]:
    """An engine that answers requests with these bodies, on however many connections."""
    left = list(bodies)

    def script(peer: Peer) -> None:
        while True:
            path = peer.request().split()[1]
            api = last_api if len(left) == 1 else "1.41"
            headers = (f"Api-Version: {api}", "Server: Docker/1.0.0 (linux)", "Content-Type: application/json")
            if path == b"/_ping":
                peer.send(PING)
            elif left:
                peer.send(ok(left.pop(0), *headers))
            else:
                raise ConnectionError("the engine has gone")

    return [script] * 8


@pytest.fixture
def two(tmp_path: Path) -> Command:
    command = Command(tmp_path)
    command.write("x.yaml", TWO_VERSIONS)
    return command


def engines(one: Server, other: Server, names: tuple[str, str] = ("old", "new")) -> list[str]:
    return ["-H", f"{names[0]}={one.endpoint.url}", "-H", f"{names[1]}={other.endpoint.url}"]


def test_two_engines_that_answer_alike(two: Command) -> None:
    with serving(*answers(b'{"a": 1}', b"[]")) as one, serving(*answers(b'{"a": 1}', b"{}")) as other:
        done = two("compare", "x.yaml", *engines(one, other), "--format", "text")
    assert (done.code, done.out.splitlines()[-1]) == (0, "no new difference: exit 0")


def test_a_difference_is_named_with_its_place(two: Command) -> None:
    with (
        serving(*answers(b'{"a": 1}', b"{}")) as one,
        serving(*answers(b'{"a": "1"}', b"{}")) as other,
    ):
        done = two("compare", "x.yaml", *engines(one, other), "-o", "x.json", "-o", "x.html", "--badge", "x.svg")
    assert done.code == 1
    assert '  ≠ system.version  a  1 | "1"  x.yaml:3' in done.out
    assert "old: Two versions" in done.err
    difference = {"operation": "system.version", "path": "body.a", "kind": "type", "values": {"old": "1", "new": '"1"'}}
    (found,) = json.loads((two.folder / "x.json").read_text())["differences"]
    assert found == {**difference, "steps": 1, "first": "x.yaml:3", "known": None}
    assert {path.name for path in two.folder.glob("x.*")} == {"x.yaml", "x.json", "x.html", "x.svg"}


def test_strict_tells_nothing_from_nothing(two: Command) -> None:
    with serving(*answers(b"null", b"{}")) as one, serving(*answers(b"null", b"[]")) as other:
        done = two("compare", "x.yaml", *engines(one, other), "--strict", "--format", "text", "-q")
    assert (done.code, done.err) == (1, "")
    assert "{} | []" in done.out


def test_an_engine_that_goes_away_in_the_middle(two: Command) -> None:
    with serving(*answers(b"{}", b"{}")) as one, serving(*answers(b"{}")) as other:
        done = two("compare", "x.yaml", *engines(one, other), "--format", "text")
    assert done.code == 4
    assert "outcome  passed | error" in done.out
    assert "]: new: " in done.err


def test_an_engine_that_is_not_there_is_named_and_nothing_runs(two: Command) -> None:
    with serving(*answers()) as one:
        done = two("compare", "x.yaml", "-H", f"old={one.endpoint.url}", "-H", f"new=unix://{two.folder}/no.sock")
    assert (done.code, done.out) == (4, "")
    assert "error[engine-unreachable]: new: " in done.err
    assert "Two versions" not in done.err


def test_an_engine_that_speaks_another_version_in_the_middle(two: Command) -> None:
    with serving(*answers(b"{}", b"{}")) as one, serving(*answers(b"{}", b"{}", last_api="1.44")) as other:
        done = two("compare", "x.yaml", *engines(one, other), "--format", "text")
    assert done.code == 1
    assert "new became another engine at step 'second': Api-Version was 1.41, then 1.44" in done.out


def test_reports_of_earlier_runs(two: Command) -> None:
    for name, body in (("before", b'{"a": 1}'), ("after", b'{"a": 2}')):
        with serving(*answers(body, b"{}")) as server:
            assert two("x.yaml", "-H", server.endpoint.url, "-q", "--format", "none", "-o", f"{name}.json").code == 0
    done = two("compare", "before.json", "after.json")
    assert done.code == 1
    assert "| operation | difference | before | after | seen at |" in done.out
    assert "| `system.version` | `body.a` | `1` | `2` | x.yaml, step first |" in done.out
    assert two("compare", "before.json", "after.json", "--write-known", "known.yaml").code == 1
    known = two("compare", "before.json", "after.json", "--known", "known.yaml", "--format", "text")
    assert (known.code, known.out.splitlines()[-1]) == (0, "no new difference, 1 known (known.yaml): exit 0")
    gone = two("compare", "before.json", "before.json", "after.json", "--known", "known.yaml")
    assert gone.code == 2
    (two.folder / "same.json").write_text((two.folder / "before.json").read_text())
    gone = two("compare", "before.json", "same.json", "--known", "known.yaml", "--format", "text")
    assert gone.code == 1
    assert "no longer appears: system.version body.a (before: 1, after: 2)" in gone.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "which engines?"),
        (("x.yaml",), "which engines?"),
        (("x.yaml", "-H", "a=unix:///a"), "which engines?"),
        (("x.yaml", "-H", "unix:///a=b", "-H", "b=unix:///b"), "NAME=URL is expected"),
        (("x.yaml", "-c", "default"), "NAME=CONTEXT is expected"),
        (("x.yaml", "-H", "a=unix:///a", "-c", "a=b"), "two engines with the name 'a'"),
        (("a.json",), "at least two"),
        (("a.json", "b.json"), "No such file"),
        (("-H", "a=unix:///a", "-H", "b=unix:///b"), "which scenario?"),
        (("x.yaml", "-H", "a=unix:///a", "-H", "b=unix:///b", "-o", "x.pdf"), "can't tell the format"),
        (("x.yaml", "-H", "a=unix:///a", "-H", "b=unix:///b", "--known", "none.yaml"), "bad-known-file"),
        (("x.yaml", "-H", "a=unix:///a", "-H", "b=unix:///b", "--badge", "no/x.svg"), "cannot-write"),
    ],
)
def test_wrong_use_is_said_before_anything_is_sent(two: Command, words: tuple[str, ...], message: str) -> None:
    done = two("compare", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
