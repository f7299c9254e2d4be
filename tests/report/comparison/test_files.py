"""Files of known differences and JSON reports: read back as they were written, and every mistake has its message."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from runner.errors import UsageError
from runner.report import json as json_report
from runner.report.comparison.compare import compare
from runner.report.comparison.known import UNEXPLAINED, known_text, read_known
from runner.report.comparison.read import read_report, report_of
from tests.report.comparison.helpers import PODMAN, compared, inspect, report
from tests.report.factories import NASTY, call, step


def test_what_was_written_is_known(tmp_path: Path) -> None:
    one, other = report(inspect({"a": 1, "b": "x"})), report(inspect({"a": None, "b": "y"}), engine=PODMAN)
    path = tmp_path / "known.yaml"
    path.write_text(known_text(compared(one, other), "known.yaml"))
    again = compare({"docker": one, "podman": other}, known=read_known(path))
    assert (again.new, again.unmatched, again.alike) == ((), (), True)
    assert {entry.known for entry in again.known} == {UNEXPLAINED}


@given(NASTY)
def test_whatever_the_values_are(text: str) -> None:
    one, other = report(inspect({"k" + text: text})), report(inspect({}), engine=PODMAN)
    comparison = compare({"docker": one, "x" + text: other})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "known.yaml")
        path.write_text(known_text(comparison, "known.yaml"), "utf-8")
        assert compare({"docker": one, "x" + text: other}, known=read_known(path)).alike


def test_reasons_are_kept_and_what_is_gone_goes(tmp_path: Path) -> None:
    one, other = report(inspect({"a": 1, "b": 1})), report(inspect({"a": 2, "b": 2}), engine=PODMAN)
    path = tmp_path / "known.yaml"
    path.write_text(
        "- {operation: container.inspect, path: body.a, reason: because}\n- {operation: any, path: x, reason: old}\n"
    )
    text = known_text(compare({"docker": one, "podman": other}, known=read_known(path)), "known.yaml")
    assert "reason: because" in text
    assert f"reason: {UNEXPLAINED}" in text
    assert "reason: old" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "it must be a list"),
        ("- 1", "entry 1 must be a mapping"),
        ("- {operation: x, path: y}", "entry 1 needs 'reason', a text"),
        ("- {operation: x, path: y, reason: ' '}", "entry 1 needs 'reason', a text"),
        ("- {operation: x, path: y, raeson: z}", "unknown key 'raeson'"),
        ("- {operation: x, path: y, reason: z, values: 1}", "'values' must be a mapping"),
        ("- [", "line 1 is not YAML"),
        ("- &a [1]\n- *a", "it is not YAML"),
        ("\x00", "it is not YAML"),
    ],
)
def test_a_mistake_in_a_known_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_known(path)
    assert caught.value.code == "bad-known-file"


def test_a_known_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_known(tmp_path / "none.yaml")


def full() -> Any:
    steps = (
        call("ContainerCreate", "POST", "/containers/create", {"Id": "x"}, request={"body": {"Image": "alpine"}}),
        step(id="all", each=(inspect({"a": 1}, id="all[0]"),)),
        inspect({"message": "no"}, status=404, id="bad", response={"headers": {"Server": "x"}}),
        call("SystemEvents", "GET", "/events", id="events", response={"items": [{"a": 1}], "items_left_out": 3}),
    )
    return report(*steps, vars={"image": "alpine"})


def test_a_report_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json_report.render(full()))
    assert json_report.render(read_report(path)) == path.read_text()


def test_a_report_that_is_cut_or_of_another_version_is_refused(tmp_path: Path) -> None:
    whole = json_report.render(full())
    for text, message in (
        (whole[: len(whole) // 2], "is cut: its end is missing"),
        ("nonsense", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "is not a report"),
        (whole.replace('"report_version": 1', '"report_version": 2'), "is a report of version 2, and this program"),
        (whole.replace('"status": "passed"', '"status": "odd"'), "is not a valid report"),
        (whole.replace('"started_at"', '"began_at"'), "is not a valid report"),
    ):
        path = tmp_path / "report.json"
        path.write_text(text)
        with pytest.raises(UsageError, match=message) as caught:
            read_report(path)
        assert caught.value.code == "unreadable-report"


def test_every_kind_of_rubbish_is_refused_with_a_message() -> None:
    value = json.loads(json_report.render(full()))
    for name in value:
        for wrong in (None, 1, "x", [1], {"a": 1}):
            if [name, wrong] in [["engine", None], ["report_version", 1], ["duration_ms", 1], ["started_at", "x"]]:
                continue
            with pytest.raises(UsageError):
                report_of({**value, name: wrong}, "x.json")
