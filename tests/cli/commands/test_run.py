"""``run SCENARIO…``: exit codes, files, values, outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import FAILS, PASSES, Command
from tests.engine.scripted import Server


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_a_scenario_that_passes(command: Command) -> None:
    command.write("x.yaml", PASSES)
    done = command("x.yaml")
    assert done.code == 0
    assert done.out.startswith("# passes\n")
    told = lines(done.err)
    assert told[0].startswith("passes · Docker Engine 20.10.24 (API 1.41) at tcp://127.0.0.1:")
    assert told[1].startswith("✓ one sleep")
    assert told[2].startswith("1 scenario: 1 passed · 1 step in 0.")
    assert "\033" not in done.err


def test_a_step_that_fails(command: Command) -> None:
    command.write("x.yaml", FAILS)
    done = command("x.yaml")
    assert done.code == 1
    told = lines(done.err.partition("fails · ")[2])
    assert told[1].startswith("✗ bad check")
    assert told[2:6] == [
        "x.yaml:3:23: failed[expectation]: the expression is not true",
        "3 | - {id: bad, check: ['1 == 2']}",
        "| ^^^^^^^^",
        "1 == 2 → false",
    ]
    assert told[-1].startswith("1 scenario: 1 failed")


def test_everything_that_did_not_hold_is_told(command: Command) -> None:
    command.write("x.yaml", "title: t\nsteps:\n  - sleep: 0\n    expect: {that: [ok, not ok, attempts == 7, 1 == 1]}\n")
    err = command("x.yaml").err
    assert "failed[expectation]: the expression is not true" in err
    first, second = err.split("\n  also: ")
    assert "not ok" in first
    assert lines(second)[:3] == ["attempts == 7", "attempts == 7 → false", "attempts → 1"]


def test_what_follows_from_a_failure_has_no_block_of_its_own(command: Command) -> None:
    command.write(
        "x.yaml", "title: t\nsteps:\n  - {id: told, sleep: 9, background: true}\n" + FAILS.split("steps:\n")[1]
    )
    done = command("x.yaml", "--format", "none")
    assert done.code == 1
    assert "✗ told" in " ".join(lines(done.err))
    assert "failed[expectation]" in done.err
    assert "[interrupted]" not in done.err


def test_quiet_shows_only_what_went_wrong(command: Command) -> None:
    command.write("good.yaml", PASSES)
    command.write("bad.yaml", FAILS)
    assert command("good.yaml", "-q", "--format", "none").err == ""
    done = command("good.yaml", "bad.yaml", "-q", "--format", "none")
    assert (done.code, done.out) == (1, "")
    assert "failed[expectation]" in done.err
    assert "passes" not in done.err


def test_several_files_and_folders(command: Command) -> None:
    command.write("a/1.yaml", PASSES)
    command.write("a/deep/2.yaml", PASSES.replace("passes", "second"))
    command.write("a/values.yaml", "image: alpine\n")
    command.write("a/.hidden/3.yaml", "steps: broken")
    command.write("b.yaml", FAILS)
    done = command("a", "b.yaml", "--format", "json")
    assert done.code == 1
    report = json.loads(done.out)
    assert [(one["file"], one["status"]) for one in report["scenarios"]] == [
        ("a/1.yaml", "passed"), ("a/deep/2.yaml", "passed"), ("b.yaml", "failed"),
    ]  # fmt: skip
    assert lines(done.err)[-1].startswith("3 scenarios: 2 passed, 1 failed")


def test_one_invalid_file_and_nothing_is_sent(command: Command, greeter: Server) -> None:
    command.write("good.yaml", PASSES)
    command.write("bad.yaml", "title: bad\nsteps:\n  - start: '{{ contaner }}'\n")
    command.write("worse.yaml", "title: worse\nstep: []\n")
    done = command("good.yaml", "bad.yaml", "worse.yaml")
    assert (done.code, done.out) == (3, "")
    assert "bad.yaml:3:16: error[undefined-name]: 'contaner' is not defined here" in done.err
    assert "worse.yaml:" in done.err
    assert lines(done.err)[-1] == "nothing was sent: 2 scenarios are invalid"
    assert greeter.connections == 0


WRONG = {
    "nothing": ([], "which scenario?"),
    "an unknown option": (["x.yaml", "--formt", "json"], "did you mean '--format'?"),
    "an unknown verb": (["chek", "x.yaml"], "did you mean 'check'?"),
    "a missing file": (["y.yaml"], "y.yaml: there is no such file"),
    "a similar file": (["x.yml"], "did you mean 'x.yaml'?"),
    "a folder without scenarios": (["empty"], "empty: no scenarios in this folder"),
    "an unknown format": (["x.yaml", "--format", "pdf"], "there is no format 'pdf'"),
    "a suffix that says nothing": (["x.yaml", "-o", "report"], "can't tell the format of 'report' from its suffix"),
    "a folder that is not there": (["x.yaml", "-o", "none/report.md"], "there is no folder none"),
    "a report in the place of a folder": (["x.yaml", "-o", "folder.md"], "folder.md"),
    "a bad duration": (["x.yaml", "--timeout", "soon"], "--timeout"),
    "no jobs": (["x.yaml", "--jobs", "0"], "--jobs 0"),
    "jobs that are no number": (["x.yaml", "--jobs", "many"], "--jobs"),
    "a variable without a value": (["x.yaml", "--var", "image"], "NAME=VALUE"),
    "a reserved name": (["x.yaml", "--var", "body=1"], "'body' can't be a variable"),
    "a file of variables that is missing": (["x.yaml", "--vars-file", "v.yaml"], "v.yaml"),
    "a file of variables that is a list": (["x.yaml", "--vars-file", "list.yaml"], "a mapping of names to values"),
    "an address of no kind": (["x.yaml", "-H", "ftp://x"], "ftp"),
    "a host and a context": (["x.yaml", "-H", "unix:///x", "-c", "y"], "context"),
    "a version that is none": (["x.yaml", "--api-version", "latest"], "latest"),
    "a secret that is missing": (["secret.yaml"], "needs the secret 'password'"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_wrong_use(nowhere: Command, words: list[str], said: str) -> None:
    nowhere.write("x.yaml", PASSES)
    nowhere.write("list.yaml", "- a\n")
    nowhere.write("secret.yaml", "title: t\nsecrets: [password]\nsteps:\n  - check: [password]\n")
    nowhere.write("empty/notes.yaml", "a: 1\n")
    (nowhere.folder / "folder.md").mkdir()
    done = nowhere(*words)
    assert (done.code, done.out) == (2, ""), done.err
    assert said in done.err
    assert "run: error[" in done.err or ".yaml:" in done.err


INVALID = {
    "junk": b"\x7fELF\x02\x01\x01\x00\xff\xfe\x00",
    "latin-1": "title: caf\xe9\n".encode("latin-1"),
    "nothing": b"",
    "a list": b"- a\n",
    "an alias bomb": b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % (name - 1)] * 10)) for name in range(ord("b"), ord("j"))
    ),
    "deep nesting": b"title: t\nsteps: " + b"[" * 100 + b"]" * 100,
    "very deep nesting": b"title: t\nsteps: " + b"[" * 100_000,
    "a tag": b"title: t\nsteps:\n  - set: {a: !!python/object/apply:os.system ['true']}\n",
    "a key that stands twice": b"title: t\ntitle: u\nsteps:\n  - sleep: 0\n",
    "a way to Python": b"title: t\nsteps:\n  - check: [\"''.__class__.__mro__\"]\n",
    "not closed": b"title: t\nsteps:\n  - set: {a: '{{ 1 '}\n",
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
def test_invalid_files(nowhere: Command, data: bytes) -> None:
    (nowhere.folder / "x.yaml").write_bytes(data)
    done = nowhere("x.yaml")
    assert (done.code, done.out) == (3, ""), done.err
    assert "x.yaml" in done.err
    assert "error[" in done.err
    assert len(done.err) < 4000


def test_the_order_of_variables(command: Command) -> None:
    command.write("x.yaml", "title: t\nvars: {a: 1, b: 1, c: 1, d: 1}\nsteps:\n  - check: [a == 1]\n")
    command.write("v.yaml", "c: 3\nd: 3\n")
    words = ("x.yaml", "--vars-file", "v.yaml", "--var", "d=4", "--format", "json")
    done = command(*words, env={"RUN_VAR_B": "2", "RUN_VAR_C": "2", "RUN_VAR_d": "2"})
    assert done.code == 0, done.err
    values = json.loads(done.out)["scenarios"][0]["vars"]
    assert {name: values[name] for name in "abcd"} == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_a_secret_is_nowhere(command: Command) -> None:
    command.write("x.yaml", "title: t\nsecrets: [pw]\nsteps:\n  - {id: bad, check: [\"pw == 'guess'\"]}\n")
    done = command("x.yaml", "--format", "json", "-o", "x.md", env={"RUN_SECRET_PW": 'hush"hush'})
    assert done.code == 1
    everything = done.out + done.err + (command.folder / "x.md").read_text()
    assert "hush" not in everything
    assert "***" in done.err


def test_several_reports_at_once(command: Command) -> None:
    command.write("x.yaml", PASSES)
    done = command("x.yaml", "-q", "-o", "r.json", "-o", "r.md", "-o", "r.ndjson")
    assert (done.code, done.err) == (0, "")
    assert (command.folder / "r.md").read_text() == done.out
    assert json.loads((command.folder / "r.json").read_text())["status"] == "passed"
    for line in (command.folder / "r.ndjson").read_text().splitlines():
        json.loads(line)


def test_a_folder_that_can_not_be_written_to_is_told_before_anything_runs(command: Command, greeter: Server) -> None:
    command.write("x.yaml", PASSES)
    done = command("x.yaml", "-o", "/proc/r.md")
    assert done.code == 2
    assert "error[cannot-write]: /proc/r.md can't be written" in done.err
    assert greeter.connections == 0


def test_a_full_disk(command: Command) -> None:
    command.write("x.yaml", PASSES)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "runner", "x.yaml", "-q"],
            cwd=command.folder, env=command.environment(), stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_nobody_reads_the_report(command: Command, reader: str) -> None:
    steps = "\n".join(f"  - {{title: Step {number}, sleep: 0}}" for number in range(2000))
    command.write("x.yaml", f"title: long\nsteps:\n{steps}\n")
    shell = f"set -o pipefail; {sys.executable} -m runner x.yaml -q | {reader}"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=command.folder, env=command.environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_other_reports_are_written_though_nobody_reads_stdout(command: Command) -> None:
    steps = "\n".join(f"  - {{title: Step {number}, sleep: 0}}" for number in range(500))
    command.write("x.yaml", f"title: long\nsteps:\n{steps}\n")
    shell = f"set -o pipefail; {sys.executable} -m runner x.yaml -q -o r.json | true"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=command.folder, env=command.environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads((command.folder / "r.json").read_text())["status"] == "passed"


def test_closed_streams(command: Command) -> None:
    command.write("x.yaml", PASSES)
    shell = f"{sys.executable} -m runner x.yaml -o r.json"
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&-"):
        done = subprocess.run(
            ["bash", "-c", f"{shell} {closed}"], cwd=command.folder, env=command.environment(),
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (closed, done.stderr)
        assert b"Traceback" not in done.stderr
        assert json.loads((command.folder / "r.json").read_text())["status"] == "passed"
        (command.folder / "r.json").unlink()


def test_debug_shows_where_an_error_comes_from(nowhere: Command) -> None:
    nowhere.write("x.yaml", PASSES)
    assert "Traceback" in nowhere("x.yaml", "--debug").err


def test_the_default_time_of_a_step(command: Command) -> None:
    command.write("x.yaml", "title: t\nsteps:\n  - {id: long, sleep: 20s}\n")
    done = command("x.yaml", "--timeout", "3s", "--format", "none")
    assert done.code == 1
    assert "failed[timeout]: not done within 3 s" in done.err


def test_keep_going(command: Command) -> None:
    command.write("x.yaml", FAILS + "  - {id: next, set: {a: 1}}\n")
    assert "- next" in " ".join(lines(command("x.yaml", "--format", "none").err))
    assert "✓ next" in " ".join(lines(command("x.yaml", "--format", "none", "--keep-going").err))


def test_skipped_is_no_failure(command: Command) -> None:
    command.write("x.yaml", "title: t\nrequires: {engine: podman}\nsteps:\n  - sleep: 0\n")
    done = command("x.yaml", "--format", "json")
    assert done.code == 0
    scenario = json.loads(done.out)["scenarios"][0]
    assert scenario["status"] == "skipped"
    assert "skipped: needs podman; this engine is docker" in done.err


def test_outputs_that_fail_are_told(command: Command) -> None:
    command.write("x.yaml", "title: t\nvars: {d: {}}\nsteps:\n  - sleep: 0\noutputs: {a: d.missing}\n")
    done = command("x.yaml", "--format", "none")
    assert done.code == 1
    assert "x.yaml:5:16: error[undefined-name]: there is no 'missing' here" in done.err


def test_files_side_by_side(command: Command) -> None:
    for number in range(4):
        command.write(f"{number}.yaml", f"title: t{number}\nsteps:\n  - sleep: {1 - number / 5}\n")
    done = command(".", "--jobs", "4", "--format", "json")
    assert done.code == 0
    report = json.loads(done.out)
    assert [one["title"] for one in report["scenarios"]] == ["t0", "t1", "t2", "t3"]
    assert report["duration_ms"] < 1000 * (1 + 0.8 + 0.6 + 0.4), "they ran one after the other"


def test_a_document_keeps_its_mode_and_its_old_text_until_the_end(command: Command) -> None:
    command.write("x.yaml", PASSES)
    report = command.write("r.md", "old")
    report.chmod(0o640)
    assert command("x.yaml", "-q", "--format", "none", "-o", "r.md").code == 0
    assert report.read_text().startswith("# passes")
    assert report.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in command.folder.iterdir()} - {".cache"} == {"r.md", "x.yaml"}
