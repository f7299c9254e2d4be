"""TLS: who is trusted, who is not, and a half-close that keeps the other direction open."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from runner.engine.docker_config.endpoint import Endpoint, TlsSettings, parse
from runner.engine.engine import connect
from runner.engine.http.client import HttpTransport
from runner.engine.sockets.tls import TlsDialer, make_context
from runner.engine.transport import Deadline, Request
from runner.errors import EngineError, RunnerError, UsageError
from tests.engine.scripted import Peer, ok, serving

SOON = 10.0
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@dataclass(frozen=True)
class Certificates:
    """An authority and what it signed, as files."""

    authority: trustme.CA
    folder: Path

    @property
    def settings(self) -> TlsSettings:
        return TlsSettings(self.folder / "ca.pem", self.folder / "cert.pem", self.folder / "key.pem")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Good for the loopback's server and for its client."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return Certificates(authority, folder)


@contextlib.contextmanager
def tls_server(
    certificate: trustme.LeafCert,
    talk: Callable[[ssl.SSLSocket], None],
    *,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    wants: trustme.CA | None = None,
) -> Iterator[str]:
    """A server for one connection; gives its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    certificate.configure_cert(context)
    if wants:
        wants.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(SOON)

    def serve() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as plain:
            plain.settimeout(SOON)
            with context.wrap_socket(plain, server_side=True) as sock:
                talk(sock)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(SOON)
        listener.close()


def answer(sock: ssl.SSLSocket) -> None:
    while b"\r\n\r\n" not in sock.recv(65536):
        pass
    sock.sendall(ok(b"OK", "Api-Version: 1.41", "Server: Docker/1 (linux)"))


def ping(url: str, settings: TlsSettings) -> None:
    connect(parse(url, source="a test", tls=settings), deadline=Deadline.after(SOON)).close()


def failure(url: str, settings: TlsSettings) -> RunnerError:
    with pytest.raises(RunnerError) as caught:
        ping(url, settings)
    return caught.value


def test_a_known_authority_is_trusted(certificates: Certificates) -> None:
    with tls_server(certificates.authority.issue_cert("127.0.0.1"), answer) as url:
        ping(url, TlsSettings(certificates.folder / "ca.pem"))


def test_an_unknown_authority_is_not(certificates: Certificates) -> None:
    for settings in (certificates.settings, TlsSettings()):
        with tls_server(trustme.CA().issue_cert("127.0.0.1"), answer) as url:
            error = failure(url, settings)
        assert isinstance(error, EngineError)
        assert error.code == "tls-untrusted"
        assert "--tlscacert" in (error.hint or "")


def test_it_is_trusted_when_the_context_says_so(certificates: Certificates) -> None:
    with tls_server(trustme.CA().issue_cert("elsewhere"), answer) as url:
        ping(url, TlsSettings(verify=False))


@pytest.mark.parametrize(("name", "said"), [("elsewhere", "another address"), ("127.0.0.2", "another address")])
def test_the_name_must_match(certificates: Certificates, name: str, said: str) -> None:
    with tls_server(certificates.authority.issue_cert(name), answer) as url:
        error = failure(url, certificates.settings)
    assert error.code == "tls-wrong-host"
    assert said in error.message
    with tls_server(certificates.authority.issue_cert(name), answer) as url:
        error = failure(url.replace("127.0.0.1", "localhost"), certificates.settings)
    assert error.code == "tls-wrong-host"
    assert "another host name" in error.message


def test_an_expired_certificate(certificates: Certificates) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    with tls_server(certificates.authority.issue_cert("127.0.0.1", not_after=yesterday), answer) as url:
        error = failure(url, certificates.settings)
    assert error.code == "tls-expired"
    assert "has expired" in error.message


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("known", [True, False])
def test_a_client_certificate_that_is_missing_or_not_accepted(
    certificates: Certificates, version: ssl.TLSVersion, known: bool
) -> None:
    settings = certificates.settings._replace(cert=None, key=None) if known else certificates.settings
    wants = certificates.authority if known else trustme.CA()
    with tls_server(certificates.authority.issue_cert("127.0.0.1"), answer, version=version, wants=wants) as url:
        error = failure(url, settings)
    assert error.code == "tls-client-certificate"
    assert ("a client without certificate" in error.message) == known


