"""The baseline that never looks: it finds what a file gives away, and nothing where nothing differs."""

import numpy as np
from dataset.rows import facts, row

from wetread.dataset.split import cross_validation, encode
from wetread.metrics.discrimination import auroc
from wetread.probes.file_properties import FILE_PROPERTIES, describe
from wetread.probes.probe import Sight
from wetread.probes.run_probes import run_probes


def predicted_auroc(make_facts, images=90):
    rng = np.random.default_rng(0)
    rows = [row(f"{n}", "ab"[n % 2], group=f"G{n}", facts=make_facts(n % 2, rng)) for n in range(images)]
    folds = cross_validation(rows, ["a", "b"], folds=3, repeats=2, seed=0)
    labels, _ = encode(rows, ["a", "b"])
    told = run_probes(rows, labels, 2, folds, probes=[FILE_PROPERTIES])["file properties"]
    assert told.tested.tolist() == list(range(images))
    assert np.allclose(told.probabilities.sum(axis=1), 1)
    return auroc(labels == 1, told.probabilities[:, 1])


def test_a_width_that_differs_by_class_predicts_the_class():
    assert predicted_auroc(lambda label, rng: facts(width=64 + 8 * label + int(rng.integers(0, 6)))) > 0.95


def test_a_format_that_differs_by_class_predicts_the_class():
    assert predicted_auroc(lambda label, rng: facts(format=("PNG", "JPEG")[label])) == 1


def test_properties_that_tell_nothing_predict_by_chance():
    area = predicted_auroc(
        lambda label, rng: facts(width=64 + int(rng.integers(0, 9)), bytes=int(rng.integers(900, 1100)))
    )
    assert 0.35 < area < 0.65


def test_files_that_are_all_alike_get_the_prevalence():
    assert predicted_auroc(lambda label, rng: facts()) == 0.5


def test_only_what_varies_is_described():
    seen = describe(Sight([row("1", facts=facts(bytes=1)), row("2", facts=facts(bytes=2))]))
    assert seen.names == ("bytes", "bytes per pixel")
    assert seen.values[:, 0].tolist() == [1, 2]
