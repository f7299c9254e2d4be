"""The steps of a scenario in Python, with docker-py's low-level client.

Run one after the other they do what the scenario did; a captured value is a variable.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

from runner.report.pretty import pretty
from runner.report.snippets.calls import Call, Left, call_of, flattened
from runner.report.snippets.docker_py_table import METHODS, Method
from runner.report.snippets.variables import Variable, Variables
from runner.results.records import StepRecord
from runner.results.result_path import EVERY
from runner.text import SHORT_ID

_WIDTH = 100
_DEFAULT = "unix:///var/run/docker.sock"
_FILTERS = {None: "", "short": f"[:{SHORT_ID}]", "first": "[0]", "last": "[-1]"}


class Program:
    """The snippets of one scenario, asked for in the order of its steps."""

    def __init__(self, endpoint: str, steps: Sequence[StepRecord]) -> None:
        self._endpoint = endpoint
        self._variables = Variables()
        self._imports = {"docker"}
        self._begun = False
        self._background = {step.id: step for step in steps if step.background}
        self._running: set[str] = set()

    def snippet(self, step: StepRecord) -> str | None:
        """The code of a step; None if there is nothing to do, or docker-py can't do it."""
        known = set(self._imports)
        try:
            lines = self._lines(step)
        except Left:
            return None
        if not lines:
            return None
        new = sorted(self._imports - known)
        opening = (
            [] if self._begun else ["import docker", *_imports(self._imports - {"docker"}), "", self._client(), ""]
        )
        if self._begun and new:
            opening = _imports(set(new))
        self._begun = True
        return "\n".join([*opening, *lines])

    def _client(self) -> str:
        if self._endpoint == _DEFAULT or self._endpoint.startswith("ssh://"):
            return "client = docker.APIClient()"
        if self._endpoint.startswith("https://") or self._endpoint.endswith(":2376"):
            return "client = docker.from_env().api"
        return f'client = docker.APIClient(base_url="{_inside(self._endpoint)}")'

    def _lines(self, step: StepRecord) -> list[str]:
        match step.kind:
            case "await":
                return self._await(step)
            case "sleep":
                self._imports.add("time")
                return [f"time.sleep({max(round(step.duration_ms / 1000, 1), 0.1):g})"]
            case "set":
                return self._set(step)
        if step.each is not None:
            return self._each(step)
        call = call_of(step)
        if call is None or step.request is None or step.request.stdin is not None:
            raise Left(step.kind)
        if step.background:
            return self._start(call)
        return self._refused(call) or self._call(call)

    def _set(self, step: StepRecord) -> list[str]:
        lines = [f"{_identifier(name)} = {self._literal(value)}" for name, value in step.captured.items()]
        for name, value in step.captured.items():
            self._variables.learn(value, Variable(_identifier(name)))
        return lines

    def _each(self, step: StepRecord) -> list[str]:
        names = [name for name in step.captured if _reading(step, name) is not None]
        lines = [f"{_identifier(name)} = []" for name in names]
        for index, element in enumerate(step.each or ()):
            call = call_of(element)
            if call is None or len(names) > 1:
                raise Left(step.kind)
            value = self._expression(call)
            if names:
                lines.append(f"{_identifier(names[0])}.append({value}{_reading(element, names[0])})")
                self._variables.learn(element.captured.get(names[0]), Variable(_identifier(names[0]), index))
            else:
                lines.append(value)
        return lines

    # One call

    def _call(self, call: Call) -> list[str]:
        method = _method(call)
        if method.result == "archive":
            return self._save(call, f"chunks, stat = {self._expression(call)}", "chunks")
        if method.result == "file":
            return self._save(call, f"chunks = {self._expression(call)}", "chunks")
        opening, indent = self._opened(call, method)
        reading = {name: text for name in call.step.captured if (text := _reading(call.step, name)) is not None}
        value = self._collected(call, self._expression(call, indent))
        for name in reading:
            self._variables.learn(call.step.captured[name], Variable(_identifier(name)))
        if method.result == "output" and not reading:
            return [*opening, f'{indent}print({value}.decode(), end="")']
        if not reading:
            return [*opening, f"{indent}{value}"]
        if len(reading) == 1:
            ((name, text),) = reading.items()
            return [*opening, f"{indent}{_identifier(name)} = {value}{text}"]
        return [
            *opening,
            f"{indent}answer = {value}",
            *[f"{_identifier(name)} = answer{text}" for name, text in reading.items()],
        ]

    def _opened(self, call: Call, method: Method) -> tuple[list[str], str]:
        """Opens the file that is sent."""
        if method.upload is None:
            return [], ""
        if call.request.folder is not None:
            return [f"with docker.utils.tar({self._text(call.request.folder)}) as file:"], "    "
        if call.request.upload is None:
            raise Left("upload")
        return [f'with open({self._text(call.request.upload.removeprefix("@"))}, "rb") as file:'], "    "

    def _save(self, call: Call, first: str, chunks: str) -> list[str]:
        name = self._text(call.request.save or f"{call.operation.noun}.tar")
        return [first, f'with open({name}, "wb") as file:', f"    file.writelines({chunks})"]

    def _collected(self, call: Call, value: str) -> str:
        """A stream's elements as a list, as many as were taken."""
        items = call.step.response.items if call.step.response is not None else None
        if call.operation.is_endless(call.params) and call.operation.answer == "items":
            self._imports.add("itertools")
            return f"list(itertools.islice({value}, {len(items or ()) or 1}))"
        return f"list({value})" if _method(call).result == "stream" else value

    def _expression(self, call: Call, indent: str = "") -> str:
        method = _method(call)
        arguments = [self._literal(call.params[name]) for name in method.args if name in call.params]
        arguments += [f"{name}={self._literal(value, indent)}" for name, value in self._keywords(call, method).items()]
        if method.upload is not None:
            arguments.append(f"{method.upload}=file")
        line = f"client.{method.name}({', '.join(arguments)})"
        if len(line) + len(indent) <= _WIDTH and "\n" not in line:
            return line
        if len(arguments) == 1 and isinstance(method.body, str) and not method.args:
            body = pretty(call.body, _WIDTH // 2, indent, self._scalar, "    ")
            return f"client.{method.name}({body})"
        inner = f"\n{indent}    ".join(f"{argument}," for argument in self._broken(call, method, f"{indent}    "))
        return f"client.{method.name}(\n{indent}    {inner}\n{indent})"

    def _broken(self, call: Call, method: Method, indent: str) -> list[str]:
        """The arguments, each on lines of its own."""
        arguments = [self._literal(call.params[name], indent) for name in method.args if name in call.params]
        arguments += [f"{name}={self._literal(value, indent)}" for name, value in self._keywords(call, method).items()]
        return arguments + ([f"{method.upload}=file"] if method.upload else [])

    def _keywords(self, call: Call, method: Method) -> dict[str, Any]:
        keywords = dict(method.always)
        for name, value in call.params.items():
            if name in method.query:
                keywords[method.query[name]] = value[0] if name == "t" and isinstance(value, list) else value
            elif name not in method.args and name not in method.ignored:
                raise Left(name)
        if isinstance(method.body, str):
            if call.body not in (None, {}):
                keywords[method.body] = call.body
        elif call.body is not None:
            parts = flattened(call.body, method.body or {})
            keywords |= {(method.body or {})[name]: value for name, value in parts.items()}
        if method.folder is not None:
            if call.request.folder is None:
                raise Left("folder")
            keywords[method.folder] = call.request.folder
        if method.result == "stream" and method.name not in ("load_image", "pull_plugin", "upgrade_plugin"):
            keywords |= {"decode": True} | ({"stream": True} if method.name in ("pull", "push") else {})
        if method.name == "stats" and call.operation.is_endless(call.params):
            keywords["decode"] = True
        return keywords

    # What goes on in the background, and what goes wrong

    def _start(self, call: Call) -> list[str]:
        """Streams are read when they are awaited; other calls go on in a thread."""
        name = _identifier(call.step.id)
        self._running.add(call.step.id)
        value = self._expression(call)
        if call.operation.answer == "items":
            return [f"{name} = {value}"]
        if call.operation.answer == "output":
            return [f"{name} = {value[:-1]}, stream=True)"]
        self._imports |= {"ThreadPoolExecutor"}
        method, _, arguments = value.partition("(")
        return [f"{name} = ThreadPoolExecutor().submit({method}, {arguments}"]

    def _await(self, step: StepRecord) -> list[str]:
        started = self._background.get(step.awaits or "")
        call = call_of(started) if started is not None else None
        if call is None or call.step.id not in self._running:
            raise Left("await")
        name = _identifier(call.step.id)
        if call.operation.answer == "output":
            return [f'print(b"".join({name}).decode(), end="")']
        return [self._collected(call, name) if call.operation.answer == "items" else f"{name}.result()"]

    def _refused(self, call: Call) -> list[str]:
        """A call that the engine refuses, as the scenario expects it to."""
        response = call.step.response
        if response is None or response.status < 400:
            return []
        self._imports |= {"APIError"}
        value = self._expression(call, "    ")
        return ["try:", f"    {value}", "except APIError as error:", "    print(error.explanation)"]

    # Values

    def _literal(self, value: Any, indent: str = "") -> str:
        return pretty(value, _WIDTH - 20, indent, self._scalar, "    ")

    def _scalar(self, value: Any) -> str:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._variables.known():
            return self._text(str(value))
        return repr(value)

    def _text(self, value: str) -> str:
        parts = self._variables.split(value)
        if len(parts) == 1:
            return _reference(parts[0]) if isinstance(parts[0], Variable) else f'"{_inside(parts[0])}"'
        inner = (
            f"{{{_reference(part)}}}"
            if isinstance(part, Variable)
            else _inside(part).replace("{", "{{").replace("}", "}}")
            for part in parts
        )
        return f'f"{"".join(inner)}"'


def _method(call: Call) -> Method:
    method = METHODS.get(call.operation.id)
    if method is None:
        raise Left(call.operation.id)
    return method


def _reference(variable: Variable) -> str:
    name = variable.name if variable.element is None else f"{variable.name}[{variable.element}]"
    if variable.length is not None:
        return f"{name}[{variable.start or ''}:{variable.start + variable.length}]"
    return f"{name}[{variable.start}:]" if variable.start else name


def _inside(text: str) -> str:
    """Text as it stands between double quotes."""
    escaped = "".join(one if one.isprintable() else repr(one)[1:-1] for one in text.replace("\\", "\\\\"))
    return escaped.replace('"', '\\"')


def _reading(step: StepRecord, name: str) -> str | None:
    """How Python gets from an answer to a captured value: ``["Id"]``."""
    source = step.capture_sources.get(name)
    path = source.path if source is not None else None
    if path is None or EVERY in path.keys or path.filter not in _FILTERS:
        return None
    call = call_of(step)
    wanted = "items" if call is not None and call.operation.answer in ("progress", "items") else "body"
    if path.root != wanted:
        return None
    keys = (f"[{key}]" if isinstance(key, int) else f'["{_inside(key)}"]' for key in path.keys)
    return "".join([*keys, _FILTERS[path.filter]])


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text)
    return f"{name}_" if keyword.iskeyword(name) or name in ("client", "docker") else name


def _imports(names: set[str]) -> list[str]:
    known: Mapping[str, str] = {
        "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
        "APIError": "from docker.errors import APIError",
    }
    return sorted(known.get(name, f"import {name}") for name in names)
