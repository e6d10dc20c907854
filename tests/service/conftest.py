from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from packsys.bootstrap import Services
from packsys.service.server import door, server
from tests.service.house import SmallHouse


@contextmanager
def serving(house: SmallHouse | Services, **terms: Any) -> Iterator[str]:
    """Serves a house on a free port, and gives the address."""
    listening = door(socket.create_server(("127.0.0.1", 0)).detach())
    services = house if isinstance(house, Services) else house.services
    made = server(services, **terms)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        made.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server hangs"


@pytest.fixture(scope="session")
def house() -> SmallHouse:
    return SmallHouse()


@pytest.fixture(scope="session")
def url(house: SmallHouse) -> Iterator[str]:
    with serving(house) as address:
        yield address


@pytest.fixture(scope="session")
def http(house: SmallHouse, url: str) -> Iterator[httpx.Client]:
    """Speaks with a key of the default workspace."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {house.token()}"}) as client:
        yield client


@pytest.fixture
def stranger(house: SmallHouse, url: str) -> Iterator[httpx.Client]:
    """Speaks with a key of another workspace."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {house.token('elsewhere')}"}) as client:
        yield client


@pytest.fixture
def quiet(house: SmallHouse) -> Iterator[None]:
    """Loses every bell."""
    house.bells.quiet = True
    yield
    house.bells.quiet = False
