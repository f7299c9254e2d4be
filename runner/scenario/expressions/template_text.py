"""Finds the expressions in a string. Everything outside of ``{{ … }}`` is kept as it is, character by character."""

from __future__ import annotations

import re

# Inside an expression: a quoted text (which may lack its end), a bracket, or what may be the end. The repetitions
# give nothing back, so that a hostile text is still read in one pass.
_INSIDE = re.compile(r"""'(?:[^'\\]++|\\.?)*+'?|"(?:[^"\\]++|\\.?)*+"?|[(\[{]|[)\]]|-?\}\}|\}""", re.DOTALL)


class UnclosedError(ValueError):
    """A ``{{`` whose end is missing; ``rest`` is the text from there on."""

    def __init__(self, rest: str) -> None:
        super().__init__("'{{' has no '}}' after it")
        self.rest = rest


def split_template(text: str) -> list[tuple[bool, str]]:
    """Return a string's parts in order: ``(True, expression)`` and ``(False, text)``.

    As in Jinja2 a ``}}`` inside brackets or quotes is not an end, and ``{{-`` and ``-}}`` take the white space beside
    them away. Statements (``{% … %}``) and comments (``{# … #}``) are not known: they are text.

    Raises:
        UnclosedError: a ``{{`` without its end.
    """
    parts: list[tuple[bool, str]] = []
    at = 0
    trim = False
    while (start := text.find("{{", at)) >= 0:
        inner = start + 2
        before = text[at:start].lstrip() if trim else text[at:start]
        if text.startswith("-", inner):
            before, inner = before.rstrip(), inner + 1
        elif text.startswith("+", inner):
            inner += 1
        if before:
            parts.append((False, before))
        end, at, trim = _end(text, start, inner)
        parts.append((True, text[inner:end].strip()))
    rest = text[at:].lstrip() if trim else text[at:]
    if rest or not parts:
        parts.append((False, rest))
    return parts


def _end(text: str, start: int, inner: int) -> tuple[int, int, bool]:
    """Return where the expression ends, where the text goes on, and whether ``-}}`` ended it."""
    depth = 0
    at = inner
    while (match := _INSIDE.search(text, at)) is not None:
        found = match.group()
        at = match.end()
        if found in ("(", "[", "{"):
            depth += 1
        elif found in (")", "]", "}"):
            depth -= 1
        elif found.endswith("}}") and found[0] in "-}":
            if depth <= 0:
                return match.start(), at, found[0] == "-"
            depth -= 1
            at = match.end() - 1
    raise UnclosedError(text[start:])
