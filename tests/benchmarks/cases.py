"""The jobs: one container's whole life, two hundred of them, a thousand small calls, a big log, responses to parse,
two gigabytes past a client program, and no job at all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measure import Case, Contender
from tests.engines import Engine

SCENARIO = Path(__file__).parents[2] / "scenarios" / "run-a-container.yaml"
RIVALS = Path(__file__).parent / "rivals"
RUN = str(Path(sys.executable).parent / "run")
CALLS = 1000
FANNED = 200
LOG_BYTES = 128 << 20
LOG_LINE = 100
SPLICED_BYTES = 2 << 30
OURS = "run"


def rival(script: str, *args: str) -> tuple[str, ...]:
    interpreter = "bash" if script.endswith(".sh") else sys.executable
    return (interpreter, str(RIVALS / script), *args)


def ours(scenario: Path, container: str, report: Path) -> tuple[str, ...]:
    return (RUN, str(scenario), "--var", f"container={container}", "--format", "none", "-q", "-o", str(report))


@contextmanager
def whole_command(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """Create a container, attach, start, wait, print its output, remove it."""
    contenders = (
        Contender(OURS, (RUN, str(SCENARIO)), b"bin"),
        Contender("curl and jq", rival("whole.sh"), b"bin"),
        Contender("docker CLI", ("docker", "run", "--rm", "alpine", "ls"), b"bin"),
        Contender("docker-py", rival("whole_docker_py.py"), b"bin"),
        Contender("aiodocker", rival("whole_aiodocker.py"), b"bin"),
    )
    yield (Case("run a container", contenders, rounds=10),)


@contextmanager
def many_calls(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """Inspect one container a thousand times, look at each answer, and write them all to a file as JSON."""
    scenario, report = folder / "calls.yaml", folder / "calls.json"
    steps = "".join(
        f'  - inspect: "{{{{ container }}}}"\n'
        f"    expect: {{body: {{Config: {{Image: alpine}}}}}}\n"
        f"    capture: {{name_{number}: body.Name}}\n"
        for number in range(CALLS)
    )
    scenario.write_text(f"title: A thousand calls\nvars: {{container: none}}\nsteps:\n{steps}")
    container = engine.cli("create", "alpine", "true").strip()
    args = (container, str(report))
    try:
        contenders = (
            Contender(OURS, ours(scenario, container, report)),
            Contender("docker-py", rival("calls_docker_py.py", *args)),
            Contender("aiodocker", rival("calls_aiodocker.py", *args)),
            Contender("http.client", rival("calls_http_client.py", *args)),
        )
        yield (Case(f"{CALLS:,} inspect calls", contenders, rounds=7),)
    finally:
        engine.cli("rm", "-f", container)


@contextmanager
def big_log(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """Read all that a container has printed: 128 MiB in lines of 100 bytes."""
    scenario = folder / "logs.yaml"
    scenario.write_text(
        "title: A big log\nvars: {container: none}\nsteps:\n"
        '  - logs: {id: "{{ container }}", stdout: true, stderr: true}\n'
    )
    script = f"yes {'x' * (LOG_LINE - 1)} | head -c {LOG_BYTES}"
    container = engine.cli("run", "-d", "--log-driver", "json-file", "alpine", "sh", "-c", script).strip()
    try:
        engine.cli("wait", container)
        contenders = (
            Contender(OURS, ours(scenario, container, folder / "logs.json")),
            Contender("docker logs", ("docker", "logs", container)),
            Contender("docker-py, streaming", rival("logs_docker_py.py", container, "stream")),
            Contender("docker-py", rival("logs_docker_py.py", container, "whole")),
        )
        yield (Case("a log of 128 MiB", contenders, rounds=3),)
    finally:
        engine.cli("rm", "-f", container)


@contextmanager
def start_up(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """The time before anything is done."""
    nothing = Contender("python -c pass", (sys.executable, "-c", "pass"))
    yield (
        Case("run --version", (Contender(OURS, (RUN, "--version"), b"."), nothing), rounds=20),
        Case("run check", (Contender(OURS, (RUN, "check", str(SCENARIO))), nothing), rounds=20),
    )


@contextmanager
def fan_out(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """200 containers through their whole life, 32 at a time."""
    scenario, report = folder / "fanout.yaml", folder / "fanout.json"
    scenario.write_text(
        "title: Many containers\nsteps:\n"
        f'  - for_each: {{in: "{{{{ range({FANNED}) | list }}}}", parallel: 32}}\n    include: {{scenario: one.yaml}}\n'
    )
    scenario.with_name("one.yaml").write_text(
        "title: One container\nsteps:\n"
        '  - {create: {body: {Image: alpine, Cmd: ["true"]}}, capture: {box: body.Id}}\n'
        '  - start: "{{ box }}"\n'
        '  - {wait: "{{ box }}", expect: {body: {StatusCode: 0}}}\n'
        '  - remove: {id: "{{ box }}", force: true}\n'
    )
    contenders = (
        Contender(OURS, (RUN, str(scenario), "--format", "none", "-q", "-o", str(report))),
        Contender("aiodocker, 32 tasks", rival("fanout_aiodocker.py", str(FANNED))),
        Contender("docker CLI, xargs -P 32", rival("fanout.sh", str(FANNED))),
    )
    yield (Case(f"{FANNED} containers, 32 side by side", contenders, rounds=2),)


@contextmanager
def parse_http(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """Parse responses that are in memory already: a million tiny chunks, and ten thousand small responses."""

    def contenders(what: str) -> tuple[Contender, ...]:
        return (
            Contender(OURS, rival("parse_http.py", "ours", what, "10"), b"0"),
            Contender("h11", rival("parse_http.py", "h11", what, "10"), b"0"),
        )

    yield (
        Case("parse 1,000,000 chunks of 40 bytes", contenders("chunks"), rounds=3),
        Case("parse 10,000 small responses", contenders("responses"), rounds=5),
    )


@contextmanager
def splice(engine: Engine, folder: Path) -> Iterator[tuple[Case, ...]]:
    """2 GiB into a container, past a client program that is profiled and one that is not."""
    block = folder / "block"
    with block.open("wb") as file:
        file.truncate(SPLICED_BYTES)
    client = f"docker run --rm -i alpine sh -c 'cat > /dev/null' < {block}"
    direct = Contender("docker", ("sh", "-c", client))
    profiled = Contender(OURS, (RUN, "profile", "-H", engine.url, "--", "sh", "-c", client))
    yield (Case("2 GiB into a container", (profiled, direct), rounds=5),)


CASES = {
    "whole": whole_command,
    "calls": many_calls,
    "logs": big_log,
    "start": start_up,
    "fanout": fan_out,
    "http": parse_http,
    "splice": splice,
}
