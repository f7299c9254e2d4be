"""Answers what every engine answers and few recordings have: ping, version, and requests of a version it lacks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runner.api.operations import version_key
from runner.engine.recordings.recording import Recording
from runner.proxy.playback.playback import Miss, Playback

_OLDEST: Final = "1.24"
_PINGS: Final = frozenset(("/_ping", "/libpod/_ping"))


class Answer(NamedTuple):
    """A response with status 200."""

    headers: Mapping[str, str]
    body: bytes


def api_version(recording: Recording, minimum: str | None) -> str:
    """Return the newest API version of the engine that is played: the recorded one, unless it must be newer."""
    return max(recording.api_version, minimum or recording.api_version, key=version_key)


def refusal(recording: Recording, version: str | None, minimum: str | None) -> str | None:
    """Return what an engine says to a request of a version that it does not speak; None to one that it does."""
    newest, oldest = api_version(recording, minimum), minimum or _OLDEST
    if version is None or version.count(".") != 1:  # Podman's own have three parts
        return None
    if version_key(version) < version_key(oldest):
        return (
            f"client version {version} is too old. Minimum supported API version is {oldest}, "
            "please upgrade your client to a newer version"
        )
    if version_key(version) > version_key(newest):
        return f"client version {version} is too new. Maximum supported API version is {newest}"
    return None


def answer(playback: Playback, method: str, path: str, minimum: str | None) -> Answer | None:
    """Return the response to a request that needs no recording; None for any other."""
    recording = playback.recording
    headers = _headers(recording, api_version(recording, minimum))
    if path in _PINGS and method in ("GET", "HEAD"):
        return Answer({**headers, "Content-Type": "text/plain; charset=utf-8"}, b"OK")
    if path == "/version" and method == "GET" and not _is_recorded(playback, "/version"):
        body = json.dumps(_version(recording, api_version(recording, minimum), minimum or _OLDEST)).encode()
        return Answer({**headers, "Content-Type": "application/json"}, body + b"\n")
    return None


def _is_recorded(playback: Playback, path: str) -> bool:
    return any(entry.asked.call.path == path and not isinstance(entry, Miss) for entry in playback.entries)


def _headers(recording: Recording, version: str) -> dict[str, str]:
    headers = {
        "Api-Version": version,
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Docker-Experimental": "false",
        "Ostype": "linux",
        "Server": f"{'Libpod' if recording.name == 'podman' else 'Docker'}/{recording.version} (linux)",
    }
    if recording.swarm is not None:
        headers["Swarm"] = recording.swarm
    if recording.name == "podman":
        headers["Libpod-Api-Version"] = recording.version
    return headers


def _version(recording: Recording, version: str, oldest: str) -> dict[str, Any]:
    name = "Podman Engine" if recording.name == "podman" else "Engine"
    details = {"ApiVersion": version, "MinAPIVersion": oldest, "Os": "linux", "Arch": "amd64"}
    return {
        "Platform": {"Name": "a recording"},
        "Components": [{"Name": name, "Version": recording.version, "Details": details}],
        "Version": recording.version,
        "ApiVersion": version,
        "MinAPIVersion": oldest,
        "GitCommit": "",
        "GoVersion": "",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "",
        "BuildTime": recording.recorded_at,
    }
