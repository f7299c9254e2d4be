"""Holds the plain English of docstrings, comments and messages: verbs first, no riddles, no persons for programs."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*(ROOT / "runner").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))

RIDDLE = re.compile(r"(What|Where|How|Whether|Who|When|Why|The same)\b")
"""Beginnings of a summary that asks instead of saying what is done or held."""

UNCLEAR = re.compile(
    r"\b(mends?|mended|nobody|somebody|whoever|anybody|everybody|heirs?|acquaintance|stands? twice)\b"
    r"|(?<!there )\b(is|are|was|were) no (?!longer|more than|less than)"
    r"|\b(is|are) over\b",
    re.IGNORECASE,
)
"""Words that people stumble over: private ones, persons for programs, ``is no`` for ``is not a``."""


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each docstring of modules, classes and functions, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every comment and every text in a module, docstrings and messages among them, with its line."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING) or token.type == getattr(tokenize, "FSTRING_MIDDLE", None):
            yield token.start[0], token.string


def riddles(source: str) -> list[str]:
    return [f"{line}: {text.splitlines()[0]}" for line, text in docstrings(ast.parse(source)) if RIDDLE.match(text)]


def findings(source: str) -> list[str]:
    unclear = [f"{line}: {match[0]}" for line, text in texts(source) if (match := UNCLEAR.search(text))]
    return riddles(source) + unclear


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_in_plain_english(module: Path) -> None:
    assert findings(module.read_text()) == []


@pytest.mark.parametrize("module", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_docstring_of_the_tests_is_not_a_riddle(module: Path) -> None:
    assert riddles(module.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        '"""What comes of it."""',
        'def f():\n    """Whether it is so."""',
        "x = 1  # nobody waits",
        'raise E("the value is no number")',
        'raise E(f"{x} stands twice")',
    ],
)
def test_unclear_words_are_found(source: str) -> None:
    assert findings(source)


@pytest.mark.parametrize("source", ['"""Return what was sent."""', 'x = "it is no longer there"', 'y = "whether"'])
def test_plain_words_are_not(source: str) -> None:
    assert findings(source) == []
