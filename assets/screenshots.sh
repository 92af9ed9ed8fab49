#!/usr/bin/env bash
# Draws the README's pictures with the program itself, in a home of its own; no display needed.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build
aquila=${CARGO_TARGET_DIR:-target}/debug/aquila
AQUILA_HOME=$(mktemp -d)
export AQUILA_HOME
trap 'rm -rf "$AQUILA_HOME"' EXIT
pictures=assets/pictures
"$aquila" --screenshot "$pictures/blueprint.png" --workspace blueprint --theme dark --train
"$aquila" --screenshot "$pictures/runs.png" --workspace runs --theme light
run=$(ls -d "$AQUILA_HOME"/demo/runs/*/ | head -n 1)
"$aquila" apply "$run" "$AQUILA_HOME/demo/maps/cloud 2 column density.fits" --quantity column --out "$AQUILA_HOME/predicted density.fits"
"$aquila" --screenshot "$pictures/clouds.png" --workspace clouds --theme dark \
  "$AQUILA_HOME/demo/maps/cloud 2 column density.fits" "$AQUILA_HOME/predicted density.fits"
