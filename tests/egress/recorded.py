"""Credentials whose every use a test can see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from packsys.connections.credential import Credential, Outgoing
from packsys.errors import AuthenticationRefused
from packsys.model import Connection, PackVersion


@dataclass(frozen=True)
class Bearer:
    """Signs with a token; the version is that of the token."""

    token: str = field(repr=False)
    version: int = 1

    @property
    def headers(self) -> Collection[str]:
        return ("authorization",)

    @property
    def redactions(self) -> Collection[str]:
        return (self.token,)

    def sign(self, outgoing: Outgoing) -> Outgoing:
        return replace(outgoing, headers={**outgoing.headers, "Authorization": f"Bearer {self.token}"})


@dataclass
class Tokens:
    """Opens accounts with the newest of some tokens, and goes on to the next when one was refused."""

    tokens: list[str]
    versions: int = 1
    renewed: int = 0

    def open(self, pack: PackVersion, connection: Connection, *, token: str = "") -> Credential | None:
        return Bearer(self.tokens[0], self.versions) if pack.authentication else None

    def renew(self, pack: PackVersion, connection: Connection, used: Credential, *, token: str = "") -> Credential:
        self.renewed += 1
        if len(self.tokens) == 1:
            raise AuthenticationRefused
        del self.tokens[0]
        self.versions += 1
        return Bearer(self.tokens[0], self.versions)
