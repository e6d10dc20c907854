"""The Valkey commands of docker-compose.yml, run on the Valkey that is here."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from packsys.embedded.binaries import valkey_server
from packsys.embedded.valkey import POLICIES
from tests.deploy.compose import VALKEYS, words
from tests.embedded.launcher import wait_until

MEBIBYTE = 1024 * 1024
EXPECTED = {
    "state": {
        "maxmemory-policy": "noeviction",
        "maxmemory": str(1024 * MEBIBYTE),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
    },
    "cache": {
        "maxmemory-policy": "allkeys-lru",
        "maxmemory": str(512 * MEBIBYTE),
        "appendonly": "no",
        "save": "",
    },
}


def test_both_roles_are_there() -> None:
    assert set(VALKEYS) == set(EXPECTED) == set(POLICIES)


@pytest.mark.slow
@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_has_its_policy_and_asks_for_its_password(role: str, tmp_path: Path) -> None:
    shell, flag, script = words(VALKEYS[role])
    assert (shell, flag) == ("sh", "-c")
    here = script.replace("valkey-server", shlex.quote(str(valkey_server())), 1).replace("/data", str(tmp_path), 1)
    socket = Path("/tmp") / f"packsys-test-{tmp_path.parent.name}-{role}.sock"
    process = subprocess.Popen(
        ["sh", "-c", f"{here} --port 0 --unixsocket {socket}"],
        env={"PATH": "/usr/bin:/bin", **VALKEYS[role]["environment"]},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(socket.exists)
        once = Retry(NoBackoff(), 1)
        with (
            redis.Redis(unix_socket_path=str(socket), retry=once) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        with redis.Redis(
            unix_socket_path=str(socket), password="notsecret", decode_responses=True, retry=once
        ) as friend:
            assert friend.config_get(*EXPECTED[role]) == EXPECTED[role]
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_may_use_less_memory_than_its_container_has(role: str) -> None:
    """A rewrite of the log forks: the copy needs room too."""
    limit = str(VALKEYS[role]["deploy"]["resources"]["limits"]["memory"])
    bytes_of = {"M": MEBIBYTE, "G": 1024 * MEBIBYTE}
    number, unit = re.fullmatch(r"(\d+)([MG])", limit).groups()  # type: ignore[union-attr]
    assert int(number) * bytes_of[unit] >= 1.5 * int(EXPECTED[role]["maxmemory"])
