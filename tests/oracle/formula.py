"""Weights and images by a formula, repeated in C by tests/unit/formula.h; and notes of a tensor stream."""
import numpy as np
import torch


def uniform(name, n):
    """n numbers in [0, 1) that depend on the name: murmur3's finaliser over a counter."""
    seed = 0
    for byte in name.encode():
        seed = (seed * 31 + byte) & 0xFFFFFFFF
    x = (np.arange(n, dtype=np.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x ^= x >> np.uint64(shift)
        x = (x * factor) & 0xFFFFFFFF
    return (x >> np.uint64(8)).astype(np.float64) / 2**24


def fill(model):
    """Sets every tensor of a network. Variance 2 / fan-in keeps the scale through ReLU."""
    state = model.state_dict()
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        u = uniform(name, tensor.numel())
        if tensor.dim() == 4:
            value = (u - 0.5) * np.sqrt(24.0 / (tensor.shape[1] * tensor.shape[2] * tensor.shape[3]))
        elif name == "fc.weight":
            value = (u - 0.5) * 0.1
        elif name.endswith("running_var") or name.endswith("weight"):
            value = 0.5 + 0.5 * u
        else:
            value = (u - 0.5) * 0.2
        if name.endswith(("bn2.weight", "bn3.weight")):
            value = value * 0.25  # tame residual branches keep deep networks well-conditioned
        tensor.copy_(torch.from_numpy(value.astype(np.float32)).reshape(tensor.shape))
    model.load_state_dict(state)


def note(out, **keys):
    text = "\t".join(f"{k}={v}" for k, v in keys.items())
    np.lib.format.write_array(out, np.array(text.encode()), version=(1, 0))
