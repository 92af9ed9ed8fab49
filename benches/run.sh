#!/usr/bin/env bash
# All benches with their peers. The development profile is optimised (see Cargo.toml) and built already.
set -eu
cd "$(dirname "$0")/.."
./benches/peers/setup.sh
# The path of a bench's program, for the comparisons that start it themselves.
program() {
  cargo build --bench "$1" --message-format=json-render-diagnostics | python3 -c '
import json, sys
found = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable") and m["target"]["name"] == sys.argv[1]]
print(found[-1])' "$1"
}
./benches/peers/.venv/bin/python benches/peers/compare_training.py "$(program training)"
echo
./benches/peers/.venv/bin/python benches/peers/compare_templates.py "$(program templates)"
echo
"$(program files)"
echo
cargo build
./benches/peers/.venv/bin/python benches/peers/compare_render.py "${CARGO_TARGET_DIR:-target}/debug/aquila"
echo
./benches/window.sh "${CARGO_TARGET_DIR:-target}/debug/aquila"
echo
./benches/canvas.sh
