"""Is a FastAPI route that makes one Redis round trip: the least that an answer from a cache can cost in this house."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from redis.asyncio import Redis

from packsys.service.server import door

KEY = "bare"
VALUE = "x" * 1000


class Asked(BaseModel):
    """Is a request of the same form as the house's."""

    formula: str
    wait: float = 0


class Answer(BaseModel):
    """Is what the cache had."""

    formula: str
    value: str


def application(url: str) -> FastAPI:
    """Makes the application."""
    app, client = FastAPI(), Redis.from_url(url, decode_responses=True)

    @app.post("/")
    async def answer(asked: Asked) -> Answer:
        return Answer(formula=asked.formula, value=await client.get(KEY) or VALUE)

    return app


def main(url: str, file: str) -> None:
    """Serves on an inherited socket, as the house does."""
    config = uvicorn.Config(application(url), log_config=None, access_log=False, server_header=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[door(int(file))])


if __name__ == "__main__":
    main(*sys.argv[1:])
