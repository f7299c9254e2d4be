"""Writes expressions of a scenario in the language of ``jq``."""

from __future__ import annotations

import re
from typing import Final, Literal

from runner.report.snippets.shell import bash
from runner.report.snippets.shell.jq_path import path_program
from runner.results.result_path import Source

Kind = Literal["value", "condition"]
"""What a command is for: its output is read, or its exit code says whether it is true."""

_OPTIONS: Final = {"body": "", "items": "s", "stdout": "Rs"}
"""The parts of a result that jq reads, with its options for them: elements of a stream become one list."""


def jq_filter(source: Source | None, kind: Kind = "value", inside: str = "", *, digest: bool = False) -> str | None:
    """Return the filter that reads from a response on its input what an expression reads from a result.

    ``body.Id`` becomes `` | jq -r .Id``; output that is taken as it is gives ``""``. ``inside`` is where the answer is
    in the input (``.[0]``: the only element of a list); ``digest`` says that a path leads to one. None for
    whatever jq can't tell.

    >>> jq_filter(Source("body[0].Names[0]", ResultPath("body", (0, "Names", 0))))
    " | jq -r '.[0].Names[0]'"
    """
    if source is None:
        return None
    path = source.path
    if path is not None and path.root == "stdout" and not path.keys and path.filter in (None, "trim"):
        return "" if kind == "value" else None
    program = path_program(path, inside, digest=digest) if path is not None else None
    root = path.root if path is not None else ""
    if program is None:
        from runner.report.snippets.shell.jq_formula import translated  # imports Jinja2, which few pages need

        root, program = translated(source.text, tuple(_OPTIONS), inside or ".")
    if program is None:
        return None
    options = _OPTIONS[root] + ("e" if kind == "condition" else "r")
    quoted = program if re.fullmatch(r"[\w.]+", program) else bash.word([program])
    return f" | jq -{options} {quoted}" + (" > /dev/null" if kind == "condition" else "")
