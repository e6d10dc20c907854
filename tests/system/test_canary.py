"""No secret of an account is in anything that the house writes down or sends, whatever packs and services do.

A whole house with accounts of every kind, a service that gives back all that it is told in every way that HTTP has, and
packs that raise, log, print, keep and return all that they see. Then everything is looked through: every field of the
database, every key of both Redis servers, every command that they were given, Flower, all logs, all answers.
"""

from __future__ import annotations

import json
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from celery import Celery

from packsys.cli.archive import read_archive
from packsys.cli.system import Plan, System
from packsys.client import Job, Packsys
from tests.provider import Authority, Provider
from tests.provider.authority import CLIENT, SECRET
from tests.system.canary.dump import PLACES, Listener, Wiretap, leaks, places, server, tapped
from tests.system.canary.marks import HEAD, PLANTED, TAIL, canary, found
from tests.system.canary.pack import FORMULAS, write_pack
from tests.system.canary.parrot import WAYS, Parrot
from tests.system.test_flower import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.usefixtures("walls")]

OWN = "endpoint=Endpoint()"
KINDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Bearer": (f"HeaderBearerToken({OWN})", {"token": canary("bearer")}),
    "Basic": (f"WebBasic({OWN})", {"username": "somebody", "password": canary("basic")}),
    "Query": (f'QueryParamToken(parameter="key", {OWN})', {"token": canary("query")}),
    "Marked": (f'Custom(fields=[Field(name="key")], {OWN})', {"key": canary("custom")}),
}
STRANGER = (20101, canary("stranger"))
PAUSING = ("429", "503")
MARKS = (HEAD, TAIL, SECRET)


class Spiteful(Authority):
    """Gives tokens that are canaries; with ``spite`` it answers with all that it was sent."""

    spite = False

    def generate(self, **asked: Any) -> dict[str, Any]:
        made = super().generate(**asked)
        marked = {name: canary(text) for name, text in made.items() if name in ("access_token", "refresh_token")}
        return {**made, **marked}

    def token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        if not self.spite:
            return super().token(form, headers)
        secret = form.get("refresh_token") or form.get("code_verifier") or ""
        # A code of the protocol may have these signs: it must not be taken for one.
        told = "".join(sign for sign in secret if sign.isalnum() or sign in "-_.")[:64]
        return 400, {"error": told, "error_description": json.dumps([form, headers]), **form}


@dataclass(frozen=True, kw_only=True)
class Aviary:
    """Is the house, what is around it, and all that was heard."""

    system: System
    service: Packsys
    parrot: Parrot
    provider: Provider
    authority: Spiteful
    watching: httpx.Client
    taps: list[Wiretap]
    listener: Listener
    accounts: dict[str, str] = field(default_factory=dict)

    def connect(self, pack: str, fields: Mapping[str, str]) -> None:
        """Connects an account of a pack."""
        made = self.service.connections.connect(pack=pack, name="me", fields=fields, endpoint=self.parrot.url)
        self.accounts[pack] = made["id"]

    def ask(self, pack: str, formula: str, way: str) -> str:
        """Submits a formula and gives its job."""
        account = f"$$[packConnectionReference:{self.accounts[pack]}:1:1:false:false:me]"
        return self.service.submit(f'{pack}::{formula}({account}, "/way/{way}")', timeout=60).id

    def sign_in(self, browser: httpx.Client, **more: str) -> httpx.Response:
        """Signs a person in as far as the provider lets them."""
        asked = {"pack": "Signed", "name": "me", "endpoint": self.parrot.url, **more}
        started = browser.get("/v1/oauth/start", params=asked).raise_for_status().json()
        self.accounts["Signed"] = started["connection"]
        parts = urlsplit(started["authorization_url"])
        back = urlsplit(self.authority.authorize(f"{parts.path}?{parts.query}"))
        return browser.get(f"{back.path}?{back.query}")

    def dumped(self, only: Sequence[str] = PLACES) -> Mapping[str, list[bytes]]:
        """Dumps all of it, or some places."""
        return places(self.system, watching=self.watching, taps=self.taps, listener=self.listener, only=only)


@pytest.fixture(scope="module")
def aviary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aviary]:
    """Gives the house, at rest."""
    folder, authority = tmp_path_factory.mktemp("canary"), Spiteful()
    with Parrot() as parrot, Provider(authority) as provider:
        plan = Plan(
            directory=folder / "house",
            parts=("service", "worker", "beat", "flower"),
            flower_port=free_port(),
            packs=tuple(written(folder, provider)),
            allowed_networks=("127.0.0.0/8",),
            lease=3.0,
            grace=2.0,
            durable=False,
            patience=2.0,
        )
        with System(plan) as system:
            yield from settled(system, parrot, provider, authority)


