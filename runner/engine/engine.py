"""Making the acquaintance of an engine: who answers, in which version, and which API version to speak."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runner.api.operations import newest_api, oldest_api, version_key
from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.transport import Deadline, Headers, Request, Response, Transport
from runner.errors import EngineError, UsageError

_SERVER = re.compile(r"(\w[\w.-]*)/(\S+)")
_API_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,4}")
_NAMES: Final = {"libpod": "podman", "engine": "docker", "podman engine": "podman", "balenaengine": "balena"}
_LONGEST_ANSWER: Final = 256 * 1024


class Engine(NamedTuple):
    """An engine that answered. ``name`` is ``docker``, ``podman`` or what it calls itself; ``api_version`` the one to
    speak; ``swarm`` its state (``active/manager``) where the engine tells at once, which newer ones do. One that only
    answers from a recording has its date in ``recorded_at`` (RFC 3339)."""

    endpoint: Endpoint
    transport: Transport
    name: str
    version: str
    api_version: str
    swarm: str | None = None
    recorded_at: str | None = None

    def send(self, request: Request, deadline: Deadline) -> Response:
        """See :meth:`runner.engine.transport.Transport.send`."""
        return self.transport.send(request, deadline)

    def share(self) -> Engine:
        """The same engine over the same connections, whose exchanges are aborted by themselves."""
        return self._replace(transport=self.transport.share())

    def abort(self) -> None:
        """See :meth:`runner.engine.transport.Transport.abort`."""
        self.transport.abort()

    def close(self) -> None:
        self.transport.close()


def connect(
    endpoint: Endpoint, *, api_version: str | None = None, transport: Transport | None = None, deadline: Deadline
) -> Engine:
    """Ask who is there and agree on an API version: the newest that both know, or the one that was asked for.

    Raises:
        UsageError: ``api_version`` is no version.
        EngineError: nobody answers (see :meth:`Transport.send`), or ``not-an-engine``, or ``api-version``: no version
            that both speak.
        DeadlineExceeded: it took too long.
    """
    if api_version is not None and not _API_VERSION.fullmatch(api_version):
        raise UsageError("bad-api-version", f"{api_version!r} is no API version", hint=f"one looks like {newest_api()}")
    if transport is None:
        from runner.engine.http.client import HttpTransport
        from runner.engine.sockets.dial import dialer

        transport = HttpTransport(dialer(endpoint), host=endpoint.host_header)
    try:
        return _meet(endpoint, transport, api_version, deadline)
    except BaseException:
        transport.close()
        raise


def _meet(endpoint: Endpoint, transport: Transport, asked: str | None, deadline: Deadline) -> Engine:
    status, headers, text = _get(transport, "/_ping", deadline)
    offered = headers.get("api-version", "")
    name, version = _from_server(headers)
    if not _API_VERSION.fullmatch(offered):
        if status != 200 or text.strip() != b"OK":
            raise _not_an_engine(endpoint, status, text)
        offered = ""
    if not (offered and name and version):
        facts = _version_facts(endpoint, transport, deadline)
        offered = offered or str(facts.get("ApiVersion", ""))
        name, version = name or _from_components(facts), version or str(facts.get("Version", "unknown"))
        if not _API_VERSION.fullmatch(offered):
            raise _not_an_engine(endpoint, status, text)
    if asked is None:
        api_version = _agree(name, version, offered)
    else:
        api_version = asked
        _check_accepted(transport, asked, deadline)
    return Engine(endpoint, transport, name, version, api_version, headers.get("swarm"))


def _get(transport: Transport, path: str, deadline: Deadline) -> tuple[int, Headers, bytes]:
    """A small answer, whole."""
    response = transport.send(Request("GET", path), deadline)
    try:
        text = b""
        while len(text) < _LONGEST_ANSWER and (piece := response.read1()):
            text += piece
        return response.status, response.headers, text
    finally:
        response.close()


def _from_server(headers: Headers) -> tuple[str, str]:
    """``Docker/20.10.24 (linux)``, ``Libpod/4.3.1 (linux)``."""
    found = _SERVER.match(headers.get("server", ""))
    return (_named(found[1]), found[2]) if found else ("", "")


def _from_components(facts: Mapping[str, Any]) -> str:
    components = facts.get("Components")
    first = components[0] if isinstance(components, list) and components else None
    return _named(str(first.get("Name", ""))) if isinstance(first, dict) else "docker"


def _named(name: str) -> str:
    return _NAMES.get(name.lower(), name.lower())


def _version_facts(endpoint: Endpoint, transport: Transport, deadline: Deadline) -> Mapping[str, Any]:
    status, _, text = _get(transport, "/version", deadline)
    try:
        facts = json.loads(text)
    except ValueError:
        facts = None
    if status != 200 or not isinstance(facts, dict):
        raise _not_an_engine(endpoint, status, text)
    return facts


def _agree(name: str, version: str, offered: str) -> str:
    if version_key(offered) < version_key(oldest_api()):
        raise EngineError(
            "api-version",
            f"{name} {version} speaks API {offered} at most; {oldest_api()} is the oldest that is known here",
            hint="update the engine",
        )
    return min(offered, newest_api(), key=version_key)


def _check_accepted(transport: Transport, asked: str, deadline: Deadline) -> None:
    status, _, text = _get(transport, f"/v{asked}/_ping", deadline)
    if status == 200:
        return
    raise EngineError(
        "api-version",
        f"the engine refuses API {asked}: {_message(text)}",
        hint="leave --api-version and DOCKER_API_VERSION out, and the best version is found by itself",
    )


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, TypeError, KeyError):
        return text[:200].decode(errors="replace").strip()


def _not_an_engine(endpoint: Endpoint, status: int, text: bytes) -> EngineError:
    if b"HTTP request to an HTTPS server" in text:
        return EngineError(
            "not-http",
            f"{endpoint.url} (from {endpoint.source}) wants TLS",
            hint="use --tlsverify with --tlscacert, or an https:// address",
        )
    return EngineError(
        "not-an-engine",
        f"what answers at {endpoint.url} (from {endpoint.source}) is no container engine: it answered {status}"
        f" {text[:60].decode(errors='replace')!r} to GET /_ping",
        hint="is this the address of a Docker or Podman API?",
    )
