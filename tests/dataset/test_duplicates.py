"""Copies are found however they were saved; different pictures of one kind are not taken for copies."""

import numpy as np
import pytest
from fake.pictures import write_bmp, write_jpeg, write_png
from scipy.ndimage import gaussian_filter

from dataset.rows import row
from wetread.dataset import duplicates
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.reading import read_images
from wetread.dataset.table import Row, Table


def smooth(seed, side=192):
    noise = np.random.default_rng(seed).normal(size=(side, side))
    picture = gaussian_filter(noise, 6) + 0.3 * gaussian_filter(noise, 2)
    return np.interp(picture, (picture.min(), picture.max()), (20, 220)).astype(np.uint8)


def chest(seed):
    """Like two chest films: the same coarse shape for everybody, the detail is a patient's own."""
    y, x = np.mgrid[-1:1:192j, -1:1:192j]
    lungs = sum(np.exp(-(((x - at) / 0.28) ** 4) - ((y / 0.6) ** 4)) for at in (-0.42, 0.42))
    everybody = 1200 * gaussian_filter(np.random.default_rng(99).normal(size=(192, 192)), 18)
    own = 35 * gaussian_filter(np.random.default_rng(seed).normal(size=(192, 192)), 2)
    return np.clip(150 - 70 * gaussian_filter(lungs, 5) + everybody + own, 0, 255).astype(np.uint8)


def kinds(rows):
    return [(pair.first, pair.second, pair.kind) for pair in find_duplicates(rows)]


def rows_of(*pictures):
    return [row(f"{number}.png", picture=picture) for number, picture in enumerate(pictures)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One picture saved in five ways, and another one; read as every run reads them."""
    folder, picture = tmp_path_factory.mktemp("copies"), smooth(1)
    write_png(folder / "1.png", picture)
    (folder / "2-copy.png").write_bytes((folder / "1.png").read_bytes())
    write_bmp(folder / "3.bmp", picture)
    write_jpeg(folder / "4.jpg", picture, quality=70)
    write_png(folder / "5-brighter.png", (picture * 1.1 + 8).astype(np.uint8))
    write_png(folder / "6-other.png", smooth(2))
    table = Table(folder, "folder", [Row(path.name, path, "a") for path in sorted(folder.iterdir())])
    read_images(table)
    return kinds(table.rows)


def test_a_copied_file_and_equal_pixels_in_another_format_are_told_apart(saved):
    assert (0, 1, "file") in saved
    assert (0, 2, "pixels") in saved


def test_a_jpeg_of_the_picture_and_a_brighter_copy_are_near(saved):
    assert {(0, 3, "near"), (0, 4, "near")} <= set(saved)


def test_another_picture_is_no_copy(saved):
    assert not [pair for pair in saved if 5 in pair[:2]]


def test_two_smooth_pictures_by_chance_are_not_near():
    assert kinds(rows_of(*(smooth(seed) for seed in range(30)))) == []


def test_two_patients_in_the_same_standard_view_are_not_near(monkeypatch):
    rows = rows_of(*(chest(seed) for seed in range(16)))
    assert kinds(rows) == []
    # The test needs views that neither hashes nor coarse pixels tell apart.
    monkeypatch.setattr(duplicates, "MIN_DETAIL_CORRELATION", -1)
    assert len(kinds(rows)) > 3


def test_a_slightly_moved_crop_of_one_film_is_near():
    film = smooth(3, side=208)
    assert kinds(rows_of(film[8:200, 8:200], film[9:201, 8:200])) == [(0, 1, "near")]


def test_of_n_equal_images_n_minus_one_pairs_are_listed_whatever_made_them_equal():
    rows = [row(f"{n}", sha256=sha, pixel_sha256="same") for n, sha in enumerate(("bmp", "png", "png", "tiff"))]
    found = kinds(rows)
    assert sorted(pair[1] for pair in found) == [1, 2, 3]
    assert (1, 2, "file") in found


def test_empty_pictures_of_different_grey_are_not_copies():
    black, white = (np.full((64, 64), grey, np.uint8) for grey in (0, 255))
    assert kinds(rows_of(black, white)) == []


def test_one_picture_or_none_has_no_copy():
    assert kinds([]) == kinds(rows_of(smooth(1))) == []
