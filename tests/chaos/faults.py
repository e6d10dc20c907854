"""The faults: what is done to a house while it works, and how it is undone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count

from tests.chaos.failpoints import matrix
from tests.chaos.house import LEASE, WORKERS, House
from tests.chaos.provider import MOODS

KILLED = frozenset({"OutcomeUnknown"})
"""How an action may end whose worker was lost: nobody knows whether it was done, so it is not done again."""

REFUSED = frozenset({"Upstream", "RateLimited", "Api", "Timeout", "OutcomeUnknown"})
"""How a job may end whose service does not answer: an action is not tried again, a read only so often."""

_TURN = count()


def nothing(house: House) -> None:
    """Leaves it as it is."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Is one way to hurt a house, done ``rounds`` times during a run, for ``hold`` seconds each time.

    ``excuses`` are the codes with which jobs may fail under it, ``emptied`` names servers that forget everything,
    ``outage`` says that a server is away meanwhile, ``frozen`` that processes stand still, ``takes_back`` that what was
    committed in the last half second may be undone. It is
    healed early when it is ``over``, and belongs to the ``short`` form or not.
    """

    name: str
    hurt: Callable[[House], None]
    heal: Callable[[House], None] = nothing
    rounds: int = 3
    hold: float = 0.0
    excuses: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    outage: bool = False
    frozen: bool = False
    takes_back: bool = False
    short: bool = True
    over: Callable[[House], bool] = lambda house: False


def kill_child(house: House) -> None:
    """Kills one process below a worker."""
    turn = next(_TURN)
    house.kill_child(WORKERS[turn % len(WORKERS)], turn)


def kill_parent(house: House) -> None:
    """Kills a worker, and leaves what is below it to itself."""
    house.send(WORKERS[next(_TURN) % len(WORKERS)], signal.SIGKILL, whole=False)


def signal_workers(number: signal.Signals, house: House, *, whole: bool = True) -> None:
    """Sends every worker a signal."""
    for name in house.names("worker"):
        house.send(name, number, whole=whole)


def roll(house: House) -> None:
    """Asks one worker after the other to end, and waits until it is back."""
    for name in house.names("worker"):
        house.send(name, signal.SIGTERM, whole=False)
        house.until(partial(replaced, house, name, house.parent(name).pid), seconds=30)


def replaced(house: House, name: str, pid: int) -> bool:
    """Tells whether another process has taken the place of that one."""
    return house.parent(name).pid != pid


def still_one(number: signal.Signals, house: House) -> None:
    """Stops a worker where it stands, or lets it go on."""
    house.send(WORKERS[0], number)


def cut_clients(house: House) -> None:
    """Cuts every connection to the state server."""
    for kind in ("normal", "pubsub"):
        house.state.execute_command("CLIENT", "KILL", "TYPE", kind)


def restart_postgres(number: signal.Signals, house: House) -> None:
    """Ends PostgreSQL by a signal and starts it again."""
    house.system.servers.kill_postgres(number)
    house.start_postgres()


def end_postgres(house: House) -> None:
    """Ends PostgreSQL, and leaves it ended."""
    house.system.servers.kill_postgres(signal.SIGQUIT)


def fill_state(house: House) -> None:
    """Makes the state server refuse everything that would need memory."""
    house.state.config_set("maxmemory", "1")


def empty_state_server(house: House) -> None:
    """Lets the state server have room again."""
    house.state.config_set("maxmemory", "0")


def kill_and_empty(house: House) -> None:
    """Kills the state server, and throws away what it kept."""
    house.system.servers.kill_state()
    for kept in house.system.directory.rglob("appendonlydir/*"):
        kept.unlink()
    house.system.servers.start_state()


def kill_service(house: House) -> None:
    """Kills the service; it is started again at once."""
    house.send("service", signal.SIGKILL)


def second_beat(house: House) -> None:
    """Starts another beat beside the first."""
    house.start("beat-2")


def mortal_workers(points: tuple[str, ...], times: int, house: House) -> None:
    """Puts workers that die at failpoints in the place of the others."""
    house.deaths.plan(points, times=times)
    house.provider.misbehave("500", share=0.05)  # or nothing would be put off,
    house.cache.flushall()  # and nothing would be cached
    for name in house.names("worker"):
        house.dismiss(name)
    for number in (1, 2):
        house.start(f"mortal-{number}")


def immortal_workers(house: House) -> None:
    """Puts ordinary workers back."""
    house.provider.behave()
    house.deaths.forget()
    for name in house.names("mortal"):
        house.dismiss(name)
    for name in WORKERS:
        house.start(name)


def dying_at(name: str, points: tuple[str, ...], *, times: int, short: bool = False) -> Fault:
    """Is the death of a worker at failpoints, so many times at each."""
    return Fault(
        name=name,
        hurt=partial(mortal_workers, points, times),
        heal=immortal_workers,
        rounds=1,
        hold=120.0,
        excuses=REFUSED,
        short=short,
        over=lambda house: not house.deaths.left(),
    )


def kill_state(house: House) -> None:
    """Kills the state server, and leaves it dead."""
    house.system.servers.kill_state()


def start_state(house: House) -> None:
    """Starts it again, on what it had written down."""
    house.system.servers.start_state()


def _provider(mood: str) -> Fault:
    return Fault(
        name=f"provider-{mood}",
        hurt=lambda house: house.provider.misbehave(mood),
        heal=lambda house: house.provider.behave(),
        hold=1.5,
        excuses=REFUSED,
        short=mood == "reset",
    )


_LIST = (
    Fault(name="none", hurt=nothing, rounds=1, short=False),
    Fault(name="worker-child-kill", hurt=kill_child, rounds=8, excuses=KILLED, short=False),
    Fault(name="worker-parent-kill", hurt=kill_parent, excuses=KILLED, short=False),
    Fault(name="workers-kill", hurt=partial(signal_workers, signal.SIGKILL), excuses=KILLED),
    Fault(name="workers-roll", hurt=roll, rounds=1, short=False),
    Fault(
        name="worker-stop",
        hurt=partial(still_one, signal.SIGSTOP),
        heal=partial(still_one, signal.SIGCONT),
        hold=2 * LEASE,
        excuses=KILLED,
        frozen=True,
    ),
    Fault(name="state-restart", hurt=lambda house: house.system.servers.restart_state(), short=False),
    Fault(name="state-cut", hurt=cut_clients),
    Fault(name="state-away", hurt=kill_state, heal=start_state, hold=3.0, rounds=1, outage=True),
    Fault(name="state-flush", hurt=lambda house: house.state.flushall(), emptied=frozenset({"state"})),
    Fault(name="state-kill-empty", hurt=kill_and_empty, emptied=frozenset({"state"}), short=False),
    Fault(name="state-full", hurt=fill_state, heal=empty_state_server, hold=1.5),
    Fault(name="cache-flush", hurt=lambda house: house.cache.flushall(), rounds=10, emptied=frozenset({"cache"})),
    Fault(name="postgres-fast", hurt=partial(restart_postgres, signal.SIGINT), excuses=KILLED, short=False),
    Fault(
        name="postgres-immediate",
        hurt=partial(restart_postgres, signal.SIGQUIT),
        excuses=KILLED,
        takes_back=True,
    ),
    Fault(
        name="postgres-kill",
        hurt=partial(restart_postgres, signal.SIGKILL),
        excuses=KILLED,
        takes_back=True,
        short=False,
    ),
    Fault(
        name="postgres-away",
        hurt=end_postgres,
        heal=lambda house: house.start_postgres(),
        hold=3.0,
        rounds=1,
        excuses=KILLED,
        takes_back=True,
        outage=True,
        short=False,
    ),
    Fault(name="service-kill", hurt=kill_service),
    Fault(
        name="two-beats", hurt=second_beat, heal=lambda house: house.dismiss("beat-2"), rounds=1, hold=5.0, short=False
    ),
    *map(_provider, MOODS),
    dying_at("failpoints", tuple(matrix()), times=1),
    *(dying_at(f"failpoint:{point}", (point,), times=5) for point in matrix()),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _LIST}
