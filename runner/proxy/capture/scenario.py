"""Makes the text of a scenario from a tape."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from runner.errors import UsageError
from runner.proxy.capture.files import Uploads
from runner.proxy.capture.names import Names
from runner.proxy.capture.selection import select
from runner.proxy.capture.steps import Builder
from runner.proxy.capture.yaml_text import scenario_text
from runner.proxy.matching import find_operation
from runner.proxy.tape import Tape, Taped

MAX_SEARCHED: Final = 256 * 1024 * 1024
"""Bytes of an upload that are searched for secrets."""
_ALIKE: Final = frozenset(
    (
        *("container.attach", "container.start", "container.stop", "container.kill", "container.restart"),
        *("container.pause", "container.unpause", "container.inspect", "container.delete", "container.top"),
        *("container.exec", "exec.start", "exec.inspect", "image.inspect", "image.delete", "volume.delete"),
    )
)
"""Operations that Podman's own API has with the same meaning below ``/libpod``."""


class Captured(NamedTuple):
    """A captured scenario: its text, what its secrets are, and what there is to say about it. ``steps`` are those of
    the text."""

    text: str
    steps: tuple[Mapping[str, Any], ...]
    secrets: Mapping[str, str]
    left_out: tuple[str, ...]
    opaque: tuple[str, ...]
    files: tuple[str, ...]


def capture(tape: Tape, title: str, file: Path, secrets: Mapping[str, str], *, full: bool = False) -> Captured:
    """Make a scenario of what was taped. Uploads are written beside ``file``, into a folder with its name.

    Raises:
        UsageError: ``cannot-write``.
    """
    selection = select([with_operation(taped) for taped in tape.exchanges])
    found = {**secrets, **_secrets_in(selection.kept, set(secrets.values()))}
    _refuse_secrets(selection.kept, found)
    names = Names(found)
    uploads = Uploads(file.parent / f"{file.stem}.files")
    steps = Builder(names, uploads, full=full).build(selection.kept)
    used = {name: value for name, value in found.items() if any(f"{{{{ {name} }}}}" in str(step) for step in steps)}
    masked = tape.masker()
    masked.add(found.values())
    head: dict[str, Any] = {"title": masked.text(title)}
    if used:
        head["secrets"] = list(used)
    text = scenario_text(head, steps)
    return Captured(text, tuple(steps), used, selection.left_out, selection.opaque, tuple(uploads.names))


def with_operation(taped: Taped) -> Taped:
    """Take a call of Podman's own API for the Docker API's where both say the same, which reads better and can do more
    (a request can't take over its connection)."""
    call = taped.call
    if call.operation is not None or not call.path.startswith("/libpod/"):
        return taped
    operation, places = find_operation(call.method, call.path.removeprefix("/libpod"))
    if operation is None or operation.name not in _ALIKE:
        return taped
    params = {name: value for name, value in call.params.items() if operation.param(name) and name != "condition"}
    return replace(taped, call=call._replace(operation=operation, params={**params, **places}))


def _secrets_in(exchanges: tuple[Taped, ...], known: set[str]) -> dict[str, str]:
    """Return what the API says is secret in the bodies that clients sent, by a name for each."""
    found: dict[str, str] = {}
    for taped in exchanges:
        body, name = taped.json, taped.call.operation.name if taped.call.operation else ""
        if not isinstance(body, Mapping):
            continue
        if name in ("secret.create", "secret.update"):
            _add(found, known, "secret_data", body.get("Data"))
        for field in ("password", "identitytoken", "JoinToken", "UnlockKey"):
            _add(found, known, field.lower(), body.get(field))
    return found


def _refuse_secrets(exchanges: Sequence[Taped], secrets: Mapping[str, str]) -> None:
    """Raise where an upload, which is kept as it is, has a secret in it."""
    for taped in exchanges:
        if taped.upload is None:
            continue
        taped.upload.seek(0)
        data = taped.upload.read(MAX_SEARCHED)
        for name, value in secrets.items():
            if value and value.encode() in data:
                hint = "leave the file out of what is uploaded (.dockerignore), or give it in another way"
                message = f"the upload of {taped.call.method} {taped.call.path} has the secret '{name}' in it"
                raise UsageError("secret-in-upload", message, hint=hint)


def _add(found: dict[str, str], known: set[str], name: str, value: Any) -> None:
    if not isinstance(value, str) or not value or value in known or value in found.values():
        return
    unique, number = name, 2
    while unique in found:
        unique, number = f"{name}_{number}", number + 1
    found[unique] = value


def title_for(program: Sequence[str]) -> str:
    """Return the title of what a program said: its command line, cut where it is long."""
    words = list(program)
    text = words[2] if words[:2] in (["sh", "-c"], ["bash", "-c"]) and len(words) == _SHELL_WORDS else shlex.join(words)
    first, *others = text.strip().splitlines() or [words[0]]
    return first if len(first) <= MAX_TITLE and not others else f"{first[: MAX_TITLE - 1]}…"


MAX_TITLE: Final = 80
"""Characters."""
_SHELL_WORDS: Final = 3
