#!/usr/bin/python3
"""Random test sets with ties, and their metrics by scikit-learn and scipy, for tests/auroc.t.

    python3 tests/oracle/metric.py DIR SEED [SIDE]   # DIR/metric.{npys,pam,tsv,expected,scores-expected}; SIDE of the maps, 16

metric.npys and metric.pam are maps and masks, metric.expected their table; metric.tsv holds the scores of more images,
metric.scores-expected its table. Committed in tests/oracle is SEED 1 (scikit-learn 1.2.1, scipy 1.10.1).

AUROC, average precision: roc_auc_score, average_precision_score. F1-max: precision_recall_curve. AUPRO: scipy.ndimage.label
with a 3 x 3 structure, then as MVTec's evaluation script: sort, cumulative sums, points at distinct scores, trapezoid.
"""
import io
import sys

import numpy as np
from scipy.ndimage import label
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

HEAD = "defect images image_auroc image_ap image_f1max image_threshold pixel_auroc pixel_f1max aupro".split()
SIDE = 16


def f1_max(truth, score):
    """The largest F1 and the lowest threshold that reaches it."""
    precision, recall, threshold = precision_recall_curve(truth, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    best = np.max(f1[:-1])
    return best, np.min(threshold[f1[:-1] >= best - 1e-12])


def aupro(masks, maps, limit=0.3):
    weights, sound = [], []
    for mask in masks:
        regions, n = label(mask, structure=np.ones((3, 3)))
        weight = np.zeros(mask.shape)
        for i in range(1, n + 1):
            weight[regions == i] = 1 / np.count_nonzero(regions == i)
        weights.append(weight)
        sound.append(regions == 0)
    weights, sound, score = (np.concatenate([a.ravel() for a in x]) for x in (weights, sound, maps))
    order = np.argsort(-score, kind="stable")
    score = score[order]
    last = np.append(np.diff(score) != 0, True)
    fpr = np.append(0, (np.cumsum(sound[order]) / np.count_nonzero(sound))[last])
    pro = np.append(0, (np.cumsum(weights[order]) / np.sum(weights))[last])
    inside = fpr <= limit
    x, y = fpr[inside], pro[inside]
    if x[-1] < limit:
        i = len(x)
        x = np.append(x, limit)
        y = np.append(y, y[-1] + (pro[i] - y[-1]) * (limit - fpr[i - 1]) / (fpr[i] - fpr[i - 1]))
    return np.trapz(y, x) / limit


def row(name, truth, score, masks=None, maps=None):
    cells = [name, str(len(truth))]
    values = [roc_auc_score(truth, score), average_precision_score(truth, score), *f1_max(truth, score)]
    if masks is not None:
        pixel_truth, pixel_score = np.ravel(masks), np.ravel(maps)
        values += [roc_auc_score(pixel_truth, pixel_score), f1_max(pixel_truth, pixel_score)[0], aupro(masks, maps)]
    cells += ["%.12f" % v for v in values]
    return "\t".join(cells + ["-"] * (len(HEAD) - len(cells))) + "\n"


def write_table(path, kinds, score, masks=None, maps=None):
    with open(path, "w") as f:
        f.write("\t".join(HEAD) + "\n")
        for kind in sorted(set(kinds) - {"good"}) + ["all"]:
            keep = np.array([kind == "all" or k in (kind, "good") for k in kinds])
            truth = np.array([k != "good" for k in kinds])[keep]
            pixels = () if masks is None else (masks[keep], maps[keep])
            f.write(row(kind, truth, score[keep], *pixels))


def npy(array):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0))
    return buffer.getvalue()


def note(*pairs):
    return npy(np.array("\t".join(pairs).encode()))


def write_streams(stem, kinds, score, masks, maps):
    with open(stem + ".npys", "wb") as tensors, open(stem + ".pam", "wb") as images:
        tensors.write(note("stream=maps", "version=1", "by=metric.py"))
        for i, kind in enumerate(kinds):
            keys = "name=test/%s/%d" % (kind, i), "label=%d" % (kind != "good"), "defect=" + kind
            tensors.write(note(*keys, "score=%.9g" % score[i], "arrays=map") + npy(maps[i]))
            end = "# end=%d\n" % len(kinds) if i == len(kinds) - 1 else ""
            head = "P7\n# %s\n# seq=%d\n%sWIDTH %d\nHEIGHT %d\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n"
            images.write((head % (keys[0], i, end, SIDE, SIDE)).encode() + (masks[i] * 255).astype("u1").tobytes())
        tensors.write(note("end=%d" % len(kinds)))


def maps_case(stem, rng):
    kinds = ["good", "scratch", "hole", "good", "scratch", "hole", "good", "good", "scratch"]
    masks = rng.random((len(kinds), SIDE, SIDE)) < 0.12
    masks[[k == "good" for k in kinds]] = False
    levels = SIDE // 2  # a unit: ties
    maps = (np.round((rng.normal(size=masks.shape) + masks) * levels) / levels).astype("<f4")
    score = np.round(rng.normal(size=len(kinds)) + [k != "good" for k in kinds], 1).astype("<f4")
    write_streams(stem, kinds, score, masks, maps)
    write_table(stem + ".expected", kinds, score, masks, maps)


def scores_case(stem, rng):
    kinds = rng.choice(["good", "crack", "dent", "stain"], size=200)
    score = np.round(rng.normal(size=len(kinds)) + 0.8 * (kinds != "good"), 1) + 0.0
    with open(stem + ".tsv", "w") as f:
        f.write("name\tlabel\tdefect\tscore\tverdict\n")
        for i, kind in enumerate(kinds):
            f.write("%d.png\t%d\t%s\t%.17g\tok\n" % (i, kind != "good", kind, score[i]))
    write_table(stem + ".scores-expected", list(kinds), score)


if __name__ == "__main__":
    SIDE = int(sys.argv[3]) if len(sys.argv) > 3 else SIDE
    generator = np.random.default_rng(int(sys.argv[2]))
    maps_case(sys.argv[1] + "/metric", generator)
    scores_case(sys.argv[1] + "/metric", generator)
