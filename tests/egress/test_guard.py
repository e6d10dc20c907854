"""No name leads into a private network, whatever its addresses look like."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from packsys.egress.addresses import is_public
from packsys.egress.deadline import Deadline
from packsys.egress.guard import EgressPolicy, Guard, is_own
from packsys.egress.resolver import Resolver
from packsys.egress.url import Url, parse
from packsys.errors import ForbiddenRequest, UpstreamError, WrongSetUp

ENCRYPTED, PLAIN = parse("https://example.com"), parse("http://example.com")


def answering(*addresses: str) -> Resolver:
    return lambda host, seconds: list(addresses)


def soon() -> Deadline:
    return Deadline.after(5, "example.com", time.monotonic)


def addresses(*found: str, allowed: tuple[str, ...] = (), url: Url = ENCRYPTED, **policy: Any) -> Sequence[str]:
    guard = Guard(EgressPolicy(allowed_networks=allowed, **policy), answering(*found), own=lambda address: False)
    return guard.addresses(url, networks=guard.policy.networks_of(""), deadline=soon())


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
        *("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::169.254.169.254"),
        *("::ffff:0:127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::1"),
        *("2002:a9fe:a9fe::", "2002:808:808::", "2001:0:4136:e378::1", "2001:db8::1", "3fff::1", "5f00::1"),
        *("fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "100::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(ForbiddenRequest, match="leads into a private network"):
        addresses(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "140.82.121.6", "2606:2800:220:1::1", "2a00:1450::1"])
def test_a_public_address_will_do(address: str) -> None:
    assert addresses(address) == [address]


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(ForbiddenRequest):
        addresses("93.184.216.34", "10.0.0.1")


def test_an_allowed_network_may_be_reached_without_encryption_too() -> None:
    assert addresses("10.1.2.3", allowed=("10.0.0.0/8",), url=PLAIN) == ["10.1.2.3"]
    with pytest.raises(ForbiddenRequest):
        addresses("10.1.2.3", "192.168.0.1", allowed=("10.0.0.0/8",))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("100.100.100.200", "100.64.0.0/10"),
        *((address, "fc00::/7") for address in ("fd00:ec2::254", "fd00:ec2::23", "fd00:42::42", "fd20:ce::254")),
    ],
)
def test_where_clouds_keep_secrets_is_never_allowed(address: str, network: str) -> None:
    with pytest.raises(ForbiddenRequest):
        addresses(address, allowed=(network,))


@pytest.mark.parametrize("host", ["10.0.0.9", "database.internal.example"])
def test_our_own_servers_are_out_of_reach_even_in_an_allowed_network(host: str) -> None:
    allowed, servers = ("10.0.0.0/8",), ((host, 8379),)
    with pytest.raises(ForbiddenRequest, match="a server of packsys itself"):
        addresses("10.0.0.9", allowed=allowed, servers=servers, url=parse("http://example.com:8379"))
    assert addresses("10.0.0.9", allowed=allowed, servers=servers, url=parse("http://example.com:8380"))


@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "10.0.0.9"])
@pytest.mark.parametrize("server", ["127.0.0.1", "localhost"])
def test_our_own_server_on_this_machine_is_out_of_reach_at_all_of_its_addresses(address: str, server: str) -> None:
    policy = EgressPolicy(allowed_networks=("127.0.0.0/8", "::1/128", "10.0.0.0/8"), servers=((server, 8379),))
    guard = Guard(policy, resolve=lambda host, seconds: [address], own=lambda known: known == "10.0.0.9")
    with pytest.raises(ForbiddenRequest, match="a server of packsys itself"):
        guard.addresses(parse("http://example.com:8379"), networks=policy.networks_of("w"), deadline=soon())


@pytest.mark.parametrize("port", [22, 25, 5432, 6379, 11211])
def test_other_protocols_are_out_of_reach_even_in_an_allowed_network(port: int) -> None:
    with pytest.raises(ForbiddenRequest, match="no web service answers"):
        addresses("10.0.0.9", allowed=("10.0.0.0/8",), url=parse(f"http://example.com:{port}"))


def test_this_machine_is_out_of_reach_at_its_public_address_too() -> None:
    guard = Guard(EgressPolicy(), answering("93.184.216.34"), own=lambda address: address == "93.184.216.34")
    with pytest.raises(ForbiddenRequest, match="leads into a private network"):
        guard.addresses(ENCRYPTED, networks=(), deadline=soon())


@pytest.mark.parametrize(("address", "own"), [("127.0.0.1", True), ("192.0.2.1", False), ("2001:db8::1", False)])
def test_the_machine_knows_its_own_addresses(address: str, own: bool) -> None:
    assert is_own(address) is own


def test_a_public_address_needs_encryption() -> None:
    with pytest.raises(ForbiddenRequest, match="use https"):
        addresses("93.184.216.34", url=PLAIN)


@pytest.mark.parametrize("text", ["https://8.8.8.8", "https://[2606:2800:220:1::1]"])
def test_an_address_is_no_service(text: str) -> None:
    with pytest.raises(ForbiddenRequest, match="not the name of a service"):
        addresses(url=parse(text))


@pytest.mark.parametrize("found", [(), tuple(f"93.184.216.{last}" for last in range(100))])
def test_a_name_has_one_address_at_least_and_not_a_hundred(found: tuple[str, ...]) -> None:
    with pytest.raises(UpstreamError, match="addresses"):
        addresses(*found)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that changes its mind between the check and the connection gains nothing: it is asked once."""
    answers = iter([["127.0.0.1"], ["93.184.216.34"]])
    with socket.create_server(("127.0.0.1", 0)) as server:
        guard = Guard(EgressPolicy(allowed_networks=("127.0.0.1/32",)), lambda host, seconds: next(answers))
        url = parse(f"http://example.com:{server.getsockname()[1]}")
        with guard.connect(url, networks=guard.policy.networks_of(""), deadline=soon()) as connected:
            assert connected.getpeername() == server.getsockname()
    assert next(answers) == ["93.184.216.34"]


