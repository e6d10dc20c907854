"""Signing people in at other services, over HTTP.

A program that has a key asks for the address of a sign-in, and gets a cookie with it; the person's browser, which has
the cookie, comes back to the callback. Nothing that comes with it is shown, and it is sent on to nowhere.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, SecretStr

from packsys.connections.secret import Secret
from packsys.runtime.connect import NewConnection
from packsys.runtime.signin import SECONDS, Answer
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.connections import BaseAddress, pack_named, source_of
from packsys.service.fields import STRICT
from packsys.service.problems import declare

router = keyed_router(tag="connections")
# Browsers are sent there by the services that people sign in at: it is no address for clients of the API.
open_router = APIRouter(prefix="/v1", include_in_schema=False)

PATH = "/v1/oauth"
_Text = Annotated[str, Query(max_length=2_000)]


class SignInView(BaseModel):
    """Is a sign-in that has begun."""

    authorization_url: str = Field(description="Where the person agrees, in a browser that has the cookie.")
    connection: str = Field(description="The id of the connection, which is pending until then.")
    expires_in: int = Field(description="Seconds in which the person must come back.")


class ClientRequest(BaseModel):
    """Is what the workspace is to a service."""

    model_config = STRICT

    client_id: str = Field(min_length=1, max_length=1_000, examples=["a-client-id"])
    client_secret: SecretStr = Field(
        SecretStr(""), max_length=10_000, examples=["not-a-real-secret"], description="Empty for a public client."
    )


class ClientView(BaseModel):
    """Is a client, without its secret."""

    pack_id: int
    client_id: str


@router.get("/oauth/start", responses=declare(404, 409))
def start(
    *,
    pack: _Text,
    name: Annotated[str, Query(min_length=1, max_length=200)],
    request: Request,
    response: Response,
    house: House,
    key: Caller,
    endpoint: BaseAddress = "",
    connection: Annotated[str, Query(max_length=100, description="To sign in anew: the connection's id.")] = "",
    redirect_uri: Annotated[str, Query(max_length=2_000, description="A loopback address to come back to.")] = "",
) -> SignInView:
    """Begins to sign a person in; the browser that goes on needs the cookie of this answer."""
    new = NewConnection(
        pack_id=pack_named(pack, house).id,
        name=name,
        workspace=key.workspace,
        endpoint=endpoint,
        id=connection or None,
        by=key.id,
        source=source_of(request),
    )
    started = house.sign_in.start(new, redirect=redirect_uri)
    response.set_cookie(
        cookie_of(started.state),
        started.browser.reveal(),
        max_age=int(SECONDS),
        path=PATH,
        secure=house.sign_in.redirect.startswith("https:") and not redirect_uri,
        httponly=True,
        samesite="lax",
    )
    return SignInView(authorization_url=started.url, connection=started.connection, expires_in=int(SECONDS))


@open_router.get("/oauth/callback", response_class=PlainTextResponse)
def callback(
    *, request: Request, house: House, state: _Text, code: _Text = "", error: _Text = "", iss: _Text = ""
) -> PlainTextResponse:
    """Takes a person back who has signed in."""
    answer = Answer(
        state=state,
        browser=request.cookies.get(cookie_of(state), ""),
        code=code,
        error=error,
        issuer=iss,
        source=source_of(request),
    )
    house.sign_in.finish(answer)
    done = PlainTextResponse("The account is connected. You can close this window.\n")
    done.delete_cookie(cookie_of(state), path=PATH)
    return done


@router.put("/packs/{pack}/oauth-client", responses=declare(404, 409))
def set_client(pack: str, asked: ClientRequest, house: House, key: Caller) -> ClientView:
    """Keeps the id and the secret that the service gave this workspace; its secret is sealed."""
    secret = Secret(asked.client_secret.get_secret_value())
    named = pack_named(pack, house)
    kept = house.set_client(named.id, workspace=key.workspace, client_id=asked.client_id, secret=secret)
    return ClientView(pack_id=kept.pack_id, client_id=kept.client_id)


def cookie_of(state: str) -> str:
    """Names the cookie of a sign-in, so that several may go on in one browser."""
    return f"packsys_signin_{hashlib.sha256(state.encode()).hexdigest()[:16]}"
