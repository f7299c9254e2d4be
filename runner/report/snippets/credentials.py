"""Shows how the headers with a registry's credentials are made, whose values are on no page."""

from __future__ import annotations

from typing import Final, NamedTuple

from runner.report.snippets.session import Setup
from runner.results.records import RequestRecord

_CURL_HEADERS = (
    "accept accept-encoding connection content-length content-type host transfer-encoding upgrade user-agent"
)
OF_THE_CONNECTION: Final = frozenset(_CURL_HEADERS.split())
"""Request headers that a client sends itself, or that are shown with the body, in lower case."""
_BASE64URL = "base64 | tr -d '\\n' | tr '+/' '-_'"
_AUTH_ABOUT = "A registry's credentials are JSON in base64url. Set `REGISTRY_USER` and `REGISTRY_PASSWORD` before this:"
_CONFIG_ABOUT = "A build gets the credentials of all registries as JSON in base64url, by their names; here of none:"


class Credentials(NamedTuple):
    """A header whose value is in the variable ``name`` of the reader's shell, or in that of Python in lower case; a
    setup of each language makes it."""

    name: str
    shell: Setup
    python: Setup


CREDENTIALS: Final = {
    "x-registry-auth": Credentials(
        "REGISTRY_AUTH",
        Setup(
            _AUTH_ABOUT,
            """: "${REGISTRY_AUTH:=$(jq -n --arg user "$REGISTRY_USER" --arg password "$REGISTRY_PASSWORD" \\
    '{username: $user, password: $password}' | """
            f'{_BASE64URL})}}"',
        ),
        Setup(
            _AUTH_ABOUT,
            """import base64
import json
import os

registry_auth = os.environ.get("REGISTRY_AUTH")
if registry_auth is None:
    login = {"username": os.environ["REGISTRY_USER"], "password": os.environ["REGISTRY_PASSWORD"]}
    registry_auth = base64.urlsafe_b64encode(json.dumps(login).encode()).decode()
""",
        ),
    ),
    "x-registry-config": Credentials(
        "REGISTRY_CONFIG",
        Setup(_CONFIG_ABOUT, f": \"${{REGISTRY_CONFIG:=$(printf '{{}}' | {_BASE64URL})}}\""),
        Setup(
            _CONFIG_ABOUT,
            """import os

registry_config = os.environ.get("REGISTRY_CONFIG", "e30=")  # {} in base64
""",
        ),
    ),
}
"""Headers whose value is never shown, by their names in lower case."""


def media_type(request: RequestRecord) -> str:
    """Return the Content-Type of what was sent: a tar for an upload, JSON for a body, unless it says another."""
    default = "application/x-tar" if request.upload is not None else "application/json"
    return next((value for name, value in request.headers.items() if name.lower() == "content-type"), default)
