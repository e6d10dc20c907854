"""The way out over HTTP, for all packs and accounts of a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from packsys.connections.credential import Credential, Credentials
from packsys.connections.envelope import Envelope
from packsys.egress.courier import Courier
from packsys.egress.fetcher import Carrier, PackFetcher
from packsys.egress.flights import Flights
from packsys.egress.guard import EgressPolicy, Guard
from packsys.egress.keeping import Account, Keeper, KeepingFetcher
from packsys.egress.transport import Transport
from packsys.egress.turns import Turns
from packsys.errors import ConnectionFault, NotConnected
from packsys.model import Connection, PackVersion
from packsys.ports import AnswerCache, Fetcher, Gate


class Gates(Protocol):
    """Makes the gate at which the requests of one call wait for their time."""

    def gate(self, pack: PackVersion, connection: Connection | None, *, workspace: str = "", formula: str = "") -> Gate:
        """Gives the gate of one call, of a formula where it is one."""


class HttpEgress:
    """Opens the way out for calls: :class:`~packsys.ports.Egress`.

    Connections are kept open and shared by the calls of a process; a process that was forked opens its own.
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        policy: EgressPolicy | None = None,
        guard: Guard | None = None,
        answers: AnswerCache | None = None,
        envelope: Envelope | None = None,
        gates: Gates | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Opens nothing yet. A guard given brings its own policy.

        Answers are kept where there are ``answers`` to keep them in and an ``envelope`` to seal them with. A request
        that leaves passes one of the ``gates`` where there are some; one that is answered from the cache does not.
        ``monotonic`` is a clock in seconds, ``now`` one since 1970.
        """
        guard = guard or Guard(policy or EgressPolicy())
        self._gates = gates
        self._carrier = Carrier(
            transport=Transport(guard, monotonic=monotonic),
            credentials=credentials,
            policy=guard.policy,
            turns=Turns(guard.policy.at_once),
            monotonic=monotonic,
        )
        self._keeper = (
            Keeper(
                answers=answers,
                envelope=envelope,
                flights=Flights(),
                longest=guard.policy.longest,
                now=now,
                monotonic=monotonic,
            )
            if answers is not None and envelope is not None
            else None
        )

    def open(
        self,
        pack: PackVersion,
        connection: Connection | None,
        *,
        token: str = "",
        workspace: str = "",
        fresh: bool = False,
        formula: str = "",
    ) -> Fetcher:
        """Gives the fetcher of one call, with the account's secret opened for it.

        Raises :class:`~packsys.errors.ConnectionFault` for an account that cannot be used or is not the pack's,
        and :class:`~packsys.errors.SealBroken`.
        """
        credential = self._credential(pack, connection, token)
        whose = connection.workspace if connection is not None else workspace
        fetcher = PackFetcher(
            self._carrier,
            pack=pack,
            connection=connection,
            credential=credential,
            workspace=whose,
            token=token,
            gate=self._gates.gate(pack, connection, workspace=workspace, formula=formula) if self._gates else None,
        )
        if self._keeper is None:
            return fetcher
        account = Account(
            workspace=whose,
            connection=connection.id if connection is not None else "",
            endpoint=connection.endpoint if connection is not None else "",
            version=credential.version if credential is not None else 0,
            pack=(pack.id, pack.version),
        )
        return KeepingFetcher(fetcher, self._keeper, account, token=token, fresh=fresh)

    def courier(self, *, workspace: str = "") -> Courier:
        """Gives what carries the house's own requests, such as those for tokens, behind the same guard."""
        networks = self._carrier.policy.networks_of(workspace)
        return Courier(self._carrier.transport, self._carrier.policy, networks, monotonic=self._carrier.monotonic)

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._carrier.transport.close()

    def _credential(self, pack: PackVersion, connection: Connection | None, token: str) -> Credential | None:
        if connection is None:
            return None
        if connection.pack_id != pack.id:
            raise ConnectionFault(f"The account {connection.name!r} belongs to another pack than {pack.name}.")
        if not connection.state.usable:
            raise NotConnected(f"The account {connection.name!r} is {connection.state}: connect it again.")
        return self._carrier.credentials.open(pack, connection, token=token)
