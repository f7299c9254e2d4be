"""A thousand inspect calls over one connection of the standard library: CONTAINER REPORT. The floor for Python."""

import http.client
import json
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

container, report = sys.argv[1:]
url = urlsplit(os.environ["DOCKER_HOST"])
connection = http.client.HTTPConnection(url.hostname or "localhost", url.port)
if url.scheme == "unix":
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(url.path)
answers, names = [], []
for _ in range(1000):
    connection.request("GET", f"/v1.41/containers/{container}/json")
    answer = json.loads(connection.getresponse().read())
    assert answer["Config"]["Image"] == "alpine"
    names.append(answer["Name"])
    answers.append(answer)
Path(report).write_text(json.dumps(answers, indent=2))
