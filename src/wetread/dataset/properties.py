"""What a file tells without looking at the picture: size, shape, bytes, format.

If these predict the label, a network can too, and nobody will know whether it ever looked at the anatomy.
"""

from __future__ import annotations

import numpy as np

from wetread.dataset.split import Fold
from wetread.dataset.table import Row
from wetread.shapes import Floats, Ints

TREES = 60


def describe_properties(rows: list[Row]) -> tuple[Floats, list[str]]:
    """File properties as numbers.

    Args:
        rows: Rows that have been read.

    Returns:
        ``image property`` array and the names of its columns.
    """
    facts = [row.facts for row in rows if row.facts is not None]
    assert len(facts) == len(rows)
    columns: dict[str, list[float]] = {
        "width": [fact.width for fact in facts],
        "height": [fact.height for fact in facts],
        "aspect": [fact.width / fact.height for fact in facts],
        "bytes": [fact.bytes for fact in facts],
        "bytes per pixel": [fact.bytes / (fact.width * fact.height) for fact in facts],
        "bit depth": [fact.bit_depth for fact in facts],
    }
    for name, values in (("format", [fact.format for fact in facts]), ("mode", [fact.mode for fact in facts])):
        for value in sorted(set(values)):
            columns[f"{name} {value}"] = [float(one == value) for one in values]
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    if not varying:
        return np.zeros((len(rows), 0)), []
    return np.array(list(varying.values()), dtype=np.float64).T, list(varying)


def predict_from_properties(rows: list[Row], labels: Ints, classes: int, folds: list[Fold]) -> tuple[Ints, Floats]:
    """Predicts labels out of fold by a random forest of file properties.

    Args:
        rows: Rows that have been read.
        labels: Class number per row.
        classes: How many classes there are.
        folds: As for every other model.

    Returns:
        Row numbers that were tested, ascending, and for them ``image class`` probabilities. Of repeated divisions only
        the first is used: this is a baseline, and trees take time.
    """
    folds = [fold for fold in folds if fold.repeat == 1]
    tested = np.unique(np.concatenate([fold.test for fold in folds]))
    table, _ = describe_properties(rows)
    if table.shape[1] == 0:  # all files are alike: nothing to learn, everybody gets the prevalence
        share = np.bincount(labels, minlength=classes) / len(labels)
        return tested, np.tile(share, (len(tested), 1))
    # Imported here: scikit-learn costs half a second that --help need not pay.
    from sklearn.ensemble import RandomForestClassifier

    probabilities = np.zeros((len(tested), classes))
    for fold in folds:
        forest = RandomForestClassifier(TREES, min_samples_leaf=3, random_state=0, n_jobs=1)
        forest.fit(table[fold.train], labels[fold.train])
        where = np.searchsorted(tested, fold.test)
        probabilities[np.ix_(where, forest.classes_)] = forest.predict_proba(table[fold.test])
    return tested, probabilities
