"""The twins of the ports that keep things: in this process, for local runs and fast tests."""

from packsys.memory.answers import MemoryAnswers
from packsys.memory.bells import MemoryBells
from packsys.memory.blobs import MemoryBlobs
from packsys.memory.callslots import MemoryCallSlots
from packsys.memory.connections import MemoryConnections, MemoryOAuth
from packsys.memory.counters import MemoryCounters
from packsys.memory.deliveries import MemoryDeliveries, MemoryWebhookSecrets
from packsys.memory.display import Undisplayed
from packsys.memory.events import MemoryEvents
from packsys.memory.feed import MemoryFeed
from packsys.memory.jobs import MemoryJobs
from packsys.memory.keys import MemoryKeys
from packsys.memory.ledger import Ledger
from packsys.memory.limiter import MemoryLimiter
from packsys.memory.pressure import NoPressure
from packsys.memory.progress import MemoryProgress
from packsys.memory.releases import MemoryReleases
from packsys.memory.results import MemoryLasting, MemoryResults
from packsys.memory.schedules import Calendar, MemorySchedules, MemorySlots
from packsys.memory.steps import MemorySteps
from packsys.memory.upkeep import MemoryUpkeep

__all__ = [
    "Calendar",
    "Ledger",
    "MemoryAnswers",
    "MemoryBells",
    "MemoryBlobs",
    "MemoryCallSlots",
    "MemoryConnections",
    "MemoryCounters",
    "MemoryDeliveries",
    "MemoryEvents",
    "MemoryFeed",
    "MemoryJobs",
    "MemoryKeys",
    "MemoryLasting",
    "MemoryLimiter",
    "MemoryOAuth",
    "MemoryProgress",
    "MemoryReleases",
    "MemoryResults",
    "MemorySchedules",
    "MemorySlots",
    "MemorySteps",
    "MemoryUpkeep",
    "MemoryWebhookSecrets",
    "NoPressure",
    "Undisplayed",
]
