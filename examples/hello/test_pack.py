"""The smallest pack greets."""

from pathlib import Path

from packsys.sandbox.loading import load_pack
from packsys.sdk.testing import run, standard_tests

pack = load_pack(Path(__file__).parent)

TestStandard = standard_tests(pack)


def test_it_greets_by_name() -> None:
    assert (run(pack, "Greet"), run(pack, "Greet", "you")) == ("Hello, world!", "Hello, you!")
