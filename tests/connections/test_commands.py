"""What people type to connect accounts, as they type it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from packsys.connections.contents import read
from packsys.connections.vault import Secret, Vault
from packsys.errors import SealBroken
from packsys.model import Connection
from packsys.settings import Settings
from packsys.store.connections import PostgresConnections
from packsys.store.database import open_database
from tests.provider.authority import CLIENT, SECRET
from tests.service.conftest import serving
from tests.service.house import SmallHouse

pytestmark = pytest.mark.slow

NEW, OLD = b"n" * 32, b"o" * 32


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


@pytest.fixture
def environ(house: SmallHouse) -> Iterator[dict[str, str]]:
    """Gives the environment of a command that talks to the house."""
    with serving(house) as url:
        yield {**os.environ, "PACKSYS_URL": url, "PACKSYS_KEY": house.token()}


def packsys(*words: str, environ: dict[str, str], typed: str = "") -> str:
    command = [sys.executable, "-m", "packsys.cli.main", *words]
    done = subprocess.run(command, env=environ, input=typed, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def signing_in(environ: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Begins to sign in; gives the command, and the address that it prints."""
    command = [sys.executable, "-m", "packsys.cli.main", "connect", "Mail", "me", "--sign-in", "--no-browser"]
    begun = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert begun.stderr
    printed = begun.stderr.readline()
    assert printed.startswith("Sign in at https://provider.example/authorize?")
    return begun, printed.removeprefix("Sign in at https://provider.example").strip()


def test_a_person_signs_in_from_the_command_line(house: SmallHouse, environ: dict[str, str]) -> None:
    packsys("oauth-client", "set", "Mail", "--client-id", CLIENT, environ=environ, typed=f"{SECRET}\n")
    begun, asked = signing_in(environ)
    back = house.authority.authorize(asked)
    forged = httpx.get(back.replace("state=", "state=x"))
    answer = httpx.get(back)
    assert (forged.status_code, answer.status_code) == (404, 200)
    said, _ = begun.communicate(timeout=30)
    assert begun.returncode == 0
    (row,) = house.kept.list(workspace="default")
    assert said == f"me {row.id}\n"
    tokens = read(house.vault.open_connection(row)).tokens
    assert tokens
    assert tokens.access.reveal() == house.authority.given[0].access[0]
    listed = packsys("connections", "list", environ=environ)
    assert row.id in listed
    assert "active" in listed
    assert packsys("connections", "revoke", row.id, environ=environ) == "me revoked\n"
    history = packsys("connections", "audit", row.id, environ=environ)
    assert [line.split("  ")[-1] for line in history.splitlines()] == [
        "sign-in begun",
        "signed in",
        "revoked",
        "revocation the service ended the token",
    ]


def test_fields_are_read_one_a_line(house: SmallHouse, environ: dict[str, str]) -> None:
    words = ("connect", "GitHub", "me", "--field", "user", "--field", "key")
    packsys(*words, environ=environ, typed="somebody\nnot-a-real-key\n")
    (row,) = house.kept.list(workspace="default")
    assert row.sealed == f"{'somebody'[::-1]};{'not-a-real-key'[::-1]}".encode()


def test_the_key_is_changed_while_the_house_is_at_work(database_url: str, state_url: str, cache_url: str) -> None:
    database = open_database(database_url)
    old, new = Vault({"old": OLD}, "old"), Vault({"new": NEW}, "new")
    kept = PostgresConnections(database)
    for number in range(5):
        row = Connection(id=str(number), workspace="default", pack_id=7, name="me", sealed=b"")
        kept.add(old.seal_connection(row, Secret(f"fake {number}")))
    kept.add(replace(kept.list(workspace="default")[0], id="moved"))
    settings = Settings(
        database_url=database_url,
        state_url=state_url,
        cache_url=cache_url,
        vault_keys={"new": NEW, "old": OLD},
    )
    command = [sys.executable, "-m", "packsys.cli.main", "vault", "rotate"]
    environ = {**os.environ, **settings.environ()}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "5 of 6 secrets were sealed anew\n"
    assert (done.returncode, "connection moved does not open" in done.stderr) == (1, True)
    for row in kept.list(workspace="default"):
        if row.id == "moved":
            with pytest.raises(SealBroken):
                new.open_connection(row)
        else:
            assert new.open_connection(row) == Secret(f"fake {row.id}")
    database.close()
