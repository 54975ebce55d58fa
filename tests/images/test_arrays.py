"""Pictures in .npz and IDX files: what is stored comes back, piece by piece, and no claim is believed."""

import gzip
import io
import random
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.images.array_format import (
    list_arrays,
    looks_like_idx,
    looks_like_npz,
    read_header,
    read_whole,
)
from wetread.images.arrays import ArrayReader
from wetread.images.gate import Refused, looks_like_nifti
from wetread.images.packed import PackedBytes

RANDOM = np.random.default_rng(5)
PICTURES = RANDOM.integers(0, 256, (40, 9, 7), dtype=np.uint8)


def npz(path, packed=True, **arrays):
    (np.savez_compressed if packed else np.savez)(path, **arrays)
    return path


def idx(path, array, packed=False, kind=0x08, sides=None):
    """Writes an IDX file; ``sides`` are what its header claims."""
    sides = array.shape if sides is None else sides
    data = bytes([0, 0, kind, len(sides)]) + b"".join(struct.pack(">I", side) for side in sides) + array.tobytes()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def raw_npz(path, content, compression=zipfile.ZIP_DEFLATED):
    """A zip with one member ``images.npy`` of these bytes."""
    with zipfile.ZipFile(path, "w", compression) as packed:
        packed.writestr("images.npy", content)
    return path


def npy(header, data=b"", version=1, length=None):
    """An array file with a header as written here."""
    text = header.encode("latin-1") + b"\n"
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + size.to_bytes(2 if version == 1 else 4, "little") + text + data


def header_text(shape, dtype="|u1", fortran=False):
    return f"{{'descr': {dtype!r}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def refusal(path, member="images", work=None):
    with pytest.raises(Refused) as caught, ArrayReader(path, member) as reader:
        (work or (lambda reader: reader.picture(0)))(reader)
    return caught.value.code


# What is stored comes back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("kind", ["npz", "idx"])
def test_bytes_come_back_as_they_are_in_any_order(tmp_path, kind, packed):
    if kind == "npz":
        path, member = npz(tmp_path / "a.npz", packed, images=PICTURES, other=PICTURES[:3]), "images"
    else:
        path, member = idx(tmp_path / "a", PICTURES, packed), ""
    with ArrayReader(path, member) as reader:
        assert (reader.count, reader.shape, reader.intensity) == (40, (9, 7), "as stored")
        for item in (*range(40), 39, 0, 20, 5, 6, 39):
            assert np.array_equal(reader.picture(item), PICTURES[item])
        for item in (-1, 40):
            with pytest.raises(IndexError):
                reader.picture(item)
        facts = reader.facts
    assert (facts.format, facts.width, facts.height, facts.bit_depth, facts.mode) == (kind.upper(), 7, 9, 8, "grey")


def test_colour_and_a_last_side_of_one(tmp_path):
    colour = RANDOM.integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    colour[2] = colour[2, :, :, :1]
    path = npz(tmp_path / "a.npz", colour=colour, grey=PICTURES[..., None])
    assert list_arrays(path) == ["colour", "grey"]
    with ArrayReader(path, "colour") as reader:
        assert reader.shape == (5, 6, 3)
        assert np.array_equal(reader.picture(1), colour[1])
        assert np.array_equal(reader.picture(2), colour[2, :, :, 0])  # three equal channels are one
        assert reader.facts.mode == "rgb"
    with ArrayReader(path, "grey") as reader:
        assert reader.shape == (9, 7)
        assert np.array_equal(reader.picture(3), PICTURES[3])


