"""Sets up what is plugged into the sockets: imported when it is wanted, and connected when it is first used."""

from packsys.adapters.clock import new_id, now
from packsys.adapters.packs import load_packs
from packsys.adapters.plugged import Adapters, set_up
from packsys.adapters.ways_out import bench_egress, callback_couriers, permits

__all__ = ["Adapters", "bench_egress", "callback_couriers", "load_packs", "new_id", "now", "permits", "set_up"]
