#!/usr/bin/python3
"""FastFlow in small in torch, for tests/unit/fastflow.c: what comes out of the flows, log-determinants, losses, the map of an image, the
gradients of all parameters, and where five steps of Adam lead (of the first case).

Weights and features come from formula.py; computed in f64. The coupling block follows the formulas of FrEIA's AllInOneBlock. With
--check the same networks are made of Anomalib's own modules (its create_fast_flow_block, FastflowLoss, AnomalyMapGenerator on FrEIA) and
compared; that needs `anomalib`.

    python3 tests/oracle/flow.py > tests/oracle/flow.npys      # torch 1.13
"""
import io
import sys

import numpy as np
import torch
import torch.nn.functional as F

from formula import note, uniform

IMAGES, STEPS, RATE, DECAY, SIZE = 6, 5, 1e-2, 1e-3, (16, 12)
SHAPES = [(6, 8, 6), (10, 4, 3), (5, 2, 2)]  # channels, height, width of each tap


def value_of(name, shape):
    n = int(np.prod(shape))
    u = uniform(name, n)
    if name.endswith("permutation"):
        return torch.from_numpy(np.argsort(u, kind="stable"))
    if len(shape) == 4:
        v = (u - 0.5) * np.sqrt(24.0 / np.prod(shape[1:]))
    elif name.endswith("weight"):
        v = 0.5 + 0.5 * u
    elif name.endswith("global_scale"):
        v = 10 + (u - 0.5) * 2
    else:
        v = (u - 0.5) * 0.2
    return torch.from_numpy(v.astype(np.float32).astype(np.float64)).reshape(shape)


def features(i):
    c, h, w = SHAPES[i]
    v = uniform(f"features {i + 1}", IMAGES * h * w * c).astype(np.float32).astype(np.float64) * 4 - 2
    return torch.from_numpy(v.reshape(IMAGES, h, w, c).transpose(0, 3, 1, 2).copy())


