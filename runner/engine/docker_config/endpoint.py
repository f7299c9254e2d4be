"""Parses the address of an engine, and keeps how to trust it and what named it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from runner.api.engines import DEFAULT_SOCKET
from runner.engine.docker_config.config import HeaderPairs
from runner.errors import UsageError

Scheme = Literal["unix", "tcp", "ssh"]

PLAIN_PORT: Final = 2375
TLS_PORT: Final = 2376
_PORTS: Final = {"tcp": None, "http": 80, "https": 443, "ssh": 22}
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^:/@\[\]]*):[0-9]+")
_HOST = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z_.-]*[0-9A-Za-z_.])?|[0-9A-Fa-f:.]+(?:%[0-9A-Za-z_.-]+)?")
_USER = re.compile(r"[0-9A-Za-z_.][0-9A-Za-z_.@\\+-]*")


class TlsSettings(NamedTuple):
    """Certificates for TLS. Without ``ca`` the system's certificate authorities are trusted; ``verify`` covers the
    chain and the host name."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    verify: bool = True


class Endpoint(NamedTuple):
    """An engine's address. ``url`` is shown to people and holds no credentials; ``source`` names the option, variable
    or context that it is from. ``path`` belongs to ``unix`` (and to ``ssh``: the socket on the remote host), ``host``
    and ``port`` to the others. ``prefix`` comes before the path of every request (``/engines/1``, of a reverse proxy);
    ``headers`` are sent with every request and may hold credentials: see :attr:`secrets`."""

    url: str
    scheme: Scheme
    source: str
    path: str | None = None
    host: str = ""
    port: int | None = None
    user: str | None = None
    tls: TlsSettings | None = None
    prefix: str = ""
    headers: HeaderPairs = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not be shown."""
        return tuple(value for _, value in self.headers if value)

    @property
    def exposed(self) -> bool:
        """Return whether this is plain tcp to another machine, where anyone on the way can take over the engine."""
        return self.scheme == "tcp" and self.tls is None and not _is_loopback(self.host)

    @property
    def host_header(self) -> str:
        """The value of each request's Host header."""
        if self.scheme != "tcp":
            return "localhost"
        return f"{_shown(self.host)}:{self.port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def parse(url: str, *, source: str, tls: TlsSettings | None = None) -> Endpoint:
    """Parse an address as ``-H`` and ``DOCKER_HOST`` take it: a URL, or ``host:port``.

    ``tls`` is used for tcp; an ``https`` address has TLS in any case, an ``http`` one never.

    Raises:
        UsageError: ``bad-host``.
    """
    scheme, separator, rest = url.strip().partition("://")
    if not separator:
        if not _HOST_AND_PORT.fullmatch(scheme):
            raise _bad(url, source, "it has no scheme")
        scheme, rest = "tcp", scheme
    scheme = scheme.lower()
    if scheme == "unix":
        return _parse_unix(rest, url, source)
    if scheme not in _PORTS:
        raise _bad(url, source, f"{scheme!r} is not a scheme that engines are reached by")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad(url, source, "its host or port can't be read") from None
    problem = _problem(parts)
    if problem:
        raise _bad(url, source, problem)
    if scheme == "ssh":
        return _ssh(source, host, port, unquote(parts.username or "") or None, unquote(parts.path).rstrip("/") or None)
    if scheme == "https":
        tls = tls or TlsSettings()
    elif scheme == "http":
        tls = None
    host = host or "127.0.0.1"
    port = port or _PORTS[scheme] or (TLS_PORT if tls else PLAIN_PORT)
    prefix = quote(parts.path, safe="/:@!$&'()*+,;=~%").rstrip("/")
    shown = f"{scheme}://{_shown(host)}:{port}{prefix}"
    return Endpoint(shown, "tcp", source, host=host, port=port, tls=tls, prefix=prefix)


def _problem(parts: SplitResult) -> str | None:
    """Return what is wrong with a network address. A name that begins with a hyphen would be an option to ssh."""
    is_ssh = parts.scheme == "ssh"
    host, user = parts.hostname or "", unquote(parts.username or "")
    if parts.query or parts.fragment or (not is_ssh and (user or parts.password)):
        return "only a host, a port and a path belong in it"
    if parts.password:
        return "a password does not belong in it; use a key with an ssh agent"
    if user and not _USER.fullmatch(user):
        return f"{user!r} is not a user name"
    if not host and parts.scheme != "tcp":
        return "it names no host"
    if host and not _HOST.fullmatch(host):
        return f"{host!r} is not a host name"
    return None


def _parse_unix(path: str, url: str, source: str) -> Endpoint:
    path = path or DEFAULT_SOCKET
    if not path.startswith("/"):
        raise _bad(url, source, "the path of a socket is absolute: unix:///run/…")
    if "\0" in path or len(path.encode()) > 107:
        raise _bad(url, source, "the path of a socket has at most 107 bytes")
    return Endpoint(f"unix://{path}", "unix", source, path=path)


def _ssh(source: str, host: str, port: int | None, user: str | None, path: str | None) -> Endpoint:
    shown = f"ssh://{f'{user}@' if user else ''}{_shown(host)}{f':{port}' if port else ''}"
    return Endpoint(shown + (path or ""), "ssh", source, path=path, host=host, port=port, user=user)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _bad(url: str, source: str, why: str) -> UsageError:
    shown = re.sub(r"//.*@", "//…@", url)
    return UsageError(
        "bad-host",
        f"{shown!r} (from {source}) is not an engine's address: {why}",
        hint="addresses look like unix:///var/run/docker.sock, tcp://host:2375, https://host:2376 or ssh://user@host",
    )