@pytest.mark.parametrize(
    ("values", "intensity", "shown"),
    [
        (np.array([False, True, True]), "as stored", [0, 255, 255]),
        (np.array([0, 32768, 65535], np.uint16), "full range 0..65535", [0, 128, 255]),
        (np.array([0, 32768, 65535], ">u2"), "full range 0..65535", [0, 128, 255]),
        (np.array([0.0, 0.5, 1.0], np.float32), "range 0..1", [0, 128, 255]),
        (np.array([0.0, np.nan, 1.0], np.float64), "range 0..1", [0, 0, 255]),
        (np.array([-1.0, 0.0, 1.0], np.float16), "range -1..1", [0, 128, 255]),
        (np.array([0.0, 7.0, 255.0], np.float32), "range 0..255", [0, 7, 255]),
        (np.array([0, 7, 255], np.int64), "range 0..255", [0, 7, 255]),
        (np.array([0, 1, 1], np.int32), "range 0..255", [0, 1, 1]),
        (np.array([-1000, 0, 1000], np.int16), "percentiles 0.5-99.5", [0, 128, 255]),
        (np.array([-3.0, 0.0, 3.0], np.float32), "percentiles 0.5-99.5", [0, 128, 255]),
    ],
)
def test_other_types_and_how_they_are_shown(tmp_path, values, intensity, shown):
    path = npz(tmp_path / "a.npz", images=values.reshape(1, 1, 3))
    with ArrayReader(path, "images") as reader:
        assert reader.intensity == intensity
        assert reader.facts.intensity == intensity
        assert reader.picture(0).tolist() == [shown]
        assert reader.picture(0).dtype == np.uint8
        assert np.array_equal(reader.stored(0).ravel(), values, equal_nan=values.dtype.kind == "f")


def test_the_range_is_that_of_the_array_and_not_of_each_picture(tmp_path):
    pictures = np.stack([np.full((4, 4), 0.2), np.full((4, 4), 200.0)]).astype(np.float32)
    with ArrayReader(npz(tmp_path / "a.npz", images=pictures), "images") as reader:
        assert reader.picture(0).max() == 0
        assert reader.picture(1).min() == 200


def test_the_only_array_needs_no_name(tmp_path):
    with ArrayReader(npz(tmp_path / "a.npz", images=PICTURES)) as reader:
        assert np.array_equal(reader.picture(1), PICTURES[1])
    assert refusal(npz(tmp_path / "b.npz", images=PICTURES, more=PICTURES), "") == "unsupported"


@pytest.mark.parametrize("array", [np.arange(6, dtype=">i4").reshape(6, 1), np.array(["a", "ü"]), np.array([b"x"])])
def test_labels_are_read_whole(tmp_path, array):
    path = npz(tmp_path / "a.npz", labels=array, images=PICTURES, rows=np.asfortranarray(np.eye(3)))
    assert np.array_equal(read_whole(path, "labels"), array)
    assert np.array_equal(read_whole(path, "rows"), np.eye(3))
    assert read_header(path, "images").shape == (40, 9, 7)


def test_labels_of_idx_files(tmp_path):
    numbers = np.arange(10, dtype=np.uint8)
    for packed in (True, False):
        assert read_whole(idx(tmp_path / "a", numbers, packed)).tolist() == list(range(10))
    wide = np.array([-5, 70000], ">i4")
    assert read_whole(idx(tmp_path / "b", wide, kind=0x0C)).tolist() == [-5, 70000]


# Streaming ------------------------------------------------------------------------------------------------------------


def test_memory_stays_flat(tmp_path):
    pictures = np.zeros((3000, 128, 128), np.uint8)  # 49 MB
    pictures[:] = RANDOM.integers(0, 8, (128, 128), dtype=np.uint8)
    pictures[:, 0, 0] = np.arange(3000) % 256
    path = npz(tmp_path / "a.npz", images=pictures)
    tracemalloc.start()
    with ArrayReader(path, "images") as reader:
        for item in (*range(0, 3000, 100), 2999, 5, 2500):
            assert reader.picture(item)[0, 0] == item % 256
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 << 20


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 3000),
    steps=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=12),
    packing=st.sampled_from(["stored", "deflate", "gzip"]),
    every=st.sampled_from([1, 100, 10_000]),
)
def test_any_order_of_reading_gives_the_same_bytes(size, steps, packing, every):
    import wetread.images.packed as module

    data = np.random.default_rng(size).integers(0, 30, size, dtype=np.uint8).tobytes()
    tool = zlib.compressobj(6, zlib.DEFLATED, {"deflate": -15, "gzip": 31}.get(packing, 15))
    packed = data if packing == "stored" else tool.compress(data) + tool.flush()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", 97)
        patch.setattr(module, "_FETCH", 31)
        patch.setattr(module, "_MARK_EVERY", every)
        handle = io.BytesIO(b"before" + packed + b"after")
        crc = zlib.crc32(data)
        stream = PackedBytes(handle, start=6, packed=len(packed), size=size, packing=packing, crc=crc)
        for first, part in (*steps, (0, 1), (0.5, 1)):
            begin = int(first * size)
            count = int(part * (size - begin))
            assert stream.read(begin, count) == data[begin : begin + count]
        with pytest.raises(Refused):
            stream.read(size, 1)


