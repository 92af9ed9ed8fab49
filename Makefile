# make run opens the app, make test runs all tests, make demo runs the main job with no display. Each sets up what it needs.
.PHONY: run test demo setup setup-cuda bench screenshots format lint help

OUT ?= out/demo

run:
	@if [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then echo "no display here: use 'make demo' (the main job without a window)" >&2; exit 1; fi
	@$(MAKE) --no-print-directory setup
	cargo run --

demo: setup
	cargo run -- demo --out $(OUT)

test: setup
	cargo test --lib --bins --test architecture --test suite

setup:
	@./setup.sh cpu

setup-cuda:
	@./setup.sh cuda

# Tables of speed against the same work in Python; the peers live in a virtual environment of their own.
bench: setup
	./benches/run.sh

# The pictures of README.md, drawn by the program.
screenshots: setup
	./assets/screenshots.sh

format:
	cargo fmt

lint: setup
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

help:
	@echo "make run | test | demo | setup | setup-cuda | bench | screenshots | format | lint"
