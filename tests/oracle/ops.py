#!/usr/bin/python3
"""Small graphs of every layer in torch, for tests/unit/ops.c: outputs, log-determinants, and the gradients of inputs and parameters.

Weights, inputs and the gradients of the outputs come from formula.py: the loss is the sum of outputs times numbers by formula, less
the log-determinants times others. Computed in f64. Of each tensor the norm and 48 entries are kept. The coupling block follows the
formulas of FrEIA's AllInOneBlock; its log-determinant is checked here against that of the Jacobian that torch differentiates.

    python3 tests/oracle/ops.py > tests/oracle/ops.npys      # torch 1.13
"""
import io
import sys

import numpy as np
import torch
import torch.nn.functional as F

from formula import note, uniform

ENTRIES = 48


def value_of(name, shape):
    n = int(np.prod(shape))
    u = uniform(name, n)
    if name.endswith("permutation"):
        return torch.from_numpy(np.argsort(u, kind="stable").astype(np.float64))
    if len(shape) == 4:
        v = (u - 0.5) * np.sqrt(24.0 / np.prod(shape[1:]))
    elif len(shape) == 2:
        v = (u - 0.5) * np.sqrt(24.0 / shape[1])
    elif name.endswith("running_var") or name.endswith("weight"):
        v = 0.5 + 0.5 * u
    elif name.endswith("global_scale"):
        v = 10 + (u - 0.5) * 2
    else:
        v = (u - 0.5) * 0.2
    if name.endswith(("bn2.weight", "bn3.weight")):
        v = v * 0.25  # as formula.py has it
    return torch.from_numpy(v.astype(np.float32).astype(np.float64)).reshape(shape)


