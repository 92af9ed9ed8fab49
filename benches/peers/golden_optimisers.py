"""Writes tests/golden/optimisers.safetensors: torch.optim over ten steps of given gradients, and a plateau schedule.

`start` [n], `gradients` [10, n], then the parameters after ten steps under each rule's name (learning rate 0.01);
`clipped`: the first gradient clipped to norm 1; `plateau_losses`, and `plateau_rates` after each of them.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

RULES = {
    "adam": (torch.optim.Adam, {}),
    "adam_decay": (torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.1}),
    "sgd": (torch.optim.SGD, {"weight_decay": 0.1}),
    "sgd_momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "sgd_nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
}


def main(folder):
    torch.manual_seed(5)
    start = torch.randn(48)
    # Over some decades, since the rules differ most for small gradients.
    gradients = torch.randn(10, 48) * 10 ** torch.linspace(-4, 1, 48)
    content = {"start": start, "gradients": gradients}
    for name, (kind, options) in RULES.items():
        parameter = start.clone().requires_grad_()
        optimiser = kind([parameter], lr=0.01, **options)
        for gradient in gradients:
            parameter.grad = gradient.clone()
            optimiser.step()
        content[name] = parameter.detach()
    parameter = start.clone().requires_grad_()
    parameter.grad = gradients[0].clone()
    torch.nn.utils.clip_grad_norm_([parameter], 1.0)
    content["clipped"] = parameter.grad

    losses = [1.0, 0.8, 0.8, 0.81, 0.79999, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
    optimiser = torch.optim.SGD([parameter], lr=0.01)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.3, patience=2, cooldown=1, min_lr=2e-4)
    rates = []
    for loss in losses:
        plateau.step(loss)
        rates.append(optimiser.param_groups[0]["lr"])
    content["plateau_losses"] = torch.tensor(losses, dtype=torch.float64)
    content["plateau_rates"] = torch.tensor(rates, dtype=torch.float64)
    save_file({k: v.contiguous() for k, v in content.items()}, folder / "optimisers.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2] / "tests" / "golden"))
