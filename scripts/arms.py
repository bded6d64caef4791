#!/usr/bin/env python3
"""Arms of pre-training tried by torch on a GPU: half a minute each instead of an hour. What wins is then trained by fractrain.

    arms.py pack DATA FILE                    images of all sets in DATA, 256 x 256 by imgcat, and their masks, in one file of 25 MB
    arms.py run [-b SECONDS] FILE ARMS        trains and evaluates each arm of a table, as long as there is time; TSV on stdout

fern's programs are those of $FERN_BIN (default ../bin). ARMS has a line for each arm, its name and then KEY=VALUE:

    fractals-alone   pictures=fractals
    both-dense       pictures=surfaces,fractals dense=layer2:.5,layer3:1 samples=400000 decay=1e-3 area=.3

Data walk so: generators write labelled pictures into memory that is shared, from which they go to the GPU once; a batch is drawn from
what is there, augmented there, and learned; then PatchCore is fitted on the packed images and scored. What differs from fern: pictures
are drawn again (fern draws new ones); hue is turned about the grey axis; of the magnetic tiles every third image is learned and every
second scored; PatchCore chooses its 1 % among 120,000 patches. So figures are to be compared with each other, not with fern's.
Needs torch, torchvision, numpy, pillow; pack needs scipy, too.
"""
import argparse
import io
import json
import math
import mmap
import os
import pickle
import struct
import subprocess
import sys
import time
import traceback
import zlib

import numpy as np
import torch
import torch.multiprocessing as processes
import torch.nn.functional as F
import torchvision
from torch import nn

BIN = os.environ.get("FERN_BIN", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bin"))
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CANVAS = 160  # side of the pictures
IMAGE = 256  # side of the images that are inspected
WIDTHS = {"layer1": 64, "layer2": 128, "layer3": 256, "layer4": 512}
MEAN = torch.tensor([0.485, 0.456, 0.406], device=DEVICE).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225], device=DEVICE).view(1, 3, 1, 1)


# ---- images of products


def images(path, split):
    """Those of a data set, as imgcat writes them: (keys, array) each."""
    stream = subprocess.Popen([f"{BIN}/imgcat", "-q", "-r", str(IMAGE), "-s", split, path], stdout=subprocess.PIPE).stdout
    keys = {}
    while line := stream.readline():
        if line == b"ENDHDR\n":
            yield keys, np.frombuffer(stream.read(IMAGE * IMAGE * 3), np.uint8).reshape(IMAGE, IMAGE, 3)
            keys = {}
        elif line.startswith(b"# "):
            key, _, value = line[2:-1].decode().partition("=")
            keys[key] = value


def regions(path, keys):
    """The defects of an image, numbered from 1; 0 is good."""
    from PIL import Image
    from scipy import ndimage

    kind, name = keys["name"].split("/")[-2:]
    if keys["label"] == "0":
        return np.zeros((IMAGE, IMAGE), np.uint8)
    stem = os.path.join(path, "ground_truth", kind, os.path.splitext(name)[0] + "_mask")
    mask = Image.open(next(stem + end for end in (".png", ".jpg") if os.path.exists(stem + end)))
    return ndimage.label(np.array(mask.convert("L").resize((IMAGE, IMAGE), 0)) > 0, np.ones((3, 3)))[0].astype(np.uint8)


def pack(data, path):
    from PIL import Image

    def jpeg(array):
        file = io.BytesIO()
        grey = (array == array[..., :1]).all()
        Image.fromarray(array[..., 0] if grey else array).save(file, "JPEG", quality=95, subsampling=0)
        return file.getvalue()

    packed = {}
    for name in sorted(os.listdir(data)):
        folder = os.path.join(data, name)
        if os.path.isdir(os.path.join(folder, "train")):
            every = (3, 2) if name == "magnetic_tile" else (1, 1)
            train = [jpeg(a) for i, (_, a) in enumerate(images(folder, "train")) if i % every[0] == 0]
            test = [(k, a) for i, (k, a) in enumerate(images(folder, "test")) if i % every[1] == 0]
            packed[name] = {"train": train, "test": [jpeg(a) for _, a in test], "label": [int(k["label"]) for k, _ in test],
                            "regions": np.stack([regions(folder, k) for k, _ in test])}
    with open(path, "wb") as file:
        file.write(zlib.compress(pickle.dumps(packed)))


