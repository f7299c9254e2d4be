"""Writes values and texts in Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from runner.json_layout import pretty
from runner.report.snippets.session import NoEquivalent
from runner.report.snippets.variables import Variable, Variables
from runner.results.result_path import ResultPath
from runner.text import SHORT_ID

WIDTH = 100
"""Columns from which on a call is broken over lines."""
INDENT = "    "
FILTERS = {None: "", "short": f"[:{SHORT_ID}]", "first": "[0]", "last": "[-1]", "trim": ".strip()"}
"""The code of what a path may end in."""


class PythonWords:
    """Writes literals in which values that are in variables are read from there."""

    def __init__(self, variables: Variables, *, exact_times: bool = False) -> None:
        self._variables = variables
        self._exact_times = exact_times
        """Whether a time as seconds may have decimals, which needs ``calendar`` and ``time``."""

    def literal(self, value: Any, indent: str = "", width: int = WIDTH - 20) -> str:
        """Return any JSON value; lines after the first begin with ``indent``."""
        return pretty(value, width, indent, self._scalar, INDENT)

    def text(self, value: str) -> str:
        """Return a text: a literal, a variable, or an f-string of both."""
        parts = self._variables.split(value)
        if len(parts) == 1:
            if isinstance(parts[0], Variable) and parts[0].epoch and self._exact_times:
                name = reference(parts[0]._replace(epoch=False))
                seconds = f"calendar.timegm(time.strptime({name}[:19], '%Y-%m-%dT%H:%M:%S'))"
                return f'f"{{{seconds}}}{{{name}[19:-1]}}"'
            return reference(parts[0]) if isinstance(parts[0], Variable) else f'"{self.inside(parts[0])}"'
        return f'f"{self.inside_f(value)}"'

    def inside_f(self, value: str) -> str:
        """Return a text as it is written between the quotes of an f-string."""
        return "".join(
            f"{{{reference(part)}}}"
            if isinstance(part, Variable)
            else self.inside(part).replace("{", "{{").replace("}", "}}")
            for part in self._variables.split(value)
        )

    @staticmethod
    def inside(text: str) -> str:
        """Return a text as it is written between double quotes."""
        doubled = text.replace("\\", "\\\\")
        escaped = "".join(character if character.isprintable() else repr(character)[1:-1] for character in doubled)
        return escaped.replace('"', '\\"')

    def _scalar(self, value: Any) -> str:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._variables:
            return self.text(str(value))
        return repr(value)


def reference(variable: Variable) -> str:
    """Return how Python reads a variable: ``box``, ``boxes[0]``, ``box[7:19]``."""
    if variable.epoch:
        raise NoEquivalent("a time with nine decimals")
    name = variable.name if variable.element is None else f"{variable.name}[{variable.element}]"
    if variable.length is not None:
        return f"{name}[{variable.start or ''}:{variable.start + variable.length}]"
    return f"{name}[{variable.start}:]" if variable.start else name


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines one level deeper."""
    for line in lines:
        yield INDENT + line.replace("\n", f"\n{INDENT}")


def path_code(path: ResultPath, *, digest: bool) -> str:
    """Return the code behind a root that reads a path of it; ``digest`` says that the value begins with ``sha256:``."""
    keys = (f"[{key}]" if isinstance(key, int) else f'["{PythonWords.inside(key)}"]' for key in path.keys)
    prefix = '.removeprefix("sha256:")' if digest and path.filter == "short" else ""
    return "".join([*keys, prefix, FILTERS[path.filter]])
