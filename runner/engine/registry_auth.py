"""Encodes registry credentials for the engine, and finds the registry that a reference names. Pure.

Engines silently ignore credentials that they can't read, so they are checked before they are sent. The headers:
https://docs.docker.com/reference/api/engine/version/v1.41/#section/Authentication
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runner.errors import StepError
from runner.nearest import did_you_mean

HUB: Final = "docker.io"
HUB_KEY: Final = "https://index.docker.io/v1/"
"""The docker CLI's and its helpers' name for Docker Hub."""

FIELDS: Final = ("username", "password", "email", "serveraddress", "identitytoken", "registrytoken", "auth")
SECRET_FIELDS: Final = ("password", "identitytoken", "registrytoken", "auth")
_FOR_ALL: Final = "X-Registry-Config"
_EXAMPLE: Final = "{username: …, password: …, serveraddress: …}"

AuthConfig = dict[str, str]
"""One registry's credentials, by the API's field names."""


def host_of(reference: str) -> str:
    """Return the registry of a reference such as ``localhost:5000/team/app:1.0@sha256:…``; without one ``docker.io``.

    Source: https://pkg.go.dev/github.com/distribution/reference
    """
    first, slash, _ = reference.partition("@")[0].partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    return first if named and first != "index.docker.io" else HUB


def key_of(host: str) -> str:
    """Return the docker CLI's and its helpers' name for a registry."""
    return HUB_KEY if host == HUB else host


def encode(name: str, value: Any) -> str:
    """Return the value of the header ``name`` (``X-Registry-Auth``, ``X-Registry-Config``): padded base64url of JSON.

    A text must be encoded already, and is checked like a mapping.

    Raises:
        StepError: ``bad-parameter``.
    """
    mapping = decode(name, value)
    checked: Mapping[str, Any]
    if name == _FOR_ALL:
        checked = {str(host): _auth_config(f"{name}.{host}", config) for host, config in mapping.items()}
    else:
        checked = _auth_config(name, mapping)
    return value if isinstance(value, str) else _encoded(checked)


def decode(name: str, value: Any) -> Mapping[Any, Any]:
    """Return a scenario's mapping for the header ``name``, which may be encoded; unchecked.

    Raises:
        StepError: ``bad-parameter``.
    """
    if isinstance(value, Mapping):
        return value
    try:
        is_base64 = isinstance(value, str) and re.fullmatch(r"[\w=-]*", value, re.ASCII)
        decoded = json.loads(base64.urlsafe_b64decode(value)) if is_base64 else None
    except (ValueError, RecursionError):
        decoded = None
    if not isinstance(decoded, Mapping):
        hint = f"give a mapping, such as {_EXAMPLE}"
        raise StepError("bad-parameter", f"{name} is not padded base64url of a JSON object", hint=hint)
    return decoded


def secrets_in(value: Any) -> Iterator[str]:
    """Return the values in credentials that must not be shown, at any depth."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        if isinstance(inner, Mapping):
            yield from secrets_in(inner)
        elif str(key).lower() in SECRET_FIELDS and inner is not None and not isinstance(inner, list | bool):
            yield str(inner)


def split_auth(text: str) -> tuple[str, str]:
    """Return user and password of an ``auth`` field: base64 of ``user:password``.

    Raises:
        ValueError: it is not that.
    """
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise ValueError("'auth' is not base64 of user:password") from None
    user, colon, password = pair.partition(":")
    if not colon:
        raise ValueError("'auth' is not base64 of user:password")
    return user, password.strip("\0")


def _auth_config(where: str, value: Any) -> AuthConfig:
    if not isinstance(value, Mapping):
        raise StepError("bad-parameter", f"{where} must be a mapping such as {_EXAMPLE}")
    config: AuthConfig = {}
    for key, text in value.items():
        if key not in FIELDS:
            hint = did_you_mean(str(key), FIELDS) or f"there are: {', '.join(FIELDS)}"
            raise StepError("bad-parameter", f"{where} has no field '{key}'", hint=hint)
        if isinstance(text, bool) or not isinstance(text, str | int | float | None):
            raise StepError("bad-parameter", f"{where}.{key} must be a text")  # the value itself may be a secret
        if text is not None:
            config[key] = str(text)
    if "auth" in config:
        try:
            user, password = split_auth(config.pop("auth"))
        except ValueError as error:
            raise StepError("bad-parameter", f"{where}: {error}") from None
        config = {"username": user, "password": password, **config}
    return config


def _encoded(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        return base64.urlsafe_b64encode(text.encode()).decode("ascii")
    except UnicodeEncodeError:
        raise StepError(
            "bad-parameter", "credentials contain half of a surrogate pair, which is not a character"
        ) from None