def test_going_to_a_picture_ahead_of_time_changes_nothing(tmp_path):
    with ArrayReader(npz(tmp_path / "a.npz", images=PICTURES), "images") as reader:
        for item in (30, 0, 40, -1):
            reader.seek(item)
            assert np.array_equal(reader.picture(7), PICTURES[7])


# What is not believed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4), (3,), (), (2, 4, 4, 4), (2, 4, 4, 2), (2, 3, 4, 4), (2, 4, 4, 4, 1)])
def test_other_shapes_are_not_pictures(tmp_path, shape):
    path = npz(tmp_path / "a.npz", images=np.zeros(shape, np.uint8))
    assert refusal(path) == "unsupported"
    # Three channels in front are no volume, but no order of ours either.
    assert read_header(path, "images").is_volumes == (len(shape) == 5 or (len(shape) == 4 and shape[1] != 3))


def test_objects_are_never_unpickled(tmp_path):
    class Bad:
        def __reduce__(self):
            return (pytest.fail, ("executed",))

    path = npz(tmp_path / "a.npz", images=np.array([[[Bad()]]], dtype=object), labels=np.array([Bad()], dtype=object))
    assert refusal(path) == "unsupported"
    with pytest.raises(Refused) as caught:
        read_whole(path, "labels")
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize(
    "array", [np.zeros((1, 2, 2), complex), np.zeros((1, 2, 2), "U3"), np.zeros((1, 2, 2), "M8[s]"),
              np.zeros((1, 2, 2), [("a", "u1")]), np.zeros((1, 2, 2), np.longdouble)]
)  # fmt: skip
def test_what_is_no_plain_number_is_no_picture(tmp_path, array):
    assert refusal(npz(tmp_path / "a.npz", images=array)) == "unsupported"


def test_fortran_order_cannot_be_streamed(tmp_path):
    assert refusal(npz(tmp_path / "a.npz", images=np.asfortranarray(PICTURES))) == "unsupported"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (npy(header_text((10, 4, 4)), bytes(159)), "truncated"),
        (npy(header_text((10, 4, 4)), bytes(161)), "damaged"),
        (npy(header_text((10**15, 4, 4)), bytes(160)), "truncated"),
        (npy(header_text((2**62, 2**62, 2**62)), bytes(160)), "truncated"),
        (npy(header_text((-10, -4, 4)), bytes(160)), "damaged"),
        (npy(header_text((0, 0, 4))), "damaged"),
        (npy(header_text((True, 4, 4)), bytes(16)), "damaged"),
        (npy(header_text((1.0, 4, 4)), bytes(16)), "damaged"),
        (npy(header_text((1, 4, 4), "x" * 5), bytes(16)), "damaged"),
        (npy(header_text((1, 4, 4), "|O"), bytes(16)), "unsupported"),
        (npy("{'descr': '|u1'}", bytes(16)), "damaged"),
        (npy("__import__('os').abort()", bytes(16)), "damaged"),
        (npy("(" * 9000), "damaged"),
        (npy("[" * 3000 + "]" * 3000), "damaged"),
        (npy(header_text((1, 4, 4)) + " " * (10 << 20), bytes(16), version=2), "damaged"),
        (npy(header_text((1, 4, 4)), bytes(16), length=60_000), "damaged"),
        (npy(header_text((1, 4, 4)), bytes(16), version=2, length=2**32 - 1), "damaged"),
        (npy(header_text((1, 4, 4)), bytes(16), version=3), "unsupported"),
        (npy(header_text((1, 4, 4)), bytes(16), version=9), "unsupported"),
        (b"no array at all", "damaged"),
        (b"", "damaged"),
    ],
    ids=range(21),
)  # fmt: skip
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_headers_that_lie(tmp_path, content, code, compression):
    assert refusal(raw_npz(tmp_path / "a.npz", content, compression)) == code


