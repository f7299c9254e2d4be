"""YAML 1.2's core schema, places that are right, and limits that hold."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.yaml.loader import MAX_FOUND, load
from runner.scenario.yaml.nodes import Mapping, Scalar, SourceFile, place_of, plain
from runner.scenario.yaml.read import MAX_BYTES, read


def value_of(text: str) -> Any:
    return plain(load(SourceFile.of("x.yaml", text)))


def problem(text: str) -> Diagnostic:
    with pytest.raises(InvalidScenario) as caught:
        load(SourceFile.of("x.yaml", text))
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, word) for word in ("no", "No", "yes", "on", "Off", "y", "n", "22:22", "1:30:00", "2001-01-01")],
        *[(word, word) for word in ("0b11", "1_000", "0o8", "0x", "0xG", "1e", ".", "+", "nUll", "tRue", "<<", "=")],
        *[(word, None) for word in ("null", "Null", "NULL", "~")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[
            ("0", 0),
            ("-1", -1),
            ("+7", 7),
            ("010", 10),
            ("0o17", 15),
            ("0xfF", 255),
            ("123456789012345678901", 123456789012345678901),
        ],
        *[("1.5", 1.5), (".5", 0.5), ("-1.", -1.0), ("1e3", 1000.0), ("+1.5E-2", 0.015), ("1.10", 1.1)],
        *[(".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf)],
        ("'1'", "1"),
        ('"true"', "true"),
        ("! 1", "1"),
        ("!raw 1", "1"),
        ("!raw", ""),
        ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
        ("{1: a, true: b, ~: c, 1.0: d}", {"1": "a", "true": "b", "~": "c", "1.0": "d"}),
        ("{a: }", {"a": None}),
        ("[a, {b: [c]}]", ["a", {"b": ["c"]}]),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("&k a: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ("- '\\u0041'\n- \"\\u0041\\r\\n\"\n", ["\\u0041", "A\r\n"]),
        ("9" * 300, int("9" * 300)),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_the_core_schema(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value) or (isinstance(found, type(value)) and str(found) == text)


def test_not_a_number() -> None:
    assert math.isnan(value_of(".NaN"))


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "length"),
    [
        ("", "empty-file", 1, 1, 1),
        ("# only a comment\n", "empty-file", 1, 1, 1),
        ("---\n---\na: 1\n", "several-documents", 2, 1, 3),
        ("a: 1\n--- {}\n", "several-documents", 2, 1, 3),
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1, 1),
        ("{a: 1, 'a': 2}", "duplicate-key", 1, 8, 1),
        ("1: a\n'1': b\n", "duplicate-key", 2, 1, 1),
        ("a: !!int 1\n", "unknown-tag", 1, 4, 5),
        ("a: !ruby/object x\n", "unknown-tag", 1, 4, 12),
        ("a: !raw [1]\n", "unknown-tag", 1, 4, 4),
        ("a: !raw {b: 1}\n", "unknown-tag", 1, 4, 4),
        ("%TAG ! tag:x,\n---\na: !raw b\n", "unknown-tag", 3, 4, 9),
        ("a: *b\n", "unknown-alias", 1, 4, 2),
        ("a: &a [*a]\n", "unknown-alias", 1, 8, 2),
        ("a: {{ b }}\n", "unquoted-template", 1, 4, 7),
        ("- {{ b }}/tcp\n", "unquoted-template", 1, 3, 7),
        ("? [a]\n: b\n", "bad-key", 1, 3, 1),
        ("a: &l [1]\n? *l\n: b\n", "bad-key", 2, 3, 1),
        ("a: b: c\n", "yaml-syntax", 1, 5, 1),
        ("a:\n\t- b\n", "yaml-syntax", 2, 1, 1),
        ("a: @b\n", "yaml-syntax", 1, 4, 1),
        ("a: `b`\n", "yaml-syntax", 1, 4, 1),
        ('a: "b\nc: d\n', "yaml-syntax", 1, 4, 1),
        ("a: 'b\n", "yaml-syntax", 1, 4, 1),
        ("a: [b\n", "yaml-syntax", 1, 4, 1),
        ('a: "x\nb: "y"\n', "yaml-syntax", 1, 4, 1),
        ("a: {b: 1\nc: [2]\n", "yaml-syntax", 1, 4, 1),
        ("a: [b c [d]\n", "yaml-syntax", 1, 9, 1),
        ("vars: {a: {<<: {b: 1}}}\n", "merge-key", 1, 12, 2),
        ("a: &a {b: 1}\nc:\n  - <<: *a\n    d: 1\n", "merge-key", 3, 5, 2),
        ("a:\n  - b\n c: d\n", "yaml-syntax", 3, 2, 1),
        ("a: *\n", "yaml-syntax", 1, 4, 1),
        ('a: "\\y"\n', "yaml-syntax", 1, 5, 1),
        ("a: 1\nb\n", "yaml-syntax", 2, 1, 1),
        ("é: 1\nü: \x07\n", "yaml-syntax", 2, 4, 1),
        ("😀: 😀\n😀: 2\n", "duplicate-key", 2, 1, 1),
        ("a: 1\rb: 2\ra: 3\r", "duplicate-key", 3, 1, 1),
        ("a: 'x\u2028y'\na: 3\n", "duplicate-key", 3, 1, 1),
        ("[" * 65, "too-deep", 1, 65, 1),
        ("{a: " * 65, "too-deep", 1, 257, 1),
        ("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30, "too-deep", 2, 34, 1),
    ],
)
def test_what_is_wrong_and_where(text: str, code: str, line: int, column: int, length: int) -> None:
    found = problem(text)
    assert (found.code, found.place and (found.place.line, found.place.column, found.place.length)) == (
        code,
        (line, column, length),
    )


def test_sixty_four_levels_are_fine() -> None:
    assert value_of("[" * 64 + "]" * 64)


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert problem("\n".join(lines)).code == "too-many-nodes"


def test_the_number_of_nodes_is_counted_after_aliases() -> None:
    hundred = ", ".join(["x"] * 98)
    fine = f"a: &a [{hundred}]\nb:\n" + "  - *a\n" * 1000
    assert len(value_of(fine)["b"]) == 1000
    assert problem(fine + "  - *a\n" * 20).code == "too-many-nodes"


def test_a_flat_file_may_have_a_hundred_thousand_values() -> None:
    assert len(value_of("- x\n" * 99_998)) == 99_998
    assert problem("- x\n" * 100_001).code == "too-many-nodes"


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"\xef\xbb\xbfa: 1\nb: \xff\n", "not-text", 2, 4),
        (b"\xff\xfea\x00", "not-text", 1, 1),
        (bytes(range(256)), "not-text", 3, 115),
        ("a: é\nb: é".encode("latin-1"), "not-text", 1, 4),
    ],
)
def test_what_is_not_text(tmp_path: Path, data: bytes, code: str, line: int, column: int) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(InvalidScenario) as caught:
        read(path)
    place = caught.value.place
    assert (caught.value.code, place and (place.line, place.column)) == (code, (line, column))


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\na: 2\n")
    source = read(path, "shown.yaml")
    assert source.text.startswith("a")
    with pytest.raises(InvalidScenario, match="duplicate key 'a'") as caught:
        load(source)
    assert str(caught.value.place) == "shown.yaml:2:1"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, code in ((tmp_path / "none.yaml", "no-such-file"), (tmp_path, "not-a-file"), (large, "too-large")):
        with pytest.raises(InvalidScenario) as caught:
            read(path)
        assert caught.value.code == code
        assert str(path) in caught.value.message
    large.write_bytes(b"#" * MAX_BYTES)
    read(large)


def test_a_hostile_file_is_refused_in_time() -> None:
    started = time.process_time()
    for text in (
        "[" * 2_000_000,
        "{a: " * 1_000_000,
        "'" * 4_000_001,
        "&a " * 1_000_000,
        "- " * 2_000_000,
        "a: &x b\n" * 10,
    ):
        problem(text)
    assert time.process_time() - started < 15


def test_places_point_at_words() -> None:
    source = SourceFile.of("x.yaml", "a: one\nb:\n  - two three\n")
    root = load(source)
    assert isinstance(root, Mapping)
    key = root.key("b")
    assert key and place_of(key).column == 1
    inner = root.get("b")
    assert inner and str(place_of(inner, "three")) == "x.yaml:3:9"
    assert place_of(inner, "three").length == 5
    assert str(place_of(inner, "absent")) == "x.yaml:3:3"


@settings(deadline=None)
@given(
    st.text(
        st.sampled_from("ab:-?[]{}&*!|>'\"#%@`, \n\r\t\u2028\u0085é😀0.~") | st.characters(codec="utf-8"), max_size=80
    )
)
def test_any_text_is_nodes_or_one_problem_inside_the_file(text: str) -> None:
    source = SourceFile.of("x.yaml", text)
    try:
        root = load(source)
    except InvalidScenario as error:
        for found in error.diagnostics:
            place = found.place
            assert place is not None
            assert 1 <= place.line <= len(source.lines)
            assert 1 <= place.column <= len(source.lines[place.line - 1]) + 1
            assert place.text == source.lines[place.line - 1]
    else:
        plain(root)


basic = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])  # libyaml reads no pair of surrogate escapes
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(basic, max_size=20),
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(basic, max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(documents)
def test_what_another_tool_writes_as_json_is_read_back(document: Any) -> None:
    import json

    if isinstance(document, str):
        document = [document]
    text = json.dumps(document)
    assert value_of(text) == document


def test_without_libyaml_the_same_nodes_come_out(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [1, no, {b: !raw '{{ c }}'}]\nd: |\n  e\n"
    with_it = load(SourceFile.of("x.yaml", text))
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    without = load(SourceFile.of("x.yaml", text))
    assert plain(with_it) == plain(without)
    assert isinstance(without, Mapping)
    first = without.get("a")
    assert first and not isinstance(first, Scalar) and first.span.line == 1


def test_all_tags_and_merge_keys_are_reported_also_before_what_ends_the_reading() -> None:
    text = "a: !x 1\nb: !!y [!z 2]\nc: {<<: {}}\nc: 3\n"
    with pytest.raises(InvalidScenario) as caught:
        load(SourceFile.of("x.yaml", text))
    found = [(one.code, one.place and one.place.line) for one in caught.value.diagnostics]
    tags = [("unknown-tag", 1), ("unknown-tag", 2), ("unknown-tag", 2)]
    assert found == [*tags, ("merge-key", 3), ("duplicate-key", 4)]
    assert value_of('"<<": 1\n') == {"<<": 1}


def test_a_file_of_tags_is_told_a_bounded_number_of_times() -> None:
    with pytest.raises(InvalidScenario) as caught:
        load(SourceFile.of("x.yaml", "- !x 1\n" * 5_000))
    assert len(caught.value.diagnostics) == MAX_FOUND
