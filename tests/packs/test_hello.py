"""The smallest pack greets."""

from __future__ import annotations

from pathlib import Path

from packsys.sandbox.loading import load_pack
from packsys.sdk.testing import run


def test_it_greets_by_name() -> None:
    pack = load_pack(Path(__file__).parents[2] / "examples" / "hello")
    assert (run(pack, "Greet"), run(pack, "Greet", "you")) == ("Hello, world!", "Hello, you!")