class Case:
    """One graph: its parameters as they are met, its inputs, its outputs."""

    def __init__(self, name, fixed=False, frozen=()):
        self.name, self.fixed, self.frozen = name, fixed, frozen
        self.parameter, self.statistic, self.inputs, self.outputs = {}, {}, [], []
        self.log_determinant = 0

    def take(self, name, *shape):
        if name not in self.parameter:
            self.parameter[name] = value_of(name, shape).requires_grad_()
        return self.parameter[name]

    def input(self, n, c, h, w):
        v = uniform(f"{self.name} input {len(self.inputs)}", n * h * w * c).astype(np.float32).astype(np.float64) * 4 - 2
        x = torch.from_numpy(v.reshape(n, h, w, c).transpose(0, 3, 1, 2).copy()).requires_grad_()
        self.inputs.append(x)
        return x

    def output(self, x):
        self.outputs.append(x)
        return x

    def conv(self, x, name, out, k, s=1, p=0, bias=True):
        w = self.take(name + ".weight", out, x.shape[1], k, k)
        return F.conv2d(x, w, self.take(name + ".bias", out) if bias else None, s, p)

    def transposed(self, x, name, out, k, s, p=0, op=0, bias=True):
        w = self.take(name + ".weight", x.shape[1], out, k, k)
        return F.conv_transpose2d(x, w, self.take(name + ".bias", out) if bias else None, s, p, op)

    def linear(self, x, name, out):
        w = self.take(name + ".weight", out, x.shape[1])
        return F.linear(x[:, :, 0, 0], w, self.take(name + ".bias", out))[:, :, None, None]

    def bn(self, x, name):
        c = x.shape[1]
        w, b = self.take(name + ".weight", c), self.take(name + ".bias", c)
        mean, var = (value_of(f"{name}.{s}", (c,)) for s in ("running_mean", "running_var"))
        self.statistic[name + ".running_mean"], self.statistic[name + ".running_var"] = mean, var
        return F.batch_norm(x, mean, var, w, b, training=not self.fixed, momentum=0.1)

    def layernorm(self, x, name):
        shape = x.shape[1:]
        return F.layer_norm(x, shape, self.take(name + ".weight", *shape), self.take(name + ".bias", *shape), 1e-5)

    def coupling(self, x, a, name, clamp):
        """FrEIA's AllInOneBlock after its subnet, with a soft clamp, a softplus scale and a hard permutation."""
        c = x.shape[1]
        x1, x2 = torch.split(x, [c - c // 2, c // 2], 1)
        s, t = clamp * torch.tanh(0.1 * a[:, : c // 2]), 0.1 * a[:, c // 2 :]
        gamma, offset = self.take(name + ".global_scale", c), self.take(name + ".global_offset", c)
        g = 0.1 * F.softplus(gamma, beta=0.5, threshold=100)
        v = torch.cat([x1, x2 * torch.exp(s) + t], 1) * g[:, None, None] + offset[:, None, None]
        self.log_determinant = self.log_determinant + s.sum((1, 2, 3)) + x.shape[2] * x.shape[3] * torch.log(g).sum()
        return v[:, value_of(name + ".permutation", (c,)).long()]


def pointwise():
    c = Case("pointwise")
    x = c.input(2, 5, 7, 6)
    y = c.output(F.relu(c.conv(x, "conv1", 19, 3, 1, 1)))
    z = c.conv(y, "conv2", 70, 1)
    c.output(F.relu(z + c.conv(x, "conv3", 70, 1)))
    return c


def sums():
    """A sum that ends in no ReLU; a value read by three; pools whose input others read too."""
    c = Case("sums")
    x = c.input(2, 6, 8, 8)
    y = c.conv(x, "conv1", 6, 3, 1, 1)
    z = c.output(x + y)
    p = F.max_pool2d(z, 3, 2, 1)
    q = c.bn(z, "bn1")
    m = F.adaptive_avg_pool2d(z, 1)
    c.output(c.linear(m, "head", 4))
    c.output(F.relu(c.conv(q, "conv2", 8, 3, 2, 1) + c.conv(p, "conv3", 8, 1)))
    return c


def transposed():
    c = Case("transposed")
    x = c.input(2, 9, 5, 4)
    y = F.relu(c.bn(c.transposed(x, "up1", 70, 2, 2, bias=False), "bn1"))
    z = F.relu(c.transposed(y, "up2", 12, 3, 2, 1, 1))
    z = c.output(c.transposed(z, "up3", 6, 4, 2, 1))
    c.output(c.transposed(x, "up4", 5, 1, 2, 0, 1))
    c.output(c.transposed(x, "up5", 7, 3, 1, 1))
    c.output(c.transposed(x, "up6", 7, 2, 3, 0, 2))
    return c


def concat():
    """The bottleneck of Reverse Distillation in small: three inputs of three sizes; two of the three parts are made in place."""
    c = Case("concat")
    a, b, d = c.input(3, 4, 16, 12), c.input(3, 6, 8, 6), c.input(3, 10, 4, 3)
    y = F.relu(c.bn(c.conv(a, "conv1", 8, 3, 2, 1, False), "bn1"))
    y = F.relu(c.bn(c.conv(y, "conv2", 64, 3, 2, 1, False), "bn2"))
    z = F.relu(c.bn(c.conv(b, "conv3", 64, 3, 2, 1, False), "bn3"))
    all_ = torch.cat([y, z, d], 1)
    u = F.relu(c.bn(c.conv(all_, "conv4", 20, 1, 1, 0, False), "bn4"))
    u = c.bn(c.conv(u, "conv5", 20, 3, 2, 1, False), "bn5")
    s = c.bn(c.conv(all_, "conv6", 20, 1, 2, 0, False), "bn6")
    c.output(F.relu(u + s))
    c.output(c.conv(y, "conv7", 64, 3, 1, 1))  # a part is read by itself, by Winograd's way, beside the whole
    return c


def slices():
    """Halves that go different ways; one of a part never used; a slice of a slice; a part twice in a concatenation."""
    c = Case("slices")
    x = c.input(2, 130, 6, 8)
    y = c.conv(x, "conv0", 136, 1)
    first, second, rest = y[:, :64], y[:, 64:128], y[:, 128:134]
    u = F.relu(c.conv(first, "conv1", 64, 3, 1, 1))
    v = c.conv(second, "conv2", 65, 3, 2, 1)
    w = c.conv(rest[:, 2:5], "conv3", 4, 3, 1, 1)
    all_ = torch.cat([u, first, w, u], 1)
    c.output(c.conv(all_, "conv4", 6, 3, 1, 1))
    c.output(v)
    c.output(c.conv(x[:, 3:10], "conv5", 3, 5, 1, 2))  # 25 taps: a copy
    return c


def fixed():
    c = Case("fixed", fixed=True, frozen=("conv1", "bn1"))
    x = c.input(2, 3, 9, 9)
    y = F.relu(c.bn(c.conv(x, "conv1", 8, 3, 1, 1, False), "bn1"))
    z = c.output(F.relu(c.bn(c.conv(y, "conv2", 8, 3, 1, 1, False), "bn2") + y))
    c.output(c.bn(c.conv(z, "conv3", 5, 1, 1, 0, False), "bn3"))
    return c


def layernorm():
    c = Case("layernorm")
    x = c.input(3, 7, 5, 6)
    y = c.layernorm(x, "norm1")
    c.output(F.relu(c.conv(y, "conv1", 4, 3, 1, 1)))
    c.output(c.layernorm(c.conv(y, "conv2", 6, 1), "norm2"))
    return c


def subnet(c, x, name, channels, k):
    hidden = F.relu(c.conv(x, name + ".0", channels, k, 1, k // 2))
    return c.conv(hidden, name + ".2", 2 * channels, k, 1, k // 2)


def flow():
    """FastFlow in small: layer norm, then coupling blocks with 3 x 3 and 1 x 1 subnets."""
    c = Case("flow")
    z = c.layernorm(c.input(2, 9, 4, 5), "norm")
    for i, k in enumerate((3, 1, 3)):
        a = F.relu(c.conv(z[:, :5], f"subnet{i}.0", 4, k, 1, k // 2))
        z = c.coupling(z, c.conv(a, f"subnet{i}.2", 8, k, 1, k // 2), f"block{i}", 2.0)
    c.output(z)
    return c


def fibres():
    """CFLOW in small: vectors with a condition, linear subnets."""
    c = Case("fibres")
    z, condition = c.input(5, 12, 1, 1), c.input(5, 8, 1, 1)
    for i in range(2):
        a = F.relu(c.linear(torch.cat([z[:, :6], condition], 1), f"subnet{i}.0", 28))
        z = c.coupling(z, c.linear(a, f"subnet{i}.2", 12), f"block{i}", 1.9)
    c.output(z)
    return c


def check_log_determinant():
    c = Case("jacobian")
    net = lambda x: c.coupling(x, subnet(c, x[:, :4], "subnet", 3, 3), "block", 2.0)
    x = c.input(1, 7, 2, 3)
    net(x)
    jacobian = torch.autograd.functional.jacobian(net, x.detach()).reshape(42, 42)
    c.log_determinant = 0
    net(x)
    assert abs(torch.linalg.slogdet(jacobian)[1] - c.log_determinant[0]) < 1e-9


def flat(x):
    """N x H x W x C, as fern has it; parameters as they are."""
    x = x.detach()
    return (x.permute(0, 2, 3, 1) if x.dim() == 4 else x).contiguous().numpy().reshape(-1)


def write(out, case, what, values):
    at = (uniform(f"{case} {what}", ENTRIES) * values.size).astype(np.int64)
    note(out, case=case, what=what, size=values.size, arrays="norm_and_entries")
    np.lib.format.write_array(out, np.concatenate([[np.linalg.norm(values)], values[at]]).astype("<f4"), version=(1, 0))
    return 1


def run(out, make):
    c = make()
    loss = 0
    for i, y in enumerate(c.outputs):
        g = uniform(f"{c.name} gradient {i}", y.numel()).astype(np.float32).astype(np.float64) * 2 - 1
        loss = loss + (y * torch.from_numpy(g.reshape(y.shape[0], *y.shape[2:], y.shape[1]).transpose(0, 3, 1, 2).copy())).sum()
    if torch.is_tensor(c.log_determinant):
        loss = loss - (c.log_determinant * torch.from_numpy(uniform(f"{c.name} log", len(c.log_determinant)))).sum()
    loss.backward()
    records = 0
    for i, y in enumerate(c.outputs):
        records += write(out, c.name, f"output {i}", flat(y))
    if torch.is_tensor(c.log_determinant):
        records += write(out, c.name, "log", c.log_determinant.detach().numpy())
    for i, x in enumerate(c.inputs):
        records += write(out, c.name, f"input {i}", flat(x.grad))
    for name, p in c.parameter.items():
        if not name.startswith(tuple(c.frozen)):
            records += write(out, c.name, name, p.grad.numpy().reshape(-1))
    for name, s in c.statistic.items():
        records += write(out, c.name, name, s.numpy())
    return records


def main():
    check_log_determinant()
    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    records = sum(run(out, make) for make in (pointwise, sums, transposed, concat, slices, fixed, layernorm, flow, fibres))
    note(out, end=records)
    sys.stdout.buffer.write(out.getvalue())


main()
