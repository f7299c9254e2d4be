"""Opens a session of the ``requests`` library to an engine's endpoint.

For calls of one's own beside a scenario. The runner's own calls don't go through it: they need hijacked streams,
half-close and deadlines, which ``requests`` has not.
"""

from __future__ import annotations

from typing import Any, assert_never
from urllib.parse import quote

import requests
import requests_unixsocket.adapters
from requests.adapters import HTTPAdapter

from runner.engine.docker_config.endpoint import Endpoint, TlsSettings
from runner.errors import UsageError


def open_session(endpoint: Endpoint, *, recorded: bool = False) -> requests.Session:
    """Return a session whose URLs are paths on the engine (``/v1.41/containers/json``).

    It takes nothing from the environment and follows no redirect; the endpoint's prefix, headers and certificates are
    part of it.

    Raises:
        UsageError: ``no-session`` where ``requests`` can't reach the engine; ``bad-certificate``.
    """
    if recorded:
        raise UsageError("no-session", "a recording answers no session", hint="connect to an engine for one")
    match endpoint.scheme:
        case "unix":
            session = EngineSession(f"http+unix://{quote(endpoint.path or '', safe='')}")
            session.mount("http+unix://", requests_unixsocket.adapters.UnixAdapter())
        case "tcp":
            scheme = "http" if endpoint.tls is None else "https"
            session = EngineSession(f"{scheme}://{endpoint.host_header}{endpoint.prefix}")
            if endpoint.tls is not None:
                session.mount("https://", TlsAdapter(endpoint.tls))
                session.verify = endpoint.tls.verify and (str(endpoint.tls.ca) if endpoint.tls.ca else True)
        case "ssh":
            hint = "forward its socket (ssh -nNT -L ./engine.sock:/var/run/docker.sock HOST), and connect to that"
            raise UsageError("no-session", f"the requests library can't reach {endpoint.url}: it has no ssh", hint=hint)
        case _:
            assert_never(endpoint.scheme)
    session.headers.update(endpoint.headers)
    return session


class EngineSession(requests.Session):
    """A session whose relative URLs begin at ``base``."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request to a path on the engine, or to a whole URL."""
        path = url.decode() if isinstance(url, bytes) else url
        return super().request(method, f"{self.base}{path}" if path.startswith("/") else path, *args, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: engines send none, and what stands in front of one shall be seen."""


class TlsAdapter(HTTPAdapter):
    """Connects with the endpoint's certificates, by the same rules as the runner's own connections."""

    def __init__(self, settings: TlsSettings) -> None:
        from runner.engine.sockets.tls import make_context

        self._context = make_context(settings)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
