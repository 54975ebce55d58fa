"""Each mask goes to the picture it was drawn on, or nobody guesses."""

import pytest

from wetread.errors import InputError
from wetread.explanation.masks import match_masks


@pytest.mark.parametrize(
    ("images", "masks", "matched"),
    [
        (["Chest1.dcm", "chest2.png"], ["chest1_mask.png", "chest2-MASK.PNG"], [0, 1]),
        (["a/0001.jpeg", "b/0001.jpeg"], ["b/0001.png", "a/0001.png"], [1, 0]),
        (["a/0001.jpeg", "b/0001.jpeg"], ["a/0001.png"], [0, None]),
        (["a/0001.jpeg", "b/0002.jpeg"], ["0002.png", "0001.png"], [1, 0]),
        (["1.2.840.113619.1001", "1.2.840.113619.1002"], ["1.2.840.113619.1002.png"], [None, 0]),
        (["1.2.840.113619.1001"], ["1.2.840.113619.png"], [None]),
        (["a/1.png"], ["b/2.png"], [None]),
        (["a/1.png"], ["a/1.png", "b/1.png"], [0]),
    ],
)
def test_masks_are_matched_by_folder_and_name_then_by_a_name_that_is_unique(images, masks, matched):
    assert match_masks(images, masks) == matched


@pytest.mark.parametrize(
    ("images", "masks", "named"),
    [
        (["a/0001.jpeg", "b/0001.jpeg"], ["0001.png"], ["0001.png", "a/0001.jpeg", "b/0001.jpeg"]),
        (["0001.jpeg"], ["a/0001.png", "b/0001.png"], ["0001.jpeg", "a/0001.png", "b/0001.png"]),
        (["0001.jpeg"], ["0001.png", "0001_mask.png"], ["0001.png", "0001_mask.png"]),
        (["0001.jpeg", "0001.png"], ["0001.png"], ["0001.jpeg"]),
        (["a/1.png", "b/1.png"], ["a/1.png", "c/1.png"], ["b/1.png", "c/1.png"]),
    ],
)
def test_what_could_belong_to_several_is_refused_by_name(images, masks, named):
    with pytest.raises(InputError) as caught:
        match_masks(images, masks)
    assert caught.value.code == "masks-unclear"
    for name in named:
        assert name in caught.value.message
