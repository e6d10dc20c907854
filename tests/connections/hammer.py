"""Refreshes one connection again and again, until its input is closed or it is killed at a step of a refresh.

Called as ``python -m tests.connections.hammer DATABASE_URL PROVIDER_URL STEP``; an empty step is never reached.
"""

from __future__ import annotations

import os
import random
import secrets
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.errors import ConnectionFault, UpstreamError
from packsys.runtime.refresh import Refresh
from packsys.store.connections import PostgresConnections
from packsys.store.database import Database, open_database
from packsys.store.oauth import PostgresOAuth
from tests.connections.world import OverHttp, a_pack, declared

CONNECTION = "8e11cd1b-c2e1-4306-9dac-0bd95ecd5084"


def now() -> datetime:
    return datetime.now(UTC)


def vault() -> Vault:
    return Vault({"test": bytes(32)}, "test")


def mint() -> Mint:
    return Mint(couriers=lambda workspace: OverHttp(), now=now)


def refresher(database: Database, passing: Callable[[str], None]) -> Refresh:
    """Wires a refresher to the real stores."""
    return Refresh(
        connections=PostgresConnections(database),
        oauth=PostgresOAuth(database),
        vault=vault(),
        mint=mint(),
        now=now,
        random=random.random,
        new_owner=lambda: f"{os.getpid()}-{secrets.token_hex(8)}",
        pause=0.02,
        passing=passing,
    )


def dying_at(step: str) -> Callable[[str], None]:
    """Gives what ends this process, with nothing tidied up, when it passes a step."""

    def passing(passed: str) -> None:
        if passed == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return passing


def hammer(database_url: str, provider: str, step: str) -> None:
    """Renews the connection for each version that it sees."""
    refresh = refresher(open_database(database_url, connections=1), dying_at(step))
    pack = a_pack(declared(token_url=f"{provider}/token"))
    while not select.select([sys.stdin], [], [], 0)[0]:
        row = refresh.connections.get(CONNECTION, workspace="default")
        if row is None or not row.state.usable:
            time.sleep(0.05)
            continue
        with suppress(ConnectionFault, UpstreamError):
            refresh.renewed(pack, row)


if __name__ == "__main__":
    hammer(*sys.argv[1:])
