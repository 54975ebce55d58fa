"""Audits of data sets without any fault, to which a test adds one."""

from pathlib import Path

import numpy as np
from dataset.rows import facts, row

from wetread.checks.finding import Audit
from wetread.dataset.table import Table


def clean_rows(per_class=40, classes=("a", "b")):
    return [
        row(f"{label}{n}.png", label, patient=f"P{label}{n}", group=f"G{label}{n}", facts=facts(bytes=900 + n))
        for label in classes
        for n in range(per_class)
    ]


def audit(rows=None, *, grouping="column", skipped=(), properties=None, **fields):
    """What the checks look at; ``properties``: probability of the second class per row, 0.5 if None."""
    rows = clean_rows() if rows is None else rows
    classes = sorted({one.label for one in rows})
    share = np.full((len(rows), len(classes)), 1 / len(classes))
    if properties is not None:
        share = np.stack([1 - np.asarray(properties), np.asarray(properties)], axis=1)
    usual = {
        "table": Table(Path(), "folder", [*rows, *skipped], grouping=grouping),
        "rows": rows,
        "classes": classes,
        "pairs": [],
        "estimate": "cross-validation",
        "leaking": [],
        "small_classes": [],
        "folds": [],
        "tested": rows,
        "labels": np.array([classes.index(one.label) for one in rows]),
        "properties": share,
        "positive": 1 if len(classes) == 2 else None,
    }
    return Audit(**usual | fields)


def skipped_row(image, reason, label="a"):
    lost = row(image, label)
    lost.skip(reason)
    return lost
