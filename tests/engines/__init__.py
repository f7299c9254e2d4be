"""Private engines for the tests and benchmarks: real daemons, each in a sandbox of its own that leaves nothing."""

from tests.engines.certificates import Certificates, make_certificates
from tests.engines.daemons import (
    Docker,
    Engine,
    Neighbour,
    Podman,
    given_docker,
    start_docker,
    start_docker_tls,
    start_neighbour,
    start_podman,
)
from tests.engines.packages import Unavailable
from tests.engines.services import Registry, SshServer, serve_tls, start_registry, start_sshd

__all__ = [
    "Certificates",
    "Docker",
    "Engine",
    "Neighbour",
    "Podman",
    "Registry",
    "SshServer",
    "Unavailable",
    "given_docker",
    "make_certificates",
    "serve_tls",
    "start_docker",
    "start_docker_tls",
    "start_neighbour",
    "start_podman",
    "start_registry",
    "start_sshd",
]
