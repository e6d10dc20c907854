"""Asks token endpoints for tokens (RFC 6749), in the words of oauthlib and over a way out that is passed in."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import quote_plus

from packsys.connections.contents import Tokens
from packsys.connections.libraries import library
from packsys.connections.secret import Secret
from packsys.errors import ForbiddenRequest, GrantRefused, PacksysError, RateLimited, UpstreamError
from packsys.limits import advice
from packsys.ports import Fetcher, Request, Response

SECONDS = 20.0
"""How long a token endpoint may take: less than the lease of a refresh."""

# Codes have no digits, and tokens have: a service that writes the token where its code belongs is not repeated.
_CODE = re.compile(r"[A-Za-z_-]{1,40}")
_SHORTEST = 6


Couriers: TypeAlias = Callable[[str], Fetcher]
"""Gives, for a workspace, what carries the house's own requests by the guarded way out, and follows no redirect."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """Is what we are to a service: the id it gave us, and the secret, which public clients do not have."""

    id: str
    secret: Secret | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class TokenEndpoint:
    """Exchanges grants for tokens at the endpoint that a pack declares."""

    declared: Mapping[str, Any]
    courier: Fetcher
    now: Callable[[], datetime]

    def tokens(self, grant: str, client: Client, parameters: Mapping[str, str]) -> Tokens:
        """Gives the tokens of one grant.

        Raises :class:`~packsys.errors.GrantRefused` with the service's own code, RateLimited and UpstreamError.
        """
        response = self._asked(self.declared["token_url"], client, {"grant_type": grant, **parameters})
        return read_tokens(response, self.declared, now=self.now(), sent=_secrets(client, parameters))

    def revoke(self, token: Secret, hint: str, client: Client) -> None:
        """Ends a token at the service (RFC 7009); raises what :meth:`tokens` raises."""
        asked = {"token": token.reveal(), "token_type_hint": hint}
        response = self._asked(self.declared["revocation_url"], client, asked)
        if response.status != 200:
            raise refusal(response, _secrets(client, asked))

    def _asked(self, url: str, client: Client, parameters: Mapping[str, str]) -> Response:
        where = self.declared.get("credentials", "automatic")
        response = self._sent(url, client, parameters, header=where == "header")
        if where == "automatic" and client.secret is not None and _is_stranger(response):
            return self._sent(url, client, parameters, header=True)
        return response

    def _sent(self, url: str, client: Client, parameters: Mapping[str, str], *, header: bool) -> Response:
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if header and client.secret is not None:
            headers["Authorization"] = _basic(client.id, client.secret)
            known = {}
        else:
            known = {"client_id": client.id, "client_secret": client.secret.reveal() if client.secret else ""}
        body = _body({**parameters, **known})
        request = Request(method="POST", url=url, headers=headers, body=body.encode(), timeout=SECONDS)
        return self.courier.fetch(request)


def read_tokens(
    response: Response, declared: Mapping[str, Any], *, now: datetime, sent: Collection[str] = ()
) -> Tokens:
    """Reads the answer of a token endpoint; raises as :meth:`TokenEndpoint.tokens` does."""
    if response.status != 200:
        raise refusal(response, sent)
    try:
        document = _document(response)
        found = library("oauthlib.oauth2.rfc6749.parameters").parse_token_response(
            json.dumps(_nested(document, declared.get("token_field", "")))
        )
        return _tokens(found, document, declared, now)
    except PacksysError:
        raise
    except Exception as error:
        # oauthlib has a class for each code of the protocol, and its texts repeat what the service said.
        raise _refused(getattr(error, "error", "") or "invalid_response", sent) from None


def refusal(response: Response, sent: Collection[str] = ()) -> PacksysError:
    """Tells what an answer without tokens means; a secret that was ``sent`` is no code."""
    if response.status == 429:
        return RateLimited("The service's token endpoint asks for fewer requests.", retry_after=_retry_after(response))
    if response.status >= 500:
        return UpstreamError(f"The service's token endpoint failed with status {response.status}: it may work later.")
    if 300 <= response.status < 400:
        return ForbiddenRequest("The service's token endpoint redirects: secrets do not follow.")
    return _refused(_code(response), sent)


def _refused(code: str, sent: Collection[str] = ()) -> GrantRefused:
    given_back = len(code) >= _SHORTEST and any(code in text for text in sent)
    shown = code if _CODE.fullmatch(code) and not given_back else "an error"
    return GrantRefused(f"The service gave no token: {shown}.", error=shown)


def _code(response: Response) -> str:
    try:
        return str(_document(response).get("error", "")) or "invalid_response"
    except ValueError:
        return "invalid_response"


def _document(response: Response) -> dict[str, Any]:
    document = json.loads(response.body)
    if not isinstance(document, dict):
        raise ValueError("A token endpoint answers with an object.")
    return document


def _nested(document: dict[str, Any], path: str) -> Any:
    """Goes to the object with the tokens; a refusal stays where it is."""
    found: Any = document
    for name in path.split(".") if path and "error" not in document else ():
        found = found[name]
    return found


def _tokens(
    found: Mapping[str, Any], document: Mapping[str, Any], declared: Mapping[str, Any], now: datetime
) -> Tokens:
    seconds, refresh = found.get("expires_in"), found.get("refresh_token")
    endpoint = document.get(declared.get("endpoint_field") or "", "")
    return Tokens(
        access=Secret(str(found["access_token"])),
        refresh=Secret(str(refresh)) if refresh else None,
        issued_at=now,
        expires_at=now + timedelta(seconds=int(seconds)) if seconds else None,
        scopes=tuple(found.get("scope") or ()),
        endpoint=endpoint if isinstance(endpoint, str) else "",
    )


def _secrets(client: Client, parameters: Mapping[str, str]) -> Collection[str]:
    named = [parameters[name] for name in ("refresh_token", "code", "code_verifier", "token") if name in parameters]
    return [*named, *([client.secret.reveal()] if client.secret else [])]


def _body(parameters: Mapping[str, str]) -> str:
    said = [(name, value) for name, value in parameters.items() if value]
    return str(library("oauthlib.common").urlencode(said))


def _basic(name: str, secret: Secret) -> str:
    # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
    joined = f"{quote_plus(name)}:{quote_plus(secret.reveal())}"
    return f"Basic {b64encode(joined.encode()).decode()}"


def _is_stranger(response: Response) -> bool:
    return response.status in (400, 401) and (response.status == 401 or _code(response) == "invalid_client")


def _retry_after(response: Response) -> float:
    pause = advice.read(response.status, response.headers).pause
    return 30.0 if pause is None else pause
