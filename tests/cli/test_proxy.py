"""An engine behind a reverse proxy: with a path of its own, and a key in a header that nothing shows."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

from runner.masking import Masker
from tests.engine.scripted import Peer, Script, serving
from tests.engines import Docker

KEY = "pr0xy-k3y/of mine"
PREFIX = b"/engines/1"
SCENARIO = """
title: Behind a proxy
steps:
  - id: create
    create: {body: {Image: alpine, Cmd: [echo, hello]}}
    capture: {container: body.Id}
    defer: {remove: "{{ container }}"}
  - id: output
    attach: {id: "{{ container }}", stream: true, stdout: true}
    background: true
  - start: "{{ container }}"
  - await: output
    expect: {stdout: "hello\\n"}
  - request: {method: GET, path: /echo}
    expect: {status: 418}
"""


def forwards(docker: Docker) -> Script:
    """Pass a request on to the engine without the prefix; answer a wrong one, and tell the key to ``/echo``."""

    def run(peer: Peer) -> None:
        head = peer.head().decode()
        key = re.search(r"^X-Api-Key: (.*)$", head.replace("\r", ""), re.MULTILINE)
        if not head.split()[1].startswith(PREFIX.decode()) or not key or key[1] != KEY:
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if head.split()[1].endswith("/echo"):
            body = json.dumps({"message": f"no {KEY} here"}).encode()
            peer.send(b"HTTP/1.1 418 Teapot\r\nContent-Type: application/json\r\n")
            peer.send(b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            return
        upgrade = "\r\nUpgrade:" in head
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(docker.url.removeprefix("unix://"))
            lines = head.replace(PREFIX.decode(), "", 1) + ("" if upgrade else "\r\nConnection: close")
            engine.sendall(f"{lines}\r\n\r\n".encode())
            sender = threading.Thread(target=pipe, args=(peer, engine))
            sender.start()
            while data := engine.recv(65536):
                peer.send(data)
            peer.sock.shutdown(socket.SHUT_RDWR)
            sender.join()

    return run


def pipe(peer: Peer, engine: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := peer.some():
            engine.sendall(data)


def test_the_path_and_the_key_go_with_every_request_and_into_no_report(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(SCENARIO)
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": {"X-Api-Key": KEY}}))
    outputs = [word for suffix in ("md", "json", "ndjson", "html", "xml") for word in ("-o", f"out.{suffix}")]
    env = {**os.environ, "DOCKER_CONFIG": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    with serving(*[forwards(docker)] * 32) as server:
        url = f"{server.endpoint.url}{PREFIX.decode()}"
        command = [sys.executable, "-m", "runner", "x.yaml", "-H", url, "--live", "--record", "out.recording", *outputs]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    texts = {path.name: path.read_text() for path in tmp_path.glob("out.*")}
    texts |= {"stdout": done.stdout, "stderr": done.stderr}
    masker = Masker([KEY])
    assert [name for name, text in texts.items() if masker.text(text) != text] == []
    assert "no *** here" in texts["out.json"]
    steps = json.loads(texts["out.json"])["scenarios"][0]["steps"]
    assert next(step["request"]["path"] for step in steps if step["request"]).startswith("/v1.")
    assert json.loads(texts["out.json"])["engine"]["endpoint"] == url


def test_a_wrong_key_is_not_shown_either(tmp_path: Path) -> None:
    def echoes(peer: Peer) -> None:
        head = peer.head()
        peer.send(b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n%b" % (len(head), head))

    (tmp_path / "x.yaml").write_text(SCENARIO)
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": {"A": "wr0ng-k3y"}}))
    env = {**os.environ, "DOCKER_CONFIG": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    with serving(echoes) as server:
        command = [sys.executable, "-m", "runner", "x.yaml", "-H", f"{server.endpoint.url}/p"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "not-an-engine" in done.stderr
    assert "wr0ng-k3y" not in done.stderr + done.stdout
