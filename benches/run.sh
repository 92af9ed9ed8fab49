#!/usr/bin/env bash
# All benches with their peers. The development profile is optimised (see Cargo.toml) and built already.
set -eu
cd "$(dirname "$0")/.."
./benches/peers/setup.sh
bench=$(cargo build --bench training --message-format=json | python3 -c '
import json, sys
found = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable") and m["target"]["name"] == "training"]
print(found[-1])')
./benches/peers/.venv/bin/python benches/peers/compare_training.py "$bench"
