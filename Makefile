# From a fresh machine to a running bench: see devbench/README.md. Nothing here needs make but the short names.
PYTHON ?= python3

.PHONY: help up down status logs test bench packages sync clean

help:
	@$(PYTHON) -m devbench

up down status logs test bench packages sync clean:
	@$(PYTHON) -m devbench $@
