SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PROTO := proto/trafficrouter/v1/trafficrouter.proto
GRPCURL_VERSION := v1.9.4

.PHONY: help
help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: .venv/installed ## A whole canary on this machine: emulator, sidecar, counted requests
	$(BIN)/elbv2-trafficrouter demo

.PHONY: test
test: .venv/installed build/grpcurl ## Every test
	$(BIN)/pytest

.PHONY: lint
lint: .venv/installed ## Style, types, layers, the contract, and that the generated code matches it
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint proto
	$(MAKE) --no-print-directory proto OUT=build/proto
	diff -r -x __pycache__ -x __init__.py -x py.typed build/proto/elbv2_trafficrouter/_pb plugin/elbv2_trafficrouter/_pb

# The package that protoc is told to put in front keeps the imports of the generated code absolute.
OUT ?= plugin
.PHONY: proto
proto: .venv/installed ## Generate the Python code of the contract
	mkdir -p $(OUT)
	$(BIN)/python -m grpc_tools.protoc -Ielbv2_trafficrouter/_pb=proto \
	  --python_out=$(OUT) --pyi_out=$(OUT) --grpc_python_out=$(OUT) $(PROTO)

.PHONY: lock
lock: .venv/installed ## Resolve the dependencies anew into requirements/
	$(BIN)/pip install --quiet uv==0.13.9
	cd requirements && for lock in "run.txt" "dev.txt --all-extras --group ../pyproject.toml:dev"; do \
	  set -- $$lock; \
	  ../$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	    --python-version 3.11 --custom-compile-command "make lock" "$${@:2}" ../pyproject.toml -o $$1; \
	done

.venv/installed: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

build/grpcurl: export GOBIN := $(CURDIR)/build
build/grpcurl: Makefile
	go install github.com/fullstorydev/grpcurl/cmd/grpcurl@$(GRPCURL_VERSION)
	touch $@
