"""Tests for L{chat.endpoints.pem}."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from chat.endpoints.pem import Identity, identitiesIn, identityIn
from chat.vocabulary.errors import CannotRead
from tests.support.secure import Authority

ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
HOST = Authority("host", MIDDLE, ["chat.test"])
# It has the name of the issuer, but is another one.
OTHER = Authority("middle", ROOT)

SHORT = [HOST.certificate, MIDDLE.certificate]
FULL = [*SHORT, ROOT.certificate]
CURVE = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


def read(directory: Path, own: bytes, key: bytes | None = None, chain: bytes = b"") -> Identity:
    """
    Write files, and read them.

    @param key: By default it is in the same file as the certificate.
    """
    (directory / "own.pem").write_bytes(own)
    (directory / "key.pem").write_bytes(key or b"")
    (directory / "chain.pem").write_bytes(chain)
    return identityIn(
        str(directory / ("own.pem" if key is None else "key.pem")),
        str(directory / "own.pem"),
        str(directory / "chain.pem") if chain else None,
    )


def chainOf(identity: Identity) -> Sequence[x509.Certificate]:
    assert identity.key.public_key() == identity.chain[0].public_key()
    return [*identity.chain]


@pytest.mark.parametrize(
    ("own", "chain"),
    [
        (HOST.pem, [HOST.certificate]),
        (HOST.pem + MIDDLE.pem, SHORT),
        (HOST.pem + MIDDLE.pem + ROOT.pem, FULL),
        # In any order, and with what does not belong to it.
        (ROOT.pem + MIDDLE.pem + HOST.pem, FULL),
        (OTHER.pem + ROOT.pem + HOST.pem + MIDDLE.pem + MIDDLE.pem, FULL),
    ],
)
def test_theChainIsPutInOrder(tmp_path: Path, own: bytes, chain: list[x509.Certificate]) -> None:
    assert chainOf(read(tmp_path, own, HOST.private())) == chain
    assert chainOf(read(tmp_path, HOST.private() + own)) == chain
    assert chainOf(read(tmp_path, own + HOST.private())) == chain


def test_theRestOfTheChainMayHaveAFileOfItsOwn(tmp_path: Path) -> None:
    assert chainOf(read(tmp_path, HOST.pem, HOST.private(), ROOT.pem + MIDDLE.pem)) == FULL


def test_theRenewedOfTwoCertificatesIsShown(tmp_path: Path) -> None:
    renewed = Authority("host", MIDDLE, ["chat.test"], days=5, key=HOST.key)
    for own in (HOST.pem + renewed.pem, renewed.pem + HOST.pem):
        assert chainOf(read(tmp_path, own, HOST.private())) == [renewed.certificate]


def _setIn(pem: bytes) -> bytes:
    return b"key: |\n" + b"".join(b"    " + line + b"\n" for line in pem.splitlines())


def _ofWindows(pem: bytes) -> bytes:
    return b"\xef\xbb\xbf" + pem.replace(b"\n", b"\r\n")


def _withRemarks(pem: bytes) -> bytes:
    return pem.replace(b"-----BEGIN", b"Bag Attributes\n    friendlyName: chat\n-----BEGIN")


@pytest.mark.parametrize("written", [_setIn, _ofWindows, _withRemarks, bytes.rstrip])
@pytest.mark.parametrize("kind", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_filesAreAsPeopleHaveThem(
    tmp_path: Path, written: Callable[[bytes], bytes], kind: PrivateFormat
) -> None:
    key = CURVE + HOST.private(kind=kind)
    assert chainOf(read(tmp_path, written(HOST.pem + MIDDLE.pem), written(key))) == SHORT
    assert chainOf(read(tmp_path, written(key + HOST.pem + MIDDLE.pem))) == SHORT


PHRASE = "the private key in {0}/key.pem has a pass phrase, and the service cannot ask for it"


@pytest.mark.parametrize(
    ("own", "key", "reason"),
    [
        (HOST.pem, b"", "no private key in {0}/key.pem"),
        (HOST.pem, HOST.pem, "no private key in {0}/key.pem"),
        (b"", HOST.private(), "no certificate in {0}/own.pem"),
        (
            HOST.pem,
            ROOT.private(),
            "the private key in {0}/key.pem does not match the certificate in {0}/own.pem",
        ),
        (HOST.pem, HOST.private(b"secret"), PHRASE),
        (HOST.pem, HOST.private(b"secret", PrivateFormat.TraditionalOpenSSL), PHRASE),
        (
            HOST.pem,
            HOST.private().replace(b"\nM", b"\nA"),
            "the private key in {0}/key.pem is damaged or of an unknown type",
        ),
        (
            HOST.pem.replace(b"\nM", b"\nA"),
            HOST.private(),
            "a certificate in {0}/own.pem is damaged",
        ),
        (
            HOST.certificate.public_bytes(Encoding.DER),
            HOST.private(),
            "{0}/own.pem is a binary file (DER or PKCS#12); it must be PEM",
        ),
    ],
)
def test_whyFilesCannotBeUsedIsOneLine(tmp_path: Path, own: bytes, key: bytes, reason: str) -> None:
    with pytest.raises(CannotRead) as caught:
        read(tmp_path, own, key)
    assert str(caught.value) == reason.format(tmp_path)


def test_aFileOfTheChainHasCertificates(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"^no certificate in .*/chain\.pem$"):
        read(tmp_path, HOST.pem, HOST.private(), HOST.private())


def test_whatClientsMayNotTrustIsTold(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    path = tmp_path / "own.pem"
    full, alone = (read(tmp_path, own, HOST.private()) for own in (HOST.pem + MIDDLE.pem, HOST.pem))
    assert [*full.doubts(now)] == []
    assert [*alone.doubts(now)] == [f"the certificate {path} comes without the one of its issuer"]
    [old] = full.doubts(now + timedelta(days=2))
    assert old.startswith(f"the certificate {path} has expired, on 2")
    [young] = full.doubts(now - timedelta(days=10))
    assert young.startswith(f"the certificate {path} is not valid before 2")
    # One that certifies itself has no other issuer.
    itself = read(tmp_path, ROOT.pem, ROOT.private())
    assert [*itself.doubts(now)] == []
    assert (itself.names(), full.names()) == ([], ["chat.test"])


# Directories.


def test_aDirectoryMayHaveManyKeys(tmp_path: Path) -> None:
    """The files of one of the hosts are those of Let's Encrypt."""
    other = Authority("other", ROOT, ["Other.test", "*.other.test"])
    live = tmp_path / "live"
    live.mkdir()
    (live / "cert.pem").write_bytes(HOST.pem)
    (live / "chain.pem").write_bytes(MIDDLE.pem)
    (live / "fullchain.pem").write_bytes(HOST.pem + MIDDLE.pem)
    (live / "privkey.pem").write_bytes(HOST.private())
    (live / "README").write_text("-----BEGIN CERTIFICATE-----")
    (tmp_path / "other.pem").write_bytes(other.private() + other.pem + ROOT.pem)
    (tmp_path / "stray.pem").write_bytes(OTHER.private())
    (first, second), doubts = identitiesIn(str(tmp_path))
    assert [first.names(), second.names()] == [["other.test", "*.other.test"], ["chat.test"]]
    assert chainOf(first) == [other.certificate, ROOT.certificate]
    assert chainOf(second) == FULL
    assert doubts == [f"the private key in {tmp_path}/stray.pem matches no certificate there"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no certificate in {0}"),
        (HOST.pem, "no private key in {0}"),
        (HOST.pem + ROOT.private(), "the private key in {0}/a.pem matches no certificate there"),
        (
            HOST.pem + HOST.private(b"secret"),
            "the private key in {0}/a.pem has a pass phrase, and the service cannot ask for it",
        ),
    ],
)
def test_aDirectoryOfNoUse(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.pem").write_bytes(content)
    with pytest.raises(CannotRead) as caught:
        identitiesIn(str(tmp_path))
    assert str(caught.value) == reason.format(tmp_path)
