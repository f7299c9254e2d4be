"""Writes one request as a call of a ``requests`` session."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runner.api.operations import Operation
from runner.report.snippets.credentials import CREDENTIALS, OF_THE_CONNECTION, media_type
from runner.report.snippets.python.words import INDENT, WIDTH, PythonWords
from runner.report.snippets.session import Setup
from runner.results.records import RequestRecord

_METHODS: Final = frozenset({"delete", "get", "head", "patch", "post", "put"})
_WIDEST: Final = WIDTH - 20


class RequestsCall:
    """One request. ``imports`` are what its code needs; :meth:`opening` opens or makes what it sends, and all inside
    of that has :attr:`indent` in front."""

    def __init__(self, request: RequestRecord, operation: Operation | None, words: PythonWords) -> None:
        self._request = request
        self._operation = operation
        self._words = words
        self.imports: list[str] = []
        self.setups: list[Setup] = []
        self.indent = INDENT if request.upload is not None and request.folder is None else ""

    def opening(self) -> list[str]:
        """Return the lines that open the file, or make a tar of the folder, that is sent."""
        request = self._request
        if request.folder is not None:
            self.imports += ["import io", "import tarfile"]
            left_out = ""
            if request.excluded:
                names = self._words.literal([f"./{name}" for name in request.excluded], INDENT)
                left_out = ", filter=lambda member: None if member.name in excluded else member"
                opening = [f"excluded = {names}"]
            else:
                opening = []
            folder = self._words.text(request.folder)
            return [
                *opening,
                "buffer = io.BytesIO()",
                'with tarfile.open(fileobj=buffer, mode="w") as tar:',
                f'{INDENT}tar.add({folder}, arcname="."{left_out})',
            ]
        if request.upload is not None:
            return [f'with open({self._words.text(request.upload.removeprefix("@"))}, "rb") as file:']
        return []

    def expression(self, *, stream: bool) -> str:
        """Return the call itself, whose answer is a ``requests.Response``."""
        function, arguments = self.parts(stream=stream)
        line = f"{function}({', '.join(arguments)})"
        if len(line) + len(self.indent) <= WIDTH and "\n" not in line:
            return line
        deeper = f"\n{self.indent}{INDENT}"
        rows = [argument.replace("\n", f"\n{INDENT}") for argument in arguments]
        return f"{function}({deeper}{deeper.join(f'{row},' for row in rows)}\n{self.indent})"

    def parts(self, *, stream: bool) -> tuple[str, list[str]]:
        """Return the function and its arguments."""
        method = self._request.method.lower()
        function = f"engine.{method}" if method in _METHODS else "engine.request"
        first = [] if method in _METHODS else [self._words.text(self._request.method)]
        keywords = {name: code for name, code in self._keywords() if code}
        if stream:
            keywords["stream"] = "True"
        return function, [*first, self._url(), *(f"{name}={code}" for name, code in keywords.items())]

    def _url(self) -> str:
        parts = [self._words.inside_f(segment) for segment in self._request.path.split("/")]
        return f'f"{{url}}{"/".join(parts)}"'

    def _keywords(self) -> Iterator[tuple[str, str]]:
        request = self._request
        yield "params", self._query(request.query)
        if request.folder is not None:
            yield "data", "buffer.getvalue()"
        elif request.upload is not None:
            yield "data", "file"
        elif isinstance(request.body, str) and "json" not in media_type(request).lower():
            yield "data", f"{self._words.text(request.body)}.encode()"
        elif request.body is not None:
            yield "json", self._words.literal(request.body, self.indent, _WIDEST)
        yield "headers", self._headers()

    def _query(self, query: Mapping[str, str | list[str]]) -> str:
        pairs = []
        for name, value in query.items():
            structure = _structure(value)
            if structure is None:
                pairs.append(f"{self._words.literal(name)}: {self._words.literal(value)}")
            else:
                self.imports.append("import json")
                pairs.append(f"{self._words.literal(name)}: json.dumps({self._words.literal(structure)})")
        return f"{{{', '.join(pairs)}}}" if pairs else ""

    def _headers(self) -> str:
        pairs = []
        upgrade = self._operation.upgrade_for(self._request.body) if self._operation is not None else None
        if upgrade in ("websocket", "h2c"):
            pairs += ['"Connection": "Upgrade"', f'"Upgrade": "{upgrade}"']
        if upgrade == "websocket":
            self.imports += ["import base64", "import os"]
            pairs += ['"Sec-WebSocket-Version": "13"']
            pairs += ['"Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()']
        if self._request.upload is not None or (isinstance(self._request.body, str)):
            pairs.append(f'"Content-Type": {self._words.text(media_type(self._request))}')
        for name, value in self._request.headers.items():
            credentials = CREDENTIALS.get(name.lower())
            if credentials is not None:
                self.setups.append(credentials.python)
                pairs.append(f"{self._words.text(name)}: {credentials.name.lower()}")
            elif name.lower() not in OF_THE_CONNECTION and not name.lower().startswith("sec-websocket"):
                pairs.append(f"{self._words.text(name)}: {self._words.text(value)}")
        return f"{{{', '.join(pairs)}}}" if pairs else ""


def _structure(value: Any) -> Any:
    """Return the mapping or list that a parameter has as JSON; None if it has none."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None
