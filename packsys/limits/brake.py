"""How a service's own words hold requests back: figures that every limiter shares."""

from __future__ import annotations

from packsys.limits.demand import SECOND

FIRST_HOLD = 1 * SECOND
"""Pause after a refusal that says none; it doubles with each one that follows."""

LONGEST_HOLD = 60 * SECOND

FIRST_GAP = 1 * SECOND
"""Microseconds between two requests right after a pause."""

HALVING = 5 * SECOND
"""Microseconds after which that gap is half as long: the slow start."""

CALM = 35 * SECOND
"""Microseconds after a pause when nothing is left of it: the gap is below a hundredth of a second by then."""

SAME_WINDOW = 2 * SECOND
"""Microseconds by which two answers may differ about one reset."""

POLL = SECOND // 20
"""Microseconds between two looks at slots that are all taken: they come back when an answer is there."""

PARKED = 1 * SECOND
"""Who must wait longer is given a turn, because nobody waits for it in a worker."""

LONGEST_LEASE = 900 * SECOND
"""Microseconds for which a slot is lent, at most."""
