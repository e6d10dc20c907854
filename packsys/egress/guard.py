"""Keeps requests away from private networks.

A name is resolved once; every address it has is checked, and the connection goes to a checked one. So a name
that answers differently the second time gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from packsys.errors import ForbiddenRequest, UpstreamError, WrongSetUp

Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
Dialer: TypeAlias = Callable[[tuple[str, int], float | None], socket.socket]
_Network: TypeAlias = IPv4Network | IPv6Network
_Address: TypeAlias = IPv4Address | IPv6Address

# What Python's is_global takes for public on some of its releases, and is not: multicast, the relays that carry
# an IPv4 address inside (6to4, Teredo, NAT64), and the address at which one cloud serves its metadata.
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "168.63.129.16/32",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "224.0.0.0/3",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        ),
    )
)
# https://www.iana.org/assignments/ipv6-address-space: all that has been given out for global unicast.
_PUBLIC_IPV6 = ip_network("2000::/3")
_MOST_ADDRESSES = 32
_MOST_TRIED = 4


@dataclass(frozen=True, kw_only=True)
class EgressPolicy:
    """Says what the operator allows.

    ``allowed_networks`` are private networks, in CIDR form, that packs may reach if an account's endpoint lies
    there. Sizes are bytes, the answer's after decompression; ``redirects`` are followed for GET and HEAD.
    ``certificates`` is a file of authorities to trust in place of the public ones, for services with their own.
    """

    allowed_networks: tuple[str, ...] = ()
    longest_answer: int = 25 * 2**20
    longest_request: int = 10 * 2**20
    redirects: int = 5
    certificates: str = ""
    networks: tuple[_Network, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        """Refuses what is no network with :class:`~packsys.errors.WrongSetUp`."""
        try:
            object.__setattr__(self, "networks", tuple(map(ip_network, self.allowed_networks)))
        except ValueError as error:
            raise WrongSetUp(f"The allowed networks hold something else: {error}. Write 10.0.0.0/8.") from None


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Asks the system for the addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


@dataclass(frozen=True)
class Guard:
    """Opens connections to public addresses, and to those that the operator allows.

    ``resolve`` gives the addresses of a name, ``dial`` connects to one of them.
    """

    policy: EgressPolicy = field(default_factory=EgressPolicy)
    resolve: Resolver = system_resolver
    dial: Dialer = socket.create_connection

    def connect(self, host: str, port: int, *, timeout: float | None, encrypted: bool) -> socket.socket:
        """Connects to one of a host's checked addresses; the first four are tried in turn.

        Raises :class:`~packsys.errors.ForbiddenRequest` and :class:`~packsys.errors.UpstreamError`.
        """
        reason = "it has no address"
        for address in self.addresses(host, port, encrypted=encrypted)[:_MOST_TRIED]:
            try:
                connected = self.dial((address, port), timeout)
            except OSError as error:
                reason = error.strerror or str(error) or type(error).__name__
            else:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connected
        raise UpstreamError(f"{host} cannot be reached: {reason}.")

    def addresses(self, host: str, port: int, *, encrypted: bool) -> Sequence[str]:
        """Lists a host's addresses, all of which may be connected to.

        One that may not makes the whole host forbidden. Without encryption only allowed networks will do.
        """
        found = [ip_address(each) for each in self._resolved(host, port)]
        for address in found:
            if not self._allowed(address) and not (encrypted and is_public(address)):
                raise ForbiddenRequest(self._refusal(host, address, encrypted))
        return [str(address) for address in found]

    def _allowed(self, address: _Address) -> bool:
        return any(address in network for network in self.policy.networks)

    def _resolved(self, host: str, port: int) -> Sequence[str]:
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise UpstreamError(f"{host} cannot be found: no name server knows its address.") from None
        if not found or len(found) > _MOST_ADDRESSES:
            raise UpstreamError(f"{host} has {len(found)} addresses: 1 to {_MOST_ADDRESSES} are usable.")
        return found

    def _refusal(self, host: str, address: _Address, encrypted: bool) -> str:
        if is_public(address) and not encrypted:
            return f"{host} is asked for without encryption: use https."
        return f"{host} leads into a private network: an operator can allow that network."


def is_public(address: _Address) -> bool:
    """Tells whether an address belongs to the public Internet."""
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)
