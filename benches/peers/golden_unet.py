"""Writes tests/golden/unet_{single,double}.safetensors: one training step of a tiny U-Net in PyTorch.

Run in the environment that setup.sh makes. Each file holds the starting `weights/…` under Aquila's names, `input`,
`target`, the training `output`, the `gradient/…` of its mean squared error, the statistics `after/…` that step, and the
`evaluation` of the same input with them. Dropout is off: its masks come from Aquila's own generator.
"""

import re
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from unet import UNet

LEVELS, BASE = 2, 4


def aquila_name(name, double):
    """`decoders.0.layers.3.weight` in the class of unet.py → `Decoder 2.Convolution 2.weight` in the template."""
    owner, *rest = name.split(".")
    if owner == "head":
        return f"Head.{rest[0]}"
    place = int(rest.pop(0)) if owner != "bottleneck" else 0
    group = {"encoders": f"Encoder {place + 1}", "bottleneck": "Bottleneck"}.get(owner, f"Decoder {LEVELS - place}")
    if owner == "ups":
        return f"{group}.Up.{rest[0]}"
    if owner == "gates":
        part, index, leaf = rest
        return f"{group}.Gate.{part}{'_norm' if index == '1' else ''}.{leaf}"
    _, index, leaf = rest
    number = f" {int(index) // 3 + 1}" if double else ""
    return f"{group}.{'Batch norm' if int(index) % 3 == 1 else 'Convolution'}{number}.{leaf}"


def main(folder):
    for label, convolutions in (("single", 1), ("double", 2)):
        torch.manual_seed(20 + convolutions)
        network = UNet(LEVELS, BASE, convolutions, dropout=0.0)
        with torch.no_grad():
            for name, value in network.named_parameters():
                if value.dim() == 1:
                    value.add_(0.2 * torch.randn_like(value))
        state = lambda: {aquila_name(k, convolutions == 2): v for k, v in network.state_dict().items() if "num_batches" not in k}
        content = {f"weights/{k}": v.clone() for k, v in state().items()}
        x, y = torch.randn(2, 1, 16, 16), torch.randn(2, 1, 16, 16)
        network.train()
        output = network(x)
        torch.nn.functional.mse_loss(output, y).backward()
        content |= {"input": x, "target": y, "output": output.detach()}
        content |= {f"gradient/{aquila_name(k, convolutions == 2)}": p.grad for k, p in network.named_parameters()}
        content |= {f"after/{k}": v.clone() for k, v in state().items() if re.search(r"running_(mean|var)$", k)}
        network.eval()
        with torch.no_grad():
            content["evaluation"] = network(x)
        save_file({k: v.contiguous() for k, v in content.items()}, folder / f"unet_{label}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "tests" / "golden"))
