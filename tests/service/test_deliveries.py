from __future__ import annotations

import httpx

from packsys.model import DeliveryState
from tests.service.house import SmallHouse

URL = "https://caller.example/hook"


def owed(http: httpx.Client) -> str:
    answer = http.post("/v1/jobs", json={"formula": "Done()", "callback": URL})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def buried(house: SmallHouse, job: str) -> None:
    for each in house.deliveries.take(limit=100, lease=60):
        assert house.deliveries.bury(each, status=410, reason="Gone.") or each.job != job


def test_a_job_with_a_callback_has_a_delivery(http: httpx.Client) -> None:
    job = owed(http)
    newest = http.get("/v1/deliveries").json()[0]
    assert (newest["id"], newest["url"], newest["state"], newest["tries"]) == (job, URL, "pending", 0)


def test_the_dead_ones_are_listed_with_the_reason_and_sent_again(house: SmallHouse, http: httpx.Client) -> None:
    job = owed(http)
    buried(house, job)
    dead = http.get("/v1/deliveries", params={"state": "dead"}).json()[0]
    assert (dead["id"], dead["status"], dead["reason"]) == (job, 410, "Gone.")
    house.asked_for.clear()
    answer = http.post(f"/v1/deliveries/{job}/retry")
    assert (answer.status_code, answer.json()["state"]) == (200, DeliveryState.PENDING)
    assert house.asked_for == ["deliver"]


def test_they_come_page_by_page(http: httpx.Client) -> None:
    jobs = [owed(http) for _ in range(3)]
    first = http.get("/v1/deliveries", params={"limit": 2}).json()
    assert [each["id"] for each in first] == jobs[:0:-1]
    second = http.get("/v1/deliveries", params={"limit": 1, "before": first[-1]["id"]}).json()
    assert [each["id"] for each in second] == jobs[:1]


def test_another_workspace_has_none_of_them(http: httpx.Client, stranger: httpx.Client) -> None:
    job = owed(http)
    assert stranger.get("/v1/deliveries").json() == []
    assert stranger.post(f"/v1/deliveries/{job}/retry").status_code == 404


def test_what_is_no_address_is_refused(http: httpx.Client) -> None:
    for callback in ("hook", "ftp://caller.example/", "https://me:secret@caller.example/"):
        assert http.post("/v1/jobs", json={"formula": "=1", "callback": callback}).status_code == 422
