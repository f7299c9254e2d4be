"""A process in its own mount, network and process namespaces, and where wanted in a root folder of its own.

Engines on one machine fight over bridges, firewall rules, locks in ``/dev/shm`` and state in ``/run``. In namespaces
they can't meet: neither each other nor an engine that the machine already runs. And when the first process of a
process namespace dies the kernel ends all the others, so nothing survives a test session, not even one that was
killed: the parent-death signal ends ``unshare``, which ends the rest. Needs root.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Changes to the root folder go to memory, so that many sandboxes can share it. The machine's /tmp, where engines have
# their sockets and data, has the same name inside. pivot_root(2) changes the root of this shell as well.
_ENTER_ROOT = """
lower=$1 && shift && export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir upper work root || exit 1
mount -t overlay overlay -o "lowerdir=$lower,upperdir=upper,workdir=work" root && cd root || exit 1
mount -t proc proc proc && mount --rbind /sys sys && mount --rbind /dev dev && mount --bind /tmp tmp || exit 1
pivot_root . mnt && cd / && umount -l /mnt && exec "$@"
"""
_INIT = """
for folder in /run /dev/shm /var/lib/cni; do mkdir -p $folder && mount -t tmpfs tmpfs $folder || exit 1; done
mkdir /run/sshd && ip link set lo up || exit 1
exec tini-static -- "$@"
"""
# A listening socket comes as standard input and is handed on as descriptor 3 (sd_listen_fds(3)). It was bound outside
# and stays reachable there: that is how a daemon in its own network serves a port of the machine's loopback.
_HAND_ON = ("sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0 </dev/null', "sh")
# What ends well is started again, on the same socket: that is how a test restarts an engine.
_AGAIN = ("sh", "-c", 'while "$@"; do :; done', "sh")
_UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. ``process`` is ``unshare``; its end is the end of everything inside."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The first process inside, by its number outside."""
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def enter(self, *command: str) -> list[str]:
        """The command line that runs ``command`` inside."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--net", "--pid", "--", *command]

    def enter_network(self, *command: str) -> list[str]:
        """The command line that runs ``command``, a program of the machine, in the sandbox's network."""
        return ["nsenter", f"--target={self.pid}", "--net", "--", *command]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def start(
    command: Sequence[str],
    log: Path,
    *,
    root: Path | None = None,
    listener: socket.socket | None = None,
    env: Mapping[str, str] | None = None,
    own_network: bool = True,
) -> Sandbox:
    """Start ``command`` in a sandbox, its output going to ``log``; with ``root``, a program of that root folder."""
    unshare = [*_UNSHARE, "--net"] if own_network else _UNSHARE
    enter_root = ["sh", "-c", _ENTER_ROOT, "sh", str(root)] if root else []
    inner = [*_AGAIN, *_HAND_ON, *command] if listener else command
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *unshare, *enter_root, "sh", "-c", _INIT, "sh", *inner],
            stdin=listener.fileno() if listener else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
        )
    return Sandbox(process, log)


def connect(one: Sandbox, other: Sandbox, one_address: str, other_address: str) -> None:
    """Join two sandboxes by a cable: a veth pair with these addresses (``10.0.0.1/24``) at its ends."""
    ip = ["ip", "link", "add", "cable", "netns", str(one.pid), "type", "veth"]
    subprocess.run([*ip, "peer", "name", "cable", "netns", str(other.pid)], check=True)
    for sandbox, address in ((one, one_address), (other, other_address)):
        subprocess.run(sandbox.enter_network("ip", "address", "add", address, "dev", "cable"), check=True)
        subprocess.run(sandbox.enter_network("ip", "link", "set", "cable", "up"), check=True)
