"""
Private keys and certificates in PEM files (RFC 7468), as people have them: the whole chain in one
file, in whatever order, with or without the key and the root, the parameters of a curve, line ends
of Windows, a byte order mark, and remarks around all that.

Nothing here asks anybody for a pass phrase. OpenSSL would, at the terminal of the service.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from chat.vocabulary.errors import CannotRead

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATES = (b"CERTIFICATE", b"X509 CERTIFICATE")
# What the DER of keys and certificates begins with, and that of PKCS#12: the tag of a sequence.
_DER = b"\x30"


@dataclass(frozen=True)
class Identity:
    """
    What a server shows of itself.

    @ivar path: The file of the certificate.
    @ivar key: The private key.
    @ivar chain: The certificate of the key, and those that certify it, each the one before.
    """

    path: str
    key: PrivateKeyTypes
    chain: Sequence[x509.Certificate]

    def names(self) -> Sequence[str]:
        """
        @return: The names of hosts, in lower case; one may begin with C{*.}.
        """
        try:
            extensions = self.chain[0].extensions
            names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, ValueError):
            return []
        return [name.lower() for name in names.get_values_for_type(x509.DNSName)]

    def doubts(self, now: datetime) -> Iterator[str]:
        """
        @return: Why clients may not trust the certificate, in one line each for the operator.
        """
        own, last = self.chain[0], self.chain[-1]
        if own.not_valid_after_utc < now:
            yield f"the certificate {self.path} has expired, on {own.not_valid_after_utc:%Y-%m-%d}"
        if own.not_valid_before_utc > now:
            yield f"the certificate {self.path} is not valid before {own.not_valid_before_utc}"
        if last is own and own.issuer != own.subject:
            yield f"the certificate {self.path} comes without the one of its issuer"


@dataclass(frozen=True)
class _Found:
    """
    What is in a file.
    """

    path: str
    keys: Sequence[PrivateKeyTypes]
    certificates: Sequence[x509.Certificate]


def identityIn(keyPath: str, path: str, chainPath: str | None) -> Identity:
    """
    Read the files of a server. This waits for the disk.

    @param path: The file of the certificate, with or without its chain.
    @param chainPath: A file of further certificates.
    @raise CannotRead: When they cannot be used.
    @raise OSError: When they cannot be read.
    """
    own = _read(path)
    keys = own.keys if os.path.realpath(keyPath) == os.path.realpath(path) else _read(keyPath).keys
    if not keys:
        raise CannotRead(f"no private key in {keyPath}")
    if not own.certificates:
        raise CannotRead(f"no certificate in {path}")
    others: Sequence[x509.Certificate] = ()
    if chainPath is not None:
        others = _read(chainPath).certificates
        if not others:
            raise CannotRead(f"no certificate in {chainPath}")
    for key in keys:
        if chain := _chainOf(key, own.certificates, others):
            return Identity(path, key, chain)
    raise CannotRead(f"the private key in {keyPath} does not match the certificate in {path}")


def identitiesIn(directory: str) -> tuple[Sequence[Identity], Sequence[str]]:
    """
    Read all files of a directory, and of those in it, whose names end in C{.pem}. A key, its
    certificate and the rest of the chain may be in different files. This waits for the disk.

    @return: At least one, and a line for the operator about each key that is of no use.
    @raise CannotRead: When a file cannot be used, or there is no identity.
    @raise OSError: When one cannot be read.
    """
    # What is no directory has no files; this tells why.
    os.listdir(directory)
    paths = [
        os.path.join(parent, name)
        for parent, _, names in sorted(os.walk(directory))
        for name in sorted(names)
        if name.endswith(".pem")
    ]
    found = [_read(path) for path in paths]
    places = {each: file.path for file in reversed(found) for each in file.certificates}
    if not places:
        raise CannotRead(f"no certificate in {directory}")
    identities: dict[bytes, Identity] = {}
    doubts: list[str] = []
    for file in found:
        for key in file.keys:
            if chain := _chainOf(key, tuple(places)):
                identities.setdefault(_publicKeyOf(key), Identity(places[chain[0]], key, chain))
            else:
                doubts.append(f"the private key in {file.path} matches no certificate there")
    if not identities:
        raise CannotRead(*doubts[:1] or [f"no private key in {directory}"])
    return tuple(identities.values()), doubts


def _read(path: str) -> _Found:
    """
    @raise CannotRead: When something in the file cannot be used.
    """
    with open(path, "rb") as file:
        data = file.read()
    blocks = [(match[1], _withoutBlanks(match[0])) for match in _BLOCK.finditer(data)]
    if not blocks and data.startswith(_DER):
        raise CannotRead(f"{path} is a binary file (DER or PKCS#12); it must be PEM")
    keys = [_keyIn(block, path) for label, block in blocks if label.endswith(b"PRIVATE KEY")]
    found = [_certificateIn(block, path) for label, block in blocks if label in _CERTIFICATES]
    return _Found(path, keys, found)


def _withoutBlanks(block: bytes) -> bytes:
    """
    Some copy a block out of a text where it is set in.
    """
    return b"\n".join(line.strip() for line in block.splitlines()) + b"\n"


def _keyIn(block: bytes, path: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(block, None)
    except TypeError:
        raise CannotRead(
            f"the private key in {path} has a pass phrase, and the service cannot ask for it"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CannotRead(f"the private key in {path} is damaged or of an unknown type") from None


def _certificateIn(block: bytes, path: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError:
        raise CannotRead(f"a certificate in {path} is damaged") from None


def _chainOf(
    key: PrivateKeyTypes,
    certificates: Sequence[x509.Certificate],
    others: Sequence[x509.Certificate] = (),
) -> Sequence[x509.Certificate]:
    """
    @param certificates: Has that of the key, anywhere.
    @return: Empty if there is none of the key.
    """
    public = _publicKeyOf(key)
    own = [each for each in certificates if _publicKeyOf(each) == public]
    if not own:
        return ()
    # Beside a renewed one there may still be the old one.
    chain = [max(own, key=lambda each: each.not_valid_after_utc)]
    left = [each for each in dict.fromkeys((*certificates, *others)) if each not in own]
    while issuer := next((each for each in left if _hasIssued(each, chain[-1])), None):
        left.remove(issuer)
        chain.append(issuer)
    return tuple(chain)


def _publicKeyOf(owner: PrivateKeyTypes | x509.Certificate) -> bytes:
    """
    @return: Empty if it is of an unknown kind.
    """
    try:
        return owner.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return b""


def _hasIssued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:
        # There are many ways in which it has not, and some of signatures that are not known.
        return False
    return True
