#!/usr/bin/python3
"""Dumps of torch's interpolate and pooling and of SciPy's gaussian_filter for tests/unit/map.c and features.c:
writes map.h and features.h beside itself."""
import os
import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter

def formula(h, w):
    i = np.arange(h * w)
    return ((i * 37 % 101) / 101 - 0.5).astype(np.float32).reshape(h, w)

out = []
def dump(name, a):
    a = np.asarray(a, np.float32).ravel()
    text = ", ".join("%.9gf" % x if "." in "%.9g" % x or "e" in "%.9g" % x else "%.9g.0f" % x for x in a)
    out.append("static const float %s[] = {%s};" % (name, text))

small = torch.from_numpy(formula(5, 3))[None, None]
dump("half_pixel_11x8", F.interpolate(small, (11, 8), mode="bilinear", align_corners=False))
dump("align_corners_11x8", F.interpolate(small, (11, 8), mode="bilinear", align_corners=True))
dump("nearest_11x8", F.interpolate(small, (11, 8), mode="nearest"))
deep = torch.from_numpy(formula(4, 36).reshape(2, 2, 36)).permute(2, 0, 1)[None]
dump("half_pixel_deep_3x4", F.interpolate(deep, (3, 4), mode="bilinear", align_corners=False)[0].permute(1, 2, 0))
dump("blur_edge_21x18", gaussian_filter(formula(21, 18).astype(np.float64), 4))            # SciPy's default mode, "reflect"
dump("blur_mirror_21x18", gaussian_filter(formula(21, 18).astype(np.float64), 4, mode="mirror"))
dump("blur_mirror_5x9", gaussian_filter(formula(5, 9).astype(np.float64), 4, mode="mirror"))
dump("blur_edge_5x9", gaussian_filter(formula(5, 9).astype(np.float64), 4))
def write(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as f:
        f.write("/* Made by map.py from torch and SciPy. */\n/* clang-format off */\n" + "\n".join(out) + "\n")
    out.clear()

write("map.h")
f3 = formula(6, 5 * 4).reshape(6, 5, 4)
dump("pooled_6x5x4", F.avg_pool2d(torch.from_numpy(f3).permute(2, 0, 1)[None], 3, 1, 1)[0].permute(1, 2, 0))

# The patch features of PatchCore's authors, step by step as published: two taps of 6x4x200 and 3x2x150.
def authors(taps, bins=1024):
    grid, all_ = taps[0].shape[:2], []
    for t in taps:
        x = torch.from_numpy(t).permute(2, 0, 1)[None]
        u = F.unfold(x, 3, padding=1)[0].reshape(t.shape[2] * 9, *t.shape[:2])
        u = F.interpolate(u[None], grid, mode="bilinear", align_corners=False)[0]
        u = u.reshape(t.shape[2] * 9, -1).T[:, None]
        all_.append(F.adaptive_avg_pool1d(u, bins)[:, 0])
    x = torch.stack(all_, 1).reshape(len(all_[0]), 1, -1)
    return F.adaptive_avg_pool1d(x, bins)[:, 0]
a = authors([formula(6 * 4, 200).reshape(6, 4, 200), formula(3 * 2, 150).reshape(3, 2, 150)]).numpy()
dump("binned_every_61st", a.ravel()[::61])
write("features.h")
