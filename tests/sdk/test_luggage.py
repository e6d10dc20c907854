"""The SDK goes into the sandbox, so it brings nothing along."""

from __future__ import annotations

import json
import subprocess
import sys

_PROGRAM = """
import sys, json
before = set(sys.modules)
import packsys.sdk
print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))
print(json.dumps(sorted(name for name in sys.modules if name.startswith('packsys'))))
"""


def test_the_sdk_imports_the_standard_library_and_itself() -> None:
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    tops, house = map(json.loads, ran.stdout.splitlines())
    assert set(tops) - set(sys.stdlib_module_names) == {"packsys"}
    assert [name for name in house if not f"{name}.".startswith("packsys.sdk.")] == ["packsys"]
