"""Tokens are fresh when they are used, and each refresh token is sent once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from packsys.connections.contents import Contents, written
from packsys.connections.kinds import entered
from packsys.connections.secret import Secret
from packsys.connections.vaulted import VaultCredentials
from packsys.errors import (
    AuthenticationRefused,
    ConnectionFault,
    ForbiddenRequest,
    GrantRefused,
    NotConnected,
    PacksysError,
    RateLimited,
    UpstreamError,
)
from packsys.memory import MemoryConnections
from packsys.model import AuditNote, Connection, ConnectionState
from tests.connections.test_signin import signed_in
from tests.connections.world import World, declared, world
from tests.ports.threads import at_once
from tests.provider import Authority

LIFE = 3600


class Killed(BaseException):
    """Ends a refresh in the middle, as the end of its process would."""


def killed_at(step: str) -> Callable[[str], None]:
    """Gives what ends the first refresh that passes a step."""
    left = [step]

    def passing(passed: str) -> None:
        if left == [passed]:
            left.clear()
            raise Killed

    return passing


def refreshes(here: World) -> list[str]:
    """Lists the refresh tokens that were sent."""
    return [visit.token for visit in here.authority.visits if visit.grant_type == "refresh_token"]


def newest(here: World) -> tuple[str, str]:
    (grant,) = here.authority.given
    return grant.access[-1], grant.refresh[-1]


def held(here: World, connection: Connection) -> tuple[str, str]:
    tokens = here.tokens(here.kept(connection))
    assert tokens.refresh
    return tokens.access.reveal(), tokens.refresh.reveal()


def credentials(here: World) -> VaultCredentials:
    return VaultCredentials(here.vault, here.connections, here.refresh)


def test_a_fresh_token_is_used_as_it_is() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE - 301)
    assert here.refresh.fresh(here.pack, here.kept(connection)).version == connection.version
    assert refreshes(here) == []


def test_a_token_near_its_end_is_refreshed_and_kept_before_it_is_used() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE - 299)
    fresh = here.refresh.fresh(here.pack, connection)
    assert fresh.version == connection.version + 1
    assert held(here, connection) == newest(here)
    assert here.kept(connection).sealed == fresh.sealed


def test_a_short_life_has_a_margin_of_a_fifth() -> None:
    here = world(authority=Authority(life=100))
    connection = signed_in(here)
    here.clock.wait(79)
    assert here.refresh.fresh(here.pack, connection).version == connection.version
    here.clock.wait(2)
    assert here.refresh.fresh(here.pack, connection).version == connection.version + 1


def test_workers_look_from_points_of_their_own() -> None:
    here = world()
    connection = signed_in(here)
    late = replace(here.refresh, random=lambda: 0.0)
    here.clock.wait(LIFE - 299)
    assert late.fresh(here.pack, connection).version == connection.version
    here.clock.wait(75)
    assert late.fresh(here.pack, connection).version == connection.version + 1


def test_a_service_that_sends_no_new_refresh_token_lets_the_old_one_stand() -> None:
    here = world(authority=Authority(silent=True))
    connection = signed_in(here)
    for _ in range(2):
        here.clock.wait(LIFE)
        connection = here.refresh.fresh(here.pack, connection)
    (grant,) = here.authority.given
    assert held(here, connection) == (grant.access[2], grant.refresh[0])


def test_threads_that_ask_at_once_refresh_once() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE)
    got = at_once(lambda _: here.refresh.fresh(here.pack, connection), threads=16)
    assert {each.version for each in got} == {connection.version + 1}
    assert len(refreshes(here)) == 1


def test_whoever_has_an_old_row_gets_the_newer_one_and_refreshes_nothing() -> None:
    here = world()
    old = signed_in(here)
    here.clock.wait(LIFE)
    newer = here.refresh.fresh(here.pack, old)
    assert here.refresh.fresh(here.pack, old) == newer
    assert len(refreshes(here)) == 1


def test_a_refused_token_is_renewed_once_for_its_version() -> None:
    """Two calls got a 401 for one version: the second takes what the first got."""
    here = world()
    connection = signed_in(here)
    opener = credentials(here)
    used = opener.open(here.pack, connection)
    assert used
    first = opener.renew(here.pack, connection, used)
    second = opener.renew(here.pack, connection, used)
    assert (first.version, second.version) == (connection.version + 1,) * 2
    assert len(refreshes(here)) == 1
    third = opener.renew(here.pack, connection, second)
    assert third.version == connection.version + 2


def test_while_another_refreshes_the_living_token_is_used() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE - 100)
    assert here.connections.lease(connection, owner="another", seconds=60, sent=b"")
    assert here.refresh.fresh(here.pack, connection) == connection


def test_while_another_refreshes_an_ended_token_is_waited_for() -> None:
    here = world(patience=0.0)
    connection = signed_in(here)
    here.clock.wait(LIFE)
    assert here.connections.lease(connection, owner="another", seconds=60, sent=b"")
    with pytest.raises(UpstreamError, match="is being refreshed"):
        here.refresh.fresh(here.pack, connection)
    assert here.kept(connection).state_at(here.clock()) is ConnectionState.REFRESHING


@pytest.mark.parametrize("step", ["leased", "sending", "saved"])
def test_an_end_at_any_step_but_one_costs_nothing(step: str) -> None:
    here = world(passing=killed_at(step))
    connection = signed_in(here)
    here.clock.wait(LIFE)
    with pytest.raises(Killed):
        here.refresh.fresh(here.pack, connection)
    here.clock.wait(61)
    here.refresh.fresh(here.pack, connection)
    assert held(here, connection) == newest(here)
    assert here.kept(connection).state is ConnectionState.ACTIVE


def test_an_end_between_the_answer_and_the_row_is_told_as_what_it_is() -> None:
    """No client can mend this where the service takes each refresh token once: it had sent the only copy."""
    here = world(passing=killed_at("answered"))
    connection = signed_in(here)
    here.clock.wait(LIFE)
    with pytest.raises(Killed):
        here.refresh.fresh(here.pack, connection)
    here.clock.wait(61)
    with pytest.raises(NotConnected, match="was lost on its way"):
        here.refresh.fresh(here.pack, connection)
    kept = here.kept(connection)
    assert (kept.state, kept.reason) == (ConnectionState.NEEDS_REAUTH, "rotation_lost")
    assert held(here, connection)  # never deleted


def test_a_service_that_takes_an_old_token_for_a_while_mends_even_that() -> None:
    here = world(passing=killed_at("answered"), authority=Authority(silent=True))
    connection = signed_in(here)
    here.clock.wait(LIFE)
    with pytest.raises(Killed):
        here.refresh.fresh(here.pack, connection)
    here.clock.wait(61)
    assert here.refresh.fresh(here.pack, connection).state is ConnectionState.ACTIVE


def test_an_end_of_access_is_the_owners_to_mend() -> None:
    here = world()
    connection = signed_in(here)
    here.authority.given[0].revoked = True
    here.clock.wait(LIFE)
    with pytest.raises(NotConnected, match="ended the access"):
        here.refresh.fresh(here.pack, connection)
    kept = here.kept(connection)
    assert (kept.state, kept.reason) == (ConnectionState.NEEDS_REAUTH, "invalid_grant")
    with pytest.raises(NotConnected, match="needs_reauth"):
        here.refresh.fresh(here.pack, connection)
    assert len(refreshes(here)) == 1


class Overtaken(MemoryConnections):
    """Lets somebody else keep a newer version between our refresh's beginning and its refusal."""

    def lease(self, connection: Connection, *, owner: str, seconds: float, sent: bytes) -> bool:
        got = super().lease(connection, owner=owner, seconds=seconds, sent=sent)
        self.add(replace(connection, version=connection.version + 1, name="theirs"))
        return got


