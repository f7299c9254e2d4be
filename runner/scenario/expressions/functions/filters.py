"""Provides the filters and tests of expressions: Jinja2's own, each within limits, and the runner's."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import Undefined
from jinja2.filters import FILTERS as JINJA
from jinja2.filters import make_attrgetter
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import pass_environment

from runner.scenario.expressions import limits
from runner.scenario.expressions.functions.own import (
    combine,
    from_json,
    is_containing,
    is_matching,
    regex_replace,
    regex_search,
    split,
    timestamp,
    version,
)
from runner.scenario.expressions.functions.texts import as_json, as_text
from runner.scenario.expressions.work import LimitError, charge
from runner.text import short_id

_LEFT_OUT = ("attr", "xmlattr", "urlize", "pprint", "safe", "random")
"""Filters that read Python's attributes or make markup; and one whose result a replay can't repeat."""
MAX_PRECISION = 300
MAX_WRAPPED = 100_000
"""The longest text for filters that take quadratic time, in characters."""


def short(value: Any) -> str:
    """Return the 12-character form of an id, as the docker CLI prints it."""
    return short_id(as_text(value))


def b64encode(value: Any) -> str:
    """Return a text in padded base64."""
    return base64.b64encode(as_text(value).encode()).decode("ascii")


def b64decode(value: Any) -> str:
    """Return the text in base64, with or without padding, of either alphabet."""
    text = as_text(value).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None


@pass_environment
def join(environment: Any, value: Iterable[Any], d: Any = "", attribute: str | int | None = None) -> str:
    """Return the elements as one text, each as it is written inside a longer text."""
    values = value if attribute is None else map(make_attrgetter(environment, attribute), value)
    return as_text(d).join(map(as_text, values))


@pass_environment
def total(environment: Any, items: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
    """Return Jinja2's ``sum``, which also joins lists (``| sum(start=[])``): here without copying them repeatedly."""
    values = items if attribute is None else map(make_attrgetter(environment, attribute), items)
    if not isinstance(start, list):
        return sum(values, start)
    joined = list(start)
    for part in values:
        charge(limits.shallow(part))
        joined.extend(part)
    return joined


def _join_size(value: Any, d: Any = "", *_: Any, **_named: Any) -> int:
    return limits.weight(value) + (len(value) if limits.is_sized(value) else 0) * len(str(d))


def replace_size(value: Any, old: Any = "", new: Any = "", *_: Any, **_named: Any) -> int:
    """Return the longest that a text can be once ``old`` is replaced."""
    text, sought, other = str(value), str(old), str(new)
    return len(text) + text.count(sought) * max(0, len(other) - len(sought))


def _padded_size(value: Any, *given: Any, **named: Any) -> int:
    """Count a width: of the whole text, or of each line's indentation."""
    return limits.shallow(value) + (str(value).count("\n") + 1) * _widest(given, named)


def _wrapped_size(value: Any, *given: Any, **named: Any) -> int:
    _short_size(value)
    return limits.shallow(value) * (1 + _widest((*given[2:3], named.get("wrapstring")), {}))


def _short_size(value: Any, *_: Any, **_named: Any) -> int:
    """Python wraps a text without spaces, and removes tags, in quadratic time."""
    if limits.shallow(value) > MAX_WRAPPED:
        raise LimitError(f"the text is too long for this: {MAX_WRAPPED:,} characters is the most")
    return limits.shallow(value)


def _rows_size(value: Any, *given: Any, **named: Any) -> int:
    return limits.shallow(value) + _widest(given, named) * limits.ELEMENT


def _widest(given: tuple[Any, ...], named: Mapping[str, Any]) -> int:
    sizes = [len(value) if limits.is_sized(value) else value for value in (*given, *named.values())]
    widest = max((abs(size) for size in sizes if isinstance(size, int)), default=0)
    if widest > limits.MAX_WIDTH:
        raise LimitError(f"the number is too large here: {limits.MAX_WIDTH:,} is the most")
    return widest


def _round_size(_value: Any, precision: Any = 0, *_: Any, **_named: Any) -> int:
    if not isinstance(precision, int) or abs(precision) > MAX_PRECISION:
        raise LimitError("the precision is too large")
    return limits.ELEMENT


def _format_size(value: Any, *values: Any, **named: Any) -> int:
    limits.check_format(str(value), (*values, named))
    return limits.shallow(value)


def _json_size(value: Any, indent: Any = None, **_named: Any) -> int:
    return limits.weight(value) * (1 + _widest((indent,), {}))


def _whole_size(value: Any, *_: Any, **_named: Any) -> int:
    return limits.weight(value)


