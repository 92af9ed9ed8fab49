"""Writes tests/golden/templates/NAME.safetensors: what PyTorch makes of small templates.

Run in the environment that setup.sh makes. Weights, statistics and inputs are not stored: both sides derive them from their names
(`pattern` here and in tests/suite/blueprints/templates.rs). Each file holds the `evaluation` of the inputs, the `training` output (batch
statistics, no dropout), and the Euclidean norms of the `gradients` of its mean square, by the parameters' sorted names. A ReLU close to
its kink, or two pixels of a pool that are nearly equal, would send a gradient one way in one program and the other way in another: the
inputs are the first `draw` without such an edge.
"""

import copy
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

import template_models as models

BATCH = 2
EDGE = 2e-6
UNET = dict(levels=2, base=8, dropout=0.0)
MAP, CUBE, SPECTRA = [1, 32, 32], [1, 16, 16, 16], [1, 8, 32, 32]
# Name: the model, the shapes of one sample of its inputs.
CASES = {
    "unet-single": (lambda: models.UNet(**UNET), [MAP]),
    "unet-double": (lambda: models.UNet(block="double", **UNET), [MAP]),
    "unet-residual": (lambda: models.UNet(block="residual", **UNET), [MAP]),
    "unet-no-attention": (lambda: models.UNet(attention=False, **UNET), [MAP]),
    "unet-3d": (lambda: models.UNet(block="double", dims=3, **UNET), [CUBE]),
    "fully-convolutional": (lambda: models.UNet(skip=False, **UNET), [MAP]),
    "k-net": (lambda: models.KNet(**UNET), [MAP]),
    "u-kan": (lambda: models.UKan(kan_levels=1, **UNET), [MAP]),
    "symbolic-kan": (lambda: models.SymbolicKan(**UNET), [MAP]),
    "symbolic-kan-product": (lambda: models.SymbolicKan(combine="product", **UNET), [MAP]),
    "multinet": (lambda: models.MultiNet(**UNET), [MAP]),
    "multinet-two": (lambda: models.MultiNet(inputs=2, attention=True, **UNET), [MAP, MAP]),
    "multinet-projection": (lambda: models.MultiNet(spectra="projection", velocities=8, **UNET), [MAP, SPECTRA]),
    "multinet-moments": (lambda: models.MultiNet(spectra="moments", velocities=8, **UNET), [MAP, SPECTRA]),
    "context-unet": (lambda: models.ContextUNet(hidden=16, **UNET), [MAP, [2, 32, 32]]),
    "ppv-unet": (lambda: models.PpvUNets(block="double", **UNET), [MAP, SPECTRA]),
    "cluster-age-cnn": (lambda: models.AgeCnn(base=8), [[1, 112, 112]]),
    "cluster-age-cnn-5-bands": (lambda: models.AgeCnn(5, base=8, extra_pool=True), [[5, 112, 112]]),
    "cutout-resnet": (lambda: models.CutoutResNet(base=8), [[5, 112, 112]]),
    "completeness-physical": (lambda: models.Completeness(3, 64), [[3]]),
    "completeness-photometric": (lambda: models.Completeness(5, 64), [[5]]),
}


def pattern(name, shape):
    """Numbers from 0 to 1 with 24 bits: SplitMix64 of the name's FNV-1a hash and the place."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return torch.from_numpy((z >> np.uint64(40)).astype(np.float32) / np.float32(2**24)).reshape(shape)


def value(name, shape):
    """A weight or a statistic: variances from 0.5 to 1.5, scales of norms from 0.8 to 1.2, other vectors within ±0.2, kernels Kaiming."""
    unit = pattern(name, shape)
    if name.endswith("_var"):
        return unit + 0.5
    if len(shape) > 1:
        return (2 * unit - 1) * float(6 / np.prod(shape[1:])) ** 0.5
    if name.endswith("weight"):
        return 0.4 * unit + 0.8
    return 0.4 * unit - 0.2


class Edges:
    """The smallest distance from a kink of any ReLU, or between the two highest of any pool, over the largest value there."""

    def __enter__(self):
        self.smallest, self.kept = 1.0, (F.relu, F.max_pool2d, F.max_pool3d)

        def relu(x):
            self.see(x.abs(), x)
            return self.kept[0](x)

        def pool(x, kernel, dims):
            cells = x
            for axis in range(2, 2 + dims):
                cells = cells.unfold(axis, kernel, kernel)
            highest = cells.flatten(2 + dims).topk(2, -1).values
            self.see((highest[..., 0] - highest[..., 1])[highest[..., 1] != 0], x)
            return self.kept[dims - 1](x, kernel)

        F.relu, F.max_pool2d, F.max_pool3d = relu, lambda x, k: pool(x, k, 2), lambda x, k: pool(x, k, 3)
        return self

    def see(self, distance, x):
        if distance.numel():
            self.smallest = min(self.smallest, (distance.min() / x.abs().max()).item())

    def __exit__(self, *_):
        F.relu, F.max_pool2d, F.max_pool3d = self.kept


def inputs_without_edges(network, shapes):
    for draw in range(1000):
        inputs = [pattern(f"draw {draw} input {i}", [BATCH, *shape]) for i, shape in enumerate(shapes)]
        with Edges() as edges, torch.no_grad():
            copy.deepcopy(network).double().train()(*[x.double() for x in inputs])
        if edges.smallest > EDGE:
            return draw, inputs
    raise SystemExit("no draw without an edge")


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, shapes) in CASES.items():
        network = make()
        with torch.no_grad():
            for key, tensor in network.state_dict().items():
                if "num_batches" not in key:
                    tensor.copy_(value(key, list(tensor.shape)))
        draw, inputs = inputs_without_edges(network, shapes)
        network.eval()
        with torch.no_grad():
            evaluation = network(*inputs)
        network.train()
        training = network(*inputs)
        (training**2).mean().backward()
        norms = torch.tensor([p.grad.double().norm() for _, p in sorted(network.named_parameters())])
        content = {"evaluation": evaluation, "training": training.detach(), "gradients": norms, "draw": torch.tensor([draw])}
        save_file({k: v.contiguous() for k, v in content.items()}, folder / f"{name}.safetensors")
        print(f"{name:26} {models.count(network):9,} {evaluation.abs().max():9.3f} {training.abs().max():9.3f} draw {draw}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "tests" / "golden" / "templates"))
