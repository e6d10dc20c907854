"""Signs people in at the services of packs: OAuth 2 with an authorization code (RFC 6749, 4.1; RFC 9700).

What a sign-in needs to be finished is sealed and kept for ten minutes under the digest of its state, and read once. It
is bound to the workspace, the key that began it, the pack, the address to come back to, the client, and the browser:
whoever sends somebody else the address of a sign-in that is not theirs gains nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from packsys.connections.contents import Contents, Tokens, written
from packsys.connections.grants import Client
from packsys.connections.libraries import library
from packsys.connections.mint import Mint, asked_scopes, needed
from packsys.connections.vault import Place, Secret, Vault
from packsys.errors import Conflict, NotFound, RequestError
from packsys.model import AuditNote, Connection, ConnectionState, PackVersion
from packsys.ports import ConnectionStore, OAuthStore, PackStore
from packsys.runtime.clients import client_of
from packsys.runtime.connect import NewConnection, connection_id, note_of, row_of
from packsys.runtime.disconnect import Latecomers

SECONDS = 600.0
"""How long a person may take to sign in."""

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):[1-9][0-9]{0,4}(?:/[A-Za-z0-9_/-]*)?")
_CODE = re.compile(r"[a-z_]{1,40}")
_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Started:
    """Is a sign-in that has begun: where to send the person, and what their browser must bring back."""

    url: str
    connection: str
    state: str = field(repr=False)
    browser: Secret = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Is what the service sent back with the browser, and what the browser itself brought."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Begins sign-ins and finishes them.

    ``redirect`` is the address of this installation's own callback, or empty; besides it only a loopback address
    with any port may be come back to, as programs use on the person's own machine (RFC 8252, 7.3).
    """

    packs: PackStore
    connections: ConnectionStore
    oauth: OAuthStore
    vault: Vault
    mint: Mint
    redirect: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    randomness: Callable[[int], bytes]

    def start(self, new: NewConnection, *, redirect: str = "") -> Started:
        """Begins a sign-in for a new connection, or anew for the one with the same id.

        Raises NotFound, RequestError, Conflict, and NotConnected where the workspace has no client of the service.
        """
        pack, back = self._pack(new.pack_id), self._redirect(redirect)
        if new.endpoint and not pack.authentication.get("endpoint"):
            # The token of whoever signs in would go where the caller says, to a host that the pack never named.
            raise RequestError(f"{pack.name} has no endpoints of its own for accounts: leave the endpoint out.")
        client = needed(self._client(pack, new.workspace))
        state, verifier, browser = (urlsafe_b64encode(self.randomness(48)).decode() for _ in "123")
        row = self._pending(new)
        kept = _Kept(
            connection=row.id,
            version=row.version,
            workspace=new.workspace,
            pack_id=pack.id,
            by=new.by,
            name=new.name,
            endpoint=new.endpoint,
            redirect=back,
            verifier=verifier,
            browser=_digest(browser),
            client=_fingerprint(client),
        )
        digest = hashlib.sha256(state.encode()).digest()
        sealed = self.vault.seal(_place(digest), Secret(json.dumps(vars(kept))))
        self.oauth.begin(digest, sealed, ttl=SECONDS)
        url = _address(pack.authentication, client, redirect=back, state=state, verifier=verifier)
        return Started(url=url, connection=row.id, state=state, browser=Secret(browser))

    def finish(self, answer: Answer) -> Connection:
        """Exchanges the code for tokens and keeps them; gives the connection, active.

        Raises RequestError for an answer that does not belong to a sign-in of this browser, Conflict when the
        connection or the client changed meanwhile, and what a token endpoint leads to.
        """
        kept = self._taken(answer)
        pack = self._pack(kept.pack_id)
        client = needed(self._client(pack, kept.workspace))
        if _fingerprint(client) != kept.client:
            raise Conflict("The workspace's client of the service was changed meanwhile: begin to sign in again.")
        _check_answer(pack.authentication, answer)
        asked = {"code": answer.code, "redirect_uri": kept.redirect, "resource": _resource(pack)}
        proof = {} if pack.authentication.get("pkce") == "none" else {"code_verifier": kept.verifier}
        endpoint = self.mint.endpoint(pack.authentication, workspace=kept.workspace)
        tokens = endpoint.tokens("authorization_code", client, {**asked, **proof})
        note = AuditNote(actor=kept.by, action="signed in", at=self.now(), source=answer.source)
        connected = self._connected(pack, kept, tokens, note)
        if connected is None:
            late = Latecomers(connections=self.connections, mint=self.mint, now=self.now)
            late(pack, kept.connection, workspace=kept.workspace, tokens=tokens, client=client)
            raise Conflict("The connection was ended meanwhile: begin to sign in again.")
        return connected

    def _pack(self, pack_id: int) -> PackVersion:
        pack = self.packs.by_id(pack_id)
        if pack is None:
            raise NotFound(f"There is no pack {pack_id}; there are {', '.join(self.packs.names())}.")
        if pack.authentication.get("kind") != "OAuth2":
            raise Conflict(f"Nobody signs in for {pack.name}: connect it with its token or fields.")
        return pack

    def _redirect(self, asked: str) -> str:
        if asked and asked != self.redirect and not _LOOPBACK.fullmatch(asked):
            raise RequestError("The service may send people back to this installation, or to a loopback address only.")
        if not (asked or self.redirect):
            raise RequestError("This installation does not know its own address: set PACKSYS_PUBLIC_URL.")
        return asked or self.redirect

    def _client(self, pack: PackVersion, workspace: str) -> Client | None:
        return client_of(pack.id, workspace=workspace, oauth=self.oauth, vault=self.vault)

    def _pending(self, new: NewConnection) -> Connection:
        """Gives the row to be signed in for, which goes on as it is until then, or keeps a new one."""
        id = connection_id(new.id) if new.id else self.new_id()
        kept = self.connections.get(id, workspace=new.workspace)
        if kept is not None and kept.pack_id != new.pack_id:
            raise Conflict(f"The connection {id} belongs to another pack.")
        if kept is not None:
            return kept
        row = replace(row_of(new, id=id, connections=self.connections), state=ConnectionState.PENDING)
        self.connections.add(row, note=note_of(new, "sign-in begun", self.now()))
        return row

    def _taken(self, answer: Answer) -> _Kept:
        digest = hashlib.sha256(answer.state.encode()).digest()
        sealed = self.oauth.take(digest)
        if sealed is None:
            raise RequestError("This sign-in is unknown, was finished, or took longer than ten minutes: begin again.")
        kept = _Kept(**json.loads(self.vault.open(_place(digest), sealed).reveal()))
        if not hmac.compare_digest(kept.browser, _digest(answer.browser)):
            raise RequestError("This sign-in was begun in another browser: begin again in this one.")
        return kept

    def _connected(self, pack: PackVersion, kept: _Kept, tokens: Tokens, note: AuditNote) -> Connection | None:
        """Keeps the tokens; gives None where the connection was ended meanwhile."""
        for _ in range(_TRIES):
            row = self.connections.get(kept.connection, workspace=kept.workspace)
            if row is None or (row.state is ConnectionState.REVOKED and row.version != kept.version):
                return None
            active = _active(row, kept, tokens, endpoint_of(pack, tokens) or kept.endpoint or row.endpoint)
            sealed = self.vault.seal_connection(active, written(Contents(tokens=tokens)))
            if self.connections.replace(sealed, expected=row.version, note=note):
                return sealed
        raise Conflict("The connection is being changed by somebody else: begin to sign in again.")


