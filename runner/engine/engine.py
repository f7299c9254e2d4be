"""Connects to an engine: identifies it (name, version) and negotiates the API version."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from runner.api.error_message import engine_message
from runner.api.operations import newest_api, oldest_api, version_key
from runner.engine.docker_config.endpoint import Endpoint
from runner.engine.transport import Deadline, Headers, Request, Response, Transport
from runner.errors import DeadlineExceeded, EngineError, RunnerError, UsageError
from runner.text import shown

if TYPE_CHECKING:
    from types import TracebackType

    import requests

_SERVER = re.compile(r"(\w[\w.-]*)/(\S+)")
_API_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,4}")
_NAMES: Final = {"libpod": "podman", "engine": "docker", "podman engine": "podman", "balenaengine": "balena"}
_MAX_BODY: Final = 256 * 1024
_LEAVE_VERSION_OUT: Final = "leave --api-version and DOCKER_API_VERSION out, and the best version is negotiated"


class Engine:
    """An engine that was identified, and the connections to it. Closes them as a context manager.

    ``name`` is ``docker``, ``podman`` or what it calls itself; ``api_version`` the version to speak; ``swarm`` its
    state (``active/manager``) where ``_ping`` has it, as in newer engines. One that only answers from a recording has
    its date in ``recorded_at`` (RFC 3339).
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        name: str,
        version: str,
        api_version: str,
        *,
        swarm: str | None = None,
        recorded_at: str | None = None,
    ) -> None:
        self.endpoint: Final = endpoint
        self.transport: Final = transport
        self.name: Final = name
        self.version: Final = version
        self.api_version: Final = api_version
        self.swarm: Final = swarm
        self.recorded_at: Final = recorded_at

    def __repr__(self) -> str:
        return f"<Engine {self.name} {self.version} (API {self.api_version}) at {self.endpoint.url}>"

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def send(self, request: Request, deadline: Deadline) -> Response:
        """See :meth:`runner.engine.transport.Transport.send`."""
        return self.transport.send(request, deadline)

    def session(self) -> requests.Session:
        """Return a session of the ``requests`` library for the same endpoint. Its URLs are paths:
        ``session.get("/v1.41/containers/json")``. The caller closes it.

        Raises:
            UsageError: ``no-session``, for an engine behind ssh or one of a recording; ``bad-certificate``.
        """
        from runner.engine.session import open_session

        return open_session(self.endpoint, recorded=self.recorded_at is not None)

    def through(self, transport: Transport) -> Engine:
        """Return the same engine with another transport, such as one that records."""
        return Engine(
            self.endpoint,
            transport,
            self.name,
            self.version,
            self.api_version,
            swarm=self.swarm,
            recorded_at=self.recorded_at,
        )

    def share(self) -> Engine:
        """Return the same engine over the same connections, whose exchanges are aborted separately."""
        return self.through(self.transport.share())

    def abort(self) -> None:
        """See :meth:`runner.engine.transport.Transport.abort`."""
        self.transport.abort()

    def hang_up(self, reason: RunnerError) -> None:
        """See :meth:`runner.engine.transport.Transport.hang_up`."""
        self.transport.hang_up(reason)

    def close(self) -> None:
        """Close idle connections; see :meth:`runner.engine.transport.Transport.close`."""
        self.transport.close()


def connect(
    endpoint: Endpoint, *, api_version: str | None = None, transport: Transport | None = None, deadline: Deadline
) -> Engine:
    """Identify the engine and negotiate the API version: the newest that both sides support, or ``api_version``.

    Raises:
        UsageError: ``bad-api-version``, ``api_version`` is not a version, or one that is too old.
        EngineError: ``engine-unreachable``, also if there is no answer by the deadline; the others of
            :meth:`Transport.send`; ``not-an-engine``; ``api-version``, there is no version that both sides support.
    """
    if api_version is not None:
        _check_known(api_version)
    if transport is None:
        from runner.engine.http.client import HttpTransport
        from runner.engine.sockets.dial import dialer

        transport = HttpTransport(
            dialer(endpoint), host=endpoint.host_header, prefix=endpoint.prefix, headers=endpoint.headers
        )
    began = time.monotonic()
    try:
        return _identify(endpoint, transport, api_version, deadline)
    except DeadlineExceeded:
        transport.close()
        raise EngineError(
            "engine-unreachable",
            f"no answer from {endpoint.url} (from {endpoint.source}) within {time.monotonic() - began:.0f} s",
            hint="is the engine busy, or is this the address of something else? More time: --timeout",
        ) from None
    except BaseException:
        transport.close()
        raise


