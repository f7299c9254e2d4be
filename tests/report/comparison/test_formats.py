"""Every form of a comparison, with names and values that would break it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from playwright.sync_api import Browser

from runner.report.comparison.compare import compare
from runner.report.comparison.formats import FORMATS, render
from runner.report.comparison.known import Known, KnownDifferences
from runner.report.comparison.model import Comparison
from tests.report.comparison.helpers import PODMAN, compared, inspect, report
from tests.report.factories import NASTY


def broken(name: str) -> Comparison:
    """A comparison in which everything from outside is this text."""
    reports = {
        "docker": report(inspect({"a": name, "k" + name: 1}, title=name), title=name),
        f"x{name}": report(inspect({"a": 1}, title=name), title=name, engine=PODMAN),
    }
    known = KnownDifferences(
        [Known("container.inspect", "body.a", f"why{name}", {}), Known("any", name, "w", {})], name
    )
    return compare(reports, known=known)


@given(NASTY)
def test_nothing_breaks_a_form(text: str) -> None:
    comparison = broken(text)
    for name in FORMATS:
        rendered = render(comparison, name)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", rendered), name
    assert json.loads(render(comparison, "json"))["engines"][0]["column"] == "docker"
    ElementTree.fromstring(render(comparison, "badge"))
    page = render(comparison, "html")
    assert page.count("<script>") == page.count("</script>") == 1
    for line in render(comparison, "markdown").splitlines():
        if line.startswith("|") and "seen at" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 6, 7), line


def test_the_text_ends_with_the_verdict() -> None:
    one, other = report(inspect({"a": 1})), report(inspect({"a": 2}), engine=PODMAN)
    assert render(compared(one, other), "text") == (
        "1 step      docker 20.10.24  podman 5.4.2\n"
        "x  1 step   ✓                ≠ 1\n"
        "  ≠ container.inspect  a  1 | 2  x.yaml, step one\n"
        "1 new difference\n"
    ).replace("x  1 step   ✓", "x       1 step  ✓").replace("1 step      docker", "1 step          docker")


@pytest.mark.parametrize(("colour", "values"), [("#2c7a3f", (1, 1)), ("#b3261e", (1, 2))])
def test_the_badge_counts_steps(colour: str, values: tuple[int, int]) -> None:
    one, other = (report(inspect({"a": value})) for value in values)
    badge = render(compared(one, other), "badge")
    assert colour in badge
    assert f"<title>podman = docker: {int(values[0] == values[1])} of 1 step</title>" in badge


def test_the_page_filters_its_rows(browser: Browser) -> None:
    steps = [inspect({"same": 1}, id="one", title="First"), inspect({"b": 1}, id="two", title="Second")]
    others = [inspect({"same": 1}, id="one", title="First"), inspect({"b": 2}, id="two", title="Second")]
    comparison = compared(report(*steps), report(*others, engine=PODMAN))
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(render(comparison, "html"))
    rows = page.locator("tr.step:visible")
    assert rows.count() == 2
    assert page.locator("tr.difference:visible code").all_text_contents() == ["body.b", "1", "2"]
    page.get_by_label("new differences").check()
    assert rows.locator("th > span").all_text_contents() == ["Second"]
    page.get_by_label("known differences").check()
    assert rows.count() == 0
    assert page.locator("#nothing").is_visible()
    page.get_by_label("all steps").check()
    page.keyboard.press("/")
    page.get_by_label("Words").fill("first")
    assert rows.locator("th > span").all_text_contents() == ["First"]
    assert errors == []
    page.close()
