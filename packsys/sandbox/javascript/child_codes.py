"""How a child ends when it ends itself; the host reads these exit codes."""

OUT_OF_MEMORY = 86
MISBEHAVED = 87
UNLOCKED = 88
