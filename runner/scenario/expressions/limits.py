"""Limits of expressions: the size of a value, and the work of an evaluation.

Jinja2's sandbox keeps an expression away from Python's internals; it does not keep ``'a' * 10 ** 10`` from filling the
memory. Every operator, filter, test and method that can make much of little, or look at much, is charged here first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, ItemsView, Iterable, Iterator, KeysView, Mapping, Set, ValuesView
from typing import Any, Final

from jinja2 import Undefined

from runner.results.cut import CutValue
from runner.scenario.expressions.work import LimitError, charge

MAX_SIZE: Final = 16 * 1024 * 1024
"""The largest value that an expression may make: characters, with each element of a list or mapping as eight."""
MAX_BITS: Final = 4096
"""The largest whole number, in bits."""
MAX_WIDTH: Final = 10_000
"""The largest width, indentation or precision."""
ELEMENT: Final = 8

_VIEWS: Final = (ItemsView, KeysView, ValuesView)
_SCALARS: Final = frozenset({int, float, bool, type(None)})
_FORMAT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|[0-9]+)?(?:\.(\*|[0-9]+))?[a-zA-Z%]")


def charge_comparison(left: Any, right: Any) -> None:
    """Count the work of comparing two values, which is at most that of looking at the smaller one."""
    smaller = min(left, right, key=shallow)
    charge(weight(smaller) if is_container(left) and is_container(right) else shallow(smaller))


def charge_search(item: Any, container: Any) -> None:
    """Count the work of ``item in container``."""
    if isinstance(container, Mapping):
        charge(ELEMENT)
    elif isinstance(item, (int, float)):
        charge(shallow(container))
    else:
        charge(weight(container))


def charge_sorting(values: Any) -> None:
    """Count the work of sorting values: all of them are looked at a few times, each time in pairs.

    Raises:
        LimitError: they are too large.
    """
    size = weight(values)
    refuse_size(size)
    charge(size * (len(values) if is_sized(values) else 1).bit_length())


def refuse_size(size: int) -> None:
    """Refuse a value that is too large.

    Raises:
    LimitError: a value of that size would be too large.
    """
    if size > MAX_SIZE:
        raise LimitError("the result would be too large")


def weight(value: Any) -> int:
    """Return the size of a value when it is written out; a part that occurs twice counts twice.

    Counting stops beyond the largest size that is allowed.
    """
    total = ELEMENT
    waiting = [value]
    while waiting and total <= MAX_SIZE:
        part = waiting.pop()
        if isinstance(part, (str, bytes)):
            total += len(part)
        elif isinstance(part, Mapping):
            total += _elements(part.keys(), waiting) + _elements(part.values(), waiting)
        elif isinstance(part, (list, tuple, *_VIEWS)):
            total += _elements(part, waiting)
        elif isinstance(part, range):
            total += len(part) * ELEMENT
    return total


def _elements(values: Collection[Any], waiting: list[Any]) -> int:
    """Return the size of elements, without what is inside those that are put on the list of what waits."""
    size = len(values) * ELEMENT
    if size > MAX_SIZE:
        return size
    types = set(map(type, values))
    if types == {str}:
        return size + sum(map(len, values))
    if not types <= _SCALARS:
        waiting += values
    return size


def shallow(value: Any) -> int:
    """Return the work of going through a value once, without what is inside its elements."""
    if isinstance(value, (str, bytes)):
        return len(value)
    return len(value) * ELEMENT if is_sized(value) and not isinstance(value, CutValue) else ELEMENT


def is_sized(value: Any) -> bool:
    """Return whether it has a length. A missing value has none, and raises an error when it is asked."""
    return hasattr(value, "__len__") and not isinstance(value, Undefined)


def is_container(value: Any) -> bool:
    """Return whether it has elements that are values."""
    return isinstance(value, (list, tuple, Mapping, range, *_VIEWS))


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the same elements, each counted as work."""
    for item in items:
        charge(ELEMENT)
        yield item


def charge_operation(operator: str, left: Any, right: Any) -> None:
    """Count the work of an arithmetic operator.

    Raises:
        LimitError: its result would be too large.
    """
    if isinstance(left, str) and operator == "%":
        check_format(left, right)
    elif isinstance(left, int) and isinstance(right, int):
        _check_numbers(operator, left.bit_length(), right.bit_length(), right)
    elif operator == "*":
        for value, times in ((left, right), (right, left)):
            if isinstance(times, int) and is_sized(value):
                refuse_size(weight(value) * times)
                charge(shallow(value) * max(times, 0))
    elif operator == "+" and is_sized(left) and is_sized(right):
        size = shallow(left) + shallow(right)
        refuse_size(size)
        charge(size)


def _check_numbers(operator: str, left: int, right: int, exponent: int) -> None:
    bits = {"*": left + right, "**": left * max(exponent, 0)}.get(operator, max(left, right))
    if bits > MAX_BITS:
        raise LimitError("the number would be too large")


def check_format(text: str, values: Any) -> None:
    """Check ``'%5d' % value`` and the filter ``format``: widths, and how often each value is written.

    Raises:
        LimitError: the text would be too long.
    """
    charge(len(text))
    places = _FORMAT.findall(text)
    width = 0
    for number in (part for place in places for part in place if part):
        if number == "*" or len(number) > 5 or int(number) > MAX_WIDTH:
            raise LimitError("the width in '%' is too large")
        width = max(width, int(number))
    size = len(text) + len(places) * (width + weight(values))
    refuse_size(size)
    charge(size)


def settled(value: Any) -> Any:
    """Return a value as plain data: an iterator, a range or a tuple becomes a list.

    Raises:
        LimitError: it is too large.
        TypeError: it is, or holds, a function: ``body.get`` without a call.
    """
    if type(value) is str:
        refuse_size(len(value))
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    data = _plain(value)
    refuse_size(weight(data))
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, Undefined):
        return str(value)  # raises, and says what is missing
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if isinstance(value, list):
        return value if all(_is_plain(item) for item in value) else [_plain(item) for item in value]
    if isinstance(value, (tuple, range, Set, ValuesView, Iterator)):
        return [_plain(item) for item in counted(value)]
    if type(value) is dict and not all(_is_plain(item) for item in value.values()):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, CutValue):
        value.refuse()
    if callable(value):
        name = getattr(value, "__name__", "this")
        raise TypeError(f"'{name}' is a function, not a value: call it, as in {name}(…)")
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return _plain(value) is value
    return value is None or type(value) is str or isinstance(value, (int, float, Mapping))
