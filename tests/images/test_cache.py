"""The cache of decoded pictures: never a wrong picture, never a failed run, never more than its limit."""

import dataclasses
import os
import threading

import numpy as np
import pytest
from fake.pictures import write_jpeg, write_png, write_tiff

from wetread.errors import ImageRejected, InputError, OutputError
from wetread.images import cache as cache_module
from wetread.images.cache import PixelCache, default_cache, entry_key
from wetread.images.decoder import Decoder
from wetread.images.facts import DecodedImage, ImageFacts
from wetread.images.source import Source
from wetread.images.view import View

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
FACTS = ImageFacts("PNG", 16, 16, 8, "grey", 99, header={"KVP": 120.0})


@pytest.fixture
def cache(tmp_path):
    return PixelCache(tmp_path / "cache")


def image_of(pixels=RAMP):
    return DecodedImage(pixels, FACTS, "f" * 64, "e" * 64)


def key_of(number):
    return entry_key(f"{number:064x}", View(), None, 320)


def files_of(cache):
    return [path for path in cache.folder.rglob("*") if path.is_file()]


def same(one, other):
    return (one.pixels == other.pixels).all() and all(
        getattr(one, name) == getattr(other, name) for name in ("facts", "file_sha256", "pixel_sha256")
    )


def test_what_was_put_is_found(cache):
    assert cache.find(key_of(1)) is None
    for pixels in (RAMP, np.stack([RAMP] * 3, axis=-1), RAMP[:, ::2], RAMP[:1, :1]):
        cache.put(key_of(1), image_of(pixels))
        found = cache.find(key_of(1))
        assert same(found, image_of(pixels)) and found.cached and found.pixels.dtype == np.uint8
    assert cache.entries() == 1 and cache.size() == files_of(cache)[0].stat().st_size > 0
    assert files_of(cache)[0] == cache.folder / key_of(1)[:2] / key_of(1)
    assert cache.find(key_of(2)) is None


