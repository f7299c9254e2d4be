"""The handlers of last resort: a bug, recursion, a reader that has gone, Ctrl-C outside of a run, a page that can't be
written."""

from __future__ import annotations

import io

import pytest

from runner.cli.main import run_command
from runner.cli.output.console import Console
from runner.errors import ExitCode
from tests.cli.helpers import PASSES, Command

WORDS = ["operations", "config"]


class Stdout(io.StringIO):
    """A stream that can't be written to, for a reason of the test's."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def write(self, _text: str) -> int:
        raise self.error


def run(error: BaseException, *more: str) -> tuple[int, str]:
    console = Console(Stdout(error), io.StringIO(), {})
    console.secrets.add(["hunter2"])
    code = run_command([*WORDS, *more], console)
    assert isinstance(console.stderr, io.StringIO)
    return code, console.stderr.getvalue()


@pytest.mark.parametrize("error", [RuntimeError("hunter2 is odd"), KeyError("x"), MemoryError(), AssertionError()])
def test_a_bug_is_one_message_and_exit_code_70(error: Exception) -> None:
    code, err = run(error)
    assert int(code) == 70
    assert err.splitlines()[0].startswith(f"run: bug: {type(error).__name__}: ")
    assert "run it again with --debug" in err
    assert "hunter2" not in err
    assert "Traceback" not in err


def test_a_bug_under_debug_has_its_traceback() -> None:
    code, err = run(RuntimeError("hunter2 is odd"), "--debug")
    assert code is ExitCode.BUG
    assert "Traceback (most recent call last)" in err
    assert "RuntimeError: *** is odd" in err
    assert "hunter2" not in err


def test_recursion() -> None:
    for more in ([], ["--debug"]):
        code, err = run(RecursionError("maximum recursion depth exceeded"), *more)
        assert int(code) == 2
        assert "run: error[too-deep]: the input is nested too deeply" in err
        assert ("Traceback" in err) == bool(more)


def test_ctrl_c_outside_of_a_run() -> None:
    for more in ([], ["--debug"]):
        code, err = run(KeyboardInterrupt(), *more)
        assert int(code) == 130
        assert err.splitlines()[-1] == "interrupted"
        assert ("Traceback" in err) == bool(more)


def test_a_reader_that_has_gone() -> None:
    assert run(BrokenPipeError()) == (ExitCode.PASSED, "")


def test_a_full_disk() -> None:
    code, err = run(OSError(28, "No space left on device"))
    assert code is ExitCode.USAGE
    assert "error[cannot-write]: the standard output can't be written: No space left on device" in err


def test_a_stderr_that_is_gone_is_no_failure() -> None:
    console = Console(io.StringIO(), Stdout(OSError(5, "Input/output error")), {})
    assert run_command(["nothing.yaml"], console) is ExitCode.USAGE


def test_a_page_that_can_not_be_written_is_said_before_anything_runs(nowhere: Command) -> None:
    nowhere.write("x.yaml", PASSES)
    (nowhere.folder / "page.md").mkdir()
    done = nowhere("docs", "page.md")
    assert done.code == 2
    assert "there is no page in page.md" in done.err
    nowhere.write("x.yaml", PASSES)
    nowhere.write("p/page.md", "<!-- run: ../x.yaml -->\n<!-- /run -->\n")
    nowhere.write("link.md", "")
    (nowhere.folder / "link.md").unlink()
    (nowhere.folder / "link.md").symlink_to("/proc/version")
    done = nowhere("docs", "link.md")
    assert done.code == 2
    assert "error[cannot-write]: /proc/version can't be written" in done.err