def unpack(path):
    from PIL import Image

    def decode(files):
        arrays = [np.asarray(Image.open(io.BytesIO(f)).convert("RGB")) for f in files]
        return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous().to(DEVICE)

    with open(path, "rb") as file:
        packed = pickle.loads(zlib.decompress(file.read()))
    return {name: {"train": decode(s["train"]), "test": decode(s["test"]), "label": torch.tensor(s["label"], device=DEVICE),
                   "regions": torch.from_numpy(s["regions"].astype(np.int64)).to(DEVICE)} for name, s in packed.items()}


# ---- pictures to learn from


def shared(shape, kind):
    return np.frombuffer(mmap.mmap(-1, int(np.prod(shape)) * np.dtype(kind).itemsize), kind).reshape(shape)


def fill(command, channels, pictures, labels, count):
    """A process of its own: what a generator writes, until the arrays are full."""
    stream, label = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20).stdout, 0
    while count[0] < len(pictures) and (line := stream.readline()):
        if line.startswith(b"# label="):
            label = int(line[8:])
        elif line == b"ENDHDR\n":
            picture = np.frombuffer(stream.read(CANVAS * CANVAS * channels), np.uint8).reshape(CANVAS, CANVAS, channels)
            pictures[count[0], :, :, :channels], labels[count[0]] = picture, label
            count[0] += 1


