"""Test that what an API version lacks of what a scenario uses, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.scenario.checks.api_versions import lacking, unmet_bound
from runner.scenario.open import open_scenario

TEXT = """\
title: T
steps:
  - create:
      platform: linux/amd64
      body:
        Image: alpine
        HostConfig:
          Annotations: {a: b}
          KernelMemory: 5
  - {image.list: {manifests: true}, when: engine.api_version == '1.47'}
  - parallel:
      - {image.list: {manifests: "{{ true }}"}}
    defer:
      - {wait: {id: x, condition: removed}}
finally:
  - include: {scenario: in.yaml}
"""
INCLUDED = "title: I\nsteps:\n  - image.list: {manifests: true}\n"


def lacks(folder: Path, api: str, text: str = TEXT) -> list[str]:
    (folder / "x.yaml").write_text(text)
    (folder / "in.yaml").write_text(INCLUDED)
    scenario = open_scenario(folder / "x.yaml", "x.yaml", ()).scenario
    return [f"{one.place} {one.message.partition('no ')[2]}" for one in lacking(scenario, api)]


def test_what_is_not_there_yet_and_what_is_gone(tmp_path: Path) -> None:
    assert lacks(tmp_path, "1.29") == [
        "x.yaml:4:7 parameter 'platform' yet",
        "x.yaml:8:11 field 'HostConfig.Annotations' yet",
        "x.yaml:12:23 parameter 'manifests' yet",
        "x.yaml:14:24 parameter 'condition' yet",
        "in.yaml:3:18 parameter 'manifests' yet",
    ]
    assert lacks(tmp_path, "1.55") == ["x.yaml:9:11 field 'HostConfig.KernelMemory' any more"]


def test_an_operation_that_is_not_there(tmp_path: Path) -> None:
    assert lacks(tmp_path, "1.29", "title: T\nsteps:\n  - config.list:\n") == ["x.yaml:3:5 operation 'config.list' yet"]


def test_a_scenario_that_would_be_skipped_lacks_nothing(tmp_path: Path) -> None:
    assert lacks(tmp_path, "1.29", 'requires: {api: ">=1.47"}\n' + TEXT) == []


@pytest.mark.parametrize(
    ("bounds", "version", "unmet"),
    [
        ((), "1.41", None),
        (((">=", "1.9"),), "1.41", None),
        (((">=", "1.42"),), "1.41", ">=1.42"),
        (((">=", "1.40"), ("<", "1.41")), "1.41", "<1.41"),
        ((("!=", "1.41"),), "1.41", "!=1.41"),
        ((("=", "1.41"), ("==", "1.41")), "1.41", None),
        (((">", "1.41"),), "1.41", ">1.41"),
        ((("<=", "1.41"),), "1.100", "<=1.41"),
    ],
)
def test_bounds(bounds: tuple[tuple[str, str], ...], version: str, unmet: str | None) -> None:
    assert unmet_bound(bounds, version) == unmet
