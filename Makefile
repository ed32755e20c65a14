# `make` lists the targets. Each installs what it needs first.

.DEFAULT_GOAL := help
.PHONY: help run run-https watch test fmt lint unit e2e conformance attack bench snapshots lab-browsers lighthouse
.PHONY: spa spa-proxy spa-client release static deploy deploy-check faults soak clean

in = scripts/env
scratch = TMPDIR=$$(scripts/scratch)
# HTTP tests wait for the database and for clocks, so there is one more than there are processors.
threads = RUST_TEST_THREADS=$$(($$(getconf _NPROCESSORS_ONLN) + 1))
app = dist/vestibule
sources := $(shell find Cargo.toml Cargo.lock build.rs src style public migrations)

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: release ## Build everything and serve it at http://localhost:3000
	$(app) serve

run-https: release ## The same at https://localhost:3000, with a certificate made for this machine
	$(app) serve --local-https

watch: ## Serve the app; rebuild and reload on every change
	@scripts/setup run
	$(in) cargo leptos watch

test: ## Run all checks: format, lints, unit, HTTP and end-to-end tests
	@scripts/setup base
	$(MAKE) --no-print-directory fmt-check structure
	$(MAKE) --no-print-directory -j2 release checks
	$(MAKE) --no-print-directory -j2 spa-check clients transcripts deploy-check conformance \
		faults-short monitoring
	$(MAKE) --no-print-directory e2e attack-short
	$(MAKE) --no-print-directory bench-instructions
	@echo "make test: everything passed"

# What needs no release, which is built beside it: each would leave a processor idle for minutes.
.PHONY: checks
checks:
	@scripts/setup checks
	$(MAKE) --no-print-directory lint-browser
	$(MAKE) --no-print-directory linted-unit
	$(MAKE) --no-print-directory resource-check

fmt: ## Format the code
	$(in) cargo fmt
	$(in) cargo fmt --manifest-path examples/cli/Cargo.toml

.PHONY: fmt-check
fmt-check:
	$(in) cargo fmt --check
	$(in) cargo fmt --check --manifest-path examples/cli/Cargo.toml

.PHONY: structure
structure:
	for check in imports paths islands; do $(in) python3 tests/structure/$$check.py || exit 1; done
	$(in) python3 -m unittest discover --quiet --start-directory benches

.PHONY: resource
resource: ## Create a resource of your own: make resource NAME=invoices
	@scripts/resource '$(NAME)' '$(FROM)' '$(SINGULAR)'
	$(in) cargo fmt

.PHONY: resource-check
resource-check: ## Create and remove features in a copy of the tree, and check the result
	$(scratch) $(threads) scripts/resource-check

lint: lint-browser ## Run Clippy for the server and for the browser
	$(in) cargo clippy --features ssr --all-targets -- -D warnings

.PHONY: lint-browser linted-unit
lint-browser:
	$(in) cargo clippy --features hydrate --lib --target wasm32-unknown-unknown -- -D warnings

unit: ## Run unit and HTTP tests, on SQLite and PostgreSQL
	$(scratch) $(threads) $(in) cargo test --features ssr

linted-unit:
	$(scratch) $(threads) $(in) scripts/linted cargo test --features ssr

bench-instructions: release ## Count the instructions of a request, and compare with benches/instructions.spec
	@scripts/setup test
	benches/instructions $(app)

.PHONY: bench-instructions spa-check transcripts
spa-check: release
	$(app) openapi >examples/spa/node_modules/.openapi.json
	cd examples/spa && ../../$(in) npm run client -- node_modules/.openapi.json --check
	cd examples/spa && ../../$(in) npm run check

.PHONY: clients
clients: release ## Generate clients from the OpenAPI documents, and try them and others against the release binary
	@scripts/setup test
	$(in) python3 tests/clients $(app)
	$(in) python3 tests/clients/oauth $(app)

transcripts: release ## Run the commands in the documents, and compare their output (WRITE=yes writes it)
	$(in) scripts/transcripts $(if $(WRITE),--write) $(app)

deploy: release ## Try the files of deploy/ and the commands of docs/deploy.md against the release binary
	@scripts/setup test
	$(in) python3 tests/deploy $(app)

deploy-check: release
	$(in) python3 tests/deploy --quick $(app)

e2e: release ## Run end-to-end tests in Chromium, against the release binary
	@scripts/setup test
	cd end2end && ../$(in) npm run --silent check
	export $(scratch); cd end2end && E2E_BINARY=$(CURDIR)/$(app) ../$(in) npx playwright test

conformance: release ## Test the release binary against its OpenAPI documents, with schemathesis
	@scripts/setup test
	scripts/conformance $(app)

