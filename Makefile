# make demo   install what is missing, read the samples, search, show a record, write catalogue.xlsx
# make serve  read, correct and search in the browser, on this machine alone
# make test   install what is missing, check the code, run the tests
# make bench  measure reading, searching and starting beside other programs (takes a while);
#             DEVELOPMENT=DIR keeps the development set that it makes, and DIR-worn the bad copies
# make chaos  kill a run again and again, and see that nothing is lost (KILLS=200; some twenty minutes)
# make fuzz   try every parser of what comes from elsewhere on damaged bytes (MINUTES=20)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
ARCHIVE ?= archive
JOBS ?= 2
KILLS ?= 200
MINUTES ?= 20

.PHONY: demo serve test lint bench chaos fuzz system bench-system test-system messages clean

demo: $(VENV)/.installed
	$(BIN)/archivist ingest samples --archive $(ARCHIVE)
	@echo; $(BIN)/archivist search '聊發〔1995〕58號' --archive $(ARCHIVE)
	@echo; $(BIN)/archivist search '先進區 考核' --archive $(ARCHIVE)
	@echo; $(BIN)/archivist show "$$($(BIN)/archivist search '聊发1995 58' --json --archive $(ARCHIVE) | \
		$(BIN)/python -c 'import json, sys; print(json.load(sys.stdin)["hits"][0]["item"])')" --archive $(ARCHIVE)
	@echo; $(BIN)/archivist campaigns --archive $(ARCHIVE)
	@echo; $(BIN)/archivist export xlsx -o catalogue.xlsx --archive $(ARCHIVE)

serve: $(VENV)/.installed
	$(BIN)/archivist serve --archive $(ARCHIVE)

test: test-system lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: bench-system $(VENV)/.installed-bench
	$(BIN)/python -m tests.benchmarks $(DEVELOPMENT)

chaos: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.bench_chaos --kills $(KILLS)

fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

# Each program or library is looked for by what needs it, so that other systems than Debian can bring their own.
system:
	@missing=(); \
	libraries=$$(PATH="$$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true); \
	models=$$(tesseract --list-langs 2>/dev/null || true); \
	command -v tesseract >/dev/null || missing+=(tesseract-ocr); \
	for model in chi_sim chi_tra osd; do \
		[[ $$'\n'"$$models"$$'\n' == *$$'\n'$$model$$'\n'* ]] || missing+=(tesseract-ocr-$${model/_/-}); done; \
	[[ $$libraries == *libGL.so.1* ]] || missing+=(libgl1); \
	[[ $$libraries == *libgthread-2.0.so.0* ]] || missing+=(libglib2.0-0); \
	if [ -z "$(PYTHON)" ]; then missing+=(python3); fi; \
	$(or $(PYTHON),false) -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv); \
	if [ $${#missing[@]} -gt 0 ]; then \
		command -v apt-get >/dev/null || { echo "please install: $${missing[*]}"; exit 3; }; \
		$(SUDO) apt-get update; \
		$(SUDO) apt-get install -y --no-install-recommends "$${missing[@]}"; \
	fi

# A browser that tests the pages of the reading room, with characters for its pictures, and what reads its PDFs.
test-system: system
	@missing=(); \
	command -v chromium >/dev/null || missing+=(chromium fonts-noto-cjk); \
	command -v pdftotext >/dev/null || missing+=(poppler-utils); \
	if [ $${#missing[@]} -gt 0 ]; then \
		command -v apt-get >/dev/null || { echo "please install: $${missing[*]}"; exit 3; }; \
		$(SUDO) apt-get update; \
		$(SUDO) apt-get install -y --no-install-recommends "$${missing[@]}"; \
	fi

bench-system: system
	@command -v gs >/dev/null && command -v pngquant >/dev/null || { \
		$(SUDO) apt-get update; $(SUDO) apt-get install -y --no-install-recommends ghostscript pngquant; }

$(VENV)/bin/python: | system
	$(or $(PYTHON),python3) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-%: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@

# After a change of the messages in the code: bring the Chinese up to date in locale/zh/, then compile.
messages: $(VENV)/.installed-dev
	$(BIN)/pybabel -q extract -F pyproject.toml -k _ -o archivist/locale/archivist.pot --project archivist --no-location --sort-output archivist
	$(BIN)/pybabel -q update -D archivist -i archivist/locale/archivist.pot -d archivist/locale --no-fuzzy-matching
	$(BIN)/pybabel -q compile -D archivist -d archivist/locale --statistics

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
