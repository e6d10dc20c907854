"""Eight processes refresh one connection while they are killed at every step of it.

The provider takes each refresh token once, and its own log is the judge. A process that dies between the answer and
the row takes the only copy of the new token with it, which no client can mend: that, and nothing else, may end in a
new sign-in, once for each such death.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, update

from packsys.connections.audit import intact
from packsys.connections.contents import read
from packsys.model import Connection, ConnectionState
from packsys.runtime.connect import NewConnection
from packsys.runtime.signin import SignIn
from packsys.store.connections import PostgresConnections
from packsys.store.database import Database, open_database
from packsys.store.oauth import PostgresOAuth
from packsys.store.tables import connection as table
from tests.connections.hammer import CONNECTION, mint, now, vault
from tests.connections.test_signin import agree_at
from tests.connections.world import REDIRECT, OnePack, a_pack, declared, keep_client
from tests.provider import Provider

ROOT = Path(__file__).parents[2]
PROCESSES = 8
STEPS = ("leased", "sending", "answered", "saved")


@dataclass
class Storm:
    """Keeps eight processes at work, and lets the owner sign in again where they are asked to."""

    database_url: str
    database: Database
    provider: Provider
    deaths: list[str]
    died: list[str] = field(default_factory=list)
    running: list[tuple[subprocess.Popen[str], str]] = field(default_factory=list)
    sign_ins: int = 0

    def begin(self) -> None:
        """Starts the processes, each with a death of its own while there are any."""
        self.sign_in()
        while len(self.running) < PROCESSES:
            self.launch(self.deaths.pop(0) if self.deaths else "")

    def launch(self, step: str) -> None:
        command = [sys.executable, "-m", "tests.connections.hammer", self.database_url, self.provider.url, step]
        started = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.running.append((started, step))

    def look(self) -> None:
        """Replaces who died, and signs in where the connection needs it."""
        for process, step in tuple(self.running):
            if process.poll() is not None:
                assert process.returncode == -9, f"a process that should die at {step!r} ended by itself"
                self.running.remove((process, step))
                self.died.append(step)
                self.expire(process.pid)
                self.launch(self.deaths.pop(0) if self.deaths else "")
        if self.row().state is ConnectionState.NEEDS_REAUTH:
            self.sign_in()

    def expire(self, pid: int) -> None:
        """Lets the time pass for which the right of a dead process would have held."""
        held = table.c.refresh_owner.startswith(f"{pid}-")
        with self.database.connect() as session:
            session.execute(update(table).where(held).values(refresh_until=func.now()))

    def end(self) -> None:
        """Lets the processes finish what they do."""
        for process, _ in self.running:
            assert process.stdin
            process.stdin.close()
        for process, _ in self.running:
            process.wait(60)

    def row(self) -> Connection:
        row = PostgresConnections(self.database).get(CONNECTION, workspace="default")
        assert row
        return row

    def sign_in(self) -> None:
        """Does what the owner does."""
        made = iter(range(self.sign_ins * 100, 10_000))
        signin = SignIn(
            packs=OnePack(a_pack(declared(token_url=f"{self.provider.url}/token"))),
            connections=PostgresConnections(self.database),
            oauth=PostgresOAuth(self.database),
            vault=vault(),
            mint=mint(),
            redirect=REDIRECT,
            now=now,
            new_id=lambda: CONNECTION,
            randomness=lambda count: next(made).to_bytes(count, "big"),
        )
        started = signin.start(NewConnection(pack_id=7, name="me", id=CONNECTION))
        signin.finish(agree_at(self.provider.authority, started))
        self.sign_ins += 1


def until(true: Callable[[], bool], storm: Storm, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        storm.look()
        assert time.monotonic() < deadline, f"only these have died: {Counter(storm.died)}"
        time.sleep(0.02)


def rage(database_url: str, deaths: Sequence[str], *, refreshes: int, seconds: float) -> Storm:
    """Goes on until all deaths were died and as many refreshes were made."""
    with Provider() as provider:
        provider.authority.client.redirects.append(REDIRECT)
        database = open_database(database_url)
        keep_client(PostgresOAuth(database), vault())
        storm = Storm(database_url, database, provider, list(deaths))
        storm.begin()
        try:
            until(lambda: len(storm.died) == len(deaths) and len(refreshed(storm)) >= refreshes, storm, seconds=seconds)
        finally:
            storm.end()
        judge(storm, deaths)
        database.close()
    return storm


def refreshed(storm: Storm) -> list[str]:
    visits = tuple(storm.provider.authority.visits)
    return [visit.token for visit in visits if visit.grant_type == "refresh_token" and visit.status == 200]


def judge(storm: Storm, deaths: Sequence[str]) -> None:
    """Reads the provider's log."""
    visits = [visit for visit in storm.provider.authority.visits if visit.grant_type == "refresh_token"]
    lost = list(deaths).count("answered")
    overlapping = [later for earlier, later in pairwise(visits) if later.came < earlier.went]
    assert not overlapping, "two refreshes were under way at once"
    refused = [visit for visit in visits if visit.status != 200]
    assert len(refused) == lost, f"a token was sent that was not the newest: {refused}"
    assert len(set(refreshed(storm))) == len(refreshed(storm)), "a refresh token was sent twice"
    assert storm.sign_ins == 1 + lost, "somebody was asked to sign in again because of us"
    newest = storm.provider.authority.given[-1]
    tokens = read(vault().open_connection(storm.row())).tokens
    assert tokens
    assert tokens.refresh
    assert (tokens.access.reveal(), tokens.refresh.reveal()) == (newest.access[-1], newest.refresh[-1])
    lines = PostgresConnections(storm.database).audit(CONNECTION, workspace="default")
    assert intact(lines)
    assert sum(line.note.action == "refreshed" for line in lines) == len(refreshed(storm)) - lost
    assert sum(line.note.remark == "rotation_lost" for line in lines) == lost


@pytest.mark.slow
def test_eight_processes_that_die_at_every_step_lose_no_token_and_ask_nobody(database_url: str) -> None:
    rage(database_url, STEPS, refreshes=100, seconds=120)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_same_for_five_deaths_at_every_step(database_url: str) -> None:
    rage(database_url, STEPS * 5, refreshes=400, seconds=500)
