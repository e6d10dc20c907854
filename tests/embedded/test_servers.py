"""What runs: three servers with the right policies, behind sockets of our own only."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from packsys.embedded import EmbeddedServers
from packsys.errors import WrongSetUp

pytestmark = pytest.mark.slow
SUN_PATH = 103  # macOS; Linux has 107


def valkey(url: str) -> redis.Redis:
    return redis.Redis(unix_socket_path=urlsplit(url).path, decode_responses=True, retry=Retry(NoBackoff(), 1))


def database(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True)


@pytest.mark.parametrize(
    ("role", "setting", "value"),
    [
        ("state", "maxmemory-policy", "noeviction"),
        ("state", "appendonly", "yes"),
        ("state", "appendfsync", "everysec"),
        ("state", "maxmemory", "0"),
        ("cache", "maxmemory-policy", "allkeys-lru"),
        ("cache", "maxmemory", str(256 * 1024 * 1024)),
        ("cache", "appendonly", "no"),
        ("cache", "save", ""),
    ],
)
def test_each_role_has_its_policy(servers: EmbeddedServers, role: str, setting: str, value: str) -> None:
    url = servers.state_url if role == "state" else servers.cache_url
    with valkey(url) as server:
        assert server.config_get(setting) == {setting: value}


def test_the_roles_are_two_servers(servers: EmbeddedServers) -> None:
    with valkey(servers.state_url) as state, valkey(servers.cache_url) as cache:
        state.set("only", "here")
        assert cache.get("only") is None
        state.delete("only")


def test_the_database_is_postgresql_18_and_sorts_the_same_everywhere(servers: EmbeddedServers) -> None:
    with database(servers.database_url) as connection:
        facts = connection.execute(
            "select current_database(), current_user, current_setting('server_version_num')::int / 10000,"
            " datlocprovider from pg_database where datname = current_database()"
        ).fetchone()
    assert facts == ("packsys", "app", 18, "b")


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_a_commit_outlives_a_power_cut_unless_told_otherwise(home: Path, durable: bool, fsync: str) -> None:
    with EmbeddedServers(home, durable=durable) as servers, database(servers.database_url) as connection:
        assert connection.execute("show fsync").fetchone() == (fsync,)
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)


def test_nothing_listens_on_the_network(servers: EmbeddedServers) -> None:
    processes = [psutil.Process(pid) for pid in servers.pids.values()]
    everyone = [*processes, *(child for process in processes for child in process.children(recursive=True))]
    assert [found for process in everyone for found in process.net_connections("inet")] == []


def test_only_our_user_reaches_the_sockets(servers: EmbeddedServers) -> None:
    folder = Path(urlsplit(servers.state_url).path).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_addresses_are_known_before_the_start_and_follow_from_the_directory(home: Path) -> None:
    before = EmbeddedServers(home).urls
    assert before == EmbeddedServers(str(home)).urls
    assert before != EmbeddedServers(home / "other").urls
    with EmbeddedServers(home, durable=False) as servers:
        assert servers.urls == before


def test_socket_paths_are_short_however_long_the_directory_is(tmp_path: Path) -> None:
    urls = EmbeddedServers(tmp_path.joinpath(*["a-rather-long-name"] * 20)).urls
    folder = parse_qs(urlsplit(urls.database).query)["host"][0]
    assert len(f"{folder}/.s.PGSQL.5432.lock".encode()) <= SUN_PATH
    assert len(urlsplit(urls.state).path.encode()) <= SUN_PATH


def test_a_folder_that_somebody_else_put_in_the_way_is_refused(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path / "servers")
    in_the_way = Path(urlsplit(servers.state_url).path).parent
    in_the_way.symlink_to(tmp_path)
    try:
        with pytest.raises(WrongSetUp, match="belongs to another user"):
            servers.start()
    finally:
        in_the_way.unlink()


def test_waiting_for_servers_needs_no_driver() -> None:
    """A demo that starts in two seconds cannot import SQLAlchemy to see whether a socket answers."""
    code = "import sys, packsys.embedded; print(*{'redis', 'psycopg', 'sqlalchemy', 'celery'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