def test_a_server_without_tls(certificates: Certificates) -> None:
    def refuse(peer: Peer) -> None:
        peer.some()
        peer.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    with serving(refuse) as server:
        error = failure(server.endpoint.url, certificates.settings)
    assert error.code == "not-http"
    assert "--tls" in (error.hint or "")
    with serving(lambda peer: None) as server:
        error = failure(server.endpoint.url, certificates.settings)
    assert error.code == "tls-failed"


def test_a_session_that_is_cut_off_is_no_end(certificates: Certificates) -> None:
    def talk(sock: ssl.SSLSocket) -> None:
        while b"\r\n\r\n" not in sock.recv(65536):
            pass
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\npart of it")

    with tls_server(certificates.authority.issue_cert("127.0.0.1"), talk) as url:
        endpoint = parse(url, source="a test", tls=certificates.settings)
        response = HttpTransport(TlsDialer(endpoint)).send(Request("GET", "/logs"), Deadline.after(SOON))
        assert response.read1() == b"part of it"
        with pytest.raises(EngineError, match="cut off") as caught:
            response.read1()
    assert caught.value.code == "connection-broken"


@pytest.mark.parametrize(
    ("cert", "key", "says"),
    [
        ("nothing.pem", "key.pem", "No such file"),
        ("key.pem", "key.pem", "not a PEM file"),
        ("cert.pem", "other.pem", "does not belong"),
        ("junk.pem", "key.pem", "not a PEM file"),
    ],
)
def test_files_that_are_no_certificates(
    certificates: Certificates, tmp_path: Path, cert: str, key: str, says: str
) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_bytes((certificates.folder / name).read_bytes())
    (tmp_path / "junk.pem").write_bytes(b"junk")
    trustme.CA().private_key_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(UsageError) as caught:
        make_context(TlsSettings(tmp_path / "ca.pem", tmp_path / cert, tmp_path / key))
    assert caught.value.code == "bad-certificate"
    assert says in caught.value.message


@pytest.mark.parametrize("junk", [b"", b"junk"])
def test_an_authority_that_is_none(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(junk)
    with pytest.raises(UsageError, match="authority certificate"):
        make_context(TlsSettings(tmp_path / "ca.pem"))


def transport(endpoint: Endpoint, version: ssl.TLSVersion) -> HttpTransport:
    context = make_context(endpoint.tls or TlsSettings())
    context.minimum_version = context.maximum_version = version
    return HttpTransport(TlsDialer(endpoint, context))


@pytest.mark.parametrize("version", VERSIONS)
def test_half_close_leaves_the_other_direction_open(certificates: Certificates, version: ssl.TLSVersion) -> None:
    """Output that is on its way, in both senses, at the moment of the half-close is not lost."""
    heard = []
    size = 3_000_000

    def talk(sock: ssl.SSLSocket) -> None:
        while b"\r\n\r\n" not in sock.recv(65536):
            pass
        sock.sendall(b"HTTP/1.1 101 UPGRADED\r\n\r\n")
        sock.sendall(b"a" * size)
        data = b""
        while piece := sock.recv(65536):
            data += piece
        heard.append(data)
        sock.sendall(b"b" * size)
        sock.unwrap()

    with tls_server(certificates.authority.issue_cert("127.0.0.1"), talk, version=version) as url:
        endpoint = parse(url, source="a test", tls=certificates.settings)
        response = transport(endpoint, version).send(Request("POST", "/attach", upgrade="tcp"), Deadline.after(SOON))
        first = response.read1()
        response.write(b"stdin")
        response.close_write()
        rest = b"".join(iter(response.read1, b""))
    assert heard == [b"stdin"]
    assert first + rest == b"a" * size + b"b" * size
