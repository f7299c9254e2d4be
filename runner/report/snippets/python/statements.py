"""Writes what becomes of a call's answer in Python: variables, what is shown of it, a loop until it is as wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.report.snippets.calls import Call, is_digest, shown_source
from runner.report.snippets.python.words import FILTERS, indented, path_code
from runner.report.snippets.session import NoEquivalent
from runner.results.result_path import EVERY, Source

_ANSWER = "answer"


class Statements:
    """The statements around one call, whose ``value`` is code. ``readings`` are the captured names by the variables
    that they are assigned to. ``imports`` are what the statements need."""

    def __init__(self, call: Call, value: str, readings: Mapping[str, str]) -> None:
        self._call = call
        self._value = value
        self._readings = {variable: call.step.capture_sources[name] for variable, name in readings.items()}
        self._shown = shown_source(call.step)
        self._shown_variable = next((name for name, source in self._readings.items() if source == self._shown), None)
        self.imports: tuple[str, ...] = ("import time",) if call.step.retry is not None else ()

    def lines(self, append: bool) -> Iterator[str]:
        """Yield the statements; ``append`` adds what is read to lists.

        Raises:
            NoEquivalent: the condition of a loop can't be written.
        """
        is_shown_too = self._shown is not None and self._shown_variable is None
        if self._call.step.retry is None and len(self._readings) + is_shown_too <= 1:
            yield from self._at_once(append)
            return
        if self._call.step.retry is None:
            yield f"{_ANSWER} = {self._value}"
        else:
            yield from self._loop(self._call.step.retry.until, self._call.step.retry.every)
        for variable, source in self._readings.items():
            code = reading(self._call, source, _ANSWER)
            yield f"{variable}.append({code})" if append else f"{variable} = {code}"
        if self._shown_variable is not None:
            yield self._shown_variable
        elif self._shown is not None or not self._readings:
            yield self._printed(_ANSWER)

    def _at_once(self, append: bool) -> Iterator[str]:
        """Yield one expression, or two statements if it needs the answer more than once."""
        for variable, source in self._readings.items():
            code, before = self._read(source)
            yield from before
            yield f"{variable}.append({code})" if append else f"{variable} = {code}"
            if self._shown_variable is not None:
                yield variable
            return
        if self._shown is not None and reading(self._call, self._shown) is not None:
            code, before = self._read(self._shown)
            yield from before
            yield code
            return
        yield self._printed(self._value)

    def _read(self, source: Source) -> tuple[str, list[str]]:
        """Return the code of a part of the answer, and what must be before it."""
        code = reading(self._call, source, self._value)
        assert code is not None
        if code.startswith(self._value) and code.count(self._value) == 1:
            return code, []
        again = reading(self._call, source, _ANSWER)
        assert again is not None
        return again, [f"{_ANSWER} = {self._value}"]

    def _printed(self, value: str) -> str:
        """Return what shows the answer: the output of a container is printed, any other value is shown by Python."""
        code = reading(self._call, self._shown, value) if self._shown is not None else None
        if code is not None:
            return code
        return f'print({value}, end="")' if self._call.answer == "output" else value

    def _loop(self, until: Source | None, every: float) -> Iterator[str]:
        others = [each for each in self._call.step.expectations if not each.expression.startswith("status ")]
        condition = reading(self._call, until, _ANSWER) if until is not None else None
        if condition is None:
            raise NoEquivalent("the condition of its loop" if until is not None or others else "a loop until it passes")
        yield "while True:"
        yield from indented([f"{_ANSWER} = {self._value}", f"if {condition}:", "    break", f"time.sleep({every:g})"])


def reading(call: Call, source: Source, value: str = "") -> str | None:
    """Return the code that reads what an expression does from the answer, which is the code ``value``."""
    root = "items" if call.answer in ("progress", "items") else "stdout" if call.answer == "output" else "body"
    if root == "stdout" and call.flag("stderr"):
        return None  # docker-py has both in one
    path = source.path
    if path is not None and path.root == root and EVERY not in path.keys and path.filter in FILTERS:
        return value + path_code(path, digest=is_digest(call.step, source))
    from runner.report.snippets.formulas import (  # imports Jinja2, which few pages need
        Untranslatable,
        without_parentheses,
    )
    from runner.report.snippets.python.formula import PythonTranslator

    try:
        return without_parentheses(PythonTranslator(root, value).translate(source.text))
    except Untranslatable:
        return None