_SIZES: dict[str, Callable[..., int]] = {
    "join": _join_size,
    "replace": replace_size,
    "format": _format_size,
    "round": _round_size,
    "wordwrap": _wrapped_size,
    "striptags": _short_size,
    **dict.fromkeys(("center", "indent"), _padded_size),
    **dict.fromkeys(("batch", "slice"), _rows_size),
    **dict.fromkeys(("json", "tojson"), _json_size),
    **dict.fromkeys(("string", "b64encode", "b64decode", "short"), _whole_size),
}
"""The largest size of a filter's result, where that is more than its input or depends on what is inside."""
_SORTING = frozenset({"sort", "groupby", "unique", "min", "max", "dictsort"})
"""Filters that compare elements with each other, by an attribute or as they are."""
_SLOW = frozenset({"title", "wordcount", "urlencode"})
"""Filters that take as long for a character as others for an element."""
_OF_TEXT = frozenset({"capitalize", "center", "e", "escape", "forceescape", "indent", "lower", "replace", "striptags"})
_OF_TEXT |= {"title", "trim", "truncate", "upper", "wordcount", "wordwrap"}
"""Filters of a text, which any other value becomes first."""
_FROM_TEXT = _SORTING | {"list", "map", "select", "reject", "selectattr", "rejectattr", "batch", "slice"}
"""Filters that make an element of each character of a text."""


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a filter: check the size of its result in advance and charge its work."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0
    size = _SIZES.get(name)

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        value = arguments[first]
        if isinstance(value, Iterator) and (size is not None or name in _SORTING):
            value = list(value)
            arguments = (*arguments[:first], value, *arguments[first + 1 :])
        if name in _OF_TEXT and not isinstance(value, (str, Undefined)):
            value = as_text(value)
            arguments = (*arguments[:first], value, *arguments[first + 1 :])
        if isinstance(value, str) and name in _FROM_TEXT:
            limits.refuse_size(len(value) * limits.ELEMENT)
        if size is not None:
            expected = size(value, *arguments[first + 1 :], **named)
            limits.refuse_size(expected)
            charge(expected)
        elif name in _SORTING:
            attribute = arguments[first + 1] if name == "groupby" else named.get("attribute")
            limits.charge_sorting(_sorted_by(arguments[0] if first else None, value, attribute))
        else:
            charge(limits.shallow(value) * (limits.ELEMENT if name in _SLOW else 1))
        result = function(*arguments, **named)
        return limits.counted(result) if isinstance(result, Iterator) else result

    return run


def _sorted_by(environment: Any, values: Any, attribute: Any) -> Any:
    """Return the keys that elements are sorted by."""
    if environment is None or not isinstance(attribute, str) or not isinstance(values, (list, tuple)):
        return values
    return list(map(make_attrgetter(environment, attribute), values))


def _bounded_test(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a test: charge its work."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        value, *others = arguments[first:]
        if name == "in" and others:
            limits.charge_search(value, others[0])
        elif others:
            limits.charge_comparison(value, others[0])
        else:
            charge(limits.ELEMENT if limits.is_container(value) else limits.shallow(value))
        return function(*arguments, **named)

    return run


def all_tests() -> dict[str, Callable[..., Any]]:
    """Return every test by its name."""
    tests: Mapping[str, Any] = JINJA_TESTS
    own = {"matching": is_matching, "containing": is_containing}
    return {name: _bounded_test(name, function) for name, function in tests.items()} | {
        name: _refusing_missing(function) for name, function in own.items()
    }


def all_filters() -> dict[str, Callable[..., Any]]:
    """Return every filter by its name."""
    own: dict[str, Callable[..., Any]] = {
        "short": short,
        "json": as_json,
        "tojson": as_json,
        "string": as_text,
        "join": join,
        "b64encode": b64encode,
        "b64decode": b64decode,
        "sum": total,
    }
    charged: dict[str, Callable[..., Any]] = {
        "from_json": from_json,
        "split": split,
        "regex_search": regex_search,
        "regex_replace": regex_replace,
        "timestamp": timestamp,
        "version": version,
        "combine": combine,
    }
    known = {name: function for name, function in JINJA.items() if name not in _LEFT_OUT} | own
    return {name: _bounded(name, function) for name, function in known.items()} | {
        name: _refusing_missing(function) for name, function in charged.items()
    }


def _refusing_missing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a filter that charges its own work: a missing value raises what is missing."""

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        for value in (*arguments, *named.values()):
            if isinstance(value, Undefined):
                str(value)
        return function(*arguments, **named)

    return run
