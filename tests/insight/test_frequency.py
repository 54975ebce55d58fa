"""Pictures from their spectrum: contrast, colours, and independence of company."""

import torch

from wetread.insight.disturb import disturb, draw_disturbances
from wetread.insight.frequency import draw_spectra, to_pictures


def test_a_spectrum_of_zeros_is_middle_grey_and_a_random_one_has_full_contrast():
    assert torch.equal(to_pictures(torch.zeros(1, 1, 32, 17, 2), 32), torch.full((1, 1, 32, 32), 0.5))
    for side in (32, 33):
        pictures = to_pictures(draw_spectra([(0, n) for n in range(40)], 1, side), side)
        waves = torch.logit(pictures)
        assert pictures.shape == (40, 1, side, side)
        assert 0.85 < float(waves.square().mean().sqrt()) < 1.15


def test_coarse_waves_are_stronger_than_fine_ones():
    waves = torch.logit(to_pictures(draw_spectra([(0, n) for n in range(20)], 1, 64), 64))[:, 0]
    power = torch.fft.rfft2(waves).abs().square().mean(dim=0)
    # Amplitude falls as 1/f, so power from 2 to 16 waves across falls by 64.
    assert 20 < float(power[0, 2] / power[0, 16]) < 200


def test_colours_vary_less_than_brightness():
    waves = torch.logit(to_pictures(draw_spectra([(0, n) for n in range(20)], 3, 32), 32))
    grey = waves.mean(dim=1)
    assert float((waves - grey[:, None]).std()) < 0.4 * float(grey.std())


def test_a_picture_does_not_depend_on_what_is_drawn_beside_it():
    alone, both = draw_spectra([(3, 7)], 1, 16), draw_spectra([(3, 1), (3, 7)], 1, 16)
    assert torch.equal(alone[0], both[1])
    assert (draw_disturbances([(3, 7)], 5)[0] == draw_disturbances([(3, 1), (3, 7)], 5)[1]).all()


def test_no_disturbance_changes_nothing_and_a_move_moves():
    ramp = torch.linspace(0, 1, 32)[None, None, None, :].expand(1, 1, 32, 32)
    still = disturb(ramp, draw_disturbances([(0,)], 1)[:, 0] * 0)
    assert torch.allclose(still, ramp, atol=1e-5)
    moved = disturb(ramp, [[0.0, 0.0, 0.0, 1.0]] @ torch.eye(4).numpy())
    # One sixteenth of 32 pixels is 2 pixels of 1/31 each.
    assert torch.allclose(moved[0, 0, 10, 5:20] - ramp[0, 0, 10, 5:20], torch.tensor(2 / 31), atol=1e-4)
