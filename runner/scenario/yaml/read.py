"""Reads scenario files as text."""

from __future__ import annotations

from pathlib import Path

from runner.errors import Diagnostic, InvalidScenario
from runner.reading import NotRegularError, read_regular
from runner.scenario.yaml.nodes import SourceFile

MAX_BYTES = 4 * 1024 * 1024


def read(path: Path, name: str | None = None) -> SourceFile:
    """Read a file, which messages call ``name``.

    Raises:
        InvalidScenario: it doesn't exist, can't be read, is too large, or isn't UTF-8.
    """
    shown = name or str(path)
    try:
        return decoded(read_regular(path, MAX_BYTES), shown)
    except FileNotFoundError:
        raise _invalid("no-such-file", f"{shown}: there is no such file") from None
    except NotRegularError as error:
        raise _invalid("not-a-file", f"{shown} is {error.kind}, not a scenario file") from None
    except OSError as error:
        raise _invalid("unreadable-file", f"{shown} can't be read: {error.strerror}") from None


def decoded(data: bytes, shown: str) -> SourceFile:
    """Return the text of a file, which messages call ``shown``.

    Raises:
        InvalidScenario: it is too large, or isn't UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise _invalid("too-large", f"{shown} is larger than 4 MiB, the maximum for a scenario")
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = SourceFile.of(shown, data[: error.start].decode().removeprefix("\ufeff"))
        place = before.place_at(len(before.text))
        message = f"not UTF-8 text: byte 0x{data[error.start]:02x}"
        diagnostic = Diagnostic("not-text", message, place, "a scenario is a YAML file in UTF-8")
        raise InvalidScenario((diagnostic,)) from None
    return SourceFile.of(shown, text)


def _invalid(code: str, message: str) -> InvalidScenario:
    return InvalidScenario((Diagnostic(code, message),))
