"""Tells Prometheus the figures of the system."""

from __future__ import annotations

import hmac

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from packsys.errors import NotFound, Unauthorized
from packsys.metrics.exposition import CONTENT_TYPE
from packsys.service.auth import House, token_of

router = APIRouter(tags=["health"])


@router.get("/metrics", include_in_schema=False)
async def tell_metrics(request: Request, house: House) -> Response:
    """Gives the figures to who has the token of the settings.

    The port is the one on which tenants ask, and the figures are about all of them: without a token in the settings
    there is no such page. An API key does not open it, because every key is one workspace's, and because the page must
    answer when PostgreSQL, which knows the keys, does not.
    """
    if not house.exposition.token:
        raise NotFound("Figures are not told here: set PACKSYS_METRICS_TOKEN, and give it to Prometheus.")
    try:
        given = token_of(request)
    except Unauthorized:
        given = ""
    if not hmac.compare_digest(given.encode(), house.exposition.token.encode()):
        raise Unauthorized("The figures take the token in PACKSYS_METRICS_TOKEN as the bearer: an API key is none.")
    return Response(await to_thread.run_sync(house.exposition), media_type=CONTENT_TYPE)
