"""The programs that live tests need on the machine itself, and Debian's and Ubuntu's packages that have them."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path


class Unavailable(Exception):
    """An engine can't be had on this machine; the message says why."""


# By program, not by package: a program that came from elsewhere (docker-ce-cli) is as good. Alternatives are written as
# Debian does; Debian 12 and Ubuntu have Docker's client in the engine's package.
_PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "docker": "docker-cli | docker.io",
    "tini-static": "tini",
    "jq": "jq",
    "curl": "curl",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "docker-registry": "docker-registry",
    "/usr/bin/docker": "docker-cli | docker.io",
    "docker-compose": "docker-compose",
    "podman": "podman",
}
_SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def find(program: str) -> str | None:
    """The program's path; system folders are looked into even where ``PATH`` leaves them out."""
    return shutil.which(program, path=_SEARCH)


def static_busybox() -> Path | None:
    """A busybox that runs in an image without libraries: one that names no dynamic loader in its head."""
    found = find("busybox")
    if found is None or b"/ld-" in Path(found).read_bytes()[:4096]:
        return None
    return Path(found)


def missing_for_engines() -> list[str]:
    """The packages to install."""
    packages = [package for program, package in _PACKAGES.items() if find(program) is None]
    if static_busybox() is None:
        packages.append("busybox-static")
    if not Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists():
        packages.append("debian-archive-keyring")  # which Ubuntu is without
    return packages


@functools.cache
def install(missing: Callable[[], list[str]] = missing_for_engines) -> None:
    """Install what is missing, where that is possible: as root, where there is apt.

    Sessions side by side take turns, because apt gives up where another apt is at work.

    Raises:
        Unavailable: apt failed; the message says how.
    """
    if os.geteuid() != 0 or find("apt-get") is None:
        return
    with Path(tempfile.gettempdir(), "er-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = missing()
        if packages:
            _apt_get("update")
            _apt_get("install", "--no-install-recommends", *map(_first_known, packages))


def _first_known(package: str) -> str:
    """The first of a package's alternatives that the machine's release has; the last one where it has none."""
    *preferred, last = package.split(" | ")
    for name in preferred:
        if subprocess.run(["apt-cache", "show", name], capture_output=True, check=False).returncode == 0:
            return name
    return last


def _apt_get(*words: str) -> None:
    command = ["apt-get", "-q", "-y", *words]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()[-300:]}")


def require(*programs: str) -> None:
    """See to it that these programs can be run on the machine.

    Raises:
        Unavailable: not root, or a program is not here and could not be installed.
    """
    if os.geteuid() != 0:
        raise Unavailable("private engines need root")
    install()
    absent = [program for program in ("tini-static", "ip", *programs) if find(program) is None]
    if absent:
        raise Unavailable(f"no {', '.join(absent)} here")
