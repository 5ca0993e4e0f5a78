SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PROTO := proto/trafficrouter/v1/trafficrouter.proto
BRIDGE := plugin/bridge
# The Go version that argo-rollouts requires. GOTOOLCHAIN=local would not download it.
export GOTOOLCHAIN := go1.26.10

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: .venv/installed ## Run a whole canary on this machine: emulator, sidecar, counted requests
	$(BIN)/elbv2-trafficrouter demo

.PHONY: bridge
bridge: build/trafficrouter-bridge ## Build the executable that Argo Rollouts starts

build/trafficrouter-bridge: VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
build/trafficrouter-bridge: $(shell find $(BRIDGE) -name '*.go' -not -name '*_test.go') $(wildcard $(BRIDGE)/go.*) pyproject.toml
	cd $(BRIDGE) && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o ../../$@ .

.PHONY: test
test: .venv/installed build/grpcurl build/trafficrouter-bridge build/kustomize build/hclfmt build/install.yaml build/chromium ## Run every test that does not need a cluster
	$(BIN)/pytest
	cd $(BRIDGE) && go test -race -count=1 ./...

.PHONY: mutants
mutants: .venv/installed build/kustomize build/install.yaml ## Break the code in a copy, in each known way, and check that a test notices; ONLY=WORD selects
	PYTHONPATH=tests $(BIN)/python -m mutants $(ONLY)

.PHONY: properties
properties: .venv/installed ## Run every property test with 50 times the examples, and other ones in every run
	EXAMPLES_FACTOR=50 $(BIN)/pytest -m hypothesis --timeout 7200

.PHONY: e2e
e2e: cluster ## Run the tests with the real controller on a real control plane
	$(BIN)/pytest tests/e2e --timeout 300

.PHONY: demo-cluster
demo-cluster: cluster ## Run the demo with the real controller; KEEP=1 keeps everything running
	PYTHONPATH=tests $(BIN)/python -m cluster.demo

.PHONY: measure
measure: cluster ## Measure the responses that users get during rollouts if targets are registered late
	PYTHONPATH=tests $(BIN)/python -m bench.rollouts

.PHONY: measure-storms
measure-storms: cluster ## Measure everything that docs/performance.md shows, and write it there (about an hour)
	PYTHONPATH=$(CURDIR)/tests $(BIN)/python -m bench.performance --long $(PARTS)

.PHONY: cluster
cluster: .venv/installed build/trafficrouter-bridge build/kustomize build/install.yaml build/grpcurl ## Build Kubernetes and the controllers (about 15 minutes for the first build)
	PYTHONPATH=tests $(BIN)/python -m cluster.programs

.PHONY: image
image: .venv/installed build/trafficrouter-bridge ## Build, start and measure the container image (must run as root)
	rm -rf build/wheel
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	deploy/docker/build.sh

.PHONY: bench
bench: .venv/installed build/trafficrouter-bridge build/kustomize build/install.yaml ## Measure the router, the overhead of the bridge and the CPU cost of the emulator
	cd $(BRIDGE) && go test -run '^$$' -bench SetWeight -benchtime 2000x ./integration
	cd $(BRIDGE) && go test -run '^$$' -bench Start -benchtime 20x ./integration
	cd tests && ../$(BIN)/python -m bench.emulator
	cd tests && ../$(BIN)/python -m bench.performance storms start

.PHONY: attack
attack: .venv/installed ## Attack the sidecar: mutated messages, large requests, signals, faults (a short pass)
	cd tests && ../$(BIN)/python -m attack.messages --count 1000
	cd tests && ../$(BIN)/python -m attack.calls --count 20000
	cd tests && ../$(BIN)/python -m attack.memory --rounds 1
	cd tests && ../$(BIN)/python -m attack.signals --starts 8
	cd tests && ../$(BIN)/python -m attack.faults --short

.PHONY: attack-long
attack-long: .venv/installed ## Attack the sidecar for half an hour, and write the table of docs/reliability.md
	cd tests && ../$(BIN)/python -m attack.messages
	cd tests && ../$(BIN)/python -m attack.calls
	cd tests && ../$(BIN)/python -m attack.memory
	cd tests && ../$(BIN)/python -m attack.signals
	cd tests && ../$(BIN)/python -m attack.faults --write ../docs/reliability.md

