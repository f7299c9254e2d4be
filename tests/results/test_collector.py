from __future__ import annotations

from runner.results.collector import Collector, collect
from runner.results.events import (
    Event,
    RequestSent,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepKey,
    StepStarted,
)
from runner.results.records import ScenarioRecord
from tests.report.factories import ENGINE, step

BEGIN: list[Event] = [RunStarted("2026-01-01T00:00:00Z", ENGINE, 1), ScenarioStarted(0, "x.yaml", "X", 2)]


def test_steps_stand_in_the_order_of_the_file_while_one_in_the_background_ends_last() -> None:
    collector = Collector()
    background, after = step(id="background"), step(id="after", status="failed")
    events = [
        *BEGIN,
        StepStarted(StepKey(0, (0,)), "background", "container.attach", "steps", True),
        RequestSent(StepKey(0, (0,)), "POST", "/containers/x/attach"),
        StepFinished(StepKey(0, (1,)), after),
    ]
    for event in events:
        collector.add(event)
    assert [one.id for one in collector.report().scenarios[0].steps] == ["after"]
    assert collector.report().status == "failed"
    collector.add(StepFinished(StepKey(0, (0,)), background))
    assert [one.id for one in collector.report().scenarios[0].steps] == ["background", "after"]


def test_the_parts_of_a_step_come_with_it() -> None:
    inner = step(id="inner")
    events = [*BEGIN, StepFinished(StepKey(0, (0, 0)), inner), StepFinished(StepKey(0, (0,)), step(each=(inner,)))]
    (scenario,) = collect(events).scenarios
    assert [one.each for one in scenario.steps] == [(inner,)]


def test_a_finished_scenario_is_what_the_executor_says() -> None:
    final = ScenarioRecord("x.yaml", "X", "error", steps=(step(id="cleanup_1", phase="cleanup"),), left=("a volume",))
    events = [*BEGIN, StepFinished(StepKey(0, (0,)), step()), ScenarioFinished(0, final), RunFinished(7.5, {})]
    report = collect(events)
    assert report.scenarios == (final,)
    assert (report.status, report.duration_ms, report.engine) == ("error", 7.5, ENGINE)


def test_scenarios_stand_in_the_order_in_which_they_were_given() -> None:
    records = [ScenarioRecord(f"{name}.yaml", name, "passed") for name in "ab"]
    report = collect([BEGIN[0], ScenarioFinished(1, records[1]), ScenarioFinished(0, records[0])])
    assert report.scenarios == tuple(records)


def test_a_run_that_never_began_has_a_report() -> None:
    report = collect([])
    assert (report.status, report.scenarios, report.started_at) == ("passed", (), "")
