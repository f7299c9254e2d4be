"""Builds requests, purely: no connection, no clock, no environment.

Plans, snippets, recordings and what is really sent all come from here, so they can't disagree. What the engines want
of a query, a path or a header is known here and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from runner.api.missing import MISSING
from runner.api.operations import Operation, Param
from runner.engine.transport import Request, Upload
from runner.errors import StepError
from runner.nearest import did_you_mean

JSON_TYPE = ("Content-Type", "application/json")
NAMES_WITH_SLASHES = ("/images/", "/plugins/", "/distribution/")
"""Below these a path parameter is a reference such as ``registry:5000/team/app:1.0@sha256:…``."""


def build(
    operation: Operation,
    params: Mapping[str, Any],
    *,
    body: Any = MISSING,
    upload: Upload | None = None,
    api_version: str,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """The request of an operation. A parameter that is None counts as not given; ``headers`` win over the row's own.

    Raises:
        StepError: ``unknown-parameter``, ``missing-parameter``, ``bad-parameter`` or ``bad-body``.
    """
    _check_names(operation, params)
    path = operation.path
    query: list[tuple[str, str]] = []
    own: list[tuple[str, str]] = []
    for param in operation.params:
        value = params.get(param.name)
        if value is None and param.always:
            value = param.default
        if value is None:
            if param.type == "auth" and param.required:
                own.append((param.name, _auth(param.name, {})))
        elif param.place == "path":
            path = path.replace(f"{{{param.name}}}", _segment(operation, param, value))
        elif param.place == "header":
            own.append((param.name, _auth(param.name, value) if param.type == "auth" else _text(param.name, value)))
        else:
            query += [(param.name, text) for text in _query_values(param, value)]
    if body is MISSING and upload is None and operation.empty_body:
        body = {}
    if body is not MISSING and operation.body == "json":
        from runner.api.bodies import strings_where_wanted

        body = strings_where_wanted(operation, body)
    content, content_headers = _content(body, upload, operation.body)
    upgrade = operation.upgrade_for(None if body is MISSING else body)
    every = [*_accept(operation), *content_headers, *own]
    return Request(
        operation.method,
        f"/v{api_version}{path}",
        tuple(query),
        _merged(every, headers or {}),
        content,
        upgrade,
    )


def typed_params(operation: Operation, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that :func:`build` sends, with the API's types, without registry credentials.

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
        text = _text(param.name, value)
        in_list = param.place == "path" and operation.path.startswith("/containers/")
        return text.removeprefix("/") if in_list else text
    texts = _query_values(param, value)
    return texts if param.type == "array" else _TYPES.get(param.type, str)(texts[0])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_TYPES: Final[Mapping[str, Callable[[str], Any]]] = {
    "boolean": lambda text: text == "1",
    "integer": int,
    "number": lambda text: float(text) if "." in text else int(text),
    "filters": _parsed,
    "json": _parsed,
}


def build_raw(
    method: str,
    path: str,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    *,
    body: Any = MISSING,
    upload: Upload | None = None,
    api_version: str,
) -> Request:
    """A request that the table knows nothing of. The path gets the API version unless it begins with one; a text is
    sent as it is, any other body as JSON.

    Raises:
        StepError: ``bad-parameter`` or ``bad-body``.
    """
    if not re.fullmatch(r"[A-Za-z]+", method):
        raise StepError("bad-parameter", f"{method!r} is not an HTTP method")
    if not path.startswith("/") or path.startswith("//"):
        raise StepError("bad-parameter", f"the path {path!r} must begin with one '/'", hint="such as /containers/json")
    split = urlsplit(path)
    pairs = parse_qsl(split.query, keep_blank_values=True)
    for name, value in (query or {}).items():
        pairs += [(str(name), text) for text in _raw_values(str(name), value)]
    given = {str(name): _text(str(name), value) for name, value in (headers or {}).items() if value is not None}
    content, content_headers = _content(body, upload, "json")
    if isinstance(body, str):
        content, content_headers = _checked(body).encode(), [("Content-Type", "text/plain; charset=utf-8")]
    quoted = quote(split.path, safe="/:@!$&'()*+,;=~%")
    versioned = quoted if re.match(r"/v\d+\.\d+/", quoted) else f"/v{api_version}{quoted}"
    # The transport speaks for the connection; here these only say which protocol to ask for.
    upgrade = next((value.lower() for name, value in given.items() if name.lower() == "upgrade"), None)
    given = {name: value for name, value in given.items() if name.lower() not in ("upgrade", "connection")}
    return Request(method.upper(), versioned, tuple(pairs), _merged(content_headers, given), content, upgrade)


def _check_names(operation: Operation, params: Mapping[str, Any]) -> None:
    known = [param.name for param in operation.params]
    for name in params:
        if name not in known:
            hint = did_you_mean(str(name), known) or (f"it has: {', '.join(known)}" if known else "it has none")
            raise StepError("unknown-parameter", f"{operation.name} has no parameter '{name}'", hint=hint)
    for param in operation.required_params:
        if params.get(param.name) is None:
            raise StepError("missing-parameter", f"{operation.name} needs the parameter '{param.name}'")


def _segment(operation: Operation, param: Param, value: Any) -> str:
    """A path parameter, quoted. Never more or fewer segments than it says: ``..`` would be another operation."""
    text = _text(param.name, value)
    with_slashes = operation.path.startswith(NAMES_WITH_SLASHES)
    if operation.path.startswith("/containers/"):
        text = text.removeprefix("/")  # lists of containers show names so
    segments = text.split("/") if with_slashes else [text]
    if any(segment in ("", ".", "..") for segment in segments):
        what = "is empty" if not text else f"can't be {text!r}"
        raise StepError("bad-parameter", f"{param.name} {what}", hint="an id or a name belongs here")
    if "/" in text and not with_slashes:
        raise StepError("bad-parameter", f"{param.name} can't hold a '/': {text!r}")
    return quote(text, safe="/:@" if with_slashes else "")


def _query_values(param: Param, value: Any) -> list[str]:
    """A query parameter's values as they stand in the query; several only where its name is repeated."""
    if param.type == "filters":
        return [_filters(param, value)]
    if param.type == "json":
        return [value if isinstance(value, str) else _json_text(param.name, value)]
    if param.type == "array":
        texts = [
            _json_text(param.name, one) if param.of_json and not isinstance(one, str) else _text(param.name, one)
            for one in _listed(value)
        ]
    elif param.type == "boolean":
        return [_flag(param, value)]
    elif param.type in ("integer", "number"):
        return [_number(param, value)]
    else:
        texts = [_text(param.name, value)]
    for text in texts:
        if param.allowed and text not in param.allowed:
            hint = did_you_mean(text, param.allowed) or f"one of: {', '.join(param.allowed)}"
            raise StepError("bad-parameter", f"{param.name} can't be '{text}'", hint=hint)
    return texts


