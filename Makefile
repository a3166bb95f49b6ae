# The commands of this project; they need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: demo test run lint bench simulate faults lock revision
.DELETE_ON_ERROR:

demo: .venv/.runtime
	@$(PY) demo.py $(if $(PORT),--port $(PORT))

run: .venv/.runtime
	@$(PY) -m bot run

test: .venv/.dev
	$(PY) -m pytest

lint: .venv/.dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -q tests/test_catalogue.py

bench: .venv/.dev
	$(PY) -m bench $(ONLY)

# Simulated hospitals, a seed each, exactly repeatable: make simulate SEEDS=1000 FROM=0
SEEDS ?= 100
FROM ?= 0
simulate: .venv/.dev
	@$(PY) -m tests.simulation $(SEEDS) $(FROM)

# All faults, also those that take long (fifty kills, a day without Telegram …), and their figures.
faults: .venv/.dev
	$(PY) -m pytest -n0 -s -m "faults or not faults" tests/end_to_end/test_faults.py \
		tests/end_to_end/test_outcomes.py tests/end_to_end/test_breakdowns.py \
		tests/end_to_end/test_kill.py tests/end_to_end/test_leader.py

# Writes what changed in bot/models.py as the next migration: make revision name="Add a column"
revision: .venv/.dev
	@mkdir -p var && rm -f var/migrations.db
	.venv/bin/alembic upgrade head
	.venv/bin/alembic revision --autogenerate --message "$(name)" \
		--rev-id "$$(printf %04d $$(($$(ls bot/migrations/versions/*.py | wc -l) + 1)))"
	$(PY) -m ruff format bot/migrations/versions

# Pins every dependency anew; pip-compile names no index in what it writes.
COMPILE := .venv/bin/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --upgrade
lock: export CUSTOM_COMPILE_COMMAND = make lock
lock: .venv/.dev
	$(PY) -m pip install --quiet pip-tools
	$(COMPILE) --extra postgres --extra dev --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --extra postgres --constraint requirements-dev.lock \
		--output-file requirements.lock pyproject.toml

# A stamp remembers which lock is installed, so that a second make installs nothing.
.venv/.runtime: requirements.lock | .venv/bin/pip
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.dev: requirements-dev.lock | .venv/bin/pip
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"Python 3.11 or newer \
	is needed, {sys.version.split()[0]} was found: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	echo "Python cannot make a virtual environment: on Debian, apt-get install python3-venv"; \
	exit 1; }
