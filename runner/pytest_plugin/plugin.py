"""The pytest plugin: options, collection and fixtures. Everything else is loaded when a test needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import requests

    from runner.engine.engine import Engine
    from runner.proxy.playback.recorded_engine import RecordedEngine
    from runner.results.records import Report

SUFFIXES = (".scenario.yaml", ".scenario.yml")
"""How the names of files end that are tests wherever they are."""
_CHOSEN = pytest.StashKey[frozenset[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the configuration's keys."""
    group = parser.getgroup("engine-recipes", "scenarios for container engines")
    group.addoption(
        "--scenarios", action="append", default=[], metavar="PATH", help="a scenario, or a folder of them, to test too"
    )
    group.addoption(
        "--engine-host",
        metavar="URL",
        help="the engine of scenarios and of the fixture 'engine': an address or a context (default: the docker CLI's)",
    )
    parser.addini("scenarios", "scenarios, and folders of them, that are tests", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and find the scenarios that are named."""
    config.addinivalue_line("markers", "scenario: a test that is a scenario for a container engine")
    configured = [Path(path) for path in config.getini("scenarios")]
    asked = [(config.invocation_params.dir / path).resolve() for path in config.getoption("scenarios")]
    if not configured and not asked:
        config.stash[_CHOSEN] = frozenset()
        return
    from runner.pytest_plugin.items import found_in

    config.stash[_CHOSEN] = found_in([*configured, *asked])
    everything = config.args_source is not pytest.Config.ArgsSource.ARGS
    arguments = [(config.invocation_params.dir / word.partition("::")[0]).resolve() for word in config.args]
    for path in (*asked, *(configured if everything else ())):
        if not any(path.is_relative_to(argument) for argument in arguments):
            config.args.append(str(path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a scenario."""
    chosen = parent.config.stash[_CHOSEN]
    if not file_path.name.endswith(SUFFIXES) and (not chosen or file_path.resolve() not in chosen):
        return None
    from runner.pytest_plugin.items import ScenarioFile

    file: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return file


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Connect to the engine of ``--engine-host``, or else to the one that the docker CLI would use."""
    from runner.pytest_plugin.engines import connected

    with connected(request.config.getoption("engine_host")) as engine:
        yield engine


@pytest.fixture
def engine_session(request: pytest.FixtureRequest) -> Iterator[requests.Session]:
    """Open a session of ``requests`` for the engine, whose URLs are paths: ``engine_session.get("/info")``."""
    from runner.pytest_plugin.engines import connected

    with connected(request.getfixturevalue("engine")) as engine, engine.session() as session:
        yield session


@pytest.fixture
def run_scenario(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """Return a function that runs a scenario and returns its report: ``run_scenario("hello.yaml", vars={"n": 1})``.

    A path is relative to the test's folder. The test fails as the command would, unless ``check=False``. The engine is
    the fixture ``engine``, unless ``engine`` is given; other arguments are those of :func:`runner.run`.
    """
    from runner.pytest_plugin.engines import endpoint_of, run_checked

    def run(scenario: Any, *, engine: Any = None, check: bool = True, **options: Any) -> Report:
        __tracebackhide__ = True
        chosen = request.getfixturevalue("engine") if engine is None else engine
        return run_checked(_beside(request, scenario), endpoint_of(chosen), check=check, **options)

    return run


@pytest.fixture
def engine_from_recording(request: pytest.FixtureRequest) -> Iterator[Callable[..., RecordedEngine]]:
    """Return a function that serves a recording to the end of the test: ``engine_from_recording("web.json").url`` is
    what belongs into ``DOCKER_HOST``. A path is relative to the test's folder; the other arguments are those of
    :func:`runner.engine_from_recording`. A request that was not recorded is an error at the end of the test."""
    from runner.proxy.playback.recorded_engine import engine_from_recording as served

    with ExitStack() as stack:
        yield lambda path, **options: stack.enter_context(served(_beside(request, path), **options))


def _beside(request: pytest.FixtureRequest, path: Any) -> Any:
    """Return a relative path as one below the test's folder, if there is such a file."""
    if not isinstance(path, (str, Path)):
        return path
    beside = request.path.parent / path
    return beside if beside.exists() else Path(path)
