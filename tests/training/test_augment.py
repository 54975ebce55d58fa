"""What may change in a training image, and what may not."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from wetread.training.augment import STILL, Augment, augment, draw_changes

EVERYTHING = Augment(
    rotation=20, zoom=0.2, shift=0.1, gamma=0.3, contrast=0.3, noise=0.05, mirror=0.5, flip=0.5, turns=1.0,
    stretch=0.2, shear=10, brightness=0.1, blur=0.02, erasing=0.2, saturation=0.3, hue=20, stain=0.1,
)  # fmt: skip
COLOURS = replace(STILL, saturation=0.3, hue=20, stain=0.1)


def pictures(n=4, side=32, channels=1):
    return np.random.default_rng(0).integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def marked(side=64):
    """A marker at the top left on black."""
    square = np.zeros((1, 1, side, side), dtype=np.uint8)
    square[..., 8:20, 4:16] = 255
    return square


def corners(found):
    """Where the marker is: share of the light in each quarter, top left, top right, bottom left, bottom right."""
    half = found.shape[-1] // 2
    parts = (found[:half, :half], found[:half, half:], found[half:, :half], found[half:, half:])
    return [round(float(part.sum() / found.sum()), 2) for part in parts]


def test_with_every_range_at_zero_nothing_changes():
    squares = pictures()
    found = augment(squares, np.arange(4), STILL, seed=1, epoch=0)
    np.testing.assert_allclose(found.numpy(), squares / 255.0, atol=1e-6)
    assert all(getattr(STILL, entry.name) == 0 for entry in fields(Augment))


MOVES = replace(STILL, mirror=0.5, turns=1.0)


@pytest.mark.parametrize(
    ("ranges", "channels"),
    [(Augment(), 1), (EVERYTHING, 1), (MOVES, 1), (Augment(), 3), (EVERYTHING, 3), (MOVES, 3), (COLOURS, 3)],
)
def test_the_draw_depends_on_seed_epoch_and_row_alone(ranges, channels):
    squares = pictures(6, channels=channels)
    squares[3] = squares[3, :1]  # a grey picture among coloured ones
    whole = augment(squares, np.arange(6), ranges, seed=3, epoch=5)
    for rows in (np.arange(2, 5), np.array([3]), np.array([5, 0])):
        share = augment(squares[rows], rows, ranges, seed=3, epoch=5)
        torch.testing.assert_close(whole[torch.from_numpy(rows)], share, atol=0, rtol=0)
    assert not torch.equal(whole, augment(squares, np.arange(6), ranges, seed=3, epoch=6))
    assert not torch.equal(whole, augment(squares, np.arange(6), ranges, seed=4, epoch=5))


@pytest.mark.parametrize("name", [entry.name for entry in fields(Augment)])
def test_each_range_changes_something_by_itself_and_leaves_the_draws_of_the_others(name):
    squares = pictures(8, channels=3)
    ranges = replace(STILL, **{name: getattr(EVERYTHING, name)})
    assert not torch.equal(augment(squares, np.arange(8), ranges, 0, 0), augment(squares, np.arange(8), STILL, 0, 0))
    alone, together = (draw_changes(np.arange(8), one, 0, 0) for one in (ranges, EVERYTHING))
    same = {
        "rotation": "angle", "shift": "shift", "shear": "shear", "brightness": "brightness", "gamma": "gamma",
        "contrast": "contrast", "noise": "noise", "blur": "blur", "erasing": "erased", "mirror": "mirror",
        "flip": "flip", "turns": "turns", "saturation": "saturation", "hue": "hue", "stain": "stain",
    }  # fmt: skip
    if name in same:
        np.testing.assert_array_equal(getattr(alone, same[name]), getattr(together, same[name]))


def test_draws_stay_within_their_ranges():
    changes = draw_changes(np.arange(5000), EVERYTHING, 0, 0)
    for name, least, most in (
        ("angle", -20, 20),
        ("shift", -0.1, 0.1),
        ("shear", -10, 10),
        ("brightness", -0.1, 0.1),
        ("gamma", np.exp(-0.3), np.exp(0.3)),
        ("contrast", 0.7, 1.3),
        ("noise", 0, 0.05),
        ("blur", 0, 0.02),
        ("zoom", 0.64, 1.44),
        ("saturation", 0.7, 1.3),
        ("hue", -20, 20),
    ):
        drawn = getattr(changes, name)
        assert least <= drawn.min() and drawn.max() <= most, name
        assert drawn.max() - drawn.min() > 0.8 * (most - least), name
    for kind, middle in ((0, 1), (1, 0)):  # factors and shifts, each stain by itself
        drawn = changes.stain[:, kind] - middle
        assert (abs(drawn) <= 0.1).all() and (np.ptp(drawn, axis=0) > 0.16).all()
    assert abs(np.corrcoef(changes.stain.reshape(5000, 6).T) - np.eye(6)).max() < 0.06
    assert abs(changes.mirror.mean() - 0.5) < 0.04 and abs(changes.flip.mean() - 0.5) < 0.04
    assert set(changes.turns) == {0, 1, 2, 3}


def test_draws_of_a_seed_stay_what_they_were():
    """A range that is added later must not move the others: runs of yesterday would not repeat."""
    drawn = draw_changes(np.array([7]), EVERYTHING, seed=3, epoch=5)
    first = {
        "angle": [13.298706035129726], "zoom": [[0.7837084090042338, 0.7986380792563]],
        "shift": [[0.09518652770202607, -0.06435465116519481]], "shear": [-0.9904192690737545],
        "brightness": [-0.05402973999734968], "contrast": [0.8336804751073942], "noise": [0.0074167316604871305],
        "noise_place": [0.8400567619828507], "blur": [0.019087372308131307],
        "erased": [[0.11496867400128395, 0.16663066402543336, 0.9388876963639632, -0.032940211425763186]],
        "mirror": [True], "flip": [True], "turns": [3], "saturation": [0.9214451446896419],
        "hue": [-1.693564928136766],
        "stain": [[[0.9164941127644852, 1.0331626083469019, 1.039815373136662],
                   [0.034542361996136604, -0.002979946159757674, -0.03894333483185619]]],
    }  # fmt: skip
    for name, value in first.items():
        assert getattr(drawn, name).tolist() == value, name
    assert drawn.gamma == pytest.approx(1.3156026595929304, rel=1e-14)  # exp differs between processors


def test_a_radiograph_is_never_mirrored():
    for epoch in range(60):
        found = augment(marked(), np.array([0]), Augment(noise=0), seed=0, epoch=epoch)[0, 0]
        found = found - found.median()  # the background is lifted a little by contrast
        assert found[:32, :32].sum() > 0.9 * found.sum()


@pytest.mark.parametrize("moved", [0.0, 1e-9])  # by whole pixels, and through the matrix
def test_flips_and_turns_go_where_they_say(moved):
    ranges = {
        "mirror": replace(STILL, mirror=1.0, rotation=moved),
        "flip": replace(STILL, flip=1.0, rotation=moved),
        "turns": replace(STILL, turns=1.0, rotation=moved),
    }
    found = {name: augment(marked(), np.array([0]), one, 0, 0)[0, 0] for name, one in ranges.items()}
    assert corners(found["mirror"]) == [0, 1, 0, 0]
    assert corners(found["flip"]) == [0, 0, 1, 0]
    # Against the clock: top left, bottom left, bottom right, top right.
    turns = [int(draw_changes(np.array([row]), ranges["turns"], 0, 0).turns[0]) for row in range(12)]
    assert set(turns) == {0, 1, 2, 3}
    for row, turn in enumerate(turns):
        turned = augment(marked(), np.array([row]), ranges["turns"], 0, 0)[0, 0]
        assert corners(turned).index(1.0) == (0, 2, 3, 1)[turn]


@pytest.mark.parametrize("ranges", [EVERYTHING, replace(EVERYTHING, rotation=0, zoom=0, stretch=0, shift=0, shear=0)])
def test_pixels_and_matrix_agree_on_all_flips_and_turns(ranges):
    still = replace(STILL, mirror=ranges.mirror, flip=ranges.flip, turns=ranges.turns)
    squares, rows = pictures(16, 24), np.arange(16)
    by_pixels = augment(squares, rows, still, 2, 1)
    by_matrix = augment(squares, rows, replace(still, rotation=1e-9), 2, 1)
    torch.testing.assert_close(by_pixels, by_matrix, atol=1e-4, rtol=0)


def test_mirroring_happens_as_often_as_asked():
    square = np.zeros((1, 1, 64, 64), dtype=np.uint8)
    square[..., :12] = 255
    still = replace(STILL, mirror=0.5)
    left = [float(augment(square, np.array([0]), still, 0, epoch)[..., :12].mean()) for epoch in range(80)]
    assert 20 < sum(value > 0.5 for value in left) < 60


def test_values_stay_within_the_range_of_a_picture():
    found = augment(pictures(), np.arange(4), Augment(noise=0.5, contrast=0.9, brightness=0.5), seed=0, epoch=0)
    assert float(found.min()) >= 0.0 and float(found.max()) <= 1.0


def test_grey_values_change_by_gamma_contrast_and_brightness():
    squares = np.full((3, 1, 4, 4), 102, dtype=np.uint8)  # 0.4
    ranges = replace(STILL, gamma=0.5, contrast=0.5, brightness=0.1)
    changes = draw_changes(np.arange(3), ranges, 9, 2)
    grey = 0.4**changes.gamma
    expected = grey + 2 * (changes.contrast - 1) * grey * (1 - grey) * (2 * grey - 1) + changes.brightness
    found = augment(squares, np.arange(3), ranges, 9, 2)
    np.testing.assert_allclose(found[:, 0, 2, 2], expected, atol=1e-6)


def test_contrast_is_the_slope_at_mid_grey_and_leaves_black_and_white():
    square = np.array([[0, 127], [128, 255]], dtype=np.uint8)[None, None]
    ranges = replace(STILL, contrast=0.4)
    slope = float(draw_changes(np.array([3]), ranges, 0, 0).contrast[0])
    found = augment(square, np.array([3]), ranges, 0, 0).flatten() * 255
    assert abs(slope - 1) > 0.1
    assert float(found[2] - found[1]) == pytest.approx(slope, abs=0.01)
    assert float(found[0]) == pytest.approx(0, abs=0.05) and float(found[3]) == pytest.approx(255)


def test_outside_the_picture_its_edge_goes_on():
    white = np.full((8, 1, 32, 32), 255, dtype=np.uint8)
    found = augment(white, np.arange(8), replace(STILL, rotation=40, shift=0.4, stretch=0.4, shear=20), 0, 0)
    np.testing.assert_allclose(found.numpy(), 1.0, atol=1e-6)


def test_a_shift_moves_by_the_part_of_the_side_that_was_drawn():
    square = np.zeros((1, 1, 100, 100), dtype=np.uint8)
    square[0, 0, 40:60, 40:60] = 255
    ranges = replace(STILL, shift=0.2)
    moved = draw_changes(np.array([5]), ranges, 0, 0).shift[0]
    found = augment(square, np.array([5]), ranges, 0, 0)[0, 0].numpy()
    centre = [(found.sum(axis) * np.arange(100)).sum() / found.sum() for axis in (0, 1)]  # column, row
    # The field of view moves, so the picture moves the other way.
    np.testing.assert_allclose(centre, 49.5 - 100 * moved, atol=0.05)


def test_noise_of_a_grey_picture_is_grey_and_as_strong_as_drawn():
    squares = np.full((2, 3, 128, 128), 128, dtype=np.uint8)
    squares[1, 0] = 120  # coloured
    ranges = replace(STILL, noise=0.05)
    strength = draw_changes(np.arange(2), ranges, 4, 0).noise
    noise = augment(squares, np.arange(2), ranges, 4, 0) - torch.from_numpy(squares) / 255
    assert torch.equal(noise[0, 0], noise[0, 1]) and torch.equal(noise[0, 0], noise[0, 2])
    assert not torch.equal(noise[1, 1], noise[1, 2])
    np.testing.assert_allclose(noise[:, 1].flatten(1).std(1), strength, rtol=0.03)
    other = augment(squares, np.arange(2), ranges, 4, 1)[0, 0] - 128 / 255
    assert abs(float(torch.corrcoef(torch.stack([noise[0, 0].flatten(), other.flatten()]))[0, 1])) < 0.04


def test_a_blur_spreads_a_point_by_the_drawn_deviation_and_keeps_its_light():
    square = np.zeros((1, 1, 65, 65), dtype=np.uint8)
    square[0, 0, 32, 32] = 255
    ranges = replace(STILL, blur=0.04)
    drawn = float(draw_changes(np.array([2]), ranges, 0, 0).blur[0]) * 65
    assert drawn > 1  # several steps
    found = augment(square, np.array([2]), ranges, 0, 0)[0, 0].numpy()
    spread = (found.sum(0) * (np.arange(65) - 32) ** 2).sum()
    assert found.sum() == pytest.approx(1, abs=1e-5) and found.min() >= -1e-6
    assert spread == pytest.approx(drawn**2, rel=0.01)


def test_a_box_covers_the_drawn_part_with_the_mean_grey():
    square = np.zeros((1, 1, 200, 200), dtype=np.uint8)
    square[..., 100:] = 255
    ranges = replace(STILL, erasing=0.1)
    covered = []
    for epoch in range(20):
        area, column, row, aspect = draw_changes(np.array([0]), ranges, 0, epoch).erased[0]
        found = augment(square, np.array([0]), ranges, 0, epoch)[0, 0]
        box = ((found > 0.4) & (found < 0.6)).float().mean()
        size = np.sqrt(area) * np.exp([aspect / 2, -aspect / 2]) / 2
        if column - size[0] > 0 and column + size[0] < 1 and row - size[1] > 0 and row + size[1] < 1:
            covered.append((float(box), area))
    assert len(covered) > 5
    np.testing.assert_allclose(*zip(*covered, strict=True), atol=0.005)


def test_three_equal_channels_give_what_one_gives():
    grey = pictures(5)
    one = augment(grey, np.arange(5), EVERYTHING, 1, 1)
    three = augment(np.repeat(grey, 3, axis=1), np.arange(5), EVERYTHING, 1, 1)
    assert three.shape == (5, 3, 32, 32) and three.is_contiguous()
    for channel in range(3):
        torch.testing.assert_close(three[:, channel], one[:, 0], atol=0, rtol=0)


def coloured(n=6, side=24):
    """Pictures of middling colours, which no change drives to an end of the range."""
    return np.random.default_rng(1).integers(90, 165, (n, 3, side, side), dtype=np.uint8)


def chroma(pictures):
    """``image 2 row column``: the two differences of colour of ITU-R BT.601, by the standard's own formula."""
    red, green, blue = (np.asarray(pictures, dtype=np.float64)[:, channel] for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, np.stack([0.492 * (blue - luma), 0.877 * (red - luma)], axis=1)


@pytest.mark.parametrize("ranges", [COLOURS, replace(STILL, saturation=1.0, hue=180), replace(STILL, stain=1.0)])
def test_a_grey_picture_stays_as_it_is_whatever_happens_to_colours(ranges):
    squares = pictures(6, channels=3)
    squares[2] = squares[2, :1]
    still, changed = (augment(squares, np.arange(6), one, 0, 0) for one in (STILL, ranges))
    assert torch.equal(changed[2], still[2])
    assert not any(torch.equal(changed[number], still[number]) for number in (0, 1, 3, 4, 5))
    one = augment(squares[:, :1], np.arange(6), ranges, 0, 0)
    assert torch.equal(one, augment(squares[:, :1], np.arange(6), STILL, 0, 0))


def test_grey_parts_of_a_coloured_picture_stay_grey_to_the_last_bit():
    squares = pictures(4, channels=3)
    squares[:, :, :16] = squares[:, :1, :16]
    ranges = replace(STILL, saturation=1.0, hue=180)
    found, still = (augment(squares, np.arange(4), one, 0, 0) for one in (ranges, STILL))
    assert torch.equal(found[:, :, :16], still[:, :, :16]) and not torch.equal(found, still)


def test_saturation_and_hue_scale_and_turn_the_colour_and_leave_the_luma():
    squares, rows = coloured(), np.arange(6)
    ranges = replace(STILL, saturation=0.3, hue=25)
    drawn = draw_changes(rows, ranges, 5, 1)
    luma, before = chroma(squares / 255)
    found, after = chroma(augment(squares, rows, ranges, 5, 1))
    np.testing.assert_allclose(found, luma, atol=1e-3)
    turned = (before[:, 0] + 1j * before[:, 1]) * (drawn.saturation * np.exp(1j * np.radians(drawn.hue)))[:, None, None]
    np.testing.assert_allclose(after[:, 0] + 1j * after[:, 1], turned, atol=1e-3)


def test_hue_turns_red_towards_yellow_where_it_is_above_nought():
    red = np.zeros((8, 3, 4, 4), dtype=np.uint8) + np.array([150, 80, 80], dtype=np.uint8)[:, None, None]
    ranges = replace(STILL, hue=10)
    found = augment(red, np.arange(8), ranges, 0, 0)[:, :, 0, 0]
    assert (((found[:, 1] - found[:, 2]).numpy() > 0) == (draw_changes(np.arange(8), ranges, 0, 0).hue > 0)).all()


def test_densities_of_the_three_stains_are_scaled_and_shifted_as_drawn():
    squares, rows = coloured(), np.arange(6)
    ranges = replace(STILL, stain=0.1)
    drawn = draw_changes(rows, ranges, 2, 3).stain
    # Ruifrok & Johnston 2001 as a system of equations: light = exp(-densities @ matrix).
    matrix = [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]]
    before, after = (
        np.linalg.solve(np.transpose(matrix), -np.log(light.astype(np.float64)).reshape(6, 3, -1))
        for light in (squares / 255, augment(squares, rows, ranges, 2, 3).numpy())
    )
    np.testing.assert_allclose(after, before * drawn[:, 0, :, None] + drawn[:, 1, :, None], atol=1e-4)


def test_black_stays_black_and_nothing_leaves_the_range_whatever_the_stain():
    squares = pictures(8, channels=3)
    squares[..., :8] = 0
    found = augment(squares, np.arange(8), replace(STILL, stain=1.0, saturation=1.0), 0, 0)
    assert float(found[..., :8].abs().max()) == 0
    assert bool(torch.isfinite(found).all()) and float(found.min()) >= 0 and float(found.max()) <= 1


def test_colours_do_not_depend_on_the_number_of_threads():
    squares = pictures(3, side=187, channels=3)  # more pixels than one thread takes, and no multiple of eight
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(augment(squares, np.arange(3), COLOURS, 1, 1))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])
