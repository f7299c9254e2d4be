"""A client of yaml-language-server, the program behind the YAML support of VS Code, Neovim, Helix and others."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.engines.packages import Unavailable, install

PACKAGE = "yaml-language-server@1.25.0"
ROOT = Path(__file__).parents[2]
CURSOR = "█"
"""Stands in a document where the cursor is."""


def settings() -> dict[str, Any]:
    """The editor's settings, as ``docs/editor.md`` shows them for VS Code, in the server's form."""
    page = (ROOT / "docs" / "editor.md").read_text()
    shown: dict[str, Any] = json.loads(page.partition("```json\n")[2].partition("```")[0])
    yaml = {name.removeprefix("yaml."): value for name, value in shown.items()}
    schemas = {str(ROOT / "schemas" / Path(file).name): pattern for file, pattern in yaml.pop("schemas").items()}
    return {"yaml": {**yaml, "schemas": schemas, "schemaStore": {"enable": False}}}


def _npm_packages() -> list[str]:
    return [] if shutil.which("npm") else ["nodejs", "npm"]


def installed() -> Path:
    """The program, installed by npm on first use into the user's cache.

    Raises:
        Unavailable: there is no npm, or it failed; the message says how.
    """
    install(_npm_packages)
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "engine-recipes-tests", PACKAGE)
    program = cache / "node_modules" / ".bin" / "yaml-language-server"
    cache.mkdir(parents=True, exist_ok=True)
    with Path(tempfile.gettempdir(), "er-npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            command: list[str | Path] = [
                npm,
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
                cache,
                PACKAGE,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unavailable(f"npm install {PACKAGE}: {done.stderr.strip()[-500:]}")
    return program


class LanguageServer:
    """One running server; documents are scenarios in its workspace."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes]) -> None:
        self._reading, self._writing = reading, writing
        self._ids = itertools.count(1)
        self._documents = itertools.count(1)
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}

    def start(self, workspace: Path) -> None:
        """Introduce the client and configure the server as ``docs/editor.md`` says."""
        self.workspace = workspace
        capabilities = {
            "workspace": {"configuration": True},
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                "hover": {"contentFormat": ["markdown"]},
            },
        }
        self._ask("initialize", {"processId": os.getpid(), "rootUri": workspace.as_uri(), "capabilities": capabilities})
        self._notify("initialized", {})
        self._notify("workspace/didChangeConfiguration", {"settings": settings()})

    def completions(self, text: str) -> dict[str, str]:
        """Return what is offered at the cursor: each label with the text that would be inserted."""
        uri, position = self._open(text)
        answer = self._ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: item.get("textEdit", {}).get("newText", item.get("insertText", "")) for item in items}

    def hover(self, text: str) -> str:
        """Return what is shown for the word at the cursor."""
        uri, position = self._open(text)
        answer = self._ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})
        return str(answer["contents"]["value"]) if answer else ""

    def problems(self, text: str, suffix: str = "yaml") -> list[tuple[int, str]]:
        """Return what is marked as wrong: the line (from 1) and the message."""
        uri, _ = self._open(text, suffix)
        while uri not in self._diagnostics:
            self._handle(self._read())
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in self._diagnostics[uri]]

    def _open(self, text: str, suffix: str = "yaml") -> tuple[str, dict[str, int]]:
        before, _, after = text.partition(CURSOR)
        uri = (self.workspace / f"{next(self._documents)}.{suffix}").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": before + after}
        self._notify("textDocument/didOpen", {"textDocument": document})
        return uri, {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}

    def _ask(self, method: str, params: Any) -> Any:
        number = next(self._ids)
        self._write({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._handle(message)

    def _handle(self, message: dict[str, Any]) -> None:
        """Answer what the server asks of its client, and keep what it reports."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "workspace/configuration":
            sections = [item.get("section", "") for item in message["params"]["items"]]
            self._write({"id": message["id"], "result": [settings().get(section, {}) for section in sections]})
        elif "id" in message and "method" in message:
            self._write({"id": message["id"], "result": None})

    def _notify(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def _write(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._writing.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._writing.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._reading.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self._reading.read(length))
        return message


@contextmanager
def language_server(workspace: Path) -> Iterator[LanguageServer]:
    """Run the server in a folder.

    Raises:
        Unavailable: it can't be had here.
    """
    command: list[str | Path] = [installed(), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=workspace) as process:
        assert process.stdin
        assert process.stdout
        try:
            server = LanguageServer(process.stdout, process.stdin)
            server.start(workspace)
            yield server
        finally:
            process.kill()
