"""Runs packs in JavaScript: each invocation in a fresh V8 isolate, in a jailed process of its own."""
