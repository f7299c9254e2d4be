"""Test that what a mistake is told: the blocks in ``mistakes.txt``, which teach or they don't."""

from __future__ import annotations

import re

from tests.scenario.mistakes import GOLDEN, MISTAKES, everything


def test_every_mistake_is_told_what_the_golden_file_says() -> None:
    assert everything() == GOLDEN.read_text("utf-8"), "python -m tests.scenario.mistakes, then read its diff"


def test_every_mistake_is_found_with_a_place_and_nearly_each_with_a_hint() -> None:
    blocks = re.split(r"^## ", everything(), flags=re.MULTILINE)[1:]
    silent = {block.split("\n", 1)[0] for block in blocks if "[" not in block}
    assert silent == {"guard"}
    without_hint = {block.split("\n", 1)[0] for block in blocks if "hint:" not in block}
    assert without_hint <= {"guard", "body-type", "body-str"}
    assert len(MISTAKES) > 120


def test_no_block_is_longer_than_a_glance() -> None:
    for block in re.split(r"^## ", everything(), flags=re.MULTILINE)[1:]:
        for line in block.split("\n"):
            assert len(line) < 240, line
        assert block.count("error[") <= 3, block
