"""The only way out: requests of packs, checked, signed by the host and bounded."""
