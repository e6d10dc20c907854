"""Publishes packs over the HTTP service."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.client.transport import Transport, View


class Packs:
    """Publishes packs and shows the published ones; every method raises Refused and Unreachable."""

    def __init__(self, transport: Transport) -> None:
        """Takes the way to the service."""
        self._transport = transport

    def publish(self, archive: bytes) -> View:
        """Publishes a pack version from its archive, and gives its row; the same archive again is harmless.

        Raises Refused, whose ``problem`` names everything that is wrong with the pack under ``errors``.
        """
        return self._transport.view("POST", "/v1/packs", content=archive, headers={"Content-Type": "application/zip"})

    def list(self) -> Sequence[View]:
        """Lists the packs by name, each in its newest version."""
        return self._transport.views("/v1/packs")

    def get(self, pack_id: int) -> View:
        """Gives a pack in its newest version."""
        return self._transport.view("GET", f"/v1/packs/{pack_id}")

    def versions(self, pack_id: int) -> Sequence[View]:
        """Lists the versions of a pack, the newest first."""
        return self._transport.views(f"/v1/packs/{pack_id}/versions")

    def manifest(self, pack_id: int, version: str) -> View:
        """Gives what a version of a pack declares."""
        return self._transport.view("GET", f"/v1/packs/{pack_id}/versions/{version}/manifest")
