"""A state server that would lose work is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from packsys.bootstrap import refuse_lossy_state
from packsys.embedded.binaries import valkey_server
from packsys.errors import NotReady, WrongSetUp
from packsys.kvstore.address import connect
from packsys.kvstore.roles import BROKER, check_state
from packsys.settings import Settings


def test_a_server_that_evicts_nothing_may_keep_state(state_url: str) -> None:
    assert check_state(state_url) == ()


def test_a_server_that_evicts_may_not_keep_state(cache_url: str) -> None:
    with pytest.raises(WrongSetUp, match=r"maxmemory-policy is allkeys-lru.*'maxmemory-policy noeviction'"):
        check_state(cache_url)


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-ttl", "allkeys-random"])
def test_every_policy_that_evicts_is_refused(state_url: str, policy: str) -> None:
    with connect(state_url, timeout=5) as client:
        client.config_set("maxmemory-policy", policy)
        try:
            with pytest.raises(WrongSetUp, match=policy):
                check_state(state_url)
        finally:
            client.config_set("maxmemory-policy", "noeviction")


@pytest.fixture
def restricted(state_url: str) -> Iterator[str]:
    """Gives the address of a user of the state server who may ask neither CONFIG nor INFO."""
    with connect(state_url, timeout=5) as client:
        client.execute_command("ACL", "SETUSER", "restricted", "on", ">not-secret", "~*", "+@all", "-config", "-info")
        yield state_url.replace("redis+socket://", "redis+socket://restricted:not-secret@")
        client.execute_command("ACL", "DELUSER", "restricted")


def test_what_cannot_be_checked_is_said(restricted: str) -> None:
    unchecked = check_state(restricted)
    assert [sentence.split(" ")[0] for sentence in unchecked] == ["INFO", "CONFIG"]


def test_a_refused_password_is_said(restricted: str) -> None:
    with pytest.raises(WrongSetUp, match="password") as refused:
        check_state(restricted.replace("not-secret", "wrong-secret"))
    assert "wrong-secret" not in str(refused.value)


def test_a_server_that_is_away_is_not_ready() -> None:
    with pytest.raises(NotReady, match="PACKSYS_STATE_URL"):
        check_state("redis+socket:///nonexistent/v.sock")


@pytest.fixture
def cluster_url(tmp_path: Path) -> Iterator[str]:
    """Gives the address of a server in cluster mode."""
    place = ("--port", "0", "--unixsocket", str(tmp_path / "v.sock"), "--dir", str(tmp_path))
    command = [str(valkey_server()), *place, "--cluster-enabled", "yes", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert any("Ready to accept connections" in line for line in server.stdout)
        yield f"redis+socket://{tmp_path}/v.sock"
        server.terminate()


def settings(state_url: str, broker_url: str) -> Settings:
    """Gives settings of which only the servers matter."""
    return Settings(database_url="", state_url=state_url, cache_url="", broker_url=broker_url)


def test_a_broker_beside_the_state_server_may_not_evict_either(state_url: str, cache_url: str) -> None:
    with pytest.raises(WrongSetUp, match="The broker's maxmemory-policy is allkeys-lru"):
        refuse_lossy_state(settings(state_url, cache_url))


@pytest.mark.parametrize("broker", ["", "amqp://nowhere.example"])
def test_a_broker_that_is_the_state_server_or_no_redis_is_not_asked(state_url: str, broker: str) -> None:
    refuse_lossy_state(settings(state_url, broker))
    refuse_lossy_state(settings(state_url, state_url))


def test_a_broker_that_is_away_is_named_with_its_setting() -> None:
    with pytest.raises(NotReady, match=r"The broker \(PACKSYS_BROKER_URL\) does not answer"):
        check_state("redis+socket:///nonexistent/v.sock", BROKER)


def test_a_cluster_may_not_keep_state(cluster_url: str) -> None:
    with pytest.raises(WrongSetUp, match="Redis Cluster"):
        check_state(cluster_url)
