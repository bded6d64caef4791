#!/usr/bin/python3
"""Small image files of every kind that fern reads, into tests/oracle/images/, and what each holds as 8-bit RGB, into
tests/oracle/images.npys. PNG and BMP are written here byte by byte, as PIL can't write most of their kinds; what they hold
is known from the formula below. JPEGs are PIL's, and so is what they hold. Needs numpy and PIL.

usage: images.py TESTS/oracle"""
import io
import struct
import sys
import zlib

import numpy as np
from PIL import Image

W, H = 23, 17
folder = sys.argv[1]
y, x = np.mgrid[0:H, 0:W]
colour16 = np.stack([x * 2849 + y * 101, x * 997 + y * 3001 + 13, 65535 - x * 1201 - y * 2003], 2) % 65536
colour = colour16 >> 8
grey16 = (x * 2801 + y * 251 + 7) % 65536
grey = grey16 >> 8
alpha = (x * 9 + y * 5) % 256
index = {bits: (x + 3 * y) % min(1 << bits, 200) for bits in (1, 2, 4, 8)}
palette = np.array([[(i * 97 + 31) % 256, (i * 53 + 7) % 256, (i * 29 + 90) % 256] for i in range(256)])
expected = []


def rgb(a):
    a = np.asarray(a)
    return a if a.ndim == 3 else np.repeat(a[:, :, None], 3, 2)


def down(a, top=65535):
    """0..top to 0..255, rounded half up"""
    return (2 * a.astype(np.int64) * 255 + top) // (2 * top)


def put(name, data, holds, pil=None):
    """pil: the largest difference from what PIL reads, where PIL can read it"""
    with open(f"{folder}/images/{name}", "wb") as f:
        f.write(data)
    holds = rgb(holds).astype(np.uint8)
    assert holds.shape == (H, W, 3), name
    expected.append((name, holds))
    if pil is not None:
        seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        assert abs(seen - holds).max() <= pil, (name, abs(seen - holds).max())


# ---- PNG
def pack(a, bits):
    """rows of samples (H, W or W*channels) to bytes, big-endian"""
    a = a.reshape(a.shape[0], -1)
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in a]
    if bits == 8:
        return [row.astype("u1").tobytes() for row in a]
    rows = []
    for row in a:
        text = "".join(format(int(v), f"0{bits}b") for v in row)
        text += "0" * (-len(text) % 8)
        rows.append(bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8)))
    return rows