def test_a_header_of_python_2_is_read(tmp_path, recwarn):
    content = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 2L, 2L), }", bytes(8))
    with ArrayReader(raw_npz(tmp_path / "a.npz", content), "images") as reader:
        assert (reader.count, reader.shape) == (2, (2, 2))
    assert not recwarn


def test_pictures_beyond_the_limits(tmp_path):
    wide = np.zeros((1, 10_001, 10_000), np.uint8)
    content = npy(header_text(wide.shape), wide.tobytes())
    assert refusal(raw_npz(tmp_path / "a.npz", content, zipfile.ZIP_STORED)) == "too-large"
    assert refusal(idx(tmp_path / "b", wide, packed=False), "") == "too-large"
    many = npy(header_text((5_000_001, 1, 1)), bytes(5_000_001))  # less than the 16 MB that any ratio is allowed to
    assert refusal(raw_npz(tmp_path / "c.npz", many)) == "too-large"


def test_bombs(tmp_path):
    bomb = raw_npz(tmp_path / "a.npz", npy(header_text((32, 1024, 1024)), bytes(32 << 20)))
    assert bomb.stat().st_size < 100_000
    assert refusal(bomb) == "damaged"
    packed = idx(tmp_path / "b", np.zeros((32, 1024, 1024), np.uint8), packed=True)
    assert packed.stat().st_size < 500_000
    assert refusal(packed, "") == "too-large"
    claims = idx(tmp_path / "c", PICTURES, packed=True, sides=(2**32 - 1, 28, 28))
    assert refusal(claims, "") == "too-large"


@pytest.mark.parametrize("packed", [True, False])
def test_a_flipped_bit_is_found_when_all_was_read(tmp_path, packed):
    pictures = RANDOM.integers(0, 256, (300, 100, 100), dtype=np.uint8)  # three pieces
    path = npz(tmp_path / "a.npz", packed, images=pictures)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with ArrayReader(path, "images") as reader:
        assert np.array_equal(reader.picture(0), pictures[0])
        with pytest.raises(Refused) as caught:
            for item in range(300):
                reader.picture(item)
        assert caught.value.code == "damaged"
        if not packed:  # stored bytes are read to their end before the checksum speaks, and then none is given out
            with pytest.raises(Refused):
                reader.picture(0)


@pytest.mark.parametrize("cut", [1, 10, 1000])
def test_files_that_are_cut(tmp_path, cut):
    def read_all(reader):
        for item in range(reader.count):
            reader.picture(item)

    for name, path, member in (
        ("npz", npz(tmp_path / "a.npz", images=PICTURES), "images"),
        ("gz", idx(tmp_path / "b", PICTURES, packed=True), ""),
        ("idx", idx(tmp_path / "c", PICTURES), ""),
    ):
        path.write_bytes(path.read_bytes()[:-cut])
        # The eight bytes behind the last picture of a gzip file hold its checksum alone.
        allowed = {"npz": ("damaged",), "gz": ("truncated", "damaged"), "idx": ("truncated",)}[name]
        assert refusal(path, member, read_all) in allowed


