"""Pictures that are known again, and files that cannot be believed."""

import numpy as np
import pytest

from dataset.rows import row
from wetread.dataset.fingerprints import (
    DIGITS,
    find_near,
    known_pixels,
    pack_fingerprints,
    read_fingerprints,
    read_known_pixels,
    take_fingerprints,
)


def smooth(seed, size=120):
    """A picture with coarse and fine structure of its own."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    grey = 60 * gaussian_filter(random.normal(size=(size, size)), 12) * 12
    grey = grey + 25 * gaussian_filter(random.normal(size=(size, size)), 2) * 4
    return np.clip(grey + 128, 0, 255).astype(np.uint8)


@pytest.fixture
def rows():
    return [row(f"{n}.png", picture=smooth(n)) for n in range(6)]


def test_what_is_written_reads_back(rows, tmp_path):
    kept = take_fingerprints(rows)
    (tmp_path / "kept").write_bytes(pack_fingerprints(kept))
    again = read_fingerprints(tmp_path / "kept")
    assert (again.images, again.pixels) == (kept.images, kept.pixels)
    assert again.complete and np.array_equal(again.thumbnails, kept.thumbnails)


def test_a_picture_with_another_gamma_is_known_again(rows):
    changed = (255 * (rows[2].picture / 255) ** 1.05).astype(np.uint8)
    asked = [
        row("new.png", picture=smooth(50)),
        row("changed.png", picture=changed),
        row("copy.png", picture=rows[4].picture),
    ]
    assert find_near(take_fingerprints(rows), asked) == {1: 2, 2: 4}


def test_copies_among_the_asked_are_all_found(rows):
    asked = [row(f"copy-{n}.png", picture=rows[1].picture) for n in range(2)]
    assert find_near(take_fingerprints(rows), asked) == {0: 1, 1: 1}


def test_too_many_pictures_keep_digests_only(rows):
    kept = take_fingerprints(rows, most=3)
    assert len(kept.pixels) == 6 and not kept.complete and find_near(kept, rows) == {}


def test_a_model_keeps_short_digests(rows):
    rows[0].pixel_sha256 = ""
    kept = known_pixels([*rows, rows[3]])
    assert len(kept) == 5 and all(len(one) == DIGITS for one in kept) and kept == sorted(kept)
    assert read_known_pixels({"known_pixels": kept}) == set(kept)
    assert read_known_pixels({}) == read_known_pixels({"known_pixels": "no list"}) == frozenset()


@pytest.mark.parametrize("damage", [b"", b"\xff" * 40, b"\x10\x00\x00\x00\x00\x00\x00\x00{}" + bytes(20)])
def test_damaged_files_are_no_fingerprints(damage, tmp_path):
    (tmp_path / "kept").write_bytes(damage)
    assert read_fingerprints(tmp_path / "kept") is None
    assert read_fingerprints(tmp_path / "nowhere") is None


def test_a_file_that_was_cut_is_no_fingerprints(rows, tmp_path):
    (tmp_path / "kept").write_bytes(pack_fingerprints(take_fingerprints(rows))[:-10])
    assert read_fingerprints(tmp_path / "kept") is None


def test_chest_films_of_other_patients_are_not_taken_for_copies(real_data):
    """200 standard views of 152 patients: no false alarm between two halves, and copies saved anew are found."""
    import io

    from PIL import Image

    from wetread.dataset.groups import assign_patients
    from wetread.dataset.reading import read_images, rows_with_pictures
    from wetread.dataset.scan import scan

    table = scan(real_data / "cxr-nih-effusion")
    read_images(table)
    assign_patients(table)
    found = rows_with_pictures(table)
    patients = sorted({one.patient for one in found})
    half = set(patients[: len(patients) // 2])
    known = [one for one in found if one.patient in half]
    kept = take_fingerprints(known)
    assert find_near(kept, [one for one in found if one.patient not in half]) == {}
    copies = []
    for number, one in enumerate(known):
        buffer = io.BytesIO()
        Image.fromarray(one.picture).save(buffer, "JPEG", quality=60)
        copies.append(row(f"copy-{number}.jpg", picture=np.asarray(Image.open(buffer))))
    again = find_near(kept, copies)
    assert len(again) >= 0.98 * len(known) and all(asked == learnt for asked, learnt in again.items())
