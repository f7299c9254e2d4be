"""Names that a shell, or Python, owns are variables under another name, the same one all over a page."""

from __future__ import annotations

import builtins
import keyword
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.snippets.names import Names, python_identifier, shell_identifier
from runner.report.snippets.python.docker_py import Program
from runner.report.snippets.session import Session, Snippet
from runner.report.snippets.shell.curl import Script
from runner.report.snippets.shell.docker_cli import Commands
from runner.results.records import StepRecord
from tests.report.factories import LONG, call, create, sources, step

SOCKET = "unix:///var/run/docker.sock"
OWNED = ("PATH", "IFS", "UID", "HOME", "PROMPT_COMMAND", "RANDOM", "SECONDS", "BASH_VERSION", "_", "PS1", "DOCKER_HOST")
OWNED_BY_ZSH = ("path", "status", "argv", "cdpath", "prompt", "http_proxy", "response")


@pytest.mark.parametrize("name", [*OWNED, *OWNED_BY_ZSH])
def test_what_a_shell_owns_is_renamed(name: str) -> None:
    assert shell_identifier(name) == f"my_{name}"


@pytest.mark.parametrize("name", ["container", "Id", "image_1", "c"])
def test_other_names_stay(name: str) -> None:
    assert shell_identifier(name) == python_identifier(name) == name


@pytest.mark.parametrize("name", [*keyword.kwlist, "list", "id", "docker", "client", "time", "answer", "file"])
def test_what_python_owns_is_renamed(name: str) -> None:
    assert python_identifier(name) == f"{name}_"


def test_every_builtin_is_renamed() -> None:
    assert not [name for name in dir(builtins) if python_identifier(name) == name]


def test_what_bash_sets_itself_is_renamed() -> None:
    done = subprocess.run(["bash", "-c", "compgen -v"], capture_output=True, text=True, check=True)
    assert not [name for name in done.stdout.split() if shell_identifier(name) == name]


@given(st.lists(st.from_regex(r"[A-Za-z_]\w*", fullmatch=True), min_size=1, max_size=6, unique=True))
def test_two_names_never_become_one(given_names: list[str]) -> None:
    captured = step(captured=dict.fromkeys(given_names, "x"))
    for identifier in (shell_identifier, python_identifier):
        names = Names(identifier, [captured])
        made = [names.variable(name) for name in given_names] + [names.job(name) for name in given_names]
        assert len(set(made)) == len(made)
        assert (
            all(name.isidentifier() and not keyword.iskeyword(name) for name in made) or identifier is shell_identifier
        )
        if identifier is shell_identifier:
            assert all(name.isascii() and name.isidentifier() for name in made)


@pytest.mark.parametrize("session", [Script, Commands, Program])
def test_the_rename_is_the_same_all_over_a_page(session: type[Script | Commands | Program]) -> None:
    made = create(captured={"PATH": LONG}, capture_sources=sources(PATH="body.Id"))
    loop = create(each=(made,), captured={"list": [LONG[::-1]]}, capture_sources=sources(list="body.Id"))
    start = call("ContainerStart", "POST", f"/containers/{LONG}/start")
    codes = snippets(session(SOCKET, (made, loop, start)), made, loop, start)
    name = "PATH" if session is Program else "my_PATH"
    assert codes[0] is not None
    assert codes[2] is not None
    assert f"{name} = client" in codes[0] or f"{name}=$(" in codes[0]
    assert name in codes[2]


@pytest.mark.parametrize("session", [Script, Commands])
def test_the_reader_s_shell_keeps_what_it_owns(session: type[Script | Commands]) -> None:
    names = {name: f"value {number}" for number, name in enumerate((*OWNED, *OWNED_BY_ZSH, "PATH_", "my_PATH"))}
    (code,) = snippets(session(SOCKET, (assigned := step(kind="set", captured=names),)), assigned)
    assert code is not None
    lines = {line.partition("=")[0] for line in code.splitlines()}
    assert len(lines) == len(names)
    assert not lines & {*OWNED, *OWNED_BY_ZSH}
    done = subprocess.run(
        ["bash", "-eu", "-c", f'{code}\nls / > /dev/null; printf %s "$HOME"'], capture_output=True, check=True
    )
    assert not done.stderr


def test_a_variable_that_is_assigned_anew_does_not_stand_for_its_old_value() -> None:
    first, second = create(), create(captured={"container": LONG[::-1]}, capture_sources=sources(container="body.Id"))
    start = call("ContainerStart", "POST", f"/containers/{LONG}/start")
    steps = (first, second, start)
    assert "$container" not in (snippets(Script(SOCKET, steps), *steps)[2] or "")
    assert snippets(Commands(SOCKET, steps), *steps)[2] is None, "the first id is lost to the reader"


def snippets(session: Session, *steps: StepRecord) -> list[str | None]:
    made = [session.snippet(each) for each in steps]
    return [snippet.code if isinstance(snippet, Snippet) else None for snippet in made]
