"""Connects to an engine over TLS, with a half-close that leaves the other direction open.

An :class:`ssl.SSLSocket` can't do that: its ``unwrap`` waits for the peer, and shutting the socket below it cuts the
session off. Here OpenSSL works on memory buffers, so the ``close_notify`` alert is sent like any other bytes and
reading goes on (RFC 8446, section 6.1; engines take it as the end of stdin).
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
from typing import Final

from runner.engine.docker_config.endpoint import Endpoint, TlsSettings
from runner.engine.sockets.connection import RECEIVE_SIZE, Channel, SocketChannel
from runner.engine.sockets.descriptors import refuse_if_exhausted
from runner.engine.sockets.plain import dial_tcp
from runner.engine.transport import Deadline
from runner.errors import EngineError, UsageError

_PIECE: Final = 64 * 1024


class TlsDialer:
    """Opens TLS connections. Without a ``context`` the endpoint's certificates are read once, before the first one."""

    def __init__(self, endpoint: Endpoint, context: ssl.SSLContext | None = None) -> None:
        self._endpoint = endpoint
        self._context = context

    def __call__(self, deadline: Deadline) -> Channel:
        if self._context is None:
            self._context = make_context(self._endpoint.tls or TlsSettings())
        channel = TlsChannel(dial_tcp(self._endpoint, deadline), self._context, self._endpoint)
        try:
            channel.handshake(deadline)
        except BaseException:
            channel.close()
            raise
        return channel


def make_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return a TLS context with the certificates of ``settings``.

    Raises:
        UsageError: ``bad-certificate``, a file that can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif settings.ca is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(cafile=settings.ca)
        except OSError as error:
            raise _bad_file("authority", str(settings.ca), error) from None
    if settings.cert is not None:
        try:
            # Without a password OpenSSL would prompt for one on the terminal.
            context.load_cert_chain(settings.cert, settings.key, password=lambda: "")
        except OSError as error:
            files = f"{settings.cert} with {settings.key}" if settings.key else str(settings.cert)
            raise _bad_file("client", files, error) from None
    return context


def _bad_file(role: str, files: str, error: OSError) -> UsageError:
    refuse_if_exhausted(error)
    if not isinstance(error, ssl.SSLError):
        why = error.strerror or "it can't be read"
    elif error.reason == "KEY_VALUES_MISMATCH":
        why = "the key does not belong to the certificate"
    else:
        why = "it is not a PEM file"
    hint = "certificates and keys are PEM files; a key must not be encrypted"
    return UsageError("bad-certificate", f"the {role} certificate {files} can't be used: {why}", hint=hint)


class TlsChannel(SocketChannel):
    """A TLS session over a tcp socket.

    One lock guards OpenSSL's state and is never held during a wait; another one keeps outgoing records in order. So a
    thread that waits for input never blocks another one that sends.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, endpoint: Endpoint) -> None:
        super().__init__(sock)
        self._raw_receive = sock.recv
        self._raw_send = sock.sendall
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=endpoint.host)
        self._endpoint = endpoint
        self._state = threading.Lock()
        self._order = threading.Lock()
        self._early: list[bytes] = []
        self.recv = self._receive
        self.sendall = self._send

    def handshake(self, deadline: Deadline) -> None:
        """Make the handshake, which verifies the certificate, by the deadline.

        Raises:
            EngineError: ``tls-…``, why the peer is not trusted; ``not-http``, it does not speak TLS.
            TimeoutError: the deadline passed.
        """
        while True:
            try:
                self._session.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError as error:
                self._flush_quietly()
                raise self._explain(error) from None
            else:
                self._flush()
                return
            self.settimeout(deadline.remaining())
            try:
                data = self._raw_receive(RECEIVE_SIZE)
            except ConnectionError:
                data = b""
            if not data:
                raise EngineError(
                    "tls-failed",
                    f"{self._endpoint.url} closed the connection during the TLS handshake",
                    hint="does it speak TLS? If not, leave the --tls options out",
                )
            self._incoming.write(data)

    def _receive(self, size: int) -> bytes:
        while True:
            with self._state:
                if self._early:
                    return self._early.pop(0)
                try:
                    return self._session.read(size)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    return b""
                except ssl.SSLEOFError:
                    raise ConnectionAbortedError(errno.ECONNABORTED, "the TLS session was cut off") from None
                except ssl.SSLError as error:
                    raise self._explain(error) from None
            self._flush_quietly()
            data = self._raw_receive(RECEIVE_SIZE)
            with self._state:
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()

    def _send(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            with self._order:
                with self._state:
                    self._session.write(data[start : start + _PIECE])
                self._flush()

    def half_close(self) -> None:
        with self._order:
            with self._state:
                # ``unwrap`` also reads the peer's close_notify, and fails on data before it: take that data first.
                while self._incoming.pending:
                    try:
                        data = self._session.read(_PIECE)
                    except ssl.SSLError:
                        break
                    if not data:
                        break
                    self._early.append(data)
                # It raises because the peer's close_notify is missing: that arrives when the peer's output is complete.
                with contextlib.suppress(ssl.SSLError):
                    self._session.unwrap()
            self._flush()

    def readable(self) -> bool:
        with self._state:
            waiting = bool(self._early or self._incoming.pending or self._session.pending())
        return waiting or super().readable()

    def _flush(self) -> None:
        """Send OpenSSL's output; with the order lock held, or before another thread has the channel."""
        while self._outgoing.pending:
            with self._state:
                data = self._outgoing.read()
            self._raw_send(data)

    def _flush_quietly(self) -> None:
        """Send the replies to the peer's TLS messages, from the reading thread. A thread that is sending does it too,
        so there is no need to wait for it."""
        if self._outgoing.pending and self._order.acquire(blocking=False):
            try:
                self._flush()
            except OSError:
                pass  # the next read raises the error
            finally:
                self._order.release()

    def _explain(self, error: ssl.SSLError) -> EngineError:
        url = self._endpoint.url
        reason = error.reason or ""
        if isinstance(error, ssl.SSLCertVerificationError):
            code, message, hint = _UNTRUSTED.get(error.verify_code, _UNTRUSTED[0])
            return EngineError(code, f"{url} is not trusted: {message} ({error.verify_message})", hint=hint)
        if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
            return EngineError(
                "not-http",
                f"{url} does not speak TLS",
                hint="if that is expected, leave the --tls options and DOCKER_TLS_VERIFY out",
            )
        words = reason.replace("_", " ").lower()
        if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason or "HANDSHAKE_FAILURE" in reason):
            own = self._endpoint.tls.cert if self._endpoint.tls else None
            return EngineError(
                "tls-client-certificate",
                f"{url} does not accept {f'the client certificate {own}' if own else 'a client without certificate'}"
                f" ({words})",
                hint="name one that its certificate authority signed, with --tlscert and --tlskey or DOCKER_CERT_PATH",
            )
        return EngineError("tls-failed", f"TLS with {url} failed: {words or error}")


_UNTRUSTED: Final = {
    0: (
        "tls-untrusted",
        "its certificate is not signed by a trusted certificate authority",
        "name the authority that signed it with --tlscacert, or DOCKER_CERT_PATH",
    ),
    9: ("tls-expired", "its certificate is not valid yet", "is the clock right?"),
    10: ("tls-expired", "its certificate has expired", "renew the engine's certificate; is the clock right?"),
    62: ("tls-wrong-host", "its certificate is for another host name", "use a name that is in the certificate"),
    64: ("tls-wrong-host", "its certificate is for another address", "use a name or address that is in it"),
}
"""By OpenSSL's X509_V_ERR numbers (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/)."""
