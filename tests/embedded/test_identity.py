"""Who runs it: PostgreSQL refuses root, and a root without user namespaces must still be served."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from packsys.embedded import EmbeddedServers
from packsys.embedded.binaries import postgres_programs
from packsys.embedded.directory import sockets_of
from packsys.embedded.identity import Identity, another_user, choose
from packsys.embedded.reach import PLACE, readable_copy, refuse_strangers
from packsys.errors import WrongSetUp
from tests.embedded.test_servers import database

pytestmark = pytest.mark.slow
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Gives a directory, and clears away what another user got for it below /var/tmp."""
    yield tmp_path
    shutil.rmtree(PLACE / sockets_of(tmp_path.resolve()).name, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root is not an ordinary user")
def test_an_ordinary_user_runs_everything_as_itself() -> None:
    assert choose() == Identity(kind="self")


@root_only
@pytest.mark.skipif(sys.platform != "linux", reason="user namespaces are Linux's")
def test_root_stays_root_outside_and_is_another_inside(directory: Path) -> None:
    if choose().kind != "namespace":
        pytest.skip("user namespaces are forbidden here")
    with EmbeddedServers(directory, durable=False) as servers:
        assert psutil.Process(servers.pids["postgres"]).uids().real == 0
        assert (directory / "postgres").stat().st_uid == 0


@root_only
def test_root_without_namespaces_runs_postgresql_as_another_user(directory: Path) -> None:
    servers = EmbeddedServers(directory, durable=False, namespaces=False)
    with servers:
        assert psutil.Process(servers.pids["postgres"]).uids().real == another_user().uid
        with database(servers.database_url) as connection:
            connection.execute("create table kept as select 1 as number")
    with servers, database(servers.database_url) as connection:
        assert connection.execute("select number from kept").fetchone() == (1,)


@root_only
def test_another_user_gets_a_copy_of_programs_that_it_cannot_reach(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    package = tmp_path / "package"
    package.mkdir(mode=0o700)
    shutil.copytree(postgres_programs().parent, package / "pginstall", symlinks=True)
    programs = package / "pginstall" / "bin"
    assert not another_user().reaches(programs / "postgres")
    copy = readable_copy(programs)
    try:
        assert another_user().reaches(copy / "postgres")
        assert readable_copy(programs) == copy
    finally:
        shutil.rmtree(copy.parents[2])


@root_only
def test_a_folder_of_a_stranger_in_a_public_place_is_refused(tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    os.chown(strange, 12345, 12345)
    with pytest.raises(WrongSetUp, match="belongs to another user"):
        refuse_strangers(strange, 0)


def test_our_own_folder_in_a_public_place_is_taken(tmp_path: Path) -> None:
    refuse_strangers(tmp_path, os.geteuid())
