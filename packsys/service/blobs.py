"""Temporary files over HTTP. Nobody needs a key: the address itself is the secret, and it expires."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from anyio import move_on_after, to_thread
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from packsys.errors import NotFound
from packsys.model import Blob
from packsys.service.auth import House
from packsys.service.problems import declare

router = APIRouter(prefix="/v1", tags=["blobs"], responses=declare(404, 413, 415, 422, 500, 503))

BlobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{20,100}$", description="The last part of a file's address.")]
FILE = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}, "description": "The file."}

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""Whatever is in a file, it is shown in an origin of its own and without script: HTML and SVG are harmless."""

AT_ONCE = 16
"""How many files are held in memory at once, to be sent; the others wait for their turn."""

SLOWEST = 120.0
"""Seconds in which a file must be taken: 25 MB over 1.7 Mbit/s."""

CHUNK = 65_536

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?: ?; ?[\w-]+=[\w.\"-]+)*", re.ASCII)
_SHOWN = ("image/", "audio/", "video/", "text/plain", "application/pdf")


class Download(StreamingResponse):
    """Sends a file as fast as its reader takes it, and hangs up on one that does not."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        with move_on_after(SLOWEST):
            await super().__call__(scope, receive, send)


async def turn(request: Request) -> AsyncIterator[None]:
    """Waits until it is the request's turn, which lasts until its answer is sent."""
    async with request.app.state.downloads:
        yield


@router.get("/blobs/{blob}", response_class=Response, dependencies=[Depends(turn)], responses={200: FILE})
async def read_blob(blob: BlobId, house: House) -> Response:
    """Gives a temporary file that a pack kept, until its time is over."""
    kept = await to_thread.run_sync(house.blobs.get, blob)
    if kept is None:
        raise NotFound("There is no such file, or its time is over: run the formula that gave this address again.")
    return Download(parts(kept.content), headers=headers_of(kept))


async def parts(content: bytes) -> AsyncIterator[bytes]:
    """Cuts a file into what is sent at a time, so that no more than that waits for a slow reader."""
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]


def headers_of(blob: Blob) -> dict[str, str]:
    """Tells browsers what a file is, and trusts neither its type nor its name."""
    media_type = blob.content_type if _MEDIA_TYPE.fullmatch(blob.content_type) else "application/octet-stream"
    shown = "inline" if media_type.lower().startswith(_SHOWN) else "attachment"
    name = f"; filename*=UTF-8''{quote(blob.name, safe='', errors='replace')}" if blob.name else ""
    return {
        "Content-Type": media_type,
        "Content-Length": str(len(blob.content)),
        "Content-Disposition": f"{shown}{name}",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "private, max-age=60",
        "Cross-Origin-Resource-Policy": "cross-origin",  # documents elsewhere show it as an image
        "X-Content-Type-Options": "nosniff",
    }
