"""Secrets are used everywhere, and are found in no output, in none of their encodings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.report.formats import FORMATS
from tests.cli.helpers import Command
from tests.test_masking import survivors

SECRETS = {
    "token": "s3cr:t/+&%=value",
    "quoted": """it's "quoted" \\ and `more` <b>""",
    "foreign": "pässwörd-€-\U0001f600",
    "key": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----",
}
SCENARIO = r"""
    title: secrets
    secrets: [token, quoted, foreign, key]
    steps:
      - set: {all: "{{ [token, quoted, foreign, key] }}"}
      - title: "Create it with {{ token }} and {{ quoted }}"
        about: "{{ foreign }}"
        create:
          body:
            Image: alpine
            Tty: false
            OpenStdin: true
            StdinOnce: true
            Env: ["TOKEN={{ token }}", "QUOTED={{ quoted }}", "FOREIGN={{ foreign }}", "KEY={{ key }}"]
            Labels: {"{{ token }}": "{{ all | json }}", auth: "{{ ('user:' ~ foreign) | b64encode }}"}
            # Printed byte by byte, so that each is a frame of its own.
            Cmd:
              - sh
              - -c
              - |
                env; printf %s "$FOREIGN" | while read -r -n 1 sign; do printf %s "$sign"; sleep 0.01; done
                printf '%s\n' "$TOKEN" "$KEY" | base64 >&2; printf %s "$FOREIGN" | base64; echo "$QUOTED" >&2; cat
        capture: {box: body.Id, again: "token ~ ' ' ~ quoted"}
      - id: out
        attach: {id: "{{ box }}", stream: true, stdout: true, stderr: true, stdin: "{{ all | join('/') }}"}
        background: true
      - start: "{{ box }}"
      - await: out
      - logs: {id: "{{ box }}", stdout: true, stderr: true}
        take: {items: 3}
        capture: {lines: items}
      - inspect: "{{ box }}"
        expect: {body: {Config: {Labels: {auth: "{{ ('user:' ~ foreign) | b64encode }}"}}}}
      - {id: query, list: {all: true, filters: {label: ["{{ quoted }}={{ foreign }}"], name: ["{{ token }}"]}}}
      - request:
          method: GET
          path: /version
          headers: {X-Token: "{{ token }}", Authorization: "Basic {{ ('me:' ~ token) | b64encode }}"}
          query: {q: "{{ all | join(' ') }}"}
      - for_each: "{{ all }}"
        set: {one: "{{ item }}"}
      - image.push: {name: "127.0.0.1:1/none", X-Registry-Auth: {username: "{{ token }}", password: "{{ foreign }}"}}
        expect: {status: [200, 404]}
      # Failures show what they compare, and the engine repeats what it was given.
      - {id: refused, inspect: "none-{{ token | replace('/', '') }}", expect: {status: 404}}
      - {id: engines, create: {name: "{{ quoted }}", body: {Image: alpine}}}
      - {id: compared, check: ["token == foreign", "quoted in [key]"]}
      - {id: texts, version: {}, expect: {body: {Version: "{{ quoted }}"}, that: ["body.Version == key ~ token"]}}
      - {id: long, check: ["('x' * 90 ~ token ~ foreign) == quoted"]}
    outputs: {all: all}
"""


@pytest.fixture
def secretive(on_docker: Command) -> Command:
    on_docker.write("x.yaml", SCENARIO)
    on_docker.env = {f"RUN_SECRET_{name.upper()}": value for name, value in SECRETS.items()}
    return on_docker


def look(text: str, where: str) -> None:
    for name, secret in SECRETS.items():
        assert survivors(secret, text) == [], (where, name)
    for line in SECRETS["key"].splitlines():
        assert line not in text, where
    assert "***" in text, where


def test_no_output_holds_a_secret(secretive: Command, tmp_path: Path) -> None:
    outputs = [f"out{suffix}" for suffix in (".md", ".json", ".ndjson", ".xml", ".html", ".cast")]
    options = [word for name in outputs for word in ("-o", name)]
    done = secretive("x.yaml", *options, "--live", "--keep-going", "--follow", "--record", "record.json")
    steps = json.loads((tmp_path / "out.json").read_text())["scenarios"][0]["steps"]
    failed = [step["id"] for step in steps if step["status"] != "passed"]
    assert failed == ["engines", "compared", "texts", "long"], done.err
    look(done.out, "stdout")
    look(done.err, "stderr")
    for name in [*outputs, "record.json"]:
        look((tmp_path / name).read_text(), name)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"none"}))
def test_no_format_on_stdout_does(secretive: Command, name: str) -> None:
    secretive.write("x.yaml", SCENARIO.partition("      - image.push")[0])
    done = secretive("x.yaml", "--format", name, "-q")
    assert (done.code, done.err) == (0, "")
    if name not in ("junit", "github", "summary"):  # they hold nothing of steps that passed
        look(done.out, name)
    assert not any(survivors(secret, done.out) for secret in SECRETS.values())


def test_a_plan_asks_for_them(secretive: Command) -> None:
    done = secretive("plan", "x.yaml")
    assert done.code == 0, done.err
    assert not any(survivors(secret, done.out + done.err) for secret in SECRETS.values())
    assert "set this secret first" in done.out


def test_errors_outside_of_runs(nowhere: Command) -> None:
    """Also under --debug."""
    for words in (["-o", f"{SECRETS['foreign']}.none"], ["-H", f"tcp://{SECRETS['foreign']}:1"]):
        nowhere.write("x.yaml", "title: x\nsecrets: [a]\nsteps: [{sleep: 0}]\n")
        for debug in ([], ["--debug"]):
            done = nowhere("x.yaml", "--secret", f"a={SECRETS['foreign']}", *words, *debug)
            assert done.code in (2, 4)
            assert survivors(SECRETS["foreign"], done.out + done.err) == [], done.err
            assert ("Traceback" in done.err) == bool(debug)


def test_one_without_its_name(nowhere: Command) -> None:
    done = nowhere("x.yaml", "--secret", "hunter2hunter2")
    assert done.code == 2
    assert "hunter2" not in done.err


@pytest.mark.parametrize("secret", ["pass", "1", "e", "steps", "200", "passed", "status", "scenario", "sleep", "one"])
def test_an_everyday_word_masks_nothing_of_the_command(command: Command, secret: str) -> None:
    command.write("x.yaml", "title: t\nsecrets: [pw]\nsteps:\n  - {id: one, sleep: 0}\n  - set: {a: '{{ pw }}'}\n")
    done = command("x.yaml", "--secret", f"pw={secret}", "-o", "r.md", "--format", "json")
    assert done.code == 0, done.err
    lines = [line.split() for line in done.err.splitlines() if line.strip()]
    assert [line[:3] for line in lines if line[0] == "✓"] == [["✓", "one", "sleep"], ["✓", "set_2", "set"]]
    assert " ".join(lines[-1]).startswith("1 scenario: 1 passed · 2 steps in 0.")
    assert ("warning[short-secret]" in done.err) is (len(secret) < 4)
    assert json.loads(done.out)["scenarios"][0]["steps"][1]["captured"] == {"a": "***"}
    assert (command.folder / "r.md").read_text().startswith("# t\n")
