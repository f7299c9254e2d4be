"""Placeholders of other tools are warned of where they name a variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.scenario.open import open_scenario


def warned(path: Path, value: str, head: str = "title: T") -> list[tuple[str, str | None]]:
    path.write_text(
        f"{head}\nvars: {{image: alpine}}\nsteps:\n"
        f'  - create: {{body: {{Image: "{{{{ image }}}}", Cmd: [{value}]}}}}\n'
        "    capture: {container: body.Id}\n"
        '  - start: "{{ container }}"\n'
    )
    found = open_scenario(path, path.name, ()).warnings
    return [(one.message, one.place.text[one.place.column - 1 :][:8] if one.place else None) for one in found]


@pytest.mark.parametrize("placeholder", ["${image}", "{image}", "${ image }", "${container}"])
def test_a_variable_in_the_style_of_another_tool(placeholder: str, tmp_path: Path) -> None:
    ((message, shown),) = warned(tmp_path / "x.yaml", f'"a {placeholder} b"')
    assert message == f"'{placeholder}' is sent as it is"
    assert shown is not None and shown.startswith(placeholder[:8])


@pytest.mark.parametrize(
    "value",
    [
        '"${HOME}"',
        '"{other}"',
        '"{{ image }}"',
        '"{{image}}"',
        '!raw "${image}"',
        "'{\"image\": 1}'",
        '"$image"',
        "echo",
    ],
)
def test_what_is_no_mistake(value: str, tmp_path: Path) -> None:
    assert warned(tmp_path / "x.yaml", value) == []


@pytest.mark.parametrize("key", ["title", "about"])
def test_a_template_in_the_scenarios_own_text(key: str, tmp_path: Path) -> None:
    head = f'{"title: T" if key == "about" else ""}\n{key}: "Run {{{{ image }}}}"'.strip()
    ((message, shown),) = warned(tmp_path / "x.yaml", "ls", head)
    assert message == f"templates are not evaluated in the scenario's {key}"
    assert shown is not None and shown.startswith("{{")
