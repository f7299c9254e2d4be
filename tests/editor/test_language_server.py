"""Test what an editor does with the scenario schema, seen over the Language Server Protocol."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.editor.language_server import CURSOR, ROOT, LanguageServer

SCHEMA = ROOT / "schemas" / "scenario.schema.json"
HEAD = f"# yaml-language-server: $schema={SCHEMA}\n"
STEP = HEAD + "title: x\nsteps:\n  - "
TAB_STOP = re.compile(r"\$\{\d+:((?:\\.|[^}\\])*)\}|\$\{?\d+\}?")
LINES = "\n        "


def filled_in(snippet: str) -> str:
    """Return the file's text after a snippet was accepted with its suggestions as they are."""
    return TAB_STOP.sub(lambda stop: re.sub(r"\\(.)", r"\1", stop[1] or ""), snippet)


def test_the_top_level_completes(server: LanguageServer) -> None:
    offered = server.completions(HEAD + CURSOR)
    assert {"title", "about", "requires", "vars", "secrets", "timeout", "steps", "finally", "outputs"} <= set(offered)
    assert offered["steps"] == "steps:\n  - "
    assert offered["finally"] == "finally:\n  - "


def test_a_step_completes_its_kinds_and_modifiers(server: LanguageServer) -> None:
    offered = server.completions(STEP + CURSOR)
    assert {"create", "container.create", "network.create", "request", "await", "parallel"} <= set(offered)
    assert {"id", "title", "expect", "capture", "retry", "defer"} <= set(offered)
    assert offered["parallel"].endswith(":\n    - ") or offered["parallel"].endswith(":\n      - ")
    beside = server.completions(STEP + f"id: made\n    {CURSOR}")
    assert "create" in beside
    assert "id" not in beside


def test_nothing_wrong_is_filled_in(server: LanguageServer) -> None:
    """Check that what is accepted as offered is YAML, and no value that a scenario can't have (``times: 0``)."""
    places = {
        "": HEAD + CURSOR,
        "  ": STEP + CURSOR,
        "    ": STEP + f"id: made\n    {CURSOR}",
        "      ": STEP + f"info:\n    retry:\n      {CURSOR}",
        "        ": STEP + f"list:\n    for_each:\n        {CURSOR}",
    }
    for indent, text in places.items():
        offered = server.completions(text)
        assert len(offered) > 3, text
        for label, snippet in offered.items():
            assert not re.search(r"\$\{\d+:0\}", snippet), snippet
            if label != "!raw":
                yaml.safe_load(indent + filled_in(snippet).replace("\n", "\n" + indent))
    retry = server.completions(places["      "])
    assert filled_in(retry["times"]) == "times: 10"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (f"create:\n      body:{LINES}{CURSOR}", {"Image", "Cmd", "Env", "HostConfig", "Healthcheck"}),
        (f"create:\n      body:{LINES}HostConfig:{LINES}  {CURSOR}", {"Memory", "Binds", "PortBindings", "NanoCpus"}),
        (f"create:\n      body:{LINES}HostConfig:{LINES}  RestartPolicy:{LINES}    Name: {CURSOR}", {"on-failure"}),
        (f"create:\n      body:{LINES}HostConfig:{LINES}  Mounts:{LINES}    - {CURSOR}", {"Type", "Source", "Target"}),
        (f"service.create:\n      body:{LINES}TaskTemplate:{LINES}  ContainerSpec:{LINES}    {CURSOR}", {"Image"}),
        (f"list:\n      {CURSOR}", {"all", "limit", "filters"}),
        (f"list:\n      filters:{LINES}{CURSOR}", {"status", "label", "name", "ancestor", "health"}),
        (f"list:\n      filters:{LINES}status: {CURSOR}", {"running", "exited", "paused"}),
        (f"list:\n      filters:{LINES}status:{LINES}  - {CURSOR}", {"running", "exited", "paused"}),
        (f"events:\n      filters:{LINES}type: {CURSOR}", {"container", "network", "volume"}),
        (f"wait:\n      id: x\n      condition: {CURSOR}", {"next-exit", "removed"}),
        (f"info:\n    expect:\n      {CURSOR}", {"status", "headers", "body", "stdout", "that"}),
        (f"info:\n    show: {CURSOR}", {"none", "request", "response", "all"}),
    ],
)
def test_completions_inside_a_step(server: LanguageServer, place: str, expected: set[str]) -> None:
    assert expected <= {label.strip('"') for label in server.completions(STEP + place)}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (f"cre{CURSOR}ate:\n      body: {{Image: a}}", "Create a container from an image"),
        (f"create:\n      body: {{Image: a, HostConfig: {{Mem{CURSOR}ory: 1}}}}", "in bytes"),
        (f"create:\n      body: {{Image: a, Health{CURSOR}check: {{}}}}", "A command that the engine runs"),
        (f"create:\n      body: {{Healthcheck: {{Inter{CURSOR}val: 1}}}}", "Nanoseconds"),
        (f"network.create:\n      body: {{Name: a, IPAM: {{Config: [{{Sub{CURSOR}net: a}}]}}}}", "CIDR"),
        (f"list:\n      filters: {{hea{CURSOR}lth: healthy}}", "health check"),
        (f"info:\n    ret{CURSOR}ry: {{times: 3}}", "until it passes"),
        (f"create:\n      na{CURSOR}me: web", "name"),
    ],
)
def test_hovers(server: LanguageServer, place: str, words: str) -> None:
    assert words in server.hover(STEP + place)