class Pool:
    """Pictures of one generator on the GPU, as many as have come; classes of pixels are the fourth channel."""

    KINDS = {  # command, classes, channels
        "surfaces": (["surfgen", "-c", "250", "--labels", "-s", "11"], 250, 4),
        "fractals": (["ifsgen", "-m", "multi", "-c", "100", "--systems", "100", "--points", "25000", "--tone", "log", "--colour",
                      "palette", "--objects", "2-6", "--object-size", ".3-.9", "-s", "1"], 100, 3),
    }

    def __init__(self, kind, size, writers):
        command, self.classes, self.channels = self.KINDS[kind]
        host, labels = shared((size, CANVAS, CANVAS, 4), np.uint8), shared((size,), np.int64)
        self.counts, self.begins = shared((writers,), np.int64), [size * i // writers for i in range(writers + 1)]
        for i in range(writers):
            part = slice(self.begins[i], self.begins[i + 1])
            argv = [f"{BIN}/{command[0]}", *command[1:], "-q", "-j", "1", "-e", "0", "-z", str(CANVAS), "--start", str(i * 100000)]
            processes.Process(target=fill, daemon=True,
                              args=(argv, self.channels, host[part], labels[part], self.counts[i:i + 1])).start()
        self.host, self.host_labels, self.taken, self.size = host, labels, [0] * writers, size
        self.pictures = torch.zeros(size, CANVAS, CANVAS, 4, dtype=torch.uint8, device=DEVICE)
        self.labels, self.there = torch.zeros(size, dtype=torch.int64, device=DEVICE), torch.zeros(0, dtype=torch.int64)

    def look(self):
        """Takes over what has come since the last look."""
        if len(self.there) == self.size:
            return
        for i, begin in enumerate(self.begins[:-1]):
            new = slice(begin + self.taken[i], begin + int(self.counts[i]))
            self.pictures[new] = torch.from_numpy(self.host[new]).to(DEVICE)
            self.labels[new] = torch.from_numpy(self.host_labels[new]).to(DEVICE)
            self.taken[i] = int(self.counts[i])
        self.there = torch.cat([torch.arange(b, b + n) for b, n in zip(self.begins, self.taken)]).to(DEVICE)

    def draw(self, n):
        i = self.there[torch.randint(len(self.there), (n,), device=DEVICE)]
        return self.pictures[i], self.labels[i]


def uniform(n, low, high):
    return torch.rand(n, 1, 1, 1, device=DEVICE) * (high - low) + low


def augment(pictures, side, area, jitter, grey, blur):
    """Resized crops, mirrored, in other colours: the images, normalised, their fourth channels, and the maps from crop to picture."""
    n, pictures = len(pictures), pictures.permute(0, 3, 1, 2).float()
    share, aspect = uniform(n, area, 1), torch.exp(uniform(n, math.log(3 / 4), math.log(4 / 3)))
    wide, high = [(share * a).sqrt().clamp(max=1)[:, 0, 0, 0] for a in (aspect, 1 / aspect)]
    sign = lambda: (torch.rand(n, device=DEVICE) < 0.5).float() * 2 - 1
    crop = torch.zeros(n, 2, 3, device=DEVICE)
    crop[:, 0, 0], crop[:, 1, 1] = wide * sign(), high * sign()
    crop[:, 0, 2], crop[:, 1, 2] = [uniform(n, -1, 1)[:, 0, 0, 0] * (1 - s) for s in (wide, high)]
    grid = F.affine_grid(crop, (n, 3, side, side), align_corners=False)
    image = F.grid_sample(pictures[:, :3] / 255, grid, "bilinear", "reflection", False)
    cells = F.grid_sample(pictures[:, 3:], grid, "nearest", "reflection", False)[:, 0].round().long()

    weights = torch.tensor([0.299, 0.587, 0.114], device=DEVICE).view(1, 3, 1, 1)
    luma = lambda: (image * weights).sum(1, keepdim=True)
    brightness, contrast, saturation, hue = jitter
    image = (image * uniform(n, 1 - brightness, 1 + brightness)).clamp(0, 1)
    f, mean = uniform(n, 1 - contrast, 1 + contrast), luma().mean((2, 3), keepdim=True)
    image = (image * f + mean * (1 - f)).clamp(0, 1)
    f = uniform(n, 1 - saturation, 1 + saturation)
    image = (image * f + luma() * (1 - f)).clamp(0, 1)
    angle = uniform(n, -hue, hue)[:, 0, 0, 0] * 2 * math.pi
    one, two = (1 - angle.cos()) / 3, angle.sin() / math.sqrt(3)
    row = torch.stack([angle.cos() + one, one - two, one + two], 1)
    turn = torch.stack([row.roll(i, 1) for i in range(3)], 1)
    image = torch.einsum("bij,bjhw->bihw", turn, image).clamp(0, 1)
    image = torch.where(uniform(n, 0, 1) < grey, luma(), image)
    blurred = torch.rand(n, device=DEVICE) < blur
    if blurred.any():
        image[blurred] = gauss(image[blurred], uniform(int(blurred.sum()), 0.1, 2)[:, 0, 0], 4)
    return ((image - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last), cells, crop


def gauss(images, sigma, reach):
    """Images [n, c, h, w] blurred, by a sigma [n, 1] each."""
    n, c, h, w = images.shape
    x = torch.arange(-reach, reach + 1, device=DEVICE).float()
    kernel = torch.softmax(-x[None] ** 2 / (2 * sigma**2), 1).repeat_interleave(c, 0)
    y = F.pad(images.reshape(1, n * c, h, w), (reach, reach, reach, reach), mode="reflect")
    y = F.conv2d(F.conv2d(y, kernel[:, None, None], groups=n * c), kernel[:, None, :, None], groups=n * c)
    return y.view(n, c, h, w)


# ---- learning


def cell_loss(logits, cells):
    """Cross-entropy at the cells of a layer, [n, classes, h, w], of which one class covers .6 or more."""
    n, _, h, w = logits.shape
    s = cells.shape[1] // h
    p = F.log_softmax(logits.float().permute(0, 2, 3, 1), -1)
    inside = cells.view(n, h, s, w, s).permute(0, 1, 3, 2, 4).reshape(n, h, w, s * s)
    most = inside.sort(-1)[0][..., s * s // 2]  # the median is the majority's, where there is one
    counts = ((inside == most[..., None]).float().mean(-1) >= 0.6) & (most >= 0)
    loss = 0.9 * p.gather(-1, most.clamp(min=0)[..., None])[..., 0] + 0.1 * p.mean(-1)
    return -(loss * counts).sum() / counts.sum().clamp(min=1)


def contrast_loss(a, b, crop_a, crop_b, each=8, temperature=0.1):
    """InfoNCE between the same places of two crops, `each` of a picture, all others of the batch against them."""
    n, c = a.shape[:2]
    at = torch.rand(n, each, 2, device=DEVICE) * 2 - 1
    scale = lambda crop: torch.stack([crop[:, None, 0, 0], crop[:, None, 1, 1]], -1)
    there = (at * scale(crop_a) + crop_a[:, None, :, 2] - crop_b[:, None, :, 2]) / scale(crop_b)
    seen = (there.abs() < 1).all(-1).flatten()
    take = lambda z, p: F.normalize(F.grid_sample(z, p[:, None], align_corners=False)[:, :, 0].permute(0, 2, 1).reshape(-1, c), dim=1)
    logits = take(a, at) @ take(b, there.clamp(-1, 1)).T / temperature
    loss = F.cross_entropy(logits.masked_fill(~seen[None], -1e4), torch.arange(len(seen), device=DEVICE), reduction="none")
    return (loss * seen).sum() / seen.sum().clamp(min=1)


def stages(net, x):
    x, out = net.maxpool(net.relu(net.bn1(net.conv1(x)))), {}
    for name in WIDTHS:
        x = out[name] = getattr(net, name)(x)
    return out


def projection(width):
    return nn.Sequential(nn.Conv2d(width, 256, 1), nn.BatchNorm2d(256), nn.ReLU(), nn.Conv2d(256, 128, 1))


def train(arm, pools, deadline):
    """A network after an arm's samples, or what of them fits before the deadline, and how many there were."""
    torch.manual_seed(arm["seed"])
    batch, side = arm["batch"], arm["side"]
    net = torchvision.models.resnet18(num_classes=sum(p.classes for p in pools)).to(DEVICE, memory_format=torch.channels_last)
    if arm["init"]:
        begin(net, arm["init"])
    heads = nn.ModuleDict({k: nn.Conv2d(WIDTHS[k], net.fc.out_features, 1) for k in arm["dense"]}).to(DEVICE)
    views = nn.ModuleDict({k: projection(WIDTHS[k]) for k in ("layer2", "layer3")} if arm["contrast"] else {}).to(DEVICE)
    named = [(k, p) for k, p in net.named_parameters() if not k.startswith("fc")]
    optimiser = torch.optim.SGD([
        {"params": [p for _, p in named if p.ndim > 1], "weight_decay": arm["decay"]},
        {"params": [*net.fc.parameters(), *heads.parameters(), *views.parameters()], "weight_decay": 1e-4},
        {"params": [p for _, p in named if p.ndim == 1], "weight_decay": 0}], lr=arm["rate"], momentum=0.9, nesterov=True)
    shifts = np.cumsum([0] + [p.classes for p in pools])
    steps, step, begun, loss_sum = max(1, arm["samples"] // batch), 0, time.time(), 0
    while step < steps:
        if step % 20 == 0:
            for p in pools:
                p.look()
        if step == 40:  # cut to the time that is left
            steps = min(steps, int(step * (deadline - begun) / (time.time() - begun)))
        for group in optimiser.param_groups:
            group["lr"] = arm["rate"] * min(1, (step + 1) / (0.05 * steps)) * 0.5 * (1 + math.cos(math.pi * step / steps))
        drawn = [p.draw(batch // len(pools)) for p in pools]
        pictures, labels = torch.cat([d[0] for d in drawn]), torch.cat([d[1] + int(s) for d, s in zip(drawn, shifts)])
        shift = torch.cat([torch.full_like(d[1], int(s)) for d, s in zip(drawn, shifts)]).view(-1, 1, 1)
        parts = [augment(pictures, side, arm["area"], arm["jitter"], arm["grey"], arm["blur"]) for _ in range(2 if views else 1)]
        x = torch.cat([p[0] for p in parts]).contiguous(memory_format=torch.channels_last)
        cells = torch.cat([torch.where(p[1] > 0, p[1] - 1 + shift, -1) for p in parts])
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            out = stages(net, x)
            logits = net.fc(out["layer4"].mean((2, 3)))
            dense = {k: heads[k](out[k]) for k in arm["dense"]}
            seen = {k: views[k](out[k]) for k in views}
        loss = arm["image"] * F.cross_entropy(logits.float(), labels.repeat(len(parts)), label_smoothing=0.1)
        loss = loss + sum(weight * cell_loss(dense[k], cells) for k, weight in arm["dense"].items())
        for k in views:
            loss = loss + arm["contrast"] * contrast_loss(*seen[k].float().chunk(2), parts[0][2], parts[1][2])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        loss_sum, step = loss_sum + loss.detach(), step + 1
    return net, step * batch, float(loss_sum) / step


def begin(net, path):
    """Takes the tensors of a safetensors file that fit, but for the classifier's."""
    with open(path, "rb") as file:
        raw = file.read()
    size = struct.unpack("<Q", raw[:8])[0]
    own = net.state_dict()
    for name, entry in json.loads(raw[8:8 + size]).items():
        if name in own and not name.startswith("fc") and entry["dtype"] in ("F32", "BF16"):
            low, high = (8 + size + at for at in entry["data_offsets"])
            kind = np.uint16 if entry["dtype"] == "BF16" else np.float32
            values = np.frombuffer(raw[low:high], kind)
            values = (values.astype(np.uint32) << 16).view(np.float32) if kind is np.uint16 else values
            own[name].copy_(torch.from_numpy(values.reshape(entry["shape"]).copy()))


# ---- PatchCore, 1 %


def patches(net, x, taps):
    out = []
    with torch.no_grad():
        for part in x.split(32):
            maps = stages(net, ((part.float() / 255 - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last))
            maps = [F.avg_pool2d(maps[k].float(), 3, 1, 1) for k in taps]
            maps = [F.interpolate(m, maps[0].shape[-2:], mode="bilinear", align_corners=False) for m in maps]
            out.append(torch.cat(maps, 1).permute(0, 2, 3, 1).contiguous().half())
    return torch.cat(out)


def auroc(scores, bad):
    rank = torch.empty(len(scores), device=DEVICE, dtype=torch.float64)
    rank[scores.argsort()] = torch.arange(1, len(scores) + 1, device=DEVICE, dtype=torch.float64)
    positive = bad.sum().double()
    return float((rank[bad].sum() - positive * (positive + 1) / 2) / (positive * (len(bad) - positive)))


def aupro(maps, found):
    """Up to a false positive rate of .3, by 300 thresholds."""
    good, rates = maps[found == 0].sort(descending=True)[0], torch.linspace(0, 0.3, 301, device=DEVICE)
    thresholds = good[(rates * len(good)).long().clamp(max=len(good) - 1)]
    overlap = [(m[f == j][None] > thresholds[:, None]).float().mean(1) for m, f in zip(maps, found) for j in range(1, int(f.max()) + 1)]
    return float(torch.trapezoid(torch.stack(overlap).mean(0), rates) / 0.3)


def select(projected, wanted):
    """Greedy k-centres of each of several sets at once: indices [wanted, sets]."""
    squares, sets = projected.float().pow(2).sum(-1), torch.arange(len(projected), device=DEVICE)
    nearest, at, chosen = torch.full_like(squares, math.inf), torch.zeros_like(sets), []
    for _ in range(wanted):
        chosen.append(at)
        centre = projected[sets, at]
        distance = squares + squares[sets, at][:, None] - 2 * torch.bmm(projected, centre[..., None])[..., 0].float()
        nearest = torch.minimum(nearest, distance)
        at = nearest.argmax(1)
    return torch.stack(chosen)


def evaluate(net, sets, taps, most=120000):
    """Image AUROC, pixel AUROC and AUPRO of each set."""
    net.eval()
    torch.backends.cuda.matmul.allow_tf32 = False
    chance, known = torch.Generator(device=DEVICE).manual_seed(1), []
    for s in sets.values():
        x = patches(net, s["train"], taps)
        grid, x = x.shape[1:3], x.flatten(0, 2)
        total, x = len(x), x[torch.randperm(len(x), device=DEVICE, generator=chance)[:most]].float()
        mean, widths = x.mean(0), [WIDTHS[k] for k in taps]
        spread = torch.stack([v.pow(2).mean() for v in (x - mean).split(widths, 1)])
        scale = (spread.mean() / spread).sqrt().repeat_interleave(torch.tensor(widths, device=DEVICE))
        known.append((grid, mean, scale, (x - mean) * scale, max(1, total // 100)))
    least = min(len(k[3]) for k in known)
    random = torch.randn(known[0][3].shape[1], 128, device=DEVICE, generator=chance) / math.sqrt(128)
    projected = torch.stack([(k[3][:least] / k[3].pow(2).mean().sqrt() @ random).half() for k in known])
    chosen = select(projected, min(least, max(k[4] for k in known)))
    figures = {}
    for i, (name, s) in enumerate(sets.items()):
        grid, mean, scale, x, size = known[i]
        bank = x[chosen[:size, i]]
        distances = []
        for image in patches(net, s["test"], taps).flatten(1, 2):
            q = (image.float() - mean) * scale
            distances.append((q.pow(2).sum(1, keepdim=True) + bank.pow(2).sum(1) - 2 * q @ bank.T).amin(1).clamp(min=0).sqrt())
        maps = F.interpolate(torch.stack(distances).view(-1, 1, *grid), (IMAGE, IMAGE), mode="bilinear", align_corners=False)
        maps = gauss(maps, torch.full((len(maps), 1), 4.0, device=DEVICE), 16)[:, 0]
        score = maps.flatten(1).topk(round(0.03 * IMAGE * IMAGE))[0].mean(1)
        figures[name] = (auroc(score, s["label"] > 0), auroc(maps.flatten(), (s["regions"] > 0).flatten()), aupro(maps, s["regions"]))
    torch.backends.cuda.matmul.allow_tf32 = True
    return figures


# ---- arms


def layers(text):
    return {k: float(w) for k, w in (item.split(":") for item in text.split(",") if item)}


KEYS = {  # how it is read, default
    "pictures": (lambda t: t.split(","), ["surfaces", "fractals"]), "samples": (int, 400000), "batch": (int, 256), "side": (int, 128),
    "rate": (float, 0.4), "decay": (float, 1e-3), "image": (float, 1.0), "dense": (layers, {}), "contrast": (float, 0.0),
    "area": (float, 0.3), "jitter": (lambda t: [float(v) for v in t.split(",")], [0.3, 0.3, 0.3, 0.05]), "grey": (float, 0.1),
    "blur": (float, 0.2), "init": (str, ""), "seed": (int, 1), "taps": (lambda t: t.split(","), ["layer1", "layer2"]),
}


def read_arms(path):
    for number, line in enumerate(open(path), 1):
        name, *pairs = line.split("#")[0].split() or [""]
        if name:
            arm = {k: default for k, (_, default) in KEYS.items()}
            for key, _, value in (p.partition("=") for p in pairs):
                if key not in KEYS:
                    sys.exit(f"arms: {path}: line {number}: {key}: no such key")
                arm[key] = KEYS[key][0](value)
            yield name, arm


def run(path, table, budget, pictures, writers):
    end, arms = time.time() + budget, list(read_arms(table))
    pools = {kind: Pool(kind, pictures, writers) for kind in {k for _, a in arms for k in a["pictures"]}}
    sets = unpack(path)
    torch.backends.cudnn.benchmark = torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    while any(len(p.there) < pictures / 4 for p in pools.values()):
        time.sleep(1)
        for p in pools.values():
            p.look()
    print("name", "samples", "seconds", "loss", "set", "image_auroc", "pixel_auroc", "aupro", sep="\t")
    for name, arm in arms:
        begun = time.time()
        if end - begun < 20:
            break
        try:
            net, samples, loss = train(arm, [pools[k] for k in arm["pictures"]], end - 10)
            figures = evaluate(net, sets, arm["taps"])
        except Exception:  # an arm that fails doesn't take the others' time
            traceback.print_exc()
            continue
        figures[f"mean of {len(sets)}"] = tuple(np.mean(list(figures.values()), 0))
        for key, row in figures.items():
            print(name, samples, f"{time.time() - begun:.0f}", f"{loss:.3f}", key, *(f"{v:.4f}" for v in row), sep="\t", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("pack")
    sub.add_argument("data")
    sub.add_argument("file")
    sub = commands.add_parser("run")
    sub.add_argument("-b", "--budget", type=float, default=480, help="seconds for all arms (default 480)")
    sub.add_argument("-n", "--pictures", type=int, default=60000, help="of each kind on the GPU, 100 KB each (default 60000)")
    sub.add_argument("-w", "--writers", type=int, default=max(1, (os.cpu_count() - 2) // 2), help="processes that draw each kind")
    sub.add_argument("file")
    sub.add_argument("arms")
    o = parser.parse_args()
    if o.command == "pack":
        pack(o.data, o.file)
    else:
        processes.set_start_method("fork")
        run(o.file, o.arms, o.budget, o.pictures, o.writers)


if __name__ == "__main__":
    main()
