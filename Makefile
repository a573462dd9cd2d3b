# From a fresh machine to a running bench: see devbench/README.md. Nothing here needs make but the short names.
PYTHON ?= python3

.PHONY: up down status logs test packages sync clean

up down status logs test packages sync clean:
	@$(PYTHON) -m devbench $@
