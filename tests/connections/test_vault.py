"""A sealed secret opens for its own row and key, and for nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.connections.vault import Secret, Vault, place_of
from packsys.errors import SealBroken, WrongSetUp
from packsys.memory import MemoryConnections, MemoryOAuth, MemoryWebhookSecrets
from packsys.model import Connection, OAuthClient, WebhookSecret
from packsys.runtime.rotate import Rotate

KEYS = {"2025": os.urandom(32), "2026": os.urandom(32)}
VAULT = Vault(KEYS, "2026")
ROW = Connection(id="8e11cd1b", workspace="default", pack_id=1013, name="hereisfun", sealed=b"")
SECRET = Secret("an obviously fake token")


def sealed(row: Connection = ROW, *, vault: Vault = VAULT, secret: Secret = SECRET) -> Connection:
    return vault.seal_connection(row, secret)


def test_a_sealed_secret_opens_again() -> None:
    assert VAULT.open_connection(sealed()) == SECRET


@given(st.text())
def test_any_text_opens_again(text: str) -> None:
    assert VAULT.open_connection(sealed(secret=Secret(text))).reveal() == text


def test_nothing_of_the_secret_or_the_key_shows() -> None:
    row = sealed()
    assert SECRET.reveal().encode() not in row.sealed
    assert KEYS["2026"] not in row.sealed
    assert repr(VAULT) == "Vault(current='2026')"
    assert "sealed" not in repr(row)


@pytest.mark.parametrize(
    "change",
    [
        {"workspace": "other"},
        {"id": "another"},
        {"pack_id": 1001},
        {"version": 2},
    ],
)
def test_a_secret_that_was_moved_does_not_open(change: dict[str, object]) -> None:
    with pytest.raises(SealBroken, match="altered, or belongs to another row"):
        VAULT.open_connection(replace(sealed(), **change))  # type: ignore[arg-type]


def test_a_new_name_or_endpoint_leaves_the_secret_as_it_is() -> None:
    assert VAULT.open_connection(replace(sealed(), name="renamed", endpoint="https://git.example")) == SECRET


def test_secrets_that_were_swapped_do_not_open() -> None:
    mine, theirs = sealed(), sealed(replace(ROW, workspace="other"))
    with pytest.raises(SealBroken):
        VAULT.open_connection(replace(mine, sealed=theirs.sealed))


def test_no_shorter_form_opens() -> None:
    row = sealed()
    for length in range(len(row.sealed)):
        with pytest.raises(SealBroken):
            VAULT.open_connection(replace(row, sealed=row.sealed[:length]))


def test_no_edited_form_opens() -> None:
    row = sealed()
    for place in range(len(row.sealed)):
        edited = bytearray(row.sealed)
        edited[place] ^= 1
        with pytest.raises(SealBroken):
            VAULT.open_connection(replace(row, sealed=bytes(edited)))


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(SealBroken, match="sealed with the key '2026', which is not here"):
        Vault({"2025": KEYS["2025"]}, "2025").open_connection(sealed())


def test_another_key_of_the_same_name_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Vault({"2026": os.urandom(32)}, "2026").open_connection(sealed())


def test_a_former_key_still_opens_and_the_current_one_seals() -> None:
    before = sealed(vault=Vault(KEYS, "2025"))
    assert VAULT.open_connection(before) == SECRET
    assert (before.sealed[2:6], sealed().sealed[2:6]) == (b"2025", b"2026")


FIRST_LAYOUT = Vault({"old": bytes(32)}, "old")
# "an obviously fake token", sealed by an early release for ROW with that key, and entropy of 01 02 03 ….
EARLY = bytes.fromhex(
    "01036f6c642122232425262728292a2b2cbe6bd2f83132888aaf244e9922bdee2d79ffe7f45d23c9f490314396e9d40c0497"
    "b7f8b965b6a0bf829721fac759fe242d2e2f30313233343536373804de9f196839e2bbddf40f316dd2d11e0b7cced510f7bd"
    "acbb4b0353bf8b2c770a55fc90a62545"
)


def test_a_secret_of_the_first_layout_opens_and_gets_the_second() -> None:
    row = replace(ROW, sealed=EARLY)
    assert FIRST_LAYOUT.open_connection(row) == SECRET
    anew = FIRST_LAYOUT.rewrap(place_of(row), EARLY)
    assert (EARLY[0], anew[0]) == (1, 2)
    assert FIRST_LAYOUT.open_connection(replace(row, sealed=anew)) == SECRET


def test_no_layout_passes_for_the_other() -> None:
    for form, other in ((EARLY, 2), (FIRST_LAYOUT.seal_connection(ROW, SECRET).sealed, 1)):
        with pytest.raises(SealBroken):
            FIRST_LAYOUT.open_connection(replace(ROW, sealed=bytes((other,)) + form[1:]))


def test_a_change_of_the_key_leaves_the_secret_as_it_lies() -> None:
    before = sealed(vault=Vault(KEYS, "2025")).sealed
    after = VAULT.rewrap(place_of(ROW), before)
    assert after[2:6] == b"2026"
    assert after[66:] == before[66:]
    assert VAULT.rewrap(place_of(ROW), after) == after
    assert Vault({"2026": KEYS["2026"]}, "2026").open_connection(replace(ROW, sealed=after)) == SECRET


def test_a_change_of_the_key_moves_nothing() -> None:
    stolen = sealed(replace(ROW, workspace="other"), vault=Vault(KEYS, "2025")).sealed
    with pytest.raises(SealBroken):
        VAULT.rewrap(place_of(ROW), stolen)


def test_parts_of_two_seals_do_not_fit_together() -> None:
    """The data key of one and the secret of the other, of the same row."""
    first, second = sealed().sealed, sealed().sealed
    with pytest.raises(SealBroken):
        VAULT.open_connection(replace(ROW, sealed=first[:66] + second[66:]))


def test_a_client_and_a_connection_do_not_pass_for_each_other() -> None:
    client = OAuthClient(workspace="default", pack_id=1013, client_id="x", sealed=b"")
    form = VAULT.seal(place_of(client), SECRET)
    assert VAULT.open(place_of(client), form) == SECRET
    with pytest.raises(SealBroken):
        VAULT.open(place_of(replace(client, client_id="y")), form)
    with pytest.raises(SealBroken):
        VAULT.open_connection(replace(ROW, sealed=form))


def test_a_connection_without_a_secret_does_not_open() -> None:
    with pytest.raises(SealBroken, match="is not there"):
        VAULT.open_connection(ROW)


def house(count: int) -> tuple[MemoryConnections, MemoryOAuth]:
    connections, oauth = MemoryConnections(), MemoryOAuth()
    old = Vault(KEYS, "2025")
    for number in range(count):
        connections.add(sealed(replace(ROW, id=f"{number:04}", workspace=f"w{number % 3}"), vault=old))
    client = OAuthClient(workspace="default", pack_id=1013, client_id="x", sealed=b"")
    oauth.keep_client(replace(client, sealed=old.seal(place_of(client), SECRET)))
    return connections, oauth


def test_everything_is_sealed_anew_and_a_second_time_nothing() -> None:
    connections, oauth = house(450)
    webhook_secrets = MemoryWebhookSecrets()
    signing = WebhookSecret(workspace="default", id="x", sealed=b"", created_at=datetime.now(UTC))
    old = Vault(KEYS, "2025")
    webhook_secrets.add(replace(signing, sealed=old.seal(place_of(signing), SECRET)), overlap=0)
    rotate = Rotate(connections=connections, oauth=oauth, webhook_secrets=webhook_secrets, vault=VAULT)
    assert [each.changed for each in rotate()] == [True] * 452
    alone = Vault({"2026": KEYS["2026"]}, "2026")
    for row in connections.after(("", ""), limit=1000):
        assert alone.open_connection(row) == SECRET
    (client,) = oauth.clients()
    assert alone.open(place_of(client), client.sealed) == SECRET
    (kept,) = webhook_secrets.every()
    assert alone.open(place_of(kept), kept.sealed) == SECRET
    assert not any(each.changed for each in rotate())


def test_a_rotation_that_was_stopped_goes_on_where_it_was() -> None:
    connections, oauth = house(10)
    rotate = Rotate(connections=connections, oauth=oauth, webhook_secrets=MemoryWebhookSecrets(), vault=VAULT)
    begun = rotate()
    for _ in range(5):
        next(begun)
    assert [each.changed for each in rotate()] == [False] * 5 + [True] * 6


def test_a_row_that_does_not_open_is_named_and_the_others_go_on() -> None:
    connections, oauth = house(3)
    connections.add(replace(ROW, id="0001", workspace="w1", sealed=b"\2broken"))
    found = list(Rotate(connections=connections, oauth=oauth, webhook_secrets=MemoryWebhookSecrets(), vault=VAULT)())
    assert [bool(each.trouble) for each in found] == [False, False, True, False]
    assert "connection 0001" in found[2].trouble


class Overtaken(MemoryConnections):
    """Refreshes every connection between the look at it and its new seal."""

    def reseal(self, connection: Connection, *, before: bytes) -> bool:
        self.add(sealed(replace(connection, version=connection.version + 1)))
        return super().reseal(connection, before=before)


def test_a_rotation_does_not_undo_a_refresh() -> None:
    connections = Overtaken()
    connections.add(sealed(vault=Vault(KEYS, "2025")))
    list(Rotate(connections=connections, oauth=MemoryOAuth(), webhook_secrets=MemoryWebhookSecrets(), vault=VAULT)())
    kept = connections.get(ROW.id, workspace="default")
    assert kept
    assert (kept.version, VAULT.open_connection(kept)) == (2, SECRET)


class Changed(MemoryOAuth):
    """Gets another client of every service when those that were kept have been read."""

    def clients(self) -> Sequence[OAuthClient]:
        found = super().clients()
        for client in found:
            changed = replace(client, client_id="another")
            self.keep_client(replace(changed, sealed=VAULT.seal(place_of(changed), SECRET)))
        return found


def test_a_rotation_does_not_undo_a_change_of_a_client() -> None:
    oauth, client = Changed(), OAuthClient(workspace="default", pack_id=1013, client_id="x", sealed=b"")
    oauth.keep_client(replace(client, sealed=Vault(KEYS, "2025").seal(place_of(client), SECRET)))
    webhook_secrets = MemoryWebhookSecrets()
    list(Rotate(connections=MemoryConnections(), oauth=oauth, webhook_secrets=webhook_secrets, vault=VAULT)())
    kept = oauth.client(1013, workspace="default")
    assert kept
    assert kept.client_id == "another"


def draw_in_child(count: int) -> list[bytes]:
    """Seals in a forked child, and gives the nonces and wrapped keys that it drew."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writer, "wb") as out:
            for _ in range(count):
                out.write(sealed().sealed[6:66] + sealed().sealed[66:78])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as drawn:
        text = drawn.read()
    os.waitpid(child, 0)
    return [text[place : place + 72] for place in range(0, len(text), 72)]


