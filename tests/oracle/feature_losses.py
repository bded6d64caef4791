#!/usr/bin/python3
"""What torch makes of losses over feature maps, as their authors write them, for tests/unit/feature_losses.c: value and gradients.

Maps of 3 images, 4 x 5 positions, 6 channels by formula.py: x = uniform - .5, want = uniform, centres and log-determinants as well; position
(0, 0) of image 0's x is zero where positions are compared. In f64.

    python3 tests/oracle/feature_losses.py > tests/oracle/feature_losses.npys      # torch 1.13
"""
import io
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

from formula import note, uniform

N, H, W, C = 3, 4, 5, 6


def maps(name, shift):
    return torch.from_numpy((uniform(name, N * H * W * C) - shift).reshape(N, H, W, C)).permute(0, 3, 1, 2)  # NCHW, as the authors have it


def emit(out, name, loss_of, weight, zero=False):
    x, want, logdet = maps("x", 0.5), maps("want", 0), torch.from_numpy(uniform("logdet", N) * 20)
    if zero:
        x[0, :, 0, 0] = 0
    x, logdet = x.clone().requires_grad_(), logdet.requires_grad_()
    loss = loss_of(x, want, logdet)
    loss.backward()
    g = x.grad.permute(0, 2, 3, 1).numpy()
    note(out, name=name, weight=weight, zero=int(zero), arrays="loss,gradient,logdet")
    for array in ([loss.item()], g, np.zeros(N) if logdet.grad is None else logdet.grad.numpy()):
        np.lib.format.write_array(out, np.array(array, "<f8").copy(order="C"), version=(1, 0))


def stfpm(x, want, logdet):  # the official code
    return ((F.normalize(want) - F.normalize(x)) ** 2).sum(1).mean()


def stfpm_anomalib(x, want, logdet):
    return 0.5 / (H * W) * F.mse_loss(F.normalize(want), F.normalize(x), reduction="sum")


def reverse_distillation(x, want, logdet):
    return (1 - F.cosine_similarity(want.reshape(N, -1), x.reshape(N, -1))).mean()


def fastflow(x, want, logdet):
    return (0.5 * (x**2).sum((1, 2, 3)) - logdet).mean()


def cflow(x, want, logdet):  # an image stands for a position
    z = x.reshape(N, -1)
    log_p = -z.shape[1] * 0.5 * math.log(2 * math.pi) - 0.5 * (z**2).sum(1) + logdet
    return -F.logsigmoid(log_p / z.shape[1]).mean()


def panda(x, want, logdet):
    centre = torch.from_numpy(uniform("centre", C)).reshape(1, C, 1, 1)
    return ((x - centre) ** 2).sum(1).div(C).sum((1, 2)).mean()


def main():
    out = io.BytesIO()
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    emit(out, "STFPM", stfpm, 2 / (N * H * W), zero=True)
    emit(out, "STFPM of Anomalib", stfpm_anomalib, 1 / (H * W))
    emit(out, "Reverse Distillation", reverse_distillation, 1 / N)
    emit(out, "FastFlow", fastflow, 1 / N)
    emit(out, "CFLOW", cflow, 1 / N)
    emit(out, "PANDA", panda, 2 / (N * C))
    note(out, end=6)
    sys.stdout.buffer.write(out.getvalue())


main()
