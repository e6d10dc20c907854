"""One sandbox for all tests of a module, since a nest takes a moment to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.errors import NoSandbox
from tests.sandbox.javascript.packs import Bench, a_bench


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with a_bench() as made:
        try:
            made.sandbox.start()
        except NoSandbox as missing:
            pytest.skip(missing.message)
        yield made
