"""Connects an account with what a person entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from packsys.connections.contents import Contents, written
from packsys.connections.kinds import asks, entered, mints
from packsys.connections.signing import signer
from packsys.connections.vault import Secret, Vault
from packsys.errors import NotFound, RequestError
from packsys.model import AuditNote, Connection, PackVersion
from packsys.ports import ConnectionStore, PackStore


@dataclass(frozen=True, kw_only=True)
class NewConnection:
    """Is an account to connect: its pack, its token or fields, and its id when the caller has chosen one.

    ``by`` and ``source`` say who connects it and from where, for its history.
    """

    pack_id: int
    name: str
    token: Secret | None = field(default=None, repr=False)
    fields: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    workspace: str = "default"
    endpoint: str = ""
    id: str | None = None
    by: str = ""
    source: str = ""


def utc() -> datetime:
    """Tells the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Connect:
    """Seals what was entered for its row and keeps the row; the same id again replaces it."""

    packs: PackStore
    connections: ConnectionStore
    vault: Vault
    new_id: Callable[[], str]
    now: Callable[[], datetime] = utc

    def __call__(self, new: NewConnection) -> Connection:
        """Gives the connection; raises NotFound for an unknown pack and RequestError for a malformed field."""
        pack = self.packs.by_id(new.pack_id)
        if pack is None:
            raise NotFound(f"There is no pack {new.pack_id}; there are {', '.join(self.packs.names())}.")
        contents = checked(pack, new)
        row = row_of(new, id=connection_id(new.id) if new.id else self.new_id(), connections=self.connections)
        connection = self.vault.seal_connection(row, written(contents))
        self.connections.add(connection, note=note_of(new, "connected", self.now()))
        return connection


def checked(pack: PackVersion, new: NewConnection) -> Contents:
    """Gives what was entered, once it is sure that it can be sent; raises RequestError and AuthenticationRefused."""
    contents = entered(pack.authentication, token=new.token, fields=new.fields)
    if asks(pack.authentication) and not mints(pack.authentication):
        signer(pack.authentication, contents)
    return contents


def row_of(new: NewConnection, *, id: str, connections: ConnectionStore) -> Connection:
    """Makes the row of an account, one version above the one that it replaces: an old secret opens in none of them."""
    kept = connections.get(id, workspace=new.workspace)
    return Connection(
        id=id,
        workspace=new.workspace,
        pack_id=new.pack_id,
        name=_name(new.name),
        endpoint=_endpoint(new.endpoint),
        sealed=b"",
        version=1 if kept is None else kept.version + 1,
    )


def note_of(new: NewConnection, action: str, at: datetime) -> AuditNote:
    """Writes down that an account was connected."""
    return AuditNote(actor=new.by, action=action, at=at, source=new.source)


def connection_id(text: str) -> str:
    """Reads a connection's id; raises RequestError."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise RequestError(f"The connection's id {text!r} is not a UUID.") from error


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise RequestError("A connection needs a name of printable characters.")
    return text.strip()


def _endpoint(text: str) -> str:
    # The address behind it is checked at every call, on the way out: a name may point elsewhere tomorrow.
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or "?" in text or "#" in text or "@" in text:
        # It is not shown: where it holds an @, there may be a password before it.
        raise RequestError("The endpoint is not a base URL such as https://github.example.com/api/v3.")
    return text.rstrip("/")
