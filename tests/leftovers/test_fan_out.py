"""Many at once leave nothing in this process either: no connection, no file, no thread."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

from tests.engines import Docker
from tests.executor.helpers import Player

ONE = """
    title: One container
    steps:
      - {create: {body: {Image: alpine, Cmd: ["true"]}}, capture: {box: body.Id}}
      - {id: out, attach: {id: "{{ box }}", stream: true, stdout: true}, background: true}
      - start: "{{ box }}"
      - {wait: "{{ box }}", expect: {body: {StatusCode: 0}}}
      - await: out
      - {when: item % 5 == 0, check: [1 == 2]}
      - remove: {id: "{{ box }}", force: true}
"""
MANY = """
    title: Many
    steps:
      - id: many
        for_each: {in: "{{ range(40) | list }}", parallel: 32}
        include: {scenario: one.yaml, vars: {item: "{{ item }}"}}
"""


def held() -> tuple[int, list[str]]:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), sorted(thread.name for thread in threading.enumerate())


def test_nothing_stays_open(docker: Docker, tmp_path: Path) -> None:
    play = Player(tmp_path, docker.url)
    play.write(ONE.replace("    title", "    vars: {item: 0}\n    title", 1), "one.yaml")
    play("steps:\n  - version: {}\n")  # what is loaded once
    before = held()
    played = play(MANY)
    assert held() == before
    each = played["many"].each
    assert each is not None
    assert [record.status for record in each] == ["failed", *["passed"] * 4] * 8
    # One failure lets the others finish, in the order of the list.
    assert [record.id for record in each] == [f"many[{number}]" for number in range(40)]
    assert sum(step.kind == "container.delete" for step in played.scenario.steps) == 8
    assert played.scenario.left == ()
