"""Thumbnails: made when a file comes in, kept, made again where they were deleted or cut."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from studio.dropping import Dropped, picture_bytes
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.studio.thumbnails import thumbnail


@pytest.fixture
def source(tmp_path):
    Image.fromarray(np.full((400, 800), 90, np.uint8)).save(tmp_path / "a.png")
    return Source(tmp_path / "a.png")


@pytest.fixture(scope="module")
def decoder():
    with Decoder(1) as one:
        yield one


def size(data):
    return Image.open(io.BytesIO(data)).size


def test_a_thumbnail_is_small_and_keeps_its_shape(decoder, source, tmp_path):
    data = thumbnail(decoder, source, tmp_path / "t" / "a.jpg")
    assert size(data) == (160, 80)
    assert (tmp_path / "t" / "a.jpg").read_bytes() == data
    assert size(thumbnail(decoder, source, tmp_path / "t" / "b.jpg", 64)) == (64, 32)


def test_it_is_decoded_once(decoder, source, tmp_path):
    data = thumbnail(decoder, source, tmp_path / "a.jpg")
    source.path.unlink()
    assert thumbnail(decoder, source, tmp_path / "a.jpg") == data


@pytest.mark.parametrize("left", [b"", b"rubbish", None])
def test_what_a_power_failure_left_is_made_again(decoder, source, tmp_path, left):
    data = thumbnail(decoder, source, tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(data[:200] if left is None else left)
    assert thumbnail(decoder, source, tmp_path / "a.jpg") == data


def test_many_may_ask_for_one_at_the_same_time(decoder, source, tmp_path):
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: thumbnail(decoder, source, tmp_path / "a.jpg"), range(16)))
    assert len(found) == 1


def test_by_http(studio):
    dropped = Dropped(studio)
    item = dropped.put(picture_bytes(1, side=200))["items"][0]
    answer = studio.get(f"{dropped.base}/thumbs/{item}")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")
    assert size(answer.content) == (160, 154)
    for path in (dropped.folder / "cache").rglob("*.jpg"):  # a cache may be deleted
        path.unlink()
    assert studio.get(f"{dropped.base}/thumbs/{item}").content == answer.content
