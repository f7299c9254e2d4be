"""The animated picture of a session: well-formed, whole, the same each time, and the one that the README shows."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from playwright.sync_api import Browser

from runner.report.demo import HEIGHT, MOST_LINES, WIDTH
from runner.report.svg import render
from tests.report.factories import LONG, NASTY, call, create, report
from tests.scenarios.helpers import ROOT, start

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """The lines of the screen."""
    return ["".join(text.itertext()) for text in ET.fromstring(picture).iter(f"{SVG}text")]


@given(NASTY)
def test_whatever_an_engine_says_is_text(text: str) -> None:
    made = report(call("ContainerInspect", "GET", "/containers/x/json", text, title=text), title=text)
    picture = render(made)
    assert picture == render(made)
    names = {element.tag for element in ET.fromstring(picture).iter()}
    assert names <= {f"{SVG}{name}" for name in ("svg", "title", "style", "rect", "g", "text", "tspan")}
    assert "url(" not in picture
    assert max(map(len, texts(picture))) <= WIDTH


def test_every_line_is_there_once() -> None:
    answer = "\n".join(map(str, range(MOST_LINES)))
    start_it = call("ContainerStart", "POST", f"/containers/{LONG}/start", status_code=204, title="Start it")
    lines = texts(render(report(create(title="Create"), call("ContainerTop", "GET", "/x", answer), start_it)))
    assert lines[:3] == ["# A title", "", "# Create"]
    assert [line for line in lines if line.isdigit()] == answer.split("\n")
    assert "# Start it" in lines
    assert sum(line.startswith("$ ") for line in lines) == 3


def test_the_readme_shows_the_picture_of_a_shipped_recipe(tmp_path: Path) -> None:
    words = ("--replay", "--format", "none", "--quiet", "-o", "demo.svg")
    process = start(tmp_path, ROOT / "scenarios/run-a-container.yaml", *words)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    made = (tmp_path / "demo.svg").read_text()
    shown = ROOT / "docs/demo.svg"
    assert made == shown.read_text(), f"update it with: run scenarios/run-a-container.yaml --replay -o {shown}"
    assert "(docs/demo.svg)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_end_to_those_who_want_no_motion(browser: Browser, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.goto((ROOT / "docs/demo.svg").as_uri())
    shown = "[...document.querySelectorAll('text')].filter(text => text.textContent)"
    tops = page.evaluate(f"{shown}.map(text => text.getBoundingClientRect().top)")
    height = page.evaluate("document.documentElement.getBoundingClientRect().height")
    assert 0 < tops[-1] < height
    assert tops[0] < 0
    assert HEIGHT / 2 < sum(0 <= top < height for top in tops) <= HEIGHT
    page.close()
