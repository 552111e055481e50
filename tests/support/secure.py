"""
TLS in one process, by hand.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.ssl import CertificateOptions, PrivateCertificate

from chat.endpoints.tls import TLSFactory
from tests.support.doubles import HandPeer, HandReactor

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def newKey() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def selfSigned(key: PrivateKey, serial: int) -> tuple[bytes, bytes]:
    """
    @param serial: the number of the certificate.
    @return: the key and a certificate that it has signed itself, in PEM.
    """
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "chat.test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, signed.public_bytes(Encoding.PEM)


class Authority:
    """
    A certificate with its key, which may certify others.

    @ivar pem: The certificate.
    """

    def __init__(
        self,
        name: str,
        by: Authority | None = None,
        hosts: Sequence[str] = (),
        days: int = 1,
        key: PrivateKey | None = None,
    ) -> None:
        """
        @param by: Certifies it; by default it does so itself.
        @param hosts: The names of hosts.
        @param days: For so many it is still valid.
        """
        self.key = key or newKey()
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = by or self
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer._name, self._name, self.key.public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(now - timedelta(days=9))
        builder = builder.not_valid_after(now + timedelta(days=days))
        constraints = x509.BasicConstraints(ca=not hosts, path_length=None)
        builder = builder.add_extension(constraints, critical=True)
        if hosts:
            names = x509.SubjectAlternativeName(map(x509.DNSName, hosts))
            builder = builder.add_extension(names, critical=False)
        self.certificate = builder.sign(issuer.key, SHA256())
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def private(self, phrase: bytes = b"", kind: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        """
        @return: The key, in PEM.
        """
        encryption = BestAvailableEncryption(phrase) if phrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, kind, encryption)


@cache
def certificate() -> CertificateOptions:
    """
    @return: the options of a server with a certificate of its own.
    """
    pem = b"".join(selfSigned(newKey(), x509.random_serial_number()))
    options: CertificateOptions = PrivateCertificate.loadPEM(pem).options()
    return options


class SecurePeer:
    """
    The client's end of a connection with TLS.

    @ivar peer: the end of the connection below.
    @ivar isClosed: whether C{close_notify} has come.
    """

    def __init__(self, reactor: HandReactor, factory: IProtocolFactory) -> None:
        """
        @param factory: of the protocol behind TLS.
        """
        self._reactor = reactor
        secured = TLSFactory(certificate(), False, factory, reactor)
        self.peer: HandPeer = reactor.connect(secured.buildProtocol(None))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._text = b""
        self.isClosed = False

    def shake(self) -> SecurePeer:
        """
        Shake hands.
        """
        while True:
            with suppress(ssl.SSLWantReadError):
                self._tls.do_handshake()
                self._flush()
                return self
            self._flush()
            self._receive()

    def say(self, *lines: str, end: str = "\r\n") -> None:
        self._tls.write("".join(line + end for line in lines).encode())
        self._flush()

    def heard(self) -> list[str]:
        """
        @return: the lines that have come since the last time, when nothing more happens.
        """
        quiet = 0
        while quiet < 4:
            quiet = 0 if self._receive() else quiet + 1
        lines, end, self._text = self._text.rpartition(b"\r\n")
        assert not (self._text and self.isClosed), "it ended within a line"
        return lines.decode().split("\r\n") if end else []

    def take(self) -> bytes:
        """
        @return: the bytes that have come since the last time, without a turn of the reactor.
        """
        self._read()
        text, self._text = self._text, b""
        return text

    def notify(self) -> None:
        """
        Send C{close_notify}.
        """
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self._flush()

    def _receive(self) -> bool:
        self._reactor.turn()
        return self._read()

    def _read(self) -> bool:
        data = self.peer.read()
        self._in.write(data)
        with suppress(ssl.SSLWantReadError):
            while text := self._tls.read(1 << 16):
                self._text += text
            self.isClosed = True
        return bool(data)

    def _flush(self) -> None:
        if data := self._out.read():
            self.peer.send(data)
