"""An account that is ended is ended here at once, and at its service where that takes it (RFC 7009)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from packsys.errors import Conflict, NotConnected, NotFound, SealBroken
from packsys.memory import MemoryConnections
from packsys.model import AuditNote, Connection, ConnectionState
from tests.connections.test_signin import agree, begin, signed_in
from tests.connections.world import World, declared, world


def end(here: World, connection: Connection) -> Connection:
    return here.disconnect(connection.id, workspace="default", by="key-1", source="192.0.2.1")


def last(here: World, connection: Connection) -> str:
    return here.connections.audit(connection.id, workspace="default")[-1].note.remark


def test_the_secret_is_gone_and_the_service_told() -> None:
    here = world()
    connection = signed_in(here)
    ended = end(here, connection)
    assert (ended.state, ended.sealed, ended.version) == (ConnectionState.REVOKED, b"", connection.version + 1)
    assert here.kept(connection) == ended
    assert here.authority.given[0].revoked
    assert [request.url for request in here.wire.sent[-2:]] == ["https://provider.example/revoke"] * 2
    assert last(here, connection) == "the service ended the token"


def test_an_old_seal_that_is_put_back_does_not_open() -> None:
    here = world()
    connection = signed_in(here)
    ended = end(here, connection)
    with pytest.raises(SealBroken):
        here.vault.open_connection(replace(ended, sealed=connection.sealed, state=ConnectionState.ACTIVE))


@pytest.mark.parametrize("status", [599, 503, 429])
def test_a_service_that_does_not_take_it_changes_nothing_here_and_is_written_down(status: int) -> None:
    here = world()
    connection = signed_in(here)
    here.authority.troubles.append(status)
    assert end(here, connection).state is ConnectionState.REVOKED
    assert here.kept(connection).sealed == b""
    assert last(here, connection).startswith("the service did not end the token: ")


def test_a_service_without_revocation_is_not_asked() -> None:
    here = world(declared(revocation_url=""))
    connection = signed_in(here)
    asked = len(here.wire.sent)
    assert end(here, connection).state is ConnectionState.REVOKED
    assert len(here.wire.sent) == asked


def test_a_second_time_does_nothing() -> None:
    here = world()
    connection = signed_in(here)
    assert end(here, connection) == end(here, connection)
    actions = [line.note.action for line in here.connections.audit(connection.id, workspace="default")]
    assert actions.count("revoked") == 1


def test_what_is_not_there_cannot_be_ended() -> None:
    with pytest.raises(NotFound):
        world().disconnect("absent", workspace="default")


class Overtaken(MemoryConnections):
    """Lets a refresh be kept just before each end."""

    def replace(self, connection: Connection, *, expected: int, note: AuditNote | None = None) -> bool:
        if connection.state is ConnectionState.REVOKED and expected == 2:
            kept = self.get(connection.id, workspace=connection.workspace)
            assert kept
            self.add(replace(kept, version=3))
        return super().replace(connection, expected=expected, note=note)


def test_a_refresh_that_is_faster_does_not_keep_an_account_alive() -> None:
    here = world(connections=Overtaken)
    connection = signed_in(here)
    assert end(here, connection).version == 4
    assert here.kept(connection).state is ConnectionState.REVOKED


def test_tokens_that_come_after_the_end_are_ended_at_the_service_too() -> None:
    """A refresh is under way when the account is ended: what it brings would live on, and nobody would know of it."""
    ending: list[Connection] = []

    def passing(step: str) -> None:
        if step == "answered":
            ending.append(end(here, here.kept(connection)))

    here = world(passing=passing)
    connection = signed_in(here)
    here.clock.wait(3600)
    with pytest.raises(NotConnected, match="is revoked"):
        here.refresh.fresh(here.pack, connection)
    (grant,) = here.authority.given
    revoked = [parse_qs((sent.body or b"").decode())["token"][0] for sent in here.wire.sent[-2:]]
    assert revoked == [grant.refresh[-1], grant.access[-1]]
    assert here.kept(connection) == ending[0]
    (line,) = here.connections.audit(connection.id, workspace="default")[-1:]
    assert (line.note.action, line.note.remark) == ("late revocation", "the service ended the token")


def test_a_sign_in_that_comes_back_after_the_end_leaves_no_token_at_the_service() -> None:
    here = world()
    connection = signed_in(here)
    answer = agree(here, begin(here, id=connection.id))
    end(here, connection)
    with pytest.raises(Conflict, match="ended meanwhile"):
        here.signin.finish(answer)
    assert all(grant.revoked for grant in here.authority.given)


def test_late_tokens_end_nothing_where_somebody_signed_in_anew() -> None:
    """Some services end a whole grant with one of its tokens: the new sign-in would be ended with the old one."""

    def passing(step: str) -> None:
        if step == "answered":
            here.signin.finish(agree(here, begin(here, id=connection.id)))

    here = world(passing=passing)
    connection = signed_in(here)
    here.clock.wait(3600)
    assert here.refresh.fresh(here.pack, connection).version == 3
    assert not any(grant.revoked for grant in here.authority.given)