attack: release ## Run known attacks against the release binary, and report the result of each
	@scripts/setup test
	$(in) python3 tests/attack $(app)

.PHONY: monitoring
monitoring: release ## Load the alerts and the dashboard into Prometheus, which reads the release binary
	@scripts/setup test
	$(in) python3 tests/monitoring $(app)

.PHONY: traces
traces: ## Build with OpenTelemetry, and read the traces as a collector would
	@scripts/setup run
	$(in) cargo build --features ssr,otel --bin vestibule
	$(in) python3 tests/monitoring/traces.py target/debug/vestibule

.PHONY: attack-short
attack-short: release
	$(in) python3 tests/attack --short $(app)

faults: release ## Break the database, the disk, the clock and instances, and check what was promised (NAME=scenario)
	@scripts/setup faults
	$(in) python3 tests/faults $(app) $(NAME)

.PHONY: faults-short
faults-short: release
	@scripts/setup test
	$(in) python3 tests/faults --short $(app)

soak: release ## Mixed load for half an hour (MINUTES=30): memory and descriptors stay flat, and no write is lost
	@scripts/setup faults
	$(in) python3 tests/faults/soak.py --minutes $(or $(MINUTES),30) $(app)

bench: release ## Measure the release binary beside its peers, and write docs/performance.md (FULL=yes: longer)
	@scripts/setup bench
	$(in) python3 benches $(if $(FULL),--full) $(app)

snapshots: release ## Update the screenshots that the end-to-end tests compare
	@scripts/setup test
	cd end2end && E2E_BINARY=$(CURDIR)/$(app) ../$(in) npx playwright test tests/visual.spec.ts --update-snapshots=all
	cd end2end && ../$(in) node squeeze.mjs snapshots/*.png ../docs/screenshots/*.png

lab-browsers: release ## Run the Lab in Chromium, Firefox and WebKit, and compare with docs/lab.md (WRITE=yes writes it)
	@scripts/setup lab
	cd end2end && E2E_BINARY=$(CURDIR)/$(app) ../$(in) npx playwright test --config lab-browsers.config.ts

lighthouse: release ## Measure the release binary with Lighthouse; fail below 100
	@scripts/setup test
	@cd end2end/lighthouse && \
		{ [ node_modules/.package-lock.json -nt package-lock.json ] || ../../$(in) npm ci --no-fund --no-audit; }
	cd end2end/lighthouse && E2E_BINARY=$(CURDIR)/$(app) ../../$(in) npm start --silent

spa: release ## Serve the app and the example SPA, on an origin of its own with tokens bound to a key
	@scripts/setup spa
	@scripts/spa token

spa-proxy: release ## Serve the app and the example SPA, behind a proxy with the session cookie
	@scripts/setup spa
	@scripts/spa proxy

spa-client: release ## Regenerate the example SPA's typed client from the OpenAPI document
	@scripts/setup spa
	$(app) openapi >examples/spa/node_modules/.openapi.json
	cd examples/spa && npm run client -- node_modules/.openapi.json

release: ## Build the release binary, dist/vestibule
	@scripts/setup run
	@$(MAKE) --no-print-directory -s $(app)

# What the build says of itself, in `vestibule --version`, at its start and in the metrics.
commit = VESTIBULE_COMMIT=$$(git describe --always --dirty --exclude='*' 2>/dev/null)

# Embedding the site touches its files, and with them the binary, so build only if a source is newer.
$(app): $(sources)
	$(commit) $(in) cargo leptos build --release --precompress --bin-features ssr,embed
	@mkdir -p dist && rm -f $(app) && cp target/release/vestibule $(app)
	@echo "$(app) contains the whole site ($$(du -h $(app) | cut -f1)). Copy it anywhere and run: ./vestibule serve"

# musl's, so that it needs no library of the system.
static_target := $(shell uname -m)-unknown-linux-musl
static_app = dist/vestibule-static

static: ## Build dist/vestibule-static, one file for any Linux, also in an empty container
	@scripts/setup static $(static_target)
	@$(MAKE) --no-print-directory -s $(static_app)

$(static_app): $(sources)
	$(commit) LEPTOS_BIN_TARGET_TRIPLE=$(static_target) $(in) cargo leptos build --release --precompress --bin-features ssr,embed
	@mkdir -p dist && rm -f $(static_app) && cp target/$(static_target)/release/vestibule $(static_app)
	@echo "$(static_app) needs no library ($$(du -h $(static_app) | cut -f1)). Copy it anywhere."

.PHONY: static-check
static-check: static ## Try dist/vestibule-static alone in a root of its own, as deploy/Dockerfile runs it
	$(in) python3 tests/deploy $(static_app) image

clean: ## Delete everything that was built
	rm -rf target dist end2end/test-results
