"""Makes attempts as pack code; as a program, all of them as the user that it is started by.

``python -m tests.sandbox.jail.attempts FOLDER`` prints one JSON object: how each attempt ended behind all walls, and
those that have a control without the walls that stop them.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from packsys.errors import PacksysError, SandboxError
from packsys.language.invocation import Invocation
from packsys.language.signature import Signature
from packsys.model import PackFormula
from packsys.ports import Call, Fetcher, World
from packsys.sandbox import walls
from packsys.sandbox.confinement import Layers
from packsys.sandbox.limits import Limits
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.attacks import ATTACKS, Attack
from tests.sandbox.jail.bait import laid_out, victim

ROOT = os.geteuid() == 0
HELD_BACK = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EROFS)
"""In which words a kernel says that a machine, a container perhaps, does not allow something to anybody."""


@dataclass(frozen=True)
class End:
    """Is how an attempt ended: through, refused by the kernel, at a limit, or by a mistake of its own."""

    through: bool = False
    errno: int | None = None
    limit: str = ""
    said: str = ""

    @property
    def stopped(self) -> bool:
        """Tells whether a wall stopped it; neither is an attempt that made a mistake."""
        return not self.through and bool(self.errno or self.limit)


SOURCE = b'''
import json
from typing import Annotated
from packsys.sdk import Context, Pack

pack = Pack(id=9200, name="Attacker", version="1.0.0", description="Tries everything.", domains=["api.example.com"])

@pack.formula()
def attempt(context: Context, code: Annotated[str, "What to run."], bait: Annotated[str, "JSON."]) -> object:
    """Runs code."""
    names = {"bait": json.loads(bait), "context": context}
    exec(code, names)
    return names.get("through")
'''


def sandbox(*, layers: Layers | None = None, limits: Limits | None = None, warm: bool = False) -> PythonSandbox:
    return PythonSandbox(
        lambda pack_id, version: {"pack.py": SOURCE}, layers=layers, limits=limits, warm=lambda pack_id, version: warm
    )


class Nowhere:
    """Is a fetcher that answers nothing."""

    def fetch(self, request: Any) -> Any:
        raise AssertionError(f"Nobody was meant to ask for {request.url}.")


def a_call(
    formula: str = "Attempt", *, fetcher: Fetcher | None = None, timeout: float = 20.0, version: str = "1.0.0",
    account: str | None = None, timezone: str = "UTC", pack: str = "Attacker", **arguments: Any,
) -> Call:  # fmt: skip
    return Call(
        formula=PackFormula(signature=Signature(pack_id=9200, pack=pack, version=version, name=formula)),
        invocation=Invocation(
            key="0" * 32,
            pack_id=9200,
            pack=pack,
            version=version,
            formula=formula,
            account=account,
            arguments=arguments,
        ),
        world=World(
            fetcher=fetcher or Nowhere(),
            timeout=timeout,
            timezone=timezone,
            idempotency_key="job:step",
            endpoint="https://own.example/api",
        ),
    )


def code_call(code: str, bait: Any = None, **options: Any) -> Call:
    return a_call(code=code, bait=json.dumps(bait or {}), **options)


def made(attack: Attack, runner: PythonSandbox, bait: dict[str, Any]) -> End:
    """Makes an attempt as pack code and says how it ended."""
    try:
        return ended(runner.run(code_call(attack.source, bait)))
    except SandboxError as error:
        return End(limit=error.limit, said=error.message)
    except PacksysError as error:
        return End(said=error.message)


def ended(value: object) -> End:
    """Reads what an attempt left in ``through``."""
    match value:
        case True:
            return End(through=True)
        case {"errno": int(number), "said": str(said)}:
            return End(errno=number, said=said)
        case _:
            return End(said=f"it left {value!r}")


def plainly(attack: Attack, bait: dict[str, Any]) -> End:
    """Makes an attempt in a process without any walls, of the user who would make it behind none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if not attack.as_root:
                walls.leave_root()
                walls.give_up_privileges()
            names: dict[str, Any] = {"bait": bait}
            exec(attack.source, names)
            os.write(writing, json.dumps(names["through"]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return ended(json.loads(said or "null"))


def without(attack: Attack) -> Layers:
    """Gives every wall but those that stop an attempt."""
    names = [each for each in (*attack.walls, *attack.beside) if each != "host"]
    left = replace(Layers(), **dict.fromkeys(names, False))
    return replace(left, user=False) if attack.as_root and ROOT else left


def alone(attack: Attack, wall: str) -> Layers:
    """Gives one wall, around somebody who could get through where there is none."""
    bare = Layers(user=not (attack.as_root and ROOT), namespaces=False, landlock=False, limits=False, seccomp=False)
    return replace(bare, **{wall: True})


@contextmanager
def sandboxes() -> Iterator[Callable[[Layers], PythonSandbox]]:
    """Gives a sandbox behind some of the walls; each kind is started once."""
    with ExitStack() as stack:
        running: dict[Layers, PythonSandbox] = {}

        def get(layers: Layers) -> PythonSandbox:
            if layers not in running:
                running[layers] = stack.enter_context(sandbox(layers=layers))
            return running[layers]

        yield get


def main(folder: Path) -> None:
    controls = [each for each in ATTACKS if not each.no_control and not each.as_root]
    with sandboxes() as behind, victim() as prey:
        told = {
            "walled": {each.name: _made_on_bait(each, behind(Layers()), folder, prey) for each in ATTACKS},
            "freed": {each.name: _made_on_bait(each, behind(without(each)), folder, prey) for each in controls},
        }
    sys.stdout.write(json.dumps(told))


def _made_on_bait(attack: Attack, runner: PythonSandbox, folder: Path, prey: dict[str, int]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        Path(own).chmod(0o777)
        with laid_out(Path(own)) as bait:
            return asdict(made(attack, runner, bait | prey))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
