"""Connects accounts over the HTTP service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from packsys.client.transport import Transport, View


class Connections:
    """Connects accounts of a workspace, lists and ends them; every method raises Refused and Unreachable."""

    def __init__(self, transport: Transport) -> None:
        """Takes the way to the service."""
        self._transport = transport

    def connect(
        self,
        *,
        pack: str,
        name: str,
        token: str | None = None,
        fields: Mapping[str, str] | None = None,
        endpoint: str = "",
        connection: str | None = None,
    ) -> View:
        """Connects an account with its token or its fields, or replaces the one with the id ``connection``."""
        secret: dict[str, Any] = {"fields": dict(fields)} if fields else {"token": token}
        asked = {"pack": pack, "name": name, "endpoint": endpoint, "id": connection or str(uuid4()), **secret}
        return self._transport.view("POST", "/v1/connections", json=asked)

    def list(self) -> Sequence[View]:
        """Lists the connected accounts of the workspace."""
        return self._transport.views("/v1/connections")

    def disconnect(self, connection: str) -> View:
        """Ends an account, here and at its service; gives its row."""
        return self._transport.view("DELETE", f"/v1/connections/{connection}")

    def audit(self, connection: str) -> View:
        """Tells what happened to an account."""
        return self._transport.view("GET", f"/v1/connections/{connection}/audit")

    def set_oauth_client(self, pack: str, *, client_id: str, client_secret: str = "") -> View:
        """Sets what the workspace is to the service of a pack."""
        asked = {"client_id": client_id, "client_secret": client_secret}
        return self._transport.view("PUT", f"/v1/packs/{pack}/oauth-client", json=asked)

    def begin_sign_in(
        self, *, pack: str, name: str, redirect: str, endpoint: str = "", connection: str | None = None
    ) -> View:
        """Begins to sign in for an account; the person comes back to ``redirect``, a loopback address."""
        asked = {"pack": pack, "name": name, "redirect_uri": redirect, "endpoint": endpoint}
        more = {"connection": connection} if connection else {}
        return self._transport.view("GET", "/v1/oauth/start", params={**asked, **more})

    def finish_sign_in(self, query: str) -> None:
        """Hands on what the person came back with; this client has begun the sign-in, and no other can finish it."""
        self._transport.once(f"/v1/oauth/callback?{query}")
