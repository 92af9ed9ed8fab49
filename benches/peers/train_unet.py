"""Times training steps of the same U-Net in PyTorch with its default settings: what benches/training.rs is compared to.

`--format channels-last`, `--precision bfloat16` and `--threads N` leave the defaults, to see what each is worth.
"""

import argparse
import json
import statistics
import time

import torch

from unet import UNet

BATCH, SIDE = 8, 128


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--format", choices=["contiguous", "channels-last"], default="contiguous")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    network = UNet(levels=4, base=16).to(device)
    x, y = torch.randn(2, BATCH, 1, SIDE, SIDE, device=device)
    if options.format == "channels-last":
        network = network.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)

    def step():
        optimiser.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=options.precision == "bfloat16"):
            output = network(x)
        loss = torch.nn.functional.mse_loss(output.float(), y)
        loss.backward()
        optimiser.step()
        return loss.item()

    for _ in range(3):
        step()
    seconds = []
    for _ in range(options.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    row = {"precision": options.precision, "threads": torch.get_num_threads(), "ms_per_step": 1e3 * median, "samples_per_second": BATCH / median}
    print(json.dumps(row))


if __name__ == "__main__":
    main()
