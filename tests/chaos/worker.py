"""Runs a worker that dies at the points of the folder that ``$PACKSYS_DEATHS`` names: ``python -m tests.chaos.worker``.

It takes the options of ``python -m workers``, and is that worker but for its adapters.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.chaos.failpoints import Deaths, around
from workers.__main__ import main
from workers.app import app

if __name__ == "__main__":
    app.around = around(Deaths(folder=Path(os.environ["PACKSYS_DEATHS"])))
    sys.exit(main())
