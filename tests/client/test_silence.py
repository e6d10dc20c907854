"""A stream of events in which nothing happens for a while: the service says so in comments, every 15 seconds."""

from __future__ import annotations

import json

from packsys.client import Packsys
from tests.egress.service import Service

JOB = "01a205aa-cf5e-7d36-ad28-c35da1ee852b"


def said(number: int, kind: str) -> str:
    data = {"job": JOB, "number": number, "at": "2026-01-01T00:00:00+00:00", "kind": kind, "step": None, "detail": {}}
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"


def test_a_comment_between_two_events_is_no_event() -> None:
    body = (said(1, "job.accepted") + ": still here\n\n" + said(2, "job.done")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with (
        Service({f"/v1/jobs/{JOB}/events": head + body}) as service,
        Packsys(f"http://127.0.0.1:{service.port}", "pk_fake", patience=0) as client,
    ):
        assert [event.kind for event in client.events(JOB)] == ["job.accepted", "job.done"]
