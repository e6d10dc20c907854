"""What every BlobStore promises."""

from __future__ import annotations

import secrets
from itertools import count

import pytest

from packsys.errors import BlobTooLarge
from packsys.model import Blob
from packsys.ports import Blobs, BlobStore
from packsys.runtime.allowance import Allowance
from tests.ports.conftest import Makes
from tests.ports.samples import NOBODYS
from tests.ports.threads import at_once
from tests.waiting import until

_NUMBERS = count()
BLOB = Blob(content=bytes(range(256)) + b"\n\n", content_type="image/png", name="a 'photo' 测试.png")


def kept(place: Blobs, blob: Blob = BLOB, *, ttl: float = 60.0) -> str:
    """Keeps a file and gives the last part of its address."""
    address = place.store(blob.content, content_type=blob.content_type, name=blob.name, ttl=ttl)
    return address.rpartition("/")[2]


def fresh(store: BlobStore) -> Blobs:
    """Gives the place of a workspace that keeps nothing yet: the servers are those of all tests."""
    return store.of(f"workspace-{next(_NUMBERS)}-{secrets.token_hex(4)}")


def test_a_file_is_found_as_it_was_kept(blobs: Makes) -> None:
    store = blobs(Allowance())
    blob = kept(fresh(store))
    assert store.get(blob) == BLOB
    assert fresh(store).get(blob) == BLOB


def test_the_address_is_that_of_the_service(blobs: Makes) -> None:
    address = fresh(blobs(Allowance())).store(b"x", content_type="text/plain", ttl=60)
    assert address.startswith("https://packsys.example/v1/blobs/")


def test_addresses_are_long_and_unlike(blobs: Makes) -> None:
    place = fresh(blobs(Allowance()))
    ids = {kept(place) for _ in range(100)}
    assert len(ids) == 100
    assert {len(each) for each in ids} == {32}, "32 letters of 64 are 192 bits"


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_what_was_not_kept_is_not_found(blobs: Makes, nobodys: str) -> None:
    assert blobs(Allowance()).get("not kept" + nobodys) is None


@pytest.mark.parametrize("workspace", NOBODYS)
def test_any_text_is_a_workspace(blobs: Makes, workspace: str) -> None:
    store = blobs(Allowance())
    assert store.get(kept(store.of(workspace))) == BLOB


@pytest.mark.parametrize("ttl", [0.05, 0, -1])
def test_a_file_is_gone_when_its_time_is_over(blobs: Makes, ttl: float) -> None:
    store = blobs(Allowance())
    blob = kept(fresh(store), ttl=ttl)
    until(lambda: store.get(blob) is None)


def test_no_file_is_kept_for_longer_than_allowed(blobs: Makes) -> None:
    store = blobs(Allowance(longest=0.05))
    blob = kept(fresh(store), ttl=10_000)
    until(lambda: store.get(blob) is None)


def test_the_largest_file_is_kept_and_a_larger_one_is_not(blobs: Makes) -> None:
    store = blobs(Allowance())
    largest = Blob(content=bytes(25_000_000), content_type="application/octet-stream")
    place = fresh(store)
    assert store.get(kept(place, largest)) == largest
    with pytest.raises(BlobTooLarge, match="25000001 bytes: 25000000 are the most"):
        place.store(bytes(25_000_001), content_type="", ttl=1)


def test_a_workspace_has_a_budget_and_others_have_theirs(blobs: Makes) -> None:
    store = blobs(Allowance(total=100))
    ours, theirs = fresh(store), fresh(store)
    kept(ours, Blob(content=bytes(60), content_type=""))
    with pytest.raises(BlobTooLarge, match=r"of 60 bytes, and 100 are the most, so that 41 more"):
        kept(ours, Blob(content=bytes(41), content_type=""))
    kept(ours, Blob(content=bytes(40), content_type=""))
    kept(theirs, Blob(content=bytes(100), content_type=""))


def test_a_workspace_keeps_so_many_files_at_once(blobs: Makes) -> None:
    place = fresh(blobs(Allowance(files=3)))
    for _ in range(3):
        kept(place)
    with pytest.raises(BlobTooLarge, match="3 temporary files"):
        kept(place)


def test_what_has_expired_makes_room(blobs: Makes) -> None:
    place = fresh(blobs(Allowance(total=100)))
    full = Blob(content=bytes(100), content_type="")
    kept(place, full, ttl=0.05)

    def fits() -> bool:
        try:
            return bool(kept(place, full))
        except BlobTooLarge:
            return False

    until(fits)


def test_the_budget_holds_when_many_keep_at_once(blobs: Makes) -> None:
    place = fresh(blobs(Allowance(total=30)))

    def keep(_: int) -> bool:
        try:
            return bool(kept(place, Blob(content=bytes(10), content_type="")))
        except BlobTooLarge:
            return False

    assert at_once(keep).count(True) == 3


def test_a_file_does_not_show_its_content(blobs: Makes) -> None:
    assert "\\x00" not in repr(blobs(Allowance()).get(kept(fresh(blobs(Allowance())))))
