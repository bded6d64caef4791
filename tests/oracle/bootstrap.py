#!/usr/bin/python3
"""The bootstrap of 60 images by numpy and scikit-learn for tests/unit/bootstrap.c, over the same resamples: the draws are made anew
here, from Philox4x32-10 as its paper has it. Also DeLong's standard errors. Writes bootstrap.h beside itself."""
import os
import numpy as np
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

M32 = 0xffffffff
N, GOOD, ROUNDS, SEED, CONFIDENCE, POINTS = 60, 36, 200, 7, .9, 11

def philox(seed, stream, index):
    c, k = [index & M32, index >> 32, stream & M32, stream >> 32], [seed & M32, seed >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & M32, (p >> 32) ^ c[3] ^ k[1], p & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c

def words(seed, stream):
    index = 0
    while True:
        c = philox(seed, stream, index)
        yield c[0] | c[1] << 32
        yield c[2] | c[3] << 32
        index += 1

def below(source, n):
    while True:
        x = next(source)
        if x >= 2**64 % n:
            return x % n

def formula(i, k):
    return i * k % 101

i = np.arange(N)
defective = (i % 5 >= 3).astype(int)                      # 36 good, 24 defective, mixed
score = np.array([formula(j, 37) % 12 + 4 * defective[j] for j in i], float)     # with ties
other = np.array([formula(j, 53) % 14 + 3 * defective[j] for j in i], float)
good, bad = np.flatnonzero(defective == 0), np.flatnonzero(defective == 1)
assert len(good) == GOOD

def resample(round_):
    source = words(SEED, round_)
    return np.array([good[below(source, len(good))] for _ in good] + [bad[below(source, len(bad))] for _ in bad])

def roc(y, s):
    fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
    out = []
    for k in range(POINTS):
        x = k / (POINTS - 1)
        last = np.flatnonzero(fpr <= x + 1e-9)[-1]
        if last == len(fpr) - 1:
            out.append(1.)
        else:
            out.append(tpr[last] + (tpr[last + 1] - tpr[last]) * max(x - fpr[last], 0) / (fpr[last + 1] - fpr[last]))
    return out

def pr(y, s):
    precision, recall, _ = precision_recall_curve(y, s)   # recall falls, thresholds rise; the last point (1, 0) is made up
    precision, recall = precision[:-1][::-1], recall[:-1][::-1]
    return [precision[np.flatnonzero((recall >= k / (POINTS - 1) - 1e-9) & (recall > 0))[0]] for k in range(POINTS)]

def measure(index):
    y, s, t = defective[index], score[index], other[index]
    return [roc_auc_score(y, s), roc_auc_score(y, s) - roc_auc_score(y, t)] + roc(y, s) + pr(y, s)

def delong(y, s):
    a, b = s[y == 1], s[y == 0]
    psi = (a[:, None] > b) + .5 * (a[:, None] == b)
    return np.sqrt(psi.mean(1).var(ddof=1) / len(a) + psi.mean(0).var(ddof=1) / len(b))

middle = measure(i)
rounds = np.array([measure(resample(r)) for r in range(ROUNDS)])
low, high = np.quantile(rounds, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap.h"), "w") as f:
    f.write("/* Made by bootstrap.py: AUROC, the difference; ROC and PR at 11 points. */\n/* clang-format off */\n")
    f.write("enum { IMAGES = %d, ROUNDS = %d, POINTS = %d };\n" % (N, ROUNDS, POINTS))
    for name, x in ("score", score), ("other", other), ("middle", middle), ("low", low), ("high", high):
        f.write("static const double the_%s[] = {%s};\n" % (name, ", ".join("%.17g" % v for v in x)))
    f.write("static const unsigned char the_defective[] = {%s};\n" % ", ".join(map(str, defective)))
    f.write("static const double delong_error = %.17g;\n" % delong(defective, score))
