"""The coin of the leak lab: nothing but whose head it is can tell it; and sentences that follow what was found."""

from collections import Counter, defaultdict

from wetread.labs.leak import _alone, _kept_inside, _say_coin, _told, _toss, _with_truth

ROWS = [
    {"image": f"{patient}-{at}.dcm", "label": "SDH" if at % 2 else "normal", "patient": f"P{patient}", "sex": "F"}
    for patient in range(21)
    for at in range(4)
]


def cell(value, low, high):
    return {"value": value, "low": low, "high": high}


def test_the_coin_falls_by_patient_and_knows_nothing_of_the_label():
    sides = defaultdict(set)
    for row in _toss(ROWS, 3):
        sides[row["patient"]].add(row["label"])
    assert all(len(found) == 1 for found in sides.values())
    assert Counter(next(iter(found)) for found in sides.values()) == {"heads": 10, "tails": 11}
    assert _toss(ROWS, 3) == _toss(ROWS, 3) != _toss(ROWS, 4)


def test_the_two_tables_differ_in_the_patient_alone():
    coin = _toss(ROWS, 0)
    known, unknown = _told(coin), _told(_alone(coin))
    assert all(set(row) == {"image", "label", "patient"} for row in (*known, *unknown))
    assert [(row["image"], row["label"]) for row in known] == [(row["image"], row["label"]) for row in unknown]
    assert len({row["patient"] for row in known}) == 21
    assert len({row["patient"] for row in unknown}) == len(ROWS)


def test_the_sentence_follows_the_numbers():
    luck = cell(0.5, 0.3, 0.7)
    assert "recognises heads" in _say_coin(luck, cell(0.97, 0.9, 0.99))
    assert "better than guessing" in _say_coin(luck, cell(0.8, 0.6, 0.9))
    missed = _say_coin(luck, cell(0.66, 0.48, 0.79))
    assert "the leak did not show" in missed and "the intervals overlap" in missed
    assert "no skill either" in _say_coin(cell(0.3, 0.2, 0.4), luck) and "no skill" not in missed
    assert "not defined" in _say_coin(None, None)


def test_what_inner_folds_do_is_said_as_it_was_found():
    key = ("coin", "picture, but inside by patient")
    assert "are no remedy" in _kept_inside({key: cell(0.89, 0.76, 0.95)})[0]
    assert "chance cannot be ruled out" in _kept_inside({key: cell(0.69, 0.48, 0.84)})[0]


def test_the_small_form_says_nothing_of_runs_it_has_not_done():
    small = {("coin", "patient"): cell(0.5, 0.3, 0.7)}
    assert _with_truth(small) == _kept_inside(small) == []
