"""Finds registry credentials where the docker CLI keeps them: in its configuration, or with a credential helper.

Nothing is read before it is needed. The order is the CLI's: ``credHelpers``, then ``credsStore``, then ``auths``.
Sources: https://docs.docker.com/reference/cli/docker/login/#credential-stores,
https://github.com/docker/docker-credential-helpers, and for what happens if one fails ``GetAllCredentials`` and its
callers in https://github.com/docker/cli (``cli/config/configfile/file.go``, ``cli/command/image/build.go``).
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from runner.engine.docker_config.config import config_file, read_object
from runner.engine.registry_auth import HUB, HUB_KEY, AuthConfig, key_of, split_auth
from runner.errors import StepError

HELPER_SECONDS: Final = 30.0
"""Seconds that a helper may take; one that prompts on a terminal would wait for ever."""

_TOKEN_USER: Final = "<token>"  # noqa: S105 - a name, no secret
"""The user name with which a helper marks its secret as an identity token."""
_NOT_FOUND: Final = "credentials not found in native keychain"


class Credentials:
    """The credentials in the configuration folder ``folder``. ``env`` is the environment of helpers. Thread-safe."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._path = config_file(folder)
        self._env = env
        self._lock = threading.Lock()
        self._cache: dict[str, AuthConfig | None] = {}
        self._problems: dict[str, StepError] = {}

    def find(self, host: str, seconds: float = HELPER_SECONDS) -> AuthConfig | None:
        """Return the credentials for a registry host, or None if there are none; helpers have ``seconds``.

        Raises:
            StepError: ``bad-credentials`` or ``credential-helper``.
        """
        with self._lock:
            if host not in self._cache:
                self._cache[host] = self._look_up(key_of(host), seconds)
            return self._cache[host]

    def find_all(self, seconds: float = HELPER_SECONDS) -> dict[str, AuthConfig]:
        """Return every registry's credentials, by the names that the engine knows them by.

        A build gets them all and may need none: what can't be read, or is not there within ``seconds``, is left out,
        as the docker CLI leaves it out, and kept in :attr:`problems`.
        """
        ends = time.monotonic() + seconds
        found: dict[str, AuthConfig] = {}
        with self._noting("credHelpers"):
            for key in sorted(self._section("credHelpers")):
                self._add(found, key, ends)
        listed: Iterable[str] | None = None
        with self._noting("credsStore"):
            listed = self._listed_in_store(ends)
        with self._noting("auths"):
            for key in sorted({*self._section("auths"), *(listed or ())}.difference(found)):
                self._add(found, key, ends, store=listed is not None)
        return found

    def _add(self, found: dict[str, AuthConfig], key: str, ends: float, *, store: bool = True) -> None:
        """Add one registry's credentials; without ``store`` those of the file, since the store can't be asked."""
        with self._noting(key):
            host = HUB if key == HUB_KEY else key
            credentials = self.find(host, ends - time.monotonic()) if store else self._from_file(key)
            if credentials:
                found[key] = credentials

    @property
    def problems(self) -> tuple[StepError, ...]:
        """Return why :meth:`find_all` has left registries out."""
        return tuple(self._problems.values())

    def _listed_in_store(self, ends: float) -> Iterable[str]:
        """Return the registries that the store has credentials for: the keys of what it lists."""
        store = self._config.get("credsStore")
        listed = self._ask(store, "list", "", ends - time.monotonic()) if store else {}
        if not isinstance(listed, Mapping):
            raise _helper_failed(str(store), "its list is not a JSON object")
        return map(str, listed)

    @contextlib.contextmanager
    def _noting(self, subject: str) -> Iterator[None]:
        """Keep an error as a problem of ``subject``."""
        try:
            yield
        except StepError as error:
            self._problems[subject] = error
        else:
            self._problems.pop(subject, None)

    def _look_up(self, key: str, seconds: float) -> AuthConfig | None:
        helper = self._section("credHelpers").get(key)
        if helper:
            return self._from_helper(helper, key, seconds)
        store = self._config.get("credsStore")
        return (self._from_helper(store, key, seconds) if store else None) or self._from_file(key)

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        try:
            return read_object(self._path)
        except ValueError as error:
            raise self._bad(str(error)) from None

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self._config.get(name) or {}
        if not isinstance(section, Mapping):
            raise self._bad(f"'{name}' is not an object")
        return section

    def _from_file(self, key: str) -> AuthConfig | None:
        auths = self._section("auths")
        name = key if key in auths else next((name for name in auths if _bare_host(name) == key), None)
        if name is None:
            return None
        entry = auths[name]
        if not isinstance(entry, Mapping):
            raise self._bad(f"auths['{name}'] is not an object")
        texts = {
            field: entry.get(field) for field in ("auth", "username", "password", "identitytoken", "registrytoken")
        }
        config: AuthConfig = {}
        for field, text in texts.items():
            if text is not None and not isinstance(text, str):
                raise self._bad(f"auths['{name}'].{field} is not a text")
            if text and field != "auth":
                config[field] = text
        if texts["auth"]:
            try:
                config["username"], config["password"] = split_auth(str(texts["auth"]))
            except ValueError as error:
                raise self._bad(f"auths['{name}']: {error}") from None
        if "identitytoken" in config:
            config.pop("password", None)
        return {**config, "serveraddress": key} if config else None

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
        """Return a helper's answer; None if it has no such registry. Its output is never shown: it may be secret."""
        if not isinstance(helper, str) or not re.fullmatch(r"[\w.-]+", helper):
            raise self._bad(f"{helper!r} is not the name of a credential helper")
        command = f"docker-credential-{helper}"
        try:
            done = subprocess.run(
                [_on_path(command, self._env), action],
                input=stdin.encode(),
                capture_output=True,
                env=dict(self._env),
                timeout=max(0.0, min(seconds, HELPER_SECONDS)),
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            raise _helper_failed(helper, f"it did not answer within {expired.timeout:.3g} s") from None
        except OSError as error:
            raise _helper_failed(helper, f"it can't be started: {error.strerror}", self._path) from None
        if done.returncode:
            if done.stdout.decode(errors="replace").strip() == _NOT_FOUND:
                return None
            output = (
                (done.stderr or (b"" if b"Secret" in done.stdout else done.stdout)).decode(errors="replace").strip()
            )
            last_line = f": {output.splitlines()[-1][:200]}" if output else ""
            raise _helper_failed(helper, f"it failed with exit code {done.returncode}{last_line}")
        try:
            return json.loads(done.stdout)
        except (ValueError, RecursionError):
            raise _helper_failed(helper, "its answer is not JSON") from None

    def _bad(self, why: str) -> StepError:
        return StepError("bad-credentials", f"registry credentials can't be read from {self._path}: {why}")


def _on_path(command: str, env: Mapping[str, str]) -> str:
    """Return the helper's path by the ``PATH`` of ``env``, which need not be this process's own."""
    import shutil

    return shutil.which(command, path=env.get("PATH", "")) or command


def _helper_failed(helper: str, why: str, named_in: Path | None = None) -> StepError:
    hint = "give the step its credentials as X-Registry-Auth (X-Registry-Config for a build)"
    if named_in:
        hint = f"install it, take it out of {named_in}, or {hint}"
    return StepError("credential-helper", f"no credentials from docker-credential-{helper}: {why}", hint=hint)


def _bare_host(key: str) -> str:
    """Return ``registry.example`` for ``https://registry.example/v1/``."""
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]
