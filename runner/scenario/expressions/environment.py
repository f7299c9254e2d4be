"""Defines the Jinja2 environment: sandboxed, strict about undefined names, with the runner's filters.

Scenarios use expressions, never statements: ``{%`` and ``{#`` are plain text in a scenario, as they are in the shell
commands and format strings in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from runner.nearest import did_you_mean
from runner.results.cut import CutValue
from runner.scenario.expressions import limits
from runner.scenario.expressions.functions.filters import all_filters, all_tests, replace_size
from runner.scenario.expressions.operators import INTERNAL_FILTERS
from runner.scenario.expressions.references import Results
from runner.scenario.expressions.work import charge

_MAPPING_METHODS = frozenset({"items", "keys", "values", "get"})
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        (
            "capitalize",
            "casefold",
            "count",
            "endswith",
            "find",
            "index",
            "isalnum",
            "isalpha",
            "isascii",
            "isdecimal",
            "isdigit",
            "islower",
            "isnumeric",
            "isspace",
            "istitle",
            "isupper",
            "join",
            "lower",
            "lstrip",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rpartition",
            "rsplit",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "strip",
            "swapcase",
            "title",
            "upper",
        )
    ),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index", "grouper", "list"}),
}
"""The attributes of values that expressions may use. ``grouper`` and ``list`` are those of a group of ``groupby``."""
_INSTEAD = {
    **dict.fromkeys(("format", "format_map"), "write: '%s is %5.1f' | format(name, value)"),
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "expandtabs"), "write: '%-10s' | format(value)"),
    **dict.fromkeys(("append", "extend", "insert", "update"), "values can't be changed; add lists with +"),
}


class UndefinedValueError(UndefinedError):
    """An expression that uses a name or a key that doesn't exist."""

    def __init__(self, message: str, name: str, hint: str | None) -> None:
        super().__init__(message)
        self.name = name
        self.hint = hint


class Missing(StrictUndefined):
    """The value of a missing name or key; every use but ``is defined`` and ``default`` raises what is missing."""

    __slots__ = ()

    def error(self) -> UndefinedValueError:
        name = str(self._undefined_name)
        owner = self._undefined_obj
        if isinstance(owner, Results):
            hint = did_you_mean(name, owner) or f"guard it: when: steps.{name} is defined"
            return UndefinedValueError(f"the step '{name}' has not run, so it has no result", name, hint)
        if isinstance(owner, Mapping):
            keys = [str(key) for key in owner]
            listed = ", ".join(keys[:8]) + (", …" if len(keys) > 8 else "")
            hint = did_you_mean(name, keys) or (f"it has {listed}" if keys else "it is empty")
            return UndefinedValueError(f"there is no '{name}' here", name, hint)
        if owner is missing:
            return UndefinedValueError(f"'{name}' is not defined", name, None)
        return UndefinedValueError(f"{_type_name(owner)} has no '{name}'", name, None)

    def refuse(self) -> None:
        """Refuse the value.

        Raises:
        UndefinedValueError: always.
        """
        raise self.error()

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


class Environment(SandboxedEnvironment):
    """Looks keys of mappings up before attributes, so that ``body.items`` is the key of that name.

    Only a fixed list of attributes and methods is available.
    """

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return self._entry(obj, attribute)
        if isinstance(obj, CutValue):
            obj.refuse()
        if isinstance(obj, Missing):  # `a.b.c` is what is missing as soon as `a.b` is: it may be asked `is defined`
            return obj
        methods = next((methods for type_, methods in _METHODS.items() if isinstance(obj, type_)), ())
        if attribute in methods and hasattr(obj, attribute):
            return getattr(obj, attribute)
        if hasattr(obj, attribute):
            hint = _INSTEAD.get(attribute, "expressions see values, nothing of Python's own")
            raise UnsafeError(f"'{attribute}' is not available in expressions", hint)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, Missing):
            return obj
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)

    def _entry(self, obj: Mapping[str, Any], name: str) -> Any:
        if name in obj:
            return obj[name]
        if name in _MAPPING_METHODS:
            return getattr(obj, name)
        return self.undefined(obj=obj, name=name)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        limits.charge_operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __obj: Any, *arguments: Any, **named: Any) -> Any:  # noqa: N805
        """Call a method, whose work and result are charged first, or ``range``."""
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            _charge_text_method(owner, __obj.__name__, arguments, named)
        elif isinstance(owner, (list, tuple)):
            charge(limits.weight(owner))
        return super().call(__context, __obj, *arguments, **named)


class UnsafeError(SecurityError):
    """An expression that uses something that is not available to it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


_WHITE_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())


def _charge_text_method(owner: str, name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    charge(len(owner))
    if name == "replace" and len(arguments) >= 2:
        limits.refuse_size(replace_size(owner, *arguments))
    elif name == "join" and arguments:
        pieces = arguments[0]
        limits.refuse_size(limits.weight(pieces) + len(owner) * (len(pieces) if limits.is_sized(pieces) else 0))
    elif name in ("split", "rsplit", "splitlines"):
        separator = arguments[0] if arguments else named.get("sep")
        ends = [separator] if isinstance(separator, str) and separator else _WHITE_SPACE
        size = len(owner) + limits.ELEMENT * sum(owner.count(end) for end in ends)
        limits.refuse_size(size)
        charge(size)


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")


@cache
def environment() -> Environment:
    """Return the environment, which is made when the first expression needs it."""
    env = Environment(
        undefined=Missing,
        autoescape=False,
        # Nothing is computed while an expression is only parsed: `run check` must not evaluate anything.
        optimized=False,
        cache_size=0,
    )
    env.globals = {"range": env.globals["range"]}
    env.filters = {**all_filters(), **INTERNAL_FILTERS}
    env.tests.update(all_tests())
    return env
