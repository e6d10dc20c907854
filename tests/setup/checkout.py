"""A copy of the checkout, as a stranger would have it: what git has or would take, and nothing that was made here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOBODY = 65534
# Stand-ins on PYTHONPATH for what a bare Python lacks. The pip one steps aside inside an environment.
LACKS_VENV = {"venv.py": "raise SystemExit(1)\n"}
LACKS_PIP = {
    "pip.py": """
import runpy, sys
if sys.prefix == sys.base_prefix:
    raise SystemExit(1)
sys.path[:] = [place for place in sys.path if not place.endswith("lacks")]
del sys.modules["__main__"]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""
}


def files() -> Iterator[Path]:
    """Lists the checkout's files, relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return (Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


def copy(home: Path) -> Path:
    """Copies the checkout."""
    for file in files():
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, home / file)
    return home


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """Is a person with a copy, a Python, a home folder, and a PATH on which there is no uv.

    ``cache`` is where uv keeps what it unpacked; without one it is in the home folder, and empty.
    """

    checkout: Path
    home: Path
    cache: Path | None = None
    python: str = sys.executable
    lacks: Mapping[str, str] = field(default_factory=dict)
    user: int | None = None

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs ``python3 bootstrap.py WORD…`` in the checkout."""
        running = self.start(*words)
        out, err = running.communicate()
        return subprocess.CompletedProcess(words, running.returncode, out, err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts the same and does not wait."""
        return subprocess.Popen(
            [self.python, "bootstrap.py", *words],
            cwd=self.checkout,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def _environment(self) -> dict[str, str]:
        lacks = self.home / "lacks"
        lacks.mkdir(exist_ok=True)
        for name, text in self.lacks.items():
            (lacks / name).write_text(text)
        kept = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))}
        shared = {} if self.cache is None else {"UV_CACHE_DIR": str(self.cache)}
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "PYTHONPATH": str(lacks), **kept, **shared}
