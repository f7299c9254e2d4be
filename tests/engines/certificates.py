"""Certificates for an engine behind TLS, good ones and every kind of bad one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificates:
    """Folders as ``DOCKER_CERT_PATH`` wants them: ``ca.pem``, ``cert.pem`` and ``key.pem`` in each.

    ``good`` is valid for localhost and 127.0.0.1, for servers and clients alike. ``stranger`` is signed by another
    authority (and trusts that one), ``expired`` ended an hour ago, ``elsewhere`` is for another host.
    """

    good: Path
    stranger: Path
    expired: Path
    elsewhere: Path


def make_certificates(folder: Path) -> Certificates:
    """Make them all below ``folder``."""
    authority, other = trustme.CA(), trustme.CA()
    here = ("localhost", "127.0.0.1")
    past = datetime.now(UTC) - timedelta(hours=1)
    return Certificates(
        _write(folder / "good", authority, authority.issue_cert(*here)),
        _write(folder / "stranger", other, other.issue_cert(*here)),
        _write(folder / "expired", authority, authority.issue_cert(*here, not_after=past)),
        _write(folder / "elsewhere", authority, authority.issue_cert("engine.example")),
    )


def _write(folder: Path, authority: trustme.CA, leaf: trustme.LeafCert) -> Path:
    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    return folder
