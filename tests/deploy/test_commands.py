"""What the containers run exists, understands its options, and does what its health check believes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import click
import pytest
from celery.bin.beat import beat
from celery.bin.worker import worker

import celeryconfig
from packsys.cli.main import cli
from packsys.embedded import EmbeddedServers
from packsys.settings import Settings
from tests.deploy.compose import OURS, ROOT, SERVICES, check_of, words
from tests.embedded.launcher import wait_until

BIN = Path(sys.executable).parent
CELERY = {"worker": worker, "beat": beat}


def environment(name: str) -> dict[str, str]:
    """Gives a service's environment, on top of what a program needs to start."""
    return {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": "/nonexistent", **SERVICES[name]["environment"]}


@pytest.mark.parametrize("name", OURS)
def test_the_settings_of_every_container_are_complete(name: str) -> None:
    settings = Settings.from_environ(environment(name))
    assert settings.state_url == "redis://:notsecret@state:6379/0"
    assert settings.database_url.endswith("@postgres/packsys")


@pytest.mark.parametrize("name", [name for name, service in OURS.items() if words(service)[0] == "packsys"])
def test_packsys_understands_its_words(name: str) -> None:
    _, command, *options = words(OURS[name])
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    found.make_context(command, options)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, service in OURS.items() if words(service)[0] == "celery"])
def test_the_celery_apps_exist(name: str) -> None:
    _, flag, app, command, *_ = words(OURS[name])
    assert (flag, command) in {("-A", "worker"), ("-A", "beat"), ("-A", "flower")}
    code = f"import {app}; print(type({app}.app).__mro__[-2].__name__)"
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment(name), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert said.stdout.strip() == "Celery", said.stderr


@pytest.mark.parametrize(("name", "command"), [("formulas", "worker"), ("upkeep", "worker"), ("beat", "beat")])
def test_celery_understands_its_options(name: str, command: str) -> None:
    options = words(OURS[name])[4:]
    known = {option for parameter in CELERY[command].params for option in parameter.opts}
    assert {option.split("=")[0] for option in options} <= known


def test_the_workers_serve_every_queue() -> None:
    served = {word for name in ("formulas", "upkeep") for word in words(OURS[name]) if word.startswith("--queues=")}
    queues = [queue for word in served for queue in word.removeprefix("--queues=").split(",")]
    assert sorted(queues) == sorted(queue.name for queue in celeryconfig.task_queues)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Runs a server that gives every request one status, and gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def healthy(name: str, replacements: Mapping[str, str], **variables: str) -> bool:
    """Runs a service's health check here, with the place that it looks at replaced."""
    command = check_of(SERVICES[name])
    for old, new in replacements.items():
        assert any(old in word for word in command), f"the check of {name} does not look at {old}"
        command = [word.replace(old, new) for word in command]
    terms = {**environment(name), **variables}
    return subprocess.run(command, env=terms, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("name", "place"), [("service", "127.0.0.1:8000"), ("flower", "127.0.0.1:5555")])
@pytest.mark.parametrize(("status", "verdict"), [(200, True), (503, False)])
def test_a_web_check_sees_whether_all_is_well(name: str, place: str, status: int, verdict: bool) -> None:
    with answering(status) as port:
        assert healthy(name, {place: f"127.0.0.1:{port}"}) is verdict


@pytest.mark.parametrize(("name", "place"), [("service", "127.0.0.1:8000"), ("flower", "127.0.0.1:5555")])
def test_a_web_check_sees_that_nobody_is_there(name: str, place: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not healthy(name, {place: f"127.0.0.1:{port}"})


def test_beat_is_well_while_it_writes_its_schedule(tmp_path: Path) -> None:
    place = {"find /tmp ": f"find {tmp_path} "}
    assert not healthy("beat", place)
    schedule = tmp_path / "beat-schedule.db"
    schedule.touch()
    assert healthy("beat", place)
    os.utime(schedule, (0, 0))
    assert not healthy("beat", place)


@contextmanager
def running(name: str, servers: EmbeddedServers, replacements: Mapping[str, str], log: Path) -> Iterator[None]:
    """Runs a container's command here, on real servers."""
    command = words(OURS[name])
    for old, new in replacements.items():
        assert any(old in word for word in command)
        command = [word.replace(old, new) for word in command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]], env=on(servers, name), cwd=ROOT, stdout=out, stderr=out
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def on(servers: EmbeddedServers, name: str) -> dict[str, str]:
    """Gives a service's environment with the addresses of servers that are here."""
    urls = servers.urls
    here = {"PACKSYS_DATABASE_URL": urls.database, "PACKSYS_STATE_URL": urls.state, "PACKSYS_CACHE_URL": urls.cache}
    return {**environment(name), **here}


@pytest.mark.slow
def test_beat_writes_the_schedule_that_its_check_looks_for(servers: EmbeddedServers, tmp_path: Path) -> None:
    with running("beat", servers, {"/tmp/": f"{tmp_path}/"}, tmp_path / "log"):
        wait_until(lambda: healthy("beat", {"find /tmp ": f"find {tmp_path} "}))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["formulas", "upkeep"])
def test_a_worker_answers_its_check_and_no_other(servers: EmbeddedServers, name: str, tmp_path: Path) -> None:
    addresses = {key: value for key, value in on(servers, name).items() if key.startswith("PACKSYS_")}
    assert not healthy(name, {"--timeout 10": "--timeout 1"}, **addresses)
    with running(name, servers, {}, tmp_path / "log"):
        wait_until(lambda: healthy(name, {"--timeout 10": "--timeout 1"}, **addresses))


@pytest.mark.slow
def test_flower_shows_itself_to_who_has_the_password_and_only_looks(servers: EmbeddedServers, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with running("flower", servers, {"0.0.0.0": "127.0.0.1", "5555": str(port)}, tmp_path / "log"):
        wait_until(lambda: healthy("flower", {"127.0.0.1:5555": f"127.0.0.1:{port}"}))
        assert status(port, "GET", "/workers", auth="") == 401
        assert status(port, "GET", "/workers", auth="dXNlcjpub3RzZWNyZXQ=") == 200
        assert status(port, "POST", "/api/worker/shutdown/any", auth="dXNlcjpub3RzZWNyZXQ=") == 403


def status(port: int, method: str, path: str, *, auth: str) -> int:
    """Asks Flower for something as a user, and gives the status of the answer."""
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"Authorization": f"Basic {auth}"} if auth else {})
    return connection.getresponse().status
