# The tasks live in bootstrap.py; this is the shorter way to name them.
PYTHON ?= python3

help:
	@$(PYTHON) bootstrap.py

demo up test test-fast test-long lint chaos kill-sync bench soak lock:
	@$(PYTHON) bootstrap.py $@ $(ARGS)

bench-%:
	@$(PYTHON) bootstrap.py $@ $(ARGS)

.PHONY: help demo up test test-fast test-long lint chaos kill-sync bench soak lock
