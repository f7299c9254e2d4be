"""Pages with places to fill: what is found, what is refused, and that nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InvalidScenario
from runner.report.markdown.slots import nested, parse

BEGIN = "<!-- run: x.yaml -->"
END = "<!-- /run -->"


def page(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def refused(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(InvalidScenario) as caught:
        parse("p.md", text)
    assert {one.code for one in caught.value.diagnostics} == {"bad-mark"}
    places = [one.place for one in caught.value.diagnostics]
    assert None not in places
    return [
        (one.place.line, one.place.column, one.message) for one in caught.value.diagnostics if one.place is not None
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_only_what_is_between_the_marks_changes(newline: str, bom: str, last: str) -> None:
    before = f"{bom}{BEGIN}{newline}"
    after = f"  {END} {newline}\x0b\u2028 \udcff end{last.replace(chr(10), newline)}"
    found = parse("p.md", f"{before}old{newline}{after}")
    text = found.filled(["new\nlines\n"])
    assert text == f"{before}{newline}new{newline}lines{newline}{newline}{after}"
    assert parse("p.md", text).filled(["new\nlines\n"]) == text


@given(st.text(alphabet="a#`~<>!-\r\n \ufeff\u2028\x0c", max_size=60), st.text(alphabet="a \r\n", max_size=20))
def test_whatever_stands_around_a_place_stays(around: str, content: str) -> None:
    text = f"{around}\n\n{BEGIN}\nold\n{END}\n{around}"
    found = parse("p.md", text)
    if not found.slots:  # an unclosed code block swallows the marks
        return
    filled = found.filled([content])
    assert filled.startswith(f"{around}\n\n{BEGIN}\n")
    assert filled.endswith(f"\n{END}\n{around}")


def test_several_places_with_their_options_and_levels() -> None:
    text = page("# One", BEGIN, "# inside", END, "Two", "---", "<!--run: y.yaml --var a='b c'-->", END)
    found = parse("p.md", text)
    assert [(slot.words, slot.level, slot.place.line) for slot in found.slots] == [
        ("x.yaml", 1, 2),
        ("y.yaml --var a='b c'", 2, 7),
    ]
    assert found.filled(["A", "B"]) == page(
        "# One", BEGIN, "", "A", "", END, "Two", "---", "<!--run: y.yaml --var a='b c'-->", "", "B", "", END
    )


@pytest.mark.parametrize(
    "text",
    [
        page("```", BEGIN, "```"),
        page("~~~~ text", BEGIN, "~~~", END, "~~~~"),
        page(f"write `{BEGIN}` and `` {END} ``"),
        page("---", f"title: {BEGIN}", "---"),
        page("<!-- running late -->", "<!-- runs: x -->"),
    ],
)
def test_what_code_shows_is_no_mark(text: str) -> None:
    assert parse("p.md", text).slots == ()


def test_marks_that_do_not_fit_together_are_all_told() -> None:
    text = page(END, BEGIN, "", f" {BEGIN}", END, f"- {BEGIN}", "<!-- run: x", "-->", "<!-- /RUN -->", BEGIN)
    assert refused(text) == [
        (1, 1, "this ends a place that did not begin"),
        (4, 2, "this place begins inside the one of line 2"),
        (6, 3, "a mark stands on a line of its own, from its beginning to its end"),
        (7, 1, "a mark stands on a line of its own, from its beginning to its end"),
        (9, 1, "a mark stands on a line of its own, from its beginning to its end"),
        (10, 1, "this place does not end"),
    ]


@pytest.mark.parametrize("content", [BEGIN, f"a\n{END}\nb", "```"])
def test_a_content_that_would_break_the_page_is_refused(content: str) -> None:
    found = parse("p.md", page(BEGIN, END, BEGIN, END))
    with pytest.raises(InvalidScenario):
        found.filled([content, "fine"])


def test_headings_go_below_those_of_the_page() -> None:
    text = "# Title\n\n## 1. Step\n\n```bash\n# a comment\n```\n\n###### Deep\n"
    assert nested(text, 0, title=True) == text.strip()
    assert nested(text, 2, title=True) == "### Title\n\n#### 1. Step\n\n```bash\n# a comment\n```\n\n###### Deep"
    assert nested(text, 2, title=False) == "### 1. Step\n\n```bash\n# a comment\n```\n\n###### Deep"
    assert nested(text, 0, title=False).startswith("## 1. Step")
