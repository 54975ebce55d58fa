"""Simulated cases: normal features, of which the first few tell the class."""

import numpy as np

from wetread.learning_curve.cases import Cases


def simulated(groups=60, images=1, effect=1.0, seed=0, classes=2, features=20, **changes):
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(groups), images)
    labels = who % classes
    table = random.normal(size=(groups, features))[who] + 0.3 * random.normal(size=(len(who), features))
    table[np.arange(len(who)), labels] += effect
    names = tuple("abcdefg"[:classes])
    task = "binary" if classes == 2 else "multiclass"
    facts = {"sees": "classical", "embedded": 0, "unit": "patients", "inner_folds": 3} | changes
    return Cases(features=table.astype(np.float32), labels=labels, groups=who, classes=names, task=task, **facts)
