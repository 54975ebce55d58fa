"""Which fragments belong to which frame."""

import io

import numpy as np
import pytest
from imagecodecs import jpegls_encode

from wetread.images.fragments import read_frame
from wetread.images.gate import Refused

FRAMES = [bytes(jpegls_encode(np.full((9, 9), value, np.uint8))) for value in (1, 2, 3)]
HALVES = [part for frame in FRAMES for part in (frame[:20], frame[20:])]
END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def item(data):
    return b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data


def offsets(parts, width=4):
    """Offsets of the first of every two fragments."""
    starts = np.cumsum([0, *(8 + len(part) for part in parts)])
    return b"".join(int(start).to_bytes(width, "little") for start in starts[:-1:2])


def read(parts, frames, index, table=b"", end=END, extended=b""):
    data = b"lead" + item(table) + b"".join(map(item, parts)) + end
    return read_frame(io.BytesIO(data), 4, frames, index, extended)


def code(*arguments, **options):
    with pytest.raises(Refused) as caught:
        read(*arguments, **options)
    return caught.value.code


def test_one_fragment_each_whatever_the_table_says():
    for table in (b"", offsets(HALVES), b"\xff" * 12, b"abc"):
        assert [read(FRAMES, 3, index, table) for index in range(3)] == FRAMES


def test_one_frame_takes_all():
    assert read(HALVES[:2], 1, 0) == FRAMES[0]
    assert read(HALVES[:2], 1, 0, end=b"") == FRAMES[0]  # no delimiter
    assert read([b"", *HALVES[:2]], 1, 0) == FRAMES[0]


def test_several_fragments_each():
    # By the offsets, by the extended ones, and where these are missing or wrong by the marker a frame begins with.
    for options in ({"table": offsets(HALVES)}, {"extended": offsets(HALVES, 8)}, {}, {"table": b"\x07\0\0\0" * 3}):
        assert [read(HALVES, 3, index, **options) for index in range(3)] == FRAMES


def test_a_file_without_a_table():
    data = b"".join(map(item, FRAMES)) + END
    assert read_frame(io.BytesIO(data), 0, 3, 1) == FRAMES[1]


def test_what_is_refused():
    assert code(FRAMES, 4, 3) == "truncated"
    assert code([b"ab", b"cd", b"ef", b"gh"], 3, 1) == "damaged"  # nothing tells where a frame begins
    assert code([], 1, 0) == "truncated"
    with pytest.raises(Refused):
        read_frame(io.BytesIO(b"something else"), 0, 1, 0)
    short = (item(b"") + item(FRAMES[0]))[:-5]
    with pytest.raises(Refused) as caught:
        read_frame(io.BytesIO(short), 0, 1, 0)
    assert caught.value.code == "truncated"


def test_no_end_of_empty_fragments():
    assert code([b""] * 110_000, 1, 0) == "damaged"
