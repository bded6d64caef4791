#!/usr/bin/env python3
"""The other side of scripts/bench/figures: a training by Anomalib on the CPU, and what its maps are worth.

    figures.py METHOD SET WEIGHTS SIDE EPOCHS SEED    METHOD: fastflow | cflow | rd | stfpm; SET in MVTec's layout; WEIGHTS safetensors

Prints: image AUROC, pixel AUROC, AUPRO, CPU seconds of the training. ResNet-18, layers 1 to 3, batches as methods.py has them, no look
at the test images on the way.
"""
import sys
import tempfile
import time
from pathlib import Path

import methods
import torch
from anomalib import models
from anomalib.data import Folder
from anomalib.engine import Engine
from anomalib.metrics import AUPRO, AUROC, Evaluator
from lightning.pytorch import seed_everything

MODELS = {"fastflow": models.Fastflow, "cflow": models.Cflow, "rd": models.ReverseDistillation, "stfpm": models.Stfpm}


def evaluator():
    """The three figures, by Anomalib's own metrics."""
    image, pixel = ["pred_score", "gt_label"], ["anomaly_map", "gt_mask"]
    return Evaluator(test_metrics=[AUROC(fields=image, prefix="image_"), AUROC(fields=pixel, prefix="pixel_"), AUPRO(fields=pixel, prefix="pixel_")])


def model_of(method, side):
    """As methods.py makes it, but for side x side pixels."""
    options = {} if method == "stfpm" else {"pre_trained": False}
    if method == "cflow":
        options["layers"] = methods.LAYERS
    kind = MODELS[method]
    return kind(backbone="resnet18", evaluator=evaluator(), visualizer=False, pre_processor=kind.configure_pre_processor((side, side)), **options)


def main(method, folder, weights, side, epochs, seed):
    torch.set_num_threads(1)  # CPU seconds are asked for, and two threads spin
    seed_everything(int(seed))
    kinds = sorted(p.name for p in (Path(folder) / "test").iterdir() if p.name != "good")
    data = Folder(name="set", root=folder, normal_dir="train/good", normal_test_dir="test/good", abnormal_dir=[f"test/{k}" for k in kinds],
                  mask_dir=[f"ground_truth/{k}" for k in kinds], train_batch_size=methods.BATCH[method], eval_batch_size=32, num_workers=0,
                  val_split_mode="none")
    model = model_of(method, int(side))
    methods.give_weights(model, weights)
    engine = Engine(default_root_dir=tempfile.mkdtemp(), accelerator="cpu", devices=1, enable_progress_bar=False, logger=False,
                    max_epochs=int(epochs), limit_val_batches=0)
    start = time.process_time()
    engine.fit(model, datamodule=data)
    took = time.process_time() - start
    got = engine.test(model, datamodule=data, verbose=False)[0]
    print("%.4f %.4f %.4f %.1f" % (got["image_AUROC"], got["pixel_AUROC"], got["pixel_AUPRO"], took))


main(*sys.argv[1:])
