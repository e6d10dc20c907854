"""Hurts a whole house while it works, and judges it by what its clients, its services and its database saw."""
