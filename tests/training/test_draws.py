"""Random numbers that depend on what they are for."""

import numpy as np

from wetread.training.draws import draw_uniform, philox


def words(*numbers):
    return np.array(numbers, dtype=np.uint64).reshape(4, 1)


def test_philox_gives_the_published_words():
    # Known answers of the authors' own library (Random123, kat_vectors, philox4x32 10).
    nought = philox(words(0, 0, 0, 0), (0, 0))
    assert [hex(word) for word in nought[:, 0]] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    full = philox(words(*[0xFFFFFFFF] * 4), (0xFFFFFFFF, 0xFFFFFFFF))
    assert [hex(word) for word in full[:, 0]] == ["0x408f276d", "0x41c83b0e", "0xa20bc7c6", "0x6d5451fd"]
    pi = philox(words(0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0))
    assert [hex(word) for word in pi[:, 0]] == ["0xd16cfe09", "0x94fdcceb", "0x5001e420", "0x24126ea1"]


def test_a_row_is_the_same_in_every_company_and_order():
    whole = draw_uniform(7, 3, np.arange(50), 10)
    np.testing.assert_array_equal(draw_uniform(7, 3, np.array([31, 4]), 10), whole[[31, 4]])
    # More numbers per row do not change the first ones.
    np.testing.assert_array_equal(draw_uniform(7, 3, np.arange(50), 22)[:, :10], whole)


def test_seed_epoch_and_row_each_give_other_numbers():
    base = draw_uniform(7, 3, np.arange(50), 10)
    others = (
        draw_uniform(8, 3, np.arange(50), 10),
        draw_uniform(7 + 2**32, 3, np.arange(50), 10),
        draw_uniform(7, 4, np.arange(50), 10),
        draw_uniform(7, 3, np.arange(50) + 1, 10),
    )
    for other in others:
        assert not (other == base).any()


def test_numbers_are_even_and_independent():
    drawn = draw_uniform(1, 0, np.arange(20_000), 4)
    assert 0 < drawn.min() < 0.001 and 0.999 < drawn.max() < 1
    np.testing.assert_allclose(drawn.mean(0), 0.5, atol=5 * np.sqrt(1 / 12 / 20_000))
    shares = np.histogram(drawn, 10, (0, 1))[0] / drawn.size
    np.testing.assert_allclose(shares, 0.1, atol=5 * np.sqrt(0.09 / drawn.size))
    correlation = np.corrcoef(drawn.T) - np.eye(4)
    assert np.abs(correlation).max() < 5 / np.sqrt(20_000)
    rows = np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]
    assert abs(rows) < 5 / np.sqrt(20_000)
