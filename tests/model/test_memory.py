"""Short memory is told from other errors, and then less is looked at at once."""

import pytest
import torch

from wetread.errors import InputError
from wetread.model.memory import in_pieces, is_out_of_memory


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "GET was unable to find an engine to execute this computation",
        "Unable to find a valid cuDNN algorithm to run convolution",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
    ],
)
def test_each_library_has_its_own_words_for_short_memory(words):
    assert is_out_of_memory(RuntimeError(words))
    assert not is_out_of_memory(ValueError(words))


def short_of(most, seen):
    def look(piece):
        rows = list(range(11))[piece]
        seen.append(len(rows))
        if len(rows) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return rows

    return look


@pytest.mark.parametrize(("most", "expected"), [(99, [8, 3]), (4, [8, 4, 4, 3]), (1, [8, 4, 2, *[1] * 11])])
def test_half_as_many_are_looked_at_until_they_fit_and_each_once(most, expected):
    seen = []
    assert [row for rows in in_pieces(short_of(most, seen), 11, 8) for row in rows] == list(range(11))
    assert seen == expected


def test_nothing_is_looked_at_where_there_is_nothing():
    assert in_pieces(short_of(0, []), 0, 8) == []


def test_one_picture_that_does_not_fit_is_said_plainly():
    with pytest.raises(InputError, match="even one at a time") as caught:
        in_pieces(short_of(0, []), 11, 8)
    assert caught.value.code == "out-of-memory"


def test_other_errors_pass_through_at_once():
    seen = []

    def fail(piece):
        seen.append(piece)
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        in_pieces(fail, 11, 8)
    assert len(seen) == 1
