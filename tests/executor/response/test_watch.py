"""Test that of a stream that is too long to be kept the same is said as of the whole text, in whatever pieces."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.errors import StepError
from runner.executor.response.buffer import KEPT_BYTES, LAST_LINE, HeadBuffer
from runner.executor.response.probes import ContainsProbe, EqualsProbe, MatchesProbe, Probe
from runner.executor.response.watch import StreamWatch, TextWatch
from runner.results.records import MARK, WHOLE, LeftOut, ResponseRecord
from runner.scenario.matchers.compare import compare
from runner.scenario.matchers.operands import Subject
from runner.scenario.matchers.streamed import StreamedText

TEXTS = st.text(alphabet="ab \nc", max_size=60)
CUTS = st.lists(st.integers(0, 60), max_size=12)
PATTERNS = st.sampled_from(
    [
        "^a", "a$", r"\Aab", r"c\Z", "b+", "a.*c", r"a\s+b", r"a\s*c", "(?m)^b", "(?m)a$", r"\bb\b", "(?<=b)a",
        "(?<=^a)b", "a(?!b)", "a(?=.*c)", "(?s)a.*c", r"a[\s\S]*b", r"(a)b\1", "(?:ab|c)*a", "a{2,3}b", "[^a]b",
        r"(?:.*\n){2}", "a??b", "(?>a+)b", "c(?!.*a)", "(?<!a)b", "(?m)^$", "x", r"(?s)a(?!.*b)", r"(b)?(?(1)a|c)",
    ]
)  # fmt: skip


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [text[start:end] for start, end in pairwise(places)]


def answer(probe: Probe, text: str, cuts: list[int]) -> Any:
    for piece in pieces_of(text, cuts):
        probe.feed(piece)
    return probe.finish()


@given(PATTERNS, TEXTS, CUTS, st.integers(1, 8), st.integers(8, 40))
@example("(?<=^a)b", "cab", [1, 2], 1, 8)
@example("a$", "a\nb", [2], 1, 8)
def test_a_pattern_is_found_in_pieces_as_in_the_whole(
    pattern: str, text: str, cuts: list[int], piece: int, longest: int
) -> None:
    found = answer(MatchesProbe(pattern, piece, longest), text, cuts)
    if isinstance(found, StepError):
        assert found.code == "cut-value"
        assert len(text) >= longest
    else:
        assert found is (re.search(pattern, text) is not None)


@given(PATTERNS, TEXTS, CUTS)
def test_a_pattern_with_room_always_has_an_answer(pattern: str, text: str, cuts: list[int]) -> None:
    assert answer(MatchesProbe(pattern, 1, 100), text, cuts) is (re.search(pattern, text) is not None)


@given(st.text(alphabet="ab", max_size=5), TEXTS, CUTS, st.integers(1, 8))
def test_a_part_is_found_in_pieces_as_in_the_whole(part: str, text: str, cuts: list[int], piece: int) -> None:
    assert answer(ContainsProbe(part, piece), text, cuts) is (part in text)


@given(TEXTS, TEXTS, CUTS)
def test_a_text_is_equal_in_pieces_as_in_the_whole(other: str, text: str, cuts: list[int]) -> None:
    assert answer(EqualsProbe(other), text, cuts) is (other == text)
    assert answer(EqualsProbe(text), text, cuts) is True


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_the_length_is_that_of_the_decoded_text(data: bytes, cuts: list[int]) -> None:
    watch = TextWatch(list)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(places):
        watch.feed(data[start:end])
    watch.end()
    assert watch.length == len(data.decode("utf-8", "replace"))


@pytest.mark.parametrize("pattern", ["a[\\s\\S]*z", "(?s)a.*z", "(a)[^z]*\\1z"])
def test_a_pattern_without_a_limit_is_uncertain_only_where_nothing_is_found(pattern: str) -> None:
    probe = MatchesProbe(pattern, 10, 40)
    for _ in range(40):
        probe.feed("a b\n")
    answered = probe.finish()
    assert isinstance(answered, StepError) and answered.code == "cut-value"
    found = MatchesProbe("b[\\s\\S]*z", 10, 40)
    for piece in ("a b\n" * 40, "b\nz", "a b\n" * 40):
        found.feed(piece)
    assert found.finish() is True


def test_a_pattern_that_takes_too_long_is_an_error_of_its_own() -> None:
    probe = MatchesProbe("(a|a)*(?=x)b", 10, 40)
    probe.feed("a" * 60 + "\n")
    answered = probe.finish()
    assert isinstance(answered, StepError) and answered.code == "regex-timeout"


# What is kept


def kept_of(pieces: list[bytes]) -> tuple[str, LeftOut]:
    buffer = HeadBuffer(TextWatch(list))
    for data in pieces:
        buffer.add(data)
    return buffer.kept()


@pytest.mark.parametrize("size", [1, 7, 65536, 3 * KEPT_BYTES])
def test_a_cut_output_ends_with_a_whole_line(size: int) -> None:
    data = b"".join(b"line %06d\n" % number for number in range(150_000))
    text, left_out = kept_of([data[start : start + size] for start in range(0, len(data), size)]
                             if size > 7 else [data[:KEPT_BYTES], *(data[KEPT_BYTES + at : KEPT_BYTES + at + size]
                                               for at in range(0, len(data) - KEPT_BYTES, size))])  # fmt: skip
    assert text.endswith("\n") and data.decode().startswith(text)
    assert left_out == (len(data) - len(text), len(data) - len(text))
    assert len(text) > KEPT_BYTES - LAST_LINE


def test_a_cut_line_has_a_mark() -> None:
    data = "é".encode() * KEPT_BYTES
    text, left_out = kept_of([b"x", data])
    assert text.endswith(MARK) and set(text[1:-1]) == {"é"}
    assert left_out.bytes == 1 + len(data) - len(text[:-1].encode())
    assert left_out.characters == 1 + KEPT_BYTES - len(text[:-1])


def test_an_output_that_just_fits_is_whole() -> None:
    assert kept_of([b"a" * KEPT_BYTES]) == ("a" * KEPT_BYTES, WHOLE)
    assert kept_of([]) == ("", WHOLE)


# All together

LINES = b"".join(b"line %06d\n" % number for number in range(120_000)) + b"ERROR at the end\n"


@pytest.mark.parametrize(
    "wanted",
    [
        {"contains": "ERROR at"},
        {"matches": "end\n$", "not": {"contains": "WARNING"}},
        {"matches": "(?m)^ERROR.*$"},
        {"not": {"matches": "^ERROR"}},
        {"one_of": ["x", {"contains": "line 119999"}]},
        {"length": {"above": 1_000_000}, "type": "string"},
        {"length": len(LINES)},
        {"equals": LINES.decode()},
        {"not": "ERROR at the end\n"},
        {"not": {"one_of": [{"contains": "line 120000"}, "x"]}},
    ],
    ids=lambda wanted: str(wanted)[:40],
)
def test_an_expectation_sees_the_whole_output(wanted: Any) -> None:
    watch = StreamWatch(lambda name: [wanted] if name == "stdout" else [])
    buffer = HeadBuffer(watch.text("stdout"))
    for start in range(0, len(LINES), 50_000):
        buffer.add(LINES[start : start + 50_000])
    kept, left_out = buffer.kept()
    text = watch.watched(ResponseRecord(200, stdout=kept, stdout_left_out=left_out)).streams["stdout"]
    assert isinstance(text, StreamedText)
    assert compare(wanted, text, Subject.TEXT) == []
    assert compare({"not": wanted}, text, Subject.TEXT) != []
    with pytest.raises(StepError) as caught:
        compare({"contains": "never asked for"}, text, Subject.TEXT)
    assert caught.value.code == "cut-value"
