# make run     the app on the demo model      make check   lint, format, types
# make test    the tests                      make slow    the long ones, real fine-tuning too
# make bench   the benchmarks
# make oldest  the engine's tests on the oldest mlx-lm and mlx that pyproject.toml allows
# EXTRA=cuda12 or cuda13 takes an NVIDIA GPU instead of Linux's CPU; ARGS=... is passed on.

ifeq ($(shell uname -s),Linux)
EXTRA ?= cpu
endif

BIN := .venv/bin
READY := .venv/.ready-$(EXTRA)
READY_DEV := .venv/.ready-dev-$(EXTRA)
OLDEST := mlx-lm==0.32.0 mlx==0.32.2
ARGS ?=

comma := ,
extras = $(if $(strip $(1)),[$(subst $() ,$(comma),$(strip $(1)))])

INSTALL = if command -v uv >/dev/null 2>&1; \
	then uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.$(1)'; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(1)'; fi

.PHONY: run test slow check bench readme man pictures oldest clean

run: $(READY)
	@$(BIN)/mlxchat --demo $(ARGS)

# Two at a time for each core, six at most, each on one thread of OpenBLAS: a test of the screen
# waits for half of its time. Alone go those that need a terminal of their own.
WORKERS := $(shell python3 -c 'import os; print(min(6, 2 * (os.cpu_count() or 1)))' 2>/dev/null || echo 2)
ALONE := tests/test_terminal.py tests/repl/test_repl_terminal.py

test: $(READY_DEV)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m 'not slow' \
		$(addprefix --ignore=,$(ALONE)) $(ARGS)
	@$(BIN)/python -m pytest $(ALONE) $(ARGS)

slow: $(READY_DEV)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m slow $(ARGS)

check: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY_DEV)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# The tables of flags, keys and commands.
readme: $(READY_DEV)
	@$(BIN)/python -m tests.readme

# The man page.
man: $(READY_DEV)
	@$(BIN)/python -m tests.man

# Needs Chromium and a monospace font such as Fira Code.
pictures: $(READY_DEV)
	@$(BIN)/python -m tests.pictures

oldest: $(READY_DEV)
	@test -x .venv-oldest/bin/python || $(BIN)/python -m venv .venv-oldest
	@sed '/^mlx/d' constraints.txt > .venv-oldest/constraints.txt
	@.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check \
		-c .venv-oldest/constraints.txt -e '.$(call extras,$(EXTRA) dev)' $(OLDEST)
	@OPENBLAS_NUM_THREADS=1 .venv-oldest/bin/python -m pytest -n 2 --dist loadfile tests/engine $(ARGS)

clean:
	rm -rf .venv .venv-oldest build mlxchat.egg-info

# A change of the declared packages makes the environment anew.
$(READY): pyproject.toml constraints.txt
	@echo 'Making .venv: a minute or two, once.'
	@rm -rf .venv
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --python '>=3.11' .venv; exit $$?; fi; \
	for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			$$python -m venv .venv >/dev/null 2>&1 && exit 0; \
			echo "$$python cannot make a virtual environment: install its venv package" \
				"(Debian: apt install python3-venv) or uv." >&2; \
			exit 1; \
		fi; \
	done; \
	echo "mlxchat needs Python 3.11 or newer, and $$(python3 --version 2>/dev/null || echo no Python)" \
		"was found: install a newer one (or uv), or name it with make PYTHON=..." >&2; \
	exit 1
	@$(call INSTALL,$(call extras,$(EXTRA)))
	@touch $@

$(READY_DEV): $(READY)
	@echo 'Adding what tests and checks need.'
	@$(call INSTALL,$(call extras,$(EXTRA) dev))
	@touch $@
