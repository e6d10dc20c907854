"""When it runs: one launcher a directory, nothing left behind, data that outlives every way to end."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from packsys.embedded import EmbeddedServers
from packsys.embedded.directory import Directory
from packsys.errors import NotReady, WrongSetUp
from tests.embedded.launcher import Launcher, wait_until
from tests.embedded.test_servers import database, valkey

pytestmark = pytest.mark.slow
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")


def write(servers: EmbeddedServers) -> None:
    with database(servers.database_url) as connection:
        connection.execute("create table kept as select 'row' as word")
    with valkey(servers.state_url) as state:
        state.set("kept", "key")
        state.waitaof(1, 0, 5000)


def read(servers: EmbeddedServers) -> tuple[object, object]:
    with database(servers.database_url) as connection, valkey(servers.state_url) as state:
        row = connection.execute("select word from kept").fetchone()
        return (row and row[0]), state.get("kept")


def test_data_outlives_a_stop(home: Path) -> None:
    servers = EmbeddedServers(home, durable=False)
    with servers:
        write(servers)
    with servers:
        assert read(servers) == ("row", "key")


def test_a_stop_leaves_no_process_and_no_socket(home: Path) -> None:
    with EmbeddedServers(home, durable=False) as servers:
        pids, sockets = servers.pids, Path(urlsplit(servers.state_url).path).parent
        assert len(pids) == 3
    assert not sockets.exists()
    assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]


def test_stopping_twice_and_stopping_what_never_started_are_harmless(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path)
    servers.stop()
    servers.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_has_one_launcher_and_the_other_is_told_its_process(launcher: Launcher) -> None:
    running = launcher.launch_ready()
    with pytest.raises(WrongSetUp, match=f"already belong to process {running.pid}: stop it first"):
        EmbeddedServers(launcher.directory).start()
    assert len(launcher.left()) > 1, "the refused launcher stopped the servers of the other"


@pytest.mark.chaos
@linux_only
def test_servers_end_with_a_killed_launcher_and_the_next_one_has_their_data(launcher: Launcher) -> None:
    running = launcher.launch_ready()
    servers = EmbeddedServers(launcher.directory, durable=False)
    write(servers)
    running.kill()
    running.wait()
    wait_until(lambda: not launcher.left())
    assert launcher.sockets.exists(), "a killed launcher cannot clear up: this test would prove nothing"
    with servers:
        assert read(servers) == ("row", "key")
    assert not launcher.sockets.exists()


@pytest.mark.chaos
def test_data_outlives_the_death_of_everything_at_once(launcher: Launcher) -> None:
    running = launcher.launch_ready()
    servers = EmbeddedServers(launcher.directory, durable=False)
    write(servers)
    for process in launcher.left():
        process.kill()
    running.wait()
    with servers:
        assert read(servers) == ("row", "key")


@pytest.mark.chaos
@linux_only
def test_what_a_killed_launcher_left_of_a_directory_that_is_gone_is_cleared_by_any_other(
    launcher: Launcher, tmp_path: Path
) -> None:
    running = launcher.launch_ready()
    running.kill()
    running.wait()
    wait_until(lambda: not launcher.left())
    shutil.rmtree(launcher.directory)
    other = Directory(tmp_path / "other")
    other.take(grace=1.0)
    other.release()
    assert not launcher.sockets.exists()


@pytest.mark.parametrize("stubborn", [False, True])
def test_servers_that_outlive_their_launcher_are_ended_by_the_next_one(tmp_path: Path, stubborn: bool) -> None:
    """Only Linux ends them at once; elsewhere this is the way. The launcher here dies without a word."""
    deaf = "signal.signal(signal.SIGINT, signal.SIG_IGN); " if stubborn else ""
    server = f"import signal; {deaf}print(flush=True); signal.pause()"
    code = f"""
import os, subprocess, sys
from pathlib import Path
from packsys.embedded.directory import Directory
place = Directory(Path({str(tmp_path)!r}))
place.take(grace=1.0)
server = "{server}"
left = subprocess.Popen([sys.executable, "-c", server], pass_fds=(place.servers,), stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL)
left.stdout.readline()
place.remember({{"state": left.pid}})
print(left.pid, flush=True)
os._exit(1)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout
    place = Directory(tmp_path)
    place.take(grace=0.5 if stubborn else 10.0)
    place.release()
    assert not psutil.pid_exists(int(said)) or psutil.Process(int(said)).status() == psutil.STATUS_ZOMBIE


