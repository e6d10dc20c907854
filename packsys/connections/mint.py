"""Gets tokens with what an account holds, by the kind of authentication that its pack declares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from packsys.connections import aws
from packsys.connections.contents import Contents, Tokens
from packsys.connections.credential import Outgoing
from packsys.connections.grants import SECONDS, Client, Couriers, TokenEndpoint, refusal
from packsys.connections.libraries import library
from packsys.connections.secret import Secret
from packsys.errors import AuthenticationRefused, GrantRefused, NotConnected, PacksysError, UpstreamError
from packsys.ports import Fetcher, Request, Response

GOOGLE = "https://oauth2.googleapis.com/token"
STS = "https://sts.amazonaws.com/"

# Four texts of letters, digits and a few signs: no need to let a parser of XML near an answer.
_PARTS = frozenset({"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})
_PART = re.compile(rb"<(%s)>([!-;=-~]+)</\1>" % "|".join(sorted(_PARTS)).encode())
_SCOPE = "https://www.googleapis.com/auth/"


@dataclass(frozen=True, kw_only=True)
class Mint:
    """Exchanges what an account holds for an access token.

    ``google`` and ``sts`` are where Google and Amazon do so, whatever an entered key says: a key is no address.
    """

    couriers: Couriers
    now: Callable[[], datetime]
    google: str = GOOGLE
    sts: str = STS

    def __call__(
        self, declared: Mapping[str, Any], contents: Contents, client: Client | None, *, workspace: str
    ) -> Tokens:
        """Gives new tokens.

        Raises :class:`~packsys.errors.ConnectionFault` and :class:`~packsys.errors.UpstreamError`.
        """
        match declared["kind"]:
            case "OAuth2":
                return _refreshed(self.endpoint(declared, workspace=workspace), contents, needed(client))
            case "OAuth2ClientCredentials":
                return _own(self.endpoint(declared, workspace=workspace), contents)
            case "AWSAssumeRole":
                return self._assumed(contents, needed(client), self.couriers(workspace))
        return self._google(declared, contents, self.couriers(workspace))

    def endpoint(self, declared: Mapping[str, Any], *, workspace: str) -> TokenEndpoint:
        """Gives the token endpoint of a pack, reached as the workspace may."""
        return TokenEndpoint(declared=declared, courier=self.couriers(workspace), now=self.now)

    def revoke(self, declared: Mapping[str, Any], tokens: Tokens, client: Client | None, *, workspace: str) -> str:
        """Ends tokens at their service where it takes that (RFC 7009), and gives what became of it, in words."""
        if not declared.get("revocation_url"):
            return "the service ends no tokens on request"
        endpoint = self.endpoint(declared, workspace=workspace)
        try:
            if tokens.refresh is not None:
                endpoint.revoke(tokens.refresh, "refresh_token", needed(client))
            endpoint.revoke(tokens.access, "access_token", needed(client))
        except PacksysError as error:
            return f"the service did not end the token: {error.code}"
        return "the service ended the token"

    def _google(self, declared: Mapping[str, Any], contents: Contents, courier: Fetcher) -> Tokens:
        account = library("google.oauth2.service_account", extra="google")
        subject = contents.fields.get("subject")
        try:
            credentials = account.Credentials.from_service_account_info(
                {**json.loads(contents.fields["key"].reveal()), "token_uri": self.google},
                scopes=[scope if ":" in scope else f"{_SCOPE}{scope}" for scope in declared["scopes"]],
                subject=subject.reveal() if subject else None,
            )
        except (ValueError, TypeError, AttributeError) as error:
            raise AuthenticationRefused("The account's key is no key file of a Google service account.") from error
        return self._exchanged(credentials, _GoogleCourier(courier))

    def _exchanged(self, credentials: Any, courier: _GoogleCourier) -> Tokens:
        errors = library("google.auth.exceptions", extra="google")
        try:
            credentials.refresh(courier)
        except errors.GoogleAuthError as error:
            raise courier.trouble or _google_trouble(error) from None
        return Tokens(
            access=Secret(credentials.token),
            issued_at=self.now(),
            expires_at=credentials.expiry.replace(tzinfo=UTC) if credentials.expiry else None,
        )

    def _assumed(self, contents: Contents, client: Client, courier: Fetcher) -> Tokens:
        asked = {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleSessionName": "packsys",
            "RoleArn": contents.fields["role_arn"].reveal(),
            "ExternalId": contents.fields["external_id"].reveal() if "external_id" in contents.fields else "",
        }
        body = urlencode({name: value for name, value in asked.items() if value}).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        key = aws.Key(id=client.id, secret=client.secret or Secret("-"))
        request = aws.signed(Outgoing(method="POST", url=self.sts, headers=form, body=body), key, service="sts")
        return self._read_role(courier.fetch(_request(request)))

    def _read_role(self, response: Response) -> Tokens:
        if response.status in (400, 403):
            raise GrantRefused("AWS does not let the host assume the account's role.", error="access_denied")
        if response.status != 200:
            raise refusal(response)
        part = {name.decode(): value.decode() for name, value in _PART.findall(response.body)}
        if set(part) != _PARTS:
            raise UpstreamError("AWS answered without a key: it may work later.")
        return Tokens(
            access=Secret(part["AccessKeyId"]),
            more={"secret": Secret(part["SecretAccessKey"]), "session": Secret(part["SessionToken"])},
            issued_at=self.now(),
            expires_at=datetime.fromisoformat(part["Expiration"]),
        )


def _refreshed(endpoint: TokenEndpoint, contents: Contents, client: Client) -> Tokens:
    if contents.tokens is None or contents.tokens.refresh is None:
        raise GrantRefused("The service gave no refresh token: connect the account again.", error="invalid_grant")
    resource = str(endpoint.declared.get("resource", ""))
    asked = {"refresh_token": contents.tokens.refresh.reveal(), "resource": resource}
    return endpoint.tokens("refresh_token", client, asked)


def _own(endpoint: TokenEndpoint, contents: Contents) -> Tokens:
    client = Client(id=contents.fields["client_id"].reveal(), secret=contents.fields["client_secret"])
    return endpoint.tokens("client_credentials", client, asked_scopes(endpoint.declared))


def _request(outgoing: Outgoing) -> Request:
    return Request(
        method=outgoing.method,
        url=outgoing.url,
        headers=outgoing.headers,
        body=outgoing.body,
        timeout=SECONDS,
    )


def needed(client: Client | None) -> Client:
    """Gives the client, or raises :class:`~packsys.errors.NotConnected` where the workspace has none."""
    if client is None:
        raise NotConnected("This workspace has no client of the service: set it with 'packsys oauth-client set PACK'.")
    return client


def asked_scopes(declared: Mapping[str, Any]) -> dict[str, str]:
    """Writes the scopes of a pack under the name, and with the signs between, that its service wants."""
    scopes = declared.get("scope_delimiter", " ").join(declared.get("scopes", ()))
    return {**declared.get("parameters", {}), declared.get("scope_parameter", "scope"): scopes}


class _GoogleCourier:
    """Carries google-auth's requests over our way out, and remembers why one was not carried."""

    def __init__(self, courier: Fetcher) -> None:
        self._courier = courier
        self.trouble: PacksysError | None = None

    def __call__(
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, timeout: Any = None, **_: Any
    ) -> _GoogleAnswer:
        outgoing = Outgoing(method=method, url=url, headers=dict(headers or {}), body=body)
        try:
            return _GoogleAnswer(self._courier.fetch(_request(outgoing)))
        except PacksysError as error:
            self.trouble = error
            raise library("google.auth.exceptions", extra="google").TransportError("not sent") from None


class _GoogleAnswer:
    def __init__(self, response: Response) -> None:
        self.status, self.headers, self.data = response.status, response.headers, response.body


def _google_trouble(error: Exception) -> PacksysError:
    if getattr(error, "retryable", False):
        return UpstreamError("Google's token endpoint failed: it may work later.")
    return GrantRefused("Google gave no token for the account's key: check its scopes and its rights.", error="refused")
