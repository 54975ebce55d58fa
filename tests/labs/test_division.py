"""Divisions: patients whole, or torn apart on purpose."""

from collections import defaultdict

from wetread.labs.division import divide_by_patient, divide_by_picture

ROWS = [
    {
        "image": f"{patient}-{at}.png",
        "label": "heads" if patient < 20 else "tails",
        "patient": f"P{patient}",
        "sex": "F",
    }
    for patient in range(40)
    for at in range(4)
]


def _parts(rows):
    parts = defaultdict(set)
    for row in rows:
        parts[row["patient"]].add(row["split"])
    return parts


def test_by_patient_nobody_is_on_both_sides_and_classes_are_in_proportion():
    divided = divide_by_patient(ROWS, 0.25, 3)
    assert all(len(sides) == 1 for sides in _parts(divided).values())
    tested = [row["label"] for row in divided if row["split"] == "test"]
    assert (tested.count("heads"), tested.count("tails")) == (20, 20)  # 5 patients of 20, four images each
    assert set(divided[0]) == {"image", "label", "patient", "split"}


def test_by_picture_most_patients_are_on_both_sides_and_some_only_train():
    divided = divide_by_picture(ROWS, 0.4, 3)
    assert sum(row["split"] == "test" for row in divided) == 64
    parts = _parts(divided)
    assert sum(sides == {"train"} for sides in parts.values()) >= 12  # 6 of 20 on each side of the coin
    assert sum(len(sides) == 2 for sides in parts.values()) >= 20


def test_the_same_seed_divides_alike():
    assert divide_by_picture(ROWS, 0.4, 3) == divide_by_picture(ROWS, 0.4, 3) != divide_by_picture(ROWS, 0.4, 4)
