"""One slice: what each bleed does, where its mask lies, and what stays independent of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wetread.phantoms.ct_physics import draw_scanner, outside_field
from wetread.phantoms.head_bleeds import KINDS, Bleed, draw_bleed, draw_fracture
from wetread.phantoms.head_blood import push_brain, thickness
from wetread.phantoms.head_patient import draw_head
from wetread.phantoms.head_slice import LEAST_AREA, PADDING, Series, render_slice, slice_masks
from wetread.phantoms.head_space import Points, skull_depth, slice_points

SIZE = 96
HEIGHTS = (0.4, 2.6, 4.8, 6.8)


def series_of(seed, *kinds, **changes):
    rng = np.random.default_rng(seed)
    head = dataclasses.replace(
        draw_head(rng, age=55), tilt=0.0, roll=0.0, pitch=0.0, shift=(0.0, 0.0), scar=(0, 0, 0, 0)
    )
    scanner = draw_scanner(rng, False)
    bleeds = tuple(
        dataclasses.replace(draw_bleed(np.random.default_rng([seed, 1]), kind, HEIGHTS), **changes) for kind in kinds
    )
    return Series(head, bleeds, scanner)


def drawn(series, height, noise=0.0, **settings):
    return render_slice(series, height, np.random.default_rng(4), size=SIZE, noise=noise, **settings)


@pytest.mark.parametrize("kind", KINDS)
def test_blood_is_bright_inside_its_mask_and_absent_elsewhere(kind):
    shown = 0
    for seed in range(2):
        series = series_of(seed, kind, hu=66.0, settled=0.0, mottle=2.0)
        for height in HEIGHTS:
            made, empty = drawn(series, height), drawn(dataclasses.replace(series, bleeds=()), height)
            assert not empty.masks and set(made.masks) <= {kind}
            for mask in made.masks.values():
                shown += 1
                assert mask.sum() * made.pixel**2 >= LEAST_AREA[kind]
                # Small pieces and thin sheets of blood share their pixels with brain.
                large = mask.sum() * made.pixel**2 > 2.0
                assert np.median(made.hu[mask]) > (55 if large and kind != "SAH" else 38)
                assert np.median(made.hu[mask]) - np.median(empty.hu[mask]) > 12
            if not made.masks and kind != "IVH":
                assert (made.hu > 55).sum() <= 1.15 * (empty.hu > 55).sum()
    assert shown >= 2


def test_ventricular_blood_lies_at_the_back():
    series = series_of(2, "IVH", size=(0.4, 9.0, 0.35))
    head = slice_points(series.head, SIZE, series.scanner.field, 2.8)
    mask = slice_masks(series, 2.8, SIZE)["IVH"]
    assert head.y[mask].min() > 1.0


def test_subdural_blood_stays_on_its_side_and_epidural_is_a_lens():
    for seed in range(3):
        series = series_of(seed, "SDH", centre=(6.5, 0.0, 4.0), side=1)
        place = slice_points(series.head, SIZE, series.scanner.field, 4.0)
        assert place.x[slice_masks(series, 4.0, SIZE)["SDH"]].min() > -0.1
    line = Points(np.array([6.5, 6.2, 5.2]), np.array([0.0, 2.0, 4.0]), np.full(3, 2.0), 0.1)
    lens = Bleed("EDH", 60, 2, 1, (6.5, 0.0, 2.0), (3.0, 2.0, 2.0))
    layer = thickness(line, lens)
    assert layer[0] == pytest.approx(2.0) and 0 < layer[1] < 1.4 and layer[2] == 0


def test_a_mass_pushes_the_brain_away():
    clot = Bleed("IPH", 60, 2, 1, (3.0, 0.0, 3.0), (1.5, 1.5, 1.5))
    midline = Points(np.array([0.0]), np.array([0.0]), np.array([3.0]), 0.1)
    push = push_brain(midline, np.array([6.0]), (clot,))
    # What is at the midline now was closer to the clot before.
    assert push.dx[0] > 0.02 and push.dy[0] == pytest.approx(0, abs=1e-6)
    layer = Bleed("SDH", 60, 2, -1, (-6.5, 0.0, 3.0), (7.0, 3.0, 1.5))
    assert push_brain(midline, np.array([6.0]), (layer,)).dx[0] < -0.2
    still = push_brain(midline, np.array([6.0]), ())
    assert still.dx[0] == 0 and still.room[0] == 1


def test_anatomy_has_its_hounsfield_units():
    series = series_of(5)
    made = drawn(series, 3.0, halo=0.0)
    depth, _ = skull_depth(slice_points(series.head, SIZE, series.scanner.field, 3.0), series.head)
    brain = made.hu[(depth > 1.0)]
    assert 26 < np.median(brain) < 38
    assert np.percentile(brain, 1) < 20  # ventricles
    assert made.hu[np.abs(depth + 0.3) < 0.1].mean() > 400  # bone
    assert np.median(made.hu[depth < -3.5]) in (-1000, PADDING)


def test_halo_and_noise_do_what_they_say():
    series = series_of(6)
    depth, _ = skull_depth(slice_points(series.head, SIZE, series.scanner.field, 5.0), series.head)
    rim, deep = (depth > 0.25) & (depth < 0.5), depth > 2.0
    plain, haloed = drawn(series, 5.0, halo=0.0), drawn(series, 5.0, halo=3.0)
    assert 2 < (haloed.hu - plain.hu)[rim].mean() < 20
    assert np.abs((haloed.hu - plain.hu)[deep]).max() <= 1
    grain = drawn(series, 5.0, noise=2.0).hu - drawn(series, 5.0, noise=0.0).hu
    assert grain[deep].std() == pytest.approx(2 * series.scanner.grain, rel=0.15)


def test_padding_is_only_outside_the_field():
    series = series_of(7)
    series = dataclasses.replace(series, scanner=dataclasses.replace(series.scanner, round_field=0.97))
    made = drawn(series, 3.0, noise=1.0)
    np.testing.assert_array_equal(made.hu == PADDING, outside_field(series.scanner, SIZE))
    assert made.hu[0, 0] == PADDING


def test_the_tube_follows_its_chance():
    series = series_of(8)
    without, with_tube = (drawn(series, 5.0, tube_chance=(chance, 0.5)) for chance in (0.0, 1.0))
    added = with_tube.hu - without.hu
    assert added.max() > 300
    column, row = (np.array(series.scanner.tube[:2]) / series.scanner.field + 0.5) * SIZE - 0.5
    far = np.argwhere(added > 300) - [row, column]
    assert np.hypot(*far.T).max() < 0.7 / made_pixel(series)


def made_pixel(series):
    return series.scanner.field / SIZE


def test_slices_repeat_and_do_not_depend_on_the_bleed_for_their_noise():
    series = series_of(9, "IPH")
    one, two = drawn(series, 6.8, noise=1.0), drawn(series, 6.8, noise=1.0)
    np.testing.assert_array_equal(one.hu, two.hu)
    empty = drawn(dataclasses.replace(series, bleeds=()), 6.8, noise=1.0)
    air = (one.hu < -900) & (one.hu > PADDING)
    np.testing.assert_array_equal(one.hu[air], empty.hu[air])


def test_fractures_come_with_epidural_blood_only():
    rng = np.random.default_rng(0)
    assert draw_fracture(rng, draw_bleed(rng, "SDH", HEIGHTS)) is None
    found = [draw_fracture(rng, draw_bleed(rng, "EDH", HEIGHTS)) for _ in range(40)]
    assert 20 <= sum(fracture is not None for fracture in found) <= 38
