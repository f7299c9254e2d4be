"""Engines of several ages on one machine: each Debian suite as a root folder that holds its engines.

The same versions run whatever the machine's own Debian is. A root folder is made once, by ``mmdebstrap``, and kept
outside the checkout; deleting it costs no more than making it again.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.engines.packages import Unavailable, require

_PACKAGES = (
    "aardvark-dns",
    "docker.io",
    "iproute2",
    "iptables",
    "netavark",
    "nftables",
    "podman",
    "procps",  # docker's top runs ps beside the engine
    "runc",
    "tini",  # the first process of a sandbox
)
_OPTIONS = (
    "--mode=root",
    "--variant=minbase",
    f"--include={','.join(_PACKAGES)}",
    # The index of a suite that moves, or of a mirror that stands still, may be past its date.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
)


@dataclass(frozen=True, slots=True)
class Suite:
    """A Debian suite. ``required``: CI fails where its engines can't be had."""

    name: str
    required: bool = True


SUITES = {suite.name: suite for suite in (Suite("bookworm"), Suite("trixie"), Suite("sid", required=False))}
"""From the oldest engines to the newest."""
OLDEST, NEWEST = next(iter(SUITES)), next(reversed(SUITES))


@functools.cache
def root_folder(suite: str) -> Path:
    """The suite's root folder, made if it is missing. Sessions side by side wait for the first one's.

    Raises:
        Unavailable: the machine can't make one; the message says why.
    """
    require("mmdebstrap")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache", "engine-recipes", "roots")
    cache.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256("\n".join(_OPTIONS).encode()).hexdigest()[:12]
    folder, unfinished = cache / f"{suite}-{digest}", cache / f"{suite}-{digest}.unfinished"
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            shutil.rmtree(unfinished, ignore_errors=True)
            _bootstrap(suite, unfinished)
            unfinished.rename(folder)
    return folder


def _bootstrap(suite: str, folder: Path) -> None:
    command = ["mmdebstrap", "--quiet", *_OPTIONS, suite, str(folder), *mirror()]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(f"mmdebstrap made no {suite}: {done.stderr.strip()[-500:]}")


def mirror() -> list[str]:
    """Return the sources of the machine's own Debian packages; nothing, and so mmdebstrap's default, on another."""
    columns = "$(ORIGIN) $(CODENAME) $(RELEASE) $(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", columns, "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        origin, codename, release, address = line.rsplit(" ", 3)
        if origin == "Debian" and codename == release:
            return [address]
    return []
