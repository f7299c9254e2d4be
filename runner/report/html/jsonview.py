"""JSON to be read: coloured, and foldable without a script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from runner.report.html.escape import text
from runner.report.wording import cut

_INLINE = 72
"""Characters up to which a list or an object stands on one line."""
_OPEN_LINES = 40
"""Lines up to which the parts of an answer are open at first."""
_MAX_ELEMENTS = 500


def view(value: Any, *, opened: bool = True) -> str:
    """A value as nested ``<details>``; large parts are closed at first, and all of it if it isn't ``opened``."""
    return f'<div class="json">{_part(value, "", "", opened=opened)}</div>'


def _part(value: Any, before: str, after: str, *, opened: bool) -> str:
    """``before`` is a key, ``after`` a comma."""
    flat = _flat(value)
    if flat is not None:
        return f"<div>{before}{flat}{after}</div>"
    opening, closing = ("{", "}") if isinstance(value, Mapping) else ("[", "]")
    elements = list(value.items()) if isinstance(value, Mapping) else [(None, one) for one in value]
    more = len(elements) - _MAX_ELEMENTS
    rows = []
    for number, (key, one) in enumerate(elements[:_MAX_ELEMENTS], 1):
        comma = "," if number < len(elements) else ""
        label = f'<span class="key">{_scalar(str(key))}</span>: ' if key is not None else ""
        rows.append(_part(one, label, comma, opened=lines_of(one, _OPEN_LINES) <= _OPEN_LINES))
    if more > 0:
        rows.append(f"<div>… {more} more</div>")
    size = f"{len(elements)} {'key' if opening == '{' else 'element'}{'' if len(elements) == 1 else 's'}"
    return (
        f"<details{' open' if opened else ''}>"
        f'<summary>{before}{opening}<span class="more"> {size} {closing}{after}</span></summary>'
        f'<div class="inner">{"".join(rows)}</div><div>{closing}{after}</div></details>'
    )


def _flat(value: Any) -> str | None:
    """The value on one line, coloured, if it fits there."""
    if not isinstance(value, (Mapping, list)):
        return f'<span class="{_kind(value)}">{_scalar(value)}</span>'
    if _width(value, _INLINE) > _INLINE:
        return None
    if isinstance(value, Mapping):
        pairs = (f'<span class="key">{_scalar(str(key))}</span>: {_flat(one)}' for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    return f"[{', '.join(_flat(one) or '' for one in value)}]"


def lines_of(value: Any, most: int) -> int:
    """How many lines a value takes when all of it is open; beyond ``most``, some number that is more."""
    if _width(value, _INLINE) <= _INLINE:
        return 1
    lines = 2 if isinstance(value, (Mapping, list)) else 1
    for one in _values(value):
        if lines > most:
            break
        lines += lines_of(one, most - lines)
    return lines


def _width(value: Any, most: int) -> int:
    """How many characters a value takes on one line; beyond ``most``, some number that is more."""
    if not isinstance(value, (Mapping, list)):
        return len(_dumps(value))
    width = 2 * max(len(value), 1)
    if isinstance(value, Mapping):
        width += 2 * len(value)
    for part in chain.from_iterable(value.items()) if isinstance(value, Mapping) else value:
        if width > most:
            break
        width += _width(part, most - width)
    return width


def _values(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _scalar(value: Any) -> str:
    return text(cut(_dumps(value)))


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "string"
    return "figure" if isinstance(value, (int, float)) and not isinstance(value, bool) else "word"


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
