"""Addresses of Redis servers."""

from __future__ import annotations

import pytest

from packsys.errors import WrongSetUp
from packsys.kvstore.address import connect, translated


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("redis://host:6379/1", "redis://host:6379/1"),
        ("rediss://user:pw@host/0", "rediss://user:pw@host/0"),
        ("redis+socket:///run/v.sock?virtual_host=3", "unix:///run/v.sock?db=3"),
        ("redis+socket:///run/v.sock", "unix:///run/v.sock?"),
        ("redis+socket://user:p%40w@/run/v.sock?virtual_host=3", "unix://user:p%40w@/run/v.sock?db=3"),
        ("unix:///run/v.sock?db=3", "unix:///run/v.sock?db=3"),
    ],
)
def test_an_address_is_understood_as_celery_or_redis_spells_it(written: str, read: str) -> None:
    assert translated(written) == read


def test_a_client_knows_where_to_go() -> None:
    client = connect("redis+socket://user:p%40w@/run/v.sock?virtual_host=3", timeout=1.5)
    kept = client.get_connection_kwargs()
    assert (kept["path"], kept["db"], kept["username"], kept["password"]) == ("/run/v.sock", 3, "user", "p@w")
    assert (kept["socket_timeout"], kept["socket_connect_timeout"]) == (1.5, 1.5)


@pytest.mark.parametrize("url", ["", "nonsense", "amqp://host", "http://host", "memory://", "sentinel://host"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(WrongSetUp, match="redis://"):
        translated(url)
