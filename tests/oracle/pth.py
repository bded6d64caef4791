#!/usr/bin/python3
"""Writes tests/oracle/pth/: checkpoints by torch.save, and what is in them as safetensors, byte by byte.

    python3 tests/oracle/pth.py tests/oracle/pth        (Debian 12: python3-torch 1.13)

Each NAME.pth goes with NAME.safetensors, but for kinds-*.pth, which all hold the same as kinds.pth. hostile.pth would run
a command in Python."""
import argparse, collections, io, json, os, pickle, struct, sys, warnings, zipfile
import numpy, torch

warnings.simplefilter("ignore")
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
          torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}


def path(name):
    return os.path.join(folder, name)


def elements(t):
    """The bytes in C order, by Python's own indexing."""
    if t.dtype == torch.bfloat16:  # numpy has none: the upper half of a float32
        wide = numpy.array(t.to(torch.float32).tolist(), "<f4").reshape(-1).view("<u4")
        return (wide >> 16).astype("<u2").tobytes()
    kind = {"F": "f", "I": "i", "U": "u", "B": "?"}[DTYPES[t.dtype][0]]
    return numpy.array(t.tolist(), kind if kind == "?" else "<%s%d" % (kind, t.element_size())).tobytes()


def safetensors(name, state):
    header, data = {}, b""
    for key in sorted(state):
        raw = elements(state[key].detach())
        header[key] = {"dtype": DTYPES[state[key].dtype], "shape": list(state[key].shape),
                       "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path(name), "wb").write(struct.pack("<Q", len(text)) + text + data)


def kinds():
    """Every type of element, and every way to look at a storage."""
    state = collections.OrderedDict()
    for dtype, name in DTYPES.items():
        state["type." + name] = (torch.arange(6).reshape(2, 3) * 7 % 5 - (0 if name in ("U8", "BOOL") else 2)).to(dtype)
    base = torch.arange(60, dtype=torch.float32) / 8
    cube = base[:24].reshape(2, 3, 4)
    state["view.whole"] = base
    state["view.offset"] = base[10:20]
    state["view.transposed"] = cube.permute(2, 0, 1)
    state["view.columns"] = cube[:, 1:, ::2]
    state["view.expanded"] = base[7:10].reshape(3, 1).expand(3, 4)
    state["view.channels_last"] = base[:48].reshape(1, 4, 4, 3).permute(0, 3, 1, 2)
    state["view.half"] = torch.arange(20, dtype=torch.float16).reshape(4, 5).t()[1:3]
    state["view.byte"] = torch.arange(20, dtype=torch.uint8).reshape(4, 5).t()
    state["shape.scalar"] = torch.tensor(42, dtype=torch.int64)
    state["shape.empty"] = torch.zeros(0, 3)
    state["shape.rank8"] = torch.arange(4, dtype=torch.int32).reshape(1, 2, 1, 1, 2, 1, 1, 1)
    state["parameter"] = torch.nn.Parameter(base[3:5])
    state["values"] = torch.tensor([0.0, -0.0, 1e-45, 3.4e38, float("inf"), float("-inf"), 0.1])
    return state


def repack(source, name, method, zip64=False):
    """The same records by Python's zipfile, under another folder."""
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(name), "w", method) as new:
        for entry in old.infolist():
            inner = entry.filename.split("/", 1)[1]
            info = zipfile.ZipInfo("a b/" + inner)
            info.compress_type = method
            with new.open(info, "w", force_zip64=zip64) as f:
                f.write(old.read(entry))
        new.writestr("a b/byteorder", "little")


