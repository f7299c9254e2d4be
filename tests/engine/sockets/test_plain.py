"""Opening plain connections: this process's own limits."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runner.engine.docker_config.endpoint import parse
from runner.engine.sockets.dial import dialer
from runner.engine.transport import Deadline
from runner.errors import DeadlineExceeded
from tests.engine.scripted import replies, serving

PROGRAM = """
import resource, sys
from runner.engine.docker_config.endpoint import parse
from runner.engine.sockets.dial import dialer
from runner.engine.transport import Deadline
from runner.errors import RunnerError

dial = dialer(parse(sys.argv[1], source="a test"))
{load}
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
opened = []
try:
    while len(opened) < 64:
        opened.append(dial(Deadline.after(5)))
except RunnerError as error:
    print(error.kind, error.code, "|", error.message, "|", error.hint)
"""


@pytest.mark.parametrize("way", ["unix", "tcp", "name", "ssh"])
def test_out_of_descriptors(way: str, tmp_path: Path) -> None:
    path = tmp_path / "engine.sock" if way == "unix" else None
    with serving(*[replies()] * 64, unix=path) as server:
        url = "ssh://nowhere.invalid" if way == "ssh" else server.endpoint.url
        if way == "name":
            url = url.replace("127.0.0.1", "localhost")
        load = "import runner.engine.sockets.ssh, tempfile; tempfile.gettempdir()" if way == "ssh" else ""
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(load=load), url],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    kind, message, hint = run.stdout.strip().split(" | ")
    assert kind == "step too-many-open-files"
    assert message == "no more connections or files can be opened: Too many open files"
    assert "ulimit -n" in hint


def test_a_full_backlog_is_waited_for(tmp_path: Path) -> None:
    endpoint = parse(f"unix://{tmp_path}/engine.sock", source="a test")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as opened:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen(0)
        dial = dialer(endpoint)
        first = dial(Deadline.after(5))
        opened.callback(first.close)
        with pytest.raises((DeadlineExceeded, TimeoutError)):
            dial(Deadline.after(0.2))
        acceptor = threading.Timer(0.2, lambda: opened.enter_context(listener.accept()[0]))
        acceptor.start()
        opened.callback(dial(Deadline.after(10)).close)
        acceptor.join()
