#!/usr/bin/env bash
# Makes benches/peers/.venv with what the peers need. Some gigabytes the first time: PyTorch brings its CUDA set along.
set -eu
cd "$(dirname "$0")"
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python - 2>/dev/null <<'PY' || .venv/bin/python -m pip install --quiet -r requirements.txt
import astropy, numpy, onnx, onnxruntime, safetensors, torch, vtk
assert torch.__version__.split("+")[0] == "2.11.0"
PY
