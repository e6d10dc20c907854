"""Keeps requests away from private networks.

A name is resolved once; every address it has is checked, and the connection goes to a checked one. So a name
that answers differently the second time gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import TypeAlias

from packsys.egress.addresses import Address, Networks, is_allowed, is_public, read_networks
from packsys.egress.deadline import Deadline
from packsys.egress.resolver import DnsResolver, Resolver
from packsys.egress.url import Url
from packsys.errors import ForbiddenRequest, UpstreamError

Dialer: TypeAlias = Callable[[tuple[str, int], float | None], socket.socket]

# Where other protocols answer, some of which take the lines of an HTTP request for commands. Those of
# https://fetch.spec.whatwg.org/#port-blocking that matter inside a network, and the usual ones of data stores.
_NOT_HTTP = frozenset(
    {
        *(7, 9, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139),
        *(143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636),
        *(989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2181, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432),
        *(5672, 5900, 6000, 6379, 6380, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 9092, 10080, 11211, 27017),
    }
)
_MOST_ADDRESSES = 32
_MOST_TRIED = 4


@dataclass(frozen=True, kw_only=True)
class EgressPolicy:
    """Says what the operator allows.

    ``allowed_networks`` are private networks that packs may reach: ``10.0.0.0/8`` for all workspaces,
    ``sales=10.1.0.0/16`` for one. ``servers`` are host and port of our own, which no pack may reach even there. Sizes
    are bytes: ``longest_answer`` both on the wire and after decompression. ``longest`` is seconds for a request with
    its redirects, of which ``redirects`` are followed. ``at_once`` bounds the requests of one pack and workspace that
    a process has under way; one host gets four times as many. ``certificates`` is a file of authorities to trust in
    place of the public ones, for services with their own.
    """

    allowed_networks: tuple[str, ...] = ()
    servers: tuple[tuple[str, int], ...] = ()
    longest_answer: int = 25 * 2**20
    longest_request: int = 10 * 2**20
    longest: float = 60.0
    redirects: int = 5
    at_once: int = 32
    certificates: str = ""
    _networks: MappingProxyType[str, Networks] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuses what is no private network with :class:`~packsys.errors.WrongSetUp`."""
        object.__setattr__(self, "_networks", read_networks(self.allowed_networks))

    def networks_of(self, workspace: str) -> Networks:
        """Gives the private networks that a workspace's packs may reach."""
        own = self._networks.get(workspace, ()) if workspace else ()
        return (*self._networks.get("", ()), *own)


def is_own(address: str) -> bool:
    """Tells whether an address is one of this machine's: it is where this machine would send from to reach it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((address, 9))  # a datagram socket sends nothing when it connects
            return str(probe.getsockname()[0]) == address
    except OSError:
        return False


@dataclass(frozen=True)
class Guard:
    """Opens connections to public addresses, and to those that the operator allows.

    ``resolve`` gives the addresses of a name, ``dial`` connects to one of them, ``own`` knows this machine's.
    """

    policy: EgressPolicy = field(default_factory=EgressPolicy)
    resolve: Resolver = field(default_factory=DnsResolver)
    dial: Dialer = socket.create_connection
    own: Callable[[str], bool] = is_own

    def connect(self, url: Url, *, networks: Networks, deadline: Deadline) -> socket.socket:
        """Connects to one of a host's checked addresses; the first four are tried in turn.

        Raises :class:`~packsys.errors.ForbiddenRequest` and :class:`~packsys.errors.UpstreamError`.
        """
        why = "it has no address"
        for address in self.addresses(url, networks=networks, deadline=deadline)[:_MOST_TRIED]:
            try:
                connected = self.dial((address, url.port), deadline.left())
            except OSError as error:
                why = error.strerror or str(error) or type(error).__name__
            else:
                return self._checked(url, connected, networks)
        raise UpstreamError(f"{url.host} cannot be reached: {why}.", reason="connect")

    def addresses(self, url: Url, *, networks: Networks, deadline: Deadline) -> Sequence[str]:
        """Lists a host's addresses, all of which may be connected to.

        One that may not makes the whole host forbidden. Without encryption only allowed networks will do.
        """
        if url.port in _NOT_HTTP:
            raise ForbiddenRequest(f"At port {url.port} of {url.host} no web service answers.", reason="port")
        found = [url.host] if url.literal else self.resolve(url.host, deadline.left())
        if not found or len(found) > _MOST_ADDRESSES:
            raise UpstreamError(
                f"{url.host} has {len(found)} addresses: 1 to {_MOST_ADDRESSES} are usable.", reason="dns"
            )
        for address in dict.fromkeys(found):
            self._check(url, ip_address(address), networks, deadline)
        return list(dict.fromkeys(found))

    def _check(self, url: Url, address: Address, networks: Networks, deadline: Deadline) -> None:
        if self._is_ours(address, url.port, deadline):
            raise ForbiddenRequest(f"{url.host} leads to a server of packsys itself.", reason="address")
        if is_allowed(address, networks):
            return
        if url.literal:
            raise ForbiddenRequest(f"{url.host} is an address, not the name of a service.", reason="ip_literal")
        if not is_public(address) or self.own(str(address)):
            raise ForbiddenRequest(
                f"{url.host} leads into a private network: an operator can allow that network.", reason="address"
            )
        if url.scheme != "https":
            raise ForbiddenRequest(f"{url.host} is asked for without encryption: use https.", reason="scheme")

    def _is_ours(self, address: Address, port: int, deadline: Deadline) -> bool:
        """Tells whether a server of packsys answers there; one on this machine does so at all of its addresses."""
        hosts = [host for host, own in self.policy.servers if own == port]
        ours = {ip_address(each) for host in hosts for each in self._addresses_of_ours(host, deadline)}
        return address in ours or (self._is_here(address) and any(map(self._is_here, ours)))

    def _is_here(self, address: Address) -> bool:
        return address.is_loopback or address.is_unspecified or self.own(str(address))

    def _addresses_of_ours(self, host: str, deadline: Deadline) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            return ["127.0.0.1", "::1"] if host == "localhost" else self.resolve(host, deadline.left())

    def _checked(self, url: Url, connected: socket.socket, networks: Networks) -> socket.socket:
        peer = ip_address(str(connected.getpeername()[0]).partition("%")[0])
        if not (is_public(peer) or is_allowed(peer, networks)):
            connected.close()
            raise ForbiddenRequest(f"The way to {url.host} ends in a private network.", reason="address")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected
