"""Writes one call of docker-py's low-level client: the method, its arguments, and the file that it sends."""

from __future__ import annotations

import re
from typing import Any, assert_never

from runner.report.snippets.calls import Call, flattened
from runner.report.snippets.python.docker_py_table import METHODS, Conversion, Method
from runner.report.snippets.python.words import INDENT, WIDTH, PythonWords
from runner.report.snippets.session import NoEquivalent

_NUMBER = re.compile(r"\d+")


def method_of(call: Call) -> Method:
    """Return the method that makes a call.

    Raises:
        NoEquivalent: there is none.
    """
    method = METHODS.get(call.operation.id)
    if method is None:
        raise NoEquivalent(call.operation.id)
    return method


class PythonCall:
    """One call. :meth:`opening` opens the file that it sends; all inside of that has :attr:`indent` in front.

    Raises:
        NoEquivalent: docker-py has no argument for something that was sent.
    """

    def __init__(self, call: Call, words: PythonWords) -> None:
        self.call = call
        self.method = method_of(call)
        self.indent = "" if self.method.upload is None else INDENT
        self._words = words
        self._arguments = [call.params[name] for name in self.method.args if name in call.params]
        self._keywords = self._keyword_arguments()

    def opening(self) -> list[str]:
        """Return the line that opens the file, or makes a tar of the folder, that is sent."""
        if self.method.upload is None:
            return []
        request = self.call.request
        if request.folder is not None:
            excluded = f", exclude={self._words.literal(list(request.excluded))}" if request.excluded else ""
            return [f"with docker.utils.tar({self._words.text(request.folder)}{excluded}) as file:"]
        if request.upload is None:
            raise NoEquivalent("upload")
        return [f'with open({self._words.text(request.upload.removeprefix("@"))}, "rb") as file:']

    def closing(self) -> list[str]:
        """Return the calls that give an image its other tags: docker-py takes one."""
        tags = self._tags()
        return [f"client.tag({self._words.text(tags[0])}, {self._repository(tag)})" for tag in tags[1:]]

    def expression(self, **more: str) -> str:
        """Return the call itself; ``more`` keyword arguments are code."""
        others = [f"{self.method.upload}=file"] if self.method.upload else []
        others += [f"{name}={code}" for name, code in more.items()]
        flat = [self._words.literal(value) for value in self._arguments]
        flat += [f"{name}={self._words.literal(value, self.indent)}" for name, value in self._keywords.items()]
        line = f"client.{self.method.name}({', '.join([*flat, *others])})"
        if len(line) + len(self.indent) <= WIDTH and "\n" not in line:
            return line
        if isinstance(self.method.body, str) and len(flat) == 1 and not others and not self.method.args:
            return f"client.{self.method.name}({self._words.literal(self.call.body, self.indent, WIDTH // 2)})"
        deeper = self.indent + INDENT
        rows = [self._words.literal(value, deeper) for value in self._arguments]
        rows += [f"{name}={self._words.literal(value, deeper)}" for name, value in self._keywords.items()]
        inner = f"\n{deeper}".join(f"{row}," for row in [*rows, *others])
        return f"client.{self.method.name}(\n{deeper}{inner}\n{self.indent})"

    def _keyword_arguments(self) -> dict[str, Any]:
        call, method = self.call, self.method
        keywords = dict(method.always)
        for name, value in call.params.items():
            if name in method.query:
                keywords[method.query[name]] = value
            elif name not in method.args and name not in method.ignored:
                raise NoEquivalent(name)
        if isinstance(method.body, str):
            if call.body not in (None, {}):
                keywords[method.body] = call.body
        elif call.body is not None:
            parts = flattened(call.body, method.body or {})
            keywords |= {(method.body or {})[name]: value for name, value in parts.items()}
        if method.folder is not None:
            if call.request.folder is None:
                raise NoEquivalent("folder")
            keywords[method.folder] = call.request.folder
        if call.answer in ("items", "progress"):
            keywords |= dict.fromkeys(method.decoded, True)
        if method.all_tags is not None and not _names_a_tag(str(call.params.get(method.all_tags)), call.params):
            keywords["all_tags"] = True
        for name, conversion in method.converted.items():
            if name in keywords:
                keywords[name] = _converted(keywords[name], conversion)
        return {name: value for name, value in keywords.items() if value is not None}

    def _tags(self) -> list[str]:
        for name, keyword in self.method.query.items():
            value = self.call.params.get(name)
            if self.method.converted.get(keyword) == "tag" and isinstance(value, list):
                return value
        return []

    def _repository(self, tag: str) -> str:
        name, colon, label = tag.rpartition(":")
        if not colon or "/" in label:
            return self._words.text(tag)
        return f"{self._words.text(name)}, {self._words.text(label)}"


def _names_a_tag(image: str, params: Any) -> bool:
    return bool(params.get("tag")) or ":" in image.rpartition("/")[2] or "@" in image


def _converted(value: Any, conversion: Conversion) -> Any:
    """Return an argument as docker-py wants it; None leaves it out.

    Raises:
        NoEquivalent: docker-py doesn't take it.
    """
    match conversion:
        case "count":
            return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
        case "seconds":
            if not _NUMBER.fullmatch(str(value)):
                raise NoEquivalent(conversion)
            return int(value) or None
        case "links":
            return [tuple(link.split(":", 1)) if ":" in link else (link, None) for link in value]
        case "tag":
            return (value[0] if value else None) if isinstance(value, list) else value
        case _:
            assert_never(conversion)
