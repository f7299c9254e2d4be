"""Real engines as fixtures: started when the first test asks, one of each per session, gone with the session.

They come from Debian's suites. A test that asks for ``engine``, ``each_docker`` or ``each_podman`` runs on each of
those of the first suite, and where it is about the engine (``EVERYWHERE``) on each of every suite; ``--engines``
chooses others. ``docker`` and ``podman`` are those of the first suite. With ``-n`` (pytest-xdist)
each worker is such a session: what its engines have is its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import settings

from tests.engines import (
    NEWEST,
    OLDEST,
    SUITES,
    Certificates,
    Docker,
    Engine,
    Neighbour,
    Place,
    Podman,
    Pool,
    Registry,
    SshServer,
    Unavailable,
    given_docker,
    make_certificates,
    places,
    start_docker_tls,
    start_neighbour,
    start_registry,
    start_sshd,
)

# On top of Hypothesis' own profile, which in CI repeats the same examples: a busy machine is no reason to fail.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

T = TypeVar("T")
EngineT = TypeVar("EngineT", bound=Engine)
NO_ENGINE = "no engine: "
OPTIONAL_ENGINE = "an engine that nobody has to have: "
LACKING = "the engine lacks what the test needs: "
SKIPS = {
    NO_ENGINE: "live tests were skipped",
    OPTIONAL_ENGINE: "live tests were skipped on engines that are not to be had everywhere",
    LACKING: "live tests were skipped on engines that can't do what they are about",
}
# What is checked against files that can't be part of the project.
NOT_OURS_TO_SHIP = "no API description files"
NO_FAILURES_IN_CI = (NOT_OURS_TO_SHIP, OPTIONAL_ENGINE, LACKING)
EVERYWHERE = {
    "tests/engine/test_live.py",
    "tests/executor/response/test_streams.py",
    "tests/live/test_differences.py",
    "tests/scenarios/test_shipped.py",
}
"""What depends on the engine: it runs on those of every suite, everything else once. A suite that CI need not have is
left out where it can't be had, and the end of the run says so."""
ENGINE_FIXTURES = ("docker", "newest_docker", "podman", "engine", "each_docker", "each_podman")


class Noted(NamedTuple):
    """Hold the version of each engine that ran in the session, and why others could not, by their place."""

    ran: dict[str, str]
    missing: dict[str, str]


NOTED = pytest.StashKey[Noted]()

# Where the tests themselves run on GitHub Actions, the commands that they start shall not write annotations.
os.environ.pop("GITHUB_ACTIONS", None)
MOST_WORKERS = 4
"""Each has engines of its own to start, which is not worth it for a small share of the tests."""


def or_skip(starting: AbstractContextManager[T]) -> Iterator[T]:
    """Return what ``starting`` starts, or a skipped test where that can't be had here."""
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(starting)
        except Unavailable as reason:
            pytest.skip(f"{NO_ENGINE}{reason}")
        yield started


def pytest_addoption(parser: pytest.Parser) -> None:
    choices = f"all, or of {', '.join(SUITES)}, separated by commas"
    parser.addoption("--torture", action="store_true", help="break everything everywhere, not only a sample")
    parser.addoption("--torture-seed", default="0", metavar="N", help="another sample of what is broken")
    parser.addoption("--engines", type=suites_of, help=f"Debian suites to take engines from: {choices}")


def suites_for(config: pytest.Config, module: Path | None = None) -> list[str]:
    """The suites whose engines the tests of a module run on, unless ``--engines`` says so."""
    chosen: list[str] | None = config.getoption("engines")
    if chosen is not None:
        return chosen
    everywhere = module is not None and str(module.relative_to(config.rootpath)) in EVERYWHERE
    return list(SUITES) if everywhere else [OLDEST]


def suites_of(text: str) -> list[str]:
    """The suites that ``--engines`` names, in their own order."""
    names = list(SUITES) if text == "all" else text.split(",")
    if unknown := set(names) - set(SUITES):
        raise pytest.UsageError(f"--engines: no such suite: {', '.join(sorted(unknown))}")
    return [name for name in SUITES if name in names]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on each engine that it asks for."""
    chosen = places(suites_for(metafunc.config, metafunc.definition.path))
    for fixture, kinds in (
        ("engine", ("docker", "podman")),
        ("each_docker", ("docker",)),
        ("each_podman", ("podman",)),
    ):
        if fixture in metafunc.fixturenames:
            own = [place for place in chosen if place.kind in kinds]
            metafunc.parametrize(fixture, own, ids=str, indirect=True, scope="session")


@pytest.fixture(scope="session")
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    """All engines of this session."""
    with contextlib.closing(Pool()) as pool:
        yield pool
        noted = request.config.stash[NOTED]
        for place, running in pool.running.items():
            version = running.version
            noted.ran[str(place)] = f"{running.name} {version.engine}, API {version.api}"
        for place, reason in pool.missing.items():
            noted.missing[str(place)] = reason


def engine_at(pool: Pool, place: Place) -> Engine:
    """The engine of this place, or a skipped test where it can't be had."""
    try:
        return pool.get(place)
    except Unavailable as reason:
        pytest.skip(f"{NO_ENGINE if place.required else OPTIONAL_ENGINE}{place}: {reason}")


