#!/usr/bin/python3
"""What torch makes of a label at every cell, for tests/unit/dense.c: loss, gradient, how many cells count and how many are right.

Logits of 3 images, 3 x 4 cells, 5 classes by formula.py: 4 * uniform - 2. Labels of 24 x 32 pixels (cells of 8 x 8) by blocks, see labels().
Shares are mean pools of one-hot planes. In f64.

    python3 tests/oracle/dense.py > tests/oracle/dense.npys      # torch 1.13
"""
import io
import sys

import numpy as np
import torch
import torch.nn.functional as F

from formula import note, uniform

N, H, W, C, CELL = 3, 3, 4, 5, 8


def labels():
    """0: none, else class + 1; blocks of 7 x 13 pixels, so that cells hold several, some without a label."""
    n, y, x = np.ogrid[:N, : H * CELL, : W * CELL]
    return torch.from_numpy(((y // 7) * 3 + (x // 13) + n) % (C + 1))


def main():
    logits = torch.from_numpy((4 * uniform("dense", N * H * W * C) - 2).reshape(N, H, W, C)).requires_grad_()
    planes = F.one_hot(labels(), C + 1).permute(0, 3, 1, 2).double()
    shares = F.avg_pool2d(planes, CELL).permute(0, 2, 3, 1)[..., 1:]
    counts = shares.max(-1).values >= 0.6
    target = shares / shares.sum(-1, keepdim=True).clamp(min=1e-9)
    losses = -(target * F.log_softmax(logits, -1)).sum(-1)
    loss = losses[counts].mean()
    loss.backward()
    correct = (logits.argmax(-1) == shares.argmax(-1))[counts].sum().item()
    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    note(out, name="dense", cells=counts.sum().item(), correct=correct, arrays="loss,gradient")
    for array in ([loss.item()], logits.grad.numpy()):
        np.lib.format.write_array(out, np.array(array, "<f8").copy(order="C"), version=(1, 0))
    note(out, end=1)
    sys.stdout.buffer.write(out.getvalue())


main()
