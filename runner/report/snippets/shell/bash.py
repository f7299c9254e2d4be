"""Writes words of bash, quoted so that they can be pasted, and lays commands out over lines."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from runner.report.snippets.session import Setup
from runner.report.snippets.variables import Part, Variable

TAKE: Final = Setup(
    "An answer that does not end must be cut off. This function ends a command after so many lines:",
    'take() { { head -n "$1"; kill $! 2> /dev/null || :; } < <(exec "${@:2}"); }',
)
"""A shell function. In a mere pipe the command would last until the engine sends the next line, since only then it
notices that nobody reads."""

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
    return f" \\\n{_INDENT}".join(lines) + suffix


def assigned(command: Callable[[str, str], str], readings: Mapping[str, str], *, append: bool) -> str:
    """Return a command whose output is assigned to variables.

    ``command`` returns it between an opening and a closing text. ``readings`` are the filters (`` | jq …``) that the
    output goes through, by the names of the variables. ``append`` adds the values to arrays.
    """
    if not readings:
        return command("", "")
    if len(readings) == 1:
        ((name, reading),) = readings.items()
        opening, closing = (f'{name}+=("$(', ')")') if append else (f"{name}=$(", ")")
        return command(opening, reading + closing)
    lines = [command("response=$(", ")")]
    for name, reading in readings.items():
        read = f'{reading.removeprefix(" | ")} <<<"$response"' if reading else 'echo "$response"'
        lines.append(f'{name}+=("$({read})")' if append else f"{name}=$({read})")
    return "\n".join(lines)


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
    """Whether a reader sees all of it, and a terminal obeys none of it. Ends of lines do no harm."""
    return text.isprintable() or text.replace("\n", "").isprintable()


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
