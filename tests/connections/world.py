"""A house of connections: stores, a vault, and a way to the provider that needs no network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import requests

from packsys.connections.contents import Contents, Tokens, read
from packsys.connections.mint import Mint
from packsys.connections.secret import Secret
from packsys.connections.vault import Vault, place_of
from packsys.errors import UpstreamError
from packsys.memory import MemoryConnections, MemoryOAuth
from packsys.model import Connection, OAuthClient, PackVersion
from packsys.ports import ConnectionStore, OAuthStore, Request, Response
from packsys.runtime.disconnect import Disconnect
from packsys.runtime.refresh import Refresh
from packsys.runtime.signin import SignIn
from tests.ports.house import Clock
from tests.provider.authority import CLIENT, SECRET, Authority

REDIRECT = "https://packsys.example/v1/oauth/callback"


@dataclass(frozen=True)
class Direct:
    """Hands requests to an authority without a network between."""

    authority: Authority
    sent: list[Request] = field(default_factory=list)

    def fetch(self, request: Request) -> Response:
        self.sent.append(request)
        form = dict(parse_qsl((request.body or b"").decode()))
        answer = self.authority.revoke if request.url.endswith("/revoke") else self.authority.token
        status, body = answer(form, dict(request.headers))
        if status == 599:
            raise UpstreamError("provider.example did not answer: it took longer than 20 seconds.")
        headers = {"retry-after": "7"} if status == 429 else {}
        return Response(status=status, headers=headers, body=json.dumps(body).encode())


class OverHttp:
    """Sends over HTTP as it is: for providers of tests, on this machine."""

    def fetch(self, request: Request) -> Response:
        try:
            answer = requests.request(
                request.method, request.url, headers=dict(request.headers), data=request.body, timeout=request.timeout
            )
        except requests.RequestException as error:
            raise UpstreamError("the provider did not answer") from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status_code, headers=headers, body=answer.content)


@dataclass(frozen=True)
class OnePack:
    """Knows one pack."""

    pack: PackVersion

    def by_id(self, pack_id: int) -> PackVersion | None:
        return self.pack if pack_id == self.pack.id else None

    def by_name(self, name: str) -> PackVersion | None:
        return self.pack if name == self.pack.name else None

    def release(self, pack_id: int, version: str) -> PackVersion | None:
        return self.by_id(pack_id)

    def names(self) -> tuple[str, ...]:
        return (self.pack.name,)


def a_pack(authentication: dict[str, Any]) -> PackVersion:
    """Makes a pack that authenticates so."""
    return PackVersion(
        id=7,
        name="Mail",
        version="1.0.0",
        description="",
        domains=("provider.example",),
        formulas={},
        authentication=authentication,
    )


def declared(**more: Any) -> dict[str, Any]:
    """Says what a pack of the provider declares."""
    return {
        "kind": "OAuth2",
        "authorization_url": "https://provider.example/authorize",
        "token_url": "https://provider.example/token",
        "revocation_url": "https://provider.example/revoke",
        "issuer": "https://provider.example",
        "scopes": ["read", "write"],
        **more,
    }


@dataclass(frozen=True, kw_only=True)
class World:
    """Is a house with one pack, whose clock stands still until a test moves it."""

    pack: PackVersion
    authority: Authority
    clock: Clock
    vault: Vault
    connections: ConnectionStore
    oauth: OAuthStore
    wire: Direct
    refresh: Refresh
    signin: SignIn
    disconnect: Disconnect

    def contents(self, connection: Connection) -> Contents:
        """Opens the seal of a connection."""
        return read(self.vault.open_connection(connection))

    def tokens(self, connection: Connection) -> Tokens:
        """Opens the seal of a connection that has tokens."""
        tokens = self.contents(connection).tokens
        assert tokens
        return tokens

    def kept(self, connection: Connection) -> Connection:
        """Reads a connection's row."""
        found = self.connections.get(connection.id, workspace=connection.workspace)
        assert found
        return found


def world(
    authentication: dict[str, Any] | None = None,
    *,
    authority: Authority | None = None,
    connections: Callable[[Clock], ConnectionStore] = MemoryConnections,
    passing: Callable[[str], None] = lambda step: None,
    patience: float = 60.0,
) -> World:
    """Wires a house whose workspace ``default`` has a client of the provider."""
    authority, clock, numbers = authority or Authority(), Clock(), count(1)
    authority.client.redirects.append(REDIRECT)
    pack, vault = a_pack(authentication or declared()), Vault({"test": bytes(32)}, "test")
    kept, oauth, wire = connections(clock), MemoryOAuth(clock), Direct(authority)
    mint = Mint(couriers=lambda workspace: wire, now=clock)
    keep_client(oauth, vault)

    def new_id() -> str:
        return f"00000000-0000-7000-8000-{next(numbers):012}"

    refresh = Refresh(
        connections=kept,
        oauth=oauth,
        vault=vault,
        mint=mint,
        now=clock,
        random=lambda: 1.0,
        new_owner=new_id,
        passing=passing,
        patience=patience,
        pause=0.01,
    )
    signin = SignIn(
        packs=OnePack(pack),
        connections=kept,
        oauth=oauth,
        vault=vault,
        mint=mint,
        redirect=REDIRECT,
        now=clock,
        new_id=new_id,
        randomness=lambda count: next(numbers).to_bytes(count, "big"),
    )
    disconnect = Disconnect(packs=OnePack(pack), connections=kept, oauth=oauth, vault=vault, mint=mint, now=clock)
    return World(
        pack=pack,
        authority=authority,
        clock=clock,
        vault=vault,
        connections=kept,
        oauth=oauth,
        wire=wire,
        refresh=refresh,
        signin=signin,
        disconnect=disconnect,
    )


def keep_client(oauth: OAuthStore, vault: Vault, *, secret: str = SECRET, workspace: str = "default") -> None:
    """Keeps the provider's client for a workspace."""
    row = OAuthClient(workspace=workspace, pack_id=7, client_id=CLIENT, sealed=b"")
    sealed = vault.seal(place_of(row), Secret(secret))
    oauth.keep_client(OAuthClient(workspace=workspace, pack_id=7, client_id=CLIENT, sealed=sealed))
