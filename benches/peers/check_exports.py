"""Every template and every kind of block, exported: do Aquila, the PyTorch module and the ONNX file give the same outputs?

    benches/peers/.venv/bin/python benches/peers/check_exports.py target/debug/aquila [TEMPLATE | blocks …]

Each network (small where the full size is slow) is exported with its first weights, all weights and running
statistics are replaced by random numbers in PyTorch, brought back by `aquila blueprint import`, and exported again as PyTorch and as
ONNX with an example. The largest difference from Aquila's own outputs must stay under 1e-5 of the largest output. Prints a table;
exits with 1 where a network differs or cannot be exported.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import onnx
import onnxruntime
import torch
from safetensors.torch import load_file, save_file

import blocks

TOLERANCE = 1e-5
SMALL = ["--height", "32", "--width", "32"]
LEVELS = ["--levels", "3", "--base", "8"]
CASES = {
    "unet": [[], [*LEVELS, *SMALL, "--double"], [*LEVELS, *SMALL, "--residual"], [*LEVELS, *SMALL, "--no-attention"]],
    "unet-3d": [["--levels", "2", "--base", "8", "--height", "16", "--width", "16", "--depth", "16"]],
    "fully-convolutional": [[*LEVELS, *SMALL]],
    "k-net": [[*LEVELS, *SMALL]],
    "u-kan": [[*LEVELS, *SMALL]],
    "symbolic-kan": [[*LEVELS, *SMALL]],
    "multinet": [SMALL, [*SMALL, "--inputs", "2"], [*SMALL, "--spectra", "projection"], [*SMALL, "--spectra", "moments"]],
    "context-unet": [SMALL],
    "ppv-unet": [[*SMALL, "--base", "8"]],
    "cluster-age-cnn": [[]],
    "cluster-age-cnn-5-bands": [[]],
    "cutout-resnet": [[]],
    "completeness-physical": [[]],
    "completeness-photometric": [[]],
}


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def load(folder):
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.Network()
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    return network.eval()


def randomise(network):
    """Weights of about the first ones' size everywhere, so that no bias is zero and no statistic is trivial."""
    torch.manual_seed(1)
    for name, value in network.state_dict().items():
        if name.endswith(("running_var", "input_var")):
            value.copy_(torch.rand_like(value) + 0.5)
        elif value.is_floating_point() and value.dim() <= 1:
            value.add_(0.1 * torch.randn_like(value))
    return network


def outputs_of(file):
    """The names in the docstring's list of outputs, in the order in which `forward` gives them."""
    return [line.split()[1] for line in file.read_text().splitlines() if line.startswith("Output  ")]


def largest_difference(outputs, example, names):
    return max(float((ours - example[name]).abs().max() / example[name].abs().max()) for ours, name in zip(outputs, names))


def check(aquila, blueprint, folder):
    run(aquila, "blueprint", "export", blueprint, "--format", "pytorch", "--out", folder / "first")
    save_file(randomise(load(folder / "first")).state_dict(), folder / "random.safetensors")
    weights = folder / "weights.safetensors"
    run(aquila, "blueprint", "import", folder / "random.safetensors", "--blueprint", blueprint, "--out", weights)
    for form in ("pytorch", "onnx"):
        run(aquila, "blueprint", "export", blueprint, "--format", form, "--weights", weights, "--with-example", "--out", folder / form)
    example = load_file(folder / "onnx" / "example.safetensors")
    network = load(folder / "pytorch")
    variables = list(network.forward.__code__.co_varnames[1 : network.forward.__code__.co_argcount])
    inputs = [example[f"input.{name}"] for name in variables]
    names = [f"output.{name}" for name in outputs_of(folder / "pytorch" / "model.py")]
    with torch.no_grad():
        outputs = network(*inputs)
    pytorch = largest_difference(outputs if isinstance(outputs, tuple) else (outputs,), example, names)
    onnx.checker.check_model(onnx.load(folder / "onnx" / "model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
    feed = {end.name: value.numpy() for end, value in zip(session.get_inputs(), inputs)}
    outputs = [torch.from_numpy(output) for output in session.run(None, feed)]
    # A batch of another size, too: the axis is free.
    session.run(None, {name: value[:1] for name, value in feed.items()})
    return pytorch, largest_difference(outputs, example, names)


def networks(aquila, chosen, folder):
    """Name and blueprint of everything that is checked: the templates, and the kinds of blocks in little networks of their own."""
    for template, cases in CASES.items():
        for options in cases if not chosen or template in chosen else []:
            blueprint = folder / "network.blueprint.json"
            run(aquila, "blueprint", "new", template, "--out", blueprint, *options)
            yield " ".join([template, *options]), blueprint
    if not chosen or "blocks" in chosen:
        for name, content in blocks.networks():
            blueprint = folder / "network.blueprint.json"
            blueprint.write_text(json.dumps(content))
            yield name, blueprint


def main(aquila, chosen):
    warnings.simplefilter("ignore")
    worst = 0.0
    print(f"{'network':<72} {'PyTorch':>9} {'ONNX':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, blueprint in networks(aquila, chosen, Path(folder)):
            try:
                pytorch, onnx_ = check(aquila, blueprint, Path(folder))
            except Exception as error:
                worst = float("inf")
                print(f"{name:<72} {error}", flush=True)
                continue
            worst = max(worst, pytorch, onnx_)
            print(f"{name:<72} {pytorch:9.1e} {onnx_:9.1e}", flush=True)
    print(f"worst {worst:.1e}, limit {TOLERANCE:.0e}")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:]))
