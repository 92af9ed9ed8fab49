"""Prints a table of training throughput, Aquila beside PyTorch, from interleaved runs: other work on the machine hits both.

usage: compare_training.py AQUILA_BENCH [--rounds N]
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PYTORCH = {
    "PyTorch, default": [],
    "PyTorch, channels last": ["--format", "channels-last"],
    "PyTorch, channels last, bfloat16": ["--format", "channels-last", "--precision", "bfloat16"],
}
TARGETS = {"Aquila, float32": 1.2, "Aquila, bfloat16": 2.4}


def rows(command):
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    found = {}
    for _ in range(options.rounds):
        for name, flags in PYTORCH.items():
            for row in rows([sys.executable, str(HERE / "train_unet.py"), *flags]):
                found.setdefault(name, []).append(row)
        for row in rows([options.bench, "--json"]):
            found.setdefault(f"Aquila, {row['precision']}", []).append(row)
    reference = [row["samples_per_second"] for row in found["PyTorch, default"]]
    print("U-Net, 4 levels, base 16, attention; batch 8 of 128²; Adam. Median of the rounds.")
    print(f"{'':34}{'threads':>8}{'ms/step':>10}{'samples/s':>11}{'ratio':>8}  target")
    for name, all_rows in found.items():
        rate = statistics.median(row["samples_per_second"] for row in all_rows)
        ratio = statistics.median(row["samples_per_second"] / base for row, base in zip(all_rows, reference))
        target = f"≥ {TARGETS[name]}  {'held' if ratio >= TARGETS[name] else 'MISSED'}" if name in TARGETS else ""
        print(f"{name:34}{all_rows[-1]['threads']:8}{8e3 / rate:10.1f}{rate:11.1f}{ratio:8.2f}  {target}")


if __name__ == "__main__":
    main()
