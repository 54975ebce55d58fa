"""Copies are found however they were saved; different pictures of one kind are not taken for copies."""

import os
from pathlib import Path

import numpy as np
import pytest
from fake.pictures import write_bmp, write_jpeg, write_png
from PIL import Image
from scipy.ndimage import gaussian_filter

from dataset.rows import row
from wetread.dataset import duplicates
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.groups import assign_groups
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
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


def test_copies_are_the_same_ones_whatever_the_side_at_which_pictures_are_read(tmp_path):
    for seed in range(8):
        film = as_large((chest if seed % 2 else smooth)(seed))
        write_png(tmp_path / f"{seed}.png", film)
        write_jpeg(tmp_path / f"{seed}-again.jpg", (film * 1.05 + 4).astype(np.uint8), quality=60)
    found = []
    for side in (320, 518):
        table = Table(tmp_path, "folder", [Row(path.name, path, "a") for path in sorted(tmp_path.iterdir())])
        read_images(table, side=side)
        found.append(find_duplicates(table.rows))
    assert [(one.first, one.second) for one in found[0]] == [(2 * n, 2 * n + 1) for n in range(8)]
    assert [(one.first, one.second) for one in found[1]] == [(2 * n, 2 * n + 1) for n in range(8)]
    assert all(abs(a.correlation - b.correlation) < 0.002 for a, b in zip(*found, strict=True))


def as_large(picture, side=768):
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


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


@pytest.mark.parametrize(
    ("change", "crop"), [("smaller", 0), ("larger", 0), ("cropped", 1), ("cropped and smaller", 1)]
)
def test_a_rescaled_or_slightly_cropped_copy_is_near(change, crop):
    film = smooth(4)
    size = {"smaller": 128, "larger": 300, "cropped": 190, "cropped and smaller": 150}[change]
    copy = Image.fromarray(film[crop : 192 - crop, crop : 192 - crop]).resize((size, size), Image.Resampling.BICUBIC)
    assert kinds(rows_of(film, np.asarray(copy), smooth(5))) == [(0, 1, "near")]


def test_pairs_are_those_of_comparing_all_hashes(monkeypatch):
    rows = rows_of(*(chest(seed) for seed in range(12)), *(smooth(seed) for seed in range(6)), chest(3)[1:], smooth(2))

    def compare_all(hashes, distance):
        a, b = np.triu_indices(len(hashes), 1)
        near = (np.bitwise_count(hashes[a] ^ hashes[b]) <= distance).all(axis=1)
        return np.stack([a[near], b[near]], axis=1)

    found = find_duplicates(rows)
    monkeypatch.setattr(duplicates, "near_pairs", compare_all)
    assert found == find_duplicates(rows)
    assert {(pair.first, pair.second) for pair in found} == {(3, 18), (14, 19)}


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


REAL = os.environ.get("WETREAD_REAL_DATA")
real = pytest.mark.skipif(not REAL, reason="WETREAD_REAL_DATA names no folder of public sets")


def copies_in(name):
    table = scan(Path(REAL) / name)
    read_images(table)
    rows = rows_with_pictures(table)
    return rows, find_duplicates(rows)


@real
def test_every_test_image_of_the_brain_set_that_was_trained_on_is_found():
    rows, pairs = copies_in("brain-mri-tumor-4class")
    assign_groups(rows, pairs)
    trained = {(one.group, one.pixel_sha256) for one in rows if one.given_split == "train"}
    leaked = dict.fromkeys(("meningioma_tumor", "no_tumor", "pituitary_tumor", "glioma_tumor"), 0)
    for one in rows:
        leaked[one.label] += one.given_split == "test" and (one.group, one.pixel_sha256) in trained
    assert list(leaked.values()) == [17, 18, 6, 0]


@real
def test_the_image_that_stands_twice_in_the_openi_set_is_found():
    rows, pairs = copies_in("chest-vs-abdomen-openi")
    doubled = [(rows[pair.first].image, rows[pair.second].image) for pair in pairs]
    assert any("VAL" in a and "VAL" in b and ("(1)" in a or "(1)" in b) for a, b in doubled)
