"""One event a line, at once, whatever it says."""

from __future__ import annotations

import io
import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.report.ndjson import EventWriter
from runner.results.events import Event, ItemArrived, OutputArrived, RunStarted, StepFinished, StepKey, StepStarted
from tests.engines import Docker
from tests.report.factories import ENGINE, NASTY, create, report
from tests.scenarios.helpers import start

KEY = StepKey(0, (1,))


def test_each_event_is_a_line_as_soon_as_it_happens(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    writer = EventWriter(path)
    events: list[Event] = [RunStarted("now", ENGINE, 1), StepStarted(KEY, "a", "sleep", "steps")]
    for number, event in enumerate(events, 1):
        writer.add(event)
        written = path.read_text()
        assert written.endswith("}\n")
        assert written.count("\n") == number
    writer.write(report())
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["run_started", "step_started"]


@given(NASTY, st.binary())
def test_whatever_comes_is_on_one_line(text: str, data: bytes) -> None:
    stream = io.StringIO()
    writer = EventWriter(stream)
    writer.add(ItemArrived(KEY, {text: [text]}))
    writer.add(OutputArrived(KEY, "stdout", data))
    writer.add(StepFinished(KEY, create(title=text)))
    item, output, finished = map(json.loads, stream.getvalue().removesuffix("\n").split("\n"))
    assert item["item"] == {text: [text]}
    assert isinstance(output["data"], str)
    assert finished["record"]["title"] == text


@given(st.text(), st.lists(st.integers(0, 40), max_size=4))
def test_a_character_that_comes_in_pieces_is_whole(text: str, cuts: list[int]) -> None:
    data = text.encode("utf-8", "replace")
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    stream = io.StringIO()
    writer = EventWriter(stream)
    for first, last in itertools.pairwise(places):
        writer.add(OutputArrived(KEY, "stdout", data[first:last]))
        writer.add(OutputArrived(KEY, "stderr", b"\xc3"))
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "".join(one["data"] for one in told if one["stream"] == "stdout") == data.decode()


def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        stream = io.TextIOWrapper(full, write_through=True)
        with pytest.raises(UsageError, match="No space left"):
            EventWriter(stream).add(ItemArrived(KEY, "x"))
        stream.detach()


def test_lines_come_while_the_run_goes_on(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("title: t\nsteps:\n  - {id: one, version: {}}\n  - {id: two, sleep: 3s}\n")
    process = start(tmp_path, "x.yaml", "-H", docker.url, "--format", "ndjson", "--quiet")
    assert process.stdout is not None
    came = []
    for line in process.stdout:
        event = json.loads(line)
        came.append((time.monotonic(), event["event"], event.get("step")))
    assert process.wait(timeout=20) == 0
    process.communicate()
    (first,) = (at for at, name, step in came if (name, step) == ("step_finished", [0]))
    assert came[-1][1] == "run_finished"
    assert came[-1][0] - first > 2
