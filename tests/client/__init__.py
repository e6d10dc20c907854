"""The Python client, before a real server."""
