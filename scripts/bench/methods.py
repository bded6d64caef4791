#!/usr/bin/env python3
"""The other side of scripts/bench/methods: the same training by Anomalib, on the CPU.

    methods.py METHOD SET WEIGHTS THREADS    METHOD: fastflow | cflow | rd | stfpm; SET in MVTec's layout; WEIGHTS safetensors

Prints: seconds of its second epoch, CPU seconds of it, seconds to score the test images, CPU seconds of that, peak memory in MiB. An
epoch is Anomalib's own training loop over the training images, without validation; scoring is its prediction loop, from files to
maps, without metrics. Imports, loading of weights and the first epoch are not counted. ResNet-18, layers 1 to 3, 256 x 256, f32;
batches of 32 (cflow, rd: 16) as in its configurations.
"""
import json
import logging
import resource
import struct
import sys
import tempfile
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
import anomalib.models
import numpy as np
import timm
import torch
from anomalib.data import Folder
from anomalib.engine import Engine
from lightning.pytorch.callbacks import Callback

LAYERS = ["layer1", "layer2", "layer3"]
BATCH = {"fastflow": 32, "cflow": 16, "rd": 16, "stfpm": 32}
PLAIN = {"evaluator": False, "visualizer": False}
MODELS = {
    "fastflow": lambda: anomalib.models.Fastflow(backbone="resnet18", pre_trained=False, **PLAIN),
    "cflow": lambda: anomalib.models.Cflow(backbone="resnet18", layers=LAYERS, pre_trained=False, **PLAIN),
    "rd": lambda: anomalib.models.ReverseDistillation(backbone="resnet18", pre_trained=False, **PLAIN),
    "stfpm": lambda: anomalib.models.Stfpm(backbone="resnet18", **PLAIN),
}


create = timm.create_model
timm.create_model = lambda *args, **keys: create(*args, **{**keys, "pretrained": False})  # STFPM would fetch weights from the net


def tensors(path):
    raw = Path(path).read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + at for at in entry["data_offsets"])
            yield name, torch.from_numpy(np.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"]).copy())


def give_weights(model, path):
    """Into the first ResNet of the model, which is the frozen one."""
    for module in model.modules():
        own = dict(module.named_parameters()) | dict(module.named_buffers())
        if "conv1.weight" in own and "layer3.0.conv1.weight" in own:
            with torch.no_grad():
                for name, value in tensors(path):
                    own[name].copy_(value)
            return
    sys.exit("methods.py: no ResNet in the model")


class Clock(Callback):
    """Wall and CPU seconds of what was begun last."""

    def begin(self, *_):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def end(self, *_):
        self.took = time.perf_counter() - self.wall, time.process_time() - self.cpu

    on_train_epoch_start = on_predict_epoch_start = begin
    on_train_epoch_end = on_predict_epoch_end = end


def main(method, folder, weights, threads):
    torch.set_num_threads(int(threads))
    kinds = sorted(p.name for p in (Path(folder) / "test").iterdir() if p.name != "good")
    data = Folder(name="set", root=folder, normal_dir="train/good", normal_test_dir="test/good", abnormal_dir=[f"test/{k}" for k in kinds],
                  train_batch_size=BATCH[method], eval_batch_size=32, num_workers=0, val_split_mode="none")
    model, clock = MODELS[method](), Clock()
    give_weights(model, weights)
    engine = Engine(default_root_dir=tempfile.mkdtemp(), accelerator="cpu", devices=1, enable_progress_bar=False, logger=False,
                    max_epochs=2, callbacks=[clock], limit_val_batches=0)
    engine.fit(model, datamodule=data)
    epoch = clock.took
    engine.predict(model, datamodule=data, return_predictions=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("%.3f %.3f %.3f %.3f %.0f" % (*epoch, *clock.took, peak))


if __name__ == "__main__":
    main(*sys.argv[1:])
