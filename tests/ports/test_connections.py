"""What every ConnectionStore promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from packsys.connections.audit import intact
from packsys.model import AuditNote, Connection, ConnectionState, OAuthClient
from tests.ports.house import House
from tests.ports.samples import NOBODYS, connection
from tests.ports.threads import at_once


def test_a_connection_is_found_as_it_was_kept(house: House) -> None:
    kept = replace(connection(), endpoint="https://ghe.example", state=ConnectionState.NEEDS_REAUTH, version=7)
    house.connections.add(kept)
    assert house.connections.get(kept.id, workspace="default") == kept


def test_another_workspaces_connection_is_not_found(house: House) -> None:
    ours, theirs = connection("a", workspace="ours"), connection("b", workspace="theirs")
    house.connections.add(ours)
    assert house.connections.get(ours.id, workspace="theirs") is None
    assert list(house.connections.list(workspace="theirs")) == []
    house.connections.add(theirs)
    assert house.connections.get(ours.id, workspace="ours") == ours
    assert house.connections.get(theirs.id, workspace="theirs") == theirs


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_connection_is_not_found(house: House, nobodys: str) -> None:
    assert house.connections.get(nobodys, workspace="default") is None
    assert list(house.connections.list(workspace=nobodys)) == []


@pytest.mark.parametrize("text", NOBODYS)
def test_a_connection_may_have_any_name(house: House, text: str) -> None:
    kept = connection(text, id=text, workspace=text)
    house.connections.add(kept)
    assert list(house.connections.list(workspace=text)) == [kept]


def test_keeping_a_connection_again_replaces_it(house: House) -> None:
    first = connection()
    second = replace(first, name="renamed", sealed=b"new", state=ConnectionState.REVOKED, version=2)
    house.connections.add(first)
    house.connections.add(second)
    assert list(house.connections.list(workspace="default")) == [second]


def test_connections_are_listed_by_name(house: House) -> None:
    for name, id in (("b", "1"), ("a", "3"), ("a", "2"), ("B", "4")):
        house.connections.add(connection(name, id=id))
    listed = [(kept.name, kept.id) for kept in house.connections.list(workspace="default")]
    assert listed == [("B", "4"), ("a", "2"), ("a", "3"), ("b", "1")]


def test_a_connection_does_not_show_its_secret() -> None:
    assert "sealed" not in repr(connection())


def kept(house: House, row: Connection | None = None) -> Connection:
    row = row or connection()
    found = house.connections.get(row.id, workspace=row.workspace)
    assert found
    return found


def lease(house: House, owner: str, *, seconds: float = 60, row: Connection | None = None) -> bool:
    return house.connections.lease(row or kept(house), owner=owner, seconds=seconds, sent=b"digest")


def note(action: str = "refreshed") -> AuditNote:
    return AuditNote(actor="a test", action=action, at=datetime(2026, 1, 1, tzinfo=UTC), source="192.0.2.1")


def test_a_newer_form_takes_the_place_of_the_version_that_it_was_made_from(house: House) -> None:
    house.connections.add(connection())
    newer = replace(connection(), version=2, sealed=b"new")
    assert house.connections.replace(newer, expected=1)
    assert not house.connections.replace(replace(newer, sealed=b"late"), expected=1)
    assert kept(house) == newer


def test_what_is_not_there_cannot_be_replaced(house: House) -> None:
    assert not house.connections.replace(connection(), expected=1)
    assert not lease(house, "me", row=connection())
    assert house.connections.get(connection().id, workspace="default") is None


def test_of_many_at_once_one_replaces(house: House) -> None:
    house.connections.add(connection())
    forms = [replace(connection(), version=2, sealed=bytes((number,))) for number in range(8)]
    won = at_once(lambda number: house.connections.replace(forms[number], expected=1))
    assert won.count(True) == 1
    assert kept(house) == forms[won.index(True)]


def test_of_many_at_once_one_may_refresh(house: House) -> None:
    house.connections.add(connection())
    row = kept(house)
    assert at_once(lambda number: lease(house, str(number), row=row)).count(True) == 1


def test_the_right_to_refresh_ends_by_itself(house: House) -> None:
    house.connections.add(connection())
    assert lease(house, "first", seconds=60)
    assert not lease(house, "second")
    house.wait(61)
    assert lease(house, "second")
    assert kept(house).refresh_owner == "second"


def test_the_right_is_for_the_version_that_was_read(house: House) -> None:
    house.connections.add(connection())
    old = kept(house)
    house.connections.replace(replace(old, version=2), expected=1)
    assert not lease(house, "me", row=old)


def test_a_lease_keeps_what_is_about_to_be_sent_and_a_new_form_forgets_it(house: House) -> None:
    house.connections.add(connection())
    lease(house, "me")
    assert (kept(house).refresh_sent, kept(house).refresh_until is None) == (b"digest", False)
    house.connections.replace(replace(connection(), version=2), expected=1)
    assert (kept(house).refresh_sent, kept(house).refresh_until) == (None, None)


def test_a_refresh_that_brought_nothing_is_due_again_after_its_delay(house: House) -> None:
    house.connections.add(connection())
    lease(house, "me")
    failed = replace(connection(), state=ConnectionState.ERROR, reason="no_answer", refresh_sent=b"digest")
    assert house.connections.release(failed, owner="me", delay=30, note=note("refresh error"))
    row = kept(house)
    assert (row.state, row.reason, row.failures, row.refresh_sent) == (ConnectionState.ERROR, "no_answer", 1, b"digest")
    assert not lease(house, "other")
    house.wait(31)
    assert lease(house, "other")


@pytest.mark.parametrize("state", [ConnectionState.NEEDS_REAUTH, ConnectionState.REVOKED, ConnectionState.PENDING])
def test_an_account_that_ended_since_it_was_read_is_not_refreshed(house: House, state: ConnectionState) -> None:
    """Else a token that the service has refused would be sent once more by whoever had read the row before."""
    house.connections.add(connection())
    read = kept(house)
    house.connections.add(replace(connection(), state=state))
    assert not lease(house, "late", row=read)


def test_who_lost_the_right_cannot_give_it_back(house: House) -> None:
    house.connections.add(connection())
    lease(house, "first", seconds=1)
    house.wait(2)
    lease(house, "second")
    failed = replace(connection(), state=ConnectionState.NEEDS_REAUTH)
    assert not house.connections.release(failed, owner="first", delay=0, note=note())
    assert kept(house).state is ConnectionState.ACTIVE
    assert house.connections.audit(connection().id, workspace="default") == ()


def test_the_last_use_is_kept(house: House) -> None:
    house.connections.add(connection())
    assert kept(house).last_used_at is None
    house.connections.touch(connection())
    assert kept(house).last_used_at is not None


def test_a_new_seal_changes_nothing_else_and_replaces_only_the_one_it_is_of(house: House) -> None:
    house.connections.add(connection())
    anew = replace(connection(), sealed=b"anew")
    assert house.connections.reseal(anew, before=connection().sealed)
    assert not house.connections.reseal(replace(anew, sealed=b"late"), before=connection().sealed)
    assert kept(house) == anew


def test_connections_of_all_workspaces_are_paged_through(house: House) -> None:
    rows = [connection(id=id, workspace=workspace) for workspace in "ab" for id in ("1", "2", "3")]
    for row in reversed(rows):
        house.connections.add(row)
    seen: list[Connection] = []
    place = ("", "")
    while page := house.connections.after(place, limit=4):
        seen.extend(page)
        place = (page[-1].workspace, page[-1].id)
    assert seen == rows


def test_the_history_is_numbered_and_chained(house: House) -> None:
    house.connections.add(connection(), note=note("connected"))
    house.connections.replace(replace(connection(), version=2), expected=1, note=note())
    house.connections.replace(replace(connection(), version=3), expected=1, note=note("never"))
    lines = house.connections.audit(connection().id, workspace="default")
    assert [(line.number, line.note.action, line.version) for line in lines] == [
        (1, "connected", 1),
        (2, "refreshed", 2),
    ]
    assert lines[0].note == note("connected")
    assert intact(lines)
    assert house.connections.audit(connection().id, workspace="other") == ()


def test_a_history_that_was_changed_is_not_whole(house: House) -> None:
    for action in ("connected", "refreshed", "revoked"):
        house.connections.add(connection(), note=note(action))
    first, second, third = house.connections.audit(connection().id, workspace="default")
    assert not intact((first, third))
    assert not intact((second, third))
    assert not intact((first, replace(second, note=note("other")), third))
    assert not intact((first, replace(second, version=9), third))
    assert not intact((first, replace(third, number=2)))


def test_changes_at_once_leave_a_whole_history(house: House) -> None:
    house.connections.add(connection(), note=note("connected"))
    at_once(lambda _: house.connections.replace(connection(), expected=1, note=note()))
    lines = house.connections.audit(connection().id, workspace="default")
    assert [line.number for line in lines] == list(range(1, 10))
    assert intact(lines)


_NUMBERS = count()


def digest() -> bytes:
    return next(_NUMBERS).to_bytes(32, "big")


def test_a_sign_in_is_taken_once(house: House) -> None:
    own = digest()
    house.oauth.begin(own, b"sealed", ttl=600)
    assert house.oauth.take(digest()) is None
    assert at_once(lambda _: house.oauth.take(own)).count(b"sealed") == 1
    assert house.oauth.take(own) is None


def test_a_sign_in_that_took_too_long_is_gone(house: House) -> None:
    own = digest()
    house.oauth.begin(own, b"sealed", ttl=600)
    house.wait(601)
    assert house.oauth.take(own) is None
    house.oauth.begin(digest(), b"another", ttl=600)


def test_a_workspace_has_one_client_of_a_pack(house: House) -> None:
    first = OAuthClient(workspace="ours", pack_id=7, client_id="a", sealed=b"1")
    second = replace(first, client_id="b", sealed=b"2")
    theirs = replace(first, workspace="theirs")
    for client in (first, theirs, second):
        house.oauth.keep_client(client)
    assert house.oauth.client(7, workspace="ours") == second
    assert house.oauth.client(8, workspace="ours") is None
    assert list(house.oauth.clients()) == [second, theirs]


def test_a_client_is_sealed_anew_if_it_is_still_the_same(house: House) -> None:
    kept = OAuthClient(workspace="ours", pack_id=7, client_id="a", sealed=b"1")
    house.oauth.keep_client(kept)
    assert not house.oauth.reseal(replace(kept, client_id="b", sealed=b"2"), before=b"1")
    assert not house.oauth.reseal(replace(kept, sealed=b"2"), before=b"0")
    assert not house.oauth.reseal(replace(kept, workspace="theirs", sealed=b"2"), before=b"1")
    assert house.oauth.reseal(replace(kept, sealed=b"2"), before=b"1")
    assert list(house.oauth.clients()) == [replace(kept, sealed=b"2")]
