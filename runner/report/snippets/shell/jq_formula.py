"""Translates expressions of a scenario that are more than a path to the language of ``jq``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from jinja2 import nodes

from runner.report.snippets.formulas import Translator, Untranslatable, constant, root_of, without_parentheses
from runner.report.snippets.shell.jq_path import jq_key

_COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


def translated(text: str, roots: Sequence[str], inside: str) -> tuple[str, str | None]:
    """Return the one part of the result that an expression reads, and the program; None if jq has none."""
    root = root_of(text, roots)
    if root is None:
        return "", None
    try:
        return root, without_parentheses(JqTranslator(root, inside).translate(text))
    except Untranslatable:
        return root, None


class JqTranslator(Translator):
    """Translates to jq 1.5 and newer. ``inside`` is the program for the part of the result itself."""

    def __init__(self, root: str, inside: str = ".") -> None:
        super().__init__(root)
        self._inside = inside

    def input(self) -> str:
        return self._inside

    def constant(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    def item(self, target: str, key: str | int) -> str:
        base = "" if target == "." else target if target.startswith((".", "(")) else f"({target})"
        text = f"{base}{jq_key(key)}"
        return text if text.startswith((".", "(")) else f".{text}"

    def filter(self, name: str, target: str, args: Sequence[Any], named: dict[str, Any]) -> str:
        match name, list(args), list(named.items()):
            case "first" | "last", [], []:
                code = self.item(target, 0 if name == "first" else -1)
            case "length" | "count", [], []:
                code = _piped(target, "length")
            case "min" | "max", [], []:
                code = _piped(target, name)
            case "list", [], [] if target.endswith(")"):  # of what map and select return
                code = target
            case "map", ["first" | "last" | "length" as function], []:
                code = _piped(target, f"map({self.filter(function, '.', (), {})})")
            case "map", [], [("attribute", str(attribute))]:
                code = _piped(target, f"map({_attribute(attribute)})")
            case "selectattr" | "rejectattr", [str(attribute), *test], []:
                negated = " | not" if name == "rejectattr" else ""
                code = _piped(target, f"map(select({_tested(_attribute(attribute), test)}{negated}))")
            case "join", [] | [str()], []:
                separator = args[0] if args else ""
                code = _piped(target, f"map(tostring) | join({json.dumps(separator, ensure_ascii=False)})")
            case _:
                raise Untranslatable(name)
        return code

    def method(self, name: str, target: str, args: Sequence[Any]) -> str:
        match name, list(args):
            case "splitlines", []:
                return _piped(target, r'rtrimstr("\n") | split("\n")')
            case "split", [str(separator)]:
                return _piped(target, f"split({json.dumps(separator, ensure_ascii=False)})")
            case "startswith" | "endswith", [str(part)]:
                return _piped(target, f"{name}({json.dumps(part, ensure_ascii=False)})")
            case "get", [str(key)]:
                return self.item(target, key)
        raise Untranslatable(name)

    def comparison(self, operator: str, left: nodes.Expr, right: nodes.Expr) -> str:
        if operator not in ("in", "notin"):
            return f"({self.of(left)} {_COMPARISONS[operator]} {self.of(right)})"
        if isinstance(right, nodes.List):
            values = ", ".join(self.constant(value) for value in constant(right))
            return _piped(self.of(left), f"IN({values})" + (" | not" if operator == "notin" else ""))
        return _piped(
            self.of(right), f"index({self.constant(constant(left))}) {'=' if operator == 'notin' else '!'}= null"
        )

    def negation(self, inner: str) -> str:
        return _piped(inner, "not")

    def junction(self, word: str, left: str, right: str) -> str:
        return f"({left} {word} {right})"

    def sequence(self, items: Sequence[str]) -> str:
        return f"[{', '.join(items)}]"

    def mapping(self, pairs: Sequence[tuple[Any, str]]) -> str:
        inner = ", ".join(f"{json.dumps(str(key), ensure_ascii=False)}: {value}" for key, value in pairs)
        return f"{{{inner}}}"


def _piped(target: str, program: str) -> str:
    return f"({program})" if target == "." else f"({target} | {program})"


def _attribute(dotted: str) -> str:
    return "".join(jq_key(int(name) if name.isdigit() else name) for name in dotted.split("."))


def _tested(value: str, test: Sequence[Any]) -> str:
    """Return a condition on an attribute; a value that is not there is null to jq."""
    match test:
        case []:
            return value
        case ["defined"]:
            return f"{value} != null"
        case ["equalto" | "eq" | "==", other]:
            return f"{value} == {json.dumps(other, ensure_ascii=False)}"
    raise Untranslatable(str(test))
