"""Settings are read once, and what is wrong with them is said by name."""

from __future__ import annotations

import base64

import pytest

from packsys.errors import WrongSetUp
from packsys.settings import PACKS, Settings

KEY = base64.b64encode(bytes(range(32))).decode()
ENVIRON = {
    "PACKSYS_DATABASE_URL": "postgresql://app@db/packsys",
    "PACKSYS_STATE_URL": "redis://state/0",
    "PACKSYS_CACHE_URL": "redis://cache/0",
}


def test_what_is_not_said_has_its_default() -> None:
    settings = Settings.from_environ(ENVIRON)
    assert settings.packs == PACKS
    assert settings.vault_keys == {}
    assert settings.allowed_networks == ()


def test_settings_survive_the_way_to_a_child() -> None:
    environ = {
        **ENVIRON,
        "PACKSYS_VAULT_KEYS": f"new:{KEY},old:{KEY}",
        "PACKSYS_PACKS": "packs.github, examples/hello/pack.py",
        "PACKSYS_ALLOWED_NETWORKS": "10.0.0.0/8, sales=10.1.0.0/16",
        "PACKSYS_PUBLIC_URL": "https://packsys.example.com/base",
        "PACKSYS_LEASE": "3",
        "PACKSYS_RATE_LIMITS": "1013=50/s; *=5/s",
        "PACKSYS_CALLS_AT_ONCE": "workspace=20; pack 1013=4",
    }
    settings = Settings.from_environ(environ)
    assert Settings.from_environ(settings.environ()) == settings
    assert list(settings.vault_keys) == ["new", "old"]
    assert settings.allowed_networks == ("10.0.0.0/8", "sales=10.1.0.0/16")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("postgresql+psycopg://user:pw@db.example:5433/packsys", ("db.example", 5433)),
        ("postgresql://db.example/packsys", ("db.example", 5432)),
        ("redis://:pw@[fd00::1]/0", ("fd00::1", 6379)),
    ],
)
def test_our_own_servers_are_known(url: str, server: tuple[str, int]) -> None:
    assert Settings(database_url=url, state_url="", cache_url="").servers == (server,)


@pytest.mark.parametrize("url", ["redis+socket:///tmp/cache.sock?virtual_host=0", "postgresql:///packsys?host=/tmp/pg"])
def test_a_server_in_a_file_is_out_of_reach_anyway(url: str) -> None:
    assert Settings(database_url=url, state_url="", cache_url="").servers == ()


WRONG = {
    "PACKSYS_DATABASE_URL": "",
    "PACKSYS_STATE_URL": "",
    "PACKSYS_CACHE_URL": "",
    "PACKSYS_VAULT_KEYS": "short:AAAA",
    "PACKSYS_PUBLIC_URL": "packsys.example.com",
    "PACKSYS_LEASE": "soon",
    "PACKSYS_GRACE": "-1",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    with pytest.raises(WrongSetUp, match=name):
        Settings.from_environ({**ENVIRON, name: WRONG[name]})


@pytest.mark.parametrize("written", [KEY, f"{KEY}:new", f"new:{KEY},{KEY}", f"{KEY}new:"])
def test_a_key_that_is_written_wrongly_shows_nowhere(written: str) -> None:
    with pytest.raises(WrongSetUp) as caught:
        Settings.from_environ({**ENVIRON, "PACKSYS_VAULT_KEYS": written})
    assert KEY not in str(caught.value)


def test_keys_show_nowhere() -> None:
    settings = Settings.from_environ({**ENVIRON, "PACKSYS_VAULT_KEYS": f"k:{KEY}"})
    assert KEY not in repr(settings)
    assert "vault_keys" not in repr(settings)
