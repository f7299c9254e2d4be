from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from runner.errors import Diagnostic
from runner.report.markdown import markup
from runner.report.markdown.flavours import PageOptions
from runner.report.markdown.page import render
from runner.report.stable.stabilise import stabilise
from runner.results.records import Expectation, ShowWord, StepRecord
from runner.results.result_path import Source
from runner.scenario.expressions.paths import parse_source
from runner.text import visible
from tests.report.factories import LONG, NASTY, call, create, report, sources, step

COMMONMARK = MarkdownIt("commonmark")


def blocks(text: str) -> list[tuple[str, str]]:
    """Return what a reader of Markdown makes of a text: the kind of each block and its content."""
    return [(token.type, token.content) for token in COMMONMARK.parse(text) if token.nesting >= 0 and token.level == 0]


def headings(text: str) -> list[str]:
    tokens = COMMONMARK.parse(text)
    return [tokens[number + 1].content for number, token in enumerate(tokens) if token.type == "heading_open"]


# Pieces


@given(NASTY)
def test_nothing_ends_a_block_but_its_own_fence(text: str) -> None:
    ((kind, content),) = blocks(markup.block(text, "text"))
    assert kind == "fence"
    assert content == "\n".join(visible(line.removesuffix("\r")) for line in text.removesuffix("\n").split("\n")) + "\n"


@given(NASTY)
def test_inline_text_is_one_paragraph_of_what_it_says(text: str) -> None:
    tokens = COMMONMARK.parse(f"x {markup.inline(text)} y")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "code_inline", "text_special"}


@given(NASTY)
def test_a_title_is_one_heading(text: str) -> None:
    assert len(headings(f"# {markup.inline(text)}\n\nafter")) == 1
    assert blocks(f"# {markup.inline(text)}\n\nafter")[-1][0] == "paragraph_open"


@given(NASTY.filter(str.strip))
def test_a_code_span_holds_its_text(text: str) -> None:
    (_, inline, _) = COMMONMARK.parse(f"x {markup.code(text)} y")
    codes = [child.content for child in inline.children or [] if child.type == "code_inline"]
    assert [one.strip() for one in codes] == [" ".join(visible(text).split(" ")).strip()]


@given(NASTY)
def test_prose_lets_no_html_through_and_closes_its_fences(text: str) -> None:
    tokens = COMMONMARK.parse(f"{markup.prose(text)}\n\n# After\n")
    kinds = {child.type for token in tokens for child in (token, *(token.children or ()))}
    assert not kinds & {"html_block", "html_inline"}
    assert tokens[-2].content == "After"


def test_prose_keeps_its_markdown() -> None:
    text = "*a* `<b>` [x](y)\n\n| a |\n| - |\n\n```text\n<i>\n```\n\n<https://example.org>"
    assert markup.prose(text) == text
    assert markup.prose("a <b>bold</b> claim: 1 < 2") == "a &lt;b>bold&lt;/b> claim: 1 < 2"


def test_what_is_long_is_folded_or_cut() -> None:
    logs = call("ContainerLogs", "GET", "/containers/x/logs", response={"stdout": "x\n" * 61})
    assert "<summary>The answer (61 lines)</summary>" in render(report(logs))
    cut = markup.block("y" * 5000 + "\n" + "x\n" * 3000, "")
    assert "… 3000 more characters" in cut
    assert cut.endswith("… 2001 more lines\n```")


# Pages


def test_a_page() -> None:
    attach = call(
        "ContainerAttach",
        "POST",
        f"/containers/{LONG}/attach",
        kind="container.attach",
        id="output",
        background=True,
        response={"stdout": "bin\n", "stderr": "oh\n"},
        status_code=101,
    )
    end = step(kind="await", awaits="output", title="Read `it`", response=attach.response)
    remove = call(
        "ContainerDelete", "DELETE", f"/containers/{LONG}", phase="finally", title="Remove it", status_code=204
    )
    page = render(report(create(title="Create"), attach, end, remove, about="An *intro*."))
    assert headings(page) == ["A title", "1. Create", "2. Container attach", "3. Read `it`", "Afterwards"]
    assert "*Recorded on Docker Engine 20.10.24, API 1.41.*" in page
    assert (
        "## 1. Create\n\n[`POST /containers/create`]"
        "(https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerCreate)" in page
    )
    assert page.count("`201 Created`") == 1
    assert page.index("`101 Switching Protocols`") < page.index("```text\nbin\n```") < page.index("On stderr:")
    assert page.count("```text\nbin\n```") == 1
    assert page.count("unframe() {") == 1
    last = 'curl -s --unix-socket /var/run/docker.sock -X DELETE "http://localhost/v1.41/containers/$container"'
    assert f"## Afterwards\n\n```bash\n# Remove it\n{last}\n```\n" in page
    assert (
        "<summary>With the docker CLI, docker-py or requests</summary>\n\n**docker CLI**\n\n```sh\n# Remove it\ndocker"
        in page
    )
    assert page.index("can be followed with the docker CLI (no equivalent of steps 2, 3)") < page.index("```bash")
    assert 'print(b"".join(output).decode(), end="")' in page


BODY = {"State": {"Status": "running"}, "Id": "x"}


