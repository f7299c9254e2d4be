"""Every field of every event and record has a treatment, and structure is never masked."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from runner.contradiction import Contradiction
from runner.errors import Diagnostic
from runner.executor.event_masking import _OWN_RULES, FIELDS, EventMasker, Treatment, masked
from runner.masking import Masker
from runner.results import events, records
from runner.results.events import ItemArrived, OutputArrived, StepFinished, StepKey
from runner.results.records import WHOLE, LeftOut, RequestRecord, ResponseRecord, StepRecord

KEY = StepKey(0, (0,))
RECORDS = [
    *typing.get_args(events.Event),
    records.EngineRecord,
    records.RequestRecord,
    records.ResponseRecord,
    records.Expectation,
    records.StepRecord,
    records.ScenarioRecord,
    Contradiction,
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_has_a_treatment(record: Any) -> None:
    assert tuple(FIELDS[record]) == record._fields


def test_every_record_is_in_the_table() -> None:
    assert set(FIELDS) == set(RECORDS)
    own = {(record, field) for record, rows in FIELDS.items() for field, row in rows.items() if row is Treatment.OWN}
    assert set(_OWN_RULES) == own


def test_structure_stays_whatever_the_secret_is() -> None:
    record = StepRecord(
        id="step",
        kind="container.list",
        phase="steps",
        status="passed",
        request=RequestRecord("GET", "/v1.41/containers/json", {"all": "json"}, {"Content-Type": "json", "X": "json"}),
        response=ResponseRecord(200, "OK", {"Content-Type": "json"}, body={"Id": "json", "json": 1}),
        captured={"json": "json"},
        error=Diagnostic("json", "the engine's 'json'"),
    )
    masker = Masker(["json", "step", "passed", "container.list", "steps", "GET", "OK", "200", "1.41"])
    shown = masked(record, masker)
    assert shown.request == RequestRecord(
        "GET", "/v1.41/containers/json", {"all": "***"}, {"Content-Type": "json", "X": "***"}
    )
    assert shown.response == ResponseRecord(200, "OK", {"Content-Type": "json"}, body={"Id": "***", "***": 1})
    assert (shown.id, shown.kind, shown.phase, shown.status) == record[:4]
    assert shown.captured == {"json": "***"}
    assert shown.error == Diagnostic("json", "the engine's '***'")


def test_parameters_of_a_path_are_values() -> None:
    event = events.RequestSent(KEY, "GET", "/containers/json/json")
    assert masked(event, Masker(["json"])).target == "/containers/***/json"
    image = events.RequestSent(KEY, "GET", "/images/registry.example/json/json/json")
    assert masked(image, Masker(["json"])).target == "/images/registry.example/***/***/json"
    other = events.RequestSent(KEY, "GET", "/v1.41/json/containers")
    assert masked(other, Masker(["json", "1.41"])).target == "/v1.41/***/containers"


def test_output_is_masked_across_its_pieces_and_ends_with_its_step() -> None:
    mask = EventMasker(["hunter2"])
    pieces = [OutputArrived(KEY, "stdout", data) for data in (b"a hun", b"ter", b"2, hunt")]
    record = StepRecord("a", "container.logs", "steps", "passed")
    sent: list[events.Event] = [*pieces, StepFinished(KEY, record)]
    seen = [masked_event for event in sent for masked_event in mask(event)]
    assert b"".join(event.data for event in seen if isinstance(event, OutputArrived)) == b"a ***, hunt"
    assert isinstance(seen[-1], StepFinished)


def test_what_was_cut_is_masked_at_its_end() -> None:
    response = ResponseRecord(200, stdout="so far: hunt", stdout_left_out=LeftOut(9, 9))
    assert masked(response, Masker(["hunter2"])).stdout == "so far: ***"
    assert masked(response._replace(stdout_left_out=WHOLE), Masker(["hunter2"])).stdout == "so far: hunt"


def test_items_of_a_stream() -> None:
    event = ItemArrived(KEY, {"status": "hunter2", "hunter2": ["hunter2"]})
    assert masked(event, Masker(["hunter2"])).item == {"status": "***", "***": ["***"]}
