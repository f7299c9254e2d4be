"""Real engines as fixtures: started when the first test asks, one of each per session, gone with the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import Docker, Engine, Podman, Unavailable, given_docker, start_docker, start_podman

NO_ENGINE = "no engine: "
ENGINES = frozenset({"docker", "podman"})


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """A private Docker Engine, or the one that ``DOCKER_HOST`` names."""
    given = given_docker()
    if given:
        yield given
        return
    try:
        with start_docker() as engine:
            yield engine
            assert not engine.containers(), "containers were left behind"
    except Unavailable as reason:
        pytest.skip(f"{NO_ENGINE}{reason}")


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """A private Podman service."""
    try:
        with start_podman() as engine:
            yield engine
            assert not engine.containers(), "containers were left behind"
    except Unavailable as reason:
        pytest.skip(f"{NO_ENGINE}{reason}")


@pytest.fixture(scope="session", params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Engine)
    return found


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
