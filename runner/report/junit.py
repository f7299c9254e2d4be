"""A report as JUnit XML, which CI systems show as test results: a suite for each scenario, a case for each step.

The elements and attributes are those of the schema of Jenkins' xUnit plugin (``junit-10.xsd``), which GitLab and others
read too; steps inside loops, blocks and included scenarios are cases of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from runner.errors import Diagnostic
from runner.report import wording
from runner.results.records import CONSEQUENCES, Report, ScenarioRecord, StepRecord
from runner.results.statuses import FAILED
from runner.text import visible

MOST_OUTPUT = 64 * 1024
"""How much of a container's output goes into a case, and how much of a message, in characters."""


def render(report: Report) -> str:
    """Return the report as the text of an XML file."""
    root = ET.Element("testsuites", name="engine-recipes", time=_seconds(report.duration_ms))
    totals = dict.fromkeys(("tests", "failures", "errors"), 0)  # the schema has no other ones here
    for scenario in report.scenarios:
        suite = _suite(scenario, report.started_at)
        for name in totals:
            totals[name] += int(suite.get(name, "0"))
        root.append(suite)
    for name, number in totals.items():
        root.set(name, str(number))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(scenario: ScenarioRecord, started_at: str) -> ET.Element:
    suite = ET.Element("testsuite", name=_plain(scenario.title), time=_seconds(scenario.duration_ms))
    if started_at:
        suite.set("timestamp", started_at.partition(".")[0].removesuffix("Z"))
    cases = [_case(scenario, explained) for explained in _explanations(scenario.steps)]
    if not cases:
        cases = [_whole(scenario)]
    suite.extend(cases)
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    if scenario.left:
        ET.SubElement(suite, "system-err").text = "\n".join(_plain(line) for line in scenario.left)
    return suite


def _case(scenario: ScenarioRecord, explained: _Explained) -> ET.Element:
    record = explained.step
    name = f"{record.id}: {record.title}" if record.title else record.id
    case = ET.Element("testcase", name=_plain(name), classname=_plain(scenario.file), time=_seconds(record.duration_ms))
    if record.error is not None and record.error.code in CONSEQUENCES and record.status in FAILED:
        ET.SubElement(case, "skipped", message=_plain(record.error.message), type=record.error.code)
    else:
        _verdict(case, record.status, record.error, record.reason)
    response = record.response
    for tag, text in (("system-out", response and response.stdout), ("system-err", response and response.stderr)):
        if text:
            ET.SubElement(case, tag).text = _lines(text[:MOST_OUTPUT])
    _add_output(case, explained.explanation)
    return case


class _Explained(NamedTuple):
    """A step that is a case, and the steps that ran because it failed, or a block around it did."""

    step: StepRecord
    explanation: tuple[StepRecord, ...]


def _explanations(steps: Iterable[StepRecord]) -> Iterator[_Explained]:
    """Yield the steps that are cases; what follows the failure of a block is with the last of its steps that failed."""
    for step in steps:
        if not step.inside:
            yield _Explained(step, step.on_failure)
            continue
        inner = list(_explanations(step.inside))
        failed = [index for index, explained in enumerate(inner) if explained.step.status in FAILED]
        if failed:
            last = inner[failed[-1]]
            inner[failed[-1]] = last._replace(explanation=(*last.explanation, *step.on_failure))
        yield from inner


def _add_output(case: ET.Element, explanation: Iterable[StepRecord]) -> None:
    """Add what ran after a failure to the output of its case."""
    texts = [text for step in explanation for text in _told(step)]
    if texts:
        element = case.find("system-out")
        if element is None:
            element = ET.Element("system-out")
            error = case.find("system-err")
            case.insert(len(case) if error is None else list(case).index(error), element)
        element.text = "\n".join([*([element.text] if element.text else []), *texts])


def _told(step: StepRecord) -> Iterator[str]:
    yield _plain(f"after the failure: {wording.title_of(step)}: {step.status}")
    for _, text, _ in wording.answer_texts(step):
        yield _lines(text[:MOST_OUTPUT])


def _whole(scenario: ScenarioRecord) -> ET.Element:
    """Return a scenario none of whose steps ran."""
    case = ET.Element("testcase", name=_plain(scenario.title), classname=_plain(scenario.file))
    case.set("time", _seconds(scenario.duration_ms))
    _verdict(case, scenario.status, scenario.error, scenario.reason)
    return case


def _verdict(case: ET.Element, status: str, error: Diagnostic | None, reason: str | None) -> None:
    if status == "skipped":
        ET.SubElement(case, "skipped", message=_plain(reason or ""))
    elif status == "xfailed":  # as pytest writes it
        ET.SubElement(case, "skipped", type="xfailed", message=_plain(reason or ""))
    elif status in ("failed", "error") and error is not None:
        tag = "failure" if status == "failed" else "error"
        found = ET.SubElement(case, tag, message=_plain(error.message), type=error.code)
        found.text = _explained(error)


def _explained(error: Diagnostic) -> str:
    where = f"{error.place}: " if error.place else ""
    lines = [f"{where}{error.message}", *error.details]
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(_plain(line) for line in lines)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _plain(text: str) -> str:
    """Text on one line, without what XML can't hold."""
    return visible(text[:MOST_OUTPUT]).encode("utf-8", "replace").decode()


def _lines(text: str) -> str:
    return "\n".join(_plain(line) for line in text.splitlines())
