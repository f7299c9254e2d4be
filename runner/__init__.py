"""A declarative runner for the Docker Engine API.

    import runner

    report = runner.run("hello.yaml", vars={"image": "busybox"})
    print(report.status)
    print(runner.render(report, "markdown"))

Every name of ``__all__`` is imported from its module when it is first used, so that ``import runner`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; importing typing would double the time of this module
if TYPE_CHECKING:
    from runner.engine.engine import Engine
    from runner.errors import Diagnostic, EngineError, InvalidScenario, Place, RunnerError, StepError, UsageError
    from runner.executor.cancellation import CancelScope
    from runner.library.face import check, connect, fill, load, plan, record, render, replay, run, stream
    from runner.library.verbs.clean import Cleaned, Leftover, clean
    from runner.library.verbs.compare import compare, compare_reports, render_comparison
    from runner.library.verbs.coverage import Coverage, OperationCoverage, coverage
    from runner.proxy.playback.recorded_engine import RecordedEngine, engine_from_recording
    from runner.report.comparison.model import Comparison
    from runner.results.events import (
        Event,
        ItemArrived,
        OutputArrived,
        RequestSent,
        RunFinished,
        RunStarted,
        ScenarioFinished,
        ScenarioStarted,
        StepFinished,
        StepStarted,
    )
    from runner.results.records import Report, ScenarioRecord, StepRecord
    from runner.scenario.model import Scenario
    from runner.scenario.selection import Selection
    from runner.version import __version__

__all__ = [
    "CancelScope",
    "Cleaned",
    "Comparison",
    "Coverage",
    "Diagnostic",
    "Engine",
    "EngineError",
    "Event",
    "InvalidScenario",
    "ItemArrived",
    "Leftover",
    "OperationCoverage",
    "OutputArrived",
    "Place",
    "RecordedEngine",
    "Report",
    "RequestSent",
    "RunFinished",
    "RunStarted",
    "RunnerError",
    "Scenario",
    "ScenarioFinished",
    "ScenarioRecord",
    "ScenarioStarted",
    "Selection",
    "StepError",
    "StepFinished",
    "StepRecord",
    "StepStarted",
    "UsageError",
    "__version__",
    "check",
    "clean",
    "compare",
    "compare_reports",
    "connect",
    "coverage",
    "engine_from_recording",
    "fill",
    "load",
    "plan",
    "record",
    "render",
    "render_comparison",
    "replay",
    "run",
    "stream",
]

_MODULES = {
    "runner.engine.engine": ("Engine",),
    "runner.errors": (
        "Diagnostic",
        "EngineError",
        "InvalidScenario",
        "Place",
        "RunnerError",
        "StepError",
        "UsageError",
    ),
    "runner.executor.cancellation": ("CancelScope",),
    "runner.library.face": (
        *("check", "connect", "fill", "load", "plan", "record", "render", "replay", "run", "stream"),
    ),
    "runner.library.verbs.clean": ("Cleaned", "Leftover", "clean"),
    "runner.library.verbs.coverage": ("Coverage", "OperationCoverage", "coverage"),
    "runner.library.verbs.compare": ("compare", "compare_reports", "render_comparison"),
    "runner.report.comparison.model": ("Comparison",),
    "runner.proxy.playback.recorded_engine": ("RecordedEngine", "engine_from_recording"),
    "runner.results.events": (
        *("Event", "ItemArrived", "OutputArrived", "RequestSent", "RunFinished", "RunStarted"),
        *("ScenarioFinished", "ScenarioStarted", "StepFinished", "StepStarted"),
    ),
    "runner.results.records": ("Report", "ScenarioRecord", "StepRecord"),
    "runner.scenario.model": ("Scenario",),
    "runner.scenario.selection": ("Selection",),
    "runner.version": ("__version__",),
}

if not TYPE_CHECKING:  # a type checker reads the imports above

    def __getattr__(name: str) -> object:
        from importlib import import_module

        for module, names in _MODULES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(module), name)
                return value
        raise AttributeError(f"module 'runner' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted(__all__)
