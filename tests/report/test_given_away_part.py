"""What was tried for a shortcut is named; what was not tried is not said to be clean."""

import pytest

from wetread.report.given_away_part import say_given_away

PROBES = {"selected": {}, "borders": {"sees": "the edges"}, "corners": {"sees": "corners"}, "blur": {"sees": "a blur"}}


@pytest.mark.parametrize(("task", "what"), [("binary", "the label"), ("multilabel", "a finding")])
def test_what_was_tried_is_named_and_no_more_is_said(task, what):
    said = say_given_away({"task": task, "models": PROBES}, [])
    assert f"not shown to tell {what}: borders, corners." in said
    assert "do not give" not in said
    for models in ({"selected": {}}, {"blur": PROBES["blur"]}):
        assert f"give {what} away was not tested" in say_given_away({"task": task, "models": models}, [])


def test_what_was_found_is_pointed_at():
    numbers = {"task": "binary", "models": PROBES}
    assert "see what was found above" in say_given_away(numbers, [{"code": "WR303"}])
    assert "were not shown" in say_given_away(numbers, [{"code": "WR305"}])
