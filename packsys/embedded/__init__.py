"""The embedded default: a real Valkey and a real PostgreSQL from wheels, started and stopped by us."""

from packsys.embedded.servers import EmbeddedServers, Urls

__all__ = ["EmbeddedServers", "Urls"]