@dataclass(frozen=True, kw_only=True)
class _Kept:
    connection: str
    version: int
    workspace: str
    pack_id: int
    by: str
    name: str
    endpoint: str
    redirect: str
    verifier: str = field(repr=False)
    browser: str
    client: str


def _active(row: Connection, kept: _Kept, tokens: Tokens, endpoint: str) -> Connection:
    return Connection(
        id=row.id,
        workspace=row.workspace,
        pack_id=row.pack_id,
        name=row.name if row.state is not ConnectionState.PENDING else kept.name.strip(),
        endpoint=endpoint,
        sealed=b"",
        version=row.version + 1,
        expires_at=tokens.expires_at,
        last_used_at=row.last_used_at,
    )


def _address(declared: Mapping[str, Any], client: Client, *, redirect: str, state: str, verifier: str) -> str:
    method = declared.get("pkce", "S256")
    web = library("oauthlib.oauth2").WebApplicationClient(client.id)
    proof = {}
    if method != "none":
        proof = {"code_challenge": web.create_code_challenge(verifier, method), "code_challenge_method": method}
    more = {**asked_scopes(declared), **proof}
    if declared.get("resource"):
        more["resource"] = declared["resource"]
    return str(web.prepare_request_uri(declared["authorization_url"], redirect_uri=redirect, state=state, **more))


def _check_answer(declared: Mapping[str, Any], answer: Answer) -> None:
    _check_issuer(declared, answer.issuer)
    if answer.error:
        # What the service wrote comes from the address bar: nothing but a code of the protocol is repeated.
        shown = answer.error if _CODE.fullmatch(answer.error) else "an error"
        raise RequestError(f"The service did not let the account in: {shown}. Begin to sign in again.")
    if not answer.code:
        raise RequestError("The service sent no code: begin to sign in again.")


def _check_issuer(declared: Mapping[str, Any], issuer: str) -> None:
    """Refuses an answer of another service than was asked (RFC 9207, 2.4)."""
    expected = declared.get("issuer", "")
    if expected and issuer != expected:
        raise RequestError("The answer does not come from the service that was asked: begin to sign in again.")
    if issuer and not expected and urlsplit(issuer).hostname != urlsplit(declared["authorization_url"]).hostname:
        raise RequestError("The answer names another service, and the pack declares no issuer: tell the pack's maker.")


def endpoint_of(pack: PackVersion, tokens: Tokens) -> str:
    """Gives the base address that the service named for the account; refuses one outside of the pack's domains."""
    if not tokens.endpoint:
        return ""
    declared = pack.authentication
    domain = (declared.get("endpoint") or {}).get("domain") or declared.get("domain")
    domains = (domain,) if domain else pack.domains
    parts = urlsplit(tokens.endpoint)
    host = parts.hostname or ""
    inside = any(host == each or host.endswith(f".{each}") for each in domains)
    if parts.scheme != "https" or "@" in parts.netloc or "?" in tokens.endpoint or "#" in tokens.endpoint or not inside:
        raise RequestError(f"The service named an address for the account that {pack.name} may not reach.")
    return tokens.endpoint.rstrip("/")


def _resource(pack: PackVersion) -> str:
    return str(pack.authentication.get("resource", ""))


def _place(digest: bytes) -> Place:
    return Place("packsys.oauth_state", (digest.hex(),), "a sign-in")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(client: Client) -> str:
    return _digest(json.dumps([client.id, client.secret.reveal() if client.secret else ""]))
