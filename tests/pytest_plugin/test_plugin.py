"""The pytest plugin, in sessions of its own: on real engines, on recordings, and without either."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from tests.cli.helpers import FAILS, PASSES, ROOT
from tests.engines import Docker

pytest_plugins = ["pytester"]

SHIPPED = ROOT / "scenarios"
STEPS = "title: look\nsteps:\n  - version:\n"
REPLAYED = "run-a-container"


@pytest.fixture(autouse=True)
def surroundings(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine, unless a test names one; the runner of this checkout."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{pytester.path}/none.sock")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\n")


def play(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*words, timeout=120)


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, runner.pytest_plugin.plugin;"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('runner', 'yaml', 'requests', 'jinja2')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['runner', 'runner.pytest_plugin', 'runner.pytest_plugin.plugin']\n"


def test_what_is_a_test(pytester: pytest.Pytester) -> None:
    """By its name, by the configuration, by an option; and not otherwise. No engine is asked."""
    for name in ("a.scenario.yaml", "other.yaml", "mine/b.yaml", "named/c.yaml", "named/deep/d.yaml"):
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PASSES)
    (pytester.path / "named" / "values.yaml").write_text("a: 1\n")
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\nscenarios = named\n")
    found = play(pytester, "--collect-only", "-q", "--scenarios", "mine/b.yaml").stdout.lines
    assert [line for line in found if "::" in line] == [
        "a.scenario.yaml::a",
        "mine/b.yaml::b",
        "named/c.yaml::c",
        "named/deep/d.yaml::d",
    ]
    found = play(pytester, "--collect-only", "-q", "a.scenario.yaml").stdout.lines
    assert [line for line in found if "::" in line] == ["a.scenario.yaml::a"]
    wrong = play(pytester, "--scenarios", "nowhere")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["ERROR: scenarios: *nowhere: there is no such file"])


def test_an_invalid_file_is_an_error_of_the_collection(pytester: pytest.Pytester) -> None:
    (pytester.path / "x.scenario.yaml").write_text('title: x\nsteps:\n  - start: "{{ contaner }}"\n')
    done = play(pytester)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(
        ["E   x.scenario.yaml:3:16: error[[]undefined-name]: 'contaner' is not defined here", "E *^^^^^^^^"]
    )


def test_recordings_failures_and_misses(pytester: pytest.Pytester) -> None:
    shutil.copy(SHIPPED / f"{REPLAYED}.yaml", pytester.path)
    shutil.copy(SHIPPED / "recordings" / f"{REPLAYED}.json", pytester.path / "web.json")
    (pytester.path / "fails.yaml").write_text(FAILS)
    pytester.makepyfile(
        f"""
        import urllib.error, urllib.request
        import pytest

        @pytest.fixture
        def engine(engine_from_recording):
            return engine_from_recording("web.json", listen="tcp://127.0.0.1:0")

        def test_passes(run_scenario):
            assert run_scenario("{REPLAYED}.yaml").status == "passed"

        def test_looks_at_the_report(run_scenario):
            assert run_scenario("fails.yaml", check=False).status == "failed"

        def test_fails(run_scenario):
            run_scenario("fails.yaml")

        def test_misses(engine):
            with pytest.raises(urllib.error.HTTPError, match="501"):
                urllib.request.urlopen(engine.url.replace("tcp", "http") + "/info")
        """
    )
    done = play(pytester)
    done.assert_outcomes(passed=3, failed=1, errors=1)
    done.stdout.fnmatch_lines(
        ['>*run_scenario("fails.yaml")', "E *fails.yaml:3:23: failed[[]expectation]: *", "E *1 == 2 * false"]
    )
    done.stdout.fnmatch_lines(["E *StepError: * has no response for GET /info"])
    assert "run_checked" not in done.stdout.str(), "the plugin's own lines are hidden"


def test_without_an_engine_it_says_which(pytester: pytest.Pytester) -> None:
    (pytester.path / "x.scenario.yaml").write_text(STEPS)
    pytester.makepyfile("def test_it(engine_session): pass")
    done = play(pytester)
    done.assert_outcomes(failed=1, errors=1)
    message = "E   run: error[engine-unreachable]: no engine answers at unix://"
    assert sum(line.startswith(message) for line in done.stdout.lines) == 2
    assert "Traceback" not in done.stdout.str()


def test_real_engines_and_workers(pytester: pytest.Pytester, docker: Docker) -> None:
    """Scenarios side by side, with the option for the engine; skipped where the engine lacks something."""
    for name in ("run-a-container", "exec-with-stdin", "networks"):
        shutil.copy(SHIPPED / f"{name}.yaml", pytester.path / f"{name}.scenario.yaml")
    (pytester.path / "swarm.scenario.yaml").write_text(f'requires: {{api: ">=9.0"}}\ntags: [future-api]\n{STEPS}')
    done = play(pytester, "-n", "2", "--engine-host", docker.url, "-rs", "--strict-markers")
    done.assert_outcomes(passed=3, skipped=1)
    assert "9.0" in done.stdout.str()
    found = play(pytester, "-m", "future-api", "--collect-only", "-q", "--strict-markers").stdout.lines
    assert [line for line in found if "::" in line] == ["swarm.scenario.yaml::swarm"]
    assert play(pytester, "-m", "not scenario").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_the_examples_of_the_page(pytester: pytest.Pytester, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "pytest.md").read_text()
    for name, text in re.findall(r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (pytester.path / name).write_text(text)
    shutil.copy(SHIPPED / "recordings" / f"{REPLAYED}.json", pytester.path / "greet.json")
    monkeypatch.setenv("DOCKER_HOST", docker.url)
    done = play(pytester)
    done.assert_outcomes(passed=3, failed=1)
    shown = page.partition("$ pytest hello.scenario.yaml\n")[2].partition("```")[0]
    for line in shown.splitlines():
        if line.startswith("E ") and "hello.scenario.yaml" not in line:
            assert line in done.stdout.lines