def rezip64(name):
    """Turns the ends of an archive into zip64's: all sizes and places in 64 bits."""
    raw = open(path(name), "rb").read()
    end = raw.rindex(b"PK\5\6")
    entries, size, start = struct.unpack("<HII", raw[end + 10:end + 20])
    out, at, directory = raw[:start], start, b""
    for _ in range(entries):
        head = bytearray(raw[at:at + 46])
        packed, length = struct.unpack("<II", head[20:28])
        n, extra, comment = struct.unpack("<HHH", head[28:34])
        where, = struct.unpack("<I", head[42:46])
        field = struct.pack("<HHQQQ", 1, 24, length, packed, where)
        head[20:28] = b"\xff" * 8
        head[30:32] = struct.pack("<H", len(field))
        head[42:46] = b"\xff" * 4
        directory += bytes(head) + raw[at + 46:at + 46 + n] + field
        at += 46 + n + extra + comment
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, len(directory), start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + len(directory), 1)
    last = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
    open(path(name), "wb").write(out + directory + end64 + locator + last)


def wrapped():
    """A training checkpoint as PyTorch's ImageNet example writes it."""
    torch.manual_seed(1)
    net = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2)))
    for i, p in enumerate(net.parameters()):
        p.data = torch.arange(p.numel(), dtype=torch.float32).reshape(p.shape) / 16 - i
        p.grad = torch.ones_like(p)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    optimizer.step()
    expected = {k[len("module."):]: v for k, v in net.state_dict().items()}
    torch.save({"epoch": 90, "arch": "resnet18", "state_dict": net.state_dict(), "best_acc1": torch.tensor(76.3),
                "optimizer": optimizer.state_dict(), "args": argparse.Namespace(lr=0.1, data="imagenet"),
                "loss": numpy.float64(1.5)}, path("wrapped.pth"))
    safetensors("wrapped.safetensors", expected)


class Python2Dict(dict):
    """Pickled as Python 2 pickles an OrderedDict."""
    def __reduce__(self):
        return collections.OrderedDict, ([[k, v] for k, v in self.items()],)


class Stored:
    """A storage in the manner of PyTorch 0.3: a part of a larger one."""
    def __init__(self, *id):
        self.id = id


class Rebuilt:
    def __init__(self, storage, offset, size, stride):
        self.args = (storage, offset, size, stride)

    def __reduce__(self):
        return torch._utils._rebuild_tensor, self.args


class LegacyPickler(pickle._Pickler):
    def persistent_id(self, obj):
        return obj.id if isinstance(obj, Stored) else None


def old_views():
    """Two views of one storage with view metadata, which torch.save wrote until 0.4 and torch.load still reads."""
    base = numpy.arange(20, dtype="<f4")
    left = Stored("storage", torch.FloatStorage, "7", "cpu", 20, ("70", 0, 12))
    right = Stored("storage", torch.FloatStorage, "7", "cpu", 20, ("71", 12, 8))
    state = Python2Dict(left=Rebuilt(left, 2, (2, 5), (5, 1)), right=Rebuilt(right, 1, (3, 2), (1, 3)))
    out = io.BytesIO()
    for part in (0x1950a86a20f9469cfc6c, 1001, dict(protocol_version=1001, little_endian=True, type_sizes={})):
        pickle.dump(part, out, protocol=2)
    LegacyPickler(out, 2).dump(state)
    pickle.dump(["7"], out, protocol=2)
    out.write(struct.pack("<q", 20) + base.tobytes())
    open(path("old-views.pth"), "wb").write(out.getvalue())
    loaded = torch.load(path("old-views.pth"))
    assert loaded["left"].tolist() == (base[2:12].reshape(2, 5)).tolist()
    assert loaded["right"].tolist() == [[13, 16], [14, 17], [15, 18]]
    safetensors("old-views.safetensors", loaded)


class Turned(Rebuilt):
    """A tensor with metadata, as PyTorch 2 pickles it; 1.13 can't load it."""
    def __init__(self, storage, size, stride, metadata):
        self.args = (storage, 0, size, stride, False, collections.OrderedDict(), metadata)

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.args


def by_hand(name, state, storages, byteorder="little"):
    """A zip as torch.save writes it, of Rebuilt tensors over the bytes of storages."""
    with zipfile.ZipFile(path(name), "w", zipfile.ZIP_STORED) as new:
        data = io.BytesIO()
        LegacyPickler(data, 2).dump(state)
        folder = name.rsplit(".", 1)[0]
        new.writestr(folder + "/data.pkl", data.getvalue())
        new.writestr(folder + "/byteorder", byteorder)
        for key, raw in storages.items():
            new.writestr(folder + "/data/" + key, raw)
        new.writestr(folder + "/version", "3\n")


