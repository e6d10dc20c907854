"""The limiter on Redis: what lies there, and what it does when Redis does not do what it should."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from socket import AF_UNIX
from socket import socket as Listener

import pytest
from redis import Redis

from benchmarks.upstream import most_within
from packsys.kvstore.address import connect
from packsys.kvstore.limiter import FREE, LEARN, LONG_REST, PREFIX, REST, TAKE, RedisLimiter, Script
from packsys.limits.advice import Advice
from packsys.limits.demand import Asker, Demand, demand
from packsys.limits.policy import DEFAULTS, Policy, Rate, Slots
from packsys.limits.verdict import Cause, Permit, Refusal
from packsys.memory import MemoryLimiter
from tests.kvstore.test_results import Clock
from tests.waiting import until

PACKS = count(1_000_000)


@pytest.fixture
def client(state_url: str) -> Iterator[Redis]:
    """Gives a client of the state server."""
    with connect(state_url, timeout=5) as opened:
        yield opened


def needs(*policies: Policy) -> Demand:
    return demand(Asker(pack=next(PACKS), connection="c"), policies)


def limiter(client: Redis, clock: Clock | None = None) -> RedisLimiter:
    clock = clock or Clock(at=1000.0)
    return RedisLimiter(client, alone=MemoryLimiter(clock), monotonic=clock)


def granted(of: RedisLimiter, wanted: Demand, times: int) -> int:
    return sum(isinstance(of.take(wanted, lease=5), Permit) for _ in range(times))


def keys(client: Redis, wanted: Demand) -> list[bytes]:
    pack = wanted.places[-1].partition(":")[0]
    return sorted(key for key in client.scan_iter(f"{PREFIX}*") if f":{pack}:".encode() in key)


def test_nothing_is_opened_before_it_is_needed() -> None:
    RedisLimiter.at("redis+socket:///nonexistent/v.sock", alone=MemoryLimiter())


def test_a_request_is_one_question_to_the_server(client: Redis) -> None:
    of, wanted = limiter(client), needs(*DEFAULTS, Slots(limit=5))
    of.take(wanted, lease=5)
    before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    granted(of, wanted, 20)
    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == 20


@pytest.mark.parametrize(("remember", "asked"), [(True, 1), (False, 20)])
def test_a_process_that_was_told_that_a_window_is_full_does_not_ask_again_at_once(
    client: Redis, remember: bool, asked: int
) -> None:
    clock = Clock(at=1000.0)
    of, wanted = (
        RedisLimiter(client, alone=MemoryLimiter(), remember=remember, monotonic=clock),
        needs(Rate(limit=3, window=600)),
    )
    assert granted(of, wanted, 3) == 3
    before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert granted(of, wanted, 20) == 0
    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] - before == asked


def test_windows_share_one_log_of_a_few_kilobytes(client: Redis) -> None:
    of, wanted = limiter(client), needs(Rate(limit=1000, window=1), Rate(limit=1000, window=60))
    assert granted(of, wanted, 1500) == 1000
    assert client.memory_usage(f"{PREFIX}log:{wanted.logs[0].key}") < 20_000
    assert len(keys(client, wanted)) == 2  # and the counter of turns


def test_a_limit_of_a_million_is_kept_in_a_thousand_times(client: Redis) -> None:
    of, wanted = limiter(client), needs(Rate(limit=1_000_000, window=3600))
    assert granted(of, wanted, 3000) == 3000
    assert client.llen(f"{PREFIX}log:{wanted.logs[0].key}") == 3
    assert wanted.logs[0].kept == 1001


def test_every_key_has_an_end(client: Redis) -> None:
    of, wanted = limiter(client), needs(Rate(limit=2, window=60), Rate(limit=5000, window=600), Slots(limit=9))
    assert granted(of, wanted, 3) == 2
    of.learn(wanted, Advice(refused=True, pause=100, left=7, reset=200))
    found = keys(client, wanted)
    assert len(found) == 6
    assert all(0 < client.pttl(key) <= 602_000 for key in found)


@pytest.mark.slow
def test_when_every_window_is_over_nothing_is_left(client: Redis) -> None:
    of = RedisLimiter(client, alone=MemoryLimiter())
    wanted = needs(Rate(limit=2, window=1.5), Rate(limit=5000, window=1), Slots(limit=9))
    of.learn(wanted, Advice(left=100, reset=1))
    permits = [of.take(wanted, lease=1) for _ in range(3)]
    assert [type(each) for each in permits] == [Permit, Permit, Refusal]
    assert len(keys(client, wanted)) == 6
    until(lambda: not keys(client, wanted))


def test_a_server_that_forgot_its_scripts_is_told_them_again(client: Redis) -> None:
    of, wanted = limiter(client), needs(Rate(limit=2, window=60))
    client.script_flush()
    assert granted(of, wanted, 3) == 2


@pytest.mark.slow
def test_workers_that_ask_at_once_get_what_is_allowed_and_no_more(client: Redis, state_url: str) -> None:
    """Judged by our own clock around every answer, so that nothing of the limiter judges itself."""
    wanted, seen = needs(Rate(limit=50, window=0.5)), list[float]()
    until = time.monotonic() + 1.6

    def work() -> None:
        of = RedisLimiter.at(state_url, alone=MemoryLimiter())
        while (asked := time.monotonic()) < until:
            match of.take(wanted, lease=5):
                case Refusal(seconds=seconds):
                    time.sleep(min(seconds, 0.1))
                case _:
                    seen.append(asked)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(seen) >= 100
    assert most_within(seen, 0.25) <= 50


# Without the server.


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    """Gives a place where no server is yet."""
    return tmp_path / "v.sock"


def test_without_the_server_a_small_part_is_let_through(socket: Path) -> None:
    clock = Clock(at=1000.0)
    of = limiter(connect(f"redis+socket://{socket}", timeout=1), clock)
    wanted = needs(*DEFAULTS)
    assert granted(of, wanted, 20) == 1
    clock.at += 1
    assert granted(of, wanted, 20) == 1
    for _ in range(200):
        clock.at += 1
        granted(of, wanted, 5)
    clock.at += 60
    assert sum(_after(clock, 1, of, wanted) for _ in range(60)) <= 10


def _after(clock: Clock, seconds: float, of: RedisLimiter, wanted: Demand) -> int:
    clock.at += seconds
    return granted(of, wanted, 3)


def test_the_smallest_limit_is_stretched_rather_than_exceeded(socket: Path) -> None:
    clock = Clock(at=1000.0)
    of = limiter(connect(f"redis+socket://{socket}", timeout=1), clock)
    wanted = needs(Rate(limit=2, window=10))
    assert granted(of, wanted, 5) == 1
    answer = of.take(wanted, lease=5)
    assert isinstance(answer, Refusal)
    assert answer.seconds == pytest.approx(50)


def test_what_this_process_took_before_counts_when_the_server_goes_away(client: Redis, socket: Path) -> None:
    clock, near = Clock(at=1000.0), connect(f"redis+socket://{socket}", timeout=1)
    of, wanted = limiter(near, clock), needs(Rate(limit=100, window=60))
    socket.symlink_to(client.get_connection_kwargs()["path"])
    assert granted(of, wanted, 9) == 9
    socket.unlink()
    near.connection_pool.disconnect()
    assert granted(of, wanted, 9) == 1
    clock.at += 60
    assert granted(of, wanted, 20) == 10


def test_what_the_service_said_holds_without_the_server(client: Redis, socket: Path) -> None:
    clock = Clock(at=1000.0)
    of = limiter(connect(f"redis+socket://{socket}", timeout=1), clock)
    wanted = needs(*DEFAULTS)
    of.learn(wanted, Advice(refused=True, pause=30))
    answer = of.take(wanted, lease=5)
    assert isinstance(answer, Refusal)
    assert (answer.cause, answer.seconds) == (Cause.SERVICE, 30)


def test_it_is_said_once_that_the_server_is_away_and_once_that_it_is_back(
    client: Redis, socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(at=1000.0)
    of = limiter(connect(f"redis+socket://{socket}", timeout=1), clock)
    wanted = needs(Rate(limit=100, window=1))
    with caplog.at_level(logging.WARNING, "packsys.kvstore.limiter"):
        for _ in range(5):
            granted(of, wanted, 2)
            clock.at += REST
        assert of.decided_alone == 10
        socket.symlink_to(client.get_connection_kwargs()["path"])
        granted(of, wanted, 2)
    assert [record.message for record in caplog.records] == ["limiter.away", "limiter.back"]
    assert of.decided_alone == 10


def test_a_silent_server_is_asked_less_often_than_one_that_is_gone(socket: Path) -> None:
    clock, wanted = Clock(at=1000.0), needs(*DEFAULTS)
    with Listener(AF_UNIX) as silent:
        silent.bind(str(socket))
        silent.listen()
        silent.setblocking(False)
        of = limiter(connect(f"redis+socket://{socket}", timeout=0.05), clock)
        granted(of, wanted, 3)
        assert of.decided_alone == 3
        silent.accept()[0].close()
        clock.at += REST
        granted(of, wanted, 3)
        with pytest.raises(BlockingIOError):
            silent.accept()
        clock.at += LONG_REST - REST
        granted(of, wanted, 1)
        silent.accept()[0].close()


def test_a_slot_that_was_lent_without_the_server_comes_back(socket: Path) -> None:
    of, wanted = limiter(connect(f"redis+socket://{socket}", timeout=1)), needs(Slots(limit=1))
    lent = of.take(wanted, lease=5)
    assert isinstance(lent, Permit)
    assert granted(of, wanted, 1) == 0
    of.give_back(wanted, lent)
    assert granted(of, wanted, 1) == 1


@pytest.mark.parametrize("script", [TAKE, LEARN, FREE])
def test_a_script_knows_every_figure_that_it_names(script: Script) -> None:
    """A name that is not known is found by Lua only where it is used."""
    code = re.sub(r"--.*|'[^']*'", "", script.text)
    assert set(re.findall(r"\b[A-Z][A-Z_]+\b", code)) <= {"KEYS", "ARGV", "REPL_NONE"}
