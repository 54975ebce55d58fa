"""The heatmaps of a run: two methods side by side, their agreement, and which model each of them looks into."""

import numpy as np
import pytest

from explanation.toys import bright, frozen_backbone, marked, noise
from wetread.explanation.cases import Case
from wetread.explanation.gallery import explain_cases
from wetread.model.classifier import Classifier
from wetread.model.linear import LinearPart


@pytest.fixture(scope="module")
def frozen():
    random = np.random.default_rng(0)
    part = LinearPart(
        "frozen", np.zeros(1024), np.ones(1024), random.normal(0, 0.5, (1024, 2)), np.zeros(2)
    )  # fmt: skip
    return Classifier(("no", "yes"), "yes", "frozen", [part], backbone=frozen_backbone())


class Mean:
    def logits(self, inputs):
        return np.array([[0.0, picture.mean() / 50] for picture in inputs.pictures])

    def arrays(self):
        return {}

    def described(self):
        return {"kind": "mean"}


def index_of(classifiers, chosen, pictures):
    from evaluation.test_evaluate import predictions

    cases = [Case(number, "random") for number in range(len(pictures))]
    told = []
    index, files = explain_cases(
        [(case, picture, classifiers, chosen) for case, picture in zip(cases, pictures, strict=True)],
        predictions(),
        told.append,
    )
    assert told == list(range(1, len(pictures) + 1))
    assert all(one["file"] in files for case in index["cases"] for one in case["maps"])
    return index["cases"]


def test_two_methods_of_one_model_and_how_far_they_agree():
    (case, empty) = index_of({"network": bright()}, "network", [marked(0, 1), np.full((60, 60), 90, np.uint8)])
    assert [(one["method"], one["rung"]) for one in case["maps"]] == [("occlusion", "network"), ("grad-cam", "network")]
    assert case["agreement"]["same_model"] and case["agreement"]["methods"] == ["occlusion", "grad-cam"]
    # Grad-CAM marks the spot, occlusion the spot and the patches around it.
    assert case["agreement"]["top10_iou"] > 0.05 and case["agreement"]["spearman"] > 0.2
    assert empty["agreement"]["spearman"] is None and all(one["empty"] for one in empty["maps"])


def test_grad_cam_looks_through_a_frozen_backbone(frozen):
    cases = index_of(
        {"frozen": frozen, "classical": Classifier(("no", "yes"), "yes", "classical", [Mean()])}, "frozen", noise(3)
    )
    for case in cases:
        assert [(one["method"], one["rung"]) for one in case["maps"]] == [
            ("occlusion", "frozen"),
            ("grad-cam", "frozen"),
        ]
        assert case["agreement"]["same_model"]


def test_where_the_chosen_model_has_none_the_network_is_looked_into():
    classical = Classifier(("no", "yes"), "yes", "classical", [Mean()])
    (case,) = index_of({"classical": classical, "network": bright()}, "classical", [marked(0, 1)])
    assert [one["rung"] for one in case["maps"]] == ["classical", "network"]
    assert not case["agreement"]["same_model"]
    (case,) = index_of({"classical": classical}, "classical", [marked(0, 1)])
    assert [one["method"] for one in case["maps"]] == ["occlusion"] and case["agreement"] is None
