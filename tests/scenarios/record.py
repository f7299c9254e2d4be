"""Makes the recordings of the shipped scenarios anew: ``python -m tests.scenarios.record [NAME…]``.

They are made on private engines of the newest Debian suite.

What only this machine has (its name, folders, ports) is written as it usually is. The pages of ``docs/`` come from the
recordings: ``run docs docs/cookbook/*.md`` afterwards.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.engines import NEWEST, Docker, make_certificates, start_docker, start_docker_tls, start_registry
from tests.scenarios.helpers import ROOT, SCENARIOS, start

FOLDER = ROOT / "scenarios" / "recordings"


def record(name: str, engine: Docker, *options: str, env: Mapping[str, str] | None = None) -> None:
    """Run one scenario, and keep it.

    Raises:
        SystemExit: it did not pass.
    """
    path, file = ROOT / "scenarios" / f"{name}.yaml", FOLDER / f"{name}.json"
    with tempfile.TemporaryDirectory() as folder:
        process = start(Path(folder), path, "--record", file, "--format", "none", *options, env=env)
        errors = process.communicate(timeout=300)[1]
    if process.returncode:
        sys.exit(errors)
    text = file.read_text(encoding="utf-8")
    port = (engine.tcp_url or "").rpartition(":")[2]
    for here, usual in (
        (f"{engine.folder}/data", "/var/lib/docker"),
        (f"{engine.folder}/exec", "/var/run/docker"),
        (f"127.0.0.1:{port}", "127.0.0.1:2375"),
        (f"localhost:{port}", "localhost:2376"),
        (f'"{socket.gethostname()}"', '"engine"'),
    ):
        text = text.replace(here, usual)
    file.write_text(text, encoding="utf-8")
    print(f"{file.relative_to(ROOT)}: {len(text) // 1024} KiB")


def main(names: list[str]) -> None:
    wanted = set(names or [path.stem for path in SCENARIOS])
    FOLDER.mkdir(exist_ok=True)
    with start_docker(suite=NEWEST) as docker:
        for name in sorted(wanted - {"remote-engine", "tls-endpoint", "private-registry"}):
            record(name, docker, "-H", docker.url)
        if "remote-engine" in wanted:
            record("remote-engine", docker, "-H", docker.tcp_url or "")
        if "private-registry" in wanted:
            with start_registry(docker) as registry, tempfile.TemporaryDirectory() as folder:
                login = base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()
                config = {"auths": {registry.address: {"auth": login}}}
                (Path(folder) / "config.json").write_text(json.dumps(config))
                variable = f"registry={registry.address}"
                record("private-registry", docker, "-H", docker.url, "--var", variable, env={"DOCKER_CONFIG": folder})
    if "tls-endpoint" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            certificates = make_certificates(Path(folder))
            with start_docker_tls(certificates.good, suite=NEWEST) as engine:
                host = (engine.tcp_url or "").replace("127.0.0.1", "localhost")
                env = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certificates.good)}
                record("tls-endpoint", engine, "-H", host, env=env)


if __name__ == "__main__":
    main(sys.argv[1:])