@pytest.mark.parametrize(
    ("step", "line", "words"),
    [
        ("create:\n      body: {Image: a, HostConfig: {Memory: lots}}", 5, "Incorrect type"),
        ("create:\n      body: {Image: a, HostConfig: {RestartPolicy: {Name: sometimes}}}", 5, "on-failure"),
        ("craete:\n      body: {Image: a}", 4, "craete"),
        ("craete:\n      body: {Image: a}", 4, "no action"),
        ("list:\n      al: true", 5, "al"),
        ("list:\n      filters: [status]", 5, "Incorrect type"),
        ("info:\n    retry: {times: 0}", 5, "minimum"),
        ("info:\n    background: maybe", 5, "boolean"),
        ("wait: {id: x, condition: someday}", 4, "next-exit"),
    ],
)
def test_wrong_values_are_marked(server: LanguageServer, step: str, line: int, words: str) -> None:
    problems = server.problems(STEP + step + "\n")
    assert any(at == line and words in message for at, message in problems), problems


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_have_nothing_marked(server: LanguageServer, path: Path) -> None:
    text = path.read_text()
    assert server.problems(re.sub(r"\$schema=\S+", f"$schema={SCHEMA}", text)) == []


def test_raw_is_a_known_tag(server: LanguageServer) -> None:
    assert server.problems(STEP + 'create: {body: {Image: a, Cmd: [echo, !raw "{{.Name}}"]}}\n') == []
    assert server.problems(STEP + 'create: {body: {Image: a, Cmd: [echo, !row "{{.Name}}"]}}\n') != []


def test_a_half_written_file_is_no_trouble(server: LanguageServer) -> None:
    for text in ("", "tit", "title: x\nsteps:\n  - cr", "title: x\nsteps:\n  - create: {body: {Ima", "\ufeff", "- [{"):
        server.problems(HEAD + text)
    assert "create" in server.completions(STEP + f"cr{CURSOR}")


def test_an_installed_schema_is_found_by_a_relative_path(server: LanguageServer) -> None:
    words = [
        sys.executable,
        "-m",
        "runner",
        "schema",
        "--install",
        str(server.workspace / ".schemas" / "x.schema.json"),
    ]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    head = "# yaml-language-server: $schema=.schemas/x.schema.json\n"
    assert "steps" in server.completions(head + CURSOR)
    assert server.problems(head + "title: x\nsteps:\n  - craete: a\n") != []


def test_the_name_of_the_file_is_enough(server: LanguageServer) -> None:
    """``*.scenario.yaml`` needs no comment with the settings of docs/editor.md."""
    assert server.problems("title: x\nsteps:\n  - craete: a\n", "scenario.yaml") != []
    assert server.problems("title: x\nsteps:\n  - craete: a\n") == []
