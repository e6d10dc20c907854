"""Attempts to get out of the sandbox, or to do what no pack may, each with the walls that stop it.

Each attempt is a few lines of Python that run as pack code. The attacker has ``ctypes``, ``os``, ``sys`` and the
addresses of some bait outside (see :mod:`tests.sandbox.jail.bait`) in ``bait``. It has got through if ``through``
is true at the end; an exception, or the end of its process, is a wall that held.
"""

from __future__ import annotations

from tests.sandbox.jail.attack import Attack
from tests.sandbox.jail.on_files import EVERY_FILE
from tests.sandbox.jail.on_kernel import KERNEL, MEMORY
from tests.sandbox.jail.on_network import CHANNEL, EVERY_NETWORK
from tests.sandbox.jail.on_processes import PROCESSES

__all__ = ["ATTACKS", "Attack"]

ATTACKS: tuple[Attack, ...] = (*EVERY_FILE, *EVERY_NETWORK, *CHANNEL, *PROCESSES, *KERNEL, *MEMORY)
