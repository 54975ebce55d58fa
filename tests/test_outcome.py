"""How a run is said in a line: one of a thing is one, and patients are named where they are known."""

import numpy as np
import pytest

from wetread.cli.compare_command import comparison_view
from wetread.outcome import counted, headline, in_units, in_words, say_percent

SHOWN = {"value": 0.8, "low": 0.7, "high": 0.9, "mean_over": ["Mass"]}


def test_one_is_one():
    assert [counted(number, "image") for number in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
    assert counted(1, "image was", "images were") == "1 image was"
    assert counted(2, "image was", "images were") == "2 images were"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        ({"images": 1, "patients": 1}, "1 image of 1 patient,"),
        ({"images": 9, "patients": 2}, "9 images of 2 patients,"),
        ({"images": 9, "patients": None}, "9 images, patients not known,"),
    ],
)
def test_a_headline_counts(n, said):
    numbers = {"headline": SHOWN, "n": n, "estimate": "given test", "task": "multilabel", "leak_allowed": 1}
    told = headline(numbers)
    assert said in told and "of 1 finding 0.80" in told and "1 training image also" in told


def test_a_headline_of_averaged_divisions_says_what_one_model_reaches():
    numbers = {"headline": SHOWN, "n": {"images": 9, "patients": 9}, "estimate": "cross-validation"}
    several = numbers | {"repeats": {"auroc": [0.7, 0.74], "mean": 0.72}}
    assert headline(several).endswith("cross-validation, averaged over 2 divisions, one alone reaches 0.72")
    for repeats in ({"auroc": [0.7], "mean": 0.7}, {"auroc": [], "mean": None}, {"auroc": [0.7, 0.74]}, None):
        assert headline(numbers | {"repeats": repeats}).endswith("cross-validation")


def test_a_headline_of_several_classes_says_that_it_is_their_mean():
    numbers = {"headline": SHOWN, "n": {"images": 9, "patients": 9}, "estimate": "given test"}
    assert headline(numbers | {"task": "multiclass"}).startswith(
        "AUROC 0.80, mean over the classes (95 % interval 0.70 to 0.90), 9 images of 9 patients"
    )
    assert headline(numbers | {"task": "binary"}).startswith("AUROC 0.80 (95 % interval")


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"), (0.0004, "< 0.1 %"), (0.002, "0.2 %"), (0.07, "7 %"), (0.125, "13 %"), (0.995, "99.5 %"),
        (0.996, "99.6 %"), (0.9995, "> 99.9 %"), (1, "100 %"), (1.5, "150 %"), (np.float32(0.1), "10 %"),
    ],
)  # fmt: skip
def test_a_share_is_all_or_nothing_only_where_it_is(share, said):
    assert say_percent(share) == said


def test_a_name_is_said_without_underscores():
    assert in_words("no_pleural_effusion") == "no pleural effusion"


def test_methods_speak_of_different_pictures_where_patients_are_not_known():
    method = "patient bootstrap percentile, 500 resamples (fewer than 20 patients)"
    assert in_units(method, True) == method
    assert in_units(method, False) == "picture bootstrap percentile, 500 resamples (fewer than 20 different pictures)"
    # 62 of 72 images: units that are images would be 72.
    assert in_units("Wilson, patients as units", False) == "Wilson, different pictures as units"


def test_a_comparison_of_one_image():
    from rich.console import Console

    found = {"cases": {"images": 1, "patients": 1}, "notes": [], "runs": [], "order": [], "pairs": []}
    console = Console(record=True, width=100)
    console.print(comparison_view(found | {"page": "p", "use": "u"}))
    assert "1 image, 1 patient, the same for all runs" in console.export_text()
