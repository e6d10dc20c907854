"""Connects an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from packsys.connections.vault import Secret, Vault
from packsys.errors import NotFound, RequestError
from packsys.model import Connection
from packsys.ports import ConnectionStore, PackStore


@dataclass(frozen=True, kw_only=True)
class NewConnection:
    """Is an account to connect: its pack, its token, and its id when the caller has chosen one."""

    pack_id: int
    name: str
    token: Secret = field(repr=False)
    workspace: str = "default"
    endpoint: str = ""
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Connect:
    """Seals an account's token for its row and keeps the row; the same id again replaces it."""

    packs: PackStore
    connections: ConnectionStore
    vault: Vault
    new_id: Callable[[], str]

    def __call__(self, new: NewConnection) -> Connection:
        """Gives the connection; raises NotFound for an unknown pack and RequestError for a malformed field."""
        if self.packs.by_id(new.pack_id) is None:
            raise NotFound(f"There is no pack {new.pack_id}; there are {', '.join(self.packs.names())}.")
        connection = self.vault.seal_connection(_row(new, self.new_id), new.token)
        self.connections.add(connection)
        return connection


def _row(new: NewConnection, new_id: Callable[[], str]) -> Connection:
    return Connection(
        id=_uuid(new.id) if new.id else new_id(),
        workspace=new.workspace,
        pack_id=new.pack_id,
        name=_name(new.name),
        endpoint=_endpoint(new.endpoint),
        sealed=b"",
    )


def _uuid(text: str) -> str:
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
        raise RequestError(f"The endpoint {text!r} is not a base URL such as https://github.example.com/api/v3.")
    return text.rstrip("/")
