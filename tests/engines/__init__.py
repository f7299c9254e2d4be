"""Private engines for the tests and benchmarks: real daemons, each in a sandbox of its own that leaves nothing."""

from tests.engines.certificates import Certificates, make_certificates
from tests.engines.daemons import given_docker, start_docker, start_docker_tls, start_neighbour, start_podman
from tests.engines.engine import Docker, Engine, Neighbour, Podman
from tests.engines.packages import Unavailable
from tests.engines.pool import Place, Pool, places
from tests.engines.services import Registry, SshServer, serve_tls, start_registry, start_sshd
from tests.engines.suites import NEWEST, OLDEST, SUITES

__all__ = [
    "NEWEST",
    "OLDEST",
    "SUITES",
    "Certificates",
    "Docker",
    "Engine",
    "Neighbour",
    "Place",
    "Podman",
    "Pool",
    "Registry",
    "SshServer",
    "Unavailable",
    "given_docker",
    "make_certificates",
    "places",
    "serve_tls",
    "start_docker",
    "start_docker_tls",
    "start_neighbour",
    "start_podman",
    "start_registry",
    "start_sshd",
]
