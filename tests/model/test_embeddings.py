"""Kept embeddings are found by the pictures themselves; a damaged file is as good as none."""

import numpy as np
import pytest

from wetread.model.embeddings import EmbeddingCache, clear_embeddings, keys_of, open_cache


def squares(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)


def some(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


def test_what_was_put_is_found_and_nothing_else(tmp_path):
    cache = EmbeddingCache(tmp_path / "one", 10**6)
    known, others = keys_of(squares(3)), keys_of(squares(2, seed=1))
    cache.put(known, some(3))
    found = cache.find([*known[:2], *others])
    assert found.keys() == set(known[:2])
    np.testing.assert_array_equal(found[known[1]], some(3)[1])


def test_keys_tell_size_and_every_pixel():
    one = squares(1)
    changed = one.copy()
    changed[0, 0, 7, 7] ^= 1
    reshaped = one.reshape(1, 1, 4, 16)
    assert len({keys_of(one)[0], keys_of(changed)[0], keys_of(reshaped)[0]}) == 3


@pytest.mark.parametrize("place", [3, 70, 100, -2])
def test_a_flipped_bit_is_noticed_and_the_file_removed(place, tmp_path):
    cache = EmbeddingCache(tmp_path, 10**6)
    keys = keys_of(squares(3))
    cache.put(keys, some(3))
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert cache.find(keys) == {} or place == 100
    assert all(np.array_equal(value, some(3)[keys.index(key)]) for key, value in cache.find(keys).items())


@pytest.mark.parametrize("content", [b"", b"x\n", b"x\n{}\n", b"x\n[1]\n", b'x\n{"images": 1e99, "features": 2}\n'])
def test_nonsense_is_removed(content, tmp_path):
    file = tmp_path / ("a" * 40 + ".embeddings")
    file.write_bytes(content)
    assert EmbeddingCache(tmp_path, 10**6).find(keys_of(squares(1))) == {}
    assert not file.exists()


def test_the_least_recently_used_file_goes_first(tmp_path):
    import os

    keys = [keys_of(squares(1, seed))[0] for seed in range(3)]
    for number in range(2):
        EmbeddingCache(tmp_path / str(number), 400).put([keys[number]], some(1, number))
        (file,) = (tmp_path / str(number)).iterdir()
        os.utime(file, (number, number))
    EmbeddingCache(tmp_path / "0", 400).find([keys[0]])
    EmbeddingCache(tmp_path / "2", 400).put([keys[2]], some(1, 2))
    kept = [bool(EmbeddingCache(tmp_path / str(n), 400).find([keys[n]])) for n in range(3)]
    assert kept == [True, False, True]


def test_a_place_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cache = EmbeddingCache(tmp_path / "file" / "below", 10**6)
    cache.put(keys_of(squares(1)), some(1))
    assert cache.find(keys_of(squares(1))) == {}


def test_the_environment_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path))
    monkeypatch.setenv("WETREAD_CACHE_GB", "1")
    cache = open_cache("name")
    assert cache.folder.parent == tmp_path / "embeddings"
    assert cache.limit_bytes == 2**28
    cache.put(keys_of(squares(1)), some(1))
    assert clear_embeddings() == 1
    monkeypatch.setenv("WETREAD_CACHE", "off")
    assert open_cache("name") is None
    assert clear_embeddings() == 0
