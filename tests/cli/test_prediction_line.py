"""What a person reads of one prediction."""

import pytest

from wetread.cli.output import prediction_line

ROW = {
    "image": "a.png", "predicted": "ill", "p_ill": 0.91, "p_well": 0.09,
    "status": "in", "unsure": "", "nearest": "b.png; c.png", "reason": "",
}  # fmt: skip
REFUSED = {"predicted": "", "p_ill": "", "p_well": "", "status": "out", "reason": "colour photograph"}
UNREAD = {"predicted": "", "p_ill": "", "p_well": "", "status": "", "nearest": "", "reason": "no image"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "a.png: ill  ill 0.91  well 0.09"),
        ({"status": "edge"}, "a.png: ill  ill 0.91  well 0.09  (unlike most training pictures)"),
        ({"unsure": "ill, well"}, "a.png: ill  ill 0.91  well 0.09  (unsure: ill, well)"),
        ({"predicted": ""}, "a.png: nothing found  ill 0.91  well 0.09"),
        (REFUSED, "a.png: refused: colour photograph. Nearest training cases: b.png; c.png."),
        (REFUSED | {"nearest": ""}, "a.png: refused: colour photograph."),
        (UNREAD, "a.png: not read: no image"),
    ],
)
def test_one_line_says_what_became_of_an_image(changes, line):
    assert prediction_line({**ROW, **changes}) == line
