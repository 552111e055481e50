# Everything is installed in $(VENV), which the targets make themselves.

PYTHON ?= python3
PORT ?= 8080
# More options of the service.
ARGS ?=
VENV ?= .venv
# How many processes run the tests: one more than there are processors, as tests often wait.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

venv := $(VENV)
bin := $(venv)/bin
catalogues := chat/locale
languages := zh_CN
# The tests of one file share what is made once for them.
parallel := --numprocesses $(WORKERS) --dist loadfile
measuring := build/bench/load build/bench/each build/bench/joining
keywords := -k _ -k N_ -k verb -k gettext -k ngettext:1,2

# What a venv was made from: it cannot be moved, and does not outlive its Python.
identity = $(CURDIR) $(PYTHON) $(shell readlink -f $(bin)/python)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test units lint format docs translations tables manuals bench bench-peers compiler clean

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 15
	@echo 'PORT=$(PORT), ARGS=, PYTHON=$(PYTHON), VENV=$(VENV) and WORKERS=$(WORKERS) may be given:' \
		"make run PORT=9000 ARGS='--operator alice'"

run: $(venv)/for-run ## Run the service on port PORT with the options ARGS; Ctrl-C stops it.
	$(bin)/twistd --nodaemon --pidfile= tcpchat --port $(PORT) $(ARGS)

test: $(venv)/for-test ## Run all tests whose programs are installed.
	@echo 'This takes five to ten minutes. At the end it tells which tests were skipped, and why.'
	$(bin)/pytest $(parallel)

units: $(venv)/for-test ## Run the tests that start no daemon.
	@echo 'This takes a minute or two.'
	$(bin)/pytest $(parallel) --ignore tests/integration

lint: $(venv)/for-dev ## Check style, types and rings.
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports

format: $(venv)/for-dev ## Bring the source into its style.
	$(bin)/ruff check --fix
	$(bin)/ruff format

docs: $(venv)/for-dev ## Build the documentation into docs/_build/html.
	$(bin)/sphinx-build -W --keep-going -b html docs docs/_build/html

translations: $(venv)/for-dev ## Bring the catalogues up to date with the source, and compile them.
	mkdir -p build
	$(bin)/pybabel extract --project=tcpchat --no-location --sort-output --no-default-keywords \
		$(keywords) -o build/tcpchat.pot chat
	for language in $(languages); do \
		$(bin)/pybabel update --init-missing --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
			-D tcpchat -i build/tcpchat.pot -d $(catalogues) -l $$language || exit 1; \
		sed -i '/^"Generated-By: /d' $(catalogues)/$$language/LC_MESSAGES/tcpchat.po || exit 1; \
	done
	$(bin)/pybabel compile --statistics -D tcpchat -d $(catalogues)

tables: $(venv)/for-dev ## Make the tables of Unicode anew; the newer libicu-dev is, the newer they are.
	$(bin)/pip install --quiet pyicu
	$(bin)/python tools/unicodetables.py

manuals: $(venv)/for-run ## Make the manual pages and the completion of shells from the options.
	PYTHONPATH=. $(bin)/python tools/manuals.py

bench: $(venv)/for-run $(measuring) ## Measure the fan-out, what the history costs, and what abuse costs.
	$(bin)/python bench/fanout.py
	$(bin)/python bench/replay.py
	$(bin)/python bench/delivery.py
	$(bin)/python bench/search.py
	$(bin)/python bench/abuse.py

bench-peers: $(venv)/for-bench ## Install other chat servers (as root), and compare the fan-out with theirs.
	sh bench/peers/install.sh
	$(MAKE) $(measuring) build/bench/gochat
	mkdir -p docs/figures
	$(bin)/python bench/fanout.py --servers all --json docs/figures/fanout.json \
		--tables docs/figures/fanout.txt --plots docs/figures

# What is built for the benchmark needs what a machine that only runs the service may lack.
compiler:
	@printf '#include <openssl/ssl.h>\n' | gcc -E - > /dev/null 2>&1 || \
		{ echo 'The benchmark needs gcc and OpenSSL. Type: apt install gcc libssl-dev' >&2; exit 1; }
$(measuring): | compiler

# What tcpchat is measured with and compared to.  They are for the benchmark alone.
limit := server.c connections.c rooms.c
build/bench/each build/bench/joining: build/bench/%: \
		bench/limit/%.c $(limit:%=bench/limit/%) bench/limit/chat.h
	mkdir -p $(@D)
	gcc -std=c11 -O2 -Wall -Wextra -Werror -o $@ $(filter %.c,$^)

build/bench/load: $(wildcard bench/load/*.c bench/load/*.h)
	mkdir -p $(@D)
	gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o $@ $(filter %.c,$^) -lssl -lcrypto

build/bench/gochat: bench/peers/chat.go
	mkdir -p $(@D)
	GO111MODULE=off GOFLAGS= GOTOOLCHAIN=local GOCACHE=$(CURDIR)/build/go go build -o $@ $<

clean: ## Remove everything that was made here.
	rm -rf $(venv) build dist docs/_build .hypothesis .import_linter_cache .*_cache
	rm -f twisted/plugins/dropin.cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# A venv that was made elsewhere, or whose Python has gone, is made again.
ifneq ($(identity),$(shell cat $(venv)/made 2>/dev/null))
.PHONY: $(venv)/made
endif
$(venv)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'tcpchat needs Python 3.11 or newer: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import venv; from ensurepip import bootstrap' 2>/dev/null || \
		{ echo 'Python has no venv module. Type: apt install python3-venv' >&2; exit 1; }
	rm -rf $(venv)
	@$(PYTHON) -m venv $(venv) || { rm -rf $(venv); exit 1; }
	@echo '$(CURDIR) $(PYTHON)' "$$(readlink -f $(bin)/python)" > $@

# Editable, so that pulling a new version suffices. twistd then writes its cache of plugins anew. A
# venv in which an installation was interrupted is no longer made.
$(venv)/for-run $(venv)/for-test $(venv)/for-dev $(venv)/for-bench: $(venv)/made pyproject.toml
	@mv $(venv)/made $(venv)/installing
	$(bin)/pip install --quiet --disable-pip-version-check --editable '.$(extras)'
	@$(bin)/twistd --help > /dev/null
	@mv $(venv)/installing $(venv)/made
	@touch $@
$(venv)/for-test: extras := [test]
$(venv)/for-dev: extras := [dev]
$(venv)/for-bench: extras := [bench]
