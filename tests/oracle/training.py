#!/usr/bin/python3
"""The first ten SGD steps of torchvision's networks for tests/unit/training.c: losses, and the first step's gradients.

Weights and images come from formula.py; labels are image mod 10. Momentum .9, decay 1e-4, label smoothing .1. Computed in
f64, so that torch's own rounding does not count. The batches are those, of 40 and 300 tried, whose activations keep the largest
distance from ReLU's kink (2e-6 and 4.6e-6 of their deviation): a gradient is no continuous function there, and one activation that rounding moves across it
changes a gradient by .5 %. WRN50-2's rate is low because at .0005 torch's own f32 and f64 runs part by 1.5e-4 within the ten steps.

    python3 tests/oracle/training.py > tests/oracle/training.npys      # torch 1.13, torchvision 0.14
"""
import io
import sys

import numpy as np
import torch
import torchvision

from formula import fill, note, uniform


def main():
    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="torchvision " + torchvision.__version__)
    records = 0
    for arch, batch, first, rate in (("resnet18", 8, 0, 0.01), ("wide_resnet50_2", 2, 1370, 0.0001)):
        model = getattr(torchvision.models, arch)(weights=None, num_classes=10)
        with torch.no_grad():
            fill(model)
        model = model.double().train()
        optimiser = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=1e-4)
        losses, names, gradients = [], [], []
        for step in range(10):
            image = uniform(f"batch {first + step}", batch * 48 * 48 * 3).astype(np.float32).reshape(batch, 48, 48, 3) * 4 - 2
            x = torch.from_numpy(image.transpose(0, 3, 1, 2).copy()).double()
            y = torch.arange(batch) % 10
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y, label_smoothing=0.1)
            loss.backward()
            losses.append(loss.item())
            if step == 0:
                for name, p in model.named_parameters():
                    g = p.grad.reshape(-1).numpy()
                    at = (uniform("gradient " + name, 16) * g.size).astype(np.int64)
                    names.append(name)
                    gradients.append(np.concatenate([[np.linalg.norm(g)], g[at]]))
            optimiser.step()
        note(out, name=arch, batch=batch, first=first, rate=rate, arrays="losses")
        np.lib.format.write_array(out, np.array(losses, "<f4"), version=(1, 0))
        for name, g in zip(names, gradients):
            note(out, name=name, arrays="norm_and_samples")
            np.lib.format.write_array(out, g.astype("<f4"), version=(1, 0))
        records += 1 + len(names)
    note(out, end=records)
    sys.stdout.buffer.write(out.getvalue())


main()
