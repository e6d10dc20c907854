"""Sync tables: how the pages of a service become rows."""
