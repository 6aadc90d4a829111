# Everything here sets itself up: it needs make and a Python of 3.11 or newer with venv, nothing else.
#   PYTHON=python3.12 make test    names the Python (default: the first that fits)
#   make test ARGS="-k plan -x"    hands arguments on
PYTHON ?=
VENV ?= .venv
ARGS ?=
DEMO := output/demo
IMAGE ?= acp-action

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test oracle lint lint-workflows types format schema lock bench bench-peers image pictures node-clients sdk-clients sdk-recordings clean FORCE

help:
	@echo 'make demo            run the hybrid example with the embedded provider: no key, no network, no cost'
	@echo 'make test            run the test suite'
	@echo 'make oracle          kill runs everywhere and let everything go wrong, against a ledger: half an hour'
	@echo 'make lint            check style; make format mends it'
	@echo 'make types           check types'
	@echo 'make lint-workflows  check workflows, action and Dockerfile with actionlint, zizmor and hadolint'
	@echo 'make schema          write what is generated: the JSON schema and the catalogue'
	@echo 'make lock            write locks/*.txt: what the image and the linters install, to the hash'
	@echo 'make image           build the container image of the action, $(IMAGE)'
	@echo 'make bench           run the benchmarks'
	@echo 'make bench-peers     run them beside dask and prefect, in an environment of its own'
	@echo 'make pictures        take the pictures of README and docs, of a real run in a real terminal'
	@echo 'make node-clients    install the official clients of the artifact service and what drives a browser, for tests'
	@echo 'make sdk-clients     install the official SDKs of the providers, which tests hold the simulators against'
	@echo 'make sdk-recordings  write down anew what the SDKs put on the wire'
	@echo 'make clean           remove what the above made'

demo: $(VENV)/.has-demo
	@$(VENV)/bin/ai-content-pipeline run-chain --config examples/hybrid.yaml --provider local \
	  --input "a lighthouse on a cliff at dusk" --output-dir $(DEMO)
	@echo
	@echo 'Look at what it made, all of it previews of the embedded provider:'
	@echo '  pictures  $(DEMO)/base_image.png  edited_version.png  upscaled_version.png'
	@echo '  video     $(DEMO)/video_version.mp4'
	@echo '  analysis  $(DEMO)/final.txt'
	@echo '  manifest  $(DEMO)/manifest.json'
	@echo '  report    $(DEMO)/report.html  report.md  report.json'

# Every processor takes a share; not of what has a marker and shares an engine or a terminal. -n0 takes one after another.
test: $(VENV)/.has-test
	@$(VENV)/bin/pytest $(if $(findstring -m ,$(ARGS)),,-n auto --dist worksteal) $(ARGS)

# All places to kill a run at, and all seeds; plain `pytest -m oracle` takes a part of them.
oracle: $(VENV)/.has-test
	@ORACLE=all $(VENV)/bin/pytest -m oracle $(ARGS)

lint: $(VENV)/.has-lint
	@$(VENV)/bin/ruff check $(ARGS)
	@$(VENV)/bin/ruff format --check $(ARGS)

format: $(VENV)/.has-lint
	@$(VENV)/bin/ruff check --fix $(ARGS)
	@$(VENV)/bin/ruff format $(ARGS)

# The types of the tests need what the tests import.
types: $(VENV)/.has-lint $(VENV)/.has-test
	@$(VENV)/bin/mypy $(ARGS)

schema: $(VENV)/.has-demo
	@$(VENV)/bin/python -m acp_action.catalogue.generate
	@$(VENV)/bin/ai-content-pipeline schema > schema/pipeline.schema.json

