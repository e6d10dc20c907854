"""The HTTP door, before a house small enough to see through."""
