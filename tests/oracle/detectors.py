#!/usr/bin/python3
"""PaDiM and PatchCore as their papers, Anomalib and the authors' codes have them (facts/methods.md 3, 4), in numpy, scipy and torch, f64.

    python3 tests/oracle/detectors.py DIR

writes feature streams (train, test; black, impulse), the maps of a few command lines (CASE.npys) and figures.tsv, whose lines are
    case    score of each test image ...
    case    thresholds: the quantiles 0, 0.3 and 1 of the training images' scores, each by a fit to all others
Nothing in it is random but the features: PatchCore's bank is all patches, PaDiM keeps all channels."""
import sys
from pathlib import Path
import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter

WIDTH, HEIGHT = 40, 24  # of the network's input
TAPS = [("a", 6, 10, 5), ("b", 3, 5, 7)]
out = Path(sys.argv[1] if len(sys.argv) > 1 else "detectors")
rng = np.random.default_rng(8)


def note(f, **keys):
    text = "\t".join(f"{k}={v}" for k, v in keys.items())
    np.lib.format.write_array(f, np.array(text.encode()), version=(1, 0))


def write(name, stream, records, arrays, **keys):
    with open(out / f"{name}.npys", "wb") as f:
        note(f, stream=stream, version=1)
        for i, record in enumerate(records):
            note(f, name=f"image/{i}", **keys, arrays=arrays)
            for a in record:
                np.lib.format.write_array(f, np.ascontiguousarray(a, "<f4"), version=(1, 0))
        note(f, end=len(records))


