"""Writing is found, bones and noise are not taken for it."""

import numpy as np
import pytest
from fake.effort import least_seconds
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from wetread.probes.text import Box, find_text


def film(seed=0, side=320):
    """A smooth picture of some 60 to 140 grey values."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), 12)
    return np.interp(noise, (noise.min(), noise.max()), (60, 140)).astype(np.uint8)


def write(picture, text, place, size, fill=255):
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text(place, text, fill=fill, font=ImageFont.load_default(size))
    return np.asarray(image)


def ring(picture, centre, radius, fill=255):
    image = Image.fromarray(picture)
    (x, y), r = centre, radius
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), outline=fill, width=2)
    return np.asarray(image)


def only(boxes):
    assert len(boxes) == 1, boxes
    return boxes[0]


@pytest.mark.parametrize("size", [10, 14, 20])
def test_a_line_of_text_is_found_where_it_stands(size):
    box = next(box for box in find_text(write(film(), "PORTABLE 1234", (20, 280), size)) if box.kind == "text")
    assert (box.place, box.dark) == ("lower left", False)
    assert box.letters >= 6
    assert abs(box.top + box.height / 2 - (280 + 0.6 * size) / 320) < 0.03


@pytest.mark.parametrize(("letter", "place", "words"), [("R", (20, 20), "upper left"), ("L", (285, 24), "upper right")])
def test_a_side_letter_is_a_mark_without_a_frame(letter, place, words):
    box = only(find_text(write(film(), letter, place, 18)))
    assert (box.kind, box.place, box.framed) == ("mark", words, False)


def test_a_letter_in_a_ring_is_one_framed_mark():
    picture = ring(write(film(), "R", (24, 22), 14), (29, 31), 13)
    box = only(find_text(picture))
    assert (box.kind, box.framed) == ("mark", True)


def test_dark_writing_on_white_paper_is_found():
    paper = np.full((320, 320), 235, np.uint8)
    box = only(find_text(write(paper, "Figure 12b", (30, 300), 14, fill=0)))
    assert (box.kind, box.dark) == ("text", True)


def test_writing_in_colour_pictures_is_found():
    picture = np.repeat(write(film(), "PORTABLE", (20, 280), 14)[:, :, None], 3, axis=2)
    assert only(find_text(picture)).kind == "text"


@pytest.mark.parametrize("seed", range(5))
def test_smooth_pictures_and_noise_have_no_writing(seed):
    assert find_text(film(seed)) == []
    assert find_text(np.random.default_rng(seed).integers(0, 256, (320, 320)).astype(np.uint8)) == []


def test_a_bright_rim_and_a_small_spot_in_the_middle_are_not_writing():
    picture = film()
    y, x = np.mgrid[:320, :320]
    picture[np.abs(np.hypot(y - 160, x - 160) - 120) < 5] = 240
    picture[np.hypot(y - 150, x - 170) < 4] = 255
    assert find_text(picture) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (5, 5), (16, 16)])
def test_tiny_and_flat_pictures_do_not_disturb(shape):
    assert find_text(np.zeros(shape, np.uint8)) == []


@pytest.mark.parametrize(
    ("top", "left", "words"), [(0.05, 0.05, "upper left"), (0.9, 0.9, "lower right"), (0.5, 0.5, "middle")]
)
def test_a_place_is_told_in_words(top, left, words):
    assert Box("mark", top, left, 0.02, 0.02).place == words


def test_it_is_quick():
    pictures = [write(film(seed), "PORTABLE 1234", (20, 280), 14) for seed in range(10)]
    find_text(pictures[0])
    best = min(least_seconds(lambda picture=picture: find_text(picture), enough=0, times=3) for picture in pictures)
    # Below 0.01 s on a quiet machine, which is about five Fourier transforms.
    assert best < 30 * least_seconds(lambda: np.fft.fft2(pictures[0]), enough=0, times=20)
