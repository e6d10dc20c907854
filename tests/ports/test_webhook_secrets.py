"""What every WebhookSecretStore promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from packsys.model import WebhookSecret
from tests.ports.house import House


def secret(name: str, *, workspace: str = "default") -> WebhookSecret:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return WebhookSecret(workspace=workspace, id=name, sealed=name.encode(), created_at=at)


def signing(house: House, workspace: str = "default") -> list[str]:
    return [each.id for each in house.webhook_secrets.current(workspace)]


def test_a_workspace_begins_with_none(house: House) -> None:
    assert signing(house) == []


def test_a_new_one_signs_beside_the_one_before_it_until_that_expires(house: House) -> None:
    house.webhook_secrets.add(secret("first"), overlap=100)
    house.wait(10**6)
    house.webhook_secrets.add(secret("second"), overlap=100)
    assert signing(house) == ["second", "first"]
    house.wait(101)
    assert signing(house) == ["second"]


def test_an_overlap_is_made_shorter_and_never_longer(house: House) -> None:
    house.webhook_secrets.add(secret("first"), overlap=0)
    house.webhook_secrets.add(secret("second"), overlap=100)
    house.wait(50)
    house.webhook_secrets.add(secret("third"), overlap=100)
    house.wait(60)
    assert signing(house) == ["third", "second"]
    house.webhook_secrets.add(secret("fourth"), overlap=0)
    assert signing(house) == ["fourth"]


def test_workspaces_have_their_own(house: House) -> None:
    house.webhook_secrets.add(secret("ours"), overlap=0)
    house.webhook_secrets.add(secret("theirs", workspace="elsewhere"), overlap=0)
    assert (signing(house), signing(house, "elsewhere")) == (["ours"], ["theirs"])
    assert [each.id for each in house.webhook_secrets.every()] == ["ours", "theirs"]


def test_a_seal_is_replaced_only_where_it_is_the_one_that_was_read(house: House) -> None:
    house.webhook_secrets.add(secret("first"), overlap=0)
    (kept,) = house.webhook_secrets.current("default")
    anew = replace(kept, sealed=b"anew")
    assert not house.webhook_secrets.reseal(anew, before=b"something else")
    assert house.webhook_secrets.reseal(anew, before=kept.sealed)
    assert house.webhook_secrets.current("default") == (anew,)
