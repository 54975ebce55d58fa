"""Palettes against tables written out by hand."""

import numpy as np
import pytest
from fake.dicoms import write_dicom
from pydicom import Dataset
from pydicom.pixels.processing import _expand_segmented_lut

from wetread.images.gate import Refused
from wetread.images.layout import Cell
from wetread.images.palette import expand_segments, paint, read_palette
from wetread.images.read import decode_image


def header(tables, bits, first=0, *, segmented=False, vr="OW", little=True):
    ds = Dataset()
    for name, (count, data) in zip(("Red", "Green", "Blue"), tables, strict=True):
        ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "SS" if first < 0 else "US", [count, first, bits])
        ds.add_new(f"{'Segmented' * segmented}{name}PaletteColorLookupTableData", vr, data)
    ds.set_original_encoding(False, little)
    return ds


def test_entries_of_16_bits():
    words = [np.array(row, "<u2").tobytes() for row in ([0, 65535], [256, 32768], [512, 65280])]
    ds = header([(2, word) for word in words], 16)
    assert paint(np.array([[0, 1, 7]], np.uint8), Cell(8), ds).tolist() == [
        [[0, 1, 2], [255, 128, 255], [255, 128, 255]]
    ]
    big = header([(2, np.frombuffer(word, "<u2").astype(">u2").tobytes()) for word in words], 16, little=False)
    assert paint(np.array([[1]], np.uint8), Cell(8), big).tolist() == [[[255, 128, 255]]]


def test_entries_of_8_bits():
    ds = header([(3, bytes([0, 10, 20, 0])), (3, bytes([1, 11, 21, 0])), (3, bytes([2, 12, 22, 0]))], 8)
    assert paint(np.array([[0, 2]], np.uint8), Cell(8), ds).tolist() == [[[0, 1, 2], [20, 21, 22]]]
    # One in a word each, against the standard.
    wide = header([(2, np.array([0, n], "<u2").tobytes()) for n in (10, 20, 30)], 8)
    assert paint(np.array([[0, 1]], np.uint8), Cell(8), wide).tolist() == [[[0, 0, 0], [10, 20, 30]]]


def test_more_than_256_entries_of_8_bits():
    # pydicom 3.0.2 looks these up modulo 256.
    table = bytes(n // 2 for n in range(512))
    ds = header([(512, table)] * 3, 8)
    assert paint(np.array([[0, 300, 511]], np.uint16), Cell(16), ds)[0, :, 0].tolist() == [0, 150, 255]


def test_the_first_value_can_be_above_or_below_0():
    tables = [(3, bytes([10, 20, 30, 0]))] * 3
    raw = np.array([[0, 5, 6, 7, 200]], np.uint8)
    assert paint(raw, Cell(8), header(tables, 8, first=5))[0, :, 0].tolist() == [10, 10, 20, 30, 30]
    signed = np.array([[-1, 0, 1, 2]], np.int16).view(np.uint16)
    assert paint(signed, Cell(16, 0, True), header(tables, 8, first=-1))[0, :, 0].tolist() == [10, 20, 30, 30]
    assert paint(signed, Cell(16, 0, True), header(tables, 8, first=65535))[0, :, 0].tolist() == [10, 20, 30, 30]


def test_overlay_bits_above_the_index_are_masked():
    ds = header([(2, bytes([10, 20]))] * 3, 8)
    assert paint(np.array([[0x80, 0x81]], np.uint8), Cell(7), ds)[0, :, 0].tolist() == [10, 20]


def test_segments():
    # Two entries as they are, then four steps up to 80, then both again, ended by padding.
    assert expand_segments([0, 2, 0, 40, 1, 4, 80, 0], 8) == [0, 40, 50, 60, 70, 80]
    assert expand_segments([0, 1, 7, 1, 2, 9, 2, 2, 0, 0], 16) == [7, 8, 9, 7, 8, 9]
    assert expand_segments([0, 1, 7, 1, 2, 9, 2, 1, 6, 0], 16) == [7, 8, 9, 9, 9]  # byte 6 is the second segment
    assert expand_segments([0, 1, 7, 1, 2, 9, 2, 1, 3, 0, 0, 0], 8) == [7, 8, 9, 9, 9]
    for segments in ([1, 2, 9], [2, 1, 0, 0], [0, 9, 1], [3, 1, 1], [], [0, 1, 7, 2, 60000, 0, 0, 2, 60000, 0, 0]):
        with pytest.raises(Refused):
            expand_segments(segments, 16)


def test_segments_equal_those_of_pydicom():
    rng = np.random.default_rng(0)
    for _ in range(50):
        data = [0, 2, *rng.integers(0, 256, 2).tolist()]
        for _ in range(int(rng.integers(1, 9))):
            data += [1, int(rng.integers(1, 30)), int(rng.integers(0, 256))]
        ours, theirs = expand_segments(data, 16), _expand_segmented_lut(tuple(data), "<H")
        # Halves may be rounded to either side.
        assert len(ours) == len(theirs) and np.abs(np.subtract(ours, theirs)).max() <= 1


def test_a_segmented_palette(tmp_path):
    ds = header(
        [(6, np.array([0, 1, top, 1, 5, top], "<u2").tobytes()) for top in (0, 25600, 65535)], 16, segmented=True
    )
    assert [read_palette(ds, name)[1].tolist() for name in ("Red", "Green")] == [[0] * 6, [25600] * 6]
    extra = {element.keyword: element.value for element in ds}
    path = write_dicom(tmp_path / "a", np.array([[0, 5]], np.uint8), photometric="PALETTE COLOR", **extra)
    assert decode_image(path).pixels.tolist() == [[[0, 100, 255], [0, 100, 255]]]


def test_damaged_palettes():
    for tables, bits in (([(2, b"")] * 3, 16), ([(2, b"ab")] * 3, 12)):
        with pytest.raises(Refused) as caught:
            paint(np.zeros((1, 1), np.uint8), Cell(8), header(tables, bits))
        assert caught.value.code == "damaged"
    with pytest.raises(Refused):
        paint(np.zeros((1, 1), np.uint8), Cell(8), Dataset())
