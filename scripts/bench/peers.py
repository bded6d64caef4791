#!/usr/bin/env python3
"""The other side of scripts/bench/peers: the same work by torch, OpenVINO and scikit-learn. Prints one number.

    peers.py features ENGINE ARCH PRECISION WEIGHTS PAM THREADS   images/s of layer2 and layer3, from PAM to bytes
    peers.py train ARCH PRECISION SIDE BATCH STEPS THREADS        images/s, the median of STEPS steps
    peers.py greedy N DIMS WANTED STEPS THREADS                   seconds: STEPS steps of the plain loop, scaled to WANTED
    peers.py brute BANK FEATURES THREADS                          seconds: the nearest of every patch of a stream, f32
    peers.py bottle SET WEIGHTS THREADS                           seconds: fit and score PatchCore 1 %, files to AUROC

Imports, loading of weights, compilation and a first batch are not counted.
"""
import io
import json
import struct
import sys
import time

import numpy as np
import torch

MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
BATCH = 8


def safetensors(path):
    raw = open(path, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    types = {"F32": np.float32, "F16": np.float16}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + at for at in entry["data_offsets"])
            yield name, torch.from_numpy(np.frombuffer(raw[begin:end], types[entry["dtype"]]).reshape(entry["shape"]).copy())


class Features(torch.nn.Module):
    """layer2 and layer3 of a torchvision network."""

    def __init__(self, arch, weights):
        super().__init__()
        import torchvision

        model = getattr(torchvision.models, arch)(weights=None)
        model.load_state_dict({k: v for k, v in safetensors(weights) if not k.startswith("fc.")}, strict=False)
        self.stem = torch.nn.Sequential(model.conv1, model.bn1, model.relu, model.maxpool, model.layer1, model.layer2)
        self.layer3 = model.layer3

    def forward(self, x):
        x = self.stem(x)
        return x, self.layer3(x)


def pam_images(stream):
    while True:
        line = stream.readline()
        if not line:
            return
        head = {}
        while line.strip() != b"ENDHDR":
            words = line.split()
            if words and not words[0].startswith(b"#") and len(words) > 1:
                head[words[0]] = words[1]
            line = stream.readline()
        h, w, c = (int(head[k]) for k in (b"HEIGHT", b"WIDTH", b"DEPTH"))
        yield np.frombuffer(stream.read(h * w * c), np.uint8).reshape(h, w, c)


def prepared(images):
    x = (np.stack(images).astype(np.float32) / 255 - MEAN) / STD
    return torch.from_numpy(x.transpose(0, 3, 1, 2)).contiguous(memory_format=torch.channels_last)


def torch_engine(model, precision):
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
    model = model.to(dtype).to(memory_format=torch.channels_last)

    def run(x):
        with torch.inference_mode():
            return [y.permute(0, 2, 3, 1).float().contiguous().numpy() for y in model(x.to(dtype))]

    return run


def openvino_engine(model, precision, threads, shape):
    import openvino as ov

    compiled = ov.Core().compile_model(
        ov.convert_model(model, example_input=torch.zeros(shape), input=shape),
        "CPU",
        {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1},
    )
    return lambda x: [np.ascontiguousarray(y.transpose(0, 2, 3, 1)) for y in compiled(x.numpy()).values()]


def features(engine, arch, precision, weights, pam, threads):
    model, data = Features(arch, weights).eval(), open(pam, "rb").read()
    images = list(pam_images(io.BytesIO(data)))
    shape = [BATCH, 3, *images[0].shape[:2]]
    run = torch_engine(model, precision) if engine == "torch" else openvino_engine(model, precision, threads, shape)
    run(prepared(images[:BATCH]))
    start, batch, done = time.perf_counter(), [], 0
    with open("/dev/null", "wb") as sink:
        for image in pam_images(io.BytesIO(data)):
            batch.append(image)
            if len(batch) == BATCH:
                for y in run(prepared(batch)):
                    sink.write(y.tobytes())
                done, batch = done + BATCH, []
    return done / (time.perf_counter() - start)


def train(arch, precision, side, batch, steps):
    import torchvision

    model = getattr(torchvision.models, arch)(weights=None, num_classes=100).train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    x = torch.rand(batch, 3, side, side).to(memory_format=torch.channels_last)
    y = torch.arange(batch) % 100
    times = []
    for _ in range(steps + 1):
        start = time.perf_counter()
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = torch.nn.functional.cross_entropy(model(x).float(), y)
        loss.backward()
        optimiser.step()
        times.append(time.perf_counter() - start)
    return batch / np.median(times[1:])