def images(n, odd=0.0):
    """Rectified noise on a pattern that all share; `odd` moves a corner of it."""
    r = []
    for _ in range(n):
        taps = []
        for _, h, w, c in TAPS:
            pattern = np.sin(np.arange(h * w * c)).reshape(h, w, c)
            x = pattern + rng.normal(0, 0.5, (h, w, c))
            x[: h // 2, : w // 3] += odd
            taps.append(np.maximum(x, 0).astype("f4"))
        r.append(taps)
    return r


train, test = images(7), images(1) + images(1, 1.5) + images(1, 4)


def resize(x, mode):
    """(h, w) to the input's size"""
    t = torch.from_numpy(np.ascontiguousarray(x))[None, None]
    extra = {} if mode == "nearest" else {"align_corners": False}
    return F.interpolate(t, size=(HEIGHT, WIDTH), mode=mode, **extra)[0, 0].numpy()


def smooth(x, border, sigma=4):
    """border: scipy's name, "mirror" without and "reflect" with the edge sample repeated"""
    return gaussian_filter(x, sigma, mode=border)


def top(m, share):
    """The mean of the largest `share` of the pixels"""
    return np.sort(m.ravel())[-int(share * m.size + 0.5):].mean()


# PaDiM
def embed(image):
    h, w = TAPS[0][1:3]
    return np.concatenate([t.repeat(h // t.shape[0], 0).repeat(w // t.shape[1], 1) for t in image], 2).astype("f8")


def padim_fit(fit, ridge):
    e = np.stack([embed(i) for i in fit])
    mean = e.mean(0)
    y = e - mean
    covariance = np.einsum("nhwc,nhwd->hwcd", y, y) / (len(fit) - 1) + ridge * np.eye(e.shape[3])
    return mean, np.linalg.inv(covariance)


def padim(fit, image, ridge, border, sigma=4, score=lambda d, m: m.max()):
    """score: of the distances and the map"""
    mean, inverse = padim_fit(fit, ridge)
    y = embed(image) - mean
    d = np.sqrt(np.einsum("hwc,hwcd,hwd->hw", y, inverse, y))
    m = smooth(resize(d, "bilinear"), border, sigma)
    return m, score(d, m)


# PatchCore
def grid(x):
    """(channels, h, w), enlarged to the finest tap's grid"""
    return F.interpolate(x[None], size=TAPS[0][1:3], mode="bilinear", align_corners=False)[0]


def channels_first(tap):
    return torch.from_numpy(tap.astype("f8").transpose(2, 0, 1).copy())


def pooled(image):
    taps = [grid(F.avg_pool2d(channels_first(t)[None], 3, 1, 1)[0]) for t in image]
    return torch.cat(taps).flatten(1).T.numpy()


def binned(image):
    taps = []
    for t in image:
        x = channels_first(t)
        c, h, w = x.shape
        planes = grid(F.unfold(x[None], 3, padding=1)[0].reshape(c * 9, h, w))  # channel-major
        taps.append(F.adaptive_avg_pool1d(planes.flatten(1).T[None], 1024)[0])
    return F.adaptive_avg_pool1d(torch.cat(taps, 1)[None], 1024)[0].numpy()


def scaled(fit):
    """pooled, each tap's channels made so that their variance over the patches of fit, in all, is the mean of the taps'"""
    parts = np.cumsum([t[3] for t in TAPS])[:-1]
    variances = [p.var(0).sum() for p in np.split(np.concatenate([pooled(i) for i in fit]), parts, axis=1)]
    factor = np.concatenate([np.full(t[3], np.sqrt(np.mean(variances) / v)) for t, v in zip(TAPS, variances)])
    return lambda image: pooled(image) * factor


def patchcore(fit, image, patches, squared, neighbours, mode, border, sigma=4, of_map=None):
    bank, x = np.concatenate([patches(i) for i in fit]), patches(image)
    d = np.sqrt(((x[:, None] - bank[None]) ** 2).sum(2))
    s = d.min(1) ** (2 if squared else 1)
    p = s.argmax()
    score = s[p]
    if neighbours > 1:
        near = bank[d[p].argmin()]
        support = np.argsort(((bank - near) ** 2).sum(1), kind="stable")[:neighbours]
        e = d[p][support]
        score *= 1 - np.exp(e[0] - e.max()) / np.exp(e - e.max()).sum()
    m = smooth(resize(s.reshape(TAPS[0][1:3]), mode), border, sigma)
    return m, of_map(m) if of_map else score


CASES = {
    "padim": lambda fit, i: padim(fit, i, 0.01, "mirror"),
    "padim-anomalib": lambda fit, i: padim(fit, i, 0.01001, "mirror"),
    "padim-original": lambda fit, i: padim(fit, i, 0.01, "reflect"),
    "padim-patch": lambda fit, i: padim(fit, i, 0.01, "mirror", score=lambda d, m: d.max()),
    "padim-top": lambda fit, i: padim(fit, i, 0.01, "mirror", sigma=1.5, score=lambda d, m: top(m, 0.1)),
    "patchcore-patch": lambda fit, i: patchcore(fit, i, pooled, False, 1, "bilinear", "mirror"),
    "patchcore-max": lambda fit, i: patchcore(fit, i, pooled, False, 1, "bilinear", "mirror", 2, np.max),
    "patchcore-top": lambda fit, i: patchcore(fit, i, pooled, False, 1, "bilinear", "mirror", of_map=lambda m: top(m, 0.01)),
    "patchcore-scaled": lambda fit, i: patchcore(fit, i, scaled(fit), False, 1, "bilinear", "mirror", of_map=lambda m: top(m, 0.03)),
    "patchcore-part": lambda fit, i: patchcore(fit, i, pooled, False, 1, "bilinear", "mirror", of_map=lambda m: top(m, 0.03)),
    "patchcore": lambda fit, i: patchcore(fit, i, pooled, False, 9, "bilinear", "mirror"),
    "patchcore-anomalib": lambda fit, i: patchcore(fit, i, pooled, False, 9, "nearest", "mirror"),
    "patchcore-original": lambda fit, i: patchcore(fit, i, binned, True, 1, "bilinear", "reflect"),
}

out.mkdir(exist_ok=True)
write("train", "features", train, "a,b", input=f"{WIDTH}x{HEIGHT}")
write("test", "features", test, "a,b", input=f"{WIDTH}x{HEIGHT}")
with open(out / "figures.tsv", "w") as f:
    for case, score in CASES.items():
        results = [score(train, i) for i in test]
        write(case, "maps", [[m] for m, _ in results], "map")
        left_out = [score(train[:i] + train[i + 1 :], train[i])[1] for i in range(len(train))]
        figures = [s for _, s in results] + list(np.quantile(left_out, [0, 0.3, 1]))
        f.write("\t".join([case] + [f"{x:.8g}" for x in figures]) + "\n")

# An impulse of 1 in the middle of nothing, at the input's own size. The kernel by its formula: 33 taps of exp(-x^2 / 32), sum 1.
SIDE, AT = 49, 24
kernel = np.exp(-(np.arange(-16, 17) ** 2) / 32.0)
line = np.zeros(SIDE)
line[AT - 16 : AT + 17] = kernel / kernel.sum()
black, impulse = np.zeros((SIDE, SIDE, 1)), np.zeros((SIDE, SIDE, 1))
impulse[AT, AT] = 1
write("black", "features", [[black]] * 3, "a", input=f"{SIDE}x{SIDE}")
write("impulse", "features", [[impulse]], "a", input=f"{SIDE}x{SIDE}")
write("padim-impulse", "maps", [[10 * np.outer(line, line)]], "map")  # |x| / sqrt(0.01)
box = np.convolve(line, np.ones(3), "same") / 3  # the 3 x 3 mean
write("patchcore-impulse", "maps", [[np.outer(box, box)]], "map")
