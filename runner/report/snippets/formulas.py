"""Translates a scenario's expressions into the language of a snippet, as far as both have the same.

Jinja2's own parser reads the expression; a language is a subclass of :class:`Translator`, whose methods return code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.visitor import NodeVisitor

MAX_LENGTH: Final = 500
"""Characters of an expression that is translated; longer ones are for programs, not for pages."""


class Untranslatable(Exception):
    """The language has nothing that means the same."""


class Translator(NodeVisitor, ABC):
    """Translates expressions over one part of a result (``body``, ``items``, ``stdout``), which is :attr:`root`."""

    def __init__(self, root: str) -> None:
        self.root = root

    def translate(self, text: str) -> str:
        """Return the code of an expression.

        Raises:
            Untranslatable: it has something that the language lacks, or reads another part of the result.
        """
        return self.of(parse(text))

    def of(self, node: nodes.Node) -> str:
        """Return the code of a part of an expression."""
        code: str = self.visit(node)
        return code

    def generic_visit(self, node: nodes.Node, *_args: Any, **_kwargs: Any) -> str:
        raise Untranslatable(type(node).__name__)

    def visit_Name(self, node: nodes.Name) -> str:  # noqa: N802 - Jinja2's names, here and below
        if node.name != self.root:
            raise Untranslatable(node.name)
        return self.input()

    def visit_Const(self, node: nodes.Const) -> str:  # noqa: N802
        return self.constant(node.value)

    def visit_Neg(self, node: nodes.Neg) -> str:  # noqa: N802
        return self.constant(constant(node))

    def visit_Getattr(self, node: nodes.Getattr) -> str:  # noqa: N802
        return self.item(self.of(node.node), node.attr)

    def visit_Getitem(self, node: nodes.Getitem) -> str:  # noqa: N802
        key = constant(node.arg)
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            raise Untranslatable(repr(key))
        return self.item(self.of(node.node), key)

    def visit_Filter(self, node: nodes.Filter) -> str:  # noqa: N802
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Untranslatable(node.name)
        named = {str(pair.key): constant(pair.value) for pair in node.kwargs}
        return self.filter(node.name, self.of(node.node), [constant(value) for value in node.args], named)

    def visit_Call(self, node: nodes.Call) -> str:  # noqa: N802
        if not isinstance(node.node, nodes.Getattr) or node.kwargs or node.dyn_args is not None:
            raise Untranslatable("call")
        return self.method(node.node.attr, self.of(node.node.node), [constant(value) for value in node.args])

    def visit_Compare(self, node: nodes.Compare) -> str:  # noqa: N802
        if len(node.ops) != 1:
            raise Untranslatable("comparisons in a row")
        return self.comparison(node.ops[0].op, node.expr, node.ops[0].expr)

    def visit_Not(self, node: nodes.Not) -> str:  # noqa: N802
        return self.negation(self.of(node.node))

    def visit_And(self, node: nodes.And) -> str:  # noqa: N802
        return self.junction("and", self.of(node.left), self.of(node.right))

    def visit_Or(self, node: nodes.Or) -> str:  # noqa: N802
        return self.junction("or", self.of(node.left), self.of(node.right))

    def visit_List(self, node: nodes.List) -> str:  # noqa: N802
        return self.sequence([self.of(item) for item in node.items])

    def visit_Dict(self, node: nodes.Dict) -> str:  # noqa: N802
        return self.mapping([(constant(pair.key), self.of(pair.value)) for pair in node.items])

    @abstractmethod
    def input(self) -> str:
        """Return the code of the part of the result itself."""

    @abstractmethod
    def constant(self, value: Any) -> str: ...

    @abstractmethod
    def item(self, target: str, key: str | int) -> str: ...

    @abstractmethod
    def filter(self, name: str, target: str, args: Sequence[Any], named: dict[str, Any]) -> str: ...

    @abstractmethod
    def method(self, name: str, target: str, args: Sequence[Any]) -> str: ...

    @abstractmethod
    def comparison(self, operator: str, left: nodes.Expr, right: nodes.Expr) -> str: ...

    @abstractmethod
    def negation(self, inner: str) -> str: ...

    @abstractmethod
    def junction(self, word: str, left: str, right: str) -> str: ...

    @abstractmethod
    def sequence(self, items: Sequence[str]) -> str: ...

    @abstractmethod
    def mapping(self, pairs: Sequence[tuple[Any, str]]) -> str: ...


def without_parentheses(code: str) -> str:
    """Return code without parentheses around all of it."""
    depth = 0
    for index, character in enumerate(code):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            is_around = index == len(code) - 1 and code.startswith("(")
            return without_parentheses(code[1:-1]) if is_around else code
    return code


def root_of(text: str, known: Sequence[str]) -> str | None:
    """Return the one part of the result that an expression reads; None if it reads several, or other names too."""
    try:
        names = {name.name for name in parse(text).find_all(nodes.Name)}
    except Untranslatable:
        return None
    return names.pop() if len(names) == 1 and names <= set(known) else None


def parse(text: str) -> nodes.Expr:
    """Return an expression's syntax tree.

    Raises:
        Untranslatable: it is too long, or no expression.
    """
    if len(text) > MAX_LENGTH:
        raise Untranslatable("too long")
    try:
        match Environment(autoescape=True).parse(f"{{{{ {text} }}}}").body:
            case [nodes.Output(nodes=[nodes.Expr() as expression])]:
                return expression
    except (TemplateSyntaxError, RecursionError):
        pass
    raise Untranslatable("no expression")


def constant(node: nodes.Node) -> Any:
    """Return the value of a constant, or of a list of them.

    Raises:
        Untranslatable: it is something else.
    """
    match node:
        case nodes.Const(value=value):
            return value
        case nodes.Neg(node=nodes.Const(value=int() | float() as value)):
            return -value
        case nodes.List(items=items):
            return [constant(item) for item in items]
        case _:
            raise Untranslatable(type(node).__name__)
