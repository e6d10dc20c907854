"""The feed on a real server: it forgets, goes away, is slow, and the process forks."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import Event as Bell
from threading import Thread

import pytest
from redis import Redis

from packsys.embedded import EmbeddedServers
from packsys.kvstore.address import connect
from packsys.kvstore.ear import Ear
from packsys.kvstore.feed import MOST, MOST_EARLY, PREFIX, TTL, TTL_ENDED, RedisFeed
from packsys.kvstore.outbox import Outbox
from packsys.model import EventKind
from tests.ports.test_feed import event, new_job, told


@pytest.fixture
def server(servers: EmbeddedServers) -> Iterator[Redis]:
    with closing(connect(servers.state_url, timeout=5.0)) as client:
        yield client


@pytest.fixture
def feed(servers: EmbeddedServers) -> Iterator[RedisFeed]:
    with closing(RedisFeed.at(servers.state_url)) as opened:
        yield opened


def ring(bell: Bell) -> None:
    """Waits for a bell and silences it."""
    assert bell.wait(10), "the bell did not ring"
    bell.clear()


class Relay:
    """Passes connections on to a server, and can forget those that it has without closing them."""

    def __init__(self, server: Redis) -> None:
        self.path = str(server.connection_pool.connection_kwargs["path"])
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listening.getsockname()[1]}"
        self.muted: list[Bell] = []

    def __enter__(self) -> Relay:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listening.close()

    def mute(self) -> None:
        """Lets nothing through any more on the connections that there are."""
        for muted in self.muted:
            muted.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                server, muted = socket.socket(socket.AF_UNIX), Bell()
                server.connect(self.path)
                self.muted.append(muted)
                for pair in ((client, server), (server, client)):
                    Thread(target=carry, args=(*pair, muted), daemon=True).start()


def carry(source: socket.socket, sink: socket.socket, muted: Bell) -> None:
    """Carries bytes until one side hangs up; throws them away when muted."""
    with suppress(OSError):
        while data := source.recv(65_536):
            if not muted.is_set():
                sink.sendall(data)


def key(job: str) -> str:
    return PREFIX + job


def test_a_stream_has_its_events_under_their_numbers(feed: RedisFeed, server: Redis) -> None:
    job = new_job()
    feed.publish(told(job, 1, 2))
    assert feed.flush()
    assert server.type(key(job)) == b"stream"
    assert [entry for entry, _ in server.xrange(key(job))] == [b"1-0", b"2-0"]


def test_a_stream_is_kept_for_an_hour_and_after_the_end_for_a_minute(feed: RedisFeed, server: Redis) -> None:
    job = new_job()
    feed.publish(told(job, 1))
    assert feed.flush()
    assert TTL_ENDED < server.ttl(key(job)) <= TTL
    feed.publish([event(job, 2, EventKind.JOB_DONE)])
    assert feed.flush()
    assert 0 < server.ttl(key(job)) <= TTL_ENDED


@pytest.mark.parametrize(("first", "then"), [([3, 4], [1, 2]), ([1, 4], [2, 3]), ([1], [2, 3, 4]), ([1, 3, 4], [2])])
def test_what_comes_late_from_another_process_keeps_an_ended_job_no_longer(
    servers: EmbeddedServers, feed: RedisFeed, server: Redis, first: Sequence[int], then: Sequence[int]
) -> None:
    """A worker may have ended a job before its service, or another worker, has sent what came before."""
    job = new_job()
    kinds = {4: EventKind.JOB_DONE}
    feed.publish([event(job, number, kinds.get(number, EventKind.STEP_DONE)) for number in first])
    assert feed.flush()
    with closing(RedisFeed.at(servers.state_url)) as other:
        other.publish([event(job, number, kinds.get(number, EventKind.STEP_DONE)) for number in then])
        assert other.flush()
    assert 0 < server.ttl(key(job)) <= TTL_ENDED


def test_a_stream_does_not_grow_for_ever(feed: RedisFeed, server: Redis) -> None:
    job = new_job()
    for first in range(1, MOST + 2001, 1000):
        feed.publish(told(job, *range(first, first + 1000)))
        assert feed.flush()
    assert server.xlen(key(job)) < MOST + 1000
    assert feed.since(job, 0) is None
    assert len(feed.since(job, MOST + 1990) or ()) == 10


def test_what_never_comes_holds_the_rest_up_for_a_while_only(feed: RedisFeed, server: Redis) -> None:
    job = new_job()
    feed.publish(told(job, 1))
    feed.publish(told(job, *range(3, 3 + MOST_EARLY)))
    assert feed.flush()
    assert feed.since(job, 1) is None
    feed.publish(told(job, 3 + MOST_EARLY))
    assert feed.flush()
    assert len(feed.since(job, 2) or ()) == MOST_EARLY + 1
    assert feed.since(job, 1) is None
    assert not server.exists(key(job) + ":early")


def test_a_server_that_forgets_everything_is_a_gap(feed: RedisFeed, server: Redis) -> None:
    job = new_job()
    feed.publish(told(job, 1, 2))
    assert feed.flush()
    server.flushall()
    assert feed.since(job, 1) is None
    feed.publish(told(job, 3))
    assert feed.flush()
    assert feed.since(job, 1) is None
    assert feed.since(job, 2) == tuple(told(job, 3))


def test_what_cannot_be_read_is_a_gap(feed: RedisFeed, server: Redis, caplog: pytest.LogCaptureFixture) -> None:
    job, other = new_job(), new_job()
    server.xadd(key(job), {"event": b"[]"}, id="1-0")
    server.set(key(other), b"no stream")
    assert feed.since(job, 0) is None
    assert feed.since(other, 0) is None
    assert [record.getMessage() for record in caplog.records] == ["feed.damaged", "feed.refused"]


def test_a_server_that_is_away_costs_nobody_anything(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with closing(RedisFeed.at(f"unix://{tmp_path}/nobody")) as feed:
        feed.publish(told("a job", 1))
        assert feed.flush()
        assert feed.since("a job", 0) is None
        feed.listen("a job", lambda: None)()
    assert "feed.away" in [record.getMessage() for record in caplog.records]


def test_nobody_waits_for_a_slow_server_and_what_has_no_room_is_dropped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = connect(f"redis://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with closing(RedisFeed(client, client, room=10)) as feed:
            for number in range(1, 100):
                feed.publish(told("a job", number))
            assert feed.flush()


def test_things_are_sent_in_order_and_in_batches_while_the_sender_is_busy() -> None:
    sent: list[list[int]] = []
    begun, free = Bell(), Bell()

    def send(things: object) -> None:
        sent.append(list(things))  # type: ignore[call-overload]
        begun.set()
        assert free.wait(10)
        if len(sent) == 2:
            raise RuntimeError("a sender that fails is asked again")

    box: Outbox[int] = Outbox(send, room=6, batch=4)
    box.put([0])
    assert begun.wait(10)
    box.put(range(1, 100))
    free.set()
    assert box.flush(seconds=10)
    box.put([7])
    assert box.flush(seconds=10)
    assert sent == [[0], [1, 2, 3, 4], [5, 6], [7]]
    box.close()


def test_everybody_is_rung_when_listening_begins_again(feed: RedisFeed, server: Redis) -> None:
    """What happened while the connection was broken is read then."""
    job, bell = new_job(), Bell()
    feed.listen(job, bell.set)
    ring(bell)
    server.client_kill_filter(_type="pubsub")
    ring(bell)
    feed.publish(told(job, 1))
    ring(bell)


def test_a_connection_that_leads_nowhere_any_more_is_made_anew(server: Redis) -> None:
    """As when a network between drops it without a word: what is sent to it is never answered."""
    bell, channel = Bell(), b"a channel of the ear"
    with Relay(server) as relay, closing(connect(relay.url, timeout=5.0)) as client:
        ear = Ear(client, silence=0.2)
        ear.listen(channel, bell.set)
        ring(bell)
        relay.mute()
        ring(bell)
        server.publish(channel, b"")
        ring(bell)
        ear.close()


def test_a_quiet_connection_is_kept(server: Redis) -> None:
    bell, channel = Bell(), b"a quiet channel of the ear"
    ear = Ear(server, silence=0.05)
    ear.listen(channel, bell.set)
    ring(bell)
    assert not bell.wait(0.5)
    server.publish(channel, b"")
    ring(bell)
    ear.close()


def test_one_connection_listens_for_everybody(feed: RedisFeed, server: Redis) -> None:
    before = len(server.client_list(_type="pubsub"))
    bells = {new_job(): Bell() for _ in range(20)}
    for job, bell in bells.items():
        feed.listen(job, bell.set)
    for bell in bells.values():
        ring(bell)
    assert len(server.client_list(_type="pubsub")) == before + 1


def test_who_left_is_not_subscribed_to_any_more(feed: RedisFeed, server: Redis) -> None:
    left, job, bell = new_job(), new_job(), Bell()
    stop = feed.listen(left, bell.set)
    ring(bell)
    stop()
    feed.listen(job, bell.set)
    ring(bell)
    feed.publish(told(job, 1))
    ring(bell)
    assert server.pubsub_numsub(key(left)) == [(key(left).encode(), 0)]


def test_a_listener_that_fails_does_not_deafen_the_others(feed: RedisFeed) -> None:
    job, broken, bell = new_job(), Bell(), Bell()

    def fail() -> None:
        broken.set()
        raise RuntimeError("the loop is closed")

    feed.listen(job, fail)
    feed.listen(job, bell.set)
    ring(broken)
    bell.clear()
    feed.publish(told(job, 1))
    ring(broken)
    ring(bell)


def test_a_forked_child_publishes_and_listens_by_itself(feed: RedisFeed) -> None:
    job, bell = new_job(), Bell()
    feed.listen(job, bell.set)
    feed.publish(told(job, 1))
    ring(bell)
    assert feed.flush()
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_child, args=(feed, job))
    child.start()
    child.join(20)
    assert child.exitcode == 0
    ring(bell)
    assert feed.since(job, 0) == tuple(told(job, 1, 2))


def _child(feed: RedisFeed, job: str) -> None:
    bell = Bell()
    feed.listen(job, bell.set)
    ring(bell)
    feed.publish(told(job, 2))
    ring(bell)
    assert feed.flush()
    assert feed.since(job, 0) == tuple(told(job, 1, 2))
