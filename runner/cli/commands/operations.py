"""Implements ``run operations``: the table of the API's operations, and which of them reports cover."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runner.api import operations
from runner.api.operations import Operation
from runner.cli import options
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.library.arguments import Parser
from runner.nearest import did_you_mean

if TYPE_CHECKING:
    from runner.library.verbs.coverage import Coverage, OperationCoverage

USAGE = "run operations [NOUN…] [options]"
DESCRIPTION = """\
List the operations of the Engine API: what a step may be called, its request, the first API version that has it (as
far back as 1.25), other names for it, and what is special about its answer."""
EXAMPLES = """\
examples:
  run operations                               all of them
  run operations container image               those of two nouns
  run operations stats --format json           everything the table knows of one
  run operations --coverage report.json        which of them a run's report exercised"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run operations", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("noun", nargs="*", metavar="NOUN", help="container, image, … or the name of an operation")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    parser.add_argument(
        "--coverage",
        nargs="+",
        metavar="REPORT.json",
        help="count operations, statuses and parameters in these",
    )
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code.

    Raises:
        UsageError: an unknown noun or option, or a report that can't be read.
    """
    namespace = options.parse(parser(console), arguments, console)
    as_json = namespace.format == "json"
    chosen = _chosen(namespace.noun)
    if namespace.coverage:
        from runner.library.verbs.coverage import coverage

        covered = coverage(namespace.coverage, operations=chosen)
        text = _coverage_json(covered) if as_json else _coverage_table(covered)
    elif as_json:
        text = json.dumps([_facts(operation) for operation in chosen], indent=2)
    else:
        text = _aligned([_columns(operation) for operation in chosen])
    console.write(f"{text}\n")
    return ExitCode.PASSED


def _chosen(words: Sequence[str]) -> list[Operation]:
    every = operations.all_operations()
    if not words:
        return list(every)
    wanted: set[str] = set()
    for word in words:
        found = {operation.id for operation in every if word == operation.noun}
        named = operations.find(word)
        if not found and named is None:
            known = {operation.noun for operation in every}
            hint = did_you_mean(word, [*known, *operations.names()]) or f"the nouns are {', '.join(sorted(known))}"
            raise UsageError("unknown-operation", f"'{word}' is neither a noun nor an operation", hint=hint)
        wanted |= found
        wanted |= {named.id} if named and not found else set()
    return [operation for operation in every if operation.id in wanted]


def _columns(operation: Operation) -> tuple[str, ...]:
    since = f"since {operation.since}"
    return (operation.name, operation.method, operation.path, since, " ".join(operation.aliases), _note(operation))


def _note(operation: Operation) -> str:
    """Return what one should know of the answer before asking for it."""
    if operation.endless:
        flag = operation.endless.removeprefix("!")
        param = operation.param(flag)
        if flag != operation.endless:
            return f"stream: endless without {flag} or take"
        if param and operations.truth(param.default):
            return f"stream: endless without {flag}=0 or take"
        return f"output; with {flag}=1 until the container ends, or take"
    notes = {"output": "output", "progress": "stream of progress", "tar": "tar", "upgrade": "raw bytes both ways"}
    return notes.get(operation.answer, "")


def _facts(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.name,
        "aliases": list(operation.aliases),
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path,
        "since": operation.since,
        "parameters": [
            {
                "name": param.name,
                "in": param.place,
                "type": param.type,
                "required": param.required,
                "default": param.default,
                "allowed": list(param.allowed),
                "since": param.since,
                "until": param.until,
            }
            for param in operation.params
        ],
        "success": list(operation.success),
        "answer": operation.answer,
        "endless": operation.endless,
        "body": operation.body,
        "reference": operation.reference(operations.newest_api()),
    }


def _coverage_table(covered: Coverage) -> str:
    lines = []
    if covered.exercised:
        lines += ["exercised, and how often", _aligned([_done_row(one) for one in covered.exercised])]
    if covered.missing:
        lines += ["not exercised", _aligned([_missing_row(one) for one in covered.missing])]
    for number, every, noun in _totals(covered):
        lines.append(f"{number} of {every} {noun}: {_percent(number, every)} %")
    return "\n".join(lines)


def _done_row(one: OperationCoverage) -> tuple[str, ...]:
    """Return a row of an operation; what it lacks of statuses and parameters is behind it."""
    operation = one.operation
    lacking = []
    if one.missing_statuses:
        lacking.append(f"no {', '.join(map(str, one.missing_statuses))}")
    if one.missing_parameters:
        lacking.append(f"without {', '.join(one.missing_parameters)}")
    return ("", operation.name, str(one.successes), operation.method, operation.path, "; ".join(lacking))


def _missing_row(one: OperationCoverage) -> tuple[str, ...]:
    operation = one.operation
    return ("", operation.name, operation.method, operation.path, f"since {operation.since}")


def _totals(covered: Coverage) -> tuple[tuple[int, int, str], ...]:
    from runner.library.verbs.coverage import parameters, statuses

    answered, sent = statuses(covered), parameters(covered)
    return (
        (len(covered.exercised), len(covered.operations), "operations"),
        (answered.done, answered.all, "documented statuses"),
        (sent.done, sent.all, "parameters"),
    )


def _coverage_json(covered: Coverage) -> str:
    (_, operations_total, _), answered, sent = _totals(covered)
    report = {
        "operations": operations_total,
        "exercised": {one.operation.name: one.successes for one in covered.exercised},
        "not_exercised": [one.operation.name for one in covered.missing],
        "percent": _percent(len(covered.exercised), operations_total),
        "statuses": {"seen": answered[0], "documented": answered[1], "percent": _percent(*answered[:2])},
        "parameters": {"sent": sent[0], "known": sent[1], "percent": _percent(*sent[:2])},
        "by_operation": {
            one.operation.name: {
                "statuses": {str(status): number for status, number in sorted(one.seen.items())},
                "missing_statuses": list(one.missing_statuses),
                "parameters": dict(one.used),
                "missing_parameters": list(one.missing_parameters),
            }
            for one in covered.operations
        },
    }
    return json.dumps(report, indent=2)


def _percent(number: int, every: int) -> float:
    return round(100 * number / every, 1) if every else 100.0


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
