"""What an account's secret can do for a request: sign it. The way out holds one of these, never the secret itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from packsys.model import Connection, PackVersion


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """Is a request just before it leaves: ``url`` is absolute, ``headers`` are what the pack asked for."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


class Credential(Protocol):
    """Is an account's secret, opened for one call. Its repr shows nothing."""

    @property
    def version(self) -> int:
        """Tells which version of the connection's row it was opened from."""

    @property
    def headers(self) -> Collection[str]:
        """Names, in lower case, the headers that it sets, which packs may not."""

    @property
    def redactions(self) -> Collection[str]:
        """Lists the texts that must appear in no answer, log line or error."""

    def sign(self, outgoing: Outgoing) -> Outgoing:
        """Adds what proves who asks; raises :class:`~packsys.errors.ConnectionFault` when it cannot."""


class Credentials(Protocol):
    """Opens the secrets of accounts, fresh enough to be used."""

    def open(self, pack: PackVersion, connection: Connection, *, token: str = "") -> Credential | None:
        """Gives the credential of an account, or None when the pack's service asks for none.

        ``token`` is the call's own, which marks where the pack wants a field of a ``Custom`` account. Raises
        :class:`~packsys.errors.ConnectionFault` and :class:`~packsys.errors.SealBroken`.
        """

    def renew(self, pack: PackVersion, connection: Connection, used: Credential, *, token: str = "") -> Credential:
        """Gives a newer credential after the service refused ``used``, with one refresh at most for its version.

        Raises :class:`~packsys.errors.ConnectionFault` when there is no newer one to be had.
        """
