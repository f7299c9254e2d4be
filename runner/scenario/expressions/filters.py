"""The filters of expressions: Jinja2's own, each kept within its bounds, and the runner's."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import Undefined
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as JINJA
from jinja2.filters import make_attrgetter
from jinja2.utils import pass_environment

from runner.scenario.expressions import limits

# These read attributes by name, or make markup, which a scenario has no use for.
_LEFT_OUT = ("attr", "xmlattr", "urlize", "pprint", "safe")
MAX_PRECISION = 300
MAX_WRAPPED = 100_000


def short(value: Any) -> str:
    """The 12-character form of an id, as the docker CLI prints it."""
    return str(value).removeprefix("sha256:")[:12]


def to_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON: on one line, or indented."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_jsonable)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Undefined):
        return str(value)  # raises, and says what is missing
    try:
        return list(value)
    except TypeError:
        return str(value)


def b64encode(value: Any) -> str:
    """Text in padded base64."""
    return base64.b64encode(str(value).encode()).decode("ascii")


def b64decode(value: Any) -> str:
    """The text inside base64, with or without padding, of either alphabet."""
    text = str(value).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None


@pass_environment
def total(environment: Any, items: Iterable[Any], attribute: str | int | None = None, start: Any = 0) -> Any:
    """Jinja2's ``sum``, which also joins lists (``| sum(start=[])``): here without copying them again and again."""
    values = items if attribute is None else map(make_attrgetter(environment, attribute), items)
    if not isinstance(start, list):
        return sum(values, start)
    joined = list(start)
    for one in values:
        limits.charge(limits.shallow(one))
        joined.extend(one)
    return joined


def _join_size(value: Any, d: Any = "", *_: Any, **_named: Any) -> int:
    return limits.weight(value) + (len(value) if limits.is_sized(value) else 0) * len(str(d))


def replace_size(value: Any, old: Any = "", new: Any = "", *_: Any, **_named: Any) -> int:
    """How long a text can be at most once ``old`` is replaced."""
    text, sought, other = str(value), str(old), str(new)
    return len(text) + text.count(sought) * max(0, len(other) - len(sought))


def _padded_size(value: Any, *given: Any, **named: Any) -> int:
    """A width: of the whole text, or of each line's indentation."""
    return limits.shallow(value) + (str(value).count("\n") + 1) * _widest(given, named)


def _wrapped_size(value: Any, *given: Any, **named: Any) -> int:
    """Python wraps a text without spaces in quadratic time, so only short ones are let in."""
    if limits.shallow(value) > MAX_WRAPPED:
        raise SecurityError(f"the text is too long to be wrapped: {MAX_WRAPPED:,} characters is the most")
    return limits.shallow(value) * (1 + _widest((*given[2:3], named.get("wrapstring")), {}))


def _rows_size(value: Any, *given: Any, **named: Any) -> int:
    return limits.shallow(value) + _widest(given, named) * limits.ELEMENT


def _widest(given: tuple[Any, ...], named: Mapping[str, Any]) -> int:
    sizes = [len(one) if limits.is_sized(one) else one for one in (*given, *named.values())]
    widest = max((abs(one) for one in sizes if isinstance(one, int)), default=0)
    if widest > limits.MAX_WIDTH:
        raise SecurityError(f"the number is too large here: {limits.MAX_WIDTH:,} is the most")
    return widest


def _round_size(_value: Any, precision: Any = 0, *_: Any, **_named: Any) -> int:
    if not isinstance(precision, int) or abs(precision) > MAX_PRECISION:
        raise SecurityError("the precision is too large")
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
    **dict.fromkeys(("center", "indent"), _padded_size),
    **dict.fromkeys(("batch", "slice"), _rows_size),
    **dict.fromkeys(("json", "tojson"), _json_size),
    **dict.fromkeys(("string", "b64encode", "b64decode", "short"), _whole_size),
}
"""How large a filter's result can get, where that is more than its input, or where it depends on what is inside."""


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, asked for the size of its result before, and counted as work."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0
    size = _SIZES.get(name)

    @wraps(function)
    def run(*given: Any, **named: Any) -> Any:
        value = given[first]
        if size is not None:
            if isinstance(value, Iterator):
                value = list(value)
                given = (*given[:first], value, *given[first + 1 :])
            expected = size(value, *given[first + 1 :], **named)
            limits.refuse_size(expected)
            limits.charge(expected)
        else:
            limits.charge(limits.shallow(value))
        result = function(*given, **named)
        return limits.counted(result) if isinstance(result, Iterator) else result

    return run


def all_filters() -> dict[str, Callable[..., Any]]:
    """Every filter by its name."""
    own: dict[str, Callable[..., Any]] = {
        "short": short,
        "json": to_json,
        "tojson": to_json,
        "b64encode": b64encode,
        "b64decode": b64decode,
        "sum": total,
    }
    known = {name: function for name, function in JINJA.items() if name not in _LEFT_OUT} | own
    return {name: _bounded(name, function) for name, function in known.items()}
