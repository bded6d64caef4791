#!/usr/bin/python3
"""Five steps of torch's optimisers on 70 numbers for tests/unit/optimisers.c, clipped gradients, and a quadratic penalty.

Numbers 0..39 decay and move at the rate, 40..69 don't decay and move at a tenth of it. Gradients of step k: (uniform - .5) of "gradient k"
(formula.py) times 10^(i mod 5 - 4), so that some are near epsilon. Computed in f64.

    python3 tests/oracle/optimisers.py > tests/oracle/optimisers.npys      # torch 1.13
"""
import io
import sys

import numpy as np
import torch

from formula import note, uniform

N, SPLIT, STEPS, RATE = 70, 40, 5, 0.05


def start():
    p = torch.from_numpy(uniform("values", N) - 0.5)
    return [p[:SPLIT].clone().requires_grad_(), p[SPLIT:].clone().requires_grad_()]


def gradient(step):
    return torch.from_numpy((uniform(f"gradient {step}", N) - 0.5) * 10.0 ** (np.arange(N) % 5 - 4))


def steps(out, name, make, decay, clip=0, **words):
    p = start()
    optimiser = make([{"params": p[:1], "weight_decay": decay, "lr": RATE}, {"params": p[1:], "weight_decay": 0, "lr": RATE / 10}])
    values, norms = [], []
    for step in range(STEPS):
        g = gradient(step)
        p[0].grad, p[1].grad = g[:SPLIT].clone(), g[SPLIT:].clone()
        norms.append(torch.nn.utils.clip_grad_norm_(p, clip).item() if clip else 0)
        optimiser.step()
        values.append(torch.cat([q.detach() for q in p]).numpy().copy())
    note(out, name=name, decay=decay, clip=clip, **words, arrays="values,norms")
    np.lib.format.write_array(out, np.array(values, "<f8"), version=(1, 0))
    np.lib.format.write_array(out, np.array(norms, "<f8"), version=(1, 0))


def penalty(out, weight):
    p = torch.cat(start()).detach().requires_grad_()
    anchor, importance = (torch.from_numpy(uniform(name, N)) for name in ("anchor", "importance"))
    loss = weight / 2 * (importance * (p - anchor) ** 2).sum()
    loss.backward()
    note(out, name="penalty", weight=weight, arrays="loss,gradient")
    np.lib.format.write_array(out, np.array([loss.item()], "<f8"), version=(1, 0))
    np.lib.format.write_array(out, p.grad.numpy(), version=(1, 0))


def main():
    out, optim = io.BytesIO(), torch.optim
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    steps(out, "SGD", lambda p: optim.SGD(p, lr=1, momentum=0.8), 0.1, kind=0, momentum=0.8)
    steps(out, "SGD with clipped gradients", lambda p: optim.SGD(p, lr=1, momentum=0.8), 0.1, clip=0.5, kind=0, momentum=0.8)
    steps(out, "Adam", lambda p: optim.Adam(p), 0, kind=1, beta1=0.9, beta2=0.999, epsilon=1e-8)
    steps(out, "Adam with decay", lambda p: optim.Adam(p), 0.1, kind=1, beta1=0.9, beta2=0.999, epsilon=1e-8)
    steps(out, "Adam with other betas and epsilon", lambda p: optim.Adam(p, betas=(0.5, 0.99), eps=1e-3), 0, kind=1, beta1=0.5, beta2=0.99, epsilon=1e-3)
    steps(out, "AdamW", lambda p: optim.AdamW(p), 0.5, kind=2, beta1=0.9, beta2=0.999, epsilon=1e-8)
    penalty(out, 3.0)
    note(out, end=7)
    sys.stdout.buffer.write(out.getvalue())


main()
