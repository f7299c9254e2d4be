"""The Jinja2 environment: sandboxed, strict about undefined names, with the runner's filters.

Only expressions are used, never statements: ``{%`` and ``{#`` are plain text in a scenario, as they are in the shell
commands and format strings that scenarios hold.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from runner.nearest import did_you_mean

MAX_TEXT = 8 * 1024 * 1024
"""The longest text or list that an operator may make, in characters or elements."""

_MAPPING_METHODS = frozenset({"items", "keys", "values", "get"})
# These make text of any length from a number; nothing in a scenario needs them.
_UNBOUNDED_METHODS = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "format", "format_map"})
_UNBOUNDED_FILTERS = ("center", "indent", "slice", "batch", "format", "wordwrap", "urlize", "attr", "pprint", "xmlattr")


class UndefinedValueError(UndefinedError):
    """An expression used a name or a key that isn't there."""

    def __init__(self, message: str, name: str, hint: str | None) -> None:
        super().__init__(message)
        self.name = name
        self.hint = hint


class Missing(StrictUndefined):
    """What a missing name or key evaluates to; any use but ``is defined`` and ``default`` says what is missing."""

    __slots__ = ()

    def error(self) -> UndefinedValueError:
        name = str(self._undefined_name)
        owner = self._undefined_obj
        if isinstance(owner, Mapping):
            keys = [str(key) for key in owner]
            shown = ", ".join(keys[:8]) + (", …" if len(keys) > 8 else "")
            hint = did_you_mean(name, keys) or (f"it has {shown}" if keys else "it is empty")
            return UndefinedValueError(f"there is no '{name}' here", name, hint)
        if owner is missing:
            return UndefinedValueError(f"'{name}' is not defined", name, None)
        return UndefinedValueError(f"{_type_name(owner)} has no '{name}'", name, None)

    def _fail_with_undefined_error(self, *_args: Any, **_kwargs: Any) -> Any:
        raise self.error()

    # The base class binds each operator to its own method, so each must be bound again to reach the one above.
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = (
        _fail_with_undefined_error
    )
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pos__ = __neg__ = __pow__ = __rpow__ = (
        _fail_with_undefined_error
    )
    __call__ = __getitem__ = __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = __complex__ = (
        _fail_with_undefined_error
    )
    __iter__ = __str__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = __contains__ = _fail_with_undefined_error

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        raise self.error()


class Environment(ImmutableSandboxedEnvironment):
    """Keys of mappings come before Python's attributes, so that ``body.items`` is the key of that name."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return self._entry(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str):
            return self._entry(obj, argument)
        return super().getitem(obj, argument)

    def _entry(self, obj: Mapping[str, Any], name: str) -> Any:
        if name in obj:
            return obj[name]
        if name in _MAPPING_METHODS:
            return getattr(obj, name)
        return self.undefined(obj=obj, name=name)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in _UNBOUNDED_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """No wrapped ``str.format``: its widths make text of any length; it is refused like the other methods."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        refusal = _refuse(operator, left, right)
        if refusal:
            raise SecurityError(refusal)
        return super().call_binop(context, operator, left, right)


def _refuse(operator: str, left: Any, right: Any) -> str | None:
    if operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, (str, list, tuple)) and isinstance(other, int) and len(one) * other > MAX_TEXT:
                return "the result would be too long"
        if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > 4096:
            return "the number would be too large"
    if operator == "+" and isinstance(left, (str, list)) and isinstance(right, (str, list)):
        return "the result would be too long" if len(left) + len(right) > MAX_TEXT else None
    if operator == "**" and isinstance(left, int) and isinstance(right, int):
        return "the number would be too large" if left.bit_length() * max(right, 0) > 4096 else None
    if operator == "%" and isinstance(left, str):
        return "'%' does not format text here; join it with '~'"
    return None


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")


def short(value: Any) -> str:
    """The 12-character form of an id, as the docker CLI prints it."""
    return str(value).removeprefix("sha256:")[:12]


def to_json(value: Any) -> str:
    """A value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=_jsonable)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Missing):
        raise value.error()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
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


FILTERS: dict[str, Callable[..., Any]] = {
    "short": short,
    "json": to_json,
    "b64encode": b64encode,
    "b64decode": b64decode,
}


@cache
def environment() -> Environment:
    """The one environment, made when the first expression needs it."""
    env = Environment(
        undefined=Missing,
        autoescape=False,
        keep_trailing_newline=True,
        cache_size=0,
        # YAML forbids these characters, so that statements and comments can't be written.
        block_start_string="\x01{",
        block_end_string="}\x01",
        comment_start_string="\x02{",
        comment_end_string="}\x02",
    )
    env.globals = {"range": env.globals["range"]}
    for name in _UNBOUNDED_FILTERS:
        env.filters.pop(name, None)
    env.filters.update(FILTERS)
    return env
