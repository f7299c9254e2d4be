"""Test items that are scenarios."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InvalidScenario, RunnerError
from runner.library.scenarios import ScenarioFile as Found
from runner.library.scenarios import find_scenarios, open_files, valid
from runner.pytest_plugin.engines import ScenarioFailed, marked, run_checked, text_of
from runner.scenario.model import Scenario
from runner.valid_texts import cache_folder


def found_in(paths: Iterable[Path]) -> frozenset[Path]:
    """Return the scenario files that paths name.

    Raises:
        pytest.UsageError: there is no such file, or no scenario in a folder.
    """
    try:
        return frozenset(file.path.resolve() for file in find_scenarios(os.fspath(path) for path in paths).files)
    except RunnerError as error:
        raise pytest.UsageError(f"scenarios: {error.message}") from None


class ScenarioFile(pytest.File):
    """Collects the test of one scenario file. An invalid file is an error of the collection."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Open and check the file."""
        name = os.path.relpath(self.path, self.config.invocation_params.dir)
        (scenario,) = valid(open_files([Found(self.path, name)], (), cache=cache_folder(os.environ)))
        stem = self.path.name.removesuffix(self.path.suffix).removesuffix(".scenario")
        item = ScenarioItem.from_parent(self, name=stem, scenario=scenario)
        item.add_marker("scenario")
        for tag in scenario.tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of scenarios")
            item.add_marker(tag)
        yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_styles: Any, **_style: Any) -> Any:
        """Show an invalid file as the command does."""
        if isinstance(excinfo.value, InvalidScenario):
            return marked(text_of(excinfo.value))
        return super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """Runs a scenario on an engine; what it created is gone afterwards."""

    def __init__(self, *, scenario: Scenario, **options: Any) -> None:
        super().__init__(**options)
        self.scenario = scenario

    def runtest(self) -> None:
        """Run it."""
        report = run_checked(self.scenario, self.config.getoption("engine_host"))
        skipped = [scenario.reason or "" for scenario in report.scenarios if scenario.status == "skipped"]
        if report.status == "skipped":
            pytest.skip("; ".join(skipped))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show a failure as the command does."""
        if isinstance(excinfo.value, ScenarioFailed):
            return excinfo.value.shown
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file and the title."""
        return self.path, None, f"scenario: {self.scenario.title}"
