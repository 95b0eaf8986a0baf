# Thin: each target is a few commands over CMakePresets.json; CONTRIBUTING.md says when to use which.
.DEFAULT_GOAL := build
.PHONY: run build test test-slow mutations bench lint format install clean configure configure-tests

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
THERMA := build/bin/therma
BUILD := cmake --build
CTEST := ctest --no-tests=error --output-on-failure -j $(JOBS)

# Installs what is missing, builds the program alone, and plans the sentence of the README.
run: build
	$(THERMA) solve data/examples/plan.pl.txt

build: configure
	$(BUILD) build -j $(JOBS) --target therma

# The whole suite in release, the unit and exact tests under the sanitizers, format, layers, docs.
# The release tests come last, so that the last lines are the summary of the whole suite.
test: configure-tests
	$(BUILD) build -j $(JOBS)
	tools/lint.sh --quick
	cmake --preset asan --log-level=WARNING
	$(BUILD) build/asan -j $(JOBS) --target tests_unit tests_exact
	$(CTEST) --test-dir build/asan --label-regex '^(unit|exact)$$' --progress
	$(CTEST) --test-dir build --label-exclude '^slow$$'

test-slow: configure-tests
	$(BUILD) build -j $(JOBS)
	$(CTEST) --test-dir build --label-regex '^slow$$'

# Faults by hand, each of which the tests must notice: an hour on two cores.
mutations:
	tools/bootstrap.sh build test
	python3 tools/mutations/check.py -j $(JOBS)

bench: configure
	cmake --preset release --log-level=WARNING -DTHERMA_BENCH=ON
	$(BUILD) build -j $(JOBS) --target bench_schedule
	build/bin/bench_schedule --time 10 --seeds 5 data/job_shop/ft06 data/job_shop/ft10

lint: configure-tests
	tools/lint.sh

format:
	tools/bootstrap.sh lint
	git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format-14 -i

install: configure
	$(BUILD) build -j $(JOBS) --target therma_all
	cmake --install build --prefix "$(PREFIX)"

clean:
	rm -rf build

# Tests stay configured once they are; a first `make run` needs no test library.
configure:
	tools/bootstrap.sh build
	test -f build/build.ninja || cmake --preset release --log-level=WARNING -DTHERMA_TESTS=OFF

configure-tests:
	tools/bootstrap.sh build test lint
	cmake --preset release --log-level=WARNING -DTHERMA_TESTS=ON
