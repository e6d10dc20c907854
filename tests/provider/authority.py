"""Gives tokens as RFC 6749, 7009, 7636 and 9207 say, rotates refresh tokens strictly, and keeps a log of who asked."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge

ISSUER = "https://provider.example"
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:[0-9]+/callback")  # any port will do (RFC 8252, 7.3)
CLIENT, SECRET = "a-client", "not-a-real-client-secret"


@dataclass
class Grant:
    """Is what one sign-in led to: its tokens, the newest last."""

    scope: str
    access: list[str] = field(default_factory=list)
    refresh: list[str] = field(default_factory=list)
    revoked: bool = False

    def check_client(self, client: object) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Visit:
    """Is one request to the token endpoint: when it came and went, on the provider's own counter, and its end."""

    grant_type: str
    token: str
    came: int
    header: bool
    went: int = 0
    status: int = 0


@dataclass
class Client:
    """Is the one client that is known here."""

    redirects: list[str] = field(default_factory=list)
    methods: tuple[str, ...] = ("client_secret_post", "client_secret_basic")

    client_id = CLIENT

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope or ""

    def check_redirect_uri(self, uri: str) -> bool:
        return uri in self.redirects or _LOOPBACK.fullmatch(uri) is not None

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in self.methods

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind in ("authorization_code", "refresh_token", "client_credentials")


@dataclass
class Code:
    """Is an authorization code that waits to be exchanged."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class Request(OAuth2Request):
    def __init__(self, method: str, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__(method, f"{ISSUER}{path}", headers=headers)
        self.payload = BasicOAuth2Payload(dict(form) or dict(parse_qsl(urlsplit(path).query)))
        self._form = dict(form)

    @property
    def args(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.uri).query))

    @property
    def form(self) -> dict[str, str]:
        return self._form


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        said = request.payload.data
        challenge, method = said.get("code_challenge"), said.get("code_challenge_method")
        made = Code(code, said["redirect_uri"], said.get("scope", ""), challenge, method)
        self.server.authority.codes[code] = made

    def query_authorization_code(self, code: str, client: object) -> Code | None:
        found: Code | None = self.server.authority.codes.get(code)
        return found

    def delete_authorization_code(self, code: Code) -> None:
        self.server.authority.codes.pop(code.code)

    def authenticate_user(self, code: Code) -> str:
        return "a person"


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Grant | None:
        found: Grant | None = self.server.authority.by_refresh(refresh_token)
        return found

    def authenticate_user(self, grant: Grant) -> str:
        return "a person"

    def revoke_old_credential(self, grant: Grant) -> None:
        """Does nothing: only the newest token of a grant is found, so that the old one has ended already."""


class OwnGrant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post"]

    def query_token(self, token: str, hint: str | None) -> Grant | None:
        found: Grant | None = self.server.authority.by_any(token)
        return found

    def revoke_token(self, grant: Grant, request: object) -> None:
        grant.revoked = True


class Server(AuthorizationServer):
    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.authority = authority
        self.register_token_generator("default", authority.generate)
        self.register_grant(CodeGrant, [CodeChallenge(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(OwnGrant)
        self.register_endpoint(Revocation)

    def query_client(self, client_id: str) -> Client | None:
        return self.authority.client if client_id == CLIENT else None

    def save_token(self, token: Mapping[str, Any], request: Any) -> None:
        self.authority.keep(token, request)

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tells nobody."""

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, dict[str, str]]:
        return status, body, dict(headers)


@dataclass
class Authority:
    """Is the provider without its HTTP: ``life`` is the seconds of an access token, ``troubles`` statuses to fail with.

    With ``silent`` a refresh answers no refresh token, and the old one stays; with ``nested`` the tokens of an answer
    lie in an object of that name.
    """

    life: int = 3600
    silent: bool = False
    nested: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    client: Client = field(default_factory=Client)
    codes: dict[str, Code] = field(default_factory=dict)
    given: list[Grant] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    troubles: deque[int] = field(default_factory=deque)
    issuer: str = ISSUER
    clock: int = 0
    lock: Any = field(default_factory=threading.RLock)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Server(self)

    def tick(self) -> int:
        """Counts what happened."""
        with self.lock:
            self.clock += 1
            return self.clock

    def generate(self, *, include_refresh_token: bool = True, scope: str | None = None, **_: object) -> dict[str, Any]:
        token = {"token_type": "Bearer", "access_token": f"access-{secrets.token_hex(12)}", "expires_in": self.life}
        if include_refresh_token:
            token["refresh_token"] = f"refresh-{secrets.token_hex(12)}"
        return {**token, **({"scope": scope} if scope else {})}

    def keep(self, token: Mapping[str, Any], request: Any) -> None:
        grant = request.refresh_token or Grant(scope=token.get("scope", ""))
        if request.refresh_token is None:
            self.given.append(grant)
        grant.access.append(token["access_token"])
        if "refresh_token" in token and not (self.silent and grant.refresh):
            grant.refresh.append(token["refresh_token"])

    def by_refresh(self, token: str) -> Grant | None:
        """Finds a grant by its newest refresh token: an older one opens nothing."""
        live = (each for each in self.given if not each.revoked and each.refresh)
        return next((each for each in live if each.refresh[-1] == token), None)

    def by_any(self, token: str) -> Grant | None:
        return next((each for each in self.given if token in (*each.access, *each.refresh)), None)

    def accepts(self, access: str) -> bool:
        """Tells whether an API of this provider would let a request in: with the newest access token only."""
        return any(not each.revoked and each.access[-1] == access for each in self.given)

    def authorize(self, path: str, *, error: str = "") -> str:
        """Lets the person agree, and gives where their browser is sent."""
        if error:
            said = dict(parse_qsl(urlsplit(path).query))
            answer = {"error": error, "state": said["state"], "iss": self.issuer}
            return f"{said['redirect_uri']}?{urlencode(answer)}"
        request = Request("GET", path, {}, {})
        with self.lock:
            grant = self.server.get_consent_grant(request, end_user="a person")
            status, body, headers = self.server.create_authorization_response(
                request, grant_user="a person", grant=grant
            )
        assert status == 302, body
        return f"{headers['Location']}&{urlencode({'iss': self.issuer})}"

    def token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answers a request to the token endpoint."""
        visit = Visit(
            form.get("grant_type", ""), form.get("refresh_token", ""), self.tick(), "Authorization" in headers
        )
        self.visits.append(visit)
        try:
            visit.status, body = self._token(form, headers)
        finally:
            visit.went = self.tick()
        return visit.status, body

    def _token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        if self.troubles:
            return self.troubles.popleft(), {"error": "temporarily_unavailable"}
        with self.lock:
            status, body, _ = self.server.create_token_response(Request("POST", "/token", form, headers))
        body = json.loads(body) if isinstance(body, str) else dict(body)
        if status == 200 and self.silent and form["grant_type"] == "refresh_token":
            body.pop("refresh_token", None)
        if status == 200 and self.nested:
            body = {"ok": True, self.nested: body}
        return status, {**body, **(self.more if status == 200 else {})}

    def revoke(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answers a request to the revocation endpoint."""
        if self.troubles:
            return self.troubles.popleft(), {}
        with self.lock:
            request = Request("POST", "/revoke", form, headers)
            status, body, _ = self.server.create_endpoint_response("revocation", request)
        return status, body
