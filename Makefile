# Two commands: `make run` serves the app, `make test` checks everything.
# Both create the environment on the first call and are quick on the next.

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(firstword $(shell command -v python3.11 python3 2>/dev/null))
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes -r
# uv, or pip where it is told of a mirror that uv does not know.
INSTALL = $(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r $(1) || \
  $(PY) $(PIP_INSTALL) $(1)
# What Python compiled is kept even where the environment forbids it, as images do: nothing here
# compiles it beforehand, and each of some sixty processes of the tests would do so again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run serve engine spark java federated test units e2e lint read types browser postgres proxy lock sbom clean

run: $(VENV)/.run-ready
	$(PY) -m streamlit run app/server.py

# For several people: a process a processor core behind HAProxy, or so many as the setting says.
serve: export CALR_EXPLORER_PROCESSES ?= all
serve: $(VENV)/.serve-ready
	$(PY) -m app.command serve

# What an analysis inside a database needs.

engine: $(VENV)/.engine-ready

# The same on Apache Spark; the tests of it run where this was called before.
spark: $(VENV)/.spark-ready java

# Live rounds over sites, in an environment of its own: Flower and Streamlit disagree on protobuf.
federated: .venv-federated/.ready

.venv-federated/.ready: requirements-federated.lock
	test -x $(@D)/bin/python || "$(PYTHON)" -m venv $(@D)
	$(@D)/bin/python $(PIP_INSTALL) $<
	@touch $@

# The search for subgroups is compiled and Debian's packages are installed beside what follows from
# Python's. Then the tests; those in the browser follow the others: beside them both take longer, and
# all of it as long.
test:
	$(MAKE) --jobs 2 browser postgres proxy $(VENV)/.compiled read types lint
	$(MAKE) units
	$(MAKE) e2e

# Each worker takes a share of the files in their order, and at the end what the other has left: what a
# folder's tests share is made once, and no long file is left to one worker alone.
units: $(VENV)/.test-ready $(VENV)/.compiled
	$(PY) -m pytest -n 2 --dist worksteal --ignore tests/e2e

# All visit one server. A third worker uses what two leave idle while they wait for it.
e2e: $(VENV)/.test-ready $(VENV)/.compiled
	$(PY) -m pytest -n 3 --dist worksteal tests/e2e

# The inner loops of the search for subgroups: half a minute of a processor where nothing is cached,
# once here instead of in every process of the tests that meets them first.
$(VENV)/.compiled: app/analysis/subgroups/_search/kernels.py $(VENV)/.run-ready
	$(PY) -c "from app.analysis.subgroups import warm_up; warm_up()"
	@touch $@

lint: $(VENV)/.test-ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/hadolint deploy/Dockerfile
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yml

# What Python makes of the tests and of what they import is kept: each process that runs some of them
# would make it again.
read: $(VENV)/.test-ready
	$(PY) -m pytest --collect-only -qqq

types: $(VENV)/.test-ready
	$(PY) -m mypy

# Chromium for the browser tests: Debian's package where we may install it; elsewhere those tests
# skip and say why.
browser:
	@if command -v chromium || command -v chromium-browser || command -v google-chrome; then :; \
	elif command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  echo "No Chromium and no right to install it: the browser tests will be skipped."; \
	fi

# PostgreSQL's programs, from which the database tests start a server of their own: Debian's package
# where we may install it; elsewhere those tests skip and say why. The server that the package may
# start is stopped: nothing here needs it.
postgres: | browser
	@if ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null; then :; \
	elif command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null && \
	  { pg_lsclusters -h | while read -r version name rest; do \
	      pg_ctlcluster "$$version" "$$name" stop 2>/dev/null || true; done; }; \
	else \
	  echo "No PostgreSQL and no right to install it: the tests of its loader will be skipped."; \
	fi

# Java, on which Spark runs: as above.
java:
	@if command -v java; then :; \
	elif command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null; \
	else \
	  echo "No Java and no right to install it: Spark cannot be asked, and its tests will be skipped."; \
	fi

# HAProxy, which the tests of several processes start: as above.
proxy: | postgres
	@if command -v haproxy || ls /usr/sbin/haproxy 2>/dev/null; then :; \
	elif command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy >/dev/null; \
	else \
	  echo "No HAProxy and no right to install it: the tests of several processes will be skipped."; \
	fi

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Python 3.11 is needed; name it with: make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/.run-ready: requirements.lock requirements-install.lock | $(VENV)/bin/python
	$(PY) $(PIP_INSTALL) requirements-install.lock
	$(call INSTALL,$<)
	@touch $@

$(VENV)/.%-ready: requirements-%.lock $(VENV)/.run-ready
	$(call INSTALL,$<)
	@touch $@

$(VENV)/.test-ready: requirements-dev.lock $(VENV)/.run-ready
	$(call INSTALL,$<)
	@touch $@

# For maintainers, after a change of requirements*.txt.
lock: $(VENV)/.run-ready
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q \
	  -o requirements.lock requirements.txt
	for extra in install serve engine spark dev; do \
	  $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q \
	    -c requirements.lock -o requirements-$$extra.lock requirements-$$extra.txt || exit 1; done
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q \
	  -o requirements-federated.lock requirements-federated.txt

# What a server is made of, for those who watch for flaws.
sbom: $(VENV)/.run-ready
	$(VENV)/bin/uvx --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements-serve.lock \
	  --pyproject pyproject.toml --output-format JSON --output-file sbom.json

clean:
	rm -rf $(VENV) .venv-federated .mypy_cache .ruff_cache .pytest_cache .hypothesis
