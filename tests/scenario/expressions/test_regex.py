"""Regular expressions: as Python's, but in bounded time."""

from __future__ import annotations

import re
import threading
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import StepError
from runner.scenario.expressions.regex import PatternError, check_pattern, replace, search

LONG = "a" * 1_000_000


@pytest.mark.parametrize(
    ("pattern", "text", "groups"),
    [
        ("^h.llo$", "hello\n", ("hello",)),
        ("^h.llo$", "hello\n\n", None),
        (r"^1\.(\d+)$", "1.41", ("1.41", "41")),
        ("(a)|(b)", "b", ("b", None, "b")),
        ("(?i)HELLO(?=!)", "hello!", ("hello",)),
        (r"(.)\1", "hello", ("ll", "l")),
        ("(?:ab)+", "xababy", ("abab",)),
        (r"(?s)<(.*)>", "<a\nb>" + "c" * 100_000, ("<a\nb>", "a\nb")),
        ("", "", ("",)),
        ("✓+", "\ud800✓✓", ("✓✓",)),
    ],
)
def test_patterns_mean_what_they_mean_in_python(pattern: str, text: str, groups: tuple[str, ...] | None) -> None:
    found = search(pattern, text)
    assert (found.groups if found else None) == groups


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 40 + "!"),
        ("(a|aa)+$", "a" * 80 + "!"),
        (r"[a-z]+\d", LONG),
        (".*.*=.*", LONG),
        (r"(\w+\s?)*$", "word " * 30 + "!!"),
        ("(.*)*" * 50 + "x", "a" * 200),
        ("(?:.|\n)*x", LONG * 16),
        (r"(a*)*\1b", "a" * 60),
        ("(?=(a+)+b)c", "a" * 60),
    ],
)
def test_a_catastrophic_pattern_ends_in_bounded_time(pattern: str, text: str) -> None:
    started = time.process_time()
    try:
        assert search(pattern, text) is None
    except StepError as error:
        assert error.code == "regex-timeout"
        assert error.hint
    assert time.process_time() - started < 5


def test_other_searches_go_on_meanwhile_and_after() -> None:
    results: list[object] = []

    def slow() -> None:
        with pytest.raises(StepError, match="takes too long"):
            search("(a+)+$", "a" * 50 + "!")
        results.append("slow")

    thread = threading.Thread(target=slow)
    thread.start()
    results += [search("(ab)+", "xabab") for _ in range(5)]
    thread.join()
    assert results == [(("abab", "ab"),)] * 5 + ["slow"]
    assert search("(ab)+", "ab") == (("ab", "ab"),)


@pytest.mark.parametrize(
    ("pattern", "message", "position"),
    [
        ("[", "unterminated character set", 0),
        ("a(", "missing ), unterminated subpattern", 1),
        ("*", "nothing to repeat", 0),
        ("(" * 5000 + ")" * 5000, "it is nested too deeply, or repeats too often", None),
        ("a{99999999999}", "it is nested too deeply, or repeats too often", None),
        ("a" * 10_001, "it is longer than 10,000 characters", None),
    ],
)
def test_what_is_no_pattern(pattern: str, message: str, position: int | None) -> None:
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert (caught.value.message, caught.value.position) == (message, position)
    with pytest.raises(StepError, match="not a regular expression") as failed:
        search(pattern, "text")
    assert failed.value.code == "bad-regex"


def test_a_suspicious_pattern_is_no_warning() -> None:
    check_pattern("[[a]&&[b]]")  # Python warns of it, and warnings are errors here


@settings(deadline=None, max_examples=200)
@given(st.text("ab(|)*+?[]^$.{1,2}\\d", max_size=8), st.text("ab1\n", max_size=12))
def test_any_pattern_gives_what_python_gives_or_an_error(pattern: str, text: str) -> None:
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of nested sets, as in '[['
            match = re.search(pattern, text)
    except (re.error, OverflowError):
        with pytest.raises(StepError):
            search(pattern, text)
        return
    assert search(pattern, text) == ((match[0], *match.groups()),) if match else search(pattern, text) is None


def test_replacing() -> None:
    assert replace(r"(\w)(\d)", r"\2\1", "a1 b2", 100) == "1a 2b"
    assert replace("x", "y", "abc", 3) == "abc"
    for pattern, replacement, code in (
        ("", "x" * 1000, "unsafe-expression"),
        ("a", r"\9", "bad-regex"),
        ("(a+)+$", "", "regex-timeout"),
        ("[", "", "bad-regex"),
    ):
        with pytest.raises(StepError) as caught:
            replace(pattern, replacement, "a" * 100_000 + "!", 1_000_000)
        assert caught.value.code == code
