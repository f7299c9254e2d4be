"""Allow-lists for the socket proxies that people put before an engine, and what each grants beyond need.

Their rules, as they are published: https://github.com/Tecnativa/docker-socket-proxy (``haproxy.cfg``) and
https://github.com/wollomatic/socket-proxy (a regular expression for each method, matched against the whole path).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from runner.api.operations import Operation, all_operations

READING: Final = frozenset(("GET", "HEAD"))

_ID = "[a-zA-Z0-9_.-]+"
_VERSION = r"/v1\.[0-9]+"
_LIBPOD_VERSION = r"/v[0-9]+\.[0-9]+\.[0-9]+"
_SECTIONS: Final = (
    *("auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "grpc", "images", "info"),
    *("networks", "nodes", "_ping", "plugins", "secrets", "services", "session", "swarm", "system", "tasks"),
    *("version", "volumes"),
)
_ON_BY_DEFAULT: Final = frozenset(("EVENTS", "PING", "VERSION"))
_NARROW: Final = (
    ("ALLOW_START", re.compile(rf"/containers/{_ID}/start")),
    ("ALLOW_STOP", re.compile(rf"/containers/{_ID}/stop")),
    ("ALLOW_RESTARTS", re.compile(rf"/containers/{_ID}/(stop|restart|kill)")),
)


class Route(NamedTuple):
    """A method with a path's template: ``/containers/{id}/start``. ``versioned`` are the ways in which the client
    wrote it: with a version before it, without, or both."""

    method: str
    template: str
    versioned: frozenset[bool] = frozenset((True,))

    @property
    def example(self) -> str:
        """A path that the template stands for."""
        return re.sub(r"\{\w+\}", "x", self.template)


class AllowList(NamedTuple):
    """Holds what to give to a proxy. ``lines`` are its variables or options; ``excess`` are the operations that it
    opens although the client did not use them; ``refused`` are routes that this proxy can't open."""

    proxy: str
    lines: tuple[str, ...]
    excess: tuple[Operation, ...]
    refused: tuple[Route, ...] = ()


def tecnativa(routes: Collection[Route]) -> AllowList:
    """Return the variables of Tecnativa's docker-socket-proxy: what is on by default and not used is turned off."""
    needed = set(_needed_variables(routes))
    if any(route.method not in READING for route in routes):
        needed.add("POST")
    lines = [f"{name}=1" for name in sorted(needed - _ON_BY_DEFAULT)]
    lines += [f"{name}=0" for name in sorted(_ON_BY_DEFAULT - needed)]
    refused = tuple(route for route in routes if not tecnativa_allows(needed, route.method, route.example))
    used = {(route.method, route.template) for route in routes}
    excess = tuple(
        operation
        for operation in all_operations()
        if (operation.method, operation.path) not in used
        and tecnativa_allows(needed, operation.method, _example(operation))
    )
    return AllowList("Tecnativa", tuple(lines), excess, refused)


def tecnativa_allows(variables: Collection[str], method: str, path: str) -> bool:
    """Return whether that proxy lets a path without a version through; ``variables`` are those that are 1."""
    if method not in READING and "POST" not in variables:
        return False
    if any(name in variables and pattern.match(path) for name, pattern in _NARROW):
        return True
    return any(_variable(section) in variables and path.startswith(f"/{section}") for section in _SECTIONS)


def _needed_variables(routes: Collection[Route]) -> Iterator[str]:
    """Yield the variables that these routes need. Those of starting and stopping help only where no other path of
    containers is used."""
    narrow: list[str] = []
    for route in routes:
        section = next((name for name in _SECTIONS if route.template.startswith(f"/{name}")), None)
        if section is None:
            continue
        special = next((name for name, pattern in _NARROW if pattern.fullmatch(route.example)), None)
        if section == "containers" and special is not None:
            narrow.append(special)
        else:
            yield _variable(section)
    others = any(
        route.template.startswith("/containers") and not any(p.fullmatch(route.example) for _, p in _NARROW)
        for route in routes
    )
    if not others:
        yield from narrow


def _variable(section: str) -> str:
    return section.strip("_").upper()


def wollomatic(routes: Collection[Route]) -> AllowList:
    """Return the options of wollomatic's socket-proxy: one expression for each method. It wraps each in ``^`` and
    ``$``, so alternatives must be in brackets, or the first and the last would match anywhere."""
    patterns: dict[str, re.Pattern[str]] = {}
    lines = []
    for method in sorted({route.method for route in routes}):
        expression = _expression([route for route in routes if route.method == method])
        lines.append(f"-allow{method}={expression}")
        patterns[method] = re.compile(expression)
    used = {(route.method, route.template) for route in routes}
    excess = tuple(
        operation
        for operation in all_operations()
        if (operation.method, operation.path) not in used and _matches(patterns, operation)
    )
    return AllowList("wollomatic", tuple(lines), excess)


def _expression(routes: Iterable[Route]) -> str:
    by_prefix: dict[str, list[str]] = {}
    for route in sorted(routes):
        version = _LIBPOD_VERSION if route.template.startswith("/libpod/") else _VERSION
        prefix = f"({version})?" if len(route.versioned) > 1 else version if True in route.versioned else ""
        by_prefix.setdefault(prefix, []).append(_template_expression(route.template))
    whole = [
        f"{prefix}({'|'.join(paths)})" if len(paths) > 1 else prefix + paths[0] for prefix, paths in by_prefix.items()
    ]
    return whole[0] if len(whole) == 1 else f"({'|'.join(whole)})"


def _template_expression(template: str) -> str:
    """Return the pattern for a part of a path; an image's name may hold slashes and colons, also once it is decoded."""
    place = "[a-zA-Z0-9_./:@-]+" if template.startswith(("/images/", "/distribution/", "/plugins/")) else _ID
    parts = re.split(r"\{\w+\}", template)
    return place.join(re.escape(part).replace("\\-", "-") for part in parts)


def _matches(patterns: Mapping[str, re.Pattern[str]], operation: Operation) -> bool:
    pattern = patterns.get(operation.method)
    path = _example(operation)
    return pattern is not None and any(pattern.fullmatch(text) for text in (path, f"/v1.41{path}"))


def _example(operation: Operation) -> str:
    return re.sub(r"\{\w+\}", "x", operation.path)
