"""An engine that does not meet a scenario's requirements: nothing runs, and the reason is told."""

from __future__ import annotations

import textwrap

import pytest

from runner.scenario.open import open_scenario
from tests.executor.helpers import NO_ENGINE, Player


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        ('{api: ">=1.41"}', None),
        ('{api: "1.40"}', None),
        ('{api: ">=1.24, <1.42"}', None),
        ("{engine: docker}", None),
        ("{engine: Docker}", None),
        ('{api: ">=1.9"}', None),
        ('{api: ">=1.42"}', "needs API >=1.42; this engine speaks 1.41"),
        ('{api: "<1.41"}', "needs API <1.41; this engine speaks 1.41"),
        ('{api: ">=1.100"}', "needs API >=1.100; this engine speaks 1.41"),
        ("{engine: podman}", "needs podman; this engine is docker"),
        ('{engine: podman, api: ">=1.42"}', "needs API >=1.42; this engine speaks 1.41"),
    ],
)
def test_api_and_engine(play: Player, requires: str, reason: str | None) -> None:
    assert NO_ENGINE.api_version == "1.41"
    played = play(f"requires: {requires}\nsteps:\n  - sleep: 0\nfinally:\n  - sleep: 0\n")
    assert played.status == ("passed" if reason is None else "skipped")
    assert played.scenario.reason == reason
    assert len(played.scenario.steps) == (2 if reason is None else 0)


@pytest.mark.parametrize(("swarm", "status"), [("true", "skipped"), ("false", "passed")])
def test_swarm(on_docker: Player, swarm: str, status: str) -> None:
    played = on_docker(f"requires: {{swarm: {swarm}}}\nsteps:\n  - sleep: 0\n")
    assert played.status == status
    if status == "skipped":
        assert played.scenario.reason == "needs a swarm manager"


def test_podman_has_no_swarm(on_podman: Player) -> None:
    assert on_podman("requires: {swarm: true}\nsteps:\n  - sleep: 0\n").status == "skipped"
    assert on_podman("requires: {engine: podman, swarm: false}\nsteps:\n  - sleep: 0\n").status == "passed"


INCLUDING = """
    steps:
      - id: sub
        include: {scenario: inner.yaml}
        defer: {id: undone, sleep: 0}
      - {id: uses, when: steps.sub is defined, check: [steps.sub.outputs.made == 1]}
"""


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        ("{engine: podman}", "needs podman; this engine is docker"),
        ("{api: '>=1.99'}", "needs API >=1.99; this engine speaks 1.41"),
        ("{engine: docker, api: '>=1.20'}", None),
    ],
)
def test_an_included_scenario_is_skipped_too(play: Player, requires: str, reason: str | None) -> None:
    play.write(
        f"title: inner\nrequires: {requires}\nsteps: [{{set: {{made: 1}}}}]\noutputs: {{made: made}}", "inner.yaml"
    )
    played = play(INCLUDING)
    assert played.status == "passed"
    assert played["sub"].reason == reason
    assert played["sub"].status == ("skipped" if reason else "passed")
    assert ("undone" in played.steps) is (reason is None)
    assert played["uses"].status == played["sub"].status
    unguarded = play.write(f"title: T\n{textwrap.dedent(INCLUDING.replace('when: steps.sub is defined, ', ''))}")
    assert [one.code for one in open_scenario(unguarded, "x.yaml", ()).warnings] == ["maybe-undefined"]
