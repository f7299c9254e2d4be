"""Test what a ``.dockerignore`` leaves out, compared with what the docker CLI itself sends for the same folder."""

from __future__ import annotations

import http.server
import io
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import StepError
from runner.executor.request.dockerignore import Ignore
from runner.executor.request.folder_body import FolderUpload

BUILD_FILES = ("Dockerfile", ".dockerignore")
FILES = (
    "Dockerfile", "Dockerfile.dev", "a.txt", "b.md", "README.md", "#hash", " space", "!bang", "x.y", "abc", "adc",
    "a!c", "a[b", "a^c", "tmp-1", "tmp-2/keep", "dir/a.txt",
    "dir/b.md", "dir/sub/a.txt", "dir/sub/c.go", "other/dir/a.txt",
    "docs/README.md", "docs/x.md", "docs/deep/README.md", "node_modules/x/y.js",
)  # fmt: skip
PATTERNS = (
    "", "*.md", "*.md\n!README.md", "**/*.md", "dir", "dir/", "/dir", "./dir", "dir/*", "dir/**", "**/dir", "**", "*",
    "*\n!dir", "*\n!dir/a.txt", "*\n!dir/sub", "dir\n!dir/sub/c.go", "docs\n!docs/README.md", "a?c", "a[bd]c", "a[!b]c",
    "a[^b]c", "a[a-c]c", "# comment\na.txt", " # not", "  a.txt  ", "!a.txt", "*.txt\n!dir/*.txt", "a**", "dir**",
    "**/a.txt\n!dir/**/a.txt", "x.y", "x?y", "\\!bang", "\\#hash", "a\\[b", "..", "../x", "dir/../a.txt", ".", "/",
    "Dockerfile", ".dockerignore\nDockerfile", "*\n!*.md", "tmp-*", "*/a.txt", "*/*/a.txt", "**/sub/**", "dir/**/a.txt",
    "\ufeffa.txt", "a.txt\r\nb.md\r", "DIR", "*/sub", "dir/s*", "! a.txt\n*.txt", "empty", "[a-c].txt", "dir//sub",
    "*.txt\n!a.txt\na.txt", "dir/*\n!dir/sub", "node_modules\n!node_modules/x", "*\n!dir/sub/..",
)  # fmt: skip
WRONG = ("a[b", "[", "a\\", "!", "[]a].txt", "[a-]", "[-a]", "a.txt\n[^]")


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder with a bit of everything."""
    folder = tmp_path / "context"
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (folder / "empty").mkdir()
    return folder


class Builder(http.server.BaseHTTPRequestHandler):
    """As much of an engine as the CLI needs for sending a build's context."""

    protocol_version = "HTTP/1.1"
    received: bytes

    def do_GET(self) -> None:
        self._answer(b"OK")

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        type(self).received = data
        self._answer(b'{"stream":"sha256:0"}\n')

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        for name, value in (("Api-Version", "1.41"), ("Ostype", "linux"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def cli() -> Iterator[str]:
    """The address that ``docker build`` sends its context to."""
    if not shutil.which("docker"):
        pytest.skip("no engine: there is no docker CLI")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Builder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def names(tar: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as found:
        return set(found.getnames())


def docker_build(host: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "DOCKER_BUILDKIT": "0"}
    return subprocess.run(
        ["docker", "-H", host, "build", "-q", folder], env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("patterns", PATTERNS)
def test_the_docker_cli_sends_the_same(context: Path, cli: str, patterns: str) -> None:
    (context / ".dockerignore").write_bytes(patterns.encode())
    done = docker_build(cli, context)
    assert done.returncode == 0, done.stderr
    assert names(b"".join(FolderUpload(context, BUILD_FILES).chunks())) == names(Builder.received)


@pytest.mark.parametrize("patterns", WRONG)
def test_the_docker_cli_refuses_the_same(context: Path, cli: str, patterns: str) -> None:
    (context / ".dockerignore").write_text(patterns)
    assert "pattern" in docker_build(cli, context).stderr
    with pytest.raises(StepError, match=r"^\.dockerignore, line") as caught:
        list(FolderUpload(context).chunks())
    assert caught.value.code == "bad-pattern"


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [
        ("*\n!**/*.go", "dir/sub/c.go"),
        ("dir\n!**/c.go", "dir/sub/c.go"),
        ("*\n!docs/**/README.md", "docs/deep/README.md"),
        ("**\n!*/*/*.go", "dir/sub/c.go"),
    ],
)
def test_an_exception_with_wildcards_reaches_into_ignored_folders(context: Path, patterns: str, kept: str) -> None:
    """BuildKit's way; the older builder, which can be compared here, does not look into them."""
    (context / ".dockerignore").write_text(patterns)
    assert kept in names(b"".join(FolderUpload(context).chunks()))


def test_folders_that_no_exception_reaches_are_not_looked_into(context: Path) -> None:
    (context / ".dockerignore").write_text("node_modules\n!docs/**/x.md\n!node/x")
    (context / "node_modules" / "locked").mkdir()
    ignore = Ignore((context / ".dockerignore").read_text())
    assert not ignore.may_keep_in("node_modules")
    assert ignore.may_keep_in("docs")
    assert ignore.may_keep_in("docs/deep")
    assert ignore.may_keep_in("node")


def test_another_dockerfile_is_kept(context: Path) -> None:
    (context / ".dockerignore").write_text("*")
    assert names(b"".join(FolderUpload(context, ("docs/x.md",)).chunks())) == {"docs/x.md"}
    assert names(b"".join(FolderUpload(context, ("./dir/../a.txt",)).chunks())) == {"a.txt"}
