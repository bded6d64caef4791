#!/usr/bin/python3
"""Writes cam.h: Grad-CAM of the Mahalanobis distance of pooled features, by torch's autograd through the pooling.

Two taps of different grids. The distance, or its square, of means as they are or of length 1; of images of their own, and of training images
to the Gaussian of the others. A weight is the gradient's sum over the positions (pooled/cam.h).

Needs torch, numpy and scikit-learn: /usr/bin/python3 tests/oracle/cam.py > tests/oracle/cam.h
"""
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.covariance import LedoitWolf

N, QUERIES = 12, 3
SHAPES = ((3, 4, 5), (2, 2, 3))  # height, width, channels
rng = np.random.default_rng(20261125)


def images(n, spread):
    """As after a ReLU, half of the values 0."""
    return [[torch.tensor(np.maximum(rng.normal(size=s) * spread, 0).astype(np.float32).astype(np.float64)) for s in SHAPES] for _ in range(n)]


def vector(image, unit):
    v = torch.cat([a.mean((0, 1)) for a in image])
    return v / v.norm() if unit else v


def distance(image, mean, cov, unit, squared):
    y = vector(image, unit) - mean
    q = y @ torch.linalg.solve(cov, y)
    return q if squared else q.sqrt()


def cam(image, mean, cov, unit, squared):
    taps = [a.clone().requires_grad_() for a in image]
    score = distance(taps, mean, cov, unit, squared)
    score.backward()
    total = 0
    for a in taps:
        weight = a.grad.sum((0, 1))
        part = (a.detach() @ weight)[None, None]
        total = total + F.interpolate(part, size=SHAPES[0][:2], mode="bilinear", align_corners=False)
    return score.item(), F.relu(total)[0, 0].numpy()


def gaussian(train, rest, unit):
    """The rest's mean and covariance, with the shrinkage and the identity's multiple of all."""
    x = torch.stack([vector(i, unit) for i in train]).numpy()
    share = LedoitWolf().fit(x).shrinkage_
    multiple = np.trace(np.cov(x.T, bias=True)) / x.shape[1]
    y = x[rest]
    cov = (1 - share) * np.cov(y.T, bias=True) + share * multiple * np.eye(x.shape[1])
    return torch.tensor(y.mean(0)), torch.tensor(cov)


def array(name, type_, values, digits):
    print(f"static const {type_} {name}[] = {{")
    values = np.ravel(values)
    print(",\n".join("    " + ", ".join(f"{v:.{digits}g}" for v in values[i : i + 8]) for i in range(0, len(values), 8)))
    print("};")


train, query = images(N, 1), images(QUERIES, 2)
print("/* By tests/oracle/cam.py: torch and scikit-learn. */\n/* clang-format off */")
print(f"enum {{ CAM_N = {N}, CAM_QUERIES = {QUERIES}, CAM_IMAGE = {sum(np.prod(s) for s in SHAPES)}, CAM_CELLS = {np.prod(SHAPES[0][:2])} }};")
print("static const unsigned cam_shape[2][3] = {" + ", ".join("{%d, %d, %d}" % s for s in SHAPES) + "};")
array("cam_train", "double", np.concatenate([a.numpy().ravel() for i in train for a in i]), 9)
array("cam_query", "double", np.concatenate([a.numpy().ravel() for i in query for a in i]), 9)
scores, maps, out_scores, out_maps = [], [], [], []
for unit in (False, True):
    for squared in (False, True):
        for q in query:
            s, m = cam(q, *gaussian(train, list(range(N)), unit), unit, squared)
            scores.append(s)
            maps.append(m)
        for i in range(2):
            s, m = cam(train[i], *gaussian(train, [k for k in range(N) if k != i], unit), unit, squared)
            out_scores.append(s)
            out_maps.append(m)
print("/* --length kept, unit; of each --distance mahalanobis, squared; of each the queries, then the first two left out */")
array("cam_score", "double", scores, 17)
array("cam_maps", "double", maps, 17)
array("cam_left_out", "double", out_scores, 17)
array("cam_maps_left_out", "double", out_maps, 17)
