"""A name server of this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A
from dnslib.server import BaseResolver, DNSServer

Records = Mapping[str, Sequence[str]]


class Names(BaseResolver):
    """Answers with the addresses of a name, or with ``cname:OTHER`` and those of that one; ``fails:AAAA`` fails.

    An entry that is a list of lists is used up, one for each question: a name that changes its mind. Names below one
    that is given as ``*.example.com`` are all the same.
    """

    def __init__(self, records: Mapping[str, Sequence[Any]]) -> None:
        self.know(records)
        self._server = DNSServer(self, address="127.0.0.1", port=0, logger=_Silent())
        self.port: int = self._server.server.server_address[1]

    def __enter__(self) -> Names:
        self._server.start_thread()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server.shutdown()
        self._server.server.server_close()

    def know(self, records: Mapping[str, Sequence[Any]]) -> None:
        """Begins anew with other records."""
        self.records = dict(records)
        self.asked: Counter[tuple[str, str]] = Counter()

    def resolve(self, request: Any, handler: Any) -> Any:
        name, kind = str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        self.asked[name, kind] += 1
        reply = request.reply()
        found = self._found(name, kind)
        if found is None:
            reply.header.rcode = RCODE.NXDOMAIN
        for owner, entry in found or ():
            if entry == f"fails:{kind}":
                reply.header.rcode = RCODE.SERVFAIL
            elif not entry.startswith("fails:"):
                _add(reply, owner, entry, kind)
        return reply

    def _found(self, name: str, kind: str) -> list[tuple[str, str]] | None:
        kept = self.records.get(name) or self.records.get(f"*.{name.partition('.')[2]}")
        if kept is None:
            return None
        entries = kept[min(self.asked[name, kind], len(kept)) - 1] if isinstance(kept[0], list) else kept
        alias = entries[0].partition("cname:")[2]
        if alias:
            return [(name, entries[0]), *(self._found(alias, kind) or [])]
        return [(name, entry) for entry in entries]


def _add(reply: Any, owner: str, entry: str, kind: str) -> None:
    alias = entry.partition("cname:")[2]
    if alias:
        reply.add_answer(RR(owner, QTYPE.CNAME, rdata=CNAME(alias), ttl=0))
    elif ":" in entry and kind == "AAAA":
        reply.add_answer(RR(owner, QTYPE.AAAA, rdata=AAAA(ip_address(entry).exploded), ttl=0))
    elif ":" not in entry and kind == "A":
        reply.add_answer(RR(owner, QTYPE.A, rdata=A(entry), ttl=0))


class _Silent:
    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None