# The Go files that are compiled into the bridge. lint limits their lines, without tests and generated code.
OWN_FILES = {{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$$.Dir}}/{{println .}}{{end}}{{end}}{{end}}
.PHONY: lint
lint: .venv/installed build/staticcheck ## Check style, types, layers, the contract, and that the generated code matches it
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint proto
	$(BIN)/hadolint deploy/docker/Dockerfile
	$(BIN)/shellcheck deploy/docker/build.sh .ci/run
	$(MAKE) --no-print-directory proto OUT=build/proto
	diff -r -x __pycache__ -x __init__.py -x py.typed build/proto/elbv2_trafficrouter/_pb plugin/elbv2_trafficrouter/_pb
	diff -r build/proto/bridge/pb $(BRIDGE)/pb
	test -z "$$(gofmt -l $(BRIDGE) | tee /dev/stderr)"
	cd $(BRIDGE) && go vet ./... && ../../build/staticcheck ./...
	cd $(BRIDGE) && files=$$(go list -deps -f '$(OWN_FILES)' . | grep -v /bridge/pb/) && \
	  lines=$$(cat $$files | grep -cvE '^\s*(//|$$)') && echo "bridge: $$lines lines" && ((lines < 400))

# The prefix elbv2_trafficrouter/_pb makes the imports in the generated Python code absolute.
OUT ?= plugin
.PHONY: proto
proto: GO_OPT = module=trafficrouter/bridge,M$(PROTO:proto/%=%)=trafficrouter/bridge/pb
proto: .venv/installed ## Generate the Python and Go code of the contract
	mkdir -p $(OUT)/bridge
	$(BIN)/python -m grpc_tools.protoc -Ielbv2_trafficrouter/_pb=proto \
	  --python_out=$(OUT) --pyi_out=$(OUT) --grpc_python_out=$(OUT) $(PROTO)
	tool() { (cd $(BRIDGE) && go tool -n $$1); } && $(BIN)/python -m grpc_tools.protoc -Iproto \
	  --plugin=protoc-gen-go=$$(tool protoc-gen-go) --go_out=$(OUT)/bridge --go_opt=$(GO_OPT) \
	  --plugin=protoc-gen-go-grpc=$$(tool protoc-gen-go-grpc) --go-grpc_out=$(OUT)/bridge --go-grpc_opt=$(GO_OPT) $(PROTO)

.PHONY: lock
lock: .venv/installed ## Resolve the dependencies again and write requirements/
	$(BIN)/pip install --quiet uv==0.13.9
	cd requirements && for lock in "run.txt" "dev.txt --all-extras --group ../pyproject.toml:dev"; do \
	  set -- $$lock; \
	  ../$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	    --python-version 3.11 --custom-compile-command "make lock" "$${@:2}" ../pyproject.toml -o $$1; \
	done

.venv/installed: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv .venv
	@echo 'Installing into .venv. This takes about a minute.'
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Third-party programs that lint and the tests run, each built from its Go module.
TOOLS := build/grpcurl build/staticcheck build/kustomize build/hclfmt
build/grpcurl: TOOL := github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4
build/staticcheck: TOOL := honnef.co/go/tools/cmd/staticcheck@v0.8.2
build/kustomize: TOOL := sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
build/hclfmt: TOOL := github.com/hashicorp/hcl/v2/cmd/hclfmt@v2.25.0
$(TOOLS): Makefile
	GOBIN=$(CURDIR)/build go install $(TOOL)
	touch $@

build/chromium:
	command -v chromium-headless-shell >/dev/null || \
	  { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium-headless-shell fonts-dejavu-core; }
	ln -sf "$$(command -v chromium-headless-shell)" $@

docs/status.png: plugin/elbv2_emulator/status.html | .venv/installed build/chromium
	$(BIN)/pytest -q tests/emulator/control/test_status_page.py
	cp build/status.png $@

build/install.yaml: ROLLOUTS = github.com/argoproj/argo-rollouts
build/install.yaml: $(BRIDGE)/go.mod
	cd $(BRIDGE) && go mod download $(ROLLOUTS) && \
	  install -m 644 "$$(go list -m -f '{{.Dir}}' $(ROLLOUTS))/manifests/install.yaml" ../../$@