def filtered(rows, size):
    """each row with another of the five filters"""
    out, before = b"", bytes(len(rows[0])) if rows else b""
    for n, row in enumerate(rows):
        kind = n % 5
        line = bytearray()
        for i, v in enumerate(row):
            a, b, c = row[i - size] if i >= size else 0, before[i], before[i - size] if i >= size else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((v - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
        out += bytes([kind]) + bytes(line)
        before = row
    return out


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(a, bits, kind, before=b"", interlaced=False):
    channels = a.shape[2] if a.ndim == 3 else 1
    size = max(1, bits * channels // 8)
    if interlaced:
        passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
        raw = b"".join(filtered(pack(a[r::rs, c::cs], bits), size) for r, rs, c, cs in passes if a[r::rs, c::cs].size)
    else:
        raw = filtered(pack(a, bits), size)
    head = struct.pack(">IIBBBBB", W, H, bits, kind, 0, 0, int(interlaced))
    data = zlib.compress(raw, 9)
    idat = chunk(b"IDAT", data[:100]) + chunk(b"IDAT", data[100:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + idat + chunk(b"IEND", b"")


plte = {b: chunk(b"PLTE", palette[: 1 << b].astype("u1").tobytes()) for b in (1, 2, 4, 8)}
text = chunk(b"tEXt", b"Comment\0made for a test") + chunk(b"gAMA", struct.pack(">I", 100000))
put("rgb8.png", png(colour, 8, 2, text), colour, 0)
put("rgb8i.png", png(colour, 8, 2, interlaced=True), colour, 0)
put("rgb16.png", png(colour16, 16, 2), down(colour16))
put("rgb8trns.png", png(colour, 8, 2, chunk(b"tRNS", struct.pack(">HHH", *map(int, colour[3, 3])))), colour, 0)
put("rgba8.png", png(np.dstack([colour, alpha]), 8, 6), colour, 0)
put("rgba16.png", png(np.dstack([colour16, alpha * 257]), 16, 6), down(colour16))
put("grey16.png", png(grey16, 16, 0), down(grey16))
put("grey16i.png", png(grey16, 16, 0, interlaced=True), down(grey16))
put("greya8.png", png(np.dstack([grey, alpha]), 8, 4), grey, 0)
put("greya16.png", png(np.dstack([grey16, alpha * 257]), 16, 4), down(grey16))
put("grey8trns.png", png(grey, 8, 0, chunk(b"tRNS", struct.pack(">H", int(grey[3, 3])))), grey, 0)
for b in (1, 2, 4, 8):
    put(f"grey{b}.png", png(grey >> (8 - b), b, 0), down(grey >> (8 - b), (1 << b) - 1), 0)
    put(f"palette{b}.png", png(index[b], b, 3, plte[b]), palette[index[b]], 0)
put("palette4trns.png", png(index[4], 4, 3, plte[4] + chunk(b"tRNS", bytes(range(0, 160, 10)))), palette[index[4]], 0)
put("palette4i.png", png(index[4], 4, 3, plte[4], True), palette[index[4]], 0)


# ---- JPEG
def jpeg(picture, change=None, **options):
    f = io.BytesIO()
    picture.save(f, "JPEG", **options)
    return change(f.getvalue()) if change else f.getvalue()


def put_jpeg(name, data):
    put(name, data, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


smooth = Image.fromarray(colour.astype(np.uint8)).resize((W, H), Image.BOX)
exif = Image.Exif()
exif[0x0112] = 6  # turn by 90 degrees
cmyk = Image.merge("CMYK", [Image.fromarray(p.astype(np.uint8)) for p in (colour[:, :, 0], colour[:, :, 1], grey, alpha // 2)])


def as_ycck(data):
    at = data.index(b"Adobe")
    return data[: at + 11] + b"\x02" + data[at + 12 :]


put_jpeg("grey.jpg", jpeg(Image.fromarray(grey.astype(np.uint8)), quality=90))
put_jpeg("444.jpg", jpeg(smooth, quality=95, subsampling=0))
put_jpeg("420.jpg", jpeg(smooth, quality=75, subsampling=2))
put_jpeg("422.jpg", jpeg(smooth, quality=85, subsampling=1, optimize=True))
put_jpeg("progressive.jpg", jpeg(smooth, quality=85, progressive=True))
put_jpeg("exif.jpg", jpeg(smooth, quality=85, exif=exif))
put_jpeg("cmyk.jpg", jpeg(cmyk, quality=95))
put_jpeg("ycck.jpg", jpeg(cmyk, as_ycck, quality=95))


# ---- BMP
def bmp(header, bits, rows, colours=b"", compression=0, used=0, masks=(), top_down=False, raw=None):
    """rows: bytes of each row from the top; raw: run lengths instead. masks go into the header or behind it."""
    stored = rows if top_down else rows[::-1]
    pixels = raw if raw is not None else b"".join(r + bytes(-len(r) % 4) for r in stored)
    if header == 12:
        head = struct.pack("<IHHHH", 12, W, H, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", header, W, -H if top_down else H, 1, bits, compression, len(pixels), 2835, 2835, used, 0)
        head = head[:header] + b"".join(struct.pack("<I", m) for m in masks)
        head += bytes(max(0, header - len(head)))
    offset = 14 + len(head) + len(colours)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + head + colours + pixels


def table(bits, size=4):
    return b"".join(bytes([int(b), int(g), int(r)]) + bytes(size - 3) for r, g, b in palette[: 1 << bits])


def words(a, kind):
    return [row.astype(kind).tobytes() for row in a]


def fields(a, widths, shifts):
    """a: 0..255 RGB to packed pixels, and back to what they can hold"""
    pixel, back = np.zeros((H, W), np.int64), []
    for c in range(3):
        v = a[:, :, c].astype(np.int64) >> (8 - widths[c]) if widths[c] <= 8 else colour16[:, :, c].astype(np.int64) >> (16 - widths[c])
        pixel |= v << shifts[c]
        back.append(down(v, (1 << widths[c]) - 1))
    return pixel, np.stack(back, 2)


bgr = [row[:, ::-1].astype("u1").tobytes() for row in colour]
bgrx = [np.dstack([colour[:, :, ::-1], alpha])[n].astype("u1").tobytes() for n in range(H)]
for b in (1, 4, 8):
    put(f"{b}.bmp", bmp(40, b, pack(index[b], b), table(b)), palette[index[b]], 0)
put("8top.bmp", bmp(40, 8, pack(index[8], 8), table(8), top_down=True), palette[index[8]], 0)
put("8used.bmp", bmp(40, 8, pack(index[4], 8), table(4), used=16), palette[index[4]], 0)
put("8os2.bmp", bmp(12, 8, pack(index[8], 8), table(8, 3)), palette[index[8]], 0)
put("4os2v2.bmp", bmp(64, 4, pack(index[4], 4), table(4)), palette[index[4]], 0)
put("8os2short.bmp", bmp(16, 8, pack(index[8], 8), table(8)), palette[index[8]])
put("24.bmp", bmp(40, 24, bgr), colour, 0)
put("24top.bmp", bmp(40, 24, bgr, top_down=True), colour, 0)
put("24os2.bmp", bmp(12, 24, bgr), colour, 0)
put("24v5.bmp", bmp(124, 24, bgr), colour, 0)
put("32.bmp", bmp(40, 32, bgrx), colour, 0)
p555, holds555 = fields(colour, (5, 5, 5), (10, 5, 0))
p565, holds565 = fields(colour, (5, 6, 5), (11, 5, 0))
put("16.bmp", bmp(40, 16, words(p555, "<u2")), holds555, 1)
put("16fields.bmp", bmp(40, 16, words(p565, "<u2"), compression=3, masks=(0xF800, 0x7E0, 0x1F)), holds565, 1)
put("16v4.bmp", bmp(108, 16, words(p565, "<u2"), compression=3, masks=(0xF800, 0x7E0, 0x1F)), holds565)
p8888, _ = fields(colour, (8, 8, 8), (0, 8, 16))
put("32fields.bmp", bmp(40, 32, words(p8888, "<u4"), compression=3, masks=(0xFF, 0xFF00, 0xFF0000)), colour)
put("32v3a.bmp", bmp(56, 32, words(p8888 | alpha << 24, "<u4"), compression=3, masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000)), colour)
put("32v5.bmp", bmp(124, 32, words(p8888 | alpha << 24, "<u4"), compression=3, masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000)), colour)
p10, holds10 = fields(colour, (10, 10, 10), (20, 10, 0))
put("32ten.bmp", bmp(52, 32, words(p10, "<u4"), compression=3, masks=(0x3FF00000, 0xFFC00, 0x3FF)), holds10)


def runs(a, bits):
    """Rows from below, by turns as runs and as literals; a move over pixels of colour 0 (which PIL 9.4 gets wrong); the end
    marked."""
    out, a = b"", a.copy()
    a[5, 4:9] = 0
    for n in range(H - 1, -1, -1):
        row = [int(v) for v in a[n]]
        if n == 5:  # 4 pixels, a move by (5, 0), the rest
            out += literals(row[:4], bits) + bytes([0, 2, 5, 0]) + literals(row[9:], bits)
        elif n % 2:
            out += literals(row, bits)
        else:
            for i in range(0, W, 2) if bits == 4 else range(W):
                pair = (row[i : i + 2] + [0])[:2]
                out += bytes([min(2, W - i), pair[0] << 4 | pair[1]]) if bits == 4 else bytes([1, row[i]])
        out += bytes([0, 0])
    return out + bytes([0, 1]), a


def literals(row, bits):
    data = bytes(row) if bits == 8 else pack(np.array([row]), 4)[0]
    return bytes([0, len(row)]) + data + bytes(len(data) % 2)


raw8, a8 = runs(index[8], 8)
raw4, a4 = runs(index[4], 4)
put("rle8.bmp", bmp(40, 8, [], table(8), compression=1, raw=raw8), palette[a8])
put("rle4.bmp", bmp(40, 4, [], table(4), compression=2, raw=raw4), palette[a4])

# ---- Netpbm
size = f"{W} {H}\n".encode()
put("p4.pbm", b"P4\n" + size + b"".join(pack(index[1], 1)), 255 * (1 - index[1]), 0)
put("p5.pgm", b"P5\n# a comment\n" + size + b"255\n" + grey.astype("u1").tobytes(), grey, 0)
put("p5_16.pgm", b"P5\n" + size + b"65535\n" + grey16.astype(">u2").tobytes(), down(grey16))
put("p5_100.pgm", b"P5\n" + size + b"100\n" + (grey % 101).astype("u1").tobytes(), down(grey % 101, 100))
put("p6.ppm", b"P6\n" + size + b"255\n" + colour.astype("u1").tobytes(), colour, 0)
put("p3.ppm", b"P3\n" + size + b"255\n" + "\n".join(map(str, colour.reshape(-1))).encode() + b"\n", colour, 0)
put("p1.pbm", b"P1\n" + size + "\n".join(map(str, index[1].reshape(-1))).encode() + b"\n", 255 * (1 - index[1]), 0)
pam = f"P7\nWIDTH {W}\nHEIGHT {H}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n".encode()
put("p7.pam", pam + np.dstack([colour, alpha]).astype("u1").tobytes(), colour)

# ---- what they hold


def record(array):
    with io.BytesIO() as f:
        np.lib.format.write_array(f, array, version=(1, 0))
        return f.getvalue()


def note(text):
    return record(np.array(text.encode()))


with open(f"{folder}/images.npys", "wb") as f:
    f.write(note("stream=images\tversion=1\tby=images.py"))
    for name, holds in expected:
        f.write(note(f"name={name}\tarrays=rgb") + record(holds))
    f.write(note(f"end={len(expected)}"))
