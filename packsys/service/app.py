"""Makes the HTTP application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache, partial
from uuid import uuid4

from fastapi import FastAPI
from starlette.middleware import Middleware

import packsys
from packsys.bootstrap import Services
from packsys.runtime.keyring import Keyring
from packsys.service import (
    batch,
    blobs,
    connections,
    deliveries,
    events,
    formulas,
    health,
    jobs,
    metrics,
    oauth,
    packs,
    problems,
    reference,
    results,
    syncevents,
    syncrows,
    syncruns,
    syncs,
)
from packsys.service.accepting import Accept
from packsys.service.description import describe
from packsys.service.envelope import Envelope
from packsys.service.express import Express
from packsys.service.intake import SLOWEST, Intake
from packsys.service.timing import Timed

DESCRIPTION = """Evaluates formulas that call other people's services.

Every answer with status 400 or higher is a problem document (RFC 9457). Every answer carries `X-Request-ID`."""

ROUTERS = (
    jobs.router,
    batch.router,
    events.router,
    deliveries.router,
    formulas.router,
    connections.router,
    oauth.router,
    packs.router,
    syncs.router,
    syncruns.router,
    syncevents.router,
    syncrows.router,
    blobs.router,
    results.router,
    health.router,
    metrics.router,
    reference.router,
    oauth.open_router,
    packs.open_router,
)
"""What is answered, in the order of the reference."""


def create_app(
    services: Services,
    *,
    new_id: Callable[[], str] = lambda: uuid4().hex,
    draining: Callable[[], bool] = lambda: False,
    slowest: float = SLOWEST,
) -> FastAPI:
    """Makes the application for a wired house.

    ``new_id`` makes request ids. ``draining`` tells whether the server is about to stop: requests that wait and
    streams of events end within a second of it. ``slowest`` is how many seconds a body has to arrive.
    """
    app = FastAPI(
        title="packsys",
        version=packsys.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        middleware=[
            Middleware(Timed, answered=services.exposition.figures.answered),
            Middleware(Envelope, new_id=new_id),
            Middleware(Intake, slowest=slowest),
            Middleware(Express, route=jobs.SUBMIT),
        ],
        exception_handlers=dict(problems.ANSWERS),
    )
    app.state.services = services
    app.state.accept = Accept(services)
    app.state.keyring = Keyring(services.keys)
    app.state.draining = draining
    app.state.uploads = asyncio.Semaphore(packs.AT_ONCE)
    app.state.downloads = asyncio.Semaphore(blobs.AT_ONCE)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = cache(partial(describe, app))  # type: ignore[method-assign]  # FastAPI documents this as the way
    return app