def test_a_refusal_means_nothing_when_somebody_else_was_faster() -> None:
    here = world(connections=Overtaken)
    connection = signed_in(here)
    here.authority.given[0].revoked = True
    here.clock.wait(LIFE)
    assert here.refresh.fresh(here.pack, connection).name == "theirs"
    assert here.kept(connection).state is ConnectionState.ACTIVE


TROUBLES = [(503, UpstreamError), (599, UpstreamError), (429, RateLimited), (302, ForbiddenRequest)]


@pytest.mark.parametrize(("status", "_"), TROUBLES)
def test_a_failure_leaves_the_living_token_in_use(status: int, _: object) -> None:
    here = world()
    connection = signed_in(here)
    here.authority.troubles.append(status)
    here.clock.wait(LIFE - 100)
    assert here.refresh.fresh(here.pack, connection) == connection
    kept = here.kept(connection)
    assert kept.state is ConnectionState.ERROR
    assert kept.state.usable
    assert here.refresh.fresh(here.pack, kept) == kept  # not due yet
    assert len(refreshes(here)) == 1
    here.clock.wait(30)
    assert here.refresh.fresh(here.pack, kept).state is ConnectionState.ACTIVE


@pytest.mark.parametrize(("status", "kind"), TROUBLES)
def test_a_failure_after_the_end_is_told_with_the_time_to_wait(status: int, kind: type[PacksysError]) -> None:
    here = world()
    connection = signed_in(here)
    here.authority.troubles.append(status)
    here.clock.wait(LIFE)
    with pytest.raises(kind):
        here.refresh.fresh(here.pack, connection)
    with pytest.raises(UpstreamError) as caught:
        here.refresh.fresh(here.pack, here.kept(connection))
    assert caught.value.retry_after
    assert len(refreshes(here)) == 1
    here.clock.wait(caught.value.retry_after + 1)
    assert here.refresh.fresh(here.pack, connection).state is ConnectionState.ACTIVE