@pytest.fixture(scope="session")
def docker(request: pytest.FixtureRequest, pool: Pool) -> Docker:
    """A private Docker Engine, or the one that ``DOCKER_HOST`` names."""
    found = engine_at(pool, places(suites_for(request.config))[0])
    assert isinstance(found, Docker)
    return found


@pytest.fixture(scope="session")
def newest_docker(pool: Pool) -> Docker:
    """The Docker Engine of the newest suite, which made the recordings, or the one that ``DOCKER_HOST`` names."""
    found = engine_at(pool, places([NEWEST])[0])
    assert isinstance(found, Docker)
    return found


@pytest.fixture(scope="session")
def podman(request: pytest.FixtureRequest, pool: Pool) -> Podman:
    """A private Podman service."""
    found = engine_at(pool, Place("podman", suites_for(request.config)[0]))
    assert isinstance(found, Podman)
    return found


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, pool: Pool) -> Engine:
    """Each engine in turn."""
    return engine_at(pool, request.param)


@pytest.fixture(scope="session")
def each_docker(request: pytest.FixtureRequest, pool: Pool) -> Docker:
    """Each Docker Engine in turn."""
    found = engine_at(pool, request.param)
    assert isinstance(found, Docker)
    return found


@pytest.fixture(scope="session")
def each_podman(request: pytest.FixtureRequest, pool: Pool) -> Podman:
    """Each Podman service in turn."""
    found = engine_at(pool, request.param)
    assert isinstance(found, Podman)
    return found


def one_each(start: Callable[[EngineT], AbstractContextManager[T]]) -> Iterator[Callable[[EngineT], T]]:
    """Return what ``start`` starts beside an engine, once for each; a skipped test where that can't be had here."""
    started: dict[str, T] = {}
    with contextlib.ExitStack() as stack:

        def beside(engine: EngineT) -> T:
            if engine.url not in started:
                try:
                    started[engine.url] = stack.enter_context(start(engine))
                except Unavailable as reason:
                    pytest.skip(f"{NO_ENGINE}{reason}")
            return started[engine.url]

        yield beside


@pytest.fixture(scope="session")
def neighbour_of() -> Iterator[Callable[[Docker], Neighbour]]:
    """Another Docker Engine of the same suite on a cable with the first, for each that is asked for."""
    yield from one_each(start_neighbour)


@pytest.fixture(scope="session")
def second_docker(docker: Docker, neighbour_of: Callable[[Docker], Neighbour]) -> Neighbour:
    """Another Docker Engine on a cable with the first."""
    return neighbour_of(docker)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Good and bad certificates, in folders such as ``DOCKER_CERT_PATH`` names."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def docker_tls(certificates: Certificates) -> Iterator[Docker]:
    """A Docker Engine whose ``tcp_url`` asks for a client certificate of ``certificates``' authority."""
    yield from or_skip(start_docker_tls(certificates.good))


@pytest.fixture(scope="session")
def registry_beside() -> Iterator[Callable[[Engine], Registry]]:
    """A registry with a password beside an engine, for each that is asked for."""
    yield from one_each(start_registry)


@pytest.fixture(scope="session")
def registry(docker: Docker, registry_beside: Callable[[Engine], Registry]) -> Registry:
    """A registry with a password, which ``docker`` reaches at its ``address``."""
    return registry_beside(docker)


@pytest.fixture(scope="session")
def sshd(docker: Docker) -> Iterator[SshServer]:
    """A ssh server whose ``docker system dial-stdio`` speaks to ``docker``."""
    yield from or_skip(start_sshd(docker))


@pytest.fixture(autouse=True)
def no_container_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves a container behind on an engine that it used."""
    asked: list[Engine] = [request.getfixturevalue(name) for name in ENGINE_FIXTURES if name in request.fixturenames]
    engines = list({engine.url: engine for engine in asked}.values())
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
        if not reason.startswith(NO_FAILURES_IN_CI):
            report.outcome = "failed"
            report.longrepr = f"skipped, which in CI is a failure: {reason}"
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOTED] = Noted({}, {})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands on what it knows of its engines."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        noted = session.config.stash[NOTED]
        output["engines"] = (noted.ran, noted.missing)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    noted: Noted = node.config.stash[NOTED]
    ran, missing = getattr(node, "workeroutput", {}).get("engines", ({}, {}))
    noted.ran.update(ran)
    noted.missing.update(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report what tests have counted (``record_property``), the engines, and what could not run for want of one."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
    noted = config.stash[NOTED]
    if noted.ran or noted.missing:
        terminalreporter.write_sep("=", "engines")
        for place, version in sorted(noted.ran.items()):
            terminalreporter.write_line(f"{place}: {version}")
        for place, reason in sorted(noted.missing.items()):
            terminalreporter.write_line(f"{place}: not to be had: {reason}", yellow=True)
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if report.longrepr]
    for prefix, title in SKIPS.items():
        skipped = [reason.partition(prefix)[2] for reason in reasons if prefix in reason]
        if skipped:
            terminalreporter.write_sep("=", f"{len(skipped)} {title}", yellow=True)
            for reason in sorted(set(skipped)):
                terminalreporter.write_line(reason)
