"""`wetread compare`: the same cases or no ranking."""

import json

import numpy as np
import pytest
from evaluation.fake_runs import finding_predictions, predictions, two_models, write_run

from wetread.errors import InputError, OutputError
from wetread.steps.compare import compare

FAST = {"resamples": 200}


@pytest.fixture
def pair(tmp_path):
    truth, good, poor = two_models(80)
    return [
        write_run(tmp_path / "poor", predictions(truth, poor)),
        write_run(tmp_path / "good", predictions(truth, good)),
    ]


def test_a_verdict_a_table_and_a_page(pair, tmp_path):
    found = compare(pair, out=tmp_path / "out", **FAST)
    assert found["pairs"][0]["verdict"].startswith("good is better by")
    assert found["order"] == ["good", "poor"]
    assert found["cases"]["same"] and found["cases"]["images"] == 80
    stored = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert stored["pairs"] == json.loads(json.dumps(found["pairs"]))
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert found["pairs"][0]["verdict"] in page and "Not a medical device" in page and "<script" not in page
    compare(pair, out=tmp_path / "out", **FAST)  # an earlier comparison is replaced


def test_names_and_order_of_files_do_not_matter(pair, tmp_path):
    truth, good, _ = two_models(80)
    turned = predictions(truth[::-1], good[::-1], images=[f"elsewhere/{n}.png" for n in range(80)])
    names = [f"image-{number:03d}.png" for number in range(80)]
    other = write_run(tmp_path / "moved", turned, contents=names[::-1])
    moved = compare([pair[0], other], out=tmp_path / "out", **FAST)["pairs"][0]["differences"]["auroc"]
    straight = compare(pair, out=tmp_path / "out", **FAST)["pairs"][0]["differences"]["auroc"]
    assert moved["value"] == pytest.approx(straight["value"])


@pytest.mark.parametrize("change", ["content", "label"])
def test_other_cases_are_not_ranked(change, pair, tmp_path):
    truth, good, _ = two_models(80)
    names = [f"image-{number:03d}.png" for number in range(80)]
    if change == "content":
        names[:5] = [f"another {n}" for n in range(5)]
    else:
        truth = truth.copy()
        truth[:5] = 1 - truth[:5]
    other = write_run(tmp_path / "other", predictions(truth, good), contents=names)
    with pytest.raises(InputError, match="75 are the same") as caught:
        compare([pair[0], other], out=tmp_path / "out", **FAST)
    assert caught.value.code == "different-cases" and "--shared" in caught.value.remedy
    assert not (tmp_path / "out").exists()
    found = compare([pair[0], other], out=tmp_path / "out", shared=True, **FAST)
    assert found["cases"]["images"] == 75 and not found["cases"]["same"]
    assert found["cases"]["relabelled"] == (5 if change == "label" else 0)
    assert any("shared cases only" in note for note in found["notes"])
    assert "folds" not in found["pairs"][0]


def test_nothing_in_common_cannot_be_compared_at_all(pair, tmp_path):
    truth, good, _ = two_models(80)
    other = write_run(tmp_path / "other", predictions(truth, good), contents=[f"x{n}" for n in range(80)])
    with pytest.raises(InputError, match="or there are none"):
        compare([pair[0], other], out=tmp_path / "out", shared=True, **FAST)


def test_other_questions_are_refused(pair, tmp_path):
    truth, good, _ = two_models(80)
    both = np.stack([truth, 1 - truth], axis=1).astype(float)
    several = write_run(tmp_path / "several", finding_predictions(both, np.stack([good, 1 - good], axis=1)))
    with pytest.raises(InputError, match="different questions"):
        compare([pair[0], several], out=tmp_path / "out", **FAST)


def test_classes_in_another_order_are_the_same_question(pair, tmp_path):
    from dataclasses import replace

    truth, good, _ = two_models(80)
    one = predictions(truth, good)
    swapped = replace(
        one,
        classes=("well", "ill"),
        truth=1 - one.truth,
        predicted=1 - one.predicted,
        probabilities=one.probabilities[:, ::-1],
    )
    other = write_run(tmp_path / "swapped", swapped)
    found = compare([pair[0], other], out=tmp_path / "out", **FAST)
    assert found["pairs"][0]["verdict"].startswith("swapped is better by")


def test_findings(tmp_path):
    truth, good, poor = two_models(60)
    both = np.stack([truth, np.roll(truth, 1)], axis=1).astype(float)
    runs = [
        write_run(tmp_path / name, finding_predictions(both, np.stack([p, np.roll(p, 1)], axis=1)))
        for name, p in (("a", poor), ("b", good))
    ]
    found = compare(runs, out=tmp_path / "out", **FAST)
    assert "mean over findings" in (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert found["pairs"][0]["differences"]["auroc"]["value"] > 0


def test_patients_known_to_one_run_hold_for_all(pair, tmp_path):
    truth, good, _ = two_models(80)
    known = write_run(tmp_path / "known", predictions(truth, good, patients=[f"P{n // 2}" for n in range(80)]))
    found = compare([pair[0], known], out=tmp_path / "out", **FAST)
    assert found["cases"]["groups"] == 40
    assert found["pairs"][0]["differences"]["auroc"]["n"] == 40


def test_a_red_gate_and_another_kind_of_test_are_said(tmp_path):
    truth, good, poor = two_models(40)
    runs = [
        write_run(tmp_path / "a", predictions(truth, poor), gate="red"),
        write_run(tmp_path / "b", predictions(truth, good), estimate="external test"),
    ]
    notes = " ".join(compare(runs, out=tmp_path / "out", **FAST)["notes"])
    assert "gate of a is red" in notes and "different ways" in notes


@pytest.mark.parametrize(
    ("runs", "options", "said"),
    [
        (["poor"], {}, "at least two runs"),
        (["poor", "poor"], {}, "named twice"),
        (["poor", "nowhere"], {}, "not a run folder"),
        (["poor", "good"], {"margin": 2}, "margin"),
        (["poor", "good"], {"resamples": 1}, "resamples"),
    ],
)
def test_what_cannot_be_asked(runs, options, said, pair, tmp_path):
    with pytest.raises(InputError, match=said):
        compare([tmp_path / run for run in runs], out=tmp_path / "out", **options)


def test_other_files_are_not_written_over(pair, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        compare(pair, out=tmp_path / "mine", **FAST)


def test_folds_that_agree_give_a_corrected_interval(finished_run, tmp_path):
    """The same run twice: no difference in any fold, and an interval of no width."""
    import shutil

    shutil.copytree(finished_run.folder, tmp_path / "again", ignore=shutil.ignore_patterns("lock"))
    found = compare([finished_run.folder, tmp_path / "again"], out=tmp_path / "out", **FAST)
    folds = found["pairs"][0]["folds"]
    assert folds["auroc"]["value"] == 0 and folds["auroc"]["method"].startswith("corrected t")
    assert folds["folds"] + folds["undefined"] == 5
    assert "cannot be told apart" in found["pairs"][0]["verdict"]


def test_names_from_outside_are_text(tmp_path):
    truth, good, poor = two_models(40)
    runs = [write_run(tmp_path / name, predictions(truth, p)) for name, p in (("<b>x", good), ("y", poor))]
    compare(runs, out=tmp_path / "out", **FAST)
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert "<b>x" not in page and "&lt;b&gt;x" in page
