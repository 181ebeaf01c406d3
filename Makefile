# make demo   a pipeline from training to a proven graph, each command shown
# make test   lint, types and the whole test suite
# make fast   the inner loop: no slow tests
# make fuzz   damaged files of every kind: exit 0, 1 or 2, no traceback, hang or partial file
# make sweep  every row of the tables through the whole command: no false alarm, none slow (hours; WORDS='KMeans Ridge')
# make bench  the figures of docs/benchmarks, beside peers in the same run

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := build/demo
# These come as sources alone, so they can't be among what everybody must be able to install.
SOURCES := libsvm-official==3.37 liblinear-official==2.50
# The index's own torch is gigabytes of CUDA, so only a CPU build that pip is pointed at (find-links) is taken.
TORCH   := torch==2.13.0

.PHONY: demo test fast lint fuzz sweep bench lock browser web clean

demo: $(READY)
	$(BIN)/python docs/demo/train.py $(DEMO)
	$(BIN)/onnxpipe convert $(DEMO)/penguins.joblib -o $(DEMO)/penguins.onnx --sample $(DEMO)/penguins.csv
	cp docs/demo/pipeline.yaml docs/demo/whole.py $(DEMO)/
	$(BIN)/onnxpipe stitch $(DEMO)/pipeline.yaml -o $(DEMO)/full.onnx --trust whole.score
	$(BIN)/onnxpipe verify $(DEMO)/penguins.onnx $(DEMO)/penguins.joblib --data $(DEMO)/penguins.csv --report $(DEMO)/report.html
	$(BIN)/onnxpipe skew $(DEMO)/penguins.onnx.lock $(DEMO)/full.onnx.lock

test: $(READY) browser web lint
	$(BIN)/python -m pytest -n auto

fast: $(READY)
	$(BIN)/python -m pytest -n auto -m "not slow"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Atheris isn't everywhere to be had; the second half says so where it is missing.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --count $(or $(COUNT),2000) --seed $(or $(SEED),0)
	$(BIN)/python -m tests.fuzz_coverage $(or $(SECONDS),120)

sweep: $(READY)
	$(BIN)/python -m tests.sweep $(WORDS)

bench: $(READY)
	$(BIN)/python -m tests.bench

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(SOURCES) >/dev/null 2>&1 \
	  || echo "no compiler for $(SOURCES): their live tests will be skipped, the recorded ones run"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index $(TORCH) >/dev/null 2>&1 \
	  || echo "no CPU build of $(TORCH) at hand: the torch tests will be skipped; 'pip install torch' brings them back"
	touch $(READY)

# The reports are opened in a real browser; where none can be had, those tests say so and skip.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1 \
	  || echo "no Chromium: the browser tests will be skipped"

# Graphs for browsers are judged in onnxruntime-web; where npm or its registry is missing, those tests skip.
web: build/web/node_modules/onnxruntime-web

build/web/node_modules/onnxruntime-web:
	@npm install --prefix build/web --ignore-scripts --no-audit --no-fund --no-save --silent --fetch-timeout 20000 --fetch-retries 1 \
	  onnxruntime-web@1.30.0 >/dev/null 2>&1 \
	  || echo "no onnxruntime-web from npm: the tests of the web's runtime will be skipped"

lock:
	uv pip compile --universal --python-version 3.10 --extra test --no-header --no-annotate \
	  --no-emit-index-url --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf build $(VENV)
