"""numbers.json names the weights that others made, once each, with the rungs that stand on them."""

from types import SimpleNamespace

import pytest

from wetread.main_job.numbers import _weights


def weights(name):
    facts = {"network": "resnet18", "licence": "Apache-2.0", "source": "timm", "cite": "He 2016", "sha256": "ab" * 32}
    return SimpleNamespace(name=name, **facts)


def trained(backbone, start, *rungs):
    plan = SimpleNamespace(rungs=rungs)
    return SimpleNamespace(data=SimpleNamespace(backbone=backbone, start=start, plan=plan))


@pytest.mark.parametrize(
    ("backbone", "start", "told"),
    [
        (None, None, []),
        (weights("a"), None, [("a", ["frozen", "combined"])]),
        (None, weights("b"), [("b", ["network"])]),
        (weights("a"), weights("a"), [("a", ["frozen", "combined", "network"])]),
        (weights("a"), weights("b"), [("a", ["frozen", "combined"]), ("b", ["network"])]),
    ],
)
def test_weights_are_named_with_what_uses_them(backbone, start, told):
    found = _weights(trained(backbone, start, "classical", "frozen", "combined", "network"))
    assert [(one["name"], one["used_by"]) for one in found] == told
    assert all(one["licence"] == "Apache-2.0" and one["cite"] == "He 2016" for one in found)


def test_a_rung_that_is_not_in_the_plan_uses_nothing():
    (one,) = _weights(trained(weights("a"), None, "classical", "frozen"))
    assert one["used_by"] == ["frozen"]
