"""Two vendors look different; no vendor leaves the exposure as drawn."""

from __future__ import annotations

import numpy as np
import pytest

from wetread.errors import InputError
from wetread.phantoms.chest import render_chest
from wetread.phantoms.knobs import ChestKnobs
from wetread.phantoms.patient import draw_patient
from wetread.phantoms.physics import draw_exposure
from wetread.phantoms.vendor import PRESETS, as_vendor, model_name


def test_no_vendor_changes_nothing():
    drawn = draw_exposure(np.random.default_rng(1))
    assert as_vendor(drawn, "") is drawn and model_name("") == ""
    for vendor, preset in PRESETS.items():
        assert as_vendor(drawn, vendor).contrast == pytest.approx(0.85 * preset.contrast + 0.15 * drawn.contrast)


def test_vendors_can_be_told_apart():
    sharpness = {}
    for vendor in PRESETS:
        values = []
        for seed in range(4):
            rng = np.random.default_rng([5, seed])
            pixels = render_chest(draw_patient(rng), rng, size=96, vendor=vendor, noise=0.0).pixels
            values.append(pixels[20:76, 20:76].std())
        sharpness[vendor] = values
    assert min(sharpness["A"]) > max(sharpness["B"])


def test_mix_ties_the_vendor_to_the_label():
    def share(mix, positive):
        knobs = ChestKnobs(scanner_mix=mix)
        return np.mean([knobs.vendor(positive, np.random.default_rng(seed)) == "A" for seed in range(400)])

    assert ChestKnobs().vendor(True, np.random.default_rng(1)) == ""
    assert share(1.0, True) == 1 and share(1.0, False) == 0
    assert share(0.5, True) == pytest.approx(0.75, abs=0.06) and share(0.5, False) == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("wrong", [{"lesion_size": 0.2}, {"lesion_size": 4}, {"scanner_mix": -0.1}, {"scanner_mix": 2}])
def test_impossible_values_are_refused(wrong):
    with pytest.raises(InputError, match="must lie between"):
        ChestKnobs(**wrong)


def test_size_factor_scales_the_volume():
    assert ChestKnobs().scaled_volume == (160.0, 1400.0)
    assert ChestKnobs(lesion_size=0.5).scaled_volume == (80.0, 700.0)
    assert ChestKnobs(lesion_size=3).scaled_volume == (480.0, 3000.0)
