"""Masks secrets in requests and responses: in the values that they carry, not in the API's own words.

Paths, names of parameters and the headers that say how to read a body stay as they are, so that a record or a recording
can be read whatever the secret is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from runner.api.paths import parameter_spans, rest_of
from runner.masking import SHOWN, Masker

STRUCTURAL_HEADERS: Final = frozenset(
    {
        "accept",
        "api-version",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "docker-experimental",
        "host",
        "libpod-api-version",
        "ostype",
        "server",
        "swarm",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers, in lower case, whose values are never masked: they say how a message is to be read and who sent it."""


def masked_path(method: str, path: str, masker: Masker) -> str:
    """Return a path without secrets in its parameters; of a path that is not an operation's, all but the version is a
    parameter."""
    spans = parameter_spans(method, path)
    if spans is None:
        version, rest = rest_of(path)
        return version + masker.text(rest)
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts += [path[done:start], masker.text(path[start:end])]
        done = end
    return "".join([*parts, path[done:]])


def masked_target(method: str, path: str, query: Iterable[tuple[str, str]], masker: Masker) -> str:
    """Return a path with its query string as a recording has it."""
    from urllib.parse import quote, quote_plus

    known = parameter_spans(method, path) is not None
    pairs = []
    for name, value in query:
        masked = masked_text(value, masker)
        shown = quote(masked, safe="*") if SHOWN in masked else quote_plus(value)
        pairs.append(f"{quote_plus(name if known else masker.text(name), safe='*')}={shown}")
    shown_path = masked_path(method, path, masker)
    return f"{shown_path}?{'&'.join(pairs)}" if pairs else shown_path


def masked_text(text: str, masker: Masker) -> str:
    """Return a query value without secrets; one that is JSON, such as ``filters``, stays JSON."""
    if not text.startswith(("{", "[")):
        return masker.text(text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return masker.text(text)
    masked = masker.value(value)
    return text if masked == value and SHOWN not in text else json.dumps(masked, separators=(",", ":"))


def masked_query(
    method: str, path: str, query: Mapping[str, str | list[str]], masker: Masker
) -> dict[str, str | list[str]]:
    """Return the query of a record without secrets in its values, and in names that are not an operation's."""
    known = parameter_spans(method, path) is not None
    return {
        name if known else masker.text(name): (
            [masked_text(inner, masker) for inner in value] if isinstance(value, list) else masked_text(value, masker)
        )
        for name, value in query.items()
    }


def masked_headers(headers: Mapping[str, str], masker: Masker) -> dict[str, str]:
    """Return headers without secrets in their values."""
    return {
        name: value if name.lower() in STRUCTURAL_HEADERS else masker.text(value) for name, value in headers.items()
    }


def masked_reason(status: int, reason: str, masker: Masker) -> str:
    """Return a reason phrase without secrets, unless it is the standard one."""
    try:
        standard = HTTPStatus(status).phrase
    except ValueError:
        standard = ""
    return reason if reason == standard else masker.text(reason)
