"""Makes attempts behind the walls around V8, but with Python and ctypes, as who broke out of V8 would have them.

``python -m tests.sandbox.jail.around_v8 FOLDER`` prints one JSON object: how each attempt ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from packsys.sandbox import confinement, walls
from packsys.sandbox.confinement import V8
from tests.sandbox.jail.attacks import ATTACKS, Attack
from tests.sandbox.jail.attempts import End, ended
from tests.sandbox.jail.bait import laid_out, victim

MEMORY = 256 * 2**20
MAY = (
    "make memory executable",
    "make written memory executable",
    "make memory executable with a key",
    "run native code through a callback",
)
"""What V8 may and a pack in Python may not: V8 compiles what it runs."""
TRIED = [each for each in ATTACKS if each.name not in MAY and "host" not in each.walls]


def walled(bait: dict[str, Any]) -> dict[str, Any]:
    """Makes each attempt in a process of its own behind all walls; says how each ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _make_all(writing, bait)
    os.close(writing)
    with os.fdopen(reading) as told:
        ends = [json.loads(line) for line in told]
    os.waitpid(child, 0)
    return dict(ends)


def _make_all(told: int, bait: dict[str, Any]) -> NoReturn:
    os.dup2(told, 63)
    os.dup2(63, 4)
    os.dup2(os.open(os.devnull, os.O_RDWR), 3)
    os.closerange(5, 1024)
    base = walls.memory_in_use(V8.counted)
    confinement.enclose(V8)
    for attack in TRIED:
        os.write(4, (json.dumps([attack.name, asdict(_made(attack, bait, base))]) + "\n").encode())
    os._exit(0)


def _made(attack: Attack, bait: dict[str, Any], base: int) -> End:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 3)  # where a session has its channel
        os.closerange(4, 1024)
        _make(attack, bait, base)
    os.close(writing)
    said = os.read(reading, 65536)
    os.close(reading)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return End(limit=signal.Signals(os.WTERMSIG(status)).name)
    return ended(json.loads(said or b"null"))


def _make(attack: Attack, bait: dict[str, Any], base: int) -> NoReturn:
    try:
        confinement.set_apart()
        confinement.lock(V8, memory=base + MEMORY, cpu=20)
        names: dict[str, Any] = {"bait": bait}
        exec(attack.source, names)
        said = names["through"]
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"
    os.write(3, json.dumps(said).encode())
    os._exit(0)


def main(folder: Path) -> None:
    with laid_out(folder) as bait, victim() as prey:
        sys.stdout.write(json.dumps(walled(bait | prey)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
