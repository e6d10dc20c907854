"""Knows who asks, and what for: a key is looked at before anything else of a request is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request, Response, Security
from fastapi import params as declared
from fastapi.routing import APIRoute, APIRouter
from fastapi.security import HTTPBearer

from packsys.bootstrap import Services
from packsys.errors import Unauthorized
from packsys.model import Key, Scope
from packsys.runtime.keyring import Keyring
from packsys.service.intake import StrictRequest
from packsys.service.problems import MissingScope, declare

BEARER = HTTPBearer(
    scheme_name="apiKey",
    bearerFormat="pk_<id>_<secret>",
    description="An API key. It names its workspace; nothing in a request can name another one. An operation takes "
    "keys with the scope that it names here: `jobs`, `connections`, `packs`, `syncs`, or none in particular.",
    auto_error=False,
)


class KeyedRoute(APIRoute):
    """Is a route that checks the key, then the body's form, and only then does what FastAPI does.

    FastAPI itself would read and parse a stranger's body before it asks for the key.
    """

    def handler(self) -> Callable[[Any], Coroutine[Any, Any, Response]]:
        """Gives what is done for a request that may be made."""
        return super().get_route_handler()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wraps FastAPI's handler."""
        handle = self.handler()
        takes_body, needed = self.body_field is not None, needs(self)

        async def handle_keyed(plain: Request) -> Response:
            request = StrictRequest(plain.scope, plain.receive)
            request.state.key = await authenticate(request)
            permit(request.state.key, needed)
            if takes_body:
                await request.check_body()
            return await handle(request)

        return handle_keyed


async def authenticate(request: Request) -> Key:
    """Finds the key that a request carries; raises Unauthorized."""
    keyring: Keyring = request.app.state.keyring
    token = token_of(request)
    known = keyring.known(token)
    return await to_thread.run_sync(keyring.recognise, token) if known is None else known


def token_of(request: Request) -> str:
    """Gives the bearer token that a request carries (RFC 6750, section 2.1); raises Unauthorized."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


def needs(route: APIRoute) -> frozenset[str]:
    """Lists the scopes that a route's declaration names, the same that OpenAPI tells of."""
    named = (each.scopes or () for each in route.dependencies if isinstance(each, declared.Security))
    return frozenset(scope for scopes in named for scope in scopes)


def permit(key: Key, needed: frozenset[str]) -> None:
    """Raises MissingScope for a key that lacks a scope."""
    if not needed.issubset(key.scopes):
        raise MissingScope(min(needed.difference(key.scopes)))


def services(request: Request) -> Services:
    """Gives the house that the application was created with."""
    house: Services = request.app.state.services
    return house


# What FastAPI asks for must be asynchronous: it takes everything else to another thread, and each way costs a request.


async def house_of(request: Request) -> Services:
    """Gives the house to a route."""
    return services(request)


async def caller(request: Request) -> Key:
    """Gives the key that the route has checked."""
    key: Key = request.state.key
    return key


async def draining(request: Request) -> Callable[[], bool]:
    """Gives the question whether the server is about to stop, so that those who wait let go."""
    asked: Callable[[], bool] = request.app.state.draining
    return asked


House = Annotated[Services, Depends(house_of)]
Caller = Annotated[Key, Depends(caller)]
Draining = Annotated[Callable[[], bool], Depends(draining)]


def keyed(*scopes: Scope) -> declared.Security:
    """Declares, among the dependencies of a route, that it needs a key with these scopes."""
    needed: declared.Security = Security(BEARER, scopes=[scope.value for scope in scopes])
    return needed


def keyed_router(*scopes: Scope, tag: str) -> APIRouter:
    """Makes a router under ``/v1`` all of whose routes need a key with these scopes."""
    return APIRouter(
        prefix="/v1",
        tags=[tag],
        route_class=KeyedRoute,
        dependencies=[keyed(*scopes)],
        responses=declare(400, 401, *([403] if scopes else []), 408, 413, 415, 422, 500, 503),
    )
