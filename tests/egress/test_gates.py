"""What leaves waits at a gate; what is answered from the cache does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from packsys.connections.envelope import Envelope
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import LimitReached
from packsys.memory.answers import MemoryAnswers
from packsys.model import Connection, PackVersion
from packsys.ports import Gate, Request, Response
from tests.egress.recorded import Tokens
from tests.egress.service import Service, redirect
from tests.egress.test_credentials import PACK, accepting
from tests.egress.world import HERE

FRESH = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Counting:
    """Lets so many requests out, and remembers them and what came back."""

    most: int = 100
    carried: list[tuple[str, str, int]] = field(default_factory=list)

    def gate(self, pack: PackVersion, connection: Connection | None, *, workspace: str = "", formula: str = "") -> Gate:
        return self

    def carry(self, send: Callable[[float], Response], *, method: str, path: str, timeout: float) -> Response:
        if len(self.carried) >= self.most:
            raise LimitReached("Wait.", retry_after=9.0, untouched=True)
        response = send(timeout)
        self.carried.append((method, path, response.status))
        return response


def fetch(service: Service, gates: Counting, *requests: Request) -> None:
    egress = HttpEgress(
        credentials=Tokens(["fake-old-token", "fake-new-token"]),
        policy=EgressPolicy(allowed_networks=HERE),
        answers=MemoryAnswers(lambda: datetime.now(UTC)),
        envelope=Envelope(b"k" * 32, purpose="answers"),
        gates=gates,
    )
    account = Connection(
        id="c", workspace="w", pack_id=1, name="me", sealed=b"", endpoint=f"http://127.0.0.1:{service.port}"
    )
    fetcher = egress.open(PACK, account)
    for request in requests:
        fetcher.fetch(request)


def test_each_hop_is_counted() -> None:
    gates = Counting()
    with Service({"/a": redirect("/b?c=d")}) as service:
        fetch(service, gates, Request(method="PUT", url="/a"))
    assert gates.carried == [("PUT", "/a", 302), ("PUT", "/b", 200)]


def test_what_is_sent_again_after_a_refusal_is_counted_again() -> None:
    gates = Counting()
    with Service() as service:
        accepting(service, "fake-new-token")
        fetch(service, gates, Request(url="/"))
    assert gates.carried == [("GET", "/", 401), ("GET", "/", 200)]


def test_a_kept_answer_is_not_counted() -> None:
    gates = Counting()
    with Service({"/": FRESH}) as service:
        fetch(service, gates, Request(url="/"), Request(url="/"))
    assert len(gates.carried) == 1


def test_what_may_not_leave_yet_does_not() -> None:
    with Service() as service:
        with pytest.raises(LimitReached) as caught:
            fetch(service, replace(Counting(), most=0), Request(url="/"))
        assert service.arrived == []
    assert (caught.value.retry_after, caught.value.untouched) == (9.0, True)
