"""Registry credentials as the docker CLI keeps them: in its configuration, or with a credential helper.

Nothing is read before it is asked for. The order is the CLI's: ``credHelpers``, then ``credsStore``, then ``auths``.
Sources: https://docs.docker.com/reference/cli/docker/login/#credential-stores and
https://github.com/docker/docker-credential-helpers
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from runner.engine.registry_auth import HUB, HUB_KEY, AuthConfig, key_of, split_auth
from runner.errors import StepError

HELPER_SECONDS: Final = 30.0
"""How long a helper may take; one that asks at a terminal would wait for ever."""

_TOKEN_USER: Final = "<token>"  # noqa: S105 - a name, no secret
"""The user name by which a helper says that its secret is an identity token."""
_NOT_FOUND: Final = "credentials not found in native keychain"


class Credentials:
    """The credentials in the configuration folder ``folder``. ``env`` is the environment of helpers. Thread-safe."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._path = folder / "config.json"
        self._env = env
        self._lock = threading.Lock()
        self._known: dict[str, AuthConfig | None] = {}

    def find(self, host: str, seconds: float = HELPER_SECONDS) -> AuthConfig | None:
        """What a registry is to be told, or None where nobody has logged in; helpers have ``seconds``.

        Raises:
            StepError: ``bad-credentials`` or ``credential-helper``.
        """
        with self._lock:
            if host not in self._known:
                self._known[host] = self._look_up(key_of(host), seconds)
            return self._known[host]

    def find_all(self, seconds: float = HELPER_SECONDS) -> dict[str, AuthConfig]:
        """Every registry's, by the names that the engine knows them by; raises as :meth:`find` does."""
        store = self._config.get("credsStore")
        keys = {*self._section("auths"), *self._section("credHelpers")}
        if store:
            keys.update(_listed(store, self._ask(store, "list", "", seconds)))
        found = {}
        for key in sorted(keys):
            one = self.find(HUB if key == HUB_KEY else key, seconds)
            if one:
                found[key] = one
        return found

    def _look_up(self, key: str, seconds: float) -> AuthConfig | None:
        helper = self._section("credHelpers").get(key)
        if helper:
            return self._from_helper(helper, key, seconds)
        store = self._config.get("credsStore")
        return (self._from_helper(store, key, seconds) if store else None) or self._from_file(key)

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        try:
            value = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._bad(error.strerror or "it can't be read") from None
        except (ValueError, RecursionError):
            raise self._bad("it is not JSON") from None
        if not isinstance(value, Mapping):
            raise self._bad("it is not a JSON object")
        return value

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self._config.get(name) or {}
        if not isinstance(section, Mapping):
            raise self._bad(f"'{name}' is not an object")
        return section

    def _from_file(self, key: str) -> AuthConfig | None:
        auths = self._section("auths")
        name = key if key in auths else next((one for one in auths if _bare_host(one) == key), None)
        if name is None:
            return None
        entry = auths[name]
        if not isinstance(entry, Mapping):
            raise self._bad(f"auths['{name}'] is not an object")
        texts = {
            field: entry.get(field) for field in ("auth", "username", "password", "identitytoken", "registrytoken")
        }
        found: AuthConfig = {}
        for field, text in texts.items():
            if text is not None and not isinstance(text, str):
                raise self._bad(f"auths['{name}'].{field} is not a text")
            if text and field != "auth":
                found[field] = text
        if texts["auth"]:
            try:
                found["username"], found["password"] = split_auth(str(texts["auth"]))
            except ValueError as error:
                raise self._bad(f"auths['{name}']: {error}") from None
        if "identitytoken" in found:
            found.pop("password", None)
        return {**found, "serveraddress": key} if found else None

    def _from_helper(self, helper: Any, key: str, seconds: float) -> AuthConfig | None:
        answer = self._ask(helper, "get", key, seconds)
        if answer is None:
            return None
        fields = answer if isinstance(answer, Mapping) else {}
        user, secret = fields.get("Username"), fields.get("Secret")
        if not isinstance(user, str) or not isinstance(secret, str):
            raise _helper_failed(helper, "its answer has no Username and Secret")
        if not secret:
            return None
        if user == _TOKEN_USER:
            return {"identitytoken": secret, "serveraddress": key}
        return {"username": user, "password": secret, "serveraddress": key}

    def _ask(self, helper: Any, action: str, stdin: str, seconds: float) -> Any:
        """A helper's answer; None where it knows no such registry. What it printed is never shown: it may be secret."""
        if not isinstance(helper, str) or not re.fullmatch(r"[\w.-]+", helper):
            raise self._bad(f"{helper!r} is not the name of a credential helper")
        command = f"docker-credential-{helper}"
        try:
            done = subprocess.run(
                [_on_path(command, self._env), action],
                input=stdin.encode(),
                capture_output=True,
                env=dict(self._env),
                timeout=min(seconds, HELPER_SECONDS),
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            raise _helper_failed(helper, f"it did not answer within {expired.timeout:.3g} s") from None
        except OSError as error:
            raise _helper_failed(helper, f"it can't be started: {error.strerror}", self._path) from None
        if done.returncode:
            if done.stdout.decode(errors="replace").strip() == _NOT_FOUND:
                return None
            said = (done.stderr or (b"" if b"Secret" in done.stdout else done.stdout)).decode(errors="replace").strip()
            told = f": {said.splitlines()[-1][:200]}" if said else ""
            raise _helper_failed(helper, f"it failed with exit code {done.returncode}{told}")
        try:
            return json.loads(done.stdout)
        except (ValueError, RecursionError):
            raise _helper_failed(helper, "its answer is not JSON") from None

    def _bad(self, why: str) -> StepError:
        return StepError("bad-credentials", f"registry credentials can't be read from {self._path}: {why}")


def _on_path(command: str, env: Mapping[str, str]) -> str:
    """The helper as the given environment finds it, which need not be this process's own."""
    import shutil

    return shutil.which(command, path=env.get("PATH", "")) or command


def _listed(helper: str, answer: Any) -> Iterator[str]:
    """The registries that a helper has credentials of: the keys of what it lists."""
    if not isinstance(answer, Mapping):
        raise _helper_failed(helper, "its list is not a JSON object")
    return (str(key) for key in answer)


def _helper_failed(helper: str, why: str, named_in: Path | None = None) -> StepError:
    hint = "give the step its credentials itself, as X-Registry-Auth (X-Registry-Config for a build)"
    if named_in:
        hint = f"install it, take it out of {named_in}, or {hint}"
    return StepError("credential-helper", f"no credentials from docker-credential-{helper}: {why}", hint=hint)


def _bare_host(key: str) -> str:
    """``https://registry.example/v1/`` is ``registry.example``."""
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]
