"""Names are resolved by name servers and by the file of hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packsys.egress.resolver import DnsResolver
from packsys.errors import ForbiddenRequest, UpstreamError
from tests.egress.names import Names


@pytest.fixture(scope="module")
def names() -> Iterator[Names]:
    records = {
        "both.test": ["192.0.2.1", "2001:db8::1", "192.0.2.2"],
        "six.test": ["2001:db8::1"],
        "alias.test": ["cname:both.test"],
    }
    with Names(records) as started:
        yield started


def resolver(names: Names, hosts: Path = Path("/nowhere")) -> DnsResolver:
    return DnsResolver(["127.0.0.1"], port=names.port, hosts=hosts)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("both.test", ["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
        ("six.test", ["2001:db8::1"]),
        ("alias.test", ["192.0.2.1", "192.0.2.2", "2001:db8::1"]),
    ],
)
def test_a_name_has_all_its_addresses(names: Names, name: str, addresses: list[str]) -> None:
    assert list(resolver(names)(name, 5)) == addresses


def test_the_file_of_hosts_comes_first(names: Names, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# 192.0.2.9 both.test\n10.0.0.1 other.test Both.Test # here\nfe80::1%eth0 both.test\n\n")
    assert list(resolver(names, hosts)("both.test", 5)) == ["10.0.0.1", "fe80::1"]
    assert list(resolver(names, hosts)("six.test", 5)) == ["2001:db8::1"]


def test_a_name_server_that_fails_for_one_kind_is_believed_for_the_other(names: Names) -> None:
    names.records["half.test"] = ["192.0.2.1", "fails:AAAA"]
    assert list(resolver(names)("half.test", 5)) == ["192.0.2.1"]


def test_a_name_is_not_completed(names: Names) -> None:
    """A search list would turn a public name into one of the own network."""
    with pytest.raises(UpstreamError, match="no name server knows"):
        resolver(names)("both", 5)
    assert ("both", "A") in names.asked


@pytest.mark.parametrize("name", ["metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"])
def test_where_clouds_keep_secrets_is_not_asked_for(names: Names, name: str) -> None:
    with pytest.raises(ForbiddenRequest):
        resolver(names)(name, 5)
    assert (name, "A") not in names.asked
