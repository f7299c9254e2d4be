"""Which engine is meant: flags, environment, the docker CLI's contexts, well-known sockets, in the CLI's own order.

The environment and the home folder are passed in. Reference: https://docs.docker.com/reference/cli/docker/
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from runner.engine.docker_config import contexts
from runner.engine.docker_config.endpoint import Endpoint, TlsSettings, parse
from runner.errors import UsageError

DEFAULT_SOCKET: Final = "/var/run/docker.sock"


def resolve(
    *,
    host: str | None = None,
    context: str | None = None,
    tls: bool = False,
    tlsverify: bool = False,
    tlscacert: Path | None = None,
    tlscert: Path | None = None,
    tlskey: Path | None = None,
    env: Mapping[str, str],
    home: Path,
    exists: Callable[[str], bool] = os.path.exists,
) -> Endpoint:
    """The endpoint that the docker CLI would use; without any word on it, the first well-known socket that exists.

    Unlike there, ``tls`` verifies as ``tlsverify`` does: only a context can switch that off. Naming a certificate
    means TLS too.

    Raises:
        UsageError: options that exclude each other, an address or a context that makes no sense, a missing file.
    """
    if host and context:
        raise UsageError("conflicting-options", "--host and --context name two engines", hint="give one of them")
    files = {"--tlscacert": tlscacert, "--tlscert": tlscert, "--tlskey": tlskey}
    for option, path in files.items():
        if path is not None and not path.is_file():
            raise UsageError("missing-file", f"there is no file {path} (from {option})")
    tls = tls or tlsverify or any(files.values())
    folder = Path(env.get("DOCKER_CONFIG") or home / ".docker")
    name, source = _context_name(host, context, env, folder)
    if name != contexts.DEFAULT:
        if tls:
            raise UsageError(
                "conflicting-options",
                f"the context {name!r} (from {source}) has TLS settings of its own",
                hint="leave the --tls options out, or name the engine with --host",
            )
        return contexts.load(folder, name, source=source)
    certificates = Path(env.get("DOCKER_CERT_PATH") or folder)
    settings = TlsSettings(
        tlscacert or _existing(certificates / "ca.pem"),
        tlscert or _existing(certificates / "cert.pem"),
        tlskey or _existing(certificates / "key.pem"),
    )
    tls = tls or bool(env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_TLS"))
    if host:
        return _parse(host, "--host", settings, tls)
    if env.get("DOCKER_HOST"):
        return _parse(env["DOCKER_HOST"], "DOCKER_HOST", settings, tls)
    sockets = (DEFAULT_SOCKET, *_other_sockets(env))
    socket = next(filter(exists, sockets), DEFAULT_SOCKET)
    return parse(f"unix://{socket}", source="the default" if socket == DEFAULT_SOCKET else "a well-known socket")


def _context_name(host: str | None, context: str | None, env: Mapping[str, str], folder: Path) -> tuple[str, str]:
    """The context's name, and what named it."""
    if context:
        return context, "--context"
    if host or env.get("DOCKER_HOST"):
        return contexts.DEFAULT, ""
    if env.get("DOCKER_CONTEXT"):
        return env["DOCKER_CONTEXT"], "DOCKER_CONTEXT"
    return contexts.current(folder) or contexts.DEFAULT, "currentContext in config.json"


def _parse(url: str, source: str, settings: TlsSettings, tls: bool) -> Endpoint:
    secure = tls or url.strip().lower().startswith("https://")
    return parse(url, source=source, tls=settings if secure else None)


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _other_sockets(env: Mapping[str, str]) -> tuple[str, ...]:
    """Rootless Docker, rootless Podman, Podman."""
    runtime = env.get("XDG_RUNTIME_DIR")
    rootless = (f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock") if runtime else ()
    return (*rootless, "/run/podman/podman.sock")
