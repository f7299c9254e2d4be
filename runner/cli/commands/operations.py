"""Implements ``run operations``: the table of the API's operations, and which of them reports cover."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.api import operations
from runner.api.operations import Operation
from runner.cli import options
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.library.arguments import Parser
from runner.nearest import did_you_mean

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
        "--coverage", nargs="+", metavar="REPORT.json", help="show which operations these reports cover"
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
        counts = Counter(name for file in namespace.coverage for name in _exercised(_report(file)))
        text = _coverage_json(chosen, counts) if as_json else _coverage_table(chosen, counts)
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


def _report(file: str) -> Mapping[str, Any]:
    try:
        report = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise UsageError("unreadable-report", f"{file}: {error.strerror or error}") from None
    except ValueError:
        raise UsageError(
            "unreadable-report", f"{file} is not JSON", hint="run x.yaml -o report.json makes one"
        ) from None
    if not isinstance(report, Mapping) or not isinstance(report.get("scenarios"), list):
        raise UsageError("unreadable-report", f"{file} is not a report", hint="run x.yaml -o report.json makes one")
    return report


def _exercised(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operationId of every step that an engine answered as its reference says a success is answered."""
    waiting = [step for scenario in _mappings(report["scenarios"]) for step in _mappings(scenario.get("steps"))]
    while waiting:
        step = waiting.pop()
        operation = operations.by_id(str(step.get("operation")))
        response = step.get("response")
        if operation and isinstance(response, Mapping) and response.get("status") in operation.success:
            yield operation.id
        for inner in ("each", "steps"):
            waiting += _mappings(step.get(inner))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _coverage_table(chosen: Sequence[Operation], counts: Mapping[str, int]) -> str:
    done = [operation for operation in chosen if counts.get(operation.id)]
    left = [operation for operation in chosen if not counts.get(operation.id)]
    lines = []
    if done:
        rows = [("", one.name, str(counts[one.id]), one.method, one.path) for one in done]
        lines += ["exercised, and how often", _aligned(rows)]
    if left:
        lines += [
            "not exercised",
            _aligned([("", one.name, one.method, one.path, f"since {one.since}") for one in left]),
        ]
    return "\n".join([*lines, f"{len(done)} of {len(chosen)} operations: {_percent(done, chosen)} %"])


def _coverage_json(chosen: Sequence[Operation], counts: Mapping[str, int]) -> str:
    done = [operation for operation in chosen if counts.get(operation.id)]
    report = {
        "operations": len(chosen),
        "exercised": {operation.name: counts[operation.id] for operation in done},
        "not_exercised": [operation.name for operation in chosen if not counts.get(operation.id)],
        "percent": _percent(done, chosen),
    }
    return json.dumps(report, indent=2)


def _percent(done: Sequence[Operation], chosen: Sequence[Operation]) -> float:
    return round(100 * len(done) / len(chosen), 1)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
