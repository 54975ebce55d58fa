"""Octets for the viewer, and the headers that say what they mean."""

import json

import numpy as np
import pytest
from fake.dicoms import write_dicom
from PIL import Image

from studio.dropping import Dropped
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.images.values import ValueImage
from wetread.studio.pixels import pixel_headers, presets, read_pixels


@pytest.fixture(scope="module")
def decoder():
    with Decoder(1) as one:
        yield one


def values(pixels):
    """What the viewer computes from the octets."""
    rows, columns = map(int, pixels.headers["X-Shape"].split(","))
    stored = np.frombuffer(pixels.body, "<i2").reshape(rows, columns).astype(float)
    return stored * float(pixels.headers["X-Slope"]) + float(pixels.headers["X-Intercept"])


def test_ct_comes_in_hounsfield_units_before_any_window(decoder, tmp_path):
    stored = np.arange(12 * 16, dtype=np.uint16).reshape(12, 16) * 16
    path = write_dicom(tmp_path / "a.dcm", stored, modality="CT", rescale=(1, -1024), window=([40, 600], [80, 2000]))
    pixels = read_pixels(decoder, Source(path))
    assert np.array_equal(values(pixels), stored.astype(int) - 1024)
    headers = pixels.headers
    assert (headers["X-Unit"], headers["X-Channels"], headers["X-Window"], headers["X-Invert"]) == (
        "HU",
        "1",
        "40,80",
        "0",
    )
    assert json.loads(headers["X-Presets"]) == [
        ["As stored", 40, 80],
        ["As stored 2", 600, 2000],
        ["Brain", 40, 80],
        ["Subdural", 80, 200],
        ["Lung", -600, 1500],
        ["Bone", 600, 2800],
        ["Abdomen", 50, 400],
        ["Min-max", (191 * 16) / 2 - 1024, 191 * 16],
    ]


def test_a_picture_of_bytes_has_its_full_range(decoder, tmp_path):
    stored = np.arange(100, 100 + 6 * 8, dtype=np.uint8).reshape(6, 8)
    Image.fromarray(stored).save(tmp_path / "a.png")
    pixels = read_pixels(decoder, Source(tmp_path / "a.png"))
    assert np.array_equal(values(pixels), stored)
    assert pixels.headers["X-Window"] == "127.5,255"
    assert json.loads(pixels.headers["X-Presets"]) == [["Automatic", 127.5, 255], ["Min-max", 123.5, 47]]


def test_colours_come_as_they_are_and_have_no_windows(decoder, tmp_path):
    stored = np.random.default_rng(0).integers(0, 255, (5, 7, 3), dtype=np.uint8)
    Image.fromarray(stored).save(tmp_path / "a.png")
    pixels = read_pixels(decoder, Source(tmp_path / "a.png"))
    assert pixels.body == stored.tobytes()
    assert (pixels.headers["X-Channels"], pixels.headers["X-Presets"]) == ("3", "[]")


def test_a_large_image_is_reduced_and_says_so(decoder, tmp_path):
    stored = np.repeat(np.repeat(np.arange(6, dtype=np.uint16).reshape(2, 3) * 1000, 40, 0), 40, 1)
    Image.fromarray(stored).save(tmp_path / "a.png")
    pixels = read_pixels(decoder, Source(tmp_path / "a.png"), 60)
    assert (pixels.headers["X-Shape"], pixels.headers["X-Original"]) == ("40,60", "80,120")
    assert np.array_equal(values(pixels)[::20, ::20], [[0, 1000, 2000], [3000, 4000, 5000]])


def test_the_least_width_of_a_window_is_one_step():
    image = ValueImage(np.zeros((2, 2), np.int16), 0.5, 3.0, limits=(3.0, 3.0), rows=2, columns=2)
    assert presets(image)[-1] == ("Min-max", 3.0, 0.5)
    assert pixel_headers(image)["X-Intercept"] == "3"


def test_by_http(studio, tmp_path):
    dropped = Dropped(studio)
    stored = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    path = write_dicom(tmp_path / "a.dcm", stored, photometric="MONOCHROME1", modality="DX")
    item = dropped.put(path.read_bytes(), "a.dcm")["items"][0]
    answer = studio.get(f"{dropped.base}/pixels/{item}?size=64")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-invert"] == "1"
    got = np.frombuffer(answer.content, "<i2").reshape(8, 8) * float(answer.headers["x-slope"])
    assert np.array_equal(got + float(answer.headers["x-intercept"]), stored)
    assert studio.get(f"{dropped.base}/pixels/{item}?size=8").status_code == 400
    assert studio.get(f"{dropped.base}/pixels/{item}?size=99999").status_code == 400


def test_a_file_that_is_gone_or_was_changed_is_said(studio):
    dropped = Dropped(studio)
    from studio.dropping import picture_bytes

    item = dropped.put(picture_bytes(1))["items"][0]
    place = dropped.folder / "images" / f"{item}.png"
    place.write_bytes(b"other")
    assert studio.get(f"{dropped.base}/pixels/{item}").json()["code"] == "not-an-image"
    place.unlink()
    answer = studio.get(f"{dropped.base}/pixels/{item}")
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable")
