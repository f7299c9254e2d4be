"""Chooses the engine: options, environment, the docker CLI's contexts, well-known sockets, in the CLI's own order.

Reference: https://docs.docker.com/reference/cli/docker/
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from runner.api.engines import DEFAULT_SOCKET, PODMAN_SOCKET
from runner.engine.docker_config import contexts
from runner.engine.docker_config.config import config_folder, http_headers
from runner.engine.docker_config.endpoint import Endpoint, TlsSettings, parse
from runner.errors import UsageError


class EngineOptions(NamedTuple):
    """The options that name an engine, as the docker CLI has them.

    ``host`` is an address and ``context`` a name, of which one may be given. ``tls`` and ``tlsverify`` mean the same;
    naming a certificate means TLS too.
    """

    host: str | None = None
    context: str | None = None
    tls: bool = False
    tlsverify: bool = False
    tlscacert: Path | None = None
    tlscert: Path | None = None
    tlskey: Path | None = None

    @property
    def files(self) -> dict[str, Path | None]:
        """The certificate files, by the option that names each."""
        return {"--tlscacert": self.tlscacert, "--tlscert": self.tlscert, "--tlskey": self.tlskey}

    @property
    def wants_tls(self) -> bool:
        return self.tls or self.tlsverify or any(self.files.values())


def resolve(
    options: EngineOptions, env: Mapping[str, str], *, exists: Callable[[str], bool] = os.path.exists
) -> Endpoint:
    """Return the endpoint that the docker CLI would use; where nothing names one, the first well-known socket.

    ``env`` is the environment, ``exists`` tells whether a socket is there. Unlike in the CLI, ``tls`` verifies as
    ``tlsverify`` does: only a context can switch that off.

    Raises:
        UsageError: options that exclude each other, an address or a context that makes no sense, a missing file.
    """
    if options.host and options.context:
        raise UsageError("conflicting-options", "--host and --context name two engines", hint="give one of them")
    for option, path in options.files.items():
        if path is not None and not path.is_file():
            raise UsageError("missing-file", f"there is no file {path} (from {option})")
    folder = config_folder(env)
    return _choose(options, env, folder, exists)._replace(headers=http_headers(folder, env))


def _choose(options: EngineOptions, env: Mapping[str, str], folder: Path, exists: Callable[[str], bool]) -> Endpoint:
    name, source = _context_name(options, env, folder)
    if name != contexts.DEFAULT:
        if options.wants_tls:
            raise UsageError(
                "conflicting-options",
                f"the context {name!r} (from {source}) has TLS settings of its own",
                hint="leave the --tls options out, or name the engine with --host",
            )
        return contexts.load(folder, name, source=source)
    tls = _tls_settings(options, env, folder)
    if options.host:
        return _parse(options.host, "--host", tls, options.wants_tls or _tls_in(env))
    if env.get("DOCKER_HOST"):
        return _parse(env["DOCKER_HOST"], "DOCKER_HOST", tls, options.wants_tls or _tls_in(env))
    sockets = (DEFAULT_SOCKET, *_other_sockets(env))
    socket = next(filter(exists, sockets), DEFAULT_SOCKET)
    return parse(f"unix://{socket}", source="the default" if socket == DEFAULT_SOCKET else "a well-known socket")


def _context_name(options: EngineOptions, env: Mapping[str, str], folder: Path) -> tuple[str, str]:
    """Return the context's name, and what named it."""
    if options.context:
        return options.context, "--context"
    if options.host or env.get("DOCKER_HOST"):
        return contexts.DEFAULT, ""
    if env.get("DOCKER_CONTEXT"):
        return env["DOCKER_CONTEXT"], "DOCKER_CONTEXT"
    return contexts.current(folder) or contexts.DEFAULT, "currentContext in config.json"


def _tls_settings(options: EngineOptions, env: Mapping[str, str], folder: Path) -> TlsSettings:
    certificates = Path(env.get("DOCKER_CERT_PATH") or folder)
    return TlsSettings(
        options.tlscacert or _existing(certificates / "ca.pem"),
        options.tlscert or _existing(certificates / "cert.pem"),
        options.tlskey or _existing(certificates / "key.pem"),
    )


def _tls_in(env: Mapping[str, str]) -> bool:
    return bool(env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_TLS"))


def _parse(url: str, source: str, settings: TlsSettings, tls: bool) -> Endpoint:
    secure = tls or url.strip().lower().startswith("https://")
    return parse(url, source=source, tls=settings if secure else None)


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _other_sockets(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sockets of rootless Docker, rootless Podman and Podman."""
    runtime = env.get("XDG_RUNTIME_DIR")
    rootless = (f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock") if runtime else ()
    return (*rootless, PODMAN_SOCKET)