def _filters(param: Param, value: Any) -> str:
    """Filters are always lists of strings: ``{"status": ["running"]}``."""
    if not isinstance(value, Mapping):
        raise _wrong(param.name, value, "a mapping of filter names to a value or a list")
    lists = {
        str(name): [_text(f"{param.name}.{name}", one) for one in _listed(given)]
        for name, given in value.items()
        if given is not None
    }
    return _dumps(lists)


def _flag(param: Param, value: Any) -> str:
    """``1`` or ``0``: the only spelling that every engine reads alike."""
    text = str(value).strip().lower()
    if text not in ("true", "false", "1", "0"):
        raise _wrong(param.name, value, "true or false")
    return "1" if text in ("true", "1") else "0"


def _number(param: Param, value: Any) -> str:
    text = _text(param.name, value).strip()
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    pattern = r"-?[0-9]+" if param.type == "integer" else r"-?[0-9]+(\.[0-9]+)?"
    if isinstance(value, bool) or not re.fullmatch(pattern, text):
        raise _wrong(param.name, value, "a whole number" if param.type == "integer" else "a number")
    return text


def _raw_values(name: str, value: Any) -> Iterable[str]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [_dumps(value)]
    return [{True: "1", False: "0"}[one] if isinstance(one, bool) else _text(name, one) for one in _listed(value)]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _auth(name: str, value: Any) -> str:
    from runner.engine.registry_auth import encode

    return encode(name, value)


def _json_text(name: str, value: Any) -> str:
    """JSON in a query. Its leaves are strings in every parameter that the API has."""

    def strings(one: Any) -> Any:
        if isinstance(one, Mapping):
            return {str(key): strings(inner) for key, inner in one.items()}
        if isinstance(one, list | tuple):
            return [strings(inner) for inner in one]
        return None if one is None else _text(name, one)

    return _dumps(strings(value))


def _text(name: str, value: Any) -> str:
    """A scalar as the API's string: a number or boolean is fine where it wants one."""
    if isinstance(value, str):
        return _checked(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise _wrong(name, value, "a text")


def _wrong(name: str, value: Any, wanted: str) -> StepError:
    shown = json.dumps(value, default=str, ensure_ascii=False)
    return StepError("bad-parameter", f"{name} must be {wanted}, not {shown if len(shown) < 60 else shown[:57] + '…'}")


def _content(
    body: Any, upload: Upload | None, kind: Literal["json", "tar"] | None
) -> tuple[bytes | Upload | None, list[tuple[str, str]]]:
    """The body and the headers that belong to it; the transport adds those of the connection."""
    if upload is not None:
        return upload, [("Content-Type", "application/x-tar") if kind == "tar" else JSON_TYPE]
    if body is not MISSING:
        if kind != "json":
            hint = "use body_file or body_dir" if kind else None
            raise StepError("bad-body", "a JSON body can't be sent here", hint=hint)
        return _dumps(body).encode(), [JSON_TYPE]
    return None, []


def _dumps(value: Any) -> str:
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise StepError("bad-body", f"not a JSON value: {error}") from None
    return _checked(text)


def _checked(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StepError("bad-parameter", "a value holds half of a surrogate pair, which is no character") from None
    return text


def _accept(operation: Operation) -> list[tuple[str, str]]:
    """What would otherwise depend on the client: a stream's format, and a tar's compression."""
    if operation.answer in ("items", "progress"):
        return [("Accept", "application/json")]
    return [("Accept-Encoding", "identity")] if operation.answer == "tar" else []


def _merged(own: Iterable[tuple[str, str]], given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The row's headers, then the caller's, which win. No header can smuggle in another one."""
    names = {name.lower() for name in given}
    pairs = [pair for pair in own if pair[0].lower() not in names] + list(given.items())
    for name, value in pairs:
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or re.search(r"[^\t\x20-\x7e\x80-\xff]", value):
            raise StepError("bad-parameter", f"the header {name!r} holds a character that headers can't have")
    return tuple(pairs)
