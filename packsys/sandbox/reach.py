"""What one call reaches of its world, on the host's side: requests, files that are kept, results of earlier calls.

Whichever way pack code runs, this is what its context comes down to, so that it finds the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from packsys import sdk
from packsys.errors import BlobTooLarge, ForbiddenRequest
from packsys.ports import Request, Response, World

LONGEST_KEPT = 86_400.0
"""Seconds for which a file may be kept: a day, as in the packs that people know."""

MOST_KEPT = 50 * 2**20
"""Bytes of files that one call may have kept, all told."""

_LONGEST_NAME = 255  # characters of a file's name
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;\s*[\w-]+=[\w.+-]+)*", re.ASCII)


class Reach:
    """Does what a context asks for with the sockets of its world, until it is cut off.

    Every method raises :class:`~packsys.errors.ForbiddenRequest` once that has happened.
    """

    def __init__(self, world: World, *, seconds: Callable[[], float]) -> None:
        """Takes the world, and what tells how many seconds a request may take now."""
        self._open: World | None = world
        self._seconds = seconds
        self._kept = 0

    def fetch(self, request: sdk.Request) -> Response:
        """Sends a request; answers of any status come back. Raises what :class:`~packsys.ports.Fetcher` does."""
        return self._world().fetcher.fetch(
            Request(
                method=request.method,
                url=request.url,
                headers=request.headers,
                query=request.query,
                body=request.body,
                timeout=self._seconds(),
                authenticate=request.authenticate,
                follow=request.follow,
                cache_ttl=request.cache_ttl,
            )
        )

    def store(self, content: bytes, *, content_type: str, name: str, ttl: float) -> str:
        """Keeps a file and gives its address; raises :class:`~packsys.errors.BlobTooLarge`."""
        blobs = self._world().blobs
        if blobs is None:
            raise ForbiddenRequest("This installation keeps no files: do without, or configure a place for them.")
        if not _MEDIA_TYPE.fullmatch(content_type):
            raise ForbiddenRequest(f"{content_type[:60]!r} is no content type: write one such as 'image/png'.")
        if not 0 < ttl <= LONGEST_KEPT:
            raise ForbiddenRequest(f"A file is kept for more than 0 and at most {LONGEST_KEPT:g} seconds, not {ttl:g}.")
        self._kept += len(content)
        if self._kept > MOST_KEPT:
            raise BlobTooLarge(f"A call may keep {MOST_KEPT // 2**20} MB of files, all told: keep fewer.")
        return blobs.store(content, content_type=content_type, name=name[:_LONGEST_NAME], ttl=ttl)

    def store_url(self, url: str, *, name: str, ttl: float) -> str:
        """Fetches a file and keeps it; raises :class:`packsys.sdk.StatusCodeError` where the service refuses it."""
        answer = self.fetch(sdk.Request(url=url))
        if answer.status >= 400:
            refusal = sdk.Response(status=answer.status, headers=answer.headers, body=answer.body)
            raise sdk.StatusCodeError(refusal, url=url)
        said = answer.headers.get("content-type", "")
        content_type = said if _MEDIA_TYPE.fullmatch(said) else "application/octet-stream"
        return self.store(answer.body, content_type=content_type, name=name, ttl=ttl)

    def cached(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        """Finds what an earlier call gave."""
        return self._world().cache.get(formula, arguments)

    def cut(self) -> None:
        """Ends all of it."""
        self._open = None

    def _world(self) -> World:
        if self._open is None:
            raise ForbiddenRequest("The call is over: it cannot send requests any more.")
        return self._open
