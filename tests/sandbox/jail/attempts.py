"""Makes attempts as pack code; as a program, all of them as the user that it is started by.

``python -m tests.sandbox.jail.attempts FOLDER`` prints one JSON object: how each attempt ended.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from packsys.errors import PacksysError, SandboxError
from packsys.language.invocation import Invocation
from packsys.language.signature import Signature
from packsys.model import PackFormula
from packsys.ports import Call, Fetcher, World
from packsys.sandbox.confinement import Layers
from packsys.sandbox.limits import Limits
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.attacks import ATTACKS, Attack
from tests.sandbox.jail.bait import laid_out, victim

THROUGH = "through"

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


def made(attack: Attack, runner: PythonSandbox, bait: dict[str, Any]) -> str:
    """Makes an attempt and says how it ended: ``through``, or what stopped it."""
    try:
        value = runner.run(code_call(attack.source, bait))
    except SandboxError as error:
        return f"stopped: {error.limit}: {error.message}"
    except PacksysError as error:
        return f"stopped: {error.message}"
    return THROUGH if value is True else f"stopped: {value!r}"


def main(folder: Path) -> None:
    with laid_out(folder) as bait, victim() as prey, sandbox() as runner:
        ends = {attack.name: made(attack, runner, bait | prey) for attack in ATTACKS}
        sys.stdout.write(json.dumps({"ends": ends, "granted": vars(runner.start())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
