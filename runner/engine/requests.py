"""Builds requests, purely: without a connection or the environment, and with the clock only where a time is relative.

Plans, snippets, recordings and the requests that are sent are all made here, so they can't disagree.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from runner.api.missing import MISSING
from runner.api.operations import Operation, Param
from runner.api.times import is_relative
from runner.engine.parameters import auth_header, checked, json_text, query_values, raw_values, segment, text_of
from runner.engine.transport import Request, Upload
from runner.errors import FieldError, StepError
from runner.nearest import did_you_mean

JSON_TYPE = ("Content-Type", "application/json")


def build(
    operation: Operation,
    params: Mapping[str, Any],
    *,
    body: Any = MISSING,
    upload: Upload | None = None,
    api_version: str,
    headers: Mapping[str, str] | None = None,
    now: int | None = None,
) -> Request:
    """Return the request of an operation.

    A parameter that is None counts as missing; ``headers`` win over the operation's own. ``now``, in nanoseconds, is
    what relative times count back from (default: the clock).

    Raises:
        StepError: ``unknown-parameter``, ``missing-parameter``, ``bad-parameter`` or ``bad-body``.
    """
    _check_names(operation, params)
    now = time.time_ns() if now is None else now
    path = operation.path
    query: list[tuple[str, str]] = []
    own: list[tuple[str, str]] = []
    relative: list[tuple[str, str]] = []
    for param in operation.params:
        value = params.get(param.name)
        if value is None and param.always:
            value = param.default
        try:
            if value is None:
                if param.type == "auth" and param.required:
                    own.append((param.name, auth_header(param.name, {})))
            elif param.place == "path":
                path = path.replace(f"{{{param.name}}}", segment(operation, param, value))
            elif param.place == "header":
                own.append((param.name, _header(param, value)))
            else:
                query += [(param.name, text) for text in query_values(param, value, now)]
                if param.type == "time" and is_relative(value):
                    relative.append((param.name, str(value).strip()))
        except StepError as error:
            raise _at((param.name,), error) from None
    if body is MISSING and upload is None and operation.empty_body:
        body = {}
    if body is not MISSING and operation.body == "json":
        from runner.api.bodies import fitted

        body = fitted(operation, body)
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
        tuple(relative),
    )


def build_raw(
    method: str,
    path: str,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    *,
    body: Any = MISSING,
    upload: Upload | None = None,
    api_version: str | None,
) -> Request:
    """Return a request that the table of operations knows nothing of.

    The path gets the API version, if one is given, unless it begins with one; a text is sent as it is, any other body
    as JSON.

    Raises:
        StepError: ``bad-parameter`` or ``bad-body``.
    """
    if not re.fullmatch(r"[A-Za-z]+", method):
        raise StepError("bad-parameter", f"{method!r} is not an HTTP method")
    if not path.startswith("/") or path.startswith("//"):
        raise StepError(
            "bad-parameter", f"the path {path!r} must begin with one '/'", hint="an example: /containers/json"
        )
    split = urlsplit(path)
    pairs = parse_qsl(split.query, keep_blank_values=True)
    for name, value in (query or {}).items():
        try:
            pairs += [(str(name), text) for text in raw_values(str(name), value)]
        except StepError as error:
            raise _at(("query", str(name)), error) from None
    own: dict[str, str] = {}
    for name, value in (headers or {}).items():
        try:
            own |= {} if value is None else {str(name): text_of(str(name), value)}
        except StepError as error:
            raise _at(("headers", str(name)), error) from None
    content, content_headers = _content(body, upload, "json")
    if isinstance(body, str):
        content, content_headers = checked(body).encode(), [("Content-Type", "text/plain; charset=utf-8")]
    quoted = quote(split.path, safe="/:@!$&'()*+,;=~%")
    has_version = api_version is None or re.match(r"/v\d+(?:\.\d+)+/", quoted)
    versioned = quoted if has_version else f"/v{api_version}{quoted}"
    # The transport sets the headers of the connection; here these only name the protocol to switch to.
    upgrade = next((value.lower() for name, value in own.items() if name.lower() == "upgrade"), None)
    own = {name: value for name, value in own.items() if name.lower() not in ("upgrade", "connection")}
    return Request(method.upper(), versioned, tuple(pairs), _merged(content_headers, own), content, upgrade)


def _header(param: Param, value: Any) -> str:
    return auth_header(param.name, value) if param.type == "auth" else text_of(param.name, value)


def _at(field: tuple[str, ...], error: StepError) -> FieldError:
    """Return an error with the field that it is about."""
    return FieldError(error.code, error.message, field, hint=error.hint)


def _check_names(operation: Operation, params: Mapping[str, Any]) -> None:
    names = [param.name for param in operation.params]
    for name in params:
        if name not in names:
            hint = did_you_mean(str(name), names) or (f"it has: {', '.join(names)}" if names else "it has none")
            message = f"{operation.name} has no parameter '{name}'"
            raise FieldError("unknown-parameter", message, (name,), hint=hint)
    for param in operation.required_params:
        if params.get(param.name) is None:
            raise StepError("missing-parameter", f"{operation.name} needs the parameter '{param.name}'")


def _content(
    body: Any, upload: Upload | None, kind: Literal["json", "tar"] | None
) -> tuple[bytes | Upload | None, list[tuple[str, str]]]:
    """Return the body and the headers that describe it; the transport adds those of the connection."""
    if upload is not None:
        return upload, [("Content-Type", "application/x-tar") if kind == "tar" else JSON_TYPE]
    if body is not MISSING:
        if kind != "json":
            hint = "use body_file or body_dir" if kind else None
            raise StepError("bad-body", "a JSON body can't be sent here", hint=hint)
        return json_text(body).encode(), [JSON_TYPE]
    return None, []


def _accept(operation: Operation) -> list[tuple[str, str]]:
    """Return the headers that pin what would depend on the client: a stream's format, a tar's compression."""
    if operation.answer in ("items", "progress"):
        return [("Accept", "application/json")]
    return [("Accept-Encoding", "identity")] if operation.answer == "tar" else []


def _merged(own: Iterable[tuple[str, str]], headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the operation's headers, then the caller's, which win; a header that would begin another is refused."""
    names = {name.lower() for name in headers}
    pairs = [pair for pair in own if pair[0].lower() not in names] + list(headers.items())
    for name, value in pairs:
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or re.search(r"[^\t\x20-\x7e\x80-\xff]", value):
            raise StepError("bad-parameter", f"the header {name!r} contains a character that headers can't have")
    return tuple(pairs)
