"""Little networks that have every kind of block between them, as blueprints: for check_exports.py."""

INPUTS = {
    "map": ("input", {"channels": 4, "height": 9, "width": 8}),
    "cube": ("cube-input", {"channels": 4, "depth": 7, "height": 6, "width": 5}),
    "sequence": ("sequence-input", {"length": 10, "channels": 4}),
    "vector": ("vector-input", {"values": 4}),
}
PIXELS = ["map", "cube", "sequence"]
ALL = [*PIXELS, "vector"]

# Each line: the inputs it is tried on, and blocks one after the other. A block is a kind with its parameters and, for further inputs,
# the blocks (by number; 0 is the input) that feed them.
CHAINS = [
    (PIXELS, [("convolution", {"filters": 6, "stride": 2, "dilation": 2, "groups": 2, "bias": False}), ("gelu", {})]),
    (PIXELS, [("depthwise-convolution", {"multiplier": 2}), ("silu", {})]),
    (PIXELS, [("transposed-convolution", {"filters": 3, "kernel": 3, "stride": 2, "padding": 1}), ("tanh", {})]),
    (["vector", "sequence"], [("linear", {"features": 5}), ("softplus", {}), ("linear", {"features": 3, "bias": False})]),
    (ALL, [("batch-norm", {"epsilon": 1e-3}), ("leaky-relu", {"slope": 0.2})]),
    (PIXELS, [("instance-norm", {}), ("relu", {})]),
    (ALL, [("layer-norm", {}), ("sigmoid", {})]),
    (ALL, [("group-norm", {"groups": 2}), ("dropout", {})]),
    (ALL, [("noise", {}), ("constant", {"value": 0.5}), ("add", {}, {"in2": 0})]),
    (PIXELS, [("max-pool", {"kernel": 2, "remainder": "drop"}), ("upsample", {"interpolation": "linear", "factor": 2})]),
    (PIXELS, [("average-pool", {"kernel": 3, "stride": 2, "remainder": "drop"}), ("upsample", {"interpolation": "nearest", "factor": 3})]),
    (PIXELS, [("global-pool", {"statistic": "average"}), ("multiply", {}, {"in2": 0})]),
    (PIXELS, [("global-pool", {"statistic": "maximum"}), ("linear", {"features": 8}), ("film", {}, {"in": 0, "condition": 2})]),
    (["vector"], [("linear", {"features": 8}), ("film", {"around_one": True}, {"in": 0, "condition": 1})]),
    (ALL, [("flatten", {}), ("linear", {"features": 24}), ("reshape", {"to": "map", "sizes": "2×3×4"}), ("convolution", {"filters": 2})]),
    (ALL, [("flatten", {}), ("linear", {"features": 24}), ("reshape", {"to": "sequence", "sizes": "6×4"}), ("convolution", {"filters": 2})]),
    (ALL, [("select-channels", {"start": 1, "count": 2}), ("concatenate", {}, {"in2": 0}), ("tanh", {})]),
    (PIXELS, [("crop", {"amount": 1}), ("pad", {"amount": 2, "fill": "reflect"}), ("relu", {})]),
    (PIXELS, [("pad", {"to": "multiple", "multiple": 4, "fill": "replicate"}), ("crop-like", {}, {"like": 0}), ("relu", {})]),
    (PIXELS, [("convolution", {"filters": 4, "padding": 0}), ("crop-like", {}, {"in": 0, "like": 1}), ("pad", {"fill": "zero"})]),
    (["map", "cube"], [("convolution", {"filters": 6}), ("attention-gate", {}, {"gate": 1, "skip": 0})]),
    (PIXELS, [("self-attention", {"heads": 2}), ("add", {}, {"in2": 0}), ("layer-norm", {}), ("self-attention", {"heads": 1})]),
    (PIXELS, [("kan-convolution", {"filters": 3, "basis": "rbf"}), ("kan-convolution", {"filters": 2, "kernel": 1, "basis": "b-spline"})]),
    (ALL, [("kan", {"sums": 3, "products": 2, "basis": "b-spline", "degree": 2}), ("kan", {"sums": 1, "products": 0, "basis": "rbf"})]),
    (ALL, [("kan", {"sums": 0, "products": 2, "basis": "b-spline"})]),
    (["cube"], [("spectral-moments", {"moments": 5, "form": "physical", "first_velocity_km_s": -3.0, "velocity_step_km_s": 0.5})]),
    (["cube"], [("spectral-moments", {"moments": 3, "form": "raw"})]),
    (["cube"], [("spectral-projection", {"filters": 3}), ("relu", {})]),
]


def networks():
    for kinds, chain in CHAINS:
        for kind in kinds:
            yield f"{kind}: {', '.join(block[0] for block in chain)}", network(kind, chain)


def network(start, chain):
    kind, parameters = INPUTS[start]
    blocks = [{"id": 1, "kind": kind, "name": "Start", "position": [0, 0], "parameters": parameters}]
    links = []
    for number, (kind, parameters, *further) in enumerate(chain, start=1):
        blocks.append({"id": number + 1, "kind": kind, "name": f"{kind} {number}", "position": [200 * number, 0], "parameters": parameters})
        first = {"concatenate": "in1", "add": "in1", "multiply": "in1"}.get(kind, "in")
        feeds = further[0] if further else {}
        if kind != "attention-gate":
            feeds = {first: number - 1} | feeds
        links += [link(source, number, port) for port, source in feeds.items()]
    end = len(chain) + 1
    blocks.append({"id": end + 1, "kind": "output", "name": "End", "position": [200 * end, 0], "parameters": {}})
    links.append(link(end - 1, end, "in"))
    return {"format": "aquila-blueprint", "version": 1, "name": "Blocks", "note": "", "blocks": blocks, "links": links}


def link(source, target, port):
    return {"from": {"block": source + 1, "port": "out"}, "to": {"block": target + 1, "port": port}}
