"""``runner.clean``: what a run left is found and removed, from Python as by the command."""

from __future__ import annotations

from pathlib import Path

import runner
from tests.engines import Docker

KEPT = """\
title: Leaves a volume
steps:
  - {id: made, volume.create: {body: {}}}
"""


def test_what_was_kept_is_found_and_removed(docker: Docker, tmp_path: Path) -> None:
    path = tmp_path / "kept.yaml"
    path.write_text(KEPT)
    report = runner.run(path, engine=docker.url, keep=True)
    assert report.status == "passed"
    (step,) = (step for step in report.scenarios[0].steps if step.id == "made")
    assert step.response is not None
    name = step.response.body["Name"]
    found = runner.clean(engine=docker.url, dry_run=True)
    assert name in {leftover.name for leftover in found.found}
    assert found.removed == ()
    assert runner.clean(engine=docker.url, older_than="1h").removed == ()
    gone: list[runner.Leftover] = []
    with runner.connect(docker.url) as engine:
        cleaned = runner.clean(engine=engine, on_removed=gone.append)
    assert cleaned.errors == ()
    assert gone == list(cleaned.removed)
    assert ("volume", name, "Leaves a volume") in {(one.kind, one.name, one.scenario) for one in cleaned.removed}
    assert runner.clean(engine=docker.url, dry_run=True).found == ()
