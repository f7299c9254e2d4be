"""Real engines as fixtures: started when the first test asks, one of each per session, gone with the session.

With ``-n`` (pytest-xdist) each worker is such a session: what its engines have is its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.engines import (
    Certificates,
    Docker,
    Engine,
    Neighbour,
    Podman,
    Registry,
    SshServer,
    Unavailable,
    given_docker,
    make_certificates,
    start_docker,
    start_docker_tls,
    start_neighbour,
    start_podman,
    start_registry,
    start_sshd,
)

# On top of Hypothesis' own profile, which in CI repeats the same examples: a busy machine is no reason to fail.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

T = TypeVar("T")
NO_ENGINE = "no engine: "
# The one skip that is none in CI: what is checked against files that can't be part of the project.
NOT_OURS_TO_SHIP = "no API description files"
ENGINES = frozenset({"docker", "podman"})

# Where the tests themselves run on GitHub Actions, the commands that they start shall not write annotations.
os.environ.pop("GITHUB_ACTIONS", None)
MOST_WORKERS = 4
"""Each has engines of its own to start, which is not worth it for a small share of the tests."""


def or_skip(starting: AbstractContextManager[T]) -> Iterator[T]:
    """What ``starting`` starts, or a skipped test where that can't be had here."""
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(starting)
        except Unavailable as reason:
            pytest.skip(f"{NO_ENGINE}{reason}")
        yield started


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """A private Docker Engine, or the one that ``DOCKER_HOST`` names."""
    given = given_docker()
    yield from or_skip(contextlib.nullcontext(given) if given else start_docker())


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """A private Podman service."""
    yield from or_skip(start_podman())


@pytest.fixture(scope="session", params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Engine)
    return found


@pytest.fixture(scope="session")
def second_docker(docker: Docker) -> Iterator[Neighbour]:
    """Another Docker Engine on a cable with the first."""
    yield from or_skip(start_neighbour(docker))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Good and bad certificates, in folders such as ``DOCKER_CERT_PATH`` names."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def docker_tls(certificates: Certificates) -> Iterator[Docker]:
    """A Docker Engine whose ``tcp_url`` asks for a client certificate of ``certificates``' authority."""
    yield from or_skip(start_docker_tls(certificates.good))


@pytest.fixture(scope="session")
def registry(docker: Docker) -> Iterator[Registry]:
    """A registry with a password, which ``docker`` reaches at its ``address``."""
    yield from or_skip(start_registry(docker))


@pytest.fixture(scope="session")
def sshd(docker: Docker) -> Iterator[SshServer]:
    """A ssh server whose ``docker system dial-stdio`` speaks to ``docker``."""
    yield from or_skip(start_sshd(docker))


@pytest.fixture(autouse=True)
def no_container_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves a container behind on an engine that it used."""
    names = ENGINES.intersection(request.fixturenames)
    if "engine" in request.fixturenames:
        names |= {request.getfixturevalue("engine").name}
    engines: list[Engine] = [request.getfixturevalue(name) for name in names]
    before = [engine.containers() for engine in engines]
    yield
    for engine, known in zip(engines, before, strict=True):
        left = [name for id_, name in engine.containers().items() if id_ not in known]
        assert not left, f"{request.node.nodeid} left on {engine.name}: {', '.join(left)}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``. An engine that the caller gave can't be shared: tests look at everything that it has."""
    return 0 if given_docker() else min(os.cpu_count() or 1, MOST_WORKERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI (``CI=true``) a test that does not run has failed: a missing engine must not look like a success."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(call.excinfo.value) if call.excinfo else item.name
        if not reason.startswith(NOT_OURS_TO_SHIP):
            report.outcome = "failed"
            report.longrepr = f"skipped, which in CI is a failure: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests have counted (``record_property``), how many live tests could not run, and why."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if report.longrepr]
    missed = [reason for reason in reasons if NO_ENGINE in reason]
    if missed:
        terminalreporter.write_sep("=", f"{len(missed)} live tests were skipped", yellow=True)
        for reason in sorted(set(missed)):
            terminalreporter.write_line(reason.partition(NO_ENGINE)[2])