@pytest.mark.parametrize(
    ("show", "shown", "has", "lacks"),
    [
        (None, None, ["curl", "200 OK", '"Status"'], ["X-A: 1"]),
        ("all", None, ["curl", "200 OK", '"Status"', "X-A: 1"], []),
        ("request", None, ["curl"], ["200 OK", '"Status"']),
        ("response", None, ["200 OK", '"Status"'], ["curl"]),
        ("none", None, ["1. Container inspect"], ["curl", "200 OK", '"Status"']),
        (
            parse_source("body.State.Status"),
            "running",
            ["curl", "| jq -r .State.Status\n", "200 OK", "Excerpt: `body.State.Status`\n\n```text\nrunning\n```"],
            ['"Id": "x"'],
        ),
    ],
)
def test_show(show: ShowWord | Source | None, shown: Any, has: list[str], lacks: list[str]) -> None:
    inspect = call(
        "ContainerInspect",
        "GET",
        "/containers/x/json",
        BODY,
        show=show,
        shown=shown,
        response={"headers": {"X-A": "1"}},
    )
    page = render(report(inspect))
    assert [part for part in has if part not in page] == []
    assert [part for part in lacks if part in page] == []


def test_a_command_that_later_ones_need_stays() -> None:
    assert "container=$(curl" in render(report(create(show="none")))


def test_a_failure_says_what_was_expected_and_what_came() -> None:
    error = Diagnostic(
        "expectation",
        "body does *not* match",
        hint="look\nthere",
        details=("State.Status", "  expected  a", "  actual    b"),
    )
    page = render(report(call("ContainerInspect", "GET", "/x", BODY, status="failed", error=error), status="failed"))
    assert "**This run did not pass.**" in page
    assert "**Failed**: body does \\*not\\* match" in page
    assert "```text\nState.Status\n  expected  a\n  actual    b\n```" in page
    assert "*look there*" in page


def test_what_did_not_run_is_told() -> None:
    skipped = step(status="skipped", attempts=0, reason="when: false")
    assert "*Skipped: when: false.*" in render(report(skipped))
    assert "**Skipped**: needs swarm." in render(report(status="skipped", reason="needs swarm"))
    assert "## What is left\n\n- a volume" in render(report(left=("a volume",)))


def test_loops_blocks_and_checks() -> None:
    loop = create(each=tuple(create(id=f"c[{number}]", captured={}) for number in range(5)), captured={})
    block = step(kind="parallel", steps=(create(title="Inner", captured={}),))
    check = step(kind="check", expectations=(Expectation("a == `b`", True),))
    page = render(report(loop, block, check))
    assert "`201 Created` (5 times)" in page
    assert "… and 2 more answers." in page
    assert headings(page)[2:4] == ["2. Parallel", "2.1. Inner"]
    assert "- `` a == `b` ``" in page


def test_captured_values_that_no_command_sets() -> None:
    source = sources(count="body | map('x') | length")
    page = render(report(call("ContainerList", "GET", "/x", [], captured={"count": 3}, capture_sources=source)))
    assert "`count` is `3`, from `body | map('x') | length`." in page


def test_progress_reads_as_lines() -> None:
    items = [{"stream": "Step 1\n"}, {"status": "Pull complete", "id": "abc"}, {"error": "no"}]
    page = render(report(call("ImageBuild", "POST", "/build", response={"items": items})))
    assert "```text\nStep 1\nabc: Pull complete\nerror: no\n```" in page


def test_contents_link_to_the_headings() -> None:
    page = render(report(create(title="Create `it` & go")), PageOptions(contents=True))
    assert "1. [Create `it` &amp; go](#1-create-it--go)" in page


@given(NASTY)
def test_a_diagram_can_t_be_broken(text: str) -> None:
    page = render(report(call("X", "GET", f"/{text}")), PageOptions(diagram=True))
    (diagram,) = [
        content for kind, content in blocks(page) if kind == "fence" and content.startswith("sequenceDiagram")
    ]
    lines = diagram.splitlines()
    assert len(lines) == 5
    assert lines[3].startswith("    you->>engine: ")
    assert not set(lines[3].removeprefix("    you->>engine: ")) & set("<>\"'`{}[]\\|*")


def test_a_diagram_has_an_end() -> None:
    page = render(report(*(call("X", "GET", f"/{number}") for number in range(43))), PageOptions(diagram=True))
    assert page.count("you->>engine:") == 40
    assert "    note over you,engine: and 3 more calls\n```" in page
    assert "more calls" not in render(report(*(call("X", "GET", "/x") for _ in range(40))), PageOptions(diagram=True))


@given(NASTY, NASTY, NASTY)
def test_nothing_that_comes_from_outside_breaks_a_page(title: str, output: str, name: str) -> None:
    error = Diagnostic("x", output, hint=title, details=(output,))
    logs = call(
        "ContainerLogs",
        "GET",
        "/x",
        title=title,
        response={"stdout": output, "stderr": name},
        error=error,
        status="failed",
    )
    inspect = call(
        "ContainerInspect", "GET", "/y", {name: output}, captured={"c": output}, capture_sources=sources(c=name)
    )
    last: StepRecord = step(kind="check", title="The last")
    for made in (report(logs, inspect, last, title=title, left=(output,)), report(stabilise_all(logs, inspect, last))):
        page = render(made)
        assert [one for one in headings(page)[-2:] if one.endswith(". The last")], "a heading was lost, or one came in"
        assert not [one for one in page if unicodedata.category(one) == "Cc" and one not in "\n\t"]
        assert not set(page) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def stabilise_all(*steps: StepRecord) -> StepRecord:
    return step(kind="include", steps=stabilise(report(*steps)).scenarios[0].steps)
