#!/usr/bin/python3
"""What torch and PIL make of small pictures that tests/unit/resize.c makes from the same formula. Needs torch and PIL.

usage: resize.py > TESTS/oracle/resize.npys"""
import io
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image


def picture(w, h, c, top):
    y, x, k = np.mgrid[0:h, 0:w, 0:c]
    return (x * 37 + y * 91 + k * 53 + x * y * 7) * (1 if top == 255 else 139) % (top + 1)


def record(array):
    with io.BytesIO() as f:
        np.lib.format.write_array(f, array.copy(order="C"), version=(1, 0))
        return f.getvalue()


def note(text):
    return record(np.array(text.encode()))


cases = [(41, 29, 16, 16), (64, 48, 17, 23), (10, 7, 16, 20), (33, 33, 33, 33), (100, 3, 7, 9), (5, 90, 12, 4), (1, 1, 5, 5)]
out = sys.stdout.buffer
out.write(note("stream=resize\tversion=1\tby=resize.py"))
count = 0
for w, h, ow, oh in cases:
    for c, top in ((1, 255), (3, 255), (3, 65535)):
        a = picture(w, h, c, top)
        t = torch.from_numpy(a.astype(np.float32) / top).permute(2, 0, 1)[None]
        smooth = F.interpolate(t, (oh, ow), mode="bilinear", antialias=True, align_corners=False)
        nearest = F.interpolate(t * top, (oh, ow), mode="nearest-exact")
        arrays = [smooth[0].permute(1, 2, 0).numpy(), np.rint(nearest[0].permute(1, 2, 0).numpy()).astype("<i4")]
        names = "torch,nearest"
        if top == 255:
            p = Image.fromarray((a[:, :, 0] if c == 1 else a).astype(np.uint8)).resize((ow, oh), Image.BILINEAR)
            arrays.append(np.asarray(p).reshape(oh, ow, c))
            names += ",pil"
        out.write(note(f"name={w}x{h}x{c}\tsize={w}x{h}\tmaxval={top}\tarrays={names}"))
        for b in arrays:
            out.write(record(b))
        count += 1
out.write(note(f"end={count}"))
