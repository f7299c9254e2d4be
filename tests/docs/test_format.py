"""``docs/format.md``: every field of the language is on the page, and every example is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.scenario import model
from runner.scenario.names import RESULT_NAMES
from runner.scenario.open import open_scenario
from schemas.language import DEFINITIONS, KIND_SCHEMAS, MODIFIER_SCHEMAS, TOP_LEVEL

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
GIVEN = ("container", "exec")


def fields_of(schema: Any) -> Iterator[str]:
    """The keys that a part of the schema knows, those of its alternatives too."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
            yield from fields_of(inner)


def language() -> set[str]:
    parts = {**TOP_LEVEL, **MODIFIER_SCHEMAS, **KIND_SCHEMAS}
    return {*parts, *(field for part in (*parts.values(), *DEFINITIONS.values()) for field in fields_of(part))}


def test_every_field_is_documented() -> None:
    words = set(re.findall(r"`([a-z_]+)(?:: [^`]*)?`|`\{([a-z_]+): …\}`", PAGE))
    known = {word for pair in words for word in pair if word}
    assert language() - known == set(), "fields that the page does not explain"


def test_every_part_of_a_result_is_documented() -> None:
    for name in (*RESULT_NAMES, "engine.name", "engine.version", "engine.api_version"):
        assert f"`{name}`" in PAGE
    for word in model.SHOW_WORDS:
        assert f"`{word}`" in PAGE


def test_all_examples_are_found() -> None:
    assert len(EXAMPLES) >= 15


@pytest.mark.parametrize("text", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_an_example_is_valid(text: str, tmp_path: Path) -> None:
    included = (
        "title: I\nvars: {name: x}\nsteps: [{network.create: {body: {Name: '{{ name }}'}}, capture: {n: body.Id}}]\n"
    )
    (tmp_path / "included.yaml").write_text(included + "outputs: {network: n}\n")
    (tmp_path / "rows.csv").write_text("title,words\nfirst,a b\n")
    path = tmp_path / "x.yaml"
    path.write_text(text if text.startswith("title:") else f"title: T\nsteps:\n{text}", "utf-8")
    given = () if text.startswith("title:") or "capture: {container:" in text else GIVEN
    opened = open_scenario(path, path.name, given)
    assert [one for one in opened.warnings if one.code != "unused-capture"] == []


def test_the_filters_that_are_left_out_are_named() -> None:
    from jinja2.filters import FILTERS

    from runner.scenario.expressions.functions.filters import all_filters

    left_out = set(FILTERS) - set(all_filters())
    (line,) = re.findall(r"all others of Jinja2 but (.*?) \|", PAGE)
    assert set(re.findall(r"`(\w+)`", line)) == left_out
