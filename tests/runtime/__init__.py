"""The use cases, on memory: time passes and messages are lost when a test says so."""
