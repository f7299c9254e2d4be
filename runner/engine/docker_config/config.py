"""Reads the docker CLI's configuration file, and the HTTP headers that it adds to every request.

Headers: ``HttpHeaders`` of ``config.json``, all of which the variable ``DOCKER_CUSTOM_HEADERS`` replaces
(https://docs.docker.com/reference/cli/docker/#custom-http-headers).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from runner.errors import UsageError

HeaderPairs = tuple[tuple[str, str], ...]

CUSTOM_HEADERS: Final = "DOCKER_CUSTOM_HEADERS"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_NOT_THEIRS: Final = frozenset({"user-agent", "host", "content-length", "transfer-encoding", "connection", "upgrade"})
"""Headers that belong to the client or to the connection; the docker CLI ignores the first one too."""


def config_folder(env: Mapping[str, str]) -> Path:
    """Return the folder of the configuration: ``$DOCKER_CONFIG``, or ``~/.docker``."""
    return Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or "/") / ".docker")


def config_file(folder: Path) -> Path:
    return folder / "config.json"


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one where there is no file.

    Raises:
        ValueError: why it can't be used.
    """
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ValueError(error.strerror or "it can't be read") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - what is wrong with the file, not with a call
    return value


def http_headers(folder: Path, env: Mapping[str, str]) -> HeaderPairs:
    """Return the headers that every request carries. A configuration that can't be read has none, as for the CLI.

    Raises:
        UsageError: ``bad-http-headers``.
    """
    listed = env.get(CUSTOM_HEADERS)
    if listed:
        return _checked(_from_variable(listed), CUSTOM_HEADERS)
    path = config_file(folder)
    try:
        headers = read_object(path).get("HttpHeaders") or {}
    except ValueError:
        return ()
    if not isinstance(headers, dict):
        raise _bad_headers(str(path), "HttpHeaders is not an object")
    return _checked(headers.items(), str(path))


def bad_config(path: Path, why: str) -> UsageError:
    """Return the error for a configuration file that can't be used."""
    return UsageError(
        "bad-context",
        f"the docker CLI's configuration can't be used: {path}: {why}",
        hint="fix the file, or set DOCKER_CONFIG to another folder",
    )


def _from_variable(text: str) -> Iterable[tuple[str, str]]:
    import csv

    try:
        fields = next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration):
        raise _bad_headers(CUSTOM_HEADERS, "it is not a list of NAME=VALUE with commas between") from None
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise _bad_headers(CUSTOM_HEADERS, "one of its elements has no '='")
        yield name.strip(), value


def _checked(pairs: Iterable[tuple[str, Any]], source: str) -> HeaderPairs:
    """Return the pairs with each name once, the last one's value; never a value in a message: it may be secret."""
    headers: dict[str, tuple[str, str]] = {}
    for name, value in pairs:
        if not _NAME.fullmatch(name):
            raise _bad_headers(source, f"{name[:60]!r} is not a header name")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise _bad_headers(source, f"the value of {name} is not a text that a header can hold")
        if name.lower() not in _NOT_THEIRS:
            headers[name.lower()] = (name, value.strip(" \t"))
    return tuple(headers.values())


def _bad_headers(source: str, why: str) -> UsageError:
    return UsageError(
        "bad-http-headers",
        f"the HTTP headers of {source} can't be sent: {why}",
        hint='they look like {"HttpHeaders": {"X-Api-Key": "…"}}, or DOCKER_CUSTOM_HEADERS="X-Api-Key=…"',
    )
