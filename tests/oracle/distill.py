#!/usr/bin/python3
"""Training steps of Reverse Distillation's and STFPM's students, for tests/unit/distill.c: losses, the first step's gradients, and
the map of an image after the last step.

The students of Reverse Distillation are Anomalib's own modules (OCBE, ResNetDecoder), made 16 times thinner by giving torch's layers
a 16th of the channels that the modules ask for; STFPM's is torchvision's ResNet-18. Weights, images and the teachers' taps come from
formula.py. Computed in f64, so that torch's own rounding does not count. The batches are those, of 60 tried, whose activations keep
the largest distance from ReLU's kink, where a gradient is no continuous function.

    python3 tests/oracle/distill.py ANOMALIB/models > tests/oracle/distill.npys      # torch 1.13, torchvision 0.14, anomalib 2.7
"""
import importlib.util
import io
import sys

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from formula import fill, note, uniform

STEPS, THINNER, TRIES = 6, 16, 60
BATCH, SIDES = 6, ((16, 24), (8, 12), (4, 6))


def module(path):
    spec = importlib.util.spec_from_file_location(path.split("/")[-1][:-3], path)
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    return m


class thinner:
    """While it lasts, torch's layers have fewer channels than they are asked for."""

    def __enter__(self):
        self.old = nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d

        def conv(old):
            return type(old.__name__, (old,), {"__init__": lambda s, i, o, **k: old.__init__(s, i // THINNER, o // THINNER, **k)})

        nn.Conv2d, nn.ConvTranspose2d = conv(self.old[0]), conv(self.old[1])
        old = self.old[2]
        nn.BatchNorm2d = type("BatchNorm2d", (old,), {"__init__": lambda s, c: old.__init__(s, c // THINNER)})

    def __exit__(self, *_):
        nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d = self.old


class Reverse(nn.Module):
    def __init__(self, bottleneck, decoder):
        super().__init__()
        self.bottleneck, self.decoder = bottleneck, decoder

    def forward(self, taps):
        return self.decoder(self.bottleneck(taps))


def reverse(models, bottlenecks):
    ocbe = module(models + "/image/reverse_distillation/components/bottleneck.py")
    decoder = module(models + "/components/backbone/resnet_decoder.py")
    with thinner():
        if bottlenecks:
            b, d = ocbe.OCBE(ocbe.Bottleneck, 3, width_per_group=128), decoder.ResNetDecoder(
                decoder.DecoderBottleneck, [1, 2, 1], width_per_group=128)
        else:
            b, d = ocbe.OCBE(ocbe.BasicBlock, 2), decoder.ResNetDecoder(decoder.DecoderBasicBlock, [2, 2, 2])
    del b.conv4, b.bn4  # never used
    return Reverse(b, d)


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        net = torchvision.models.resnet18(weights=None)
        for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3"):
            setattr(self, name, getattr(net, name))

    def forward(self, x):
        taps = [self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x)))))]
        taps.append(self.layer2(taps[-1]))
        taps.append(self.layer3(taps[-1]))
        return taps


def numbers(name, n, h, w, c):
    """As fill_images of formula.h."""
    x = uniform(name, n * h * w * c).astype(np.float32).reshape(n, h, w, c) * 4 - 2
    return torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).double()


def taps_of(batch, channels):
    return [numbers(f"tap {i} of batch {batch}", BATCH, *SIDES[i], c) for i, c in enumerate(channels)]


def reverse_loss(student, taps, _):
    made = student(taps)
    return sum((1 - F.cosine_similarity(t.reshape(BATCH, -1), s.reshape(BATCH, -1))).mean() for t, s in zip(taps, made))


def stfpm_loss(student, taps, batch):
    made = student(numbers(f"image of batch {batch}", BATCH, 4 * SIDES[0][0], 4 * SIDES[0][1], 3))
    return sum((F.normalize(t) - F.normalize(s)).square().sum(1).mean() for t, s in zip(taps, made))


def reverse_map(student, taps, _, size):
    made = student([t[:1] for t in taps])
    return sum(F.interpolate((1 - F.cosine_similarity(t[:1], s))[:, None], size=size, mode="bilinear", align_corners=True)
               for t, s in zip(taps, made))


def stfpm_map(student, taps, batch, size):
    made = student(numbers(f"image of batch {batch}", BATCH, 4 * SIDES[0][0], 4 * SIDES[0][1], 3)[:1])
    out = 1
    for t, s in zip(taps, made):
        d = (F.normalize(t[:1]) - F.normalize(s)).square().sum(1, keepdim=True) / 2
        out = out * F.interpolate(d, size=size, mode="bilinear", align_corners=False)
    return out


def distance_from_kink(student, loss, channels, batch):
    nearest = [1.0]

    def look(_, inputs):
        x = inputs[0].detach()
        nearest[0] = min(nearest[0], (x.abs().min() / x.std()).item())

    hooks = [m.register_forward_pre_hook(look) for m in student.modules() if isinstance(m, nn.ReLU)]
    with torch.no_grad():
        loss(student, taps_of(batch, channels), batch)
    for h in hooks:
        h.remove()
    return nearest[0]


def dump(out, name, student, channels, loss, score, optimiser, rate):
    with torch.no_grad():
        fill(student)
    student = student.double().train()
    state = {k: v.clone() for k, v in student.state_dict().items()}
    first = max(range(TRIES), key=lambda b: distance_from_kink(student, loss, channels, b))
    print(name, "batch", first, "distance", distance_from_kink(student, loss, channels, first), file=sys.stderr)
    student.load_state_dict(state)
    optimiser = optimiser(student.parameters(), rate)
    losses, gradients = [], []
    for step in range(STEPS):
        taps = taps_of(first + step, channels)
        optimiser.zero_grad()
        value = loss(student, taps, first + step)
        value.backward()
        losses.append(value.item())
        for parameter, p in student.named_parameters() if step == 0 else ():
            g = p.grad.reshape(-1).numpy()
            at = (uniform("gradient " + parameter, 16) * g.size).astype(np.int64)
            gradients.append((parameter, np.concatenate([[np.linalg.norm(g)], g[at]])))
        if step < STEPS - 1:
            optimiser.step()
    with torch.no_grad():
        image = score(student.eval(), taps_of(first, channels), first, (32, 48))[0, 0].numpy()
    note(out, name=name, first=first, rate=rate, gradients=len(gradients), arrays="losses,map")
    np.lib.format.write_array(out, np.array(losses, "<f8"), version=(1, 0))
    np.lib.format.write_array(out, image.astype("<f4"), version=(1, 0))
    for parameter, g in gradients:
        note(out, name=parameter, arrays="norm_and_samples")
        np.lib.format.write_array(out, g.astype("<f4"), version=(1, 0))
    return 1 + len(gradients)


def main():
    def adam(beta2):
        return lambda p, rate: torch.optim.Adam(p, lr=rate, betas=(0.5, beta2))

    def sgd(p, rate):
        return torch.optim.SGD(p, lr=rate, momentum=0.9, weight_decay=1e-4)

    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="anomalib 2.7.0, torchvision " + torchvision.__version__)
    n = dump(out, "basic", reverse(sys.argv[1], False), (4, 8, 16), reverse_loss, reverse_map, adam(0.999), 0.005)
    n += dump(out, "bottlenecks", reverse(sys.argv[1], True), (16, 32, 64), reverse_loss, reverse_map, adam(0.99), 0.005)
    n += dump(out, "stfpm", Student(), (64, 128, 256), stfpm_loss, stfpm_map, sgd, 0.4)
    note(out, end=n)
    sys.stdout.buffer.write(out.getvalue())


main()
