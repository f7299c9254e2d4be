"""``run check``: everything that can be known without an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import PASSES, Command

WARNS = "title: T\nsteps:\n  - info:\n    capture: {unused: body.ID}\n"
BROKEN = "title: T\nsteps:\n  - start: '{{ nobody }}'\n"


def test_a_valid_file(nowhere: Command) -> None:
    nowhere.write("x.yaml", PASSES)
    done = nowhere("check", "x.yaml")
    assert (done.code, done.out, done.err) == (0, "1 scenario: nothing wrong\n", "")


def test_an_invalid_one_among_others(nowhere: Command) -> None:
    nowhere.write("a.yaml", PASSES)
    nowhere.write("b.yaml", BROKEN)
    done = nowhere("check", ".")
    assert done.code == 3
    assert done.out == ""
    assert done.err.splitlines() == [
        "b.yaml:3:16: error[undefined-name]: 'nobody' is not defined here",
        "    3 |   - start: '{{ nobody }}'",
        "      |                ^^^^^^",
        "  hint: define it under 'vars', capture it, or pass it with --var nobody=…",
        "1 of 2 scenarios is invalid",
    ]


def test_a_variable_from_outside(nowhere: Command) -> None:
    nowhere.write("b.yaml", BROKEN)
    assert nowhere("check", "b.yaml", "--var", "nobody=x").code == 0


def test_warnings_are_errors_if_one_wants_it(nowhere: Command) -> None:
    nowhere.write("x.yaml", WARNS)
    for _ in range(2):  # the second time from what was remembered
        done = nowhere("check", "x.yaml")
        assert done.code == 0
        assert "x.yaml:4:15: warning[unused-capture]" in done.err
    assert nowhere("check", "x.yaml", "--strict").code == 3


def test_what_an_api_version_lacks(nowhere: Command) -> None:
    nowhere.write("x.yaml", "title: T\nsteps:\n  - image.list: {manifests: true}\n")
    done = nowhere("check", "x.yaml", "--api", "1.41")
    assert done.code == 3
    assert "x.yaml:3:18: error[not-in-this-version]: API 1.41 has no parameter 'manifests' yet" in done.err
    assert "it came with 1.47" in done.err
    assert nowhere("check", "x.yaml", "--api", "1.47").code == 0
    assert nowhere("check", "x.yaml", "--api", "latest").code == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\xff", b"a: &a [*a]", b"[" * 5000, b"{a: " * 5000, b"--- !!python/object:os.system x", b"\xef\xbb\xbf"],
)
def test_hostile_files_are_told_without_a_traceback(nowhere: Command, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.yaml").write_bytes(data)
    done = nowhere("check", "x.yaml")
    assert done.code == 3
    assert "x.yaml:1:" in done.err
    assert "Traceback" not in done.err
    assert "bug" not in done.err
