"""The docker CLI's contexts: named engines in its configuration folder.

Layout: ``contexts/meta/<sha256 of the name>/meta.json`` and ``contexts/tls/<the same>/docker/{ca,cert,key}.pem``
(https://docs.docker.com/engine/manage-resources/contexts/).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runner.engine.docker_config.endpoint import Endpoint, TlsSettings, parse
from runner.errors import UsageError
from runner.nearest import did_you_mean

DEFAULT = "default"
"""The context that is not in any file: flags, environment and well-known sockets."""


def current(folder: Path) -> str | None:
    """The context that ``docker context use`` chose."""
    path = folder / "config.json"
    name = _read(path, "the docker CLI's configuration").get("currentContext") if path.exists() else None
    return name if isinstance(name, str) and name else None


def load(folder: Path, name: str, *, source: str) -> Endpoint:
    """The engine of a named context.

    Raises:
        UsageError: ``unknown-context`` or ``bad-context``.
    """
    import hashlib

    digest = hashlib.sha256(name.encode()).hexdigest()
    path = folder / "contexts" / "meta" / digest / "meta.json"
    if not path.exists():
        known = _names(folder)
        raise UsageError(
            "unknown-context",
            f"there is no context {name!r} in {folder} (from {source})",
            hint=did_you_mean(name, known) or f"there are: {', '.join([DEFAULT, *known])}",
        )
    endpoints = _read(path, f"the context {name!r}").get("Endpoints")
    engine = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = engine.get("Host") if isinstance(engine, dict) else None
    if not isinstance(engine, dict) or not isinstance(host, str):
        raise _bad(path, f"the context {name!r}", "it names no address of a docker endpoint")
    tls = _tls(folder / "contexts" / "tls" / digest / "docker", skip_verify=engine.get("SkipTLSVerify") is True)
    return parse(host, source=source, tls=tls)


def _tls(folder: Path, *, skip_verify: bool) -> TlsSettings | None:
    """What a context says of TLS; None, if it says nothing of it."""
    ca, cert, key = (path if path.exists() else None for path in (folder / f"{part}.pem" for part in _PARTS))
    if not (ca or cert or key or skip_verify):
        return None
    return TlsSettings(ca, cert, key, verify=not skip_verify)


_PARTS = ("ca", "cert", "key")


def _names(folder: Path) -> list[str]:
    found = []
    for path in sorted((folder / "contexts" / "meta").glob("*/meta.json")):
        try:
            name = _read(path, "a context").get("Name")
        except UsageError:
            continue
        if isinstance(name, str):
            found.append(name)
    return found


def _read(path: Path, what: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise _bad(path, what, error.strerror or "it can't be read") from None
    except (ValueError, RecursionError) as error:
        raise _bad(path, what, f"it is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise _bad(path, what, "it is not a JSON object")
    return value


def _bad(path: Path, what: str, why: str) -> UsageError:
    return UsageError(
        "bad-context", f"{what} can't be used: {path}: {why}", hint="mend the file, or name an engine with -H"
    )
