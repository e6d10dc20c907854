"""The client publishes packs and reads what there is."""

from __future__ import annotations

import pytest

from packsys.client import Packsys, Refused
from tests.service.test_packs import made, zipped


def test_what_was_published_is_found(client: Packsys) -> None:
    published = client.packs.publish(made())
    assert client.packs.publish(made()) == published
    assert client.packs.get(20_001) == published
    assert [each["name"] for each in client.packs.list()] == ["GitHub", "Weather"]
    assert [each["digest"] for each in client.packs.versions(20_001)] == [published["digest"]]
    assert client.packs.manifest(20_001, "1.0.0")["id"] == 20_001


def test_what_is_wrong_with_a_pack_is_raised(client: Packsys) -> None:
    with pytest.raises(Refused, match=r"manifest\.json") as caught:
        client.packs.publish(zipped(("pack.py", b"")))
    assert (caught.value.status, caught.value.code) == (422, "BrokenPack")
