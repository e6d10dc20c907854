"""An account is connected with what its pack asks for, and never in place of a newer one's version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from packsys.connections.contents import Contents, Tokens, read, written
from packsys.connections.secret import Secret
from packsys.connections.vault import Vault
from packsys.errors import AuthenticationRefused, NotFound, RequestError, SealBroken
from packsys.memory import MemoryConnections
from packsys.runtime.connect import Connect, NewConnection
from tests.connections.world import OnePack, a_pack

ID = "8e11cd1b-c2e1-4306-9dac-0bd95ecd5084"
BASIC = {"kind": "WebBasic"}


def house(authentication: dict[str, Any] | None = None) -> Connect:
    return Connect(
        packs=OnePack(a_pack(authentication or {"kind": "HeaderBearerToken"})),
        connections=MemoryConnections(),
        vault=Vault({"test": bytes(32)}, "test"),
        new_id=lambda: ID,
    )


def test_what_was_entered_is_sealed_and_opens_again() -> None:
    here = house(BASIC)
    fields = {"username": Secret("me"), "password": Secret("not a real one")}
    made = here(NewConnection(pack_id=7, name=" me ", fields=fields, by="key-1", source="192.0.2.1"))
    assert (made.name, made.version) == ("me", 1)
    assert read(here.vault.open_connection(made)).fields == fields
    (line,) = here.connections.audit(ID, workspace="default")
    assert (line.note.actor, line.note.action, line.note.source) == ("key-1", "connected", "192.0.2.1")


def test_connecting_again_counts_the_version_up_and_the_old_seal_opens_no_more() -> None:
    here = house()
    first = here(NewConnection(pack_id=7, name="me", token=Secret("first"), id=ID))
    second = here(NewConnection(pack_id=7, name="me", token=Secret("second"), id=ID))
    assert second.version == 2
    with pytest.raises(SealBroken):
        here.vault.open_connection(replace(second, sealed=first.sealed))


def test_what_cannot_be_sent_is_refused_when_it_is_entered() -> None:
    with pytest.raises(AuthenticationRefused):
        house()(NewConnection(pack_id=7, name="me", token=Secret("two words")))
    with pytest.raises(RequestError, match="'username', 'password'"):
        house(BASIC)(NewConnection(pack_id=7, name="me", token=Secret("x")))
    with pytest.raises(NotFound):
        house()(NewConnection(pack_id=8, name="me", token=Secret("x")))


def test_nothing_of_it_shows() -> None:
    new = NewConnection(pack_id=7, name="me", token=Secret("hidden-1"), fields={"a": Secret("hidden-2")})
    assert "hidden" not in repr(new)


def test_the_token_of_an_early_release_is_read_as_what_it_is() -> None:
    for text in ("plain", '{"type": "service_account"}', "{", '{"packsys":2}', ""):
        assert read(Secret(text)) == Contents(fields={"token": Secret(text)})


def test_contents_are_read_as_they_were_written() -> None:
    tokens = Tokens(
        access=Secret("a"),
        refresh=Secret("r"),
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2026, 1, 2, tzinfo=UTC),
        scopes=("read",),
        endpoint="https://a.example",
        more={"secret": Secret("s")},
    )
    for contents in (Contents(), Contents(fields={"t": Secret('"\\')}), Contents(tokens=tokens)):
        assert read(written(contents)) == contents
