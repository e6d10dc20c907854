"""An Internet of one machine: names that resolve as a test says, and servers of the test behind them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from packsys.connections.vault import Secret, Vault
from packsys.connections.vaulted import Unrefreshed, VaultCredentials
from packsys.egress.guard import EgressPolicy, Guard
from packsys.memory.connections import MemoryConnections
from packsys.model import Connection

VAULT = Vault({"test": os.urandom(32)}, "test")
HERE = ("127.0.0.0/8",)


def credentials(vault: Vault = VAULT) -> VaultCredentials:
    """Gives what opens accounts whose tokens are never refreshed."""
    return VaultCredentials(vault, MemoryConnections(), Unrefreshed())


def sealed(connection: Connection, token: str, vault: Vault = VAULT) -> Connection:
    """Seals an account's token."""
    return vault.seal_connection(connection, Secret(token))


def an_internet(port: int, certificates: Path | None, *, public: str = "93.184.216.34") -> Guard:
    """Makes an Internet in which every name has one public address, where a server of this machine answers."""
    return Guard(
        EgressPolicy(allowed_networks=HERE, certificates=str(certificates or "")),
        resolve=lambda host, seconds: [public],
        dial=lambda address, timeout: socket.create_connection(("127.0.0.1", port), timeout),
    )
