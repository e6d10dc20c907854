"""Keeps the tokens of accounts fresh: one refresh at a time for each account, across all workers.

The right to refresh is a lease in the connection's row. It is taken for the version that was read, together with the
digest of the token that is about to be sent, so that a crash before the answer was kept can be seen. The new tokens
are kept before anybody uses them, and only in place of the version that they were got with: whoever comes late, or
after a new sign-in, changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from packsys.connections.contents import Contents, Tokens, read, written
from packsys.connections.kinds import mints
from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.errors import (
    AuthenticationRefused,
    GrantRefused,
    NotConnected,
    NotReady,
    PacksysError,
    RateLimited,
    UpstreamError,
)
from packsys.model import AuditNote, Connection, ConnectionState, PackVersion
from packsys.ports import ConnectionStore, OAuthStore
from packsys.runtime.clients import client_of
from packsys.runtime.disconnect import Latecomers
from packsys.runtime.patience import patiently

log = logging.getLogger(__name__)

MARGIN = 300.0
"""Seconds before its end from which a token is refreshed, or a fifth of its life where that is less."""

LONGEST_PAUSE = 300.0
"""Seconds after which a refresh that failed is tried again, at most."""

_ENDED_BY_OWNER = frozenset({"invalid_grant", "bad_refresh_token", "access_denied", "invalid_token", "expired_token"})
_TOUCH = timedelta(minutes=1)


class Turns:
    """Lets one thread of the process at a time work on an account."""

    def __init__(self) -> None:
        """Begins with nobody at work."""
        self._locks: WeakValueDictionary[tuple[str, str], _Turn] = WeakValueDictionary()
        self._guard = threading.Lock()

    @contextmanager
    def of(self, connection: Connection, *, seconds: float) -> Iterator[bool]:
        """Waits up to ``seconds`` for the turn; tells whether it came."""
        with self._guard:
            turn = self._locks.setdefault((connection.workspace, connection.id), _Turn())
        got = turn.lock.acquire(timeout=seconds)
        try:
            yield got
        finally:
            if got:
                turn.lock.release()


class _Turn:
    def __init__(self) -> None:
        self.lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """Refreshes tokens: :class:`~packsys.connections.vaulted.Refresher`.

    ``lease`` is how many seconds one refresh may take, above what the token endpoint may; ``patience`` how many
    seconds others wait for it. ``random`` gives numbers from 0 to 1. ``passing`` is told the name of each step as it
    is passed; tests end the process there.
    """

    connections: ConnectionStore
    oauth: OAuthStore
    vault: Vault
    mint: Mint
    now: Callable[[], datetime]
    random: Callable[[], float]
    new_owner: Callable[[], str]
    lease: float = 60.0
    patience: float = 60.0
    pause: float = 0.1
    passing: Callable[[str], None] = lambda step: None
    turns: Turns = field(default_factory=Turns)

    def fresh(self, pack: PackVersion, connection: Connection) -> Connection:
        """Gives the connection with tokens that can be used now."""
        self._touch(connection)
        if not mints(pack.authentication):
            return connection
        tokens = self._tokens(connection)
        if tokens is None or self._ended(tokens):
            return self._waited(pack, connection)
        if self._stale(tokens):
            return self._ahead(pack, connection)
        return connection

    def renewed(self, pack: PackVersion, connection: Connection) -> Connection:
        """Gives a connection of a higher version than this one."""
        if not mints(pack.authentication) or not self._can(pack, connection):
            raise AuthenticationRefused(f"{pack.name} refused the account {connection.name!r}: connect it again.")
        return self._waited(pack, connection)

    def _touch(self, connection: Connection) -> None:
        used = connection.last_used_at
        if used is None or self.now() - used > _TOUCH:
            self.connections.touch(connection)

    def _tokens(self, connection: Connection) -> Tokens | None:
        return read(self.vault.open_connection(connection)).tokens

    def _can(self, pack: PackVersion, connection: Connection) -> bool:
        tokens = self._tokens(connection)
        return pack.authentication["kind"] != "OAuth2" or (tokens is not None and tokens.refresh is not None)

    def _ended(self, tokens: Tokens) -> bool:
        return tokens.expires_at is not None and tokens.expires_at <= self.now()

    def _stale(self, tokens: Tokens) -> bool:
        if tokens.expires_at is None:
            return False
        life = (tokens.expires_at - (tokens.issued_at or tokens.expires_at)).total_seconds()
        # Not all workers at the same moment: each looks from a point of its own in the last quarter of the margin.
        margin = min(MARGIN, 0.2 * life) * (0.75 + 0.25 * self.random())
        return self.now() + timedelta(seconds=margin) >= tokens.expires_at

    def _ahead(self, pack: PackVersion, connection: Connection) -> Connection:
        """Refreshes before the end if nobody else does; until then the token that is there will do."""
        if not self._can(pack, connection):
            return connection
        with self.turns.of(connection, seconds=0) as got:
            if not got:
                return connection
            try:
                return self._newer(pack, connection) or connection
            except PacksysError as error:
                log.warning("connection.stale", extra={"connection": connection.id, "cause": error.code})
                return connection

    def _waited(self, pack: PackVersion, connection: Connection) -> Connection:
        """Refreshes, or waits for the one who does."""
        until = time.monotonic() + self.patience
        with self.turns.of(connection, seconds=self.patience) as got:
            while got:
                if (newer := self._newer(pack, connection)) is not None:
                    return newer
                if time.monotonic() > until:
                    break
                time.sleep(self.pause)
        raise UpstreamError(f"The account {connection.name!r} is being refreshed: try again.", retry_after=5)

    def _newer(self, pack: PackVersion, connection: Connection) -> Connection | None:
        """Gives a newer version if there is one, or makes it; None while somebody else does."""
        kept = self._kept(connection)
        if kept.version > connection.version:
            return kept
        self._check_due(kept)
        owner, sent = self.new_owner(), self._digest(kept)
        if not self.connections.lease(kept, owner=owner, seconds=self.lease, sent=sent):
            return None
        self.passing("leased")
        return self._refreshed(pack, kept, owner=owner, sent=sent)

    def _kept(self, connection: Connection) -> Connection:
        kept = self.connections.get(connection.id, workspace=connection.workspace)
        if kept is None:
            raise NotConnected(f"The account {connection.name!r} is gone: connect it again.")
        if not kept.state.usable:
            raise NotConnected(f"The account {kept.name!r} is {kept.state}: connect it again.")
        return kept

    def _check_due(self, kept: Connection) -> None:
        held = kept.refresh_until is not None and kept.refresh_until > self.now()
        wait = (kept.refresh_after - self.now()).total_seconds() if kept.refresh_after else 0.0
        if wait > 0 and not held:
            raise UpstreamError(f"The account {kept.name!r} cannot be refreshed: {kept.reason}.", retry_after=wait)

    def _digest(self, connection: Connection) -> bytes:
        tokens = self._tokens(connection)
        refresh = tokens.refresh.reveal() if tokens and tokens.refresh else ""
        return hashlib.sha256(refresh.encode()).digest()

    def _refreshed(self, pack: PackVersion, kept: Connection, *, owner: str, sent: bytes) -> Connection:
        contents = read(self.vault.open_connection(kept))
        try:
            client = client_of(pack.id, workspace=kept.workspace, oauth=self.oauth, vault=self.vault)
            self.passing("sending")
            tokens = self.mint(pack.authentication, contents, client, workspace=kept.workspace)
        except PacksysError as error:
            return self._failed(kept, error, owner=owner, sent=sent)
        self.passing("answered")
        newer = self._sealed(kept, replace(contents, tokens=tokens.after(contents.tokens)))
        note = AuditNote(actor="packsys", action="refreshed", at=self.now())
        # The only copy of a rotated token is here: a database that is away for a moment must not cost it.
        saved = patiently(lambda: self.connections.replace(newer, expected=kept.version, note=note), seconds=self.lease)
        self.passing("saved")
        if saved:
            return newer
        if pack.authentication["kind"] == "OAuth2":
            Latecomers(connections=self.connections, mint=self.mint, now=self.now)(
                pack, kept.id, workspace=kept.workspace, tokens=tokens, client=client
            )
        return self._kept(kept)

    def _sealed(self, kept: Connection, contents: Contents) -> Connection:
        newer = replace(
            kept,
            version=kept.version + 1,
            state=ConnectionState.ACTIVE,
            reason="",
            expires_at=contents.tokens.expires_at if contents.tokens else None,
            refresh_owner=None,
            refresh_until=None,
            refresh_sent=None,
            refresh_after=None,
            failures=0,
        )
        return self.vault.seal_connection(newer, written(contents))

    def _failed(self, kept: Connection, error: PacksysError, *, owner: str, sent: bytes) -> Connection:
        now = self._kept(kept)
        if now.version > kept.version:
            return now
        state, reason, unanswered = verdict(kept, error, sent)
        ended = replace(kept, state=state, reason=reason, refresh_sent=unanswered)
        delay = 0.0 if ended.state is ConnectionState.NEEDS_REAUTH else self._backoff(kept, error)
        note = AuditNote(actor="packsys", action=f"refresh {ended.state}", at=self.now(), remark=ended.reason)
        self.connections.release(ended, owner=owner, delay=delay, note=note)
        log.warning("connection.unrefreshed", extra={"connection": kept.id, "cause": ended.reason})
        raise self._said(ended, error)

    def _backoff(self, kept: Connection, error: PacksysError) -> float:
        pause: float = min(LONGEST_PAUSE, 2**kept.failures) * (0.5 + 0.5 * self.random())
        return max(pause, error.retry_after or 0.0)

    def _said(self, ended: Connection, error: PacksysError) -> PacksysError:
        if ended.reason == "rotation_lost":
            return NotConnected(
                f"The answer to the last refresh of {ended.name!r} was lost on its way, and the service takes each "
                "refresh token once: connect the account again."
            )
        if ended.state is ConnectionState.NEEDS_REAUTH:
            return NotConnected(f"The service ended the access of {ended.name!r}: connect the account again.")
        return error


def verdict(kept: Connection, error: PacksysError, sent: bytes) -> tuple[ConnectionState, str, bytes | None]:
    """Tells what a refresh that failed makes of a connection: its state, why, and the token that has no answer yet."""
    match error:
        case GrantRefused(error=code) if code in _ENDED_BY_OWNER:
            # The same token was sent before, and whoever sent it never came to keep the answer.
            return ConnectionState.NEEDS_REAUTH, "rotation_lost" if kept.refresh_sent == sent else code, None
        case GrantRefused(error=code):
            return ConnectionState.ERROR, code, None
        case RateLimited():
            return ConnectionState.ERROR, "rate_limited", kept.refresh_sent
        case UpstreamError() | NotReady():
            return ConnectionState.ERROR, "no_answer", sent
    return ConnectionState.ERROR, error.code, kept.refresh_sent
