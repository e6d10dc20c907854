"""`packsys key` makes keys that may do what was asked for, and no more."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping

import pytest
from click.testing import CliRunner, Result

from packsys.cli.main import cli
from packsys.model import Key
from packsys.runtime.keys import recognise
from packsys.store.database import open_database
from packsys.store.keys import PostgresKeys

Command = Callable[..., Result]


@pytest.fixture
def environ(database_url: str, state_url: str, cache_url: str) -> Mapping[str, str]:
    """Gives the settings of an installation with nothing in it."""
    return {
        "PACKSYS_DATABASE_URL": database_url,
        "PACKSYS_STATE_URL": state_url,
        "PACKSYS_CACHE_URL": cache_url,
        "PACKSYS_VAULT_KEYS": f"test:{b64encode(bytes(32)).decode()}",
    }


@pytest.fixture
def key(environ: Mapping[str, str]) -> Command:
    """Runs `packsys key`."""
    return lambda *words: CliRunner(env=environ).invoke(cli, ("key", *words))


def kept(environ: Mapping[str, str], token: str) -> Key:
    """Finds the key of a token."""
    database = open_database(environ["PACKSYS_DATABASE_URL"])
    try:
        return recognise(token.strip(), PostgresKeys(database))
    finally:
        database.close()


@pytest.mark.parametrize(
    ("asked", "scopes"),
    [((), ("jobs", "connections")), (("packs",), ("packs",)), (("jobs", "packs"), ("jobs", "packs"))],
)
def test_a_key_has_the_scopes_that_were_asked_for(
    environ: Mapping[str, str], key: Command, asked: tuple[str, ...], scopes: tuple[str, ...]
) -> None:
    made = key("new", "ci", *(word for scope in asked for word in ("--scope", scope)))
    assert kept(environ, made.output).scopes == scopes
    assert key("list").output.endswith(f"ci  active  {' '.join(scopes)}\n")


def test_an_unknown_scope_is_refused(key: Command) -> None:
    refused = key("new", "ci", "--scope", "everything")
    assert refused.exit_code == 2
    assert "'jobs', 'connections', 'packs'" in refused.output
