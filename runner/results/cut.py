"""Represents a part of a result of which only the beginning was kept: any use that needs all of it is an error."""

from __future__ import annotations

from typing import Any

from runner.errors import StepError


class CutValueError(StepError):
    """A use of a value of which only the beginning was kept; ``word`` is the name of the value."""

    word: str | None = None


class CutValue:
    """Stands for ``stdout``, ``stderr`` or ``items`` that were too long to be kept. What is known of all of it can be
    asked: its length, and of a list the first elements; any other use is the error ``cut-value``."""

    __slots__ = ("_kept", "_length", "_name")

    def __init__(self, name: str, length: int, kept: list[Any] | None = None) -> None:
        self._name = name
        self._length = length
        self._kept = [] if kept is None else kept

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int) and 0 <= index < len(self._kept):
            return self._kept[index]
        return self.refuse()

    def refuse(self, *_arguments: Any) -> Any:
        """Refuse to be read.

        Raises:
            CutValueError: always.
        """
        name, is_list = self._name, self._name == "items"
        unit, matchers = ("elements", "length, not") if is_list else ("characters", "matches, length, not")
        message = f"'{name}' has {self._length:,} {unit}, more than are kept: an expression can't read it"
        hint = f"write it in the step itself, expect: {{{name}: {{contains: …}}}} ({matchers}), which sees all of it"
        error = CutValueError("cut-value", message, hint=hint)
        error.word = name
        raise error

    __iter__ = __contains__ = __reversed__ = __str__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = refuse
    __hash__ = refuse
