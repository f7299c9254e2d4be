"""What keeps an expression from taking all memory or time: how large its values may be, how much work it may do.

Jinja2's sandbox keeps an expression away from Python's internals; it does not keep ``'a' * 10 ** 10`` from filling the
memory. Whatever can make much out of little (an operator, a filter, a method) is asked here first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Set, ValuesView
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import SecurityError

MAX_SIZE = 16 * 1024 * 1024
"""The largest value that an expression may make: characters, with each element of a list or mapping as eight."""
MAX_WORK = 64 * 1024 * 1024
"""How much one evaluation may look at in all, in the same unit: some seconds at most."""
MAX_BITS = 4096
"""The largest whole number, in bits."""
MAX_WIDTH = 10_000
"""The largest width, indentation or precision."""
ELEMENT = 8

_work = threading.local()
_FORMAT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|[0-9]+)?(?:\.(\*|[0-9]+))?[a-zA-Z%]")


def begin() -> None:
    """Start counting the work of one evaluation."""
    _work.done = 0


def charge(amount: int) -> None:
    """Count work.

    Raises:
        SecurityError: this evaluation has done too much.
    """
    _work.done = getattr(_work, "done", 0) + amount
    if _work.done > MAX_WORK:
        raise SecurityError("the expression takes too long: it goes through too many values")


def refuse_size(size: int) -> None:
    """Raises:
    SecurityError: a value of that size would be too large.
    """
    if size > MAX_SIZE:
        raise SecurityError("the result would be too large")


def weight(value: Any) -> int:
    """How large a value is when it is written out; what stands in it twice counts twice.

    Counting stops beyond the largest size that is allowed.
    """
    total = 0
    waiting = [value]
    while waiting and total <= MAX_SIZE:
        one = waiting.pop()
        total += ELEMENT
        if isinstance(one, (str, bytes)):
            total += len(one)
        elif isinstance(one, Mapping):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one
        elif isinstance(one, range):
            total += len(one) * ELEMENT
    return total


def shallow(value: Any) -> int:
    """How much work it is to go through a value once, without what is inside its elements."""
    if isinstance(value, (str, bytes)):
        return len(value)
    return len(value) * ELEMENT if is_sized(value) else ELEMENT


def is_sized(value: Any) -> bool:
    """Whether it has a length. A value that is missing has none, and would complain of being asked."""
    return hasattr(value, "__len__") and not isinstance(value, Undefined)


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """The same elements, each counted as work."""
    for item in items:
        charge(ELEMENT)
        yield item


def check_operation(operator: str, left: Any, right: Any) -> None:
    """Raises:
    SecurityError: the operator would make something too large of these.
    """
    if isinstance(left, str) and operator == "%":
        check_format(left, right)
    elif isinstance(left, int) and isinstance(right, int):
        _check_numbers(operator, left.bit_length(), right.bit_length(), right)
    elif operator == "*":
        for one, times in ((left, right), (right, left)):
            if isinstance(times, int) and is_sized(one):
                refuse_size(weight(one) * times)
    elif operator == "+" and is_sized(left) and is_sized(right):
        refuse_size(shallow(left) + shallow(right))


def _check_numbers(operator: str, left: int, right: int, exponent: int) -> None:
    bits = {"*": left + right, "**": left * max(exponent, 0)}.get(operator, max(left, right))
    if bits > MAX_BITS:
        raise SecurityError("the number would be too large")


def check_format(text: str, values: Any) -> None:
    """``'%5d' % value`` and the filter ``format``: widths, and how often each value is written.

    Raises:
        SecurityError: the text would be too long.
    """
    places = _FORMAT.findall(text)
    width = 0
    for given in (part for place in places for part in place if part):
        if given == "*" or len(given) > 5 or int(given) > MAX_WIDTH:
            raise SecurityError("the width in '%' is too large")
        width = max(width, int(given))
    refuse_size(len(text) + len(places) * (width + weight(values)))


def settled(value: Any) -> Any:
    """A value as plain data: what Jinja2 leaves as an iterator, a range or a tuple becomes a list.

    Raises:
        SecurityError: it is too large.
    """
    if type(value) is str:
        refuse_size(len(value))
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    found = _plain(value)
    refuse_size(weight(found))
    return found


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
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return _plain(value) is value
    return value is None or type(value) in (str, int, float, bool) or isinstance(value, Mapping)
