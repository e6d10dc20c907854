"""Finds the addresses of names, within a time, and sees the other names on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from packsys.errors import ForbiddenRequest, UpstreamError

if TYPE_CHECKING:
    from dns.resolver import Answer

Resolver: TypeAlias = Callable[[str, float], Sequence[str]]
"""Gives the addresses of a name within some seconds; raises ForbiddenRequest and UpstreamError."""

LONGEST = 5.0
"""Seconds for a name, at most."""

# Names under which clouds serve credentials to their machines.
_METADATA = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"})


class DnsResolver:
    """Asks name servers, the system's own unless others are given, after the file of hosts.

    It asks itself because the system's call has no time limit and hides aliases. IPv4 addresses come first.
    """

    def __init__(self, servers: Sequence[str] = (), *, port: int = 53, hosts: Path = Path("/etc/hosts")) -> None:
        """Asks nothing yet."""
        self._servers, self._port, self._hosts = tuple(servers), port, hosts

    def __call__(self, host: str, seconds: float) -> Sequence[str]:
        """Gives the addresses of a name."""
        _check_name(host, host)
        return self._from_file(host) or self._asked(host, time.monotonic() + min(seconds, LONGEST))

    def _from_file(self, host: str) -> Sequence[str]:
        try:
            lines = self._hosts.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ()
        entries = (line.partition("#")[0].lower().split() for line in lines)
        return [entry[0].partition("%")[0] for entry in entries if host in entry[1:]]

    def _asked(self, host: str, until: float) -> Sequence[str]:
        found = self._records(host, "A", until)
        try:
            return [*found, *self._records(host, "AAAA", until)]
        except UpstreamError:
            if not found:
                raise
            return found  # some name servers fail where there are no addresses of the newer kind

    def _records(self, host: str, kind: str, until: float) -> Sequence[str]:
        answer = self._answer(host, kind, until - time.monotonic())
        return [record.to_text() for record in answer.rrset or ()]

    def _answer(self, host: str, kind: str, seconds: float) -> Answer:
        from dns.exception import DNSException  # noqa: PLC0415 - a fifth of a second for a process that asks nothing
        from dns.resolver import Resolver as Client  # noqa: PLC0415

        try:
            client = Client(configure=not self._servers)
            if self._servers:
                client.nameservers, client.port = list(self._servers), self._port
            answer = client.resolve(f"{host}.", kind, lifetime=max(seconds, 0.01), raise_on_no_answer=False)
        except DNSException as error:
            raise _failure(host, error) from None
        for alias in answer.chaining_result.cnames:
            for record in alias:
                _check_name(host, record.target.to_text(omit_final_dot=True).lower())
        return answer


def _check_name(host: str, name: str) -> None:
    if name in _METADATA:
        raise ForbiddenRequest(f"{host} leads to where a cloud keeps its machines' secrets.", reason="address")


def _failure(host: str, error: Exception) -> UpstreamError:
    if type(error).__name__ == "LifetimeTimeout":
        return UpstreamError(f"{host} cannot be found: the name servers do not answer in time.", reason="dns")
    return UpstreamError(f"{host} cannot be found: no name server knows its address.", reason="dns")
