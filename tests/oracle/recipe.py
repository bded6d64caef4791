#!/usr/bin/python3
"""What torch and torchvision make of a training's recipe, for tests/unit/recipe.c: three steps of a small residual network, each of
two batches whose gradients are added up; schedules; an image through the whole of augmentation, with nothing left to chance;
AutoAugment's rows.

The network (class Tiny), its weights (formula.py) and the images (uniform numbers, times 256, cut off) are made again in C. Computed in
f64, so that torch's own rounding does not count.

    python3 tests/oracle/recipe.py > tests/oracle/recipe.npys      # torch 1.13, torchvision 0.14
"""
import io
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import AutoAugment, AutoAugmentPolicy

from formula import fill, note, uniform

SIDE, CLASSES, BATCH, ACCUMULATE, STEPS = 16, 5, 4, 2, 3
OPERATIONS = ["ShearX", "Rotate", "Color", "Contrast", "Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize", "Invert"]


class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False), torch.nn.BatchNorm2d(8)
        self.conv2, self.bn2 = torch.nn.Conv2d(8, 8, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(8)
        self.fc = torch.nn.Linear(8, CLASSES)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)) + x)
        return self.fc(x.mean((2, 3)))


def picture(name, height, width):
    return (uniform(name, height * width * 3) * 256).astype(np.uint8).reshape(height, width, 3)


def image(i):
    return torch.from_numpy(picture(f"image {i}", SIDE, SIDE).transpose(2, 0, 1).copy()).double() / 255


def loss_of(logits, first, recipe):
    images = range(first, first + BATCH)
    if recipe["loss"] == "softmax":
        y = torch.tensor([i % CLASSES for i in images])
        return torch.nn.functional.cross_entropy(logits, y, label_smoothing=recipe["smoothing"])
    positive = torch.zeros(BATCH, CLASSES, dtype=torch.double)
    for row, i in enumerate(images):
        positive[row, [i % CLASSES, (3 * i + 1) % CLASSES]] = 1
    # Anderson and Farrell: positives weigh as much as there are classes for each of them
    weight = torch.where(positive > 0, CLASSES / positive.sum(1, keepdim=True), 1.0)
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, positive, weight=weight)


def schedule(optimiser, recipe):
    """Linear warm-up, then half a cosine to the floor; the first `warmup` steps rise."""
    rise = torch.optim.lr_scheduler.LinearLR(optimiser, recipe["warmup_from"] / recipe["rate"], 1, recipe["warmup"])
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe["steps"] - recipe["warmup"], recipe["floor"])
    return torch.optim.lr_scheduler.SequentialLR(optimiser, [rise, fall], [recipe["warmup"]])


def train(out, name, **recipe):
    model = Tiny()
    with torch.no_grad():
        fill(model)
    model = model.double().train()
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    decay = recipe["decay"]
    optimiser = torch.optim.SGD([{"params": weights, "weight_decay": decay},
                                 {"params": others, "weight_decay": decay if recipe["decay_all"] else 0}], lr=recipe["rate"], momentum=recipe["momentum"])
    rates = schedule(optimiser, recipe | {"steps": STEPS})
    average = {k: v.detach().clone() for k, v in model.named_parameters()}
    losses, taken = [], []
    for step in range(STEPS):
        optimiser.zero_grad()
        total = 0.0
        for a in range(ACCUMULATE):
            first = (step * ACCUMULATE + a) * BATCH
            loss = loss_of(model(torch.stack([image(i) for i in range(first, first + BATCH)])), first, recipe) / ACCUMULATE
            loss.backward()
            total += loss.item()
        losses.append(total)
        taken.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        rates.step()
        for k, v in model.named_parameters():
            average[k] = recipe["average"] * average[k] + (1 - recipe["average"]) * v.detach()
    arrays = {"losses": losses, "rates": taken}
    for k, v in model.state_dict().items():
        if not k.endswith("num_batches_tracked"):
            arrays[k] = (average.get(k, v) if recipe["average"] else v).numpy()
    note(out, name=name, **{k: str(v).lower() for k, v in recipe.items()}, arrays=",".join(arrays))
    for v in arrays.values():
        np.lib.format.write_array(out, np.array(v, "<f4"), version=(1, 0))


def rates(out, name, **recipe):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=recipe["rate"])
    scheduler = schedule(optimiser, recipe)
    taken = []
    for _ in range(recipe["steps"]):
        taken.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    note(out, name=name, **recipe, arrays="rates")
    np.lib.format.write_array(out, np.array(taken, "<f8"), version=(1, 0))


def augmented(out):
    """The whole picture resized, mirrored, flipped, blurred by a sigma of 1.1, grey or not, normalised as ImageNet's are."""
    for name, height, width, grey in (("colours", 30, 41, False), ("greys", 24, 24, True)):
        p = Image.fromarray(picture("picture " + name, height, width))
        p = F.resized_crop(p, 0, 0, height, width, [SIDE, SIDE], InterpolationMode.BILINEAR)
        p = F.vflip(F.hflip(p))
        p = F.to_grayscale(p, 3) if grey else p
        t = F.gaussian_blur(F.pil_to_tensor(p), 9, 1.1).double() / 255
        t = F.normalize(t, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        note(out, name=name, size=f"{width}x{height}", grey=int(grey), arrays="image")
        np.lib.format.write_array(out, t.permute(1, 2, 0).numpy().astype("<f4").copy(order="C"), version=(1, 0))


def policy(out):
    """AutoAugment's rows for ImageNet: 25 x 2 operations (their place in OPERATIONS), probabilities, levels."""
    rows = AutoAugment()._get_policies(AutoAugmentPolicy.IMAGENET)
    numbers = [[(OPERATIONS.index(name), p, level or 0) for name, p, level in row] for row in rows]
    note(out, name="AutoAugment", rows=len(rows), arrays="policy")
    np.lib.format.write_array(out, np.array(numbers, "<f8"), version=(1, 0))


def main():
    out = io.BytesIO()
    common = dict(rate=1.0, warmup=1, warmup_from=0.2, floor=0.3, momentum=0.8, smoothing=0.1, decay_all=False, average=0.0, loss="softmax")
    note(out, stream="oracle", version=1, by="torch " + torch.__version__)
    train(out, "decay of weights alone", **common | dict(decay=0.05))
    train(out, "decay of everything", **common | dict(decay=0.05, decay_all=True))
    train(out, "moving average", **common | dict(decay=0.0, average=0.7))
    train(out, "several labels", **common | dict(decay=0.0, loss="multi"))
    rates(out, "cosine from 1 to a floor", rate=1.0, warmup=4, warmup_from=0.1, floor=0.25, steps=20)
    augmented(out)
    policy(out)
    note(out, end=8)
    sys.stdout.buffer.write(out.getvalue())


main()
