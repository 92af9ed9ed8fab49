"""Prints a table of every template's forward pass and training step beside PyTorch's: same threads, alternately, medians of the ratios.

usage: compare_templates.py AQUILA_BENCH [--rounds N] [--threads N] [NAME …]
Ratio: PyTorch's seconds over ours; PyTorch in its faster memory format (default or channels last) of each case.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import torch

import template_models as models

UNET = dict(base=16)
MAP = [1, 128, 128]
# As in benches/templates.rs.
CASES = {
    "U-Net": (lambda: models.UNet(**UNET), [MAP], 4),
    "U-Net, double": (lambda: models.UNet(block="double", **UNET), [MAP], 4),
    "U-Net, residual": (lambda: models.UNet(block="residual", **UNET), [MAP], 4),
    "U-Net, 3-D": (lambda: models.UNet(levels=3, base=8, block="double", dims=3), [[1, 32, 32, 32]], 2),
    "Fully convolutional": (lambda: models.UNet(skip=False, **UNET), [MAP], 4),
    "K-Net": (lambda: models.KNet(**UNET), [MAP], 4),
    "U-KAN": (lambda: models.UKan(base=8), [MAP], 4),
    "U-Net + symbolic KAN": (lambda: models.SymbolicKan(**UNET), [MAP], 4),
    "MultiNet, two maps": (lambda: models.MultiNet(base=16, inputs=2), [MAP, MAP], 4),
    "MultiNet, projection": (lambda: models.MultiNet(base=16, spectra="projection", velocities=32), [MAP, [1, 32, 128, 128]], 4),
    "Context-aware U-Net": (lambda: models.ContextUNet(**UNET), [MAP, [2, 128, 128]], 4),
    "PPV U-Nets": (lambda: models.PpvUNets(base=16, block="double"), [MAP, [1, 32, 128, 128]], 4),
    "Cluster-age CNN": (lambda: models.AgeCnn(), [[1, 112, 112]], 4),
    "Cluster-age CNN, five bands": (lambda: models.AgeCnn(5, extra_pool=True), [[5, 112, 112]], 4),
    "Small residual network": (lambda: models.CutoutResNet(), [[5, 112, 112]], 16),
    "Completeness, physical": (lambda: models.Completeness(3), [[3]], 4096),
    "Completeness, photometric": (lambda: models.Completeness(5), [[5]], 4096),
}
REPEATS = 3
MEDIAN_TARGET, LEAST = 1.0, 0.9


class Peer:
    def __init__(self, make, shapes, batch, channels_last):
        torch.manual_seed(0)
        place = lambda x: x.to(memory_format=torch.channels_last) if channels_last and x.dim() == 4 else x
        self.network = make()
        if channels_last:
            self.network.to(memory_format=torch.channels_last)
        self.inputs = [place(torch.rand(batch, *shape)) for shape in shapes]
        with torch.no_grad():
            self.target = torch.randn_like(self.network(*self.inputs))
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=1e-4)
        self.answer(2)

    def forward(self):
        start = time.perf_counter()
        with torch.no_grad():
            self.network(*self.inputs)
        return time.perf_counter() - start

    def train(self):
        start = time.perf_counter()
        self.optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(self.network(*self.inputs), self.target)
        loss.backward()
        self.optimiser.step()
        loss.item()
        return time.perf_counter() - start

    def answer(self, repeats):
        self.network.eval()
        forward = statistics.median(self.forward() for _ in range(repeats))
        self.network.train()
        return {"forward": forward, "train": statistics.median(self.train() for _ in range(repeats))}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=min(os.cpu_count(), 8))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    command = [options.bench, "--threads", str(options.threads), "--repeats", str(REPEATS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as ours:
        print(f"{options.threads} threads, float32, medians of {options.rounds} rounds; ratio: PyTorch's time over Aquila's")
        print(f"{'':28}{'forward':>22}{'':8}{'training step':>22}")
        print(f"{'':28}{'PyTorch':>11}{'Aquila':>11}{'ratio':>8}{'PyTorch':>11}{'Aquila':>11}{'ratio':>8}")
        all_ratios = []
        for name, (make, shapes, batch) in CASES.items():
            if options.names and name not in options.names:
                continue
            # Only maps have another memory format; a cube's was slower in every case.
            formats = (False, True) if len(shapes[0]) == 3 else (False,)
            peers = [Peer(make, shapes, batch, channels_last) for channels_last in formats]
            rounds = []
            for _ in range(options.rounds):
                ours.stdin.write(name + "\n")
                answer = json.loads(ours.stdout.readline())
                rounds.append(([peer.answer(REPEATS) for peer in peers], answer))
            line = f"{name:28}"
            for what in ("forward", "train"):
                best = min(range(len(peers)), key=lambda i: statistics.median(theirs[i][what] for theirs, _ in rounds))
                ratio = statistics.median(theirs[best][what] / own[what] for theirs, own in rounds)
                times = [statistics.median(theirs[best][what] for theirs, _ in rounds), statistics.median(own[what] for _, own in rounds)]
                line += "".join(f"{1e3 * seconds:8.1f} ms" for seconds in times) + f"{ratio:8.2f}"
                all_ratios.append(ratio)
            print(line, flush=True)
        ours.stdin.close()
    median = statistics.median(all_ratios)
    print(f"median ratio {median:.2f}  target ≥ {MEDIAN_TARGET}  {'held' if median >= MEDIAN_TARGET else 'MISSED'}")
    print(f"least ratio {min(all_ratios):.2f}  target ≥ {LEAST}  {'held' if min(all_ratios) >= LEAST else 'MISSED'}")


if __name__ == "__main__":
    main()