def _check_known(api_version: str) -> None:
    if not _API_VERSION.fullmatch(api_version):
        hint = f"a version looks like {newest_api()}"
        raise UsageError("bad-api-version", f"{api_version!r} is not an API version", hint=hint)
    if version_key(api_version) < version_key(oldest_api()):
        message = f"API {api_version} is older than {oldest_api()}, the oldest version that is supported here"
        raise UsageError("bad-api-version", message, hint=_LEAVE_VERSION_OUT)


def _identify(endpoint: Endpoint, transport: Transport, requested: str | None, deadline: Deadline) -> Engine:
    status, headers, body = _get(transport, "/_ping", deadline)
    offered = headers.get("api-version", "")
    name, version = _from_server(headers)
    if not _API_VERSION.fullmatch(offered):
        if status != 200 or body.strip() != b"OK":
            raise _not_an_engine(endpoint, status, body)
        offered = ""
    if not (offered and name and version):
        facts = _version_facts(endpoint, transport, deadline)
        offered = offered or str(facts.get("ApiVersion", ""))
        name, version = name or _from_components(facts), version or str(facts.get("Version", "unknown"))
        if not _API_VERSION.fullmatch(offered):
            raise _not_an_engine(endpoint, status, body)
    if requested is None:
        api_version = _negotiate(name, version, offered)
    else:
        api_version = requested
        _check_accepted(transport, requested, deadline)
    return Engine(endpoint, transport, name, version, api_version, swarm=headers.get("swarm"))


def _get(transport: Transport, path: str, deadline: Deadline) -> tuple[int, Headers, bytes]:
    """Return the status, the headers and the whole body of a small response."""
    response = transport.send(Request("GET", path), deadline)
    try:
        body = b""
        while len(body) < _MAX_BODY and (data := response.read1()):
            body += data
        return response.status, response.headers, body
    finally:
        response.close()


def _from_server(headers: Headers) -> tuple[str, str]:
    """Return name and version from a header such as ``Docker/20.10.24 (linux)`` or ``Libpod/4.3.1 (linux)``."""
    match = _SERVER.match(headers.get("server", ""))
    return (_canonical(match[1]), match[2]) if match else ("", "")


def _from_components(facts: Mapping[str, Any]) -> str:
    components = facts.get("Components")
    first = components[0] if isinstance(components, list) and components else None
    return _canonical(str(first.get("Name", ""))) if isinstance(first, dict) else "docker"


def _canonical(name: str) -> str:
    return _NAMES.get(name.lower(), name.lower())


def _version_facts(endpoint: Endpoint, transport: Transport, deadline: Deadline) -> Mapping[str, Any]:
    status, _, body = _get(transport, "/version", deadline)
    facts = _parsed(body)
    if status != 200 or not isinstance(facts, dict):
        raise _not_an_engine(endpoint, status, body)
    return facts


def _negotiate(name: str, version: str, offered: str) -> str:
    if version_key(offered) < version_key(oldest_api()):
        raise EngineError(
            "api-version",
            f"{name} {version} supports API {offered} at most, and {oldest_api()} is the oldest that is supported here",
            hint="update the engine",
        )
    return min(offered, newest_api(), key=version_key)


def _check_accepted(transport: Transport, requested: str, deadline: Deadline) -> None:
    status, _, body = _get(transport, f"/v{requested}/_ping", deadline)
    if status != 200:
        message = engine_message(_parsed(body)) or f"it answered {status}"
        raise EngineError("api-version", f"the engine refuses API {requested}: {message}", hint=_LEAVE_VERSION_OUT)


def _parsed(body: bytes) -> Any:
    """Return the JSON value of a body, or its text where it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _not_an_engine(endpoint: Endpoint, status: int, body: bytes) -> EngineError:
    if b"HTTP request to an HTTPS server" in body:
        return EngineError(
            "not-http",
            f"{endpoint.url} (from {endpoint.source}) requires TLS",
            hint="use --tlsverify with --tlscacert, or an https:// address",
        )
    return EngineError(
        "not-an-engine",
        f"what answers at {endpoint.url} (from {endpoint.source}) is not a container engine: it answered {status}"
        f" {shown(body.decode(errors='replace'), 60)} to GET {endpoint.prefix}/_ping",
        hint="is this the address of a Docker or Podman API?",
    )
