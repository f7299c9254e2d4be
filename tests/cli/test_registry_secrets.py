"""A password of the docker CLI's configuration, through the whole command: used, and in no output."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.masking import Masker
from tests.engines import Docker, Registry

SCENARIO = """
title: Push and log in
vars: {registry: "", password: ""}
steps:
  - image.tag: {name: alpine, repo: "{{ registry }}/shown", tag: "1"}
    defer: {image.remove: {name: "{{ registry }}/shown:1"}}
  - image.push: {name: "{{ registry }}/shown", tag: "1"}
  - auth: {body: {username: tester, password: "{{ password }}", serveraddress: "{{ registry }}"}}
  - request:
      method: POST
      path: "/images/{{ registry }}/shown/push?tag=1"
      headers: {X-Registry-Auth: "{{ {'username': 'tester', 'password': password} | json | b64encode }}"}
"""
SUFFIXES = ("md", "json", "ndjson")


def test_it_is_in_no_output(docker: Docker, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "push.yaml").write_text(SCENARIO)
    pair = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": pair}}}))
    outputs = [option for suffix in SUFFIXES for option in ("-o", f"out.{suffix}")]
    command = [sys.executable, "-m", "runner", "push.yaml", "-H", docker.url, "--record", "out.recording", *outputs]
    env = {
        **os.environ,
        "DOCKER_CONFIG": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parent.parent.parent),
        "RUN_VAR_REGISTRY": registry.address,
        "RUN_VAR_PASSWORD": registry.password,
    }
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    masker = Masker([registry.password])
    told = {path.name: path.read_text() for path in tmp_path.glob("out.*")}
    told |= {"stdout": done.stdout.decode(), "stderr": done.stderr.decode()}
    assert len(told) == len(SUFFIXES) + 3
    leaks = [name for name, text in told.items() if masker.text(text) != text]
    assert leaks == []
    assert "***" in told["out.json"]


@pytest.mark.parametrize("config", [{"credsStore": "missing"}, {"credHelpers": {"registry.test": "missing"}}])
def test_a_build_that_needs_no_registry_needs_no_helper(docker: Docker, tmp_path: Path, config: object) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text("FROM alpine\nENV A=1\n")
    (tmp_path / "build.yaml").write_text(
        "title: Build\nsteps:\n"
        "  - image.build: {body_dir: context, t: engine-recipes/no-registry}\n"
        "    defer: {image.remove: {name: engine-recipes/no-registry}}\n"
        "  - image.pull: {fromImage: registry.test/x, tag: '1'}\n"
    )
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "runner", "build.yaml", "-H", docker.url]
    env = {**os.environ, "DOCKER_CONFIG": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("credential-helper") == 1
    assert "no credentials from docker-credential-missing: it can't be started" in done.stderr


def test_a_build_that_needs_what_was_left_out_says_so(docker: Docker, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text(f"FROM {registry.address}/private:1\n")
    (tmp_path / "build.yaml").write_text("title: Build\nsteps:\n  - image.build: {body_dir: context}\n")
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {registry.address: "missing"}}))
    command = [sys.executable, "-m", "runner", "build.yaml", "-H", docker.url]
    env = {**os.environ, "DOCKER_CONFIG": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "failed[in-band-error]" in done.stderr
    assert (
        "credentials were left out: no credentials from docker-credential-missing: it can't be started" in done.stderr
    )