def test_idx_files_that_are_wrong(tmp_path):
    assert refusal(idx(tmp_path / "a", PICTURES, sides=(39, 9, 7)), "") == "damaged"
    assert refusal(idx(tmp_path / "b", PICTURES, sides=(41, 9, 7)), "") == "truncated"
    last = {"work": lambda reader: reader.picture(reader.count - 1)}
    assert refusal(idx(tmp_path / "c", PICTURES, True, sides=(39, 9, 7)), "", **last) == "damaged"
    assert refusal(idx(tmp_path / "d", PICTURES, True, sides=(41, 9, 7)), "", **last) == "truncated"
    assert refusal(idx(tmp_path / "e", PICTURES, sides=(40 * 63,)), "") == "unsupported"
    for name, content, code in (
        ("f", b"\0\0\x08", "not-an-image"),
        ("g", b"\0\0\x08\x03\0\0", "truncated"),
        ("h", b"\0\0\x07\x03" + bytes(12), "not-an-image"),
        ("i", b"\x1f\x8b\x08 no gzip", "damaged"),
        ("j", b"a text", "not-an-image"),
    ):
        (tmp_path / name).write_bytes(content)
        assert refusal(tmp_path / name, "") == code


def test_changed_bytes_never_end_otherwise(tmp_path):
    """450 files with a few bytes changed: pictures of the right shape, or a refusal."""
    draw = random.Random(2)
    whole = [
        npz(tmp_path / "a.npz", images=PICTURES[:3]).read_bytes(),
        npz(tmp_path / "a.npz", packed=False, images=PICTURES[:3]).read_bytes(),
        idx(tmp_path / "b", PICTURES[:3], packed=True).read_bytes(),
    ]
    read = 0
    for number in range(450):
        data = bytearray(whole[number % 3])
        for _ in range(draw.choice((1, 1, 2, 8))):
            data[draw.randrange(len(data))] = draw.choice((0, 1, 127, 255, draw.randrange(256)))
        (tmp_path / "c").write_bytes(data)
        try:
            with ArrayReader(tmp_path / "c") as reader:
                for item in range(min(reader.count, 10)):
                    assert reader.picture(item).dtype == np.uint8
            read += 1
        except Refused:
            pass
    assert 5 < read < 445


def test_places_without_a_file(tmp_path):
    assert refusal(tmp_path / "missing") == "unreadable"
    with pytest.raises(Refused):
        ArrayReader(tmp_path)
    assert refusal(npz(tmp_path / "a.npz", images=PICTURES), "train_images") == "damaged"


# Recognition ----------------------------------------------------------------------------------------------------------


def test_array_files_are_known_by_their_content(tmp_path):
    start = npz(tmp_path / "a.npz", images=PICTURES).read_bytes()
    assert looks_like_npz(start)
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as packed:
        packed.writestr("a.png", b"x.npy")
    assert not looks_like_npz((tmp_path / "b.npz").read_bytes())
    assert looks_like_idx(idx(tmp_path / "c", PICTURES).read_bytes()) == 3
    assert looks_like_idx(idx(tmp_path / "d", PICTURES, True).read_bytes()[:100]) == 3
    assert looks_like_idx(idx(tmp_path / "e", PICTURES[0, 0], True).read_bytes()) == 1
    for other in (start, b"", b"\0\0", b"\xff\xd8\xff", gzip.compress(b"a text"), b"\x1f\x8b", bytes(300)):
        assert looks_like_idx(other) == 0


def test_volumes_of_nifti_are_known(tmp_path):
    for magic, place, size in ((b"n+1\0", 344, 348), (b"ni1\0", 344, 348), (b"n+2\0\r\n\x1a\n", 4, 540)):
        data = bytearray(600)
        data[:4] = struct.pack("<i", size)
        data[place : place + len(magic)] = magic
        assert looks_like_nifti(bytes(data))
        assert looks_like_nifti(gzip.compress(bytes(data) + RANDOM.bytes(5000))[:1000])
    for other in (b"", bytes(600), gzip.compress(bytes(600)), b"\x1f\x8b\x08", b"n+1\0" * 10):
        assert not looks_like_nifti(other)
