"""
IP addresses and networks, in one spelling each.

A socket of IPv6 that takes IPv4 as well calls the far end of such a connection by an
I{IPv4-mapped} address, C{::ffff:192.0.2.1} (RFC 4291, section 2.5.5.2).  Everything here takes
it for the IPv4 address that it is: limits, bans, throttles and the log must know it by one name.

The zone of an IPv6 address, C{fe80::1%eth0} (RFC 4007, section 11), names an interface of this
machine.  It says nothing about the far end, so nothing here looks at it.
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
_SUBSCRIBER = 64
_NEIGHBOURS = {4: 24, 6: 48}
_STRANGE = "unix#"


def parseAddress(text: str) -> Address | None:
    """
    @return: the address, an IPv4 address where it is a mapped one; L{None} where the text is no
        IP address.
    """
    try:
        address = ip_address(_withoutZone(text))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def parseNetwork(text: str, strict: bool = False) -> Network | None:
    """
    @param text: an IP address, which is a network of one, or a network in the notation of CIDR
        (RFC 4632, section 3.1).
    @param strict: whether C{192.0.2.7/24}, which has bits behind its prefix, is no network.
    @return: the network, one of IPv4 where it is a mapped one; L{None} where the text is neither.
    """
    address, slash, length = text.partition("/")
    try:
        network = ip_network(_withoutZone(address) + slash + length, strict)
    except ValueError:
        return None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        bits = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((bits, network.prefixlen - _MAPPED.prefixlen))
    return network


def networkOf(text: str) -> str | None:
    """
    Tell an address or a network from a nickname, which begins with a letter and has neither a
    colon nor a dot.

    @param text: as L{parseNetwork} takes it.
    @return: the network in its one spelling, such as C{192.0.2.0/24}; L{None} where the text is
        neither.
    """
    network = parseNetwork(text)
    return None if network is None else str(network)


def covers(network: str, address: str) -> bool:
    """
    @param network: from L{networkOf}.
    @return: whether the address is in the network; a text that is no IP address is in none.
    """
    parsed, place = parseAddress(address), parseNetwork(network)
    return parsed is not None and place is not None and parsed in place


def originOf(address: Address) -> str:
    """
    Name what counts as one place: an IPv4 address, or the /64 of an IPv6 address, in which a
    subscriber has as many addresses as they like (RFC 4291, section 2.5.1; RFC 6177).

    @param address: from L{parseAddress}.
    """
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), _SUBSCRIBER), strict=False))
    return str(address)


def neighbourhoodOf(origin: str) -> str:
    """
    Name the wider place in which it costs little to have many origins: the /24 of an IPv4
    address, the /48 of IPv6 that a site may be given (RFC 6177), and one for all peers of whom
    nothing is known.

    @param origin: as a connection has it.
    """
    network = parseNetwork(origin)
    if network is not None:
        return str(network.supernet(new_prefix=_NEIGHBOURS[network.version]))
    return sharedOrigin(origin)


def sharedOrigin(origin: str) -> str:
    """
    Name what cannot be left by connecting again, for limits that must hold: all peers of whom
    nothing is known are one.

    @param origin: as a connection has it.
    """
    return origin if isLasting(origin) else "unix"


def strange(number: int) -> str:
    """
    Name the origin of a peer of whom nothing is known.

    @param number: that of no other connection.
    """
    return f"{_STRANGE}{number}"


def isLasting(origin: str) -> bool:
    """
    @return: whether the same peer may come from that origin again.
    """
    return not origin.startswith(_STRANGE)


def spelled(host: str) -> str:
    """
    @param host: an IP address as the system wrote it, or anything that a proxy says is one.
    @return: the address in its one spelling: short, without a zone, and one of IPv4 where it is a
        mapped one.
    @raise ValueError: when it is no IP address; what others write is never handed on.
    """
    address = parseAddress(host)
    if address is None:
        raise ValueError("no IP address")
    return str(address)


def _withoutZone(address: str) -> str:
    return address.partition("%")[0] if ":" in address else address
