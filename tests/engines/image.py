"""The image that the tests run: one static busybox under the name ``alpine``, since nothing can be pulled."""

from __future__ import annotations

import functools
import io
import subprocess
import tarfile
from pathlib import Path

from tests.engines.packages import Unavailable, static_busybox

_FILES = {"etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n", "etc/group": b"root:x:0:\n"}
_FOLDERS = ("bin", "dev", "etc", "proc", "root", "sys", "tmp")


@functools.cache
def alpine() -> bytes:
    """The image's file system as a tar archive."""
    busybox = static_busybox()
    if busybox is None:
        raise Unavailable("no static busybox here")
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in _FOLDERS:
            _add(tar, folder, tarfile.DIRTYPE, mode=0o1777 if folder == "tmp" else 0o755)
        for name, data in _FILES.items():
            _add(tar, name, tarfile.REGTYPE, data)
        _add(tar, "bin/busybox", tarfile.REGTYPE, Path(busybox).read_bytes(), mode=0o755)
        for name in names:
            if name != "busybox":
                _add(tar, f"bin/{name}", tarfile.SYMTYPE, link="busybox")
    return archive.getvalue()


def _add(tar: tarfile.TarFile, name: str, kind: bytes, data: bytes = b"", *, mode: int = 0o644, link: str = "") -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname, entry.size = kind, mode, link, len(data)
    tar.addfile(entry, io.BytesIO(data))
