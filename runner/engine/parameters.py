"""Writes parameters as the API wants them in a path, a query or a header.

Which engines read which spelling is known here and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, assert_never
from urllib.parse import quote

from runner.api.operations import Operation, Param, ParamType
from runner.api.times import WANTED as WANTED_TIME
from runner.api.times import is_relative, unix_time
from runner.errors import StepError
from runner.nearest import did_you_mean

NAMES_WITH_SLASHES: Final = ("/images/", "/plugins/", "/distribution/")
"""Below these a path parameter is a reference such as ``registry:5000/team/app:1.0@sha256:…``."""


def typed_params(operation: Operation, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that :func:`~runner.engine.requests.build` sends, with the API's types, without registry
    credentials.

    A time is a number where a float holds it exactly, else a text; a relative one stays as it was written.

    Raises:
        StepError: ``bad-parameter``.
    """
    typed: dict[str, Any] = {}
    for param in operation.params:
        value = params.get(param.name)
        if value is None and param.always:
            value = param.default
        if value is not None and param.type != "auth":
            typed[param.name] = _typed(operation, param, value)
    return typed


def _typed(operation: Operation, param: Param, value: Any) -> Any:
    if param.place != "query":
        text = text_of(param.name, value)
        in_list = param.place == "path" and operation.path.startswith("/containers/")
        return text.removeprefix("/") if in_list else text
    if param.type == "time" and is_relative(value):
        return str(value).strip()
    texts = query_values(param, value, None)
    return texts if param.type == "array" else _TYPES.get(param.type, str)(texts[0])


def _exact(text: str) -> int | float | str:
    """Return a number's text as a number, unless that would lose digits."""
    if "." not in text:
        return int(text)
    return float(text) if str(float(text)) == text else text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_TYPES: Final[Mapping[ParamType, Callable[[str], Any]]] = {
    "boolean": lambda text: text == "1",
    "integer": int,
    "number": _exact,
    "time": _exact,
    "filters": _parsed,
    "json": _parsed,
}


def segment(operation: Operation, param: Param, value: Any) -> str:
    """Return a path parameter, quoted. ``..`` and empty segments would make another operation of it: an error."""
    text = text_of(param.name, value)
    with_slashes = operation.path.startswith(NAMES_WITH_SLASHES)
    if operation.path.startswith("/containers/"):
        text = text.removeprefix("/")  # in lists of containers names begin with one
    segments = text.split("/") if with_slashes else [text]
    if any(segment in ("", ".", "..") for segment in segments):
        problem = "is empty" if not text else f"can't be {text!r}"
        raise StepError("bad-parameter", f"{param.name} {problem}", hint="an id or a name is required here")
    if "/" in text and not with_slashes:
        raise StepError("bad-parameter", f"{param.name} can't contain a '/': {text!r}")
    return quote(text, safe="/:@" if with_slashes else "")


def query_values(param: Param, value: Any, now: int | None) -> list[str]:
    """Return a query parameter's values as they are in the query; several only where its name is repeated."""
    match param.type:
        case "filters":
            texts = [_filters(param, value)]
        case "json":
            texts = [value if isinstance(value, str) else strings_json(param.name, value)]
        case "boolean":
            texts = [_flag(param, value)]
        case "integer" | "number":
            texts = [_number(param, value)]
        case "time":
            texts = [_time(param, value, now)]
        case "array" if param.of_json:
            texts = [item if isinstance(item, str) else strings_json(param.name, item) for item in _listed(value)]
        case "array":
            texts = [_allowed(param, text_of(param.name, item)) for item in _listed(value)]
        case "string" | "auth":
            texts = [_allowed(param, text_of(param.name, value))]
        case _:
            assert_never(param.type)
    return texts


def _allowed(param: Param, text: str) -> str:
    if param.allowed and text not in param.allowed:
        hint = did_you_mean(text, param.allowed) or f"one of: {', '.join(param.allowed)}"
        raise StepError("bad-parameter", f"{param.name} can't be '{text}'", hint=hint)
    return text


def _filters(param: Param, value: Any) -> str:
    """Return filters as JSON: always lists of strings, ``{"status": ["running"]}``."""
    if not isinstance(value, Mapping):
        raise _wrong(param.name, value, "a mapping of filter names to a value or a list")
    lists = {
        str(name): [text_of(f"{param.name}.{name}", item) for item in _listed(items)]
        for name, items in value.items()
        if items is not None
    }
    return json_text(lists)


def _flag(param: Param, value: Any) -> str:
    """Return ``1`` or ``0``, the only spelling that every engine reads alike."""
    if not isinstance(value, bool) and (not isinstance(value, int | float) or value not in (0, 1)):
        hint = "an expression makes a boolean of a text: \"{{ value == 'true' }}\"" if isinstance(value, str) else None
        raise _wrong(param.name, value, "true or false", hint)
    return "1" if value else "0"


def _number(param: Param, value: Any) -> str:
    is_whole = param.type == "integer"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = repr(int(value) if isinstance(value, float) and value.is_integer() else value) if is_number else ""
    if not re.fullmatch(r"-?[0-9]+" if is_whole else r"-?[0-9]+(\.[0-9]+)?", text):
        function, wanted = ("int", "a whole number") if is_whole else ("float", "a number")
        hint = f'an expression makes a number of a text: "{{{{ value | {function} }}}}"'
        raise _wrong(param.name, value, wanted, hint if isinstance(value, str) else None)
    return text


def _time(param: Param, value: Any, now: int | None) -> str:
    try:
        return unix_time(value, now)
    except ValueError:
        raise _wrong(param.name, value, WANTED_TIME) from None


def raw_values(name: str, value: Any) -> Iterable[str]:
    """Return the query values of a parameter that the table knows nothing of."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [json_text(value)]
    return [{True: "1", False: "0"}[item] if isinstance(item, bool) else text_of(name, item) for item in _listed(value)]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def auth_header(name: str, value: Any) -> str:
    """Return credentials as the header ``name`` has them."""
    from runner.engine.registry_auth import encode

    return encode(name, value)


def strings_json(name: str, value: Any) -> str:
    """Return JSON for a query. Its leaves are strings in every parameter of the API."""

    def strings(part: Any) -> Any:
        if isinstance(part, Mapping):
            return {str(key): strings(inner) for key, inner in part.items()}
        if isinstance(part, list | tuple):
            return [strings(inner) for inner in part]
        return None if part is None else text_of(name, part)

    return json_text(strings(value))


def text_of(name: str, value: Any) -> str:
    """Return a scalar as text: numbers and booleans are accepted where the API wants a string."""
    if isinstance(value, str):
        return checked(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise _wrong(name, value, "a text")


def _wrong(name: str, value: Any, wanted: str, hint: str | None = None) -> StepError:
    shown = json.dumps(value, default=str, ensure_ascii=False)
    shown = shown if len(shown) < 60 else f"{shown[:57]}…"
    return StepError("bad-parameter", f"{name} must be {wanted}, not {shown}", hint=hint)


def json_text(value: Any) -> str:
    """Return compact JSON.

    Raises:
        StepError: ``bad-body``, the value can't be JSON.
    """
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise StepError("bad-body", f"not a JSON value: {error}") from None
    return checked(text)


def checked(text: str) -> str:
    """Return the text, which can be sent.

    Raises:
        StepError: ``bad-parameter``, it can't.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StepError(
            "bad-parameter", "a value contains half of a surrogate pair, which is not a character"
        ) from None
    return text
