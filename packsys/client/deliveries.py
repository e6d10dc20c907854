"""Shows over the HTTP service what became of messages to callbacks."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.client.transport import Transport, View


class Deliveries:
    """Lists the messages to a workspace's callbacks, and sends them again; methods raise Refused and Unreachable."""

    def __init__(self, transport: Transport) -> None:
        """Takes the way to the service."""
        self._transport = transport

    def list(self, *, state: str | None = None) -> Sequence[View]:
        """Lists the newest hundred messages: all, or those pending, delivered or dead."""
        return self._transport.views("/v1/deliveries", **({"state": state} if state else {}))

    def retry(self, delivery: str) -> View:
        """Sends a message once more; ``delivery`` is the id of the job or sync run that it is about."""
        return self._transport.view("POST", f"/v1/deliveries/{delivery}/retry")
