"""Write metrics.json: small data sets and what scikit-learn, SciPy or plain loops say about them.

Run by hand, from the repository: ``python tests/reference/make_metrics.py``. A changed number is a decision that
someone signs, so the test never runs this file. Made with scikit-learn 1.9 and SciPy 1.17 or thereabouts; "made_with"
in the file has the exact versions. Nothing here imports wetread.
"""

import json
import math
import re
from itertools import product
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import optimize, stats
from sklearn import metrics


def binary_case(seed, n, prevalence, decimals):
    random = np.random.default_rng(seed)
    truth = (np.arange(n) < round(prevalence * n)).astype(int)
    random.shuffle(truth)
    p = 1 / (1 + np.exp(-(1.3 * truth - 0.6 + 1.2 * random.normal(size=n))))
    p = np.clip(np.round(p, decimals), 10.0**-decimals, 1 - 10.0**-decimals)  # no certainties: their logit is infinite
    called = (p >= 0.5).astype(int)
    fpr, tpr, _ = metrics.roc_curve(truth, p, drop_intermediate=False)
    slope, intercept, in_the_large = logistic_line(truth, p)
    variance, area = brute_force_delong(truth, p)
    half = stats.norm.ppf(0.975) * math.sqrt(variance) / (area * (1 - area))
    return {
        "truth": truth.tolist(),
        "p": p.tolist(),
        "auroc": metrics.roc_auc_score(truth, p),
        "average_precision": metrics.average_precision_score(truth, p),
        "fpr": fpr.tolist(),
        "tpr": tpr.tolist(),
        "f1": metrics.f1_score(truth, called),
        "brier": metrics.brier_score_loss(truth, p),
        "brier_skill": 1 - metrics.brier_score_loss(truth, p) / float(np.var(truth)),
        "calibration_error": calibration_error(truth, p, 10),
        "slope": slope,
        "intercept": intercept,
        "in_the_large": in_the_large,
        "delong_variance": variance,
        "delong_low": float(1 / (1 + math.exp(-(math.log(area / (1 - area)) - half)))),
        "delong_high": float(1 / (1 + math.exp(-(math.log(area / (1 - area)) + half)))),
    }


def logistic_line(truth, p):
    x = np.log(p / (1 - p))

    def loss(line, slope=None):
        eta = line[0] + (line[1] if slope is None else slope) * x
        return float(np.mean(np.logaddexp(0, eta) - truth * eta))

    options = {"xatol": 1e-11, "fatol": 1e-15, "maxiter": 10000, "maxfev": 10000}
    both = optimize.minimize(loss, [0, 1], method="Nelder-Mead", options=options).x
    alone = optimize.minimize(lambda a: loss(a, 1.0), [0], method="Nelder-Mead", options=options).x
    return float(both[1]), float(both[0]), float(alone[0])


def brute_force_delong(truth, p):
    positives, negatives = p[truth == 1], p[truth == 0]
    wins = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in negatives] for a in positives])
    v10, v01 = wins.mean(axis=1), wins.mean(axis=0)
    return float(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)), float(wins.mean())


def calibration_error(truth, p, bins):
    """Equal-mass bins by middle rank, in loops: ties share a bin."""
    gap = [0.0] * bins
    for said, was in zip(p.tolist(), truth.tolist(), strict=True):
        middle = sum(1 for q in p if q < said) + sum(1 for q in p if q == said) / 2
        gap[int(middle * bins / len(p))] += said - was
    return sum(abs(g) for g in gap) / len(p)


def class_case(seed, n, k):
    random = np.random.default_rng(seed)
    truth = np.arange(n) % k
    logits = np.round(1.5 * np.eye(k)[truth] + 1.5 * random.normal(size=(n, k)), 2)
    p = scipy.special.softmax(logits, axis=1)
    called = p.argmax(axis=1)
    one_hot = np.eye(k)[truth]

    def loss(log_temperature):
        return metrics.log_loss(truth, scipy.special.softmax(logits / math.exp(log_temperature), axis=1))

    best = optimize.minimize_scalar(loss, bracket=(-1, 1), tol=1e-12).x
    return {
        "truth": truth.tolist(),
        "logits": logits.tolist(),
        "confusion": metrics.confusion_matrix(truth, called).tolist(),
        "macro_f1": metrics.f1_score(truth, called, average="macro"),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, called),
        "kappa": {
            w: metrics.cohen_kappa_score(truth, called, weights=None if w == "none" else w)
            for w in ("none", "linear", "quadratic")
        },
        "macro_auroc": metrics.roc_auc_score(truth, p, multi_class="ovr", average="macro"),
        "macro_average_precision": float(
            np.mean([metrics.average_precision_score(one_hot[:, j], p[:, j]) for j in range(k)])
        ),
        "brier": float(np.mean(np.sum((p - one_hot) ** 2, axis=1))),
        "temperature": math.exp(best),
    }


def proportions():
    rows = []
    for (k, n), level in product([(0, 5), (5, 5), (10, 10), (84, 105), (150, 155), (1, 1), (216, 300)], (0.9, 0.95)):
        test = stats.binomtest(k, n)
        for method in ("wilson", "exact"):
            bounds = test.proportion_ci(level, method)
            rows.append([k, n, level, method, float(bounds.low), float(bounds.high)])
    return rows


def corrected_t():
    values = [0.81, 0.78, 0.86, 0.74, 0.83, 0.80, 0.79, 0.88, 0.77, 0.82]
    scale = math.sqrt((1 / 10 + 20 / 80) * np.var(values, ddof=1))
    low, high = stats.t.interval(0.95, 9, loc=np.mean(values), scale=scale)
    return {"values": values, "n_train": 80, "n_test": 20, "low": float(low), "high": float(high)}


if __name__ == "__main__":
    content = {
        "made_with": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
        "binary": {
            "distinct": binary_case(1, 60, 0.4, 4),
            "ties": binary_case(2, 80, 0.5, 1),
            "rare": binary_case(3, 120, 0.05, 3),
        },
        "classes": {"three": class_case(4, 60, 3), "five": class_case(5, 75, 5)},
        "proportions": proportions(),
        "corrected_t": corrected_t(),
    }
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(content, indent=1))
    Path(__file__).with_name("metrics.json").write_text(text + "\n")
