#!/usr/bin/env bash
# Own work of a frame of the whole window with 20, 100 and 500 blocks on the canvas, while the view is panned: all blocks in sight, and
# far apart, so that most are culled. The window test that guards the limit prints the numbers; its profile is optimised (see Cargo.toml).
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --quiet --test suite window::canvas::the_canvas_stays_smooth -- --nocapture 2>/dev/null |
  sed -n 's/^.*canvas: \(.*\)/\1    target < 8 ms/p'
