"""Writes tests/golden/operations.safetensors: every operation of a network, forward and backward, in PyTorch.

Run in the environment that setup.sh makes. All is computed in float64 from float32 inputs and weights, so that what differs is
Aquila's rounding alone. For each case: `inputs/N`, `weights/…` under Aquila's names (buffers among them), `probe`, the training
`output` and the `evaluation` before it where they differ, and of the sum of output · probe the `input_gradient/N` and
`gradient/…`; statistics after the step under `after/…`. A sequence is [batch, length, channel].
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from scipy.interpolate import BSpline

CONTENT = {}
SIZES = {1: (7,), 2: (5, 4), 3: (4, 4, 5)}
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE_POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def case(name, inputs, weights, function):
    """`function(*inputs, weights, training)` on float64; what it changes in `weights` are statistics."""
    exact = [x.double().requires_grad_() for x in inputs]
    own = {k: v.double() for k, v in weights.items()}
    for key, value in own.items():
        value.requires_grad_(not is_buffer(key))
    evaluation = function(*exact, own, False).detach()
    output = function(*exact, own, True)
    probe = torch.randn(output.shape)
    (output * probe.double()).sum().backward()
    CONTENT.update({f"{name}/inputs/{i}": x for i, x in enumerate(inputs)})
    CONTENT.update({f"{name}/weights/{k}": v for k, v in weights.items()})
    CONTENT.update({f"{name}/probe": probe, f"{name}/output": output.detach()})
    if not torch.equal(evaluation, output):
        CONTENT[f"{name}/evaluation"] = evaluation
    gradient = lambda x: torch.zeros_like(x) if x.grad is None else x.grad
    CONTENT.update({f"{name}/input_gradient/{i}": gradient(x) for i, x in enumerate(exact)})
    for key, value in own.items():
        CONTENT[f"{name}/{'after' if is_buffer(key) else 'gradient'}/{key}"] = (
            value.detach() if is_buffer(key) else gradient(value)
        )


def is_buffer(key):
    return key.endswith(("_mean", "_var"))


def value(dims, channels=4, batch=2, scale=1.0, offset=0.0):
    """A vector (dims 0), sequence, map or cube."""
    sizes = SIZES.get(dims, ())
    shape = (batch, *sizes, channels) if dims == 1 else (batch, channels, *sizes)
    return scale * torch.randn(shape) + offset


def inside(function):
    """A function of [batch, channel, …] for sequences [batch, length, channel] too."""
    return lambda x, *rest: function(x.mT, *rest).mT if x.dim() == 3 else function(x, *rest)


def batch_norm(x, w, training, prefix="", epsilon=1e-5, momentum=0.1):
    return F.batch_norm(
        x, w[prefix + "running_mean"], w[prefix + "running_var"], w[prefix + "weight"], w[prefix + "bias"],
        training, momentum, epsilon,
    )


def norm_weights(channels, prefix=""):
    return {prefix + "weight": 1 + 0.3 * torch.randn(channels), prefix + "bias": 0.3 * torch.randn(channels)}


def statistics(channels, mean="running_mean", var="running_var"):
    return {mean: 0.2 * torch.randn(channels), var: 0.5 + torch.rand(channels)}


def cox_de_boor(z, intervals, degree, reach):
    """[…] → […, functions]: the recursion on a grid carried on by `degree` intervals beyond both ends."""
    step = 2 * reach / intervals
    grid = torch.arange(-degree, intervals + degree + 1, dtype=torch.float64) * step - reach
    z = z.unsqueeze(-1)
    basis = ((z >= grid[:-1]) & (z < grid[1:])).double()
    for k in range(1, degree + 1):
        left = (z - grid[: -k - 1]) / (grid[k:-1] - grid[: -k - 1]) * basis[..., :-1]
        right = (grid[k + 1 :] - z) / (grid[k + 1 :] - grid[1:-k]) * basis[..., 1:]
        basis = left + right
    return basis


def functions(z, basis):
    kind, *numbers = basis
    if kind == "rbf":
        count, reach = numbers
        centres = torch.linspace(-reach, reach, count, dtype=torch.float64)
        return torch.exp(-(((z.unsqueeze(-1) - centres) / (2 * reach / (count - 1))) ** 2))
    return cox_de_boor(z, *numbers)


def kan_basis(x, w, training, basis):
    """[b, c, …] → [b, functions · c, …], function-major, of the standardised input."""
    z = F.batch_norm(x, w["input_mean"], w["input_var"], None, None, training, 0.1, 1e-5)
    return functions(z, basis).movedim(-1, 1).flatten(1, 2)


def kan_convolution(dims, kernel, basis):
    def function(x, w, training):
        spline = CONV[dims](kan_basis(x, w, training, basis), w["spline.weight"], w["spline.bias"], padding=kernel // 2)
        return spline + CONV[dims](F.silu(x), w["base.weight"], w["base.bias"], padding=kernel // 2)

    return inside(function)


def kan(sums, products, basis):
    def function(x, w, training):
        matrix = lambda m, y: torch.einsum("nc,bc...->bn...", m, y)
        nodes = matrix(w["spline.weight"], kan_basis(x, w, training, basis)) + matrix(w["base.weight"], F.silu(x))
        nodes = nodes + w["bias"].view(1, -1, *[1] * (x.dim() - 2))
        pairs = nodes[:, sums:].unflatten(1, (products, 2))
        return torch.cat([nodes[:, :sums], pairs[:, :, 0] * pairs[:, :, 1]], 1)

    return inside(function)


def self_attention(heads):
    def function(x, w, _):
        tokens = x if x.dim() == 3 else x.flatten(2).mT
        b, n, c = tokens.shape
        q, k, v = F.linear(tokens, w["qkv.weight"], w["qkv.bias"]).chunk(3, -1)
        split = lambda y: y.view(b, n, heads, c // heads).transpose(1, 2)
        weight = torch.softmax(split(q) @ split(k).mT / (c // heads) ** 0.5, -1)
        y = (weight @ split(v)).transpose(1, 2).reshape(b, n, c)
        y = F.linear(y, w["projection.weight"], w["projection.bias"])
        return y if x.dim() == 3 else y.mT.reshape(x.shape)

    return function


def attention_gate(dims):
    def function(gate, skip, w, training):
        branch = lambda x, part: batch_norm(
            CONV[dims](x, w[f"{part}.weight"], w[f"{part}.bias"]), w, training, f"{part}_norm."
        )
        return skip * torch.sigmoid(branch(F.relu(branch(gate, "gate") + branch(skip, "skip")), "psi"))

    return function


def spread(vector, over):
    return vector.unsqueeze(1) if over.dim() == 3 else vector.view(*vector.shape, *[1] * (over.dim() - 2))


def film(around_one):
    def function(x, condition, w, _):
        gamma, beta = (spread(part, x) for part in condition.chunk(2, 1))
        return (gamma + around_one) * x + beta

    return function


def physical_moments(x, _, __):
    """Of [b, c, v, y, x] with v = 100 + 0.5 i km/s; see Pass::spectral_moments for what is done about noise."""
    v = (100 + 0.5 * torch.arange(x.shape[2], dtype=torch.float64)).view(-1, 1, 1)
    weight = F.relu(x)
    total = weight.sum(2, keepdim=True).clamp(min=1e-6)
    mean = (weight * v).sum(2, keepdim=True) / total
    central = lambda n: (weight * (v - mean) ** n).sum(2, keepdim=True) / total
    deviation = (central(2) + 1e-6 * 0.25).sqrt()
    maps = [x.sum(2, keepdim=True) * 0.5, mean, deviation, central(3) / deviation**3, central(4) / deviation**4]
    return torch.cat(maps, 2).flatten(1, 2)


def raw_moments(x, _, __):
    v = torch.linspace(-12.8, 12.8, x.shape[2], dtype=torch.float64).view(-1, 1, 1)
    return torch.stack([(v**i * x).mean(2) for i in range(3)], 2).flatten(1, 2)


def uniform(*shape):
    return 0.5 * torch.randn(shape)


def of_dimension(d):
    k = lambda kernel: [kernel] * d
    plain = lambda function: inside(lambda x, w, _: function(x, w))
    case(f"convolution-{d}", [value(d)], {"weight": uniform(6, 4, *k(3)), "bias": uniform(6)},
         plain(lambda x, w: CONV[d](x, w["weight"], w["bias"], padding=1)))
    case(f"convolution-strided-{d}", [value(d)], {"weight": uniform(6, 2, *k(2)), "bias": uniform(6)},
         plain(lambda x, w: CONV[d](x, w["weight"], w["bias"], stride=2, padding=1, dilation=2, groups=2)))
    case(f"convolution-depthwise-{d}", [value(d)], {"weight": uniform(8, 1, *k(3))},
         plain(lambda x, w: CONV[d](x, w["weight"], padding=1, groups=4)))
    case(f"transposed-convolution-{d}", [value(d)], {"weight": uniform(4, 3, *k(3)), "bias": uniform(3)},
         plain(lambda x, w: TRANSPOSED[d](x, w["weight"], w["bias"], stride=2, padding=1)))
    case(f"instance-norm-{d}", [value(d, offset=0.5)], norm_weights(4),
         plain(lambda x, w: F.instance_norm(x, weight=w["weight"], bias=w["bias"], eps=1e-4)))
    case(f"max-pool-{d}", [value(d)], {}, plain(lambda x, _: MAX_POOL[d](x, 2, 2)))
    case(f"average-pool-{d}", [value(d)], {}, plain(lambda x, _: AVERAGE_POOL[d](x, 3, 1)))
    axes = (1,) if d == 1 else tuple(range(2, 2 + d))
    case(f"global-average-{d}", [value(d)], {}, lambda x, _, __: x.mean(axes))
    case(f"global-maximum-{d}", [value(d)], {}, lambda x, _, __: x.amax(axes))
    case(f"upsample-nearest-{d}", [value(d, 2, batch=1)], {}, plain(lambda x, _: F.interpolate(x, scale_factor=2, mode="nearest")))
    case(f"upsample-linear-{d}", [value(d, 2, batch=1)], {},
         plain(lambda x, _: F.interpolate(x, scale_factor=3, mode=LINEAR[d], align_corners=False)))
    middle = (slice(None), slice(None), *[slice(1, -2)] * d)
    case(f"crop-{d}", [value(d)], {}, plain(lambda x, _: x[middle]))
    like = value(d)[(slice(None), *[slice(0, 3)] * d)] if d == 1 else value(d)[(slice(None), slice(None), *[slice(0, 3)] * d)]
    cut = tuple(slice((n - 3) // 2, (n - 3) // 2 + 3) for n in SIZES[d])
    case(f"crop-like-{d}", [value(d), like], {},
         lambda x, _, __, ___: x[(slice(None), *cut)] if d == 1 else x[(slice(None), slice(None), *cut)])
    for fill, mode in (("zero", "constant"), ("reflect", "reflect"), ("replicate", "replicate")):
        case(f"pad-{fill}-{d}", [value(d, 2, batch=1)], {}, plain(lambda x, _: F.pad(x, [1, 2] * d, mode)))
    case(f"self-attention-{d}", [value(d, 6)],
         {"qkv.weight": uniform(18, 6), "qkv.bias": uniform(18), "projection.weight": uniform(6, 6), "projection.bias": uniform(6)},
         self_attention(2))
    for basis in (("rbf", 4, 2.0), ("b-spline", 5, 3, 3.0)):
        count = 4 if basis[0] == "rbf" else 8
        case(f"kan-convolution-{basis[0]}-{d}", [value(d, 2, scale=1.5, offset=2.0)],
             {"spline.weight": uniform(2, 2 * count, *k(3)), "spline.bias": uniform(2),
              "base.weight": 0.05 * uniform(2, 2, *k(3)), "base.bias": uniform(2), **statistics(2, "input_mean", "input_var")},
             kan_convolution(d, 3, basis))
    if d > 1:
        weights = {}
        for part, c, f in (("gate", 4, 2), ("skip", 3, 2), ("psi", 2, 1)):
            weights |= {f"{part}.weight": uniform(f, c, *[1] * d), f"{part}.bias": uniform(f)}
            weights |= norm_weights(f, f"{part}_norm.")
            weights |= statistics(f, f"{part}_norm.running_mean", f"{part}_norm.running_var")
        case(f"attention-gate-{d}", [value(d, 4), value(d, 3)], weights, attention_gate(d))


def of_any(d):
    plain = lambda function: inside(lambda x, w, _: function(x, w))
    case(f"batch-norm-{d}", [value(d, batch=3, offset=3.0)], {**norm_weights(4), **statistics(4)}, inside(batch_norm))
    # Two channels make a group; of a vector they must differ, or their variance has no digits.
    apart = spread(torch.tensor([[1.0, -1.0, 1.0, -1.0]]), value(d)) if d else torch.tensor([1.0, -1.0, 1.0, -1.0])
    case(f"group-norm-{d}", [0.3 * value(d) + apart], norm_weights(4), plain(lambda x, w: F.group_norm(x, 2, w["weight"], w["bias"], 1e-5)))
    last = lambda x, w: F.layer_norm(x.movedim(1, -1), (4,), w["weight"], w["bias"], 1e-6).movedim(-1, 1)
    case(f"layer-norm-{d}", [value(d)], norm_weights(4), plain(last))
    for around_one in (False, True):
        case(f"film{'-around-one' if around_one else ''}-{d}", [value(d), value(0, 8)], {}, film(around_one))
    case(f"concatenate-{d}", [value(d, 2), value(d, 3)], {}, lambda x, y, _, __: torch.cat([x, y], 2 if d == 1 else 1))
    case(f"add-{d}", [value(0), value(d), value(d, 1)], {}, lambda x, y, z, _, __: spread(x, y) + y + z)
    case(f"multiply-{d}", [value(d, 1), value(d), value(0)], {}, lambda x, y, z, _, __: x * y * spread(z, y))
    case(f"select-channels-{d}", [value(d)], {}, plain(lambda x, _: x[:, 1:3]))
    case(f"flatten-{d}", [value(d)], {}, lambda x, _, __: x.flatten(1))
    for basis in (("rbf", 4, 2.0), ("b-spline", 5, 3, 3.0)):
        count = 4 if basis[0] == "rbf" else 8
        case(f"kan-{basis[0]}-{d}", [value(d, 3, batch=5, scale=1.5, offset=2.0)],
             {"spline.weight": uniform(7, 3 * count), "base.weight": 0.05 * uniform(7, 3), "bias": uniform(7),
              **statistics(3, "input_mean", "input_var")},
             kan(3, 2, basis))


def main(folder):
    torch.manual_seed(31)
    for d in (1, 2, 3):
        of_dimension(d)
    for d in (0, 1, 2, 3):
        of_any(d)
    for d in (0, 1):
        case(f"linear-{d}", [value(d)], {"weight": uniform(5, 4), "bias": uniform(5)},
             lambda x, w, _: F.linear(x, w["weight"], w["bias"]))
    for name, function in {
        "relu": F.relu, "gelu": F.gelu, "silu": F.silu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softplus": F.softplus,
        "leaky-relu": F.leaky_relu, "leaky-relu-steep": lambda x: F.leaky_relu(x, 0.2),
    }.items():
        case(name, [value(2, scale=3.0)], {}, lambda x, _, __: function(x))
    case("reshape", [value(0, 24)], {}, lambda x, _, __: x.view(2, 2, 3, 4))
    case("constant", [value(2)], {}, lambda x, _, __: 0 * x + 2.5)
    line = lambda: 3 * torch.exp(-torch.linspace(-2, 2, 9).view(9, 1, 1) ** 2) + 0.1 * torch.randn(2, 2, 9, 4, 3)
    case("spectral-moments-physical", [line()], {}, physical_moments)
    case("spectral-moments-raw", [line()], {}, raw_moments)
    case("spectral-projection", [line()], {"weight": uniform(3, 18, 1, 1), "bias": uniform(3)},
         lambda x, w, _: F.conv2d(x.flatten(1, 2), w["weight"], w["bias"]))
    z = torch.linspace(-4, 4, 33)
    CONTENT["basis/z"] = z
    for degree in (1, 2, 3, 4, 5):
        knots = np.arange(-degree, 5 + degree + 1) * 1.2 - 3.0
        splines = [BSpline.basis_element(knots[i : i + degree + 2], extrapolate=False) for i in range(5 + degree)]
        for name, derive in (("values", 0), ("slopes", 1)):
            table = np.stack([np.nan_to_num(s(z.double().numpy(), derive)) for s in splines], -1)
            CONTENT[f"basis/{name}-{degree}"] = torch.from_numpy(table)
    save_file({k: v.float().contiguous() for k, v in CONTENT.items()}, folder / "operations.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "tests" / "golden"))
