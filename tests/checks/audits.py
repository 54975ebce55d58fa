"""Audits of data sets without any fault, to which a test adds one."""

from pathlib import Path

import numpy as np
from dataset.rows import facts, row

from wetread.checks.finding import Audit
from wetread.dataset.table import Table
from wetread.probes.probe import Features, ProbeResult

#: Any picture that is not empty; which one does not matter to most checks.
PICTURE = np.add.outer(np.arange(24), 2 * np.arange(24)).astype(np.uint8) * 3


def clean_rows(per_class=40, classes=("a", "b")):
    return [
        row(
            f"{label}{n}.png",
            label,
            patient=f"P{label}{n}",
            group=f"G{label}{n}",
            facts=facts(bytes=900 + n),
            picture=PICTURE,
        )
        for label in classes
        for n in range(per_class)
    ]


def probe(rows, share, *, name="file properties", features=None):
    """What a probe told; ``share``: probability of the second class per row, or ``image class``."""
    classes = sorted({one.label for one in rows})
    share = np.asarray(share, dtype=float)
    table = np.stack([1 - share, share], axis=1) if share.ndim == 1 else share
    features = {"score": table[:, -1]} if features is None else features
    return ProbeResult(
        name,
        f"the {name}",
        np.arange(len(rows)),
        rows,
        np.array([classes.index(one.label) for one in rows]),
        table,
        Features(tuple(features), np.array(list(features.values()), dtype=float).reshape(len(features), len(rows)).T),
    )


def audit(rows=None, *, grouping="column", skipped=(), **fields):
    """What the checks look at; by default no probe tells anything."""
    rows = clean_rows() if rows is None else rows
    classes = sorted({one.label for one in rows})
    even = np.full((len(rows), len(classes)), 1 / len(classes))
    usual = {
        "table": Table(Path(), "folder", [*rows, *skipped], grouping=grouping),
        "rows": rows,
        "classes": classes,
        "pairs": [],
        "estimate": "cross-validation",
        "leaking": [],
        "small_classes": [],
        "folds": [],
        "probes": {"file properties": probe(rows, even)},
        "positive": 1 if len(classes) == 2 else None,
    }
    return Audit(**usual | fields)


def audit_of_probe(rows, share, name, **fields):
    """An audit in which one probe told something."""
    return audit(rows, probes={name: probe(rows, share, name=name, **fields)})


def skipped_row(image, reason, label="a"):
    lost = row(image, label)
    lost.skip(reason)
    return lost
