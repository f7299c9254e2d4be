"""The caret stands under what it points at, whatever stands before it."""

from __future__ import annotations

import io

import pytest

from runner.cli.output.console import Console
from runner.cli.output.diagnostics import MAX_EXCERPT, excerpt
from runner.errors import Place

CONSOLE = Console(io.StringIO(), io.StringIO(), {})


def shown(text: str, column: int, length: int = 1) -> tuple[str, str]:
    line, caret = excerpt(CONSOLE, Place("x.yaml", 7, column, length, text))
    return line, caret


@pytest.mark.parametrize(
    ("text", "column", "length", "line", "caret"),
    [
        ("a: b", 4, 1, "    7 | a: b", "      |    ^"),
        ("\ta: bcd", 5, 3, "    7 | \ta: bcd", "      | \t   ^^^"),
        ("日本: x", 5, 1, "    7 | 日本: x", "      |       ^"),
        ("é: 日本", 4, 2, "    7 | é: 日本", "      |    ^^^^"),
        ("e\u0301: x", 5, 1, "    7 | e\u0301: x", "      |    ^"),
        ("\x1b[: x", 5, 1, "    7 | \\x1b[: x", "      |        ^"),
        ("a: b", 5, 1, "    7 | a: b", "      |     ^"),
        ("a: b", 4, 99, "    7 | a: b", "      |    ^"),
    ],
)
def test_the_caret(text: str, column: int, length: int, line: str, caret: str) -> None:
    assert shown(text, column, length) == (line, caret)


def test_a_very_long_line_is_cut_around_its_caret() -> None:
    line, caret = shown("x" * 5000 + "Y" + "x" * 5000, 5001)
    assert len(line) <= MAX_EXCERPT + 8
    assert line[caret.index("^")] == "Y"


def test_nothing_to_show() -> None:
    assert excerpt(CONSOLE, None) == ()
    assert excerpt(CONSOLE, Place("x.yaml", 1, 1)) == ()
