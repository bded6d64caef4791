#!/usr/bin/python3
"""Pictures with EXIF orientations, into tests/oracle/orient/, and what PIL's ImageOps.exif_transpose makes of them, into
tests/oracle/orient.npys. Each orientation as PNG (eXIf) and as JPEG; one big-endian, one beyond 8.

usage: orient.py TESTS/oracle"""
import io
import os
import sys

import numpy as np
from PIL import Image, ImageOps

folder = sys.argv[1]
os.makedirs(f"{folder}/orient", exist_ok=True)
y, x = np.mgrid[0:5, 0:8]
picture = Image.fromarray(np.stack([x * 30, y * 50, x * 10 + y * 25], 2).astype(np.uint8))
expected = []


def put(name, data):
    with open(f"{folder}/orient/{name}", "wb") as f:
        f.write(data)
    with Image.open(io.BytesIO(data)) as seen:
        expected.append((name, np.asarray(ImageOps.exif_transpose(seen).convert("RGB"))))


def save(kind, orientation, endian="<"):
    exif, f = Image.Exif(), io.BytesIO()
    exif.endian = endian
    exif[0x010F] = "fern"  # a tag before it
    exif[0x0112] = orientation
    exif[0x0131] = "orient.py"  # and one behind
    picture.save(f, kind, exif=exif, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {}))
    return f.getvalue()


for orientation in range(1, 9):
    put(f"{orientation}.png", save("PNG", orientation))
    put(f"{orientation}.jpg", save("JPEG", orientation))
put("6big.jpg", save("JPEG", 6, ">"))
put("9.jpg", save("JPEG", 9))


def record(array):
    with io.BytesIO() as f:
        np.lib.format.write_array(f, array.copy("C"), version=(1, 0))
        return f.getvalue()


def note(text):
    return record(np.array(text.encode()))


with open(f"{folder}/orient.npys", "wb") as f:
    f.write(note("stream=images\tversion=1\tby=orient.py"))
    for name, holds in expected:
        f.write(note(f"name={name}\tarrays=rgb") + record(holds))
    f.write(note(f"end={len(expected)}"))
