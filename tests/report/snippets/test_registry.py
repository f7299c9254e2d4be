"""The registry of snippet languages: what a new row must have, and that nobody else knows the languages."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from runner.api.operations import all_operations
from runner.report.html.page import render as html
from runner.report.markdown.page import render as markdown
from runner.report.snippets.languages import FIRST, LANGUAGES, Language, snippets_of
from runner.report.snippets.session import Gap, Session, Snippet
from runner.results.records import RequestRecord, ResponseRecord, StepRecord
from tests.report.factories import LONG, call, create, report, step
from tests.scenarios.helpers import ROOT

SOCKET = "unix:///var/run/docker.sock"


@pytest.mark.parametrize(("name", "row"), LANGUAGES.items(), ids=LANGUAGES)
def test_a_row_is_whole(name: str, row: Language) -> None:
    assert row.name == name
    assert all((row.label, row.phrase, row.highlight))
    session = row.load()(SOCKET, [create()])
    assert isinstance(session, Session)
    made = session.snippet(create())
    assert isinstance(made, Snippet)
    assert made.sets == {"container"}
    started = session.snippet(call("ContainerStart", "POST", f"/containers/{LONG}/start"))
    assert isinstance(started, Snippet)
    assert LONG not in started.code, "a captured value is not read from its variable"


def test_rows_can_be_told_apart() -> None:
    for field in ("name", "label", "phrase", "highlight"):
        assert len({getattr(row, field) for row in LANGUAGES.values()}) == len(LANGUAGES)
    assert next(iter(LANGUAGES.values())) == FIRST


@pytest.mark.parametrize("row", LANGUAGES.values(), ids=LANGUAGES)
def test_documents_show_every_row(row: Language) -> None:
    made = report(create())
    code = snippets_of(SOCKET, [create()], (row,))[0].snippets[row.name].code
    assert f"```{row.highlight}\n{code}\n```" in markdown(made)
    assert row == FIRST or row.phrase.replace("`", "") in markdown(made)
    assert f'data-name="{row.label}"' in html(made)


def test_no_language_is_loaded_before_it_is_used() -> None:
    program = "import sys; import runner.report.snippets.languages; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {
        "runner.report.snippets.shell.curl",
        "runner.report.snippets.python.docker_py",
        "runner.report.snippets.calls",
    } & set(done.stdout.split())


def test_one_pass_gives_each_step_what_its_languages_have() -> None:
    inner = create(id="inner", captured={})
    steps = (create(), step(kind="parallel", steps=(inner,)), step(kind="check"), skipped())
    nodes = snippets_of(SOCKET, steps)
    assert [node.step for node in nodes] == list(steps)
    assert set(nodes[0].snippets) == set(LANGUAGES)
    assert [set(child.snippets) for child in nodes[1].children] == [set(LANGUAGES)]
    assert [(node.snippets, node.gaps) for node in nodes[1:]] == [({}, {})] * 3


def test_a_setup_is_with_the_first_snippet_that_needs_it() -> None:
    logs = call("ContainerLogs", "GET", f"/containers/{LONG}/logs", request={"query": {"stdout": "1"}})
    nodes = snippets_of(SOCKET, (create(), logs, logs))
    assert [len(node.snippets["curl"].setups) for node in nodes] == [0, 1, 0]


def skipped() -> StepRecord:
    return step(status="skipped", reason="no", operation="ContainerStart")


@pytest.mark.parametrize("row", LANGUAGES.values(), ids=LANGUAGES)
def test_every_kind_has_a_snippet_or_a_reason(row: Language) -> None:
    """A table of kinds and languages without an empty cell; ``requests`` has every operation."""
    lacking = []
    for operation in all_operations():
        path = re.sub(r"\{\w+\}", "x", operation.path)
        body = {"Image": "alpine"} if operation.body == "json" else None
        upload = "@x.tar" if operation.body == "tar" else None
        made = call(
            operation.id, operation.method, path, {}, kind=operation.name, request={"body": body, "upload": upload}
        )
        snippet = row.load()(SOCKET, [made]).snippet(made)
        if isinstance(snippet, Gap):
            lacking.append(operation.id)
            assert " " in snippet.reason
        elif (row.name, operation.id) != ("docker-cli", "ContainerExec"):  # whose command is that of the next call
            assert isinstance(snippet, Snippet)
            assert snippet.code
    assert row.name != "requests" or not lacking
    background = call("ContainerAttach", "POST", "/containers/x/attach", id="out", background=True)
    others = [
        step(kind="set", captured={"a": "b"}),
        step(kind="sleep", duration_ms=10.0),
        step(kind="request", request=RequestRecord("GET", "/v1.41/_ping"), response=ResponseRecord(200, body="OK")),
        step(kind="await", awaits="out"),
    ]
    session = row.load()(SOCKET, [background, *others])
    session.snippet(background)
    for other in others:
        assert isinstance(session.snippet(other), (Snippet, Gap)), other.kind
    for kind in ("check", "parallel", "include"):
        assert session.snippet(step(kind=kind)) is None
