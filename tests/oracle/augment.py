#!/usr/bin/python3
"""What PIL and torchvision make of small pictures that tests/unit/augment.c makes from the same formulas: every
operation of AutoAugment's policy at its levels, colour jitter, crops resized, Gaussian blur. Needs torchvision and PIL.

usage: augment.py > TESTS/oracle/augment.npys"""
import io
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import AutoAugment, _apply_op


def picture(kind, w, h):
    y, x, k = np.mgrid[0:h, 0:w, 0:3]
    if kind == "colour":
        a = (x * 37 + y * 91 + k * 53 + x * y * 7) % 256
    elif kind == "dust":  # mostly black, few levels, as fractals are
        a = np.where((x * x + 3 * y) % 11 == 0, (60 + 29 * ((x + y) % 4)) >> k, 0)
    else:  # "dim": 40..99, a channel flat
        a = 40 + (x * 5 + y * 3 + k * 11) % 60 * (k < 2)
    return a.astype(np.uint8)


def record(array):
    with io.BytesIO() as f:
        np.lib.format.write_array(f, array.copy(order="C"), version=(1, 0))
        return f.getvalue()


def note(text):
    return record(np.array(text.encode()))


out = sys.stdout.buffer
count = 0


def emit(name, kind, w, h, arrays, keys=""):
    global count
    out.write(note(f"name={name}\tpicture={kind}\tsize={w}x{h}{keys}\tarrays=" + ",".join(f"a{i}" for i in range(len(arrays)))))
    for a in arrays:
        out.write(record(np.asarray(a)))
    count += 1


LEVELS = {"ShearX": [5], "Rotate": [3, 8, 9], "Color": [0, 2, 4, 8], "Contrast": [8], "Sharpness": [7], "Posterize": [5, 6, 7, 8],
          "Solarize": [2, 3, 4, 5, 7, 8], "AutoContrast": [0], "Equalize": [0], "Invert": [0]}
SIZES = {"colour": (23, 17), "dust": (22, 21), "dim": (16, 19)}

out.write(note("stream=augment\tversion=1\tby=augment.py"))
for kind, (w, h) in SIZES.items():
    p = Image.fromarray(picture(kind, w, h))
    space = AutoAugment()._augmentation_space(10, (h, w))
    for op, levels in LEVELS.items():
        magnitudes, signed = space[op]
        if kind != "colour":
            levels = levels[-1:]
        for level in levels:
            m = float(magnitudes[level]) if magnitudes.ndim else 0.0
            results = [_apply_op(p, op, s * m, InterpolationMode.NEAREST, None) for s in ([1, -1] if signed else [1])]
            emit(op, kind, w, h, results, f"\tlevel={level}")
    for value in (0.3, 1.7):
        for op, f in (("brightness", F.adjust_brightness), ("contrast", F.adjust_contrast), ("saturation", F.adjust_saturation)):
            emit(op, kind, w, h, [f(p, value)], f"\tvalue={value}")
    for value in (-0.43, 0.11):
        emit("hue", kind, w, h, [F.adjust_hue(p, value)], f"\tvalue={value}")
    emit("grey", kind, w, h, [F.to_grayscale(p, 3)])

w, h = 83, 61
p = Image.fromarray(picture("colour", w, h))
for x, y, cw, ch, side in ((0, 0, 83, 61, 20), (5, 7, 40, 52, 16), (60, 3, 17, 23, 24), (3, 59, 80, 1, 9), (70, 50, 11, 11, 11), (82, 60, 1, 1, 4)):
    emit("crop", "colour", w, h, [F.resized_crop(p, y, x, ch, cw, [side, side], InterpolationMode.BILINEAR)],
         f"\tx={x}\ty={y}\twindow={cw}x{ch}")
w, h = 29, 17
t = torch.from_numpy(picture("colour", w, h)).permute(2, 0, 1)
for sigma in (0.1, 0.8, 2.0, 4.9):
    radius = int(np.ceil(3 * sigma))
    emit("blur", "colour", w, h, [F.gaussian_blur(t, 2 * radius + 1, sigma).permute(1, 2, 0).numpy()], f"\tvalue={sigma}")
out.write(note(f"end={count}"))
