"""Reads the docker CLI's contexts: named engines in its configuration folder.

Layout: ``contexts/meta/<sha256 of the name>/meta.json`` and ``contexts/tls/<same>/docker/{ca,cert,key}.pem``
(https://docs.docker.com/engine/manage-resources/contexts/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.engine.docker_config.config import bad_config, config_file, read_object
from runner.engine.docker_config.endpoint import Endpoint, TlsSettings, parse
from runner.errors import UsageError
from runner.nearest import did_you_mean

DEFAULT = "default"
"""The context that is not in any file: flags, environment and well-known sockets."""


def current(folder: Path) -> str | None:
    """Return the name of the context that ``docker context use`` chose.

    Raises:
        UsageError: ``bad-context``, the configuration can't be read.
    """
    path = config_file(folder)
    try:
        name = read_object(path).get("currentContext")
    except ValueError as error:
        raise bad_config(path, str(error)) from None
    return name if isinstance(name, str) and name else None


def load(folder: Path, name: str, *, source: str) -> Endpoint:
    """Return the engine of a named context.

    Raises:
        UsageError: ``unknown-context`` or ``bad-context``.
    """
    import hashlib

    digest = hashlib.sha256(name.encode()).hexdigest()
    path = folder / "contexts" / "meta" / digest / "meta.json"
    if not path.exists():
        known = names(folder)
        raise UsageError(
            "unknown-context",
            f"there is no context {name!r} in {folder} (from {source})",
            hint=did_you_mean(name, known) or f"there are: {', '.join([DEFAULT, *known])}",
        )
    engine = _docker_endpoint(path, name)
    tls = _tls(folder / "contexts" / "tls" / digest / "docker", skip_verify=engine.get("SkipTLSVerify") is True)
    return parse(engine["Host"], source=source, tls=tls)


def _docker_endpoint(path: Path, name: str) -> dict[str, Any]:
    """Return a context's ``docker`` endpoint, which has a ``Host``."""
    try:
        endpoints = read_object(path).get("Endpoints")
    except ValueError as error:
        raise _bad_context(path, name, str(error)) from None
    engine = endpoints.get("docker") if isinstance(endpoints, dict) else None
    if not isinstance(engine, dict) or not isinstance(engine.get("Host"), str):
        raise _bad_context(path, name, "it names no address of a docker endpoint")
    return engine


def _tls(folder: Path, *, skip_verify: bool) -> TlsSettings | None:
    """Return a context's TLS settings; None if it has none."""
    ca, cert, key = (path if path.exists() else None for path in (folder / f"{part}.pem" for part in _PARTS))
    if not (ca or cert or key or skip_verify):
        return None
    return TlsSettings(ca, cert, key, verify=not skip_verify)


_PARTS = ("ca", "cert", "key")


def names(folder: Path) -> list[str]:
    """Return the names of the contexts that the docker CLI knows besides ``default``."""
    found = []
    for path in sorted((folder / "contexts" / "meta").glob("*/meta.json")):
        try:
            name = read_object(path).get("Name")
        except ValueError:
            continue
        if isinstance(name, str):
            found.append(name)
    return found


def _bad_context(path: Path, name: str, why: str) -> UsageError:
    hint = "fix the file, or select an engine with -H"
    return UsageError("bad-context", f"the context {name!r} can't be used: {path}: {why}", hint=hint)
