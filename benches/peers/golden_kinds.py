"""Shapes, parameter counts and kept bytes of PyTorch's modules, as tests/suite/blueprints/kinds.rs has them.

Run with PyTorch 2.11: python benches/peers/golden_kinds.py. PyTorch's sequences are (channels, length), a blueprint's (length, channels).
"""

import torch
from torch import nn

from unet import UNet


class Attention(nn.Module):
    """As nn.MultiheadAttention, which would also compute the weights to show them."""

    def __init__(self, channels, heads):
        super().__init__()
        self.qkv = nn.Linear(channels, 3 * channels)
        self.projection = nn.Linear(channels, channels)
        self.heads = heads

    def forward(self, x):
        batch, length, channels = x.shape
        parts = self.qkv(x).view(batch, length, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(*parts.unbind(0))
        return self.projection(mixed.transpose(1, 2).reshape(batch, length, channels))


class Gate(nn.Module):
    """POLARIScore's GatedAttention, in three dimensions."""

    def __init__(self, gate, skip, inner):
        super().__init__()
        self.g = nn.Sequential(nn.Conv3d(gate, inner, 1), nn.BatchNorm3d(inner))
        self.x = nn.Sequential(nn.Conv3d(skip, inner, 1), nn.BatchNorm3d(inner))
        self.psi = nn.Sequential(nn.Conv3d(inner, 1, 1), nn.BatchNorm3d(1), nn.Sigmoid())

    def forward(self, g, x):
        return x * self.psi(torch.relu(self.g(g) + self.x(x)))


class KanConvolution(nn.Module):
    """FastKAN's convolution with `functions` functions (their form does not matter here)."""

    def __init__(self, convolution, channels, filters, kernel, functions):
        super().__init__()
        self.spline = convolution(channels * functions, filters, kernel, padding=kernel // 2)
        self.base = convolution(channels, filters, kernel, padding=kernel // 2)
        self.functions = functions

    def forward(self, x):
        basis = torch.cat([torch.exp(-((x - b) ** 2)) for b in range(self.functions)], 1)
        return self.spline(basis) + self.base(nn.functional.silu(x))


CASES = [
    (nn.Conv1d(6, 4, 5, 2, 1, 2, 2), (6, 50)),
    (nn.Conv2d(6, 8, 3, 2, 0, 2, 2, bias=False), (6, 20, 17)),
    (nn.Conv2d(6, 8, 4, padding=1), (6, 20, 17)),
    (nn.Conv3d(3, 5, 3, padding=1), (3, 9, 8, 7)),
    (nn.Conv2d(6, 18, 5, 2, 2, groups=6), (6, 20, 17)),
    (nn.Conv3d(4, 4, 3, 1, 1, groups=4), (4, 9, 8, 7)),
    (nn.ConvTranspose1d(6, 3, 3, 2, 1), (6, 50)),
    (nn.ConvTranspose2d(6, 8, 4, 3, 1), (6, 20, 17)),
    (nn.ConvTranspose3d(3, 2, 2, 2), (3, 9, 8, 7)),
    (nn.Linear(12, 7), (12,)),
    (nn.Linear(6, 7, bias=False), (50, 6)),
    (nn.GroupNorm(3, 6), (6, 20, 17)),
    (nn.LayerNorm(6), (50, 6)),
    (nn.InstanceNorm3d(4, affine=True), (4, 9, 8, 7)),
    (nn.BatchNorm1d(12), (12,)),
    (nn.MaxPool2d(3, 2), (6, 20, 17)),
    (nn.AvgPool1d(4), (6, 50)),
    (nn.MaxPool3d(2), (3, 9, 8, 7)),
    (nn.Upsample(scale_factor=3, mode="trilinear"), (3, 9, 8, 7)),
    (nn.ReflectionPad2d(2), (6, 20, 17)),
    (nn.Flatten(), (3, 9, 8, 7)),
    (Attention(8, 4), (50, 8)),
    (Gate(5, 4, 2), (5, 3, 4, 5), (4, 3, 4, 5)),
    (KanConvolution(nn.Conv2d, 6, 4, 3, 4), (6, 20, 17)),
    (KanConvolution(nn.Conv1d, 6, 4, 5, 8), (6, 50)),
]

for module, *sizes in CASES:
    result = module.eval()(*(torch.zeros(2, *size) for size in sizes))
    count = sum(parameter.numel() for parameter in module.parameters())
    print(type(module).__name__, sizes, "->", tuple(result.shape[1:]), count)


def kept_bytes(module, x):
    """Bytes of activations that autograd keeps for the backward pass."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    kept = {}

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in weights:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module.train()(x)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


# Without dropout: where it follows a ReLU the program computes both in place. The difference leaves what does not grow with the batch.
nn.Dropout2d = lambda _: nn.Identity()
for convolutions in (1, 2):
    network = UNet(levels=4, base=16, convolutions=convolutions)
    one, two = (kept_bytes(network, torch.zeros(batch, 1, 128, 128)) for batch in (1, 2))
    print("U-Net,", convolutions, "convolutions: kept", two - one)
print("self-attention: kept", kept_bytes(Attention(32, 4), torch.zeros(1, 1024, 32)))