EXAMPLE_WORKFLOWS = $(wildcard examples/workflows/*.yml tests/e2e/workflows/*.yml)
WORKFLOWS = $(wildcard .github/workflows/*.yml) $(EXAMPLE_WORKFLOWS)
# The linters of workflows and of the Dockerfile, to the hash; none of them needs a network.
lint-workflows: .venv-workflows/.ready
	@PATH="$(CURDIR)/.venv-workflows/bin:$$PATH" sh -ec 'actionlint $(WORKFLOWS); \
	  sed -n "/^## In a workflow/,/^### /p" README.md | sed -n "/^\`\`\`yaml/,/^\`\`\`$$/{/^\`/d;p}" | actionlint -; \
	  zizmor --offline --no-progress --persona pedantic action.yml .github $(EXAMPLE_WORKFLOWS); hadolint Dockerfile; \
	  echo "No findings."'

.venv-workflows/.ready: locks/workflows.txt | $(VENV)/bin/python
	@$(VENV)/bin/python -m venv --clear .venv-workflows
	@.venv-workflows/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

# UPGRADE=--upgrade takes the newest versions; without it only what must change does.
UPGRADE ?=
LOCK = UV_PYTHON_DOWNLOADS=never .venv-lock/bin/uv pip compile -q --universal --generate-hashes $(UPGRADE) \
  --custom-compile-command 'make lock'
lock: .venv-lock/bin/uv
	@$(LOCK) --python-version 3.13 pyproject.toml -o locks/runtime.txt
	@$(LOCK) --python-version 3.13 locks/build.in -o locks/build.txt
	@$(LOCK) --python-version 3.11 locks/workflows.in -o locks/workflows.txt

.venv-lock/bin/uv: | $(VENV)/bin/python
	@$(VENV)/bin/python -m venv --clear .venv-lock
	@.venv-lock/bin/pip install -q --disable-pip-version-check uv

# The classic builder does too: nothing in the Dockerfile needs BuildKit. BUILD="--build-arg BASE=…" hands options on.
BUILD ?=
image:
	@docker build -t $(IMAGE) $(BUILD) .

bench: $(VENV)/.has-test
	@$(VENV)/bin/python -m benchmarks $(ARGS)

# The peers bring a hundred packages: they get an environment of their own.
bench-peers: $(VENV)/.has-test
	@$(VENV)/bin/python -m venv .venv-peers
	@.venv-peers/bin/pip install -q . dask prefect
	@.venv-peers/bin/python -m benchmarks overhead $(ARGS)

# A run in tmux and its report in Chromium; the services are simulated. Tests hold what it made against what it makes.
pictures: $(VENV)/.has-test node-clients
	@$(VENV)/bin/python -m tests.pictures $(ARGS)

# The official client of the artifact service in the versions that workflows use, for the tests marked "node".
NODE_CLIENTS ?= .node-clients
node-clients: $(NODE_CLIENTS)/.installed

$(NODE_CLIENTS)/.installed: tests/e2e/node/package.json tests/e2e/node/package-lock.json
	@mkdir -p $(NODE_CLIENTS)
	@cp tests/e2e/node/package.json tests/e2e/node/package-lock.json $(NODE_CLIENTS)
	@cd $(NODE_CLIENTS) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# The official SDKs of the providers, in an environment of their own, for the tests marked "sdk".
SDK_CLIENTS ?= .venv-sdk
sdk-clients: $(SDK_CLIENTS)/.installed

$(SDK_CLIENTS)/.installed: tests/simulators/sdk/requirements.txt | $(VENV)/bin/python
	@$(VENV)/bin/python -m venv --clear $(SDK_CLIENTS)
	@$(SDK_CLIENTS)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

sdk-recordings: $(VENV)/.has-test sdk-clients
	@$(VENV)/bin/python -m tests.simulators.sdk.record $(ARGS)

clean:
	rm -rf $(VENV) .venv-lock .venv-peers .venv-sdk .venv-workflows .node-clients output build dist .coverage* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache .bench
	find . -name __pycache__ -prune -exec rm -rf {} +

# The package is installed as its users get it, a wheel, again whenever what goes into it has changed.
# The list of files stands in a file of its own, so that a removed one counts as a change too.
SOURCES := pyproject.toml README.md LICENSE $(shell find acp_action -type f ! -path '*/__pycache__/*' | sort)

$(VENV)/.has-demo: extra :=
$(VENV)/.has-test: extra := [test]
$(VENV)/.has-lint: extra := [lint]
$(VENV)/.has-%: $(VENV)/.sources $(SOURCES)
	@echo 'Installing acp-action$(extra) into $(VENV) …'
	@$(VENV)/bin/python -m pip install --disable-pip-version-check ".$(extra)" > $(VENV)/install.log 2>&1 || \
	  { tail -n 40 $(VENV)/install.log >&2; exit 1; }
	@touch $@

$(VENV)/.sources: FORCE | $(VENV)/bin/python
	@printf '%s\n' $(SOURCES) | cmp -s - $@ || printf '%s\n' $(SOURCES) > $@

export find_python
$(VENV)/bin/python:
	@sh -c "$$find_python" find_python "$(VENV)" "$(PYTHON)"

define find_python
venv=$$1
bare=
try() {
  "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || return 1
  "$$1" -c 'import ensurepip, venv' >/dev/null 2>&1 || { bare=$${bare:-$$1}; return 1; }
  "$$1" -m venv --clear "$$venv"
}
if [ -n "$$2" ]; then
  try "$$2" && exit
else
  for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do try "$$candidate" && exit; done
fi
rm -rf "$$venv"
if [ -n "$$bare" ]; then
  echo "$$bare has no venv and ensurepip. On Debian and Ubuntu: apt-get install python3-venv." >&2
elif [ -n "$$2" ]; then
  echo "'$$2' is not a Python of 3.11 or newer." >&2
else
  echo "There is no Python of 3.11 or newer here: looked for python3, python3.11 to python3.14, python." >&2
fi
echo "Or name another one: make PYTHON=/path/to/python3" >&2
exit 1
endef