class Flow:
    """A FastFlow: its parameters in the order in which they are met."""

    def __init__(self, blocks, kernels, hidden, clamp):
        self.blocks, self.kernels, self.hidden, self.clamp, self.parameter = blocks, kernels, hidden, clamp, {}

    def take(self, name, *shape):
        if name not in self.parameter:
            self.parameter[name] = value_of(name, shape).requires_grad_()
        return self.parameter[name]

    def conv(self, x, name, out, k):
        w = self.take(name + ".weight", out, x.shape[1], k, k)
        return F.conv2d(x, w, self.take(name + ".bias", out), padding=k // 2)

    def block(self, x, name, k):
        second = x.shape[1] // 2
        first = x.shape[1] - second
        x1, x2 = x[:, :first], x[:, first:]
        a = 0.1 * self.conv(F.relu(self.conv(x1, name + ".conv1", int(self.hidden * first), k)), name + ".conv2", 2 * second, k)
        s = self.clamp * torch.tanh(a[:, :second])
        v = torch.cat([x1, x2 * torch.exp(s) + a[:, second:]], 1)
        gamma, o = self.take(name + ".global_scale", x.shape[1]), self.take(name + ".global_offset", x.shape[1])
        g = 0.1 * F.softplus(gamma, beta=0.5)
        order = value_of(name + ".permutation", (x.shape[1],))
        y = (v * g[None, :, None, None] + o[None, :, None, None])[:, order]
        return y, s.sum((1, 2, 3)) + torch.log(g).sum() * x.shape[2] * x.shape[3]

    def norm(self, x, i):
        shape = x.shape[1:]
        return F.layer_norm(x, shape, self.take(f"tap{i + 1}.norm.weight", *shape), self.take(f"tap{i + 1}.norm.bias", *shape))

    def __call__(self, taps):
        z, logs = [], []
        for i, x in enumerate(taps):
            x, log = self.norm(x, i), 0
            for b in range(self.blocks):
                x, step = self.block(x, f"tap{i + 1}.block{b + 1}", 1 if b % 2 and not self.kernels else 3)
                log = log + step
            z.append(x)
            logs.append(log)
        return z, logs


def losses(z, logs):
    return sum(0.5 * (x**2).sum((1, 2, 3)) - log for x, log in zip(z, logs))


def anomaly_map(z):
    maps = [F.interpolate(-torch.exp(-0.5 * (x**2).mean(1, keepdim=True)), size=SIZE, mode="bilinear", align_corners=False) for x in z]
    return torch.stack(maps).mean(0)[:, 0]


def record(out, name, arrays):
    note(out, name=name, arrays=arrays)
    record.count += 1


record.count = 0


def array(out, x, kind="<f4"):
    np.lib.format.write_array(out, np.ascontiguousarray(x.detach().numpy().astype(kind)), version=(1, 0))


def case(out, name, flow, taps):
    z, logs = flow(taps)
    loss = losses(z, logs)
    loss.mean().backward()
    record(out, name, "loss,determinant,map,z1,z2,z3")
    array(out, loss, "<f8")
    array(out, sum(logs), "<f8")
    array(out, anomaly_map(z)[0])
    for x in z:
        array(out, x[0].permute(1, 2, 0))
    if flow.kernels:
        for key, p in flow.parameter.items():
            record(out, key, "gradient")
            array(out, p.grad)
        return
    gradients = {key: p.grad.clone() for key, p in flow.parameter.items()}
    optimiser, path = torch.optim.Adam(flow.parameter.values(), lr=RATE, weight_decay=DECAY), []
    for _ in range(STEPS):
        optimiser.zero_grad()
        mean = losses(*flow(taps)).mean()
        path.append(mean.detach())
        mean.backward()
        optimiser.step()
    for key, p in flow.parameter.items():
        record(out, key, "gradient,after")
        array(out, gradients[key])
        array(out, p)
    record(out, "path", "losses")
    array(out, torch.stack(path), "<f8")


def check(flow, taps):
    from anomalib.models.image.fastflow.anomaly_map import AnomalyMapGenerator
    from anomalib.models.image.fastflow.loss import FastflowLoss
    from anomalib.models.image.fastflow.torch_model import create_fast_flow_block

    z, logs = flow(taps)
    theirs, their_logs = [], []
    for i, (c, h, w) in enumerate(SHAPES):
        net = create_fast_flow_block([c, h, w], bool(flow.kernels), flow.hidden, flow.blocks, flow.clamp).double()
        for b, block in enumerate(net.module_list):
            p = {key.split(".", 2)[2]: v.detach() for key, v in flow.parameter.items() if key.startswith(f"tap{i + 1}.block{b + 1}.")}
            with torch.no_grad():
                for k, conv in ((0, "conv1"), (2, "conv2")):
                    block.subnet[k].weight.copy_(p[conv + ".weight"])
                    block.subnet[k].bias.copy_(p[conv + ".bias"])
                block.global_scale.copy_(p["global_scale"].reshape(block.global_scale.shape))
                block.global_offset.copy_(p["global_offset"].reshape(block.global_offset.shape))
                order = value_of(f"tap{i + 1}.block{b + 1}.permutation", (c,))
                block.w_perm.copy_(F.one_hot(order, c).double().reshape(block.w_perm.shape))
        y, log = net(flow.norm(taps[i], i))
        theirs.append(y)
        their_logs.append(log)
    off = max((a - b).abs().max().item() for a, b in zip(z + logs, theirs + their_logs))
    loss = abs(FastflowLoss()(theirs, their_logs).item() - losses(z, logs).mean().item())
    maps = (AnomalyMapGenerator(SIZE)(theirs)[:, 0] - anomaly_map(z)).abs().max().item()
    print(f"Anomalib's modules: outputs and log-determinants {off:.2g}, loss {loss:.2g}, maps {maps:.2g} away", file=sys.stderr)
    assert off < 1e-9 and loss < 1e-5 and maps < 1e-9  # Anomalib adds losses in f32


def main():
    out, taps = io.BytesIO(), [features(i) for i in range(len(SHAPES))]
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    for name, flow in (("alternate", (3, 0, 1.0, 2.0)), ("3x3", (2, 1, 1.5, 1.2))):
        flow = Flow(*flow)
        if "--check" in sys.argv:
            check_flow = Flow(flow.blocks, flow.kernels, flow.hidden, flow.clamp)
            check_flow(taps)
            check(check_flow, taps)
        case(out, name, flow, taps)
    note(out, end=record.count)
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    main()
