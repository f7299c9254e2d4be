"""Writes parameters and bodies as a person would: typed, without defaults, filters in today's form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from runner.api.bodies import unknown_fields
from runner.api.operations import Operation, Param, truth
from runner.proxy.matching import Call

_FREE: Final = frozenset(("ExposedPorts", "Volumes", "PortBindings", "EndpointsConfig", "Options", "Labels"))
"""Fields whose keys are free names: an empty value says something there."""
_MEANT: Final = frozenset(("StopTimeout", "Init", "Replicas"))
"""Fields where zero or false is not the same as nothing."""
_DEFAULTS: Final[Mapping[str, tuple[Any, ...]]] = {
    "MemorySwappiness": (-1,),
    "NetworkMode": ("default",),
    "RestartPolicy": ({"Name": "no"}, {"Name": "no", "MaximumRetryCount": 0}),
    "EndpointsConfig": ({"default": {}},),
    "ConsoleSize": ([0, 0],),
}
_OF_TERMINALS: Final = frozenset(("ConsoleSize",))


def params_of(call: Call, *, full: bool = False) -> dict[str, Any]:
    """Return a call's parameters by their API names, with the API's types; ``full`` keeps what says no more than
    nothing."""
    if call.operation is None:
        return dict(call.params)
    places = {param.name for param in call.operation.path_params}
    params: dict[str, Any] = {}
    for name, value in sorted(call.params.items(), key=lambda item: item[0] not in places):
        param = call.operation.param(name)
        if param is None or param.type == "auth" or (name == "detachKeys" and not full):
            continue
        typed = _typed(param, value)
        if name in places or full or not _is_default(call.operation, param, typed):
            params[name] = typed
    return params


def body_of(operation: Operation, body: Any, *, full: bool = False) -> Any:
    """Return a JSON body without the zeros that clients write out, and without what engines ignore."""
    if full:
        return body
    pruned = _pruned(body, "")
    for path, name, _ in [*unknown_fields(operation, pruned)]:
        inner = pruned
        for part in path:
            inner = inner[part]
        inner.pop(name, None)
    return pruned


def request_body_of(body: Any, *, full: bool = False) -> Any:
    """Return a JSON body of a request that the table doesn't know."""
    return body if full else _pruned(body, "")


def _typed(param: Param, value: str | list[str]) -> Any:
    if isinstance(value, list):
        return [_parsed(inner) if param.of_json else inner for inner in value]
    kind = "json" if param.of_json else param.type
    return _READERS[kind](value) if kind in _READERS else value


def _number(text: str) -> Any:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _filters(text: str) -> Any:
    """Return filters as a mapping of name to a value or a list; clients older than 2014's form send mappings of
    flags."""
    value = _parsed(text)
    if not isinstance(value, Mapping):
        return value
    lists = {name: [*inner] if isinstance(inner, (Mapping, list)) else [inner] for name, inner in value.items()}
    return {name: inner[0] if len(inner) == 1 else inner for name, inner in lists.items()}


def _is_default(operation: Operation, param: Param, value: Any) -> bool:
    if (
        value in ("", None, [], {}, [""], ["null"], [[]], [{}])
        or value == param.default
        or (param.name, value) == ("limit", -1)
    ):
        return True
    if isinstance(value, str) and param.default is not None and value == str(param.default):
        return True
    if param.type == "boolean":
        return bool(value) == truth(param.default)
    if value == 0 and param.type == "integer":
        return operation.name != "container.stop"  # t: 0 kills at once, which is not the default
    return value in (["null"], "null") or (operation.name == "image.build" and (param.name, value) in _BUILD_DEFAULTS)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "boolean": truth,
    "integer": _number,
    "filters": _filters,
    "json": _parsed,
    "array": lambda text: [text],
}
_BUILD_DEFAULTS: Final = (("dockerfile", "Dockerfile"), ("version", "1"), ("version", 1))


def _pruned(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        inner = {key: _pruned(one, key) for key, one in value.items()}
        return {key: one for key, one in inner.items() if name in _FREE or not _says_nothing(key, one)}
    return [_pruned(one, "") for one in value] if isinstance(value, list) else value


def _says_nothing(name: str, value: Any) -> bool:
    if name in _OF_TERMINALS or value is None:
        return True
    if name in _MEANT:
        return False
    return value in ("", 0, [], {}) or value is False or value in _DEFAULTS.get(name, ())