def settled(system: System, parrot: Parrot, provider: Provider, authority: Spiteful) -> Iterator[Aviary]:
    """Sets the listeners up around a house that has started."""
    urls = (system.settings.state_url, system.settings.cache_url)
    watching = httpx.Client(
        base_url=f"http://127.0.0.1:{system.plan.flower_port}", auth=("packsys", system.flower_password)
    )
    listener = Listener()
    authority.client.redirects.append(f"{system.url}/v1/oauth/callback")
    with tapped(*urls) as taps, watching, Packsys(system.url, system.key) as service:
        service.transport.http.event_hooks["response"].append(listener)
        yield Aviary(
            system=system,
            service=service,
            parrot=parrot,
            provider=provider,
            authority=authority,
            watching=watching,
            taps=taps,
            listener=listener,
        )


def written(folder: Path, provider: Provider) -> Iterator[str]:
    """Writes the packs that ship with this house."""
    for number, (name, (kind, _)) in enumerate(KINDS.items()):
        yield str(write_pack(folder / name, id=9101 + number, name=name, authentication=kind))
    fields = ("token_url", "revocation_url", "issuer")
    told = ", ".join(f"{name}={provider.declared()[name]!r}" for name in fields)
    yield str(
        write_pack(
            folder / "Signed",
            id=9120,
            name="Signed",
            authentication=f'OAuth2(authorization_url="https://p.example/a", token_url="https://p.example/t", {OWN})',
            # No pack of a person may declare addresses without TLS; the provider of these tests has none.
            afterwards=f'pack.authentication = OAuth2(authorization_url="https://p.example/a", {told}, {OWN})',
        )
    )


