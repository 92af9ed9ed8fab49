"""`aquila render` against VTK's GPU ray caster on the same software driver: the same cube, picture size, step, transfer function and
camera, in turns, so that both meet the same load. Usage: compare_render.py AQUILA [FOLDER for the pictures]."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SIDE, SIZE, ROUNDS, FRAMES = 256, 512, 4, 5
program = sys.argv[1]
folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="aquila-render-"))
folder.mkdir(parents=True, exist_ok=True)
here = pathlib.Path(__file__).parent


def sparse():
    """Filaments and clumps of a line on an empty sky: about a fiftieth of the voxels show."""
    rng = np.random.default_rng(7)
    cube = np.zeros((SIDE,) * 3, np.float32)
    for _ in range(60):
        at, step = rng.uniform(0.15, 0.85, 3) * SIDE, rng.normal(size=3)
        for _ in range(60):
            step = step / np.linalg.norm(step) + 0.25 * rng.normal(size=3)
            at = np.clip(at + step, 8, SIDE - 9)
            low = at.astype(int) - 6
            grid = np.ogrid[tuple(slice(i, i + 13) for i in low)]
            r2 = sum((g - c) ** 2 for g, c in zip(grid, at))
            place = tuple(slice(i, i + 13) for i in low)
            cube[place] = np.maximum(cube[place], np.where(r2 < 36, np.exp(-r2 / 8), 0))
    return cube


def dense():
    """Turbulence that fills the cube: every voxel shows a little."""
    rng = np.random.default_rng(8)
    k = np.fft.fftfreq(SIDE)[:, None, None] ** 2 + np.fft.fftfreq(SIDE)[:, None] ** 2 + np.fft.rfftfreq(SIDE) ** 2
    k[0, 0, 0] = 1
    wave = np.fft.rfftn(rng.normal(size=(SIDE,) * 3)) * k ** (-11 / 12)
    field = np.fft.irfftn(wave, s=(SIDE,) * 3)
    field = (field - field.min()) / (field.max() - field.min())
    return (0.05 + 0.95 * field).astype(np.float32)


def greys(count=256):
    return [[i / (count - 1)] * 3 for i in range(count)]


def aquila(cube, out, density):
    command = [program, "render", "--json", str(cube), "--out", str(out), "--size", f"{SIZE}x{SIZE}", "--software"]
    command += ["--mode", "absorption", "--colormap", "greys", "--range", "0", "1", "--density", str(density)]
    command += ["--azimuth", "25", "--elevation", "20", "--distance", "1.7", "--repeat", str(FRAMES)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(answer.strip().splitlines()[-1])


def vtk(cube, out, density):
    task = {"cube": str(cube), "out": str(out), "size": [SIZE, SIZE], "range": [0, 1], "density": density}
    task |= {"colours": greys(), "step_voxels": 1.0, "azimuth": 25, "elevation": 20, "distance": 1.7, "frames": FRAMES}
    quiet = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    quiet |= {"LIBGL_ALWAYS_SOFTWARE": "1"}
    peer = [sys.executable, str(here / "render_vtk.py")]
    done = subprocess.run(peer, input=json.dumps(task), check=True, capture_output=True, text=True, env=quiet)
    return json.loads(done.stdout.strip().splitlines()[-1])


rows = []
for name, make, density, target in [("sparse", sparse, 0.2, 10), ("dense", dense, 0.02, 6)]:
    path = folder / f"{name}.npy"
    np.save(path, make())
    ours, theirs = [], []
    for _ in range(ROUNDS):
        one = aquila(path, folder / f"{name}-aquila.png", density)
        other = vtk(path, folder / f"{name}-vtk.png", density)
        ours.append(one["ms_least"])
        theirs.append(min(other["ms"]))
    path.unlink()
    row = {"cube": name, "aquila_ms": min(ours), "vtk_ms": min(theirs), "times": min(theirs) / min(ours)}
    rows.append(row | {"target": target, "adapter": one["adapter"], "peer": f"VTK {other['vtk']}, {other['driver']}"})

print(f"{SIDE}³ at {SIZE} × {SIZE}, one sample a voxel, the least of {ROUNDS * FRAMES} frames, in turns")
print(f"{rows[0]['adapter']}; {rows[0]['peer']}")
print(f"{'cube':8}{'Aquila':>12}{'VTK':>12}{'faster':>9}{'target':>9}")
for row in rows:
    ours, theirs = f"{row['aquila_ms']:.0f} ms", f"{row['vtk_ms']:.0f} ms"
    print(f"{row['cube']:8}{ours:>12}{theirs:>12}{row['times']:>8.1f}×{row['target']:>8}×")
(folder / "render.json").write_text(json.dumps(rows, indent=1))
print(f"pictures and render.json in {folder}")
