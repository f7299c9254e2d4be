"""Private engines for the tests and benchmarks: real daemons, each in a sandbox of its own that leaves nothing."""

from tests.engines.daemons import Docker, Engine, Podman, given_docker, start_docker, start_podman
from tests.engines.packages import Unavailable

__all__ = ["Docker", "Engine", "Podman", "Unavailable", "given_docker", "start_docker", "start_podman"]
