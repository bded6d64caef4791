#!/usr/bin/python3
"""Five steps of PANDA with torch for tests/unit/panda.c: a ResNet-18 in eval mode whose layer3 and layer4 learn, compactness around the
first features' mean, SGD with momentum .9 and decay 5e-5, gradients cut to a norm; then the same with a pull towards the first weights; and the diagonal of the Fisher information over two
labelled images.

Weights and images come from formula.py; computed in f64.

    /usr/bin/python3 tests/oracle/panda.py > tests/oracle/panda.h      # torch 1.13, torchvision 0.14
"""
import numpy as np
import torch
import torchvision

from formula import fill, uniform

BATCH, SIDE, STEPS = 4, 48, 5
WATCHED = ("layer3.0.conv1.weight", "layer3.1.bn2.bias", "layer4.0.downsample.0.weight", "layer4.1.bn2.weight")


def image(step):
    x = uniform(f"panda {step}", BATCH * SIDE * SIDE * 3).astype(np.float32).reshape(BATCH, SIDE, SIDE, 3) * 4 - 2
    return torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).double()


def array(name, values):
    print(f"static const double {name}[] = {{" + ", ".join(f"{v:.9g}" for v in np.ravel(values)) + "};")


def run(name, rate, clip, pull):
    model = torchvision.models.resnet18(weights=None)
    model.fc = torch.nn.Identity()
    with torch.no_grad():
        fill(model)
    model = model.double().eval()
    for key, p in model.named_parameters():
        p.requires_grad = key.startswith(("layer3", "layer4"))
    learns = [p for p in model.parameters() if p.requires_grad]
    first = [p.detach().clone() for p in learns]
    with torch.no_grad():
        centre = torch.cat([model(image(s)) for s in range(STEPS)]).mean(0)
    optimiser = torch.optim.SGD(learns, lr=rate, momentum=0.9, weight_decay=5e-5)
    losses, gradients = [], []
    for step in range(STEPS):
        optimiser.zero_grad()
        f = model(image(step))
        loss = ((f - centre) ** 2).sum(1).div(f.shape[1]).mean()
        if pull:
            loss = loss + pull / 2 * sum(((p - q) ** 2).sum() for p, q in zip(learns, first))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(learns, clip)
        gradients.append(norm.item())
        losses.append(loss.item())
        optimiser.step()
    array(f"{name}_centre", centre[:16].numpy())
    array(f"{name}_loss", losses)
    if not pull:
        array(f"{name}_norm", gradients)
    state = model.state_dict()
    for i, key in enumerate(WATCHED):
        v = state[key].reshape(-1).numpy()
        at = (uniform("panda " + key, 16) * v.size).astype(np.int64)
        array(f"{name}_value{i}", np.concatenate([[np.linalg.norm(v)], v[at]]))


def fisher():
    model = torchvision.models.resnet18(weights=None, num_classes=10)
    with torch.no_grad():
        fill(model)
    model = model.double().eval()
    sums = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for label in (3, 7):
        x = np.floor(uniform(f"fisher {label}", SIDE * SIDE * 3) * 256).reshape(SIDE, SIDE, 3) / 255
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.from_numpy(x.transpose(2, 0, 1)[None].copy())), torch.tensor([label])).backward()
        for name, p in model.named_parameters():
            sums[name] += p.grad ** 2 / 2
    for i, key in enumerate(WATCHED):
        v = sums[key].reshape(-1).numpy()
        at = (uniform("panda " + key, 16) * v.size).astype(np.int64)
        array(f"fisher_value{i}", np.concatenate([[np.linalg.norm(v)], v[at]]))


print("/* By tests/oracle/panda.py: torch in f64. */\n/* clang-format off */")
print(f"enum {{ PANDA_BATCH = {BATCH}, PANDA_SIDE = {SIDE}, PANDA_STEPS = {STEPS} }};")
print("static const char *const panda_watched[] = {" + ", ".join(f'"{w}"' for w in WATCHED) + "};")
run("panda", 1.0, 0.05, 0)
run("panda_pulled", 1.0, 0.05, 2.0)
fisher()
