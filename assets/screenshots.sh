#!/usr/bin/env bash
# Draws the pictures of the README, of docs/first-network.md and of docs/first-cube.md with the program itself, in a home of its own; no display needed.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build
aquila=${CARGO_TARGET_DIR:-target}/debug/aquila
AQUILA_HOME=$(mktemp -d)
export AQUILA_HOME
trap 'rm -rf "$AQUILA_HOME"' EXIT
pictures=assets/pictures
"$aquila" --screenshot "$pictures/blueprint.png" --workspace blueprint --theme dark --train
"$aquila" cloud example-cube --out "$AQUILA_HOME/example cube.fits"
"$aquila" --screenshot "$pictures/volume.png" --workspace volume --theme dark "$AQUILA_HOME/example cube.fits"
"$aquila" --screenshot "$pictures/volume-light.png" --workspace volume --size 1280x720 --theme light "$AQUILA_HOME/example cube.fits"
"$aquila" render "$AQUILA_HOME/example cube.fits" --out "$pictures/volume-layers.png" --size 1280x720 --distance 1.35 \
  --iso 2.4 --slice z=0.62 --repeat 8
"$aquila" --screenshot "$pictures/runs.png" --workspace runs --theme light
run=$(ls -d "$AQUILA_HOME"/demo/runs/*/ | head -n 1)
"$aquila" apply "$run" "$AQUILA_HOME/demo/maps/cloud 2 column density.fits" --quantity column --out "$AQUILA_HOME/predicted density.fits"
"$aquila" --screenshot "$pictures/clouds.png" --workspace clouds --theme dark \
  "$AQUILA_HOME/demo/maps/cloud 2 column density.fits" "$AQUILA_HOME/predicted density.fits"

# docs/first-network.md: a project of its own, with the demo's clouds and a short training.
first=$AQUILA_HOME/first
mkdir -p "$first/blueprints"
printf 'version = 1\nname = "First network"\n' > "$first/aquila.toml"
sed 's/^epochs = 20/epochs = 12/' assets/recipes/demo-train.toml > "$first/train.toml"
size=1280x720
"$aquila" --screenshot "$pictures/first-start.png" --workspace blueprint --size $size --theme dark "$first"
cp assets/blueprints/first-network.blueprint.json "$first/blueprints/"
"$aquila" --screenshot "$pictures/first-drawn.png" --workspace blueprint --size $size --theme dark "$first"
"$aquila" --screenshot "$pictures/first-trained.png" --workspace blueprint --size $size --theme dark --train "$first"
"$aquila" --screenshot "$pictures/first-features.png" --workspace blueprint --size $size --theme dark --select KAN "$first"
"$aquila" --screenshot "$pictures/first-runs.png" --workspace runs --size $size --theme light "$first"
