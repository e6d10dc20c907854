"""Databases for tests, made and thrown away on the server that all tests of a process share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from packsys.embedded import EmbeddedServers

PRISTINE = "pristine"
"""The migrated database that others are copied from: no test has its address, so that none writes there."""


@contextmanager
def made(servers: EmbeddedServers, name: str, *, template: str = "template1") -> Iterator[str]:
    """Makes a database as a copy of another, gives its address, and drops it."""
    with psycopg.connect(_beside(servers, "postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy")
        yield _beside(servers, name)
        connection.execute(f"drop database {name} with (force)")


def _beside(servers: EmbeddedServers, name: str) -> str:
    return servers.database_url.replace("/packsys?", f"/{name}?")
