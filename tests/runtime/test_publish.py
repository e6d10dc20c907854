"""What is published is what the code declares, and nothing that is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from packsys.catalog.bundle import Bundle, archive
from packsys.catalog.manifest import describe
from packsys.errors import BrokenPack, Conflict
from packsys.memory import MemoryReleases
from packsys.runtime.publish import Publish
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sdk import Context, Pack

pack = Pack(id=20_001, name="Weather", version="1.0.0", description="Says how the weather is.")


@pack.formula()
def now(context: Context) -> str:
    """Says how it is."""
    return "fine"


DECLARED = describe(pack)


def declared(bundle: Bundle) -> Mapping[str, Any]:
    """Tells what the code declares, whatever the manifest says."""
    return DECLARED


def made(**changes: Any) -> bytes:
    """Makes an archive with a changed manifest."""
    return archive({"pack.py": b""}, {**DECLARED, **changes})


@pytest.fixture
def publish() -> Publish:
    return Publish(
        shipped=InProcessPacks([]),
        releases=MemoryReleases(),
        describe={"python": declared},
    )


def test_the_first_time_it_is_new(publish: Publish) -> None:
    first, again = publish(made(), "k1"), publish(made(), "k2")
    assert (first.new, again.new) == (True, False)
    assert first.release.digest == again.release.digest
    assert [each.published_by for each in publish.releases.versions(20_001)] == ["k1"]


@pytest.mark.parametrize("changes", [{"domains": ["example.com"]}, {"description": "Lies."}])
def test_a_manifest_that_is_not_what_the_code_declares_is_refused(publish: Publish, changes: dict[str, Any]) -> None:
    with pytest.raises(BrokenPack, match="not what the code declares"):
        publish(made(**changes), "k")


def test_what_ships_is_taken(publish: Publish) -> None:
    shipping = Publish(shipped=InProcessPacks([pack]), releases=publish.releases, describe=publish.describe)
    with pytest.raises(Conflict, match="comes with packsys"):
        shipping(made(), "k")