def test_every_choice_has_its_own_key(monkeypatch):
    choices = [
        ("a" * 64, View(), None, None),
        ("b" * 64, View(), None, None),
        ("a" * 64, View.parse("brain"), None, None),
        ("a" * 64, View.parse("file", frame="2"), None, None),
        ("a" * 64, View(), 2, None),
        ("a" * 64, View(), None, 320),
        ("a" * 64, View(), None, 2),
    ]
    assert len({entry_key(*choice) for choice in choices}) == len(choices)
    keys = {entry_key(*choices[0])}
    monkeypatch.setattr(cache_module, "VERSION", cache_module.VERSION + 1)
    keys.add(entry_key(*choices[0]))
    cache_module._rules.cache_clear()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "99.0")
    keys.add(entry_key(*choices[0]))
    cache_module._rules.cache_clear()
    assert len(keys) == 3


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "text", "other"])
def test_a_damaged_entry_is_removed(cache, harm):
    cache.put(key_of(1), image_of())
    cache.put(key_of(2), image_of(255 - RAMP))
    place = cache.folder / key_of(1)[:2] / key_of(1)
    content = bytearray(place.read_bytes())
    other = (cache.folder / key_of(2)[:2] / key_of(2)).read_bytes()
    content[len(content) // 2] ^= 1
    harmed = {"flip": content, "cut": content[:-1], "empty": b"", "text": b"no\nsense\n", "other": other}[harm]
    place.write_bytes(harmed)
    assert cache.find(key_of(1)) is None and not place.exists()
    assert cache.find(key_of(2)) is not None


def test_the_entries_used_least_recently_go_first(tmp_path):
    pixels = np.zeros((100, 100), np.uint8)
    cache = PixelCache(tmp_path / "cache", limit_bytes=120_000)
    for number in range(40):
        cache.put(key_of(number), image_of(pixels))
        assert cache.size() <= 120_000
        os.utime(cache.folder / key_of(number)[:2] / key_of(number), (1000 + number,) * 2)
        if number == 4:
            assert cache.find(key_of(0)) is not None  # used today, though the oldest
    kept = [number for number in range(40) if cache.find(key_of(number)) is not None]
    assert kept[0] == 0 and kept[1:] == list(range(41 - len(kept), 40)) and 9 <= len(kept) <= 11


def test_other_runs_count_too(tmp_path):
    pixels = np.zeros((100, 100), np.uint8)
    first, second = (PixelCache(tmp_path / "cache", limit_bytes=60_000) for _ in range(2))
    for number in range(30):
        (first if number < 4 else second).put(key_of(number), image_of(pixels))
    assert first.size() <= 60_000


def test_what_is_too_large_for_the_cache_is_left_out(tmp_path):
    cache = PixelCache(tmp_path / "cache", limit_bytes=1000)
    cache.put(key_of(1), image_of(np.zeros((100, 100), np.uint8)))
    assert cache.entries() == 0


def test_only_own_files_are_counted_and_removed(cache):
    cache.put(key_of(1), image_of())
    for name in ("letter.txt", "ab/letter.txt", "letters/" + "a" * 64, f"ab/.{'a' * 40}.12.tmp"):
        (cache.folder / name).parent.mkdir(exist_ok=True)
        (cache.folder / name).write_text("dear")
    assert cache.entries() == 1 and cache.clear() == 1 and cache.entries() == 0
    assert sorted(path.name for path in files_of(cache)) == ["a" * 64, "letter.txt", "letter.txt"]


@pytest.mark.skipif(os.name != "posix", reason="modes are a thing of POSIX")
def test_the_folder_is_for_its_owner_alone(cache):
    cache.put(key_of(1), image_of())
    assert cache.folder.stat().st_mode & 0o777 == 0o700


def test_a_disk_that_refuses_ends_the_caching_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    nowhere = PixelCache(tmp_path / "taken" / "cache")
    nowhere.put(key_of(1), image_of())
    assert nowhere.find(key_of(1)) is None and nowhere.size() == nowhere.entries() == nowhere.clear() == 0
    calls = []

    def refuse(path, content, **options):
        calls.append(path)
        raise OutputError("The disk is full.", code="disk-full")

    monkeypatch.setattr(cache_module, "atomic_write", refuse)
    cache = PixelCache(tmp_path / "cache")
    with Decoder(1, cache=cache) as decoder:
        paths = [write_png(tmp_path / f"{number}.png", RAMP + number) for number in range(3)]
        decoder.decode(paths[0])  # alone: of two that are stored side by side, both may meet the full disk
        assert len(dict(decoder.decode_many(paths))) == 3
    assert len(calls) == 1 and cache.entries() == 0


def test_a_hit_is_the_same_image(cache, tmp_path):
    paths = [
        write_png(tmp_path / "a.png", RAMP),
        write_png(tmp_path / "b.png", RAMP.astype(int) * 200, bit_depth=16),
        write_jpeg(tmp_path / "c.jpg", np.stack([RAMP, RAMP.T, RAMP], axis=-1)),
    ]
    with Decoder(1, cache=cache) as decoder, Decoder(1) as plain:
        for path in paths:
            first, second = (decoder.decode(path, max_side=8) for _ in range(2))
            assert not first.cached and second.cached
            assert same(first, second) and same(first, plain.decode(path, max_side=8))
        assert cache.entries() == 3
        assert not decoder.decode(paths[1], max_side=8, view=View.parse("full")).cached
        assert not decoder.decode(paths[1], max_side=9).cached


def test_a_changed_file_is_decoded_again(cache, tmp_path):
    path = write_png(tmp_path / "a.png", RAMP)
    with Decoder(1, cache=cache) as decoder:
        decoder.decode(path)
        write_png(path, 255 - RAMP)
        image = decoder.decode(path)
        assert not image.cached and (image.pixels == 255 - RAMP).all()
        path.rename(tmp_path / "b.png")
        assert decoder.decode(tmp_path / "b.png").cached  # content counts, not the name


def test_the_child_names_the_rules_by_which_it_decoded(cache, tmp_path, monkeypatch):
    # Another version was installed while this process runs: new children decode by its rules.
    monkeypatch.setattr(cache_module, "_rules", lambda: "older")
    path = write_png(tmp_path / "a.png", RAMP)
    with Decoder(1, cache=cache) as decoder:
        assert [decoder.decode(path).cached for _ in range(2)] == [False, True]


def test_pages_do_not_get_mixed_up(cache, tmp_path):
    path = write_tiff(tmp_path / "a.tif", RAMP, pages=[255 - RAMP])
    with Decoder(1, cache=cache) as decoder:
        for _ in range(2):
            assert (decoder.decode(path).pixels == RAMP).all()
            assert (decoder.decode(Source(path, frame=2)).pixels == 255 - RAMP).all()


def test_what_was_refused_is_not_cached(cache, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(write_png(tmp_path / "b.png", RAMP).read_bytes()[:60])
    with Decoder(1, cache=cache) as decoder:
        for _ in range(2):
            with pytest.raises(ImageRejected):
                decoder.decode(path)
    assert cache.entries() == 0


def test_two_decoders_share_a_folder(tmp_path):
    # 40 different pictures, each in three copies, read by two decoders at once.
    paths = [write_png(tmp_path / f"{number}.png", np.full((9, 9), number % 40)) for number in range(120)]
    wrong = []

    def work(paths):
        with Decoder(1, cache=PixelCache(tmp_path / "cache")) as decoder:
            for number, image in decoder.decode_many(paths):
                if isinstance(image, ImageRejected) or image.pixels[0, 0] != int(paths[number].stem) % 40:
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(order,)) for order in (paths, paths[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache = PixelCache(tmp_path / "cache")
    assert not wrong and cache.entries() == 40
    assert len(files_of(cache)) == 40  # nothing half written


def test_the_place_and_the_limit(monkeypatch, tmp_path):
    monkeypatch.delenv("WETREAD_CACHE_GB", raising=False)
    monkeypatch.setenv("WETREAD_CACHE", "off")
    assert default_cache() is None
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "here"))
    cache = default_cache()
    assert cache.folder == tmp_path / "here" and cache.limit_bytes == 4 << 30 and not cache.folder.exists()
    monkeypatch.setenv("WETREAD_CACHE_GB", "0.5")
    assert default_cache().limit_bytes == 1 << 29
    for wrong in ("much", "0", "-1", "nan", "inf"):
        monkeypatch.setenv("WETREAD_CACHE_GB", wrong)
        with pytest.raises(InputError):
            default_cache()
    monkeypatch.delenv("WETREAD_CACHE_GB")
    monkeypatch.delenv("WETREAD_CACHE")
    assert default_cache().folder.name == "pixels" and "wetread" in default_cache().folder.parts


def test_facts_of_another_version_are_no_hit(cache, monkeypatch):
    cache.put(key_of(1), image_of())
    monkeypatch.setattr(ImageFacts, "as_dict", lambda self: {**dataclasses.asdict(self), "new": 1})
    cache.put(key_of(2), image_of())
    assert cache.find(key_of(1)) is not None and cache.find(key_of(2)) is None
