"""Opens the secrets of accounts from the vault, as fresh as the service asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from packsys.connections.contents import read
from packsys.connections.credential import Credential
from packsys.connections.kinds import asks
from packsys.connections.signing import Signer, signer
from packsys.connections.vault import Vault
from packsys.errors import AuthenticationRefused
from packsys.model import Connection, PackVersion
from packsys.ports import ConnectionStore


class Refresher(Protocol):
    """Keeps the tokens of accounts fresh, with one refresh at a time for each account, wherever it is used."""

    def fresh(self, pack: PackVersion, connection: Connection) -> Connection:
        """Gives the connection with tokens that can be used now; the same one where there is nothing to refresh.

        Raises :class:`~packsys.errors.ConnectionFault` and :class:`~packsys.errors.UpstreamError`.
        """

    def renewed(self, pack: PackVersion, connection: Connection) -> Connection:
        """Gives a connection of a higher version than this one, whose token the service has refused.

        Raises :class:`~packsys.errors.ConnectionFault` when there is none to be had, and
        :class:`~packsys.errors.UpstreamError`.
        """


class Unrefreshed:
    """Is the refresher where tokens are what was entered: on a pack maker's bench."""

    def fresh(self, pack: PackVersion, connection: Connection) -> Connection:
        """Gives the connection as it is."""
        return connection

    def renewed(self, pack: PackVersion, connection: Connection) -> Connection:
        """Refuses: there is no newer token."""
        raise AuthenticationRefused(f"The service of {pack.name} refused the account's token: enter another one.")


class VaultCredentials:
    """Opens accounts: :class:`~packsys.connections.credential.Credentials`.

    The secret is in the clear in this process only, in the credential of one call.
    """

    def __init__(
        self,
        vault: Vault,
        connections: ConnectionStore,
        refresher: Refresher,
        *,
        opened: Callable[[Collection[str]], None] = lambda texts: None,
    ) -> None:
        """Takes the vault that sealed the accounts, the store to find newer ones in, and what refreshes them.

        ``opened`` is told the secrets of each account as it is opened, so that the process's log can leave them out.
        """
        self._vault = vault
        self._told = opened
        self._connections = connections
        self._refresher = refresher

    def open(self, pack: PackVersion, connection: Connection, *, token: str = "") -> Credential | None:
        """Gives the credential of an account, or None when the pack's service asks for none."""
        if not asks(pack.authentication):
            return None
        return self._opened(pack, self._refresher.fresh(pack, connection), token)

    def renew(self, pack: PackVersion, connection: Connection, used: Credential, *, token: str = "") -> Credential:
        """Gives a newer credential: one that somebody else got meanwhile, or else that of one refresh."""
        kept = self._connections.get(connection.id, workspace=connection.workspace)
        if kept is None or not kept.state.usable:
            raise AuthenticationRefused(f"The account {connection.name!r} is gone: connect it again.")
        if kept.version <= used.version:
            kept = self._refresher.renewed(pack, kept)
        return self._opened(pack, kept, token)

    def _opened(self, pack: PackVersion, connection: Connection, token: str) -> Signer:
        contents = read(self._vault.open_connection(connection))
        made = signer(pack.authentication, contents, version=connection.version, token=token)
        self._told(made.redactions)
        return made
