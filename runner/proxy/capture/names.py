"""Names what engines gave (ids) and what is secret, and writes templates in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from runner.proxy.tape import Taped
from runner.scenario.names import RESERVED_NAMES
from runner.text import SHORT_ID

_ID: Final = re.compile(r"(?:sha256:)?[0-9a-f]{64}|[a-z0-9]{25}")
_BETTER: Final = {"container.exec": "command", "swarm.init": "node"}
_FIELDS: Final = ("Id", "ID")


class Raw(str):
    """A text that holds braces which are not a template."""

    __slots__ = ()


class Variable(NamedTuple):
    """A captured id: its name, its value, and the expression that finds it in the step's result."""

    name: str
    value: str
    expression: str


class Names:
    """The variables so far, in the order of their steps."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.secrets: Final = dict(secrets)
        self._variables: list[Variable] = []
        self._taken: set[str] = set(secrets)

    def captures(self, taped: Taped, later: Iterable[Taped]) -> dict[str, str]:
        """Return the captures of a step: the ids in its response that a later request uses, and no other."""
        texts = [_text_of(other) for other in later]
        found: dict[str, str] = {}
        for value, expression in _ids_in(taped.answer):
            if any(variable.value == value for variable in self._variables):
                continue
            short = value.removeprefix("sha256:")[:SHORT_ID]
            if any(short in text for text in texts):
                name = self._name(taped)
                self._variables.append(Variable(name, value, expression))
                found[name] = expression
        return found

    def has_secret(self, text: str) -> bool:
        """Return whether a text has a secret in it: outputs are masked before they are compared."""
        return any(secret in text for secret in self.secrets.values())

    def template(self, value: Any) -> Any:
        """Return a value with templates where ids and secrets are. Braces that were there before stay as they are."""
        if isinstance(value, str):
            return self._templated(value)
        if isinstance(value, Mapping):
            return {self.template(key): self.template(inner) for key, inner in value.items()}
        return [self.template(inner) for inner in value] if isinstance(value, list) else value

    def _templated(self, text: str) -> str:
        result = text
        for name, secret in self.secrets.items():
            result = result.replace(secret, f"{{{{ {name} }}}}")
        for variable in self._variables:
            bare = variable.value.removeprefix("sha256:")
            result = result.replace(variable.value, f"{{{{ {variable.name} }}}}")
            if bare != variable.value:
                result = result.replace(bare, f"{{{{ {variable.name} | replace('sha256:', '') }}}}")
            short = re.compile(rf"(?<![0-9a-f]){bare[:SHORT_ID]}(?![0-9a-f])")
            result = short.sub(f"{{{{ {variable.name} | short }}}}", result)
        if "{{" in text or "{%" in text:
            return Raw(text) if result == text else result
        return result

    def _name(self, taped: Taped) -> str:
        operation = taped.call.operation
        noun: str = operation.noun if operation else _noun(taped.call.path)
        noun = _BETTER.get(operation.name, noun) if operation is not None else noun
        noun = re.sub(r"[^a-z_]", "", noun) or "thing"
        if noun in RESERVED_NAMES:
            noun = f"the_{noun}"
        name, number = noun, 2
        while name in self._taken:
            name, number = f"{noun}_{number}", number + 1
        self._taken.add(name)
        return name


def _ids_in(answer: Any) -> Iterable[tuple[str, str]]:
    """Every id in a response, with its expression."""
    if isinstance(answer, list):
        for number, element in enumerate(answer):
            yield from ((value, text.replace("body", f"body[{number}]", 1)) for value, text in _ids_in(element))
    elif isinstance(answer, str) and _ID.fullmatch(answer):
        yield answer, "body"
    elif isinstance(answer, Mapping):
        for field in _FIELDS:
            value = answer.get(field)
            if isinstance(value, str) and _ID.fullmatch(value):
                yield value, f"body.{field}"


def _noun(path: str) -> str:
    """Return the kind of thing that a path of Podman's own API is about."""
    parts = [part for part in path.split("/") if part not in ("", "libpod")]
    return parts[0].removesuffix("s") if parts else "thing"


def _text_of(taped: Taped) -> str:
    return f"{taped.head.target} {bytes(taped.sent).decode('utf-8', 'replace')}"
