"""``run operations``: the table for people and for programs, and coverage."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import runner
from runner.api import operations
from runner.cli.commands.operations import main
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.report import json as json_report
from runner.results.records import ResponseRecord, StepRecord
from tests.report import factories


def console() -> Console:
    return Console(io.StringIO(), io.StringIO(), {})


def output(*arguments: str) -> str:
    stdout = io.StringIO()
    assert main(list(arguments), Console(stdout, io.StringIO(), {})) is ExitCode.PASSED
    return stdout.getvalue()


def test_the_table_of_a_noun_is_aligned() -> None:
    lines = output("config").splitlines()
    assert [line.split()[0] for line in lines] == [
        *("config.list", "config.create", "config.inspect", "config.delete", "config.update")
    ]
    assert len({line.index("/configs") for line in lines}) == 1
    assert lines[3].split()[1:] == ["DELETE", "/configs/{id}", "since", "1.30", "config.remove"]


def test_it_says_what_does_not_end() -> None:
    assert output("stats").rstrip().endswith("stats  stream: endless without stream=0 or take")
    assert "endless without until or take" in output("events")


def test_all_of_them_as_json() -> None:
    rows = json.loads(output("--format", "json"))
    newest = operations.newest_api()
    for row, operation in zip(rows, operations.all_operations(), strict=True):
        names = ("name", "in", "type", "required", "default", "allowed", "since", "until")
        facts = [
            (one.name, one.place, one.type, one.required, one.default, list(one.allowed), one.since, one.until)
            for one in operation.params
        ]
        assert row == {
            "name": operation.name,
            "aliases": list(operation.aliases),
            "operation": operation.id,
            "method": operation.method,
            "path": operation.path,
            "since": operation.since,
            "parameters": [dict(zip(names, values, strict=True)) for values in facts],
            "success": list(operation.success),
            "answer": operation.answer,
            "endless": operation.endless,
            "body": operation.body,
            "reference": f"https://docs.docker.com/reference/api/engine/version/v{newest}/#operation/{operation.id}",
        }


def test_one_as_json() -> None:
    (row,) = json.loads(output("container.stop", "--format", "json"))
    assert row == {
        "name": "container.stop",
        "aliases": ["stop"],
        "operation": "ContainerStop",
        "method": "POST",
        "path": "/containers/{id}/stop",
        "since": "1.25",
        "parameters": [
            parameter("id", "path", required=True),
            parameter("signal", "query", since="1.42"),
            parameter("t", "query", type="integer"),
        ],
        "success": [204, 304],
        "answer": "none",
        "endless": None,
        "body": None,
        "reference": f"https://docs.docker.com/reference/api/engine/version/v{operations.newest_api()}/#operation/ContainerStop",
    }


def parameter(name: str, place: str, **more: Any) -> dict[str, Any]:
    fields = {"type": "string", "required": False, "default": None, "allowed": [], "since": "1.25", "until": None}
    return {"name": name, "in": place, **fields, **more}


def test_nouns_names_and_aliases_choose() -> None:
    assert [line.split()[0] for line in output("task", "image.pull", "exec").splitlines()] == [
        *("image.create", "exec.start", "exec.resize", "exec.inspect", "task.list", "task.inspect", "task.logs")
    ]


@pytest.mark.parametrize(("word", "hint"), [("contaner", "did you mean 'container'?"), ("zzz", "the nouns are build,")])
def test_a_word_that_it_does_not_know(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        main([word], console())
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def step(operation: str | None, status: int | None = 200, **inner: Any) -> StepRecord:
    return factories.step(operation=operation, response=ResponseRecord(status) if status else None, **inner)


def report(tmp_path: Path, name: str, *steps: StepRecord) -> str:
    file = tmp_path / name
    file.write_text(json_report.render(factories.report(*steps)))
    return str(file)


def test_coverage_counts_what_succeeded_wherever_it_stands(
    tmp_path: Path,
) -> None:
    first = report(
        tmp_path,
        "a.json",
        step("ConfigList"),
        step("ConfigCreate", None),
        step("ConfigInspect", 404),
        step(None),
        step(None, None, each=(step("ConfigList"), step(None, steps=(step("ConfigDelete", 204),)))),
    )
    second = report(tmp_path, "b.json", step("ConfigList"), step("NoSuchThing"))
    shown = output("config", "--coverage", first, second)
    exercised, _, left = shown.partition("not exercised\n")
    assert [line.split()[:2] for line in exercised.splitlines()[1:]] == [["config.list", "3"], ["config.delete", "1"]]
    assert [line.split()[0] for line in left.splitlines()[:-3]] == [
        *("config.create", "config.inspect", "config.update")
    ]
    assert shown.splitlines()[-3:] == [
        "2 of 5 operations: 40.0 %",
        "3 of 20 documented statuses: 15.0 %",
        "2 of 5 parameters: 40.0 %",
    ]
    assert exercised.splitlines()[1].endswith("/configs       no 500, 503; without filters")
    told = json.loads(output("config", "--format", "json", "--coverage", first, second))
    assert told["exercised"] == {"config.list": 3, "config.delete": 1}
    assert (told["operations"], told["percent"]) == (5, 40.0)
    assert told["not_exercised"] == ["config.create", "config.inspect", "config.update"]
    assert told["statuses"] == {"seen": 3, "documented": 20, "percent": 15.0}
    assert told["by_operation"]["config.inspect"] == {
        "statuses": {"404": 1},
        "missing_statuses": [200, 500, 503],
        "parameters": {"id": 1},
        "missing_parameters": [],
    }


def test_coverage_of_nothing_and_of_everything(
    tmp_path: Path,
) -> None:
    assert output("session", "--coverage", report(tmp_path, "none.json")).startswith("not exercised\n")
    shown = output("session", "--coverage", report(tmp_path, "all.json", step("Session", 101)))
    assert "\n1 of 1 operations: 100.0 %\n" in shown
    assert "not exercised" not in shown


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "{}", '{"scenarios": 3}', '{"scenarios": [1, {"steps": [null]}]}', "\x00\xff"]
)
def test_a_report_that_is_none(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "report.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError) as caught:
        main(["--coverage", str(file)], console())
    assert caught.value.code == "unreadable-report"


def test_the_library_counts_records_too() -> None:
    covered = runner.coverage([factories.report(step("ConfigList"))])
    assert [one.operation.name for one in covered.exercised] == ["config.list"]
    assert len(covered.missing) == len(operations.all_operations()) - 1