def test_children_of_one_process_draw_nonces_of_their_own() -> None:
    drawn = [each for _ in range(4) for each in draw_in_child(1250)]
    nonces = [each[:12] for each in drawn] + [each[60:72] for each in drawn]
    assert (len(nonces), len(set(nonces))) == (10_000, 10_000)


def test_ten_thousand_seals_share_no_nonce_and_no_data_key() -> None:
    drawn: list[bytes] = []

    def entropy(count: int) -> bytes:
        drawn.append(os.urandom(count))
        return drawn[-1]

    vault = Vault(KEYS, "2026", entropy=entropy)
    forms = {sealed(vault=vault).sealed for _ in range(10_000)}
    assert (len(forms), len(drawn), len(set(drawn))) == (10_000, 30_000, 30_000)


@pytest.mark.parametrize(
    ("keys", "current", "sentence"),
    [
        ({}, "2026", "not among its keys"),
        ({"2026": b"short"}, "2026", "has 5 bytes: it needs 32"),
        ({"": bytes(32)}, "", "a name of 1 to 255 bytes"),
        ({"k" * 256: bytes(32)}, "k" * 256, "a name of 1 to 255 bytes"),
    ],
)
def test_a_vault_without_proper_keys_does_not_begin(keys: dict[str, bytes], current: str, sentence: str) -> None:
    with pytest.raises(WrongSetUp, match=sentence):
        Vault(keys, current)
