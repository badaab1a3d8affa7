# `make run` serves, `make test` tests; both set themselves up. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DEBUG ?= 1
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: help run test test-train faults fuzz flood audit check lock setup models train evaluate train-texture bench translations screens release-check clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/.made:
	@echo "==> Making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name one: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.served: $(VENV)/.made requirements.txt
	@echo "==> Installing the locked requirements (about 700 MB on disk, a minute or two the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --no-deps --require-hashes -r requirements.txt | grep -vE '^(Requirement already|Ignoring|Looking in links)' || true
	@$(BIN)/python -c 'import channels, cv2, django, mediapipe, onnxruntime' 2>/dev/null || { echo "The installation is not complete; see above." >&2; exit 1; }
	@touch $@

$(VENV)/.tested: $(VENV)/.served requirements-dev.txt
	@echo "==> Installing what the tests need"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --no-deps --require-hashes -r requirements-dev.txt | grep -vE '^(Requirement already|Ignoring|Looking in links)' || true
	@$(BIN)/python -c 'import hypothesis, pytest, pytest_django' || { echo "The installation is not complete; see above." >&2; exit 1; }
	@touch $@

setup: $(VENV)/.served models ## environment, models, database, development key
	@echo "==> Migrating the database"
	@$(BIN)/python manage.py migrate --verbosity 0 --skip-checks
	@$(BIN)/python manage.py create_signing_key

models: $(VENV)/.served ## fetch the models that the main job needs
	@echo "==> Fetching the models"
	@$(BIN)/python manage.py download_models

run: setup ## serve http://localhost:8000 (PORT=, HOST= change that)
	@exec $(BIN)/python manage.py serve --skip-checks --host $(HOST) --port $(PORT)

PYTEST_WORKERS ?= 2
test: $(VENV)/.tested models ## run the whole test suite, in PYTEST_WORKERS processes at once; 0: in this one
	@$(BIN)/python -m pytest --numprocesses $(PYTEST_WORKERS) $(PYTEST_ARGS)

check: $(VENV)/.tested ## style, types, import contracts, migrations, JavaScript types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	npm ci --no-audit --no-fund
	npm run check
	npm test

faults: $(VENV)/.tested models ## kill 200 sessions at random moments on each database; take away Redis, disk, clock
	POL_FAULT_SESSIONS=200 $(BIN)/python -m pytest -q tests/faults

SECONDS ?= 60
fuzz: $(VENV)/.tested ## fuzz frames and messages for SECONDS: by a dictionary, then coverage-guided
	$(BIN)/python -m tests.fuzz.frames --seconds $(SECONDS)
	$(BIN)/python -m tests.fuzz.coverage_guided --seconds $(SECONDS)

COUNT ?= 100000
flood: $(VENV)/.tested models ## send a server of its own COUNT bad messages; say what it cost
	DJANGO_SETTINGS_MODULE=polsite.settings $(BIN)/python -m bench.flood --count $(COUNT)

# The two that ask a service say so where it does not answer (a mirror may have none) and fail on a finding only.
audit: $(VENV)/.tested ## known flaws: bandit over the code, pip-audit and npm audit over what is locked
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml audit clients/python/src polsite verification manage.py
	$(BIN)/pip-audit --progress-spinner off --disable-pip --require-hashes --requirement requirements.txt >var/pip-audit.txt || { cat var/pip-audit.txt; exit 1; }
	@echo "pip-audit: $$(grep -c 'could not be audited' var/pip-audit.txt) packages could not be looked up"
	@npm audit --audit-level=low >var/npm-audit.txt 2>&1 && echo "npm audit: nothing found" || { grep -q 'audit endpoint returned an error' var/npm-audit.txt && echo "npm audit: the registry does not answer"; } || { cat var/npm-audit.txt; exit 1; }

translations: $(VENV)/.tested ## take new sentences into locale/ and compile it
	@$(BIN)/python -m translations

screens: $(VENV)/.tested models ## picture every state of the pages into docs/screens/
	@$(BIN)/python -m tests.e2e.screens

lock: $(VENV)/.tested ## make the requirements-*.txt anew from the .in files
	@for name in requirements requirements-dev requirements-train requirements-bench; do \
	  $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	    --custom-compile-command "make lock" $$name.in -o $$name.txt || exit 1; done

.venv-train/.made: requirements-train.txt
	@echo "==> Making .venv-train (TensorFlow; about 2.5 GB)"
	@test -x .venv-train/bin/python || $(PYTHON) -m venv .venv-train
	@.venv-train/bin/python -m pip install --disable-pip-version-check --quiet --no-compile --no-deps --require-hashes -r requirements-train.txt
	@touch $@

test-train: .venv-train/.made ## the tests that need TensorFlow, in its own environment
	.venv-train/bin/python -m pytest -q -p no:cacheprovider -c /dev/null --rootdir=. --confcutdir tests/training tests/training/test_mesonet.py tests/training/test_mobilenet.py tests/training/test_earlier.py tests/training/test_texture_network.py

train: .venv-train/.made ## train the deepfake detector anew; PORTRAITS=DIR CLIPS=DIR MESO4=FILE name the data
	.venv-train/bin/python -m training.train_deepfake --portraits "$(PORTRAITS)" \
	  $(if $(CLIPS),--clips "$(CLIPS)") $(if $(MESO4),--initial-mesonet "$(MESO4)")

train-texture: .venv-train/.made ## train the texture network anew; PORTRAITS=DIR CLIPS=DIR PROBE=DIR FASNET=DIR name the data
	.venv-train/bin/python -m training.train_texture --portraits "$(PORTRAITS)" \
	  $(if $(CLIPS),--clips "$(CLIPS)") $(if $(PROBE),--probe "$(PROBE)") --fasnet "$(FASNET)" \
	  --same-person training/people.txt --about training/texture_data.md $(TRAIN_ARGS)

evaluate: $(VENV)/.served ## measure the detection; CLIPS=clips.tsv EVENTS=events.tsv name the tables
	@$(BIN)/python manage.py evaluate "$(CLIPS)" $(if $(EVENTS),--events "$(EVENTS)") --find-events --attacks simulate --page docs/evaluation.md $(EVALUATE_ARGS)

release-check: check ## whether this checkout can be tagged: version, changelog, tree, locks, documents
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_privacy.py tests/api/test_openapi.py -k "not no_answer"
	$(BIN)/python deploy/release_check.py

.venv-bench/.made: requirements-bench.txt
	@echo "==> Making .venv-bench (TensorFlow and DeepFace, to be measured against; about 2.5 GB)"
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes -r requirements-bench.txt
	@touch $@

bench: $(VENV)/.tested models .venv-bench/.made ## measure cost and scale into bench/RESULTS.md; PART=frame_cost names one part
	@$(BIN)/python -m bench $(PART) $(BENCH_ARGS)

clean: ## remove the environments; var/ (database, keys) stays
	rm -rf $(VENV) .venv-train .venv-bench node_modules
