"""Tells public addresses from all others, and what an operator may allow of those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from types import MappingProxyType
from typing import TypeAlias

from packsys.errors import WrongSetUp

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Networks: TypeAlias = tuple[Network, ...]


def _networks(*written: str) -> Networks:
    return tuple(map(ip_network, written))


# What Python's is_global takes for public on some of its releases, and is not: multicast, the relays that carry an
# IPv4 address inside (6to4, Teredo, NAT64), and the address at which one cloud serves its metadata.
_NOT_PUBLIC = _networks(
    *("0.0.0.0/8", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
)
# https://www.iana.org/assignments/ipv6-address-space: all that has been given out for global unicast. It leaves out
# addresses with an IPv4 address inside (::/96, ::ffff:0:0/96, 64:ff9b::/96), fec0::/10, 5f00::/16 and the like.
_PUBLIC_IPV6 = ip_network("2000::/3")

# What can be somebody's own network. A list of anything else would switch the checks off for the public Internet.
_PRIVATE = _networks(
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"),
    *("::1/128", "fc00::/7"),
)
# Where clouds serve credentials to the machine that asks. They lie in networks that operators do allow.
_METADATA = _networks("100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::/32", "fd00:42::42/128", "fd20:ce::/32")


def is_public(address: Address) -> bool:
    """Tells whether an address belongs to the public Internet."""
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    return address.is_global and not _within(address, _NOT_PUBLIC)


def is_allowed(address: Address, networks: Networks) -> bool:
    """Tells whether an address lies in one of the networks and is none of those that give away a machine's secrets."""
    return _within(address, networks) and not _within(address, _METADATA)


def read_networks(entries: Iterable[str]) -> Mapping[str, Networks]:
    """Reads ``10.0.0.0/8``, for all workspaces, and ``sales=10.1.0.0/16``, for one; gives the networks by workspace.

    Those for all are under ``""``. Raises :class:`~packsys.errors.WrongSetUp` for what is no private network.
    """
    found: dict[str, Networks] = {}
    for entry in entries:
        workspace, _, network = entry.rpartition("=")
        named = workspace.strip()
        found[named] = (*found.get(named, ()), _network(network.strip()))
    return MappingProxyType(found)


def _network(written: str) -> Network:
    try:
        network = ip_network(written)
    except ValueError as error:
        raise WrongSetUp(f"The allowed networks hold something else: {error}. Write 10.0.0.0/8.") from None
    if not any(_covers(private, network) for private in _PRIVATE):
        raise WrongSetUp(
            f"{network} cannot be among the allowed networks: name private ones, such as 10.0.0.0/8 or fd00::/8. "
            "Public addresses need no permission, and no list turns the checks off."
        )
    return network


def _covers(outer: Network, inner: Network) -> bool:
    match outer, inner:
        case (IPv4Network(), IPv4Network()) | (IPv6Network(), IPv6Network()):
            return inner.subnet_of(outer)  # type: ignore[arg-type] # of one family, as the pattern says
        case _:
            return False


def _within(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