def test_where_the_connection_ended_is_looked_at_again() -> None:
    """A route that leads elsewhere than the address says gains nothing either."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        guard = Guard(
            EgressPolicy(),
            answering("93.184.216.34"),
            dial=lambda address, timeout: socket.create_connection(server.getsockname(), timeout),
        )
        with pytest.raises(ForbiddenRequest, match="ends in a private network"):
            guard.connect(ENCRYPTED, networks=(), deadline=soon())


def test_a_closed_port_is_told_without_an_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    guard = Guard(EgressPolicy(allowed_networks=("127.0.0.0/8",)), answering("127.0.0.1"))
    with pytest.raises(UpstreamError) as caught:
        guard.connect(parse(f"http://example.com:{port}"), networks=guard.policy.networks_of(""), deadline=soon())
    assert caught.value.message == "example.com cannot be reached: Connection refused."


@pytest.mark.parametrize("network", ["10.0.0.1/8", "ten", "10.0.0.0/33", "", "sales=", "sales=ten"])
def test_what_is_no_network_is_refused_at_start(network: str) -> None:
    with pytest.raises(WrongSetUp, match="allowed networks"):
        EgressPolicy(allowed_networks=(network,))


@pytest.mark.parametrize(
    "network", ["0.0.0.0/0", "::/0", "8.0.0.0/8", "8.8.8.8", "169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "10.0.0.0/7"]
)
def test_no_list_turns_the_checks_off(network: str) -> None:
    with pytest.raises(WrongSetUp, match="cannot be among the allowed networks"):
        EgressPolicy(allowed_networks=(network,))


def test_a_network_may_be_allowed_to_one_workspace() -> None:
    policy = EgressPolicy(allowed_networks=("10.0.0.0/8", "sales=192.168.1.0/24", "sales=fd00::/8"))
    assert [str(network) for network in policy.networks_of("")] == ["10.0.0.0/8"]
    assert [str(network) for network in policy.networks_of("support")] == ["10.0.0.0/8"]
    assert [str(network) for network in policy.networks_of("sales")] == ["10.0.0.0/8", "192.168.1.0/24", "fd00::/8"]
