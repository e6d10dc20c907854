"""One set of servers with everybody's workers on it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.execution.contenders import Contender, Peer, addresses, joined, peers, prepared
from benchmarks.execution.engine import Stopwatch
from benchmarks.execution.ours import Ours
from benchmarks.figures import progress
from packsys.bootstrap import wire
from packsys.cli.system import Plan, System
from packsys.store.schema import migrate

PROBE = str(Path(__file__).parents[2] / "tests" / "packs" / "probe.py")
OURS = "packsys"
PARTS = ("worker",)


@dataclass(frozen=True)
class House:
    """Is the servers and everybody on them; packsys is the first."""

    system: System
    contenders: Sequence[Contender]

    @property
    def ours(self) -> Contender:
        """Gives packsys."""
        return self.contenders[0]

    @property
    def peers(self) -> Sequence[Contender]:
        """Gives the others."""
        return self.contenders[1:]

    @property
    def servers(self) -> Sequence[int]:
        """Lists the processes of the servers: whoever has its turn is the only one to use them."""
        return [*self.system.servers.pids.values()]


@contextmanager
def house(slots: int) -> Iterator[House]:
    """Starts servers and workers, ``slots`` calls at once for each; a peer that is not installed is left out."""
    with TemporaryDirectory(prefix="packsys-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        plan = Plan(directory=folder, parts=PARTS, slots=slots, packs=(PROBE,))
        system = stack.enter_context(System(plan))
        migrate(system.settings.database_url)
        os.environ.update(addresses(system.settings.state_url, system.settings.database_url, slots=slots))
        contenders = [_kept(stack, _ours(system))]
        for peer in peers(slots):
            contenders.extend(_joining(stack, peer, folder))
        gc.collect()
        gc.freeze()  # as servers do once they have started: nobody pays for looking through what all have imported
        yield House(system, contenders)


def _kept(stack: ExitStack, contender: Contender) -> Contender:
    """Sees to it that a contender is ended."""
    stack.callback(contender.end)
    return contender


def _ours(system: System) -> Contender:
    ours = Ours(wire(system.settings))
    contender = Contender(
        name=OURS,
        watch=Stopwatch(ours, many=ours.submit_many),
        processes=[each.pid for each in system.processes.values()],
    )
    with contender.awake():
        progress(f"{OURS} is ready")
    return contender


def _joining(stack: ExitStack, peer: Peer, folder: Path) -> Iterator[Contender]:
    if peer.installed:
        prepared(peer, folder)
        yield _kept(stack, joined(peer, folder))
    else:
        progress(f"{peer.name} is left out: {peer.package} is not installed (see the group 'bench' in pyproject.toml)")
