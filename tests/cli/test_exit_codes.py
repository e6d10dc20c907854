"""The exit code says who must act."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CODES = {
    "the formula's author": ("examples/hello/pack.py", "Hello::Greet(", 2),
    "the pack's maker": ("tests/packs/probe.py", 'Probe::Raise("broken")', 4),
    "time": ("tests/packs/probe.py", "Probe::Fail(503)", 5),
    "nobody": ("examples/hello/pack.py", "1", 0),
}


@pytest.mark.parametrize("who", CODES)
def test_it_names_who_must_act(who: str) -> None:
    pack, formula, code = CODES[who]
    done = subprocess.run(
        [sys.executable, "-m", "packsys.cli.main", "run", pack, formula],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert ("\nTell the pack's maker what you called and what was said.\n" in done.stderr) is (code == 4)
    assert ("\nWait: the call is tried again." in done.stderr) is (code == 5)
    assert bool(done.stderr) == bool(code)
