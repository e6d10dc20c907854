"""The twins of the ports that keep things: in this process, for local runs and fast tests."""

from packsys.memory.answers import MemoryAnswers
from packsys.memory.blobs import MemoryBlobs
from packsys.memory.connections import MemoryConnections, MemoryOAuth
from packsys.memory.events import MemoryEvents
from packsys.memory.jobs import MemoryJobs
from packsys.memory.keys import MemoryKeys
from packsys.memory.ledger import Ledger
from packsys.memory.limiter import MemoryLimiter
from packsys.memory.releases import MemoryReleases
from packsys.memory.results import MemoryResults
from packsys.memory.schedules import Calendar, MemorySchedules, MemorySlots
from packsys.memory.steps import MemorySteps
from packsys.memory.upkeep import MemoryUpkeep

__all__ = [
    "Calendar",
    "Ledger",
    "MemoryAnswers",
    "MemoryBlobs",
    "MemoryConnections",
    "MemoryEvents",
    "MemoryJobs",
    "MemoryKeys",
    "MemoryLimiter",
    "MemoryOAuth",
    "MemoryReleases",
    "MemoryResults",
    "MemorySchedules",
    "MemorySlots",
    "MemorySteps",
    "MemoryUpkeep",
]
