"""Tests for L{chat.vocabulary.addresses}."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.vocabulary.addresses import (
    covers,
    neighbourhoodOf,
    networkOf,
    originOf,
    parseAddress,
    parseNetwork,
    sharedOrigin,
    spelled,
    strange,
)

V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).map(str)
ADDRESSES = V4 | V6 | V6.map(lambda text: f"{text}%eth0") | V4.map(lambda text: f"::ffff:{text}")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("::ffff:192.0.2.1%1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_mappedAddressesAreThoseOfIPv4(text: str, address: str) -> None:
    assert parseAddress(text) == ip_address(address)


@pytest.mark.parametrize(
    "text",
    ["", "unix", "dead", "10", "192.0.2", "192.0.2.7/32", "192.0.2.7%eth0", "%eth0", "[::1]"],
)
def test_otherTextsAreNoAddresses(text: str) -> None:
    assert parseAddress(text) is None
    assert not covers("0.0.0.0/0", text)
    assert not covers("::/0", text)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.7/0", "0.0.0.0/0"),
        ("dead::beef", "dead::beef/128"),
        ("DEAD::0:BEEF", "dead::beef/128"),
        ("2001:db8::7/32", "2001:db8::/32"),
        ("fe80::1%eth0", "fe80::1/128"),
        ("fe80::1%eth0/64", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_anAddressOrNetworkHasOneSpelling(text: str, network: str) -> None:
    assert networkOf(text) == network
    assert networkOf(network) == network


@pytest.mark.parametrize(
    "text",
    [
        *("dead", "face", "bob", "fe80", "bob/8", "李雷", "#lobby", "", "/", "/24", ":", "%"),
        *("10", "3221225985", "192.0.2", "192.0.2.256", "192.0.2.7/33", "::1/129", "192.0.2.7/"),
        *("192.0.2.7%eth0", "192.0.2.7/8/8", "192.0.2.7:80", "[::1]", " 192.0.2.7", "١.2.3.4"),
    ],
)
def test_otherTextsAreNoNetworks(text: str) -> None:
    assert networkOf(text) is None
    assert not covers(text, "192.0.2.7")


@pytest.mark.parametrize("text", ["192.0.2.7/24", "2001:db8::7/32", "::ffff:192.0.2.7/120"])
def test_strictNetworksHaveNoBitsBehindTheirPrefix(text: str) -> None:
    assert parseNetwork(text) is not None
    assert parseNetwork(text, strict=True) is None


@given(st.text())
def test_anyTextMayBeAsked(text: str) -> None:
    network = networkOf(text)
    assert network is None or networkOf(network) == network
    assert (parseAddress(text) is None) is (_spelling(text) is None)


@given(ADDRESSES)
def test_anAddressIsInItsOwnNetworkAndOrigin(text: str) -> None:
    address, network = parseAddress(text), networkOf(text)
    assert address is not None
    assert network is not None
    assert covers(network, text)
    assert covers(originOf(address), text)


@given(ADDRESSES, st.integers(0, 128))
def test_networksCoverWhatTheStandardLibrarySays(text: str, length: int) -> None:
    address = parseAddress(text)
    assert address is not None
    network = f"{address}/{min(length, address.max_prefixlen)}"
    parsed = ip_network(network, strict=False)
    for other in map(ip_address, ("192.0.2.1", "2001:db8::1")):
        assert covers(network, str(other)) is (parsed.version == other.version and other in parsed)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
    ],
)
def test_anOriginIsAnIPv4AddressOrAnIPv6Subscriber(address: str, origin: str) -> None:
    assert originOf(ip_address(address)) == origin


@given(st.ip_addresses(v=6))
def test_theOriginOfIPv6IsItsNetworkOf64Bits(address: IPv6Address) -> None:
    assert address in IPv6Network(originOf(address))
    assert IPv6Network(originOf(address)).prefixlen == 64


@pytest.mark.parametrize(
    ("origin", "neighbourhood"),
    [
        ("192.0.2.1", "192.0.2.0/24"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("unix:1000", "unix:1000"),
        (strange(7), "unix"),
        ("", ""),
    ],
)
def test_aNeighbourhoodIsWhereOneMayHaveManyOrigins(origin: str, neighbourhood: str) -> None:
    assert neighbourhoodOf(origin) == neighbourhood


def test_strangersShareAnOrigin() -> None:
    """Otherwise each new connection would have a share of its own."""
    assert sharedOrigin(strange(7)) == sharedOrigin(strange(8))
    for origin in ("192.0.2.1", "2001:db8:1:2::/64", "unix:1000"):
        assert sharedOrigin(origin) == origin


def _spelling(host: str) -> str | None:
    try:
        return spelled(host)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("0:0:0:0:0:ffff:7f00:1", "127.0.0.1"),
        ("0000:0000:0000:0000:0000:ffff:192.0.2.7%eth0", "192.0.2.7"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%\x1b[31m", "fe80::1"),
    ],
)
def test_aHostHasOneSpelling(host: str, plain: str) -> None:
    assert spelled(host) == plain


@pytest.mark.parametrize(
    "host", ["", "unix", "\x1b[31m", "192.0.2.7%\x1b[31m", "192.0.2.07", "[::1]", "::1\n", "%eth0"]
)
def test_whatIsNoAddressIsNotHandedOn(host: str) -> None:
    with pytest.raises(ValueError, match=r"^no IP address$"):
        spelled(host)


@given(ADDRESSES)
def test_aSpellingIsWhatTheLimitsAndBansAreAbout(text: str) -> None:
    plain = spelled(text)
    assert spelled(plain) == plain
    assert parseAddress(plain) == parseAddress(text)
    assert "%" not in plain
    assert getattr(ip_address(plain), "ipv4_mapped", None) is None
    assert networkOf(plain) == networkOf(text)
