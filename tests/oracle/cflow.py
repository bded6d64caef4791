#!/usr/bin/python3
"""CFLOW-AD in small in torch, for tests/unit/cflow.c: codes of positions, likelihoods of vectors, the loss of a fibre, the gradients of all
parameters, and where five steps of Adam lead.

As flow.py; with --check Anomalib's cflow_head, positional_encoding_2d and get_logp are compared.

    python3 tests/oracle/cflow.py > tests/oracle/cflow.npys      # torch 1.13
"""
import io
import sys

import numpy as np
import torch
import torch.nn.functional as F

import flow
from flow import array, record
from formula import note, uniform

BLOCKS, CLAMP, CONDITION, VECTORS, STEPS, RATE = 3, 1.9, 8, 7, 5, 1e-2
SHAPES = [(6, 4, 5), (9, 2, 3)]  # channels, height, width of each tap; the second's blocks end with a matrix


def codes(height, width, n):
    f = torch.exp(torch.arange(n // 4, dtype=torch.float64) * -(2 * np.log(1e4) / (n // 2)))
    out = torch.zeros(height, width, n, dtype=torch.float64)
    x, y = torch.arange(width, dtype=torch.float64)[:, None] * f, torch.arange(height, dtype=torch.float64)[:, None] * f
    out[:, :, 0 : n // 2 : 2], out[:, :, 1 : n // 2 : 2] = torch.sin(x), torch.cos(x)
    out[:, :, n // 2 :: 2], out[:, :, n // 2 + 1 :: 2] = torch.sin(y)[:, None], torch.cos(y)[:, None]
    return out


class Head(flow.Flow):
    """The flow of one tap."""

    def __init__(self, tap):
        super().__init__(BLOCKS, 0, 1.0, CLAMP)
        self.tap, self.rotates = tap, tap == 1

    def rotate(self, x, name):
        """By any matrix: it is a constant, and that of a model is orthogonal, so that its log-determinant is 0."""
        c = x.shape[1]
        w = (uniform(name, c * c) - 0.5) * np.sqrt(24.0 / c)
        return x @ torch.from_numpy(w.astype(np.float32).astype(np.float64).reshape(c, c)).T if self.rotates else x

    def linear(self, x, name, out):
        shape = (out, x.shape[1])
        if name + ".weight" not in self.parameter:
            u = uniform(name + ".weight", out * x.shape[1])
            value = ((u - 0.5) * np.sqrt(24.0 / x.shape[1])).astype(np.float32).astype(np.float64).reshape(shape)
            self.parameter[name + ".weight"] = torch.from_numpy(value).requires_grad_()
        return F.linear(x, self.parameter[name + ".weight"], self.take(name + ".bias", out))

    def __call__(self, x, code):
        log = 0
        for b in range(self.blocks):
            name = f"tap{self.tap + 1}.block{b + 1}"
            second = x.shape[1] // 2
            first = x.shape[1] - second
            seen = torch.cat([x[:, :first], code], 1)
            a = 0.1 * self.linear(F.relu(self.linear(seen, name + ".linear1", 2 * seen.shape[1])), name + ".linear2", 2 * second)
            s = self.clamp * torch.tanh(a[:, :second])
            v = torch.cat([x[:, :first], x[:, first:] * torch.exp(s) + a[:, second:]], 1)
            gamma, o = self.take(name + ".global_scale", x.shape[1]), self.take(name + ".global_offset", x.shape[1])
            g = 0.1 * F.softplus(gamma, beta=0.5)
            x = (v * g + o)[:, flow.value_of(name + ".permutation", (x.shape[1],))]
            x = self.rotate(x, name + ".rotation.weight")
            log = log + s.sum(1) + torch.log(g).sum()
        return x, log


def likelihood(z, log):
    c = z.shape[1]
    return (-c * 0.5 * np.log(2 * np.pi) - 0.5 * (z**2).sum(1) + log) / c


def fibre(tap):
    c, h, w = SHAPES[tap]
    x = uniform(f"vectors {tap + 1}", VECTORS * c).astype(np.float32).astype(np.float64) * 4 - 2
    at = (uniform(f"positions {tap + 1}", VECTORS) * h * w).astype(int)
    return torch.from_numpy(x.reshape(VECTORS, c)), codes(h, w, CONDITION).reshape(h * w, -1)[at]


def loss_of(head, x, code):
    return -F.logsigmoid(likelihood(*head(x, code))).mean()


def case(out, tap):
    head, (x, code) = Head(tap), fibre(tap)
    z, log = head(x, code)
    loss = loss_of(head, x, code)
    loss.backward()
    record(out, f"tap{tap + 1}", "codes,likelihood,loss")
    array(out, codes(*SHAPES[tap][1:], CONDITION))
    array(out, likelihood(z, log), "<f8")
    array(out, loss[None], "<f8")
    gradients = {key: p.grad.clone() for key, p in head.parameter.items()}
    optimiser, path = torch.optim.Adam(head.parameter.values(), lr=RATE), []
    for _ in range(STEPS):
        optimiser.zero_grad()
        mean = loss_of(head, x, code)
        path.append(mean.detach())
        mean.backward()
        optimiser.step()
    for key, p in head.parameter.items():
        record(out, key, "gradient,after")
        array(out, gradients[key])
        array(out, p)
    record(out, "path", "losses")
    array(out, torch.stack(path), "<f8")


def check(tap):
    from anomalib.models.image.cflow.utils import cflow_head, get_logp, positional_encoding_2d

    (c, h, w), head, (x, code) = SHAPES[tap], Head(tap), fibre(tap)
    head.rotates = False  # Anomalib's are permutations
    z, log = head(x, code)
    net = cflow_head(CONDITION, BLOCKS, CLAMP, c, False).double()
    for b, block in enumerate(net.module_list):
        start = f"tap{tap + 1}.block{b + 1}."
        p = {key[len(start) :]: v.detach() for key, v in head.parameter.items() if key.startswith(start)}
        with torch.no_grad():
            for k, linear in ((0, "linear1"), (2, "linear2")):
                block.subnet[k].weight.copy_(p[linear + ".weight"])
                block.subnet[k].bias.copy_(p[linear + ".bias"])
            block.global_scale.copy_(p["global_scale"].reshape(block.global_scale.shape))
            block.global_offset.copy_(p["global_offset"].reshape(block.global_offset.shape))
            order = flow.value_of(start + "permutation", (c,))
            block.w_perm.copy_(F.one_hot(order, c).double().reshape(block.w_perm.shape))
    y, their_log = net(x, [code])
    off = max((z - y).abs().max().item(), (log - their_log).abs().max().item())
    logs = (get_logp(c, y, their_log) / c - likelihood(z, log)).abs().max().item()
    theirs = positional_encoding_2d(CONDITION, h, w)
    away = (theirs.permute(1, 2, 0) - codes(h, w, CONDITION)).abs().max().item()
    print(f"Anomalib's modules: outputs and log-determinants {off:.2g}, likelihoods {logs:.2g}, codes {away:.2g} away", file=sys.stderr)
    assert off < 1e-9 and logs < 1e-6 and away < 1e-6  # its constant has 8 digits, its codes are f32


def main():
    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    for tap in range(len(SHAPES)):
        if "--check" in sys.argv:
            check(tap)
        case(out, tap)
    note(out, end=record.count)
    sys.stdout.buffer.write(out.getvalue())


main()