@pytest.mark.chaos
@pytest.mark.parametrize(
    "sign",
    ["launcher.lock", "state.log", "cache.log", "postgres.new", "postgres.new/PG_VERSION", "postgres/postmaster.pid"],
)
def test_ctrl_c_at_any_moment_of_the_start_leaves_nothing(fresh: Launcher, sign: str) -> None:
    """``sign`` is the file by which the moment is known."""
    running = fresh.launch()
    wait_until((fresh.directory / sign).exists)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    wait_until(lambda: not fresh.left())
    assert not fresh.sockets.exists()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(tmp_path, durable=False) as servers, database(servers.database_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not half.exists()


def test_a_server_that_does_not_start_says_what_its_log_says(tmp_path: Path) -> None:
    broken = tmp_path / "state" / "appendonlydir"
    broken.mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("this is no manifest\n")
    with (
        pytest.raises(NotReady, match=r"(?s)state server ended while it started.*state\.log says:.*manifest"),
        EmbeddedServers(tmp_path, durable=False),
    ):
        pass


def test_a_damaged_database_is_reported_in_postgresql_s_own_words(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    with (
        pytest.raises(NotReady, match=r"(?s)postgres server ended.*postgres\.log says:.*could not access"),
        EmbeddedServers(tmp_path, durable=False),
    ):
        pass


def test_a_failed_start_leaves_the_directory_free(home: Path) -> None:
    servers = EmbeddedServers(home, durable=False)
    version = home / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(NotReady, match="initialized by PostgreSQL version 17"):
        servers.__enter__()
    version.write_text("18\n")
    with servers:
        assert len(servers.pids) == 3


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongSetUp, match=f"{tmp_path}/file/servers cannot be used: Not a directory"):
        EmbeddedServers(tmp_path / "file" / "servers").start()


def test_a_folder_of_sockets_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    place = Directory(tmp_path / "servers")
    place.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(WrongSetUp, match="belongs to another user"):
            place.take(grace=1.0)
        place.release()
        assert place.sockets.is_symlink()
    finally:
        place.sockets.unlink()


def test_a_note_that_was_cut_off_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "servers.lock").write_text('{"state": 12')
    place = Directory(tmp_path)
    place.take(grace=1.0)
    place.release()
    assert not place.sockets.exists()


def test_state_restarts_on_its_data_behind_the_same_address(home: Path) -> None:
    with EmbeddedServers(home, durable=False) as servers, valkey(servers.state_url) as state:
        first = servers.pids["state"]
        state.set("kept", "key")
        servers.restart_state()
        assert servers.pids["state"] != first
        assert state.get("kept") == "key"


def test_state_can_be_away_for_a_while(home: Path) -> None:
    with EmbeddedServers(home, durable=False) as servers, valkey(servers.state_url) as state:
        servers.stop_state()
        with pytest.raises(redis.ConnectionError):
            state.ping()
        servers.start_state()
        assert state.ping()


def test_state_can_be_killed_and_stilled(home: Path) -> None:
    with EmbeddedServers(home, durable=False) as servers:
        with valkey(servers.state_url) as state:
            state.set("kept", "key")
            state.waitaof(1, 0, 5000)
        servers.kill_state()
        servers.start_state()
        servers.kill_state(signal.SIGSTOP)
        servers.kill_state(signal.SIGCONT)
        with valkey(servers.state_url) as state:
            assert state.get("kept") == "key"


def test_postgres_can_be_ended_and_started_again(home: Path) -> None:
    with EmbeddedServers(home, durable=False) as servers:
        first = servers.pids["postgres"]
        servers.kill_postgres(signal.SIGQUIT)
        servers.start_postgres()
        assert servers.pids["postgres"] != first


def test_a_server_that_does_not_end_is_forced(home: Path) -> None:
    with EmbeddedServers(home, durable=False, grace=0.1) as servers:
        stilled = servers.pids["state"]
        servers.kill_state(signal.SIGSTOP)
    assert not psutil.pid_exists(stilled)
