"""Evaluates a formula from another program, over HTTP.

::

    PACKSYS_URL=http://localhost:8000 PACKSYS_KEY=pk_… python examples/http_client.py '=1 + 1'
"""

import os
import sys

from packsys.client import JobFailed, Packsys, Refused

with Packsys(os.environ["PACKSYS_URL"], os.environ["PACKSYS_KEY"]) as packsys:
    try:
        print(packsys.run(sys.argv[1]))
    except Refused as refused:
        sys.exit(str(refused))  # with a caret under the place, when it is the formula that is wrong
    except JobFailed as failed:
        sys.exit(f"{failed.code}: {failed.message}")
