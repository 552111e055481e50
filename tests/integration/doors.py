"""
A service with every kind of way in to the line protocol.
"""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.integration.daemon import Daemon, freePort
from tests.integration.peer import Peer


@dataclass(frozen=True)
class Certificate:
    """
    A certificate of C{localhost} and 127.0.0.1, signed by itself.

    @ivar key: the file of its private key, PEM.
    @ivar chain: the file of the certificate, PEM.
    """

    key: Path
    chain: Path

    @classmethod
    def make(cls, directory: Path) -> "Certificate":
        """
        @param directory: gets its files.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        made = cls(directory / "key.pem", directory / "certificate.pem")
        made.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        made.chain.write_bytes(certificate.public_bytes(Encoding.PEM))
        return made

    def endpoint(self, port: int) -> str:
        """
        @return: the description of an endpoint with this certificate on a port of 127.0.0.1.
        """
        return f"ssl:{port}:interface=127.0.0.1:privateKey={self.key}:certKey={self.chain}"


class Doors(Daemon):
    """
    One service behind TCP, TLS, a unix socket and a proxy.

    @ivar secure: the port of TLS.
    @ivar path: the unix socket.
    @ivar proxied: the port that expects PROXY headers.
    """

    def __init__(self, directory: Path, certificate: Certificate, *options: str) -> None:
        self.secure, self.proxied = freePort(), freePort()
        self.path = directory / "socket"
        self._certificate = certificate
        super().__init__(
            directory,
            *("--port", certificate.endpoint(self.secure)),
            *("--port", f"unix:{self.path}"),
            *("--port", f"haproxy:tcp:{self.proxied}:interface=127.0.0.1"),
            *options,
        )

    def __enter__(self) -> "Doors":
        super().__enter__()
        return self

    def connectTLS(self) -> Peer:
        """
        @return: a new connection by TLS.
        """
        context = ssl.create_default_context(cafile=self._certificate.chain)
        connection = socket.create_connection(("127.0.0.1", self.secure), 10.0)
        return Peer(context.wrap_socket(connection, server_hostname="localhost"))

    def connectUnix(self) -> Peer:
        """
        @return: a new connection by the unix socket.
        """
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.path))
        return Peer(connection)

    def connectProxied(self, header: bytes = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n") -> Peer:
        """
        @param header: sent by the proxy before anything else.
        @return: a new connection behind a proxy.
        """
        connection = socket.create_connection(("127.0.0.1", self.proxied), 10.0)
        connection.sendall(header)
        return Peer(connection)
