#!/usr/bin/python3
"""Dumps of torchvision's networks for tests/unit/networks.c: weights and images by a formula that the C side repeats.

For ResNet-18, ResNet-50 and WRN50-2 in eval mode on one 3 x 96 x 64 image: per tap the shape, and 1,000 values at places drawn
by the same formula. Written as a tensor stream (npys) to stdout.

    python3 tests/oracle/networks.py > tests/oracle/networks.npys      # torch 1.13, torchvision 0.14
"""
import io
import sys

import numpy as np
import torch
import torchvision

from formula import fill, note, uniform


def main():
    out = io.BytesIO()
    image = uniform("image", 3 * 96 * 64).astype(np.float32).reshape(1, 96, 64, 3) * 4 - 2
    note(out, stream="oracle", version=1, by="torchvision " + torchvision.__version__)
    records = 0
    for arch in ("resnet18", "resnet50", "wide_resnet50_2"):
        model = getattr(torchvision.models, arch)(weights=None).eval()
        with torch.no_grad():
            fill(model)
            x = torch.from_numpy(image.transpose(0, 3, 1, 2).copy())
            x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
            for tap in ("layer1", "layer2", "layer3", "layer4", "avgpool"):
                x = getattr(model, tap)(x)
                y = x[0].permute(1, 2, 0).contiguous().numpy().reshape(-1)
                at = (uniform(f"{arch} {tap}", 1000) * y.size).astype(np.int64)
                shape = "x".join(str(n) for n in (x.shape[2], x.shape[3], x.shape[1]))
                note(out, name=f"{arch}/{tap}", arch=arch, tap=tap, shape=shape, scale=f"{np.abs(y).max():.9g}", arrays="values")
                np.lib.format.write_array(out, y[at].astype("<f4"), version=(1, 0))
                records += 1
    note(out, end=records)
    sys.stdout.buffer.write(out.getvalue())


main()