def negatives():
    """Tensors with the negative bit: of every type, transposed, with the bit off; then metadata that can't be honoured."""
    state, storages, want = {}, {}, {}
    for n, (dtype, name) in enumerate(DTYPES.items()):
        kind = getattr(torch, {"F32": "Float", "F64": "Double", "F16": "Half", "BF16": "BFloat16", "I64": "Long", "I32": "Int",
                               "I16": "Short", "I8": "Char", "U8": "Byte", "BOOL": "Bool"}[name] + "Storage")
        values = torch.tensor([0, 1, 2, 127, 5, 100]).to(dtype) if name != "BOOL" else torch.tensor([True, False] * 3)
        storages[str(n)] = elements(values)
        stored = Stored("storage", kind, str(n), "cpu", 6)
        if name != "BOOL":
            state["neg." + name] = Turned(stored, (3, 2), (1, 3), {"neg": True})
            want["neg." + name] = -values.reshape(2, 3).t()
        state["off." + name] = Turned(stored, (6,), (1,), {"neg": False, "conj": False} if n % 2 else {})
        want["off." + name] = values
    by_hand("negative.pth", state, storages)
    safetensors("negative.safetensors", want)
    first = Stored("storage", torch.FloatStorage, "0", "cpu", 6)
    by_hand("conjugate.pth", {"w": Turned(first, (6,), (1,), {"conj": True})}, {"0": storages["0"]})
    by_hand("unknown-metadata.pth", {"w": Turned(first, (6,), (1,), {"scale": 2})}, {"0": storages["0"]})
    last = Stored("storage", torch.BoolStorage, "9", "cpu", 6)
    by_hand("negative-bool.pth", {"w": Turned(last, (6,), (1,), {"neg": True})}, {"9": storages["9"]})
    by_hand("big-endian.pth", {"w": Rebuilt(first, 0, (6,), (1,))}, {"0": storages["0"]}, "big")
    out = io.BytesIO()
    for part in (0x1950a86a20f9469cfc6c, 1001, dict(protocol_version=1001, little_endian=False, type_sizes={})):
        pickle.dump(part, out, protocol=2)
    LegacyPickler(out, 2).dump({"w": Rebuilt(first, 0, (6,), (1,))})
    pickle.dump(["0"], out, protocol=2)
    out.write(struct.pack(">q", 6) + numpy.arange(6, dtype=">f4").tobytes())
    open(path("big-endian-legacy.pth"), "wb").write(out.getvalue())


class Hostile:
    def __reduce__(self):
        return os.system, ("touch hostile-was-here",)


state = kinds()
safetensors("kinds.safetensors", state)
torch.save(state, path("kinds.pth"))
torch.save(state, path("kinds-legacy.pth"), _use_new_zipfile_serialization=False)
torch.save(state, path("kinds-protocol4.pth"), pickle_protocol=4)
torch.save(state, path("kinds-legacy-protocol4.pth"), _use_new_zipfile_serialization=False, pickle_protocol=4)
repack("kinds.pth", "kinds-deflated.pth", zipfile.ZIP_DEFLATED)
repack("kinds.pth", "kinds-zip64.pth", zipfile.ZIP_STORED, zip64=True)
rezip64("kinds-zip64.pth")
for name in ("deflated", "zip64", "legacy", "protocol4", "legacy-protocol4"):
    again = torch.load(path("kinds-%s.pth" % name)) if name != "deflated" else state
    assert all(elements(again[k].detach()) == elements(state[k].detach()) for k in state), name
wrapped()
old_views()
negatives()
torch.save({"weight": torch.ones(2), "surprise": Hostile()}, path("hostile.pth"))
safetensors("hostile.safetensors", {"weight": torch.ones(2)})
torch.save({"a": {"x": torch.ones(2)}, "b": {"x": torch.zeros(2)}}, path("two.pth"))
safetensors("two.safetensors", {"x": torch.zeros(2)})
