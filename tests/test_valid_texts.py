"""The cache of valid texts: what is remembered, and for how long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.valid_texts import MAX_FILES, ValidText, cache_folder, digest


def test_a_text_is_known_with_the_digests_that_it_was_remembered_with(tmp_path: Path) -> None:
    assert ValidText(tmp_path / "c", "text", "rule").recall() is None
    ValidText(tmp_path / "c", "text", "rule").remember()
    ValidText(tmp_path / "c", "other").remember([digest("a"), digest("b")])
    assert ValidText(tmp_path / "c", "text", "rule").recall() == ()
    assert ValidText(tmp_path / "c", "other").recall() == (digest("a"), digest("b"))


@pytest.mark.parametrize("other", [("text",), ("text", "rule", ""), ("text", "rule2"), ("text ", "rule"), ("\udc00",)])
def test_another_text_or_rule_is_unknown(other: tuple[str, ...], tmp_path: Path) -> None:
    ValidText(tmp_path, "text", "rule").remember()
    assert ValidText(tmp_path, *other).recall() is None


def test_a_cache_that_cannot_be_written_or_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    ValidText(file, "text").remember()
    assert ValidText(file, "text").recall() is None
    ValidText(tmp_path / "c", "text").remember()
    (entry,) = (tmp_path / "c").iterdir()
    entry.write_bytes(b"\xff")
    assert ValidText(tmp_path / "c", "text").recall() is None


def test_the_least_recently_used_are_removed(tmp_path: Path) -> None:
    used = ValidText(tmp_path, "used")
    used.remember()
    for number in range(MAX_FILES):
        (tmp_path / f"{number:064x}").touch()
        os.utime(tmp_path / f"{number:064x}", (number, number))
    assert used.recall() == ()
    ValidText(tmp_path, "another").remember()
    left = {file.name for file in tmp_path.iterdir()}
    assert len(left) == MAX_FILES
    assert used.recall() == ()
    assert ValidText(tmp_path, "another").recall() == ()
    assert not {f"{0:064x}", f"{1:064x}"} & left
    assert f"{2:064x}" in left


def test_the_folder_is_the_users_cache() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/engine-recipes")
    assert cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/engine-recipes")
    assert cache_folder({}) is None
