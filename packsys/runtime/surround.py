"""Puts a world around pack code: what it may reach in one attempt, and what its context says."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

from packsys.errors import NotConnected
from packsys.model import Connection, PackVersion
from packsys.ports import BlobStore, Egress, Fetcher, Request, Response, ResultCache, World
from packsys.runtime.recall import Recall
from packsys.sdk.surroundings import Location, NoCache, Sync


class Connections(Protocol):
    """Knows the connected accounts of workspaces."""

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""


def new_token() -> str:
    """Makes a token that nobody guesses: 128 random bits."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Unopened:
    """Is a way out that is opened when it is needed: without an account nothing can be wrong with it before."""

    way: Callable[[], Fetcher]

    def fetch(self, request: Request) -> Response:
        """Sends a request, as :class:`~packsys.ports.Fetcher` says."""
        return self._opened.fetch(request)

    @cached_property
    def _opened(self) -> Fetcher:
        return self.way()


@dataclass(frozen=True, kw_only=True)
class Surround:
    """Makes worlds, each for one attempt; ``token`` gives one that is unlike all others."""

    connections: Connections
    egress: Egress
    cache: ResultCache
    blobs: BlobStore | None = None
    token: Callable[[], str] = new_token

    def __call__(
        self,
        pack: PackVersion,
        *,
        account: str | None,
        location: Location,
        timeout: float,
        timezone: str = "UTC",
        locale: str = "en",
        idempotency_key: str = "",
        sync: Sync | None = None,
        fresh: bool = False,
        formula: str = "",
    ) -> World:
        """Makes the world of a pack release with an account of the location's workspace.

        ``formula`` is the one that is called, where it is one. A ``fresh`` world finds no kept results and no kept
        answers. Raises :class:`~packsys.errors.NotConnected` for an account that cannot be used, and what
        :class:`~packsys.ports.Egress` does.
        """
        workspace, token = location.workspace, self.token()
        connection = self._connection(account, pack, workspace)
        way = partial(
            self.egress.open, pack, connection, token=token, workspace=workspace, fresh=fresh, formula=formula
        )
        recall = Recall(
            cache=self.cache, workspace=workspace, pack=pack, account=account, timezone=timezone, locale=locale
        )
        return World(
            fetcher=way() if connection else Unopened(way),
            timeout=timeout,
            timezone=timezone,
            locale=locale,
            endpoint=connection.endpoint if connection else "",
            idempotency_key=idempotency_key,
            token=token,
            location=location,
            sync=sync or Sync(),
            blobs=self.blobs.of(workspace) if self.blobs else None,
            cache=NoCache() if fresh else recall,
        )

    def _connection(self, account: str | None, pack: PackVersion, workspace: str) -> Connection | None:
        if account is None:
            return None
        connection = self.connections.get(account, workspace=workspace)
        if connection is None or connection.pack_id != pack.id:
            raise NotConnected(f"The account {account} of {pack.name} is gone: connect it again.")
        if not connection.state.usable:
            raise NotConnected(f"The account {connection.name!r} is {connection.state}: connect it again.")
        return connection
