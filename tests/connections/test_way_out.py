"""Token endpoints are reached by the guarded way out, and by no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from packsys.connections.libraries import library
from packsys.connections.mint import Mint
from packsys.connections.vaulted import Unrefreshed, VaultCredentials
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import ForbiddenRequest, WrongSetUp
from packsys.model import ConnectionState
from tests.connections.test_signin import agree, begin
from tests.connections.world import World, declared, world
from tests.provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def behind_the_guard(provider: Provider, *networks: str) -> World:
    """Wires a house whose requests for tokens go over HTTP and through the guard."""
    here = world(declared(token_url=f"{provider.url}/token"), authority=provider.authority)
    credentials = VaultCredentials(here.vault, here.connections, Unrefreshed())
    egress = HttpEgress(credentials=credentials, policy=EgressPolicy(allowed_networks=networks))
    mint = Mint(couriers=lambda workspace: egress.courier(workspace=workspace), now=here.clock)
    return replace(here, signin=replace(here.signin, mint=mint), refresh=replace(here.refresh, mint=mint))


def test_tokens_are_got_and_refreshed_over_http(provider: Provider) -> None:
    here = behind_the_guard(provider, "default=127.0.0.0/8")
    connection = here.signin.finish(agree(here, begin(here)))
    here.clock.wait(3600)
    fresh = here.refresh.fresh(here.pack, connection)
    assert here.tokens(fresh).access.reveal() == provider.authority.given[0].access[1]


@pytest.mark.parametrize("networks", [(), ("other=127.0.0.0/8",)])
def test_a_token_endpoint_in_a_private_network_is_refused(provider: Provider, networks: tuple[str, ...]) -> None:
    here = behind_the_guard(provider, *networks)
    with pytest.raises(ForbiddenRequest):
        here.signin.finish(agree(here, begin(here)))
    assert provider.authority.visits == []
    assert here.connections.list(workspace="default")[0].state is ConnectionState.PENDING


def test_a_token_endpoint_that_redirects_gets_the_secret_once(provider: Provider) -> None:
    here = behind_the_guard(provider, "127.0.0.0/8")
    provider.authority.troubles.append(307)
    with pytest.raises(ForbiddenRequest, match="secrets do not follow"):
        here.signin.finish(agree(here, begin(here)))
    assert len(provider.authority.visits) == 1


def test_a_library_that_is_not_there_is_named_with_what_brings_it() -> None:
    with pytest.raises(WrongSetUp, match=r"needs nowhere, which is not installed: install packsys\[extra\]"):
        library("nowhere.at_all", extra="extra")
