"""Reads and writes files of known differences.

Each entry names an operation, the path of the difference in its answers and the reason why it is accepted; with
``values``, by the names of the columns, it is known only as long as the engines answer these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runner.errors import UsageError
from runner.report.comparison.model import ANY, Comparison

if TYPE_CHECKING:
    from runner.report.comparison.model import Entry

MAX_BYTES: Final = 4 * 1024 * 1024
UNEXPLAINED: Final = "not looked at yet"
"""The reason of a difference that was written by ``--write-known`` and that no person has explained."""
_HEADER: Final = """\
# Known differences between engines: `run compare … --known {name}` accepts them, and fails if one no longer appears.
# Without `values`, an entry holds whatever the engines answer at its path.
"""
_KEYS: Final = {"operation", "path", "values", "reason"}


class Known(NamedTuple):
    """One known difference."""

    operation: str
    path: str
    reason: str
    values: Mapping[str, str]

    def matches(self, operation: str, path: str, values: Mapping[str, str]) -> bool:
        """Return whether a difference is this one. ``any`` operation is every one."""
        return (
            self.operation in (operation, ANY)
            and self.path == path
            and all(values.get(name) == value for name, value in self.values.items())
        )


class KnownDifferences:
    """The entries of a file, and which of them were found."""

    def __init__(self, entries: Sequence[Known], file: str) -> None:
        self.file = file
        self._entries = tuple(entries)
        self._found: set[int] = set()

    def find(self, operation: str, path: str, values: Mapping[str, str]) -> Known | None:
        """Return the entry of a difference, and note that it appears."""
        first: Known | None = None
        for number, entry in enumerate(self._entries):
            if entry.matches(operation, path, values):
                self._found.add(number)
                first = first or entry
        return first

    def unmatched(self) -> tuple[Known, ...]:
        """Return the entries that were not found."""
        return tuple(entry for number, entry in enumerate(self._entries) if number not in self._found)


def read_known(path: Path) -> KnownDifferences:
    """Read a file of known differences.

    Raises:
        UsageError: ``bad-known-file``.
    """
    import yaml

    from runner.reading import read_regular

    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, getattr(error, "strerror", None) or "it is not UTF-8") from None
    try:
        value = yaml.load(text, Loader=_no_aliases(yaml))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise _bad(path, f"line {mark.line + 1} is not YAML" if mark else "it is not YAML") from None
    if value is None:
        value = []
    if not isinstance(value, list):
        raise _bad(path, "it must be a list of differences")
    return KnownDifferences([_entry(path, number, item) for number, item in enumerate(value, 1)], str(path))


def known_text(comparison: Comparison, name: str) -> str:
    """Return the file that makes all differences of a comparison known; those that are known keep their reasons."""
    import yaml

    entries = [_written(comparison, entry) for entry in comparison.entries]
    text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=120) if entries else "[]\n"
    return _HEADER.format(name=name) + text


def _written(comparison: Comparison, entry: Entry) -> dict[str, Any]:
    names = (column.name for column in comparison.columns)
    return {
        "operation": entry.operation,
        "path": entry.path,
        "values": dict(zip(names, entry.values, strict=True)),
        "reason": entry.known or UNEXPLAINED,
    }


def _entry(path: Path, number: int, item: Any) -> Known:
    if not isinstance(item, dict):
        raise _bad(path, f"entry {number} must be a mapping")
    unknown = [str(key) for key in item if key not in _KEYS]
    if unknown:
        from runner.nearest import did_you_mean

        raise _bad(path, f"entry {number} has an unknown key '{unknown[0]}'", did_you_mean(unknown[0], _KEYS))
    for key in ("operation", "path", "reason"):
        if not isinstance(item.get(key), str) or not item[key].strip():
            raise _bad(path, f"entry {number} needs '{key}', a text")
    values = item.get("values") or {}
    if not isinstance(values, dict):
        raise _bad(path, f"entry {number}: 'values' must be a mapping of engine names to what they answer")
    return Known(
        item["operation"], item["path"], item["reason"], {str(name): str(value) for name, value in values.items()}
    )


def _bad(path: Path, problem: str, hint: str | None = None) -> UsageError:
    return UsageError(
        "bad-known-file", f"{path}: {problem}", hint=hint or "run compare … --write-known FILE writes one"
    )


def _no_aliases(yaml: Any) -> Any:
    """Return a loader that refuses aliases: expanded, a few lines of them can fill the memory."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc] # yaml is imported when it is needed
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not allowed")
            return super().compose_node(parent, index)

    return Loader
