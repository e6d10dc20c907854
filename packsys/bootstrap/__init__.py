"""Says once who does what: puts the use cases on the adapters."""

from packsys.bootstrap.house import as_they_are, wire
from packsys.bootstrap.processes import serving, wire_beat
from packsys.bootstrap.queues import backlog
from packsys.bootstrap.servers import refuse_lossy_state
from packsys.bootstrap.services import Services

__all__ = ["Services", "as_they_are", "backlog", "refuse_lossy_state", "serving", "wire", "wire_beat"]
