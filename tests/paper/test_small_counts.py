"""What could point at a person is masked, and so is what it could be worked out from."""

import pytest

from wetread.paper.small_counts import mask_counts


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([12, 7], ["12", "7"]),
        ([12, 0], ["12", "0"]),
        ([12, 3], ["hidden", "<5"]),
        ([12, 3, 2], ["12", "<5", "<5"]),
        ([30, 12, 3, 0], ["30", "hidden", "<5", "0"]),
        ([3, 0], ["<5", "0"]),
        ([5, 5], ["5", "5"]),
    ],
)
def test_one_column(counts, shown):
    assert [row[0] for row in mask_counts([[value] for value in counts])] == shown


def test_nothing_can_be_worked_out_across_columns_either():
    # The first column is the sum of the others: 10 = 6 + 4 and 20 = 12 + 8.
    assert mask_counts([[10, 6, 4], [20, 12, 8]], total=0) == [["10", "hidden", "<5"], ["20", "hidden", "hidden"]]


def test_a_limit_of_nothing_shows_everything():
    assert mask_counts([[1, 2], [3, 0]], limit=0) == [["1", "2"], ["3", "0"]]


def test_no_levels_are_no_rows():
    assert mask_counts([]) == []
