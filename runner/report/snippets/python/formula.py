"""Writes expressions of a scenario in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from jinja2 import nodes

from runner.report.snippets.formulas import Translator, Untranslatable
from runner.report.snippets.python.words import PythonWords

_EQUALS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_COMPARISONS: Final = {**_EQUALS, "in": "in", "notin": "not in"}
_METHODS: Final = frozenset(
    {"endswith", "get", "lower", "removeprefix", "removesuffix", "replace", "split", "splitlines", "startswith"}
    | {"strip", "upper"}
)
_FUNCTIONS: Final = {"length": "len", "count": "len", "min": "min", "max": "max", "sort": "sorted", "int": "int"}


class PythonTranslator(Translator):
    """Translates expressions over a value that is in ``variable``."""

    def __init__(self, root: str, variable: str) -> None:
        super().__init__(root)
        self._variable = variable

    def input(self) -> str:
        return self._variable

    def constant(self, value: Any) -> str:
        return f'"{PythonWords.inside(value)}"' if isinstance(value, str) else repr(value)

    def item(self, target: str, key: str | int) -> str:
        return f"{target}[{self.constant(key)}]"

    def filter(self, name: str, target: str, args: Sequence[Any], named: dict[str, Any]) -> str:
        match name, list(args), list(named.items()):
            case "first" | "last", [], []:
                code = f"{target}[{0 if name == 'first' else -1}]"
            case "list", [], [] if target.startswith("["):
                code = target
            case "trim", [], []:
                code = f"{target}.strip()"
            case "join", [] | [str()], []:
                code = f"{self.constant(args[0] if args else '')}.join(map(str, {target}))"
            case "map", ["first" | "last" | "length" as function], []:
                code = f"[{self.filter(function, 'item', (), {})} for item in {target}]"
            case "map", [], [("attribute", str(attribute))]:
                code = f"[item{_attribute(attribute)} for item in {target}]"
            case "selectattr" | "rejectattr", [str(attribute), *test], []:
                negated = "not " if name == "rejectattr" else ""
                code = f"[item for item in {target} if {negated}{self._tested(attribute, test)}]"
            case _ if name in _FUNCTIONS and not args and not named:
                code = f"{_FUNCTIONS[name]}({target})"
            case _:
                raise Untranslatable(name)
        return code

    def _tested(self, attribute: str, test: Sequence[Any]) -> str:
        if "." in attribute:
            raise Untranslatable(attribute)
        match test:
            case ["defined"]:
                return f"{self.constant(attribute)} in item"
            case ["equalto" | "eq" | "==", other]:
                return f"item.get({self.constant(attribute)}) == {self.constant(other)}"
            case []:
                return f"item.get({self.constant(attribute)})"
        raise Untranslatable(str(test))

    def method(self, name: str, target: str, args: Sequence[Any]) -> str:
        if name not in _METHODS:
            raise Untranslatable(name)
        return f"{target}.{name}({', '.join(self.constant(value) for value in args)})"

    def comparison(self, operator: str, left: nodes.Expr, right: nodes.Expr) -> str:
        return f"({self.of(left)} {_COMPARISONS[operator]} {self.of(right)})"

    def negation(self, inner: str) -> str:
        return f"(not {inner})"

    def junction(self, word: str, left: str, right: str) -> str:
        return f"({left} {word} {right})"

    def sequence(self, items: Sequence[str]) -> str:
        return f"[{', '.join(items)}]"

    def mapping(self, pairs: Sequence[tuple[Any, str]]) -> str:
        return f"{{{', '.join(f'{self.constant(str(key))}: {value}' for key, value in pairs)}}}"


def _attribute(dotted: str) -> str:
    return "".join(f"[{int(name) if name.isdigit() else repr(name)}]" for name in dotted.split(".")).replace("'", '"')
