"""Including files: which may be read, how deep, and what is said of those that may not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runner.errors import Diagnostic, InvalidScenario
from runner.reading import ReadPolicy
from runner.scenario.check import check_scenario
from runner.scenario.open import open_scenario

INNER = "title: I\nsteps: [{info: }]\n"


def including(path: Path, *targets: str) -> Path:
    steps = "".join(f"  - include: {{scenario: {target!r}}}\n" for target in targets)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"title: T\nsteps:\n{steps}")
    return path


def refused(path: Path, policy: ReadPolicy | None) -> Diagnostic:
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(path, path.name, (), policy=policy)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.place is not None
    assert diagnostic.place.file == path.name
    return diagnostic


@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "root:$y$secret-hash:19000:0:99999:7:::\n",
        "secret-key: [\n",
        "secret-key: 1\nsteps: secret-steps\n",
        "title: secret-title\nsteps:\n  - secret_kind: secret-value\n",
        "title: t\nsteps:\n  - check: [secret_name]\n",
        "title: t\nsteps:\n  - include: {scenario: secret-file}\n",
        "secret\ud7ff",
        "\t secret",
    ],
)
def test_nothing_is_shown_of_a_file_outside_the_folder(tmp_path: Path, text: str, limited: bool) -> None:
    (tmp_path / "shadow").write_text(text)
    path = including(tmp_path / "s" / "x.yaml", "../shadow")
    error = refused(path, ReadPolicy.below(path.parent) if limited else None)
    assert "secret" not in f"{error.message} {error.hint} {error.details}"
    assert error.place is not None and "secret" not in error.place.text
    assert error.code == ("outside-folder" if limited else "invalid-include")


def test_a_missing_file_outside_is_still_missing(tmp_path: Path) -> None:
    error = refused(including(tmp_path / "s" / "x.yaml", "../nothing.yaml"), None)
    assert (error.code, error.hint) == ("no-such-file", "the path is relative to the file that includes it")


def test_a_file_outside_is_included_by_a_live_run_or_where_the_user_allows_it(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "in.yaml").write_text(INNER)
    path = including(tmp_path / "s" / "x.yaml", "../common/in.yaml")
    open_scenario(path, path.name, ())
    open_scenario(path, path.name, (), policy=ReadPolicy.below(path.parent, tmp_path / "common"))
    error = refused(path, ReadPolicy.below(path.parent))
    assert error.message == "../common/in.yaml is outside the scenario's folder"
    assert "--allow-read" in (error.hint or "")


def test_a_policy_holds_for_what_is_known_to_be_valid_too(tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text(INNER)
    path = including(tmp_path / "s" / "x.yaml", "../in.yaml")
    open_scenario(path, path.name, (), cache=tmp_path / "cache")
    with pytest.raises(InvalidScenario, match="outside the scenario's folder"):
        check_scenario(path, path.name, (), cache=tmp_path / "cache", policy=ReadPolicy.below(path.parent))


@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "sub", "a\0b", "loop", "x" * 300, "/proc/self/mem"])
@pytest.mark.parametrize("limited", [True, False])
def test_what_is_no_file_ends_at_once(tmp_path: Path, target: str, limited: bool) -> None:
    path = including(tmp_path / "x.yaml", target.replace("\0", "\\0"))
    path.write_text(path.read_text().replace("'", '"'))
    (tmp_path / "sub").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    started = time.monotonic()
    assert refused(path, ReadPolicy.below(tmp_path) if limited else None).code in {
        "outside-folder",
        "not-a-file",
        "no-such-file",
        "unreadable-file",
        "invalid-include",
    }
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("kind", ["pipe", "folder", "zeros"])
def test_a_scenario_that_is_no_file_ends_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(5 * 2**30)
    started = time.monotonic()
    with pytest.raises(InvalidScenario) as caught:
        open_scenario(path, "x.yaml", ())
    assert (
        caught.value.message
        == {
            "pipe": "x.yaml is a named pipe, not a scenario file",
            "folder": "x.yaml is a folder, not a scenario file",
            "zeros": "x.yaml is larger than 4 MiB, the maximum for a scenario",
        }[kind]
    )
    assert time.monotonic() - started < 10
