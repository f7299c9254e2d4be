"""``run plan``: commands that would do it, sent nowhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runner.api import operations
from tests.cli.helpers import ROOT, Command
from tests.engines import Docker

SCENARIO = """\
title: A plan
vars: {image: alpine, names: [one, two]}
secrets: [token]
steps:
  - id: create
    create:
      body: {Image: "{{ image }}", Env: ["TOKEN={{ token }}"]}
    capture: {box: body.Id, warnings: body.Warnings | length | string}
    defer:
      remove: {id: "{{ box }}", force: true}
  - {title: Look, inspect: "{{ steps.create.body.Id | short }}"}
  - {when: "warnings == '0'", start: "{{ box }}"}
  - {when: "image == 'busybox'", kill: "{{ box }}"}
  - id: many
    for_each: "{{ names }}"
    create: {name: "x-{{ item }}", body: {Image: alpine}}
    capture: {boxes: body.Id}
  - {for_each: "{{ boxes }}", remove: "{{ item }}"}
  - {for_each: "{{ steps.create.body.Warnings }}", inspect: "{{ item }}"}
  - {rename: {id: "{{ box }}", name: "{{ steps.create.body.Id | upper }}"}}
  - {set: {label: "box-{{ box }}"}}
  - {list: {filters: {label: "{{ label }}"}}}
"""


def plan(nowhere: Command, text: str = SCENARIO, *words: str) -> str:
    nowhere.write("x.yaml", text)
    done = nowhere("plan", "x.yaml", *words)
    assert done.code == 0, done.err
    assert done.err == ""
    return done.out


def test_captures_are_shell_variables(nowhere: Command) -> None:
    lines = plan(nowhere, SCENARIO, "--api-version", "1.41").splitlines()
    assert lines[:2] == ["# A plan", ': "${token:?set this secret first}"']
    text = "\n".join(lines)
    assert """"TOKEN='"$token"'\"""" in text
    assert 'box=$(jq -r .Id <<<"$response")' in text
    assert '"http://localhost/v1.41/containers/${create_Id:0:12}/json"' in text or "${box:0:12}/json" in text
    assert "#   only if: warnings == '0'" in text
    assert "/kill" not in text
    assert "containers/create?name=x-two" in text
    assert '"http://localhost/v1.41/containers/${boxes[1]}"' in text
    assert "#   for each item of: steps.create.body.Warnings" in text
    assert '"http://localhost/v1.41/containers/$item/json"' in text
    assert "#   depends on what a run brings: steps.create.body.Id | upper" in text
    assert 'label="box-$box"' in text
    assert lines[-1].endswith('"http://localhost/v1.41/containers/$box?force=1"')
    assert "engine-recipes" not in text


def test_nothing_is_sent_and_the_newest_version_is_spoken(nowhere: Command) -> None:
    assert f"/v{operations.newest_api()}/info" in plan(nowhere, "title: t\nsteps: [{info: }]\n")


def test_an_invalid_scenario(nowhere: Command) -> None:
    nowhere.write("x.yaml", "title: t\nsteps: [{strat: x}]\n")
    done = nowhere("plan", "x.yaml")
    assert (done.code, done.out) == (3, "")


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_has_a_plan_that_bash_can_read(nowhere: Command, path: Path) -> None:
    done = nowhere("plan", str(path))
    assert done.code == 0, done.err
    assert "depends on what a run brings" not in done.out
    subprocess.run(["bash", "-n"], input=done.out, text=True, check=True)


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("jq"), reason="no engine: curl or jq is missing")
def test_a_plan_runs_in_bash(docker: Docker, tmp_path: Path) -> None:
    command = Command(tmp_path, docker.url)
    done = command("plan", str(ROOT / "scenarios" / "run-a-container.yaml"), "--api-version", "1.41")
    ran = subprocess.run(["bash", "-e"], input=done.out, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "bin\ndev\netc\n" in ran.stdout
