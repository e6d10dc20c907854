"""No name leads into a private network, whatever its addresses look like."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from packsys.egress.guard import EgressPolicy, Guard, Resolver, is_public, system_resolver
from packsys.errors import ForbiddenRequest, UpstreamError, WrongSetUp


def answering(*addresses: str) -> Resolver:
    return lambda host, port: list(addresses)


def addresses(*found: str, allowed: tuple[str, ...] = (), encrypted: bool = True) -> Sequence[str]:
    guard = Guard(EgressPolicy(allowed_networks=allowed), answering(*found))
    return guard.addresses("example.com", 443, encrypted=encrypted)


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
    assert addresses("10.1.2.3", allowed=("10.0.0.0/8",), encrypted=False) == ["10.1.2.3"]
    with pytest.raises(ForbiddenRequest):
        addresses("10.1.2.3", "192.168.0.1", allowed=("10.0.0.0/8",))


def test_a_public_address_needs_encryption() -> None:
    with pytest.raises(ForbiddenRequest, match="use https"):
        addresses("93.184.216.34", encrypted=False)


@pytest.mark.parametrize("found", [(), tuple(f"93.184.216.{last}" for last in range(100))])
def test_a_name_has_one_address_at_least_and_not_a_hundred(found: tuple[str, ...]) -> None:
    with pytest.raises(UpstreamError, match="addresses"):
        addresses(*found)


def test_a_name_that_nobody_knows_cannot_be_found() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(UpstreamError, match="cannot be found"):
        Guard(EgressPolicy(), unknown).addresses("example.com", 443, encrypted=True)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that changes its mind between the check and the connection gains nothing: it is asked once."""
    answers = iter([["127.0.0.1"], ["93.184.216.34"]])
    with socket.create_server(("127.0.0.1", 0)) as server:
        guard = Guard(EgressPolicy(allowed_networks=("127.0.0.1/32",)), lambda host, port: next(answers))
        with guard.connect("example.com", server.getsockname()[1], timeout=5, encrypted=False) as connected:
            assert connected.getpeername() == server.getsockname()
    assert next(answers) == ["93.184.216.34"]


def test_a_closed_port_is_told_without_an_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    guard = Guard(EgressPolicy(allowed_networks=("127.0.0.0/8",)), answering("127.0.0.1"))
    with pytest.raises(UpstreamError) as caught:
        guard.connect("example.com", port, timeout=5, encrypted=False)
    assert caught.value.message == "example.com cannot be reached: Connection refused."


@pytest.mark.parametrize("network", ["10.0.0.1/8", "ten", "10.0.0.0/33"])
def test_what_is_no_network_is_refused_at_start(network: str) -> None:
    with pytest.raises(WrongSetUp, match="allowed networks"):
        EgressPolicy(allowed_networks=(network,))


def test_the_system_resolves_names_and_addresses() -> None:
    assert "127.0.0.1" in system_resolver("127.0.0.1", 80)
