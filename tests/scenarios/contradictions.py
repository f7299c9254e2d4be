"""Lists in ``docs/engines.md`` where engines contradict the API's description.

``python -m tests.scenarios.contradictions`` writes the list.

Every shipped scenario runs on an engine of each kind and suite; the tests compare what they see with the page.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.api.contract import Answer, contradictions
from runner.api.operations import by_id
from runner.report.comparison.read import report_of
from runner.results.records import StepRecord
from tests.engines import SUITES, Engine, Pool, places
from tests.scenarios.helpers import ROOT, SCENARIOS, start

PAGE = ROOT / "docs" / "engines.md"
BEGIN, END = "<!-- contradictions -->\n", "<!-- /contradictions -->\n"
NAMES = {"docker": "Docker", "podman": "Podman"}
ROW = re.compile(
    r"^\| (?P<engine>\w+ [\d.]+) \| `(?P<operation>[\w.]+)` \| (?P<problem>.+) \| (?P<scenarios>.+) \|$", re.M
)


def release(engine: Engine) -> str:
    """The engine as the page calls it: ``Docker 28.5``."""
    return f"{NAMES[engine.name]} {'.'.join(engine.version.engine.split('.')[:2])}"


def listed(engine: str, scenario: str) -> set[tuple[str, str]]:
    """Return what the page says that a scenario shows on an engine: operations and problems."""
    rows = ROW.finditer(PAGE.read_text("utf-8"))
    return {
        (row["operation"], row["problem"])
        for row in rows
        if row["engine"] == engine and scenario in row["scenarios"].split(", ")
    }


def seen(report: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The contradictions in the answers of a JSON report, as the page words them."""
    record = report_of(report, "the report")
    version = "" if record.engine is None else record.engine.api_version
    found: set[tuple[str, str]] = set()
    for step in steps(step for scenario in record.scenarios for step in scenario.steps):
        operation = by_id(step.operation or "")
        if operation is not None and step.response is not None:
            answer = Answer(step.response.status, step.response.body, step.response.items)
            for one in contradictions(operation, version, answer):
                found.add((one.operation, f"`{one.path}`: {one.problem.replace('|', chr(92) + '|')}"))
    return found


def steps(records: Iterable[StepRecord]) -> Iterator[StepRecord]:
    for step in records:
        yield step
        yield from steps((*(step.each or ()), *(step.steps or ())))


def table(rows: Mapping[tuple[str, str, str], Sequence[str]]) -> str:
    """The page's table: engine, operation, problem and the scenarios that show it."""
    lines = ["| Engine | Operation | Contradiction | Seen in |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {engine} | `{operation}` | {problem} | {', '.join(names)} |"
        for (engine, operation, problem), names in rows.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    rows: dict[tuple[str, str, str], list[str]] = {}
    quiet: list[str] = []
    with contextlib.closing(Pool()) as pool, tempfile.TemporaryDirectory() as folder:
        for place in places(list(SUITES)):
            engine = pool.get(place)
            before = len(rows)
            for path in SCENARIOS:
                process = start(Path(folder), path, "-H", engine.url, "--format", "json", "--quiet")
                report = json.loads(process.communicate(timeout=300)[0])
                for operation, problem in sorted(seen(report)):
                    rows.setdefault((release(engine), operation, problem), []).append(path.stem)
            if len(rows) == before:
                quiet.append(release(engine))
    text = PAGE.read_text("utf-8")
    start_at, end_at = text.index(BEGIN) + len(BEGIN), text.index(END)
    none = f"\nThe scenarios show none on {', '.join(quiet)}.\n" if quiet else ""
    PAGE.write_text(f"{text[:start_at]}\n{table(rows)}{none}\n{text[end_at:]}", "utf-8")


if __name__ == "__main__":
    main()
