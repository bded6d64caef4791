#!/usr/bin/python3
"""Five steps of CutPaste's training with torch for tests/unit/cutpaste.c: a ResNet-18 and a head of two hidden layers, batch norms in
training mode, image i of class i % 3, cross-entropy, SGD with momentum .9 and decay 3e-5; in the first two steps the head learns alone.

Weights and images come from formula.py; computed in f64.

    /usr/bin/python3 tests/oracle/cutpaste.py > tests/oracle/cutpaste.h      # torch 1.13, torchvision 0.14
"""
from collections import OrderedDict

import numpy as np
import torch
import torchvision

from formula import fill, uniform

BATCH, SIDE, STEPS, ALONE, WAYS, RATE = 12, 48, 5, 2, 3, 0.03
WATCHED = ("conv1.weight", "layer3.0.conv1.weight", "layer4.1.bn2.weight", "cutpaste.linear1.weight", "cutpaste.norm2.bias",
           "cutpaste.classes.weight", "bn1.running_mean", "layer4.1.bn2.running_var")


def image(step):
    x = uniform(f"cutpaste {step}", BATCH * SIDE * SIDE * 3).astype(np.float32).reshape(BATCH, SIDE, SIDE, 3) * 4 - 2
    return torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).double()


def array(name, values):
    print(f"static const double {name}[] = {{" + ", ".join(f"{v:.9g}" for v in np.ravel(values)) + "};")


def network():
    backbone = torchvision.models.resnet18(weights=None)
    backbone.fc = torch.nn.Identity()
    head = torch.nn.Sequential(OrderedDict(
        linear1=torch.nn.Linear(512, 512), norm1=torch.nn.BatchNorm1d(512), relu1=torch.nn.ReLU(),
        linear2=torch.nn.Linear(512, 128), norm2=torch.nn.BatchNorm1d(128), relu2=torch.nn.ReLU(),
        classes=torch.nn.Linear(128, WAYS)))
    with torch.no_grad():
        fill(backbone)
        for name, tensor in head.state_dict().items():
            u = uniform("cutpaste." + name, tensor.numel())
            if tensor.dim() == 2:  # as tests/unit/formula.h fills products
                tensor.copy_(torch.from_numpy(((u - 0.5) * np.sqrt(24.0 / tensor.shape[1])).astype(np.float32)).reshape(tensor.shape))
            elif name.endswith("running_var") or name.endswith("weight"):
                tensor.copy_(torch.from_numpy((0.5 + 0.5 * u).astype(np.float32)))
            elif not name.endswith("tracked"):
                tensor.copy_(torch.from_numpy(((u - 0.5) * 0.2).astype(np.float32)))
    return backbone.double().train(), head.double().train()


def run():
    backbone, head = network()
    optimiser = torch.optim.SGD(list(backbone.parameters()) + list(head.parameters()), lr=RATE, momentum=0.9, weight_decay=3e-5)
    labels = torch.arange(BATCH) % WAYS
    losses = []
    for step in range(STEPS):
        for p in backbone.parameters():
            p.requires_grad = step >= ALONE
        optimiser.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(head(backbone(image(step))), labels)
        loss.backward()
        losses.append(loss.item())
        optimiser.step()
    array("cutpaste_loss", losses)
    state = {**backbone.state_dict(), **{"cutpaste." + k: v for k, v in head.state_dict().items()}}
    print(f"static const double cutpaste_value[{len(WATCHED)}][17] = {{")
    for key in WATCHED:
        v = state[key].reshape(-1).numpy()
        at = (uniform("cutpaste " + key, 16) * v.size).astype(np.int64)
        print("    {" + ", ".join(f"{x:.9g}" for x in np.concatenate([[np.linalg.norm(v)], v[at]])) + "},")
    print("};")


print("/* By tests/oracle/cutpaste.py: torch in f64. */\n/* clang-format off */")
print(f"enum {{ CUTPASTE_BATCH = {BATCH}, CUTPASTE_SIDE = {SIDE}, CUTPASTE_STEPS = {STEPS}, CUTPASTE_ALONE = {ALONE}, CUTPASTE_WAYS = {WAYS} }};")
print(f"static const double cutpaste_rate = {RATE};")
print("static const char *const cutpaste_watched[] = {" + ", ".join(f'"{w}"' for w in WATCHED) + "};")
run()
