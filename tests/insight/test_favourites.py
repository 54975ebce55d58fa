"""What a channel wants: stripes for an edge filter, in the right direction; the same again by seed; in time."""

import time

import numpy as np
import pytest
import torch

from tests.insight.toy import CHEQUERED, DEAD, HORIZONTAL, SIDE, VERTICAL, edge_branch, edge_classifier
from wetread.explanation.subject import make_subject
from wetread.insight.favourites import (
    choose_channels,
    favourites_of_channels,
    favourites_of_classes,
    see_noise,
    to_input,
)
from wetread.insight.frequency import draw_spectra, to_pictures
from wetread.insight.layers import find_layers, look_at
from wetread.model.preprocess import Preprocess

STEPS = 60


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def drawn():
    branch = edge_branch()
    (layer,) = find_layers(branch.body, 1, SIDE)
    noise = see_noise(branch, layer, 1, 0)
    found = favourites_of_channels(branch, layer, np.arange(4), noise, steps=STEPS)
    return branch, layer, noise, found


def activations(branch, layer, pictures):
    batch = torch.from_numpy(np.stack(pictures)[:, None]).float() / 255
    with torch.no_grad():
        return look_at(branch.body, layer, to_input(batch, branch.preprocess)).mean(dim=(2, 3)).numpy()


def test_each_picture_excites_its_channel_more_than_noise_and_than_the_other_pictures(drawn):
    branch, layer, noise, found = drawn
    seen = activations(branch, layer, [one.picture for one in found])
    for channel in (HORIZONTAL, VERTICAL, CHEQUERED):
        assert found[channel].value == pytest.approx(seen[channel, channel], rel=1e-4)
        assert seen[channel, channel] > 2 * noise.means[:, channel].max()
        assert seen[:, channel].argmax() == channel


def test_edges_between_rows_get_stripes_along_rows(drawn):
    *_, found = drawn
    for channel, along in ((HORIZONTAL, 0), (VERTICAL, 1)):
        power = np.abs(np.fft.fft2(found[channel].picture - found[channel].picture.mean())) ** 2
        down, right = np.abs(np.fft.fftfreq(SIDE))[:, None], np.abs(np.fft.fftfreq(SIDE))[None, :]
        angles = np.rad2deg(np.arctan2(down, right))
        upright = power[angles > 45].sum() / power.sum()
        # Stripes along rows change from row to row: their waves run downwards.
        assert upright > 0.6 if along == 0 else upright < 0.3


def test_a_silent_channel_is_said_to_be_silent(drawn):
    *_, found = drawn
    assert found[DEAD].is_silent and found[DEAD].value == 0.0
    assert not found[HORIZONTAL].is_silent


def test_the_same_seed_draws_the_same_picture_whatever_is_drawn_beside_it(drawn):
    branch, layer, noise, found = drawn
    (alone,) = favourites_of_channels(branch, layer, np.array([VERTICAL]), noise, steps=STEPS)
    assert np.abs(alone.picture.astype(int) - found[VERTICAL].picture).max() <= 1
    again = favourites_of_channels(branch, layer, np.arange(4), noise, steps=STEPS)
    assert all(np.array_equal(one.picture, other.picture) for one, other in zip(again, found, strict=True))
    (other,) = favourites_of_channels(branch, layer, np.array([VERTICAL]), noise, steps=STEPS, seed=1)
    assert not np.array_equal(other.picture, alone.picture)


def test_the_time_limit_is_kept_by_drawing_fewer_channels(drawn):
    branch, layer, noise, _ = drawn
    started = time.monotonic()
    found = favourites_of_channels(branch, layer, np.arange(4), noise, steps=100_000, deadline=started + 0.4)
    assert time.monotonic() - started < 120.0  # 100,000 steps take hours
    assert 1 <= len(found) <= 4
    over = favourites_of_channels(branch, layer, np.arange(4), noise, deadline=started)
    assert len(over) == 1 and over[0].cut


def test_channels_are_chosen_by_how_much_they_differ_between_pictures():
    means = np.array([[0.0, 5.0, 1.0, 0.0], [0.0, 5.0, 3.0, 9.0]])
    np.testing.assert_array_equal(choose_channels(means, 2), [2, 3])


def test_a_class_gets_a_larger_margin_than_noise_gives_it():
    classifier = edge_classifier()
    found = favourites_of_classes(make_subject(classifier), [0, 1], 1, versions=2, steps=64)
    random = to_pictures(draw_spectra([(9, number) for number in range(20)], 1, SIDE), SIDE)
    noise = [(255 * one[0]).round().byte().numpy() for one in random]
    assert [one.number for one in found] == [0, 0, 1, 1]
    for one in found:
        # The margin of the whole classifier on the picture as a file would hold it.
        assert one.value == pytest.approx(classifier.margin([one.picture], one.number)[0])
        assert one.value > max(one.noise, *classifier.margin(noise, one.number))
    assert not np.array_equal(found[0].picture, found[1].picture)


def test_what_is_drawn_reaches_the_network_as_a_file_would():
    random = np.random.default_rng(0)
    grey = random.integers(0, 256, (24, 24), dtype=np.uint8)
    colour = random.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    for preprocess in (Preprocess(24, 3, (0.4, 0.5, 0.6), (0.2, 0.3, 0.2)), Preprocess(24, 1, 0.5, 0.25)):
        for picture in (grey, colour):
            given = torch.from_numpy(np.atleast_3d(picture).transpose(2, 0, 1)[None].copy()).float() / 255
            expected = preprocess.normalise(preprocess.squares([picture]))
            # Turning grey, Pillow rounds to whole values.
            np.testing.assert_allclose(to_input(given, preprocess).numpy(), expected, atol=0.6 / 255 / 0.2)
