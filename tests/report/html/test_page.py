from __future__ import annotations

import html.parser
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Page

from runner.errors import Diagnostic, Place
from runner.report.html.charts import charts
from runner.report.html.jsonview import view
from runner.report.html.page import render
from runner.results.records import Expectation, Report
from tests.report.factories import LONG, NASTY, call, create, report, step

VOID = {"meta", "input", "br", "hr", "img", "link", "polyline"}


class Elements(html.parser.HTMLParser):
    """The elements and attributes of a page, and its text; fails on elements that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A drawing's lines close themselves."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def sample(number: int) -> dict[str, Any]:
    def usage(count: int) -> dict[str, Any]:
        return {
            "cpu_usage": {"total_usage": 2 * 10**7 * count},
            "system_cpu_usage": 2 * 10**9 * count,
            "online_cpus": 2,
        }

    networks = {"eth0": {"rx_bytes": 1000 * number, "tx_bytes": 0}}
    return {
        "cpu_stats": usage(number),
        "precpu_stats": usage(number - 1),
        "memory_stats": {"usage": 4_000_000},
        "networks": networks,
    }


def everything(words: str = "words", about: str = "Some *prose*.") -> Report:
    attach = call(
        "ContainerAttach",
        "POST",
        f"/containers/{LONG}/attach",
        id="out",
        background=True,
        title=words,
        response={"stdout": words},
    )
    deep = {words: {"list": [{"a": words * 3, "b": [1, 2.5, None, True]}] * 30}}
    inspect = call("ContainerInspect", "GET", f"/containers/{LONG}/json", deep, about=about)
    stats = call(
        "ContainerStats", "GET", f"/containers/{LONG}/stats", response={"items": [sample(1), sample(2), sample(3)]}
    )
    error = Diagnostic("expectation", words, Place("x.yaml", 3, 4), words, details=(words, "b"))
    failed = call(
        "ContainerTop", "GET", "/x", {}, status="failed", error=error, show="all", response={"headers": {"X": words}}
    )
    return report(
        create(title="Create"),
        attach,
        step(kind="await", awaits="out", response=attach.response),
        inspect,
        stats,
        failed,
        step(kind="check", expectations=(Expectation(words, True),), phase="finally"),
        step(kind="parallel", steps=(step(title="Inner", each=(create(),)),)),
        step(status="skipped", reason=words),
        title=words,
        about=about,
        status="failed",
        left=(words,),
    )


PLAIN = Elements(render(everything()))


@settings(deadline=None)
@given(NASTY, NASTY)
def test_nothing_that_comes_from_outside_becomes_markup(words: str, about: str) -> None:
    page = Elements(render(everything(f"w{words}")))
    assert set(page.tags) - {"code"} == set(PLAIN.tags) - {"code"}
    assert page.attributes == PLAIN.attributes
    assert page.tags["script"] == 1
    prose = Elements(render(everything(about=about)))
    assert prose.tags["script"] == 1
    assert not {"img", "b", "iframe", "object", "form"} & set(prose.tags)


def test_it_needs_no_network_and_lets_no_script_in() -> None:
    page = render(
        everything(about="![x](http://example.org/x.png) [evil](javascript:alert(1)) <script>alert(1)</script>")
    )
    assert not re.search(r'(?:src|srcset|action)=|@import|url\(|<link|href="(?!https?://|#)', page)
    assert page.count("<script") == 1
    assert "default-src 'none'" in page


def test_ids_are_unique_and_every_step_has_its_place() -> None:
    assert len(PLAIN.ids) == len(set(PLAIN.ids))
    assert {f"s1-{number}" for number in range(1, 10)} <= set(PLAIN.ids)


def test_times_are_shown_of_a_live_report_only() -> None:
    from runner.report.stable.stabilise import stabilise

    live = report(create(duration_ms=41.2))
    assert "41 ms" in render(live)
    assert " ms<" not in render(stabilise(live))
    assert "2026-01-01" not in render(stabilise(live))


def test_json_that_fits_stands_on_a_line_and_large_parts_are_closed() -> None:
    small = view({"a": [1, 2], "b": {"c": None}})
    assert "<details" not in small
    large = view({"small": {"x": "y" * 80}, "large": [{"x": "y" * 80}] * 30})
    assert large.count("<details open>") == 2 + 30
    assert large.count("<details>") == 1
    assert Elements(large).text.count("y" * 80) == 31


def test_charts_need_two_samples() -> None:
    assert charts([sample(1)]) == ""
    drawn = charts([sample(1), sample(2), sample(3)])
    assert drawn.count("<svg") == 3
    assert "CPU: from 2.0 % to 2.0 %, at most 2.0 %" in drawn
    assert "Memory: from 4.0 MB to 4.0 MB" in drawn
    assert "Network, in and out: from 1.0 kB to 3.0 kB" in drawn
    assert charts([{"cpu_stats": "x"}, {"networks": []}]).count("<svg") == 3


def test_charts_have_a_scale() -> None:
    timed = [{**sample(number), "read": f"2026-11-23T14:00:0{number}.5Z"} for number in (1, 2, 3)]
    assert re.findall(r"<span>([^<]+)</span>", charts(timed)) == [
        *("2.5 %", "0", "0 s", "2.0 s"),
        *("5.0 MB", "0", "0 s", "2.0 s"),
        *("4.0 kB", "0", "0 s", "2.0 s"),
    ]
    untimed = charts([{}, {}, {"memory_stats": {"usage": 123_456_789}, "read": "soon"}])
    assert "<span>150.0 MB</span>" not in untimed
    assert "<span>200.0 MB</span><span>0</span>" in untimed
    assert "<span>sample 1</span><span>sample 3</span>" in untimed


def test_stats_in_the_background_have_their_charts_where_they_are_awaited() -> None:
    stats = call("ContainerStats", "GET", "/x", id="s", background=True, response={"items": [sample(1), sample(2)]})
    made = render(report(stats, step(id="end", kind="await", awaits="s", response=stats.response)))
    assert made.count("<svg") == 3
    assert made.index("<svg") > made.index('id="s1-2"')


def test_a_failure_stands_before_the_answer() -> None:
    error = Diagnostic("expectation", "does not match", details=("expected 1",))
    made = render(report(call("ContainerInspect", "GET", "/x", {"State": "odd"}, status="failed", error=error)))
    assert made.index("does not match") < made.index("odd")


def test_the_timeline_says_what_bars_can_not() -> None:
    made = render(report(step(background=True, duration_ms=1500.0), step(status="skipped", reason="no")))
    assert "<small>1.5 s, in the background</small>" in made
    assert "<small>skipped</small>" in made
    assert made.count('class="bar ') == 1
    assert "<span>0</span><span>1.5 s</span>" in made


# In a browser


@pytest.fixture(params=[(375, "light"), (1280, "dark")], ids=["375-light", "1280-dark"])
def page(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    width, scheme = request.param
    file = tmp_path / "page.html"
    file.write_text(
        render(everything("A rather long title of words: \u202e <b>bold</b> " + "x" * 60)), encoding="utf-8"
    )
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda asked: problems.append(asked.url) if not asked.url.startswith("file:") else None)
    opened.goto(file.as_uri())
    yield opened
    context.close()
    assert problems == []


def test_it_fits_its_width(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_search_finds_steps_by_their_words(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("containers/create alpine")
    assert page.locator("article.step:visible h3").first.inner_text().startswith("1 Create")
    assert page.locator("#s1-4").is_hidden()
    page.keyboard.press("Control+A")
    page.keyboard.type("nowhere to be found")
    assert page.locator("#nothing").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#s1-4").is_visible()
    assert page.locator("#nothing").is_hidden()


def test_a_command_is_copied(page: Page) -> None:
    page.locator("#s1-1 .copy").click()
    page.locator("#s1-1 .copy", has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("container=$(curl -s --unix-socket")
    assert copied.endswith("| jq -r .Id)")


def test_tabs_work_by_keyboard(page: Page) -> None:
    tab = page.locator("#s1-1 [role=tab]").first
    tab.focus()
    page.keyboard.press("End")
    chosen = page.locator("#s1-1 [role=tab][aria-selected=true]")
    assert chosen.count() == 1
    assert chosen.evaluate("tab => tab === document.activeElement")
    assert page.locator("#s1-1 [role=tabpanel]:visible").count() == 1


def test_json_folds(page: Page) -> None:
    inner = page.locator("#s1-4 .json details details").first
    assert not inner.evaluate("details => details.open")
    inner.locator("summary").first.click()
    assert inner.evaluate("details => details.open")


def test_landmarks_and_names_for_those_who_listen(page: Page) -> None:
    assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("img", name=re.compile("CPU")).count() == 1
    assert page.get_by_role("article", name=re.compile("1 Create")).count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the steps"


def test_everything_is_open_on_paper(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


def test_it_can_be_read_without_a_script(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(render(everything()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(file.as_uri())
    assert opened.locator("#s1-1 pre").first.is_visible()
    assert opened.locator(".search").is_hidden()
    assert opened.locator("#s1-4 .json summary").first.is_visible()
    context.close()
