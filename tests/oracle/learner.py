#!/usr/bin/python3
"""Five Adam steps of a small student in torch for tests/unit/learner.c: the loss is STFPM's at two depths, against maps of a teacher that
is a formula; once all of it learns, once its first convolution and norm are frozen.

Weights, images and the teacher's maps are those of formula.py. Computed in f64.

    python3 tests/oracle/learner.py > tests/oracle/learner.npys      # torch 1.13
"""
import io
import sys

import numpy as np
import torch
import torch.nn.functional as F

from formula import fill, note, uniform

SIDE, BATCH, STEPS = 16, 4, 5


class Student(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False), torch.nn.BatchNorm2d(8)
        self.conv2, self.bn2 = torch.nn.Conv2d(8, 8, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(8)

    def forward(self, x):
        a = torch.relu(self.bn1(self.conv1(x)))
        return a, torch.relu(self.bn2(self.conv2(a)) + a)


def nhwc(name, side, channels):
    return torch.from_numpy(uniform(name, BATCH * side * side * channels).reshape(BATCH, side, side, channels)).permute(0, 3, 1, 2)


def train(out, name, frozen):
    model = Student()
    with torch.no_grad():
        fill(model)
    model = model.double().train()
    for key, p in model.named_parameters():
        p.requires_grad = not key.startswith(tuple(frozen)) if frozen else True
    learning = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam([{"params": [p for p in learning if p.dim() > 1], "weight_decay": 0.05},
                                  {"params": [p for p in learning if p.dim() == 1]}], lr=0.02)
    losses = []
    for step in range(STEPS):
        optimiser.zero_grad()
        maps = model(nhwc(f"images {step}", SIDE, 3))
        teacher = [nhwc(f"teacher {step} {tap}", SIDE // 2, 8) for tap in "ab"]
        loss = sum(((F.normalize(t) - F.normalize(s)) ** 2).sum(1).mean() for s, t in zip(maps, teacher))
        loss.backward()
        losses.append(loss.item())
        optimiser.step()
    arrays = {"losses": losses} | {k: v.numpy() for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    note(out, name=name, frozen=int(bool(frozen)), arrays=",".join(arrays))
    for v in arrays.values():
        np.lib.format.write_array(out, np.array(v, "<f4"), version=(1, 0))


def main():
    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    train(out, "all of it learns", [])
    train(out, "its beginning is frozen", ["conv1", "bn1"])
    note(out, end=2)
    sys.stdout.buffer.write(out.getvalue())


main()
