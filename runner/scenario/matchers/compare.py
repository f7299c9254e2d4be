"""Compares a value with an expectation, in which mappings may be matchers.

Mappings may have more keys than expected; lists match element by element and in length. What an expectation says must
be free of :func:`~runner.scenario.matchers.operands.mistakes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from runner.errors import StepError
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.work import LimitError, begin, charge
from runner.scenario.matchers.kinds import (
    ABSENT,
    Absent,
    NoBody,
    number_in,
    ordered,
    other_type,
    type_of,
    types_of,
    with_article,
)
from runner.scenario.matchers.operands import COMPARISONS, Path, Subject, is_matcher, is_number
from runner.scenario.matchers.pairing import unmatched
from runner.scenario.matchers.streamed import StreamedItems, StreamedText, contains_text, equals_text, matches_text
from runner.text import count, shown

_WORK: Final = 32
"""The work of comparing two values, in the units of :mod:`runner.scenario.expressions.work`."""
_NEAREST: Final = 50
"""How many elements are looked at to show the one that is nearest to an expected one."""


class Mismatch(NamedTuple):
    """One difference. ``path`` leads to it in the value, ``at`` in the expectation; ``label`` is the matcher
    (``expected`` for a plain value), ``wanted`` its operand, and ``note`` explains more."""

    path: Path
    at: Path
    label: str
    wanted: Any
    actual: Any
    note: str | None = None


def compare(wanted: Any, actual: Any, subject: Subject = Subject.VALUE) -> list[Mismatch]:
    """Return every difference of a value from what is expected.

    Raises:
        StepError: ``unsafe-expression``, the comparison takes too long; ``bad-regex`` and ``regex-timeout``;
            ``cut-value``, it needs more of a stream than was kept.
    """
    begin()
    try:
        return list(_Comparison(subject).differences(wanted, actual, (), ()))
    except LimitError:
        message = "the comparison takes too long: it goes through too many values"
        raise StepError("unsafe-expression", message) from None
    except RecursionError:
        raise StepError("expression-failed", "the values are nested too deeply to be compared") from None


class _Comparison:
    """The rules of one comparison."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.is_text = subject in (Subject.TEXT, Subject.HEADERS)

    def differences(self, wanted: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        charge(_WORK)
        if isinstance(wanted, Mapping):
            if is_matcher(wanted):
                for name, operand in wanted.items():
                    yield from self._matcher(name, operand, actual, path, (*at, name))
                return
            if isinstance(actual, Mapping):
                for key, value in wanted.items():
                    yield from self.differences(value, actual.get(key, ABSENT), (*path, key), (*at, key))
                return
        if isinstance(actual, StreamedItems) and isinstance(wanted, list):
            if not actual.may_have(len(wanted)):
                yield Mismatch(path, at, "expected", count(len(wanted), "element"), count(len(actual), "element"))
                return
            actual = actual.kept
        if isinstance(wanted, list) and isinstance(actual, list):
            for index, value in enumerate(wanted):
                element = actual[index] if index < len(actual) else ABSENT
                yield from self.differences(value, element, (*path, index), (*at, index))
            if len(actual) > len(wanted):
                lengths = count(len(wanted), "element"), count(len(actual), "element")
                yield Mismatch(path, at, "expected", *lengths)
        elif not self.equal(wanted, actual):
            yield Mismatch(path, at, "expected", wanted, actual)

    def holds(self, wanted: Any, actual: Any) -> bool:
        """Return whether there is no difference."""
        return next(self.differences(wanted, actual, (), ()), None) is None

    def equal(self, wanted: Any, actual: Any) -> bool:
        """Return whether two values are the same, taken literally."""
        charge(_WORK)
        if isinstance(actual, NoBody):
            return wanted is None or wanted == ""
        if isinstance(actual, (str, StreamedText)):
            return self._equal_text(wanted, actual)
        if self.subject is Subject.STATUS and isinstance(wanted, str):
            return is_number(actual) and _is_of_class(wanted, str(actual))
        if isinstance(wanted, (Mapping, list)):
            return self._equal_container(wanted, actual)
        return bool(wanted == actual) and isinstance(wanted, bool) == isinstance(actual, bool)

    def _equal_container(self, wanted: Mapping[str, Any] | list[Any], actual: Any) -> bool:
        if isinstance(wanted, Mapping):
            return (
                isinstance(actual, Mapping)
                and len(wanted) == len(actual)
                and all(key in actual and self.equal(value, actual[key]) for key, value in wanted.items())
            )
        if isinstance(actual, StreamedItems):
            if not actual.may_have(len(wanted)):
                return False
            actual = actual.kept
        return isinstance(actual, list) and len(wanted) == len(actual) and all(map(self.equal, wanted, actual))

    def _equal_text(self, wanted: Any, actual: str | StreamedText) -> bool:
        if isinstance(wanted, str):
            charge(min(len(wanted), len(actual)))
            return equals_text(actual, wanted)
        is_single = wanted is not None and not isinstance(wanted, (Mapping, list))
        return self.is_text and is_single and equals_text(actual, as_text(wanted))

    # Matchers

    def _matcher(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        label = name
        if name == "absent":
            if isinstance(actual, Absent) != operand:
                yield Mismatch(path, at, label, operand, actual)
        elif name == "not":
            yield from self._not(operand, actual, path, at)
        elif name == "one_of":
            if not any(self.holds(value, actual) for value in operand):
                yield Mismatch(path, at, label, operand, actual)
        elif name == "equals" and (not isinstance(actual, Absent)):
            if not self.equal(operand, actual):
                yield Mismatch(path, at, label, operand, actual)
        elif isinstance(actual, Absent):
            yield Mismatch(path, at, label, operand, actual)
        else:
            yield from _RULES[name](self, name, operand, actual, path, at)

    def _not(self, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        if isinstance(actual, Absent) and not _asks_for_absence(operand):
            note = "there is nothing to compare; {absent: true} expects that"
            yield Mismatch(path, at, *_negated(operand), actual, note)
        elif self.holds(operand, actual):
            yield Mismatch(path, at, *_negated(operand), actual)

    def matches(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        text = "" if isinstance(actual, NoBody) else actual
        if self.subject is Subject.STATUS and is_number(actual):
            text = str(actual)
        if not isinstance(text, (str, StreamedText)) or not matches_text(text, as_text(operand)):
            yield Mismatch(path, at, name, operand, actual, other_type(text, "a text", str, StreamedText))

    def contains(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        note = None
        if isinstance(actual, (str, StreamedText, NoBody)):
            text = "" if isinstance(actual, NoBody) else actual
            if isinstance(operand, str) or (self.is_text and not isinstance(operand, (Mapping, list))):
                charge(len(text) if isinstance(text, str) else 1)
                if contains_text(text, as_text(operand)):
                    return
            else:
                note = "a text contains only texts"
        elif isinstance(actual, StreamedItems):
            if actual.contains(operand, self.holds):
                return
        elif isinstance(actual, Mapping):
            if self._has_key(operand, actual):
                return
        elif isinstance(actual, list):
            if any(self.holds(operand, element) for element in actual):
                return
            note = self._nearest(operand, actual)
        else:
            note = f"{type_of(actual)} contains nothing"
        yield Mismatch(path, at, name, operand, actual, note)

    def _has_key(self, operand: Any, actual: Mapping[str, Any]) -> bool:
        if isinstance(operand, str):
            return operand in actual
        if is_matcher(operand):
            return any(self.holds(operand, key) for key in actual)
        return not isinstance(operand, (Mapping, list)) and as_text(operand) in actual

    def _nearest(self, operand: Any, elements: Sequence[Any]) -> str | None:
        """Return what the nearest element lacks, if the expected one is a mapping with several keys."""
        if not isinstance(operand, Mapping) or is_matcher(operand) or len(operand) < 2:
            return None
        candidates = [
            (len(found), index, found[0])
            for index, element in enumerate(elements[:_NEAREST])
            if isinstance(element, Mapping) and (found := list(self.differences(operand, element, (), ())))
        ]
        number, index, first = min(candidates, default=(len(operand), 0, None))
        if first is None or number >= len(operand):
            return None
        where = ".".join(map(str, (index, *first.path)))
        what = "missing" if first.actual is ABSENT else shown(first.actual, 80)
        return f"the nearest is {index}, but {where} is {what}"

    def type(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        wanted = operand or "null"
        types = types_of(actual)
        if wanted not in types:
            yield Mismatch(path, at, name, wanted, actual, f"it is {with_article(types[0])}")

    def length(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        if isinstance(actual, NoBody):
            actual = ""
        if not isinstance(actual, (str, list, Mapping, StreamedText, StreamedItems)):
            note = f"{with_article(types_of(actual)[0])} has no length"
            yield Mismatch(path, at, name, operand, actual, note)
            return
        for found in _Comparison(Subject.LENGTH).differences(operand, len(actual), (), ()):
            label = name if found.label == "expected" else f"{name} {found.label}"
            yield Mismatch(path, (*at, *found.at), label, found.wanted, actual, f"its length is {len(actual)}")

    def comparison(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        value = actual
        if self.is_text and is_number(operand) and isinstance(actual, (str, StreamedText)):
            value = number_in(actual)
        left, right = ordered(value), ordered(operand)
        if left is None or right is None or left[0] != right[0]:
            wanted = "a time in RFC 3339" if isinstance(operand, str) else "a number"
            yield Mismatch(path, at, name, operand, actual, f"it is not {wanted}")
        elif not _COMPARE[name](left[1], right[1]):
            yield Mismatch(path, at, name, operand, actual)

    def any_order(self, name: str, operand: Any, actual: Any, path: Path, at: Path) -> Iterator[Mismatch]:
        if isinstance(actual, StreamedItems):
            if not actual.may_have(len(operand)):
                note = f"{count(len(operand), 'element')} expected, {count(len(actual), 'element')} there"
                yield Mismatch(path, at, name, operand, actual, note)
                return
            actual = actual.kept
        if not isinstance(actual, list):
            yield Mismatch(path, at, name, operand, actual, f"it is {with_article(types_of(actual)[0])}")
            return
        without_pair, beyond = unmatched(operand, actual, self.holds)
        for index in without_pair:
            yield Mismatch(path, (*at, index), "any_order has", operand[index], _Left([actual[one] for one in beyond]))
        if beyond and not without_pair:
            note = f"{count(len(operand), 'element')} expected, {count(len(actual), 'element')} there"
            yield Mismatch(path, at, name, operand, _Left([actual[one] for one in beyond]), note)


class _Left(list[Any]):
    """The elements of a list that no expected one was found for."""


_Rule = Callable[[_Comparison, str, Any, Any, Path, Path], Iterator[Mismatch]]
_RULES: Final[Mapping[str, _Rule]] = {
    "matches": _Comparison.matches,
    "contains": _Comparison.contains,
    "type": _Comparison.type,
    "length": _Comparison.length,
    **dict.fromkeys(COMPARISONS, _Comparison.comparison),
    "any_order": _Comparison.any_order,
}
_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "above": lambda left, right: left > right,
    "below": lambda left, right: left < right,
    "at_least": lambda left, right: left >= right,
    "at_most": lambda left, right: left <= right,
}


def _is_of_class(wanted: str, actual: str) -> bool:
    return actual[0] == wanted[0] if wanted[1:].lower() == "xx" else actual == wanted


def _asks_for_absence(operand: Any) -> bool:
    return is_matcher(operand) and "absent" in operand


def _negated(operand: Any) -> tuple[str, Any]:
    """Return the label and the operand of a ``not``: those of the single matcher inside it, if there is one."""
    if is_matcher(operand) and len(operand) == 1:
        name, inner = next(iter(operand.items()))
        return f"not {name}", inner
    return "not", operand