def wait_until(happened: Callable[[], bool], *, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def ended(aviary: Aviary, jobs: list[str]) -> list[Job]:
    """Waits for jobs."""
    return [aviary.service.wait(job, timeout=120) for job in jobs]


@pytest.mark.parametrize("share", [2, pytest.param(1, marks=pytest.mark.long)])
def test_no_secret_is_in_anything_that_is_written_down_or_sent(aviary: Aviary, tmp_path: Path, share: int) -> None:
    """In the short form a pack is asked every second way, and its neighbour the others."""
    everything_is_tried(aviary, tmp_path, share)
    wrong_accounts_are_refused(aviary)
    for account in aviary.accounts.values():
        aviary.service.connections.disconnect(account)
    dumped = aviary.dumped()
    assert leaks(dumped, *MARKS) == []
    assert not [place for place in PLACES if not dumped[place]], "a place was not looked into"
    assert any(b"***" in part for part in dumped["database"]), "nothing was taken out: nothing was there"
    assert any(b"***" in part for part in dumped["logs"])


CALLS = (
    *(("Text", way) for way in WAYS if way not in PAUSING),
    *((formula, "plain") for formula in FORMULAS),
    *(("Direct", way) for way in ("401", "403", "500", "scopes")),
)


def asked_everything(aviary: Aviary, packs: Sequence[str], share: int) -> Mapping[str, list[Job]]:
    """Asks packs every way, or a share of them, all at once; what makes the limiter hold the others back comes last."""
    first = answers(aviary, {pack: CALLS[at % share :: share] for at, pack in enumerate(packs)})
    last = answers(aviary, {pack: [("Text", way) for way in PAUSING] for pack in packs})
    return {pack: [*first[pack], *last[pack]] for pack in packs}


def answers(aviary: Aviary, calls: Mapping[str, Sequence[tuple[str, str]]]) -> Mapping[str, list[Job]]:
    """Asks each pack for its formulas, each by its way, and waits for all."""
    asked = {pack: [aviary.ask(pack, formula, way) for formula, way in each] for pack, each in calls.items()}
    return {pack: ended(aviary, jobs) for pack, jobs in asked.items()}


def everything_is_tried(aviary: Aviary, folder: Path, share: int) -> None:
    """Asks with every kind, does with the answer whatever a pack can, and crashes and cancels some.

    Signs in, rightly and wrongly; refreshes, rightly and wrongly.
    """
    for pack, (_, fields) in KINDS.items():
        aviary.connect(pack, fields)
    stranger = write_pack(folder / "Stranger", id=20101, name="Stranger", authentication=f"HeaderBearerToken({OWN})")
    aviary.service.packs.publish(read_archive(stranger.parent))
    aviary.connect("Stranger", {"token": canary("stranger")})
    aviary.service.connections.set_oauth_client("Signed", client_id=CLIENT, client_secret=SECRET)
    assert aviary.sign_in(aviary.service.transport.http).status_code == 200
    for pack, jobs in asked_everything(aviary, [*KINDS, "Stranger", "Signed"], share).items():
        assert sum(job.state == "done" for job in jobs) > len(jobs) / 3, f"{pack} was not asked"
    for job in [aviary.ask("Bearer", "Waited", "plain"), aviary.ask("Stranger", "Waited", "plain")]:
        aviary.service.cancel(job)
    ended(aviary, [aviary.ask("Bearer", "Crashed", "plain"), aviary.ask("Stranger", "Crashed", "plain")])
    for name in ("bearer", "query", "custom", "stranger"):
        assert any(f"{HEAD}.{name}" in told for told in aviary.parrot.heard), f"the account {name!r} was not used"
    ended(aviary, [aviary.ask("Signed", "Direct", "401")])
    assert aviary.authority.given[0].refresh[1:], "nothing was refreshed"
    aviary.authority.spite = True
    ended(aviary, [aviary.ask("Signed", "Text", "401"), aviary.ask("Signed", "Direct", "401")])
    assert aviary.sign_in(aviary.service.transport.http).status_code == 409
    aviary.authority.spite = False


def wrong_accounts_are_refused(aviary: Aviary) -> None:
    """Sends what is no account, with a secret in it."""
    secret = canary("wrong")
    right = {"pack": "Bearer", "name": "me", "token": secret}
    wrong: list[dict[str, Any]] = [
        {**right, "token": [secret]},
        {**right, "token": f"{secret}\r\nX-Injected: yes"},
        {**right, "token": secret * 1000},
        {**right, "pack": "Basic", "fields": {"username": "a:b", "password": secret}, "token": None},
        {**right, "fields": {"token": secret}},
        {**right, "fields": {"token": {"token": secret}}},
        {**right, "fields": {"other": secret}, "token": None},
        {**right, "endpoint": f"https://me:{secret}@parrot.example"},
        {**right, "endpoint": f"https://parrot.example/?{secret}"},
        {**right, "token": secret, "id": "no id"},
        {**right, "name": 7},
    ]
    for body in wrong:
        assert 400 <= aviary.service.transport.http.post("/v1/connections", json=body).status_code < 500, body
    cut = json.dumps(right).encode()[:-1]
    headers = {"Content-Type": "application/json"}
    assert aviary.service.transport.http.post("/v1/connections", content=cut, headers=headers).status_code == 400
    client = {"client_id": "x", "client_secret": secret, "more": secret}
    assert aviary.service.transport.http.put("/v1/packs/Signed/oauth-client", json=client).status_code == 422
    assert aviary.service.transport.http.put("/v1/packs/Bearer/oauth-client", json=client | {}).status_code in (
        409,
        422,
    )


def plant_in_database(aviary: Aviary, mark: bytes) -> None:
    with psycopg.connect(aviary.system.settings.database_url.replace("+psycopg", "")) as connection:
        connection.execute(
            "insert into oauth_state values (%s, %s, now())", (mark[::-1] + str(time.time()).encode(), b"\0" + mark)
        )


def plant_in_redis(url: str, mark: bytes) -> None:
    server(url).hset("planted", "field", mark)


def plant_in_broker(aviary: Aviary, mark: bytes) -> None:
    app = Celery(broker=aviary.system.settings.state_url)
    app.send_task("planted", args=[mark.decode()], queue="nobody-listens")


def plant_in_events(aviary: Aviary, mark: bytes) -> None:
    app = Celery(broker=aviary.system.settings.state_url)
    with app.connection_for_write() as connection:
        app.events.Dispatcher(connection).send("task-planted", args=mark.decode())


def plant_in_flower(aviary: Aviary, mark: bytes) -> None:
    app = Celery(broker=aviary.system.settings.state_url)
    app.send_task("packsys.jobs.get", args=[mark.decode()], queue="celery")


def plant_in_logs(aviary: Aviary, mark: bytes) -> None:
    with (aviary.system.directory / "worker.log").open("ab") as log:
        log.write(mark)


def plant_in_answers(aviary: Aviary, mark: bytes) -> None:
    aviary.service.run(f'"{mark.decode()}"')


PLANT: Mapping[str, Callable[[Aviary, bytes], None]] = {
    "database": plant_in_database,
    "state": lambda aviary, mark: plant_in_redis(aviary.system.settings.state_url, mark),
    "cache": lambda aviary, mark: plant_in_redis(aviary.system.settings.cache_url, mark),
    "broker": plant_in_broker,
    "events": plant_in_events,
    "flower": plant_in_flower,
    "logs": plant_in_logs,
    "answers": plant_in_answers,
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_planted_is_found(aviary: Aviary, place: str) -> None:
    """The look would find a secret in each place: without this it could not fail."""
    mark = f"{PLANTED}{place}"
    assert not leaks(aviary.dumped([place]), mark)
    PLANT[place](aviary, mark.encode())
    wait_until(lambda: bool(leaks(aviary.dumped([place]), mark)))


@pytest.mark.parametrize("form", ["compressed", "hex", "base64", "base64 of base64", "an offset", "reversed", "half"])
def test_a_secret_is_found_in_any_form(form: str) -> None:
    secret = canary("any").encode()
    written = {
        "compressed": zlib.compress(secret),
        "hex": secret.hex().encode(),
        "base64": b64encode(secret),
        "base64 of base64": b64encode(b64encode(secret)),
        "an offset": b64encode(b"x" + secret),
        "reversed": secret[::-1],
        "half": secret[len(secret) // 2 :],
    }[form]
    assert found(b"before" * (form not in ("compressed", "base64 of base64")) + written, *MARKS)
    assert not found(b"nothing of the kind" + b64encode(b"or of any other"), *MARKS)
