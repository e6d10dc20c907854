from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.client import Packsys
from tests.client.unreliable import Unreliable
from tests.service.conftest import serving
from tests.service.house import SmallHouse


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


@pytest.fixture
def url(house: SmallHouse) -> Iterator[str]:
    with serving(house) as address:
        yield address


@pytest.fixture
def client(house: SmallHouse, url: str) -> Iterator[Packsys]:
    with Packsys(url, house.token()) as made:
        yield made


@pytest.fixture
def network(url: str) -> Iterator[Unreliable]:
    """Stands between a client and the service."""
    with Unreliable(url) as proxy:
        yield proxy
