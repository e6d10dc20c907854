"""The use cases: what happens to a formula from the door to the answer."""
