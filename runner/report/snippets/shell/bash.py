"""Writes words of bash, quoted so that they can be pasted, and lays commands out over lines."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from runner.report.snippets.session import Setup
from runner.report.snippets.variables import Part, Variable

TAKE: Final = Setup(
    "An answer that does not end must be cut off. This function ends a command after so many lines:",
    'take() { { head -n "$1"; kill $! 2> /dev/null || :; } < <(exec "${@:2}"); }',
)
"""A shell function. In a mere pipe the command would last until the engine sends the next line, since only then it
notices that its reader has gone."""

CONNECTED: Final = "sleep 1  # until it is connected"
"""What follows a command in the background, so that it misses nothing."""

WIDTH = 110
"""Columns from which on a command is broken over lines."""

_INDENT = "    "
_SPECIAL = re.compile(r"[\"$`\\!]")
_IDENTIFIER = re.compile(r"[0-9A-Za-z_]")


def word(parts: Sequence[Part]) -> str:
    """Return one word of a command, quoted so that bash reads exactly these parts.

    ``["containers/", Variable("box")]`` gives ``"containers/$box"``; text that double quotes would change is in
    single quotes between the variables; what doesn't print is written as escapes in ``$'…'``.
    """
    parts = [part for part in parts if part != ""]
    literals = [part for part in parts if isinstance(part, str)]
    if len(literals) == len(parts):
        return _literal("".join(literals))
    if any(_SPECIAL.search(literal) or not _prints(literal) for literal in literals):
        return "".join(_literal(part) if isinstance(part, str) else f'"{reference(part)}"' for part in parts)
    text = ""
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if isinstance(part, str):
            text += part
            continue
        braces = isinstance(following, str) and _IDENTIFIER.match(following) is not None
        text += reference(part, braces=braces)
    return f'"{text}"'


def reference(variable: Variable, *, braces: bool = False) -> str:
    """Return how bash reads a variable: ``$box``, ``${boxes[0]}``, ``${box:0:12}``."""
    name = variable.name if variable.element is None else f"{variable.name}[{variable.element}]"
    if variable.epoch:
        return f'$(date -d "{reference(variable._replace(epoch=False))}" +%s.%N)'
    if variable.length is not None:
        return f"${{{name}:{variable.start}:{variable.length}}}"
    if variable.start:
        return f"${{{name}:{variable.start}}}"
    return f"${{{name}}}" if braces or variable.element is not None else f"${name}"


def lay_out(chunks: Sequence[str], suffix: str = "") -> str:
    """Return a command from chunks that stay together: on one line if it fits, else a chunk a line.

    Chunks of several lines (a JSON body) are kept as they are.
    """
    line = " ".join(chunks) + suffix
    if len(line) <= WIDTH and "\n" not in line:
        return line
    lines = [chunks[0]]
    for chunk in chunks[1:]:
        last = lines[-1]
        if "\n" not in chunk and "\n" not in last and len(lines) == 1 and len(last) + len(chunk) < WIDTH - 2:
            lines[-1] = f"{last} {chunk}"
        else:
            lines.append(chunk)
    pipe = suffix.removeprefix(" ") if suffix.startswith(" | ") else ""
    last = lines[-1].rpartition("\n")[2]
    if pipe and len(_INDENT) + len(last) + len(suffix) > WIDTH:
        return f" \\\n{_INDENT}".join([*lines, pipe])
    return f" \\\n{_INDENT}".join(lines) + suffix


class Use(NamedTuple):
    """Says what becomes of a command's output. Filters are like `` | jq -r .Id``, or empty for all of it.

    ``readings`` are the filters to the values of variables; ``append`` adds them to arrays. ``shown`` is the filter to
    what is printed beside that; None prints nothing if anything is read. The command is repeated ``every`` so many
    seconds ``until`` that filter succeeds, or until the command does where it is empty.
    """

    readings: Mapping[str, str]
    append: bool = False
    shown: str | None = None
    until: str | None = None
    every: float = 0.0


def used(command: Callable[[str, str], str], use: Use) -> str:
    """Return a command, which the function returns between an opening and a closing text, with what becomes of its
    output."""
    lines: list[str] = []
    is_read_once = use.until is None and len(use.readings) + (use.shown not in (None, *use.readings.values())) <= 1
    if is_read_once and not use.readings:
        return command("", use.shown or "")
    if is_read_once:
        ((name, reading),) = use.readings.items()
        opening, closing = (f'{name}+=("$(', ')")') if use.append else (f"{name}=$(", ")")
        lines.append(command(opening, reading + closing))
    else:
        lines.append(command("response=$(", ")") if use.until is None else _loop(command, use.until, use.every))
        for name, reading in use.readings.items():
            read = _of_response(reading)
            lines.append(f'{name}+=("$({read})")' if use.append else f"{name}=$({read})")
    variable = next((name for name, reading in use.readings.items() if reading == use.shown), None)
    if variable is not None:
        lines.append(f'echo "${{{variable}[-1]}}"' if use.append else f'echo "${variable}"')
    elif use.shown is not None:
        lines.append(_of_response(use.shown))
    return "\n".join(lines)


def _loop(command: Callable[[str, str], str], until: str, every: float) -> str:
    condition = f" &&\n{_INDENT}{_of_response(until)}" if until else ""
    return command("until response=$(", f"){condition}; do\n{_INDENT}sleep {every:g}\ndone")


def _of_response(reading: str) -> str:
    """Return the command that a filter is for the variable ``response``."""
    return f'{reading.removeprefix(" | ")} <<<"$response"' if reading else 'echo "$response"'


def escaped_json(text: str) -> str:
    """Return JSON text with what doesn't print written as JSON's own escapes."""
    return (
        text
        if _prints(text)
        else "".join(character if _prints(character) else json.dumps(character)[1:-1] for character in text)
    )


def _literal(text: str) -> str:
    if _prints(text):
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + "".join(character if _prints(character) else _escape(character) for character in escaped) + "'"


def _prints(text: str) -> bool:
    """Return whether a reader sees all of it, and a terminal obeys none of it. Ends of lines do no harm."""
    return text.isprintable() or text.replace("\n", "").isprintable()


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