def greedy_steps(x, steps):
    """The plain loop of PatchCore: every distance to the vector chosen last (by one product, which reads x once), the minimum,
    the farthest."""
    chosen, least = 0, torch.full((len(x),), float("inf"))
    norms, out = (x * x).sum(1), []
    for _ in range(steps):
        torch.minimum(least, torch.addmv(norms, x, x[chosen], alpha=-2).add_(norms[chosen]), out=least)
        chosen = int(least.argmax())
        out.append(chosen)
    return out


def greedy(n, dims, wanted, steps):
    x = torch.randn(n, dims)
    greedy_steps(x, 2)
    start = time.perf_counter()
    greedy_steps(x, steps)
    return (time.perf_counter() - start) / steps * wanted


def nearest(query, bank, norms):
    """The least distance of each query, by one product; 2,048 bank vectors at a time would be slower."""
    d = torch.addmm(norms, query, bank.T, alpha=-2)
    return (d.min(1).values + (query * query).sum(1)).clamp(min=0).sqrt()


def patches(taps):
    a, b = (torch.nn.functional.avg_pool2d(t, 3, 1, 1) for t in taps)
    b = torch.nn.functional.interpolate(b, size=a.shape[2:], mode="bilinear", align_corners=False)
    return torch.cat([a, b], 1).permute(0, 2, 3, 1).flatten(1, 2)


def npys_features(path):
    taps = []
    with open(path, "rb") as f:
        while f.peek(1):
            array = np.lib.format.read_array(f)
            if array.ndim == 3:
                taps.append(torch.from_numpy(array).permute(2, 0, 1)[None])
            if len(taps) == 2:
                yield patches(taps)[0]
                taps = []


def brute(bank, stream):
    bank = dict(safetensors(bank))["bank"].float()
    norms, queries = (bank * bank).sum(1), list(npys_features(stream))
    nearest(queries[0], bank, norms)
    start = time.perf_counter()
    for query in queries:
        nearest(query, bank, norms)
    return time.perf_counter() - start


def bottle(folder, weights):
    from pathlib import Path

    from PIL import Image
    from sklearn.metrics import roc_auc_score

    run = Features("resnet18", weights).eval().to(memory_format=torch.channels_last)

    def extract(paths):
        out = []
        for i in range(0, len(paths), BATCH):
            images = [np.asarray(Image.open(p).convert("RGB").resize((256, 256), Image.BILINEAR)) for p in paths[i : i + BATCH]]
            out.append(patches(run(prepared(images))))
        return torch.cat(out)

    def load(path):
        mask = str(path).replace("/test/", "/ground_truth/")[:-4] + "_mask.png"
        if "good" in path.parts:
            return np.zeros((256, 256), bool)
        return np.asarray(Image.open(mask).convert("L").resize((256, 256), Image.NEAREST)) > 0

    root = Path(folder)
    training, test = sorted(root.glob("train/*/*")), sorted(root.glob("test/*/*"))
    with torch.inference_mode():
        extract(training[:BATCH])
        start = time.perf_counter()
        x = extract(training).flatten(0, 1)
        small = x @ (torch.randn(x.shape[1], 128) / 128**0.5)
        bank = x[greedy_steps(small, len(x) // 100)]
        norms, maps = (bank * bank).sum(1), []
        blur = torch.exp(-(torch.arange(-16, 17) ** 2) / 32.0)
        blur = (blur / blur.sum())[None, None, None]
        for query in extract(test):
            m = nearest(query, bank, norms).reshape(1, 1, 32, 32)
            m = torch.nn.functional.interpolate(m, size=(256, 256), mode="bilinear", align_corners=False)
            m = torch.nn.functional.pad(m, (16, 16, 16, 16), mode="reflect")
            maps.append(torch.nn.functional.conv2d(torch.nn.functional.conv2d(m, blur), blur.transpose(2, 3))[0, 0].numpy())
        maps = np.stack(maps)
        roc_auc_score([("good" not in p.parts) for p in test], maps.max((1, 2)))
        roc_auc_score(np.stack([load(p) for p in test]).ravel(), maps.ravel())
        return time.perf_counter() - start


def main():
    what, *words = sys.argv[1:]
    threads = int(words.pop())
    torch.set_num_threads(threads)
    words = [int(w) if w.isdigit() else w for w in words]
    calls = {"train": train, "greedy": greedy, "brute": brute, "bottle": bottle}
    print(features(*words, threads) if what == "features" else calls[what](*words))


main()
