# make up: the three tiers on a kind cluster of this machine. make test: each capability once; make test-all: every test.
TOPOLOGY ?= multi
IMAGES ?= auto
PORT ?= 30080
# Nodes for the database: on three it runs in mode ha.
DB_NODES ?= 1
# ipv4, ipv6 or dual, of the pods and Services.
IP_FAMILY ?= ipv4
# Another version of Kubernetes: an image of kind's nodes.
NODE_IMAGE ?=
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

# Where `make dist` and `make publish` are to put things: host[:port][/path], such as ghcr.io/OWNER
REGISTRY ?=

.PHONY: up down images dist publish ct test test-rest test-all test-addons lint format docs

up: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.up --topology $(TOPOLOGY) --images $(IMAGES) --port $(PORT) \
	  --db-nodes $(DB_NODES) --ip-family $(IP_FAMILY) \
	  $(if $(NODE_IMAGE),--node-image $(NODE_IMAGE))

down: $(READY)
	@$(BIN)/python -m dev.down

images: $(READY)
	@$(BIN)/python -m dev.saveimages --images $(IMAGES) --db-nodes $(DB_NODES)

# Everything that a release has, for both kinds of machine, in dist/.
dist: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.dist --images $(IMAGES) \
	  $(if $(REGISTRY),--registry $(REGISTRY)) $(ARGS)

publish: $(READY)
	@$(BIN)/python -m dev.publish --registry $(REGISTRY) $(ARGS)

# chart-testing, on the cluster of `make up`.
ct: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.ct $(ARGS)

test: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.test $(ARGS)

# What `make test` leaves out: every fault, every kill, a database on three nodes. Not what is marked as long.
test-rest: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.test --tier rest

test-all: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.test --tier all

# The chart beside metrics-server, Contour and Prometheus, on a cluster; writes docs/addons.md.
test-addons: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m dev.addons $(ARGS)

# What takes long and writes a page in docs/: make bench-soak, make bench-reliability ARGS="--rounds 10"
bench-%: bench/%.py $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m bench.$* $(ARGS)

lint: $(READY)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

format: $(READY)
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

docs: $(READY)
	@$(BIN)/python -m dev.docs

$(READY): pyproject.toml dev/bootstrap.sh
	@PYTHON=$(PYTHON) dev/bootstrap.sh $(VENV)
