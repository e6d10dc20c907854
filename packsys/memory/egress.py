"""The way out of a pack that may reach nothing."""

from __future__ import annotations

from packsys.errors import ForbiddenRequest
from packsys.model import Connection, PackVersion
from packsys.ports import Request, Response


class ClosedEgress:
    """Lets nothing out."""

    def open(
        self,
        pack: PackVersion,
        connection: Connection | None,
        *,
        token: str = "",
        workspace: str = "",
        fresh: bool = False,
        formula: str = "",
    ) -> ClosedFetcher:
        """Gives a fetcher that refuses everything."""
        return ClosedFetcher(pack.name)


class ClosedFetcher:
    """Refuses every request."""

    def __init__(self, pack: str) -> None:
        """Takes the pack's name for the message."""
        self.pack = pack

    def fetch(self, request: Request) -> Response:
        """Raises ForbiddenRequest."""
        raise ForbiddenRequest(f"{self.pack} declares no domains, so it may not fetch {request.url}: declare them.")