def test_waits_grow_with_the_failures_up_to_five_minutes() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE)
    waits = []
    for _ in range(12):
        here.authority.troubles.append(503)
        with pytest.raises(UpstreamError):
            here.refresh.fresh(here.pack, connection)
        after = here.kept(connection).refresh_after
        assert after
        waits.append((after - here.clock()).total_seconds())
        here.clock.wait(waits[-1] + 1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_failure_after_thousands_is_one_more() -> None:
    """A service may be away for days."""
    here = world()
    connection = signed_in(here)
    here.connections.add(replace(here.kept(connection), failures=5_000))
    here.clock.wait(LIFE)
    here.authority.troubles.append(503)
    with pytest.raises(UpstreamError):
        here.refresh.fresh(here.pack, here.kept(connection))
    assert here.kept(connection).failures == 5_001


def test_a_wrong_client_is_not_the_owners_to_mend() -> None:
    here = world()
    connection = signed_in(here)
    here.authority.client.methods = ()
    here.clock.wait(LIFE)
    with pytest.raises(GrantRefused, match="invalid_client"):
        here.refresh.fresh(here.pack, connection)
    assert here.kept(connection).state is ConnectionState.ERROR


def test_an_account_that_ended_is_not_refreshed() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE)
    here.disconnect(connection.id, workspace="default")
    with pytest.raises(NotConnected, match="is revoked"):
        here.refresh.fresh(here.pack, connection)
    assert refreshes(here) == []


def a_kept(here: World, contents: Contents) -> Connection:
    row = Connection(id="1", workspace="default", pack_id=7, name="me", sealed=b"")
    kept = here.vault.seal_connection(row, written(contents))
    here.connections.add(kept, note=AuditNote(actor="", action="connected", at=here.clock()))
    return kept


def test_a_client_gets_its_tokens_by_itself_and_anew() -> None:
    said = declared(kind="OAuth2ClientCredentials")
    here = world(said)
    fields = {"client_id": Secret("a-client"), "client_secret": Secret("not-a-real-client-secret")}
    connection = a_kept(here, entered(said, fields=fields))
    first = here.refresh.fresh(here.pack, connection)
    assert here.tokens(first).access.reveal() == here.authority.given[0].access[0]
    assert here.authority.given[0].scope == "read write"
    assert here.contents(first).fields == fields
    here.clock.wait(LIFE)
    second = here.refresh.fresh(here.pack, first)
    assert here.tokens(second).access.reveal() == here.authority.given[1].access[0]
    assert [visit.grant_type for visit in here.authority.visits] == ["client_credentials"] * 2


@pytest.mark.parametrize("said", [{"kind": "HeaderBearerToken"}, declared()])
def test_a_token_that_was_entered_is_used_until_it_is_refused(said: dict[str, Any]) -> None:
    here = world(said)
    connection = a_kept(here, entered(said, token=Secret("entered")))
    opener = credentials(here)
    used = opener.open(here.pack, connection)
    assert used
    assert "entered" in used.redactions
    with pytest.raises(AuthenticationRefused, match="connect it again"):
        opener.renew(here.pack, connection, used)


def test_a_token_without_an_end_is_always_fresh() -> None:
    here = world(authority=Authority(life=0))
    connection = signed_in(here)
    here.clock.wait(10 * 365 * 86400)
    assert here.refresh.fresh(here.pack, connection).version == connection.version


def test_the_time_of_the_last_use_is_kept_by_the_minute() -> None:
    here = world()
    connection = signed_in(here)
    here.refresh.fresh(here.pack, connection)
    first = here.kept(connection).last_used_at
    here.clock.wait(59)
    here.refresh.fresh(here.pack, here.kept(connection))
    assert here.kept(connection).last_used_at == first
    here.clock.wait(2)
    here.refresh.fresh(here.pack, here.kept(connection))
    assert here.kept(connection).last_used_at == here.clock()


def test_every_refresh_is_in_the_history() -> None:
    here = world()
    connection = signed_in(here)
    here.clock.wait(LIFE)
    connection = here.refresh.fresh(here.pack, connection)
    here.authority.given[0].revoked = True
    here.clock.wait(LIFE)
    with pytest.raises(ConnectionFault):
        here.refresh.fresh(here.pack, connection)
    lines = here.connections.audit(connection.id, workspace="default")
    assert [(line.note.actor, line.note.action, line.note.remark, line.version) for line in lines] == [
        ("key-1", "sign-in begun", "", 1),
        ("key-1", "signed in", "", 2),
        ("packsys", "refreshed", "", 3),
        ("packsys", "refresh needs_reauth", "invalid_grant", 3),
    ]


def test_many_accounts_do_not_wait_for_each_other() -> None:
    """While one account's refresh hangs, another's goes on."""
    begun, going_on = threading.Event(), threading.Event()

    def passing(step: str) -> None:
        if step == "sending" and not begun.is_set():
            begun.set()
            assert going_on.wait(10)

    here = world(passing=passing)
    first, second = signed_in(here), signed_in(here)
    here.clock.wait(LIFE)
    thread = threading.Thread(target=here.refresh.fresh, args=(here.pack, first))
    thread.start()
    assert begun.wait(10)
    assert here.refresh.fresh(here.pack, second).version == second.version + 1
    going_on.set()
    thread.join(10)
    assert here.kept(first).version == first.version + 1
