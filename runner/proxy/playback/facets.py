"""Takes requests apart into facets that can be compared, without what differs from client to client and run to run.

Clients of other versions send the same request with other zeros, another API version, booleans as ``1`` or ``true``,
and the same image under another name; the runner adds labels. None of that is a difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from runner.api.operations import truth
from runner.labels import PREFIX
from runner.proxy.matching import Call, call_of

Facets = Mapping[str, Any]
"""Place to value: ``query.name``, ``body.HostConfig.Binds.0``."""

_UNCOMPARED: Final = {
    "container.resize": {"query.h", "query.w"},
    "exec.resize": {"query.h", "query.w"},
    "system.events": {"query.since", "query.until"},
}
"""What a client decides by its terminal or its clock."""
_DEFAULTS: Final[Mapping[str, Mapping[str, tuple[Any, ...] | None]]] = {
    "container.create": {
        "body.HostConfig.MemorySwappiness": (-1,),
        "body.HostConfig.NetworkMode": ("default", "bridge"),
        "body.HostConfig.RestartPolicy.Name": ("no",),
        "body.HostConfig.ConsoleSize.0": None,
        "body.HostConfig.ConsoleSize.1": None,
        "body.HostConfig.LogConfig.Type": ("json-file",),
    },
    "exec.start": {"body.ConsoleSize.0": None, "body.ConsoleSize.1": None},
    "container.exec": {"body.ConsoleSize.0": None, "body.ConsoleSize.1": None},
    "container.attach": {"query.detachKeys": None},
    "container.delete": {"query.link": None},
    "network.create": {"body.Driver": ("bridge",), "body.CheckDuplicate": None, "body.IPAM.Driver": ("default",)},
    "volume.create": {"body.Driver": ("local",)},
    "container.wait": {"query.condition": None},
    "image.build": {
        "query.dockerfile": ("Dockerfile",),
        "query.shmsize": ("0",),
        "query.ulimits": None,
        "query.version": ("1",),
    },
}
"""What some clients write out and others leave to the engine; None is any value: it changes nothing that is seen."""
_IMAGE_PLACES: Final = frozenset(("path.name", "body.Image", "query.fromImage"))


class Asked(NamedTuple):
    """A request as it is compared. ``key`` is equal for requests of the same operation; ``digest`` tells whether an
    upload is the same byte for byte, which is not a condition: a tar holds times."""

    call: Call
    key: str
    facets: Facets
    digest: str | None = None


def asked(method: str, target: str, body: Mapping[str, Any]) -> Asked:
    """Take a request apart; ``body`` is as a recording keeps it (``json``, ``text``, ``base64``, ``upload``)."""
    call = call_of(method, target)
    operation = call.operation
    facets: dict[str, Any] = {}
    if operation is None:
        key = f"{method} {'/'.join('*' if part else '' for part in call.path.split('/'))}"
        facets.update((f"path.{number}", part) for number, part in enumerate(call.path.split("/")))
        facets.update(_leaves("query", dict(call.params)))
    else:
        key = operation.name
        path_names = {param.name for param in operation.path_params}
        for name, value in call.params.items():
            place = f"path.{name}" if name in path_names else f"query.{name}"
            facets.update(_parameter(call, name, place, value))
    if "json" in body:
        facets.update(_leaves("body", body["json"]))
    for form in ("text", "base64"):
        if form in body:
            facets["body"] = body[form]
    kept = {place: value for place, value in facets.items() if not _says_nothing(key, place, value)}
    return Asked(call, key, {place: _image(key, place, value) for place, value in kept.items()}, body.get("sha256"))


def _says_nothing(key: str, place: str, value: Any) -> bool:
    """Return whether a facet is what the engine assumes without it, or is the terminal's or the clock's."""
    defaults = _DEFAULTS.get(key, {}).get(place, ())
    return place in _UNCOMPARED.get(key, ()) or defaults is None or value in defaults


def _parameter(call: Call, name: str, place: str, value: str | list[str]) -> Iterator[tuple[str, Any]]:
    """Yield a parameter's facets; none where it says what the engine assumes without it."""
    operation = call.operation
    param = operation.param(name) if operation else None
    if param is None or isinstance(value, list):
        yield from _leaves(place, value)
        return
    if param.type == "boolean":
        if truth(value) != truth(param.default):
            yield place, truth(value)
    elif param.type in ("filters", "json") or (param.type == "array" and param.of_json):
        yield from _json_leaves(place, value)
    elif value and value != str(param.default if param.default is not None else ""):
        yield place, value


def _json_leaves(place: str, text: str) -> Iterator[tuple[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError:
        yield place, text
        return
    if isinstance(value, Mapping):  # filters in the old form: {"label": {"a": true}}
        value = {name: sorted(inner) if isinstance(inner, (Mapping, list)) else inner for name, inner in value.items()}
    yield from _leaves(place, value)


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every scalar with its place. Zeros and empty things are what an engine assumes anyway."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not str(name).startswith(PREFIX):
                yield from _leaves(f"{place}.{name}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(inner for inner in value if not _is_own(inner)):
            yield from _leaves(f"{place}.{number}", inner)
    elif value:
        yield place, value


def _is_own(value: Any) -> bool:
    """Return whether an element of a list is the runner's own: a label of a build, or a filter for one."""
    return isinstance(value, str) and value.startswith((PREFIX, f'LABEL "{PREFIX}'))


def _image(key: str, place: str, value: Any) -> Any:
    """Return an image's full name, where an image is named."""
    if place not in _IMAGE_PLACES or not isinstance(value, str):
        return value
    if place == "path.name" and not key.startswith(("image.", "distribution.")):
        return value
    return full_image_name(value)


def full_image_name(name: str) -> str:
    """``alpine`` and ``docker.io/library/alpine:latest`` are the same image."""
    short = name.removeprefix("docker.io/").removeprefix("index.docker.io/").removeprefix("library/")
    if "@" in short or short.startswith("sha256:") or ":" in short.rpartition("/")[2]:
        return short
    return f"{short}:latest"
