# Commands for development. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# The npm package `node` provides Node 24 if the machine has an older one.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help
help: ## list all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A failed install must not be taken for a finished one.
.DELETE_ON_ERROR:

# $(call at-least,VERSION,COMMAND,MESSAGE): fails with the message unless COMMAND prints VERSION or a newer one.
at-least = @printf '%s\n' $(1) "$$($(2))" | sort -VC || { echo '$(3)' >&2; exit 1; }

# Only when the lock file is newer than what is installed. npm's warnings are hidden because most of them (EBADENGINE)
# are about the machine's own Node; what counts is the Node that is found afterwards.
node_modules/.package-lock.json: package.json package-lock.json
	$(call at-least,7,npm --version,npm 7 or newer is required: an older one cannot read package-lock.json.)
	npm ci --loglevel=error --no-audit --no-fund
	$(call at-least,v24.12,node --version,Node 24.12 or newer is required. The npm package "node" provides it unless npm ignores install scripts.)
	@touch $@

.PHONY: setup
setup: node_modules/.package-lock.json ## install the npm packages

.PHONY: demo
demo: setup ## start a real cluster, break a node (wrong resolvConf, then a reboot) and watch the repair (Debian, root, Go)
	node test/demo/demo.ts

.PHONY: demo-down
demo-down: setup ## remove the cluster of the demo
	npm run --silent cluster -- down

.PHONY: run
run: setup ## run the operator on this machine against the current kubeconfig context (AGENT_IMAGE=..., and a route to the pods)
	node src/operator.ts

.PHONY: check
check: setup ## check types, lint (including the import rules) and format
	npm run --silent check

.PHONY: test
test: check ## run the tests that each change must pass: check, unit, faults (the agent under strace), integration (API server and etcd), end to end (two-node cluster)
	node test/run.ts unit faults integration rig e2e

# Each folder pins one version.
KUBERNETES_VERSIONS := $(patsubst test/cluster/build/kubernetes-%,%,$(wildcard test/cluster/build/kubernetes-1.*))
ON_EACH_VERSION := crds bad-policies admission token-reach chart chart-install kubelet-loader operator-process
ON_EACH_CLUSTER := hands-off rollback check

.PHONY: test-versions
test-versions: setup ## run the main job, the CRDs, the admission policies and the chart on each Kubernetes version that the test cluster can run
	for version in $(KUBERNETES_VERSIONS); do \
	  export KUBERNETES=$$version && \
	  npx vitest run --project integration $(ON_EACH_VERSION:%=test/integration/%.test.ts) && \
	  npx vitest run --project rig && \
	  npx vitest run --project e2e $(ON_EACH_CLUSTER:%=test/e2e/%.test.ts) && \
	  npx vitest run --project e2e-long test/e2e/long/helm.test.ts || exit 1; \
	done

.PHONY: test-unit
test-unit: setup ## run the unit tests, which need only Node
	node test/run.ts unit

.PHONY: test-long
test-long: setup ## run what "make test" has no time for: alerts, and the longest tests on real kubelets (half an hour)
	node test/run.ts alerts e2e-long

.PHONY: generate
generate: setup ## generate crds/ from src/api, and the values of the Helm chart with its copies of config/
	npm run --silent generate

.PHONY: format
format: setup ## format all files
	npm run --silent format

.PHONY: build
build: setup ## build operator, agent and kubectl plugin into dist/
	npm run --silent build

.PHONY: image
image: setup ## build the image for amd64 and arm64 into dist/image/, an OCI layout, without Docker
	npm run --silent image

.PHONY: release-key
release-key: setup ## create the key pair that signs releases (KEY=file, KEY_PASSWORD=... for one that is encrypted)
	npm run --silent release:key

.PHONY: release
release: setup ## write a signed release into dist/release/: image, SBOMs, provenance, install.yaml, chart, plugin (KEY=file, REGISTRY=where to push the image, PLUGIN_URL=..., SOURCE_DATE_EPOCH=...)
	npm run --silent release

.PHONY: verify-release
verify-release: setup ## check signatures, statements and digests of a released image (IMAGE=reference or layout, KEY=public key)
	npm run --silent release:verify

.PHONY: plugin
plugin: setup ## package the kubectl plugin for Linux and macOS, with a krew manifest (PLUGIN_URL=where they will be downloaded from)
	npm run --silent package:plugin

.PHONY: bench
bench: setup ## measure all figures of docs/benchmarks.md: repairs on the cluster, drifts, the agent, the runtime with 5,000 nodes, a mass outage, the prober, a soak test, checks of nodes, the plugin (about 95 minutes)
	npm run --silent bench:repair
	npm run --silent bench:approval
	npm run --silent bench:drift
	npm run --silent bench:agent
	npm run --silent bench:runtime
	npm run --silent bench:mass-outage
	npm run --silent bench:limits
	npm run --silent bench:decisions
	npm run --silent bench:installation
	npm run --silent bench:admission
	npm run --silent bench:prober
	npm run --silent bench:soak
	npm run --silent bench:diagnose
	npm run --silent bench:check
	npm run --silent bench:checks
	npm run --silent bench:plugin

.PHONY: clean
clean: ## remove dist/ and node_modules/; the cache of the cluster stays
	rm -rf dist node_modules
