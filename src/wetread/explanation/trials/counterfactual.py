"""Without the lesion there is no heat: the same picture with the finding painted out.

Simulated pictures can be imaged again without it, which is exact. Elsewhere the place of the mask is filled from its
surroundings; what is painted in so may itself be something to see, and the sentence says which of the two was done.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter

from wetread.explanation.trials.likeness import on_grid
from wetread.explanation.trials.outcome import Outcome, judge, not_run, say, say_interval
from wetread.explanation.trials.sample import Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.shapes import Bools, Floats, Picture

SOURCE = "after Chang 2019, arXiv 1807.08024, and Singla 2023, 10.1016/j.media.2022.102721"


def try_counterfactual(sample: Sample, method: str) -> Outcome:
    """Paints the finding out, and looks what becomes of the margin and of the heat on its place.

    Args:
        sample: With masks; with counterparts where pictures can be made without the finding.
        method: To test.

    Returns:
        Passed where both fall, each by an interval over patients that leaves 0 out.
    """
    if sample.why_no_masks:
        return not_run(sample.why_no_masks)
    rows = sample.masked
    exact = all(row < len(sample.counterparts) and sample.counterparts[row] is not None for row in rows)
    without: list[Picture] = []
    for row in rows:
        mask, made = sample.masks[row], sample.counterparts[row] if exact else None
        assert mask is not None  # masked says so
        without.append(paint_out(sample.pictures[row], mask) if made is None else made)
    before = [sample.maps(method)[row] for row in rows]
    after = sample.explain(sample.classifier, without, method, rows=rows)
    falls = np.array(
        [_fall(one, other, sample.masks[row]) for row, one, other in zip(rows, before, after, strict=True)]
    )
    margins = sample.margins(sample.classifier, [sample.pictures[row] for row in rows], rows)
    fall = margins - sample.margins(sample.classifier, without, rows)
    people, settings = sample.patients_of(rows), {"resamples": sample.resamples, "seed": sample.seed}
    of_heat = mean_over_pictures(falls, people, **settings)
    of_margin = mean_over_pictures(fall, people, **settings)
    if of_heat is None or of_margin is None:
        return not_run("every map is empty")
    passed = of_heat.low > 0 and of_margin.low > 0
    told = (
        "fall"
        if passed
        else "the model hardly reacts"
        if of_margin.low <= 0
        else "the model reacts, but the heat does not fall"
    )
    how = "imaged again without the lesion" if exact else "with the lesion painted over"
    lead = f"Of the same picture {how}, " + (f"heat and answer {told}" if passed else told)
    return Outcome(
        judge(passed),
        f"{lead} (heat on its place {say(of_heat)} of the strongest cell, margin {say(of_margin)} logits lower).",
        of_heat,
        "above 0, and so the margin",
        SOURCE,
        {"fall of the margin": say_interval(of_margin), "made": "exact" if exact else "filled from around"},
    )


def paint_out(picture: Picture, mask: Bools) -> Picture:
    """Fills a place from its surroundings, from its rim inwards.

    Args:
        picture: Grey or colour.
        mask: In its proportions, of any size.

    Returns:
        The picture with the place of the mask, and a little around it, replaced by smooth tissue and the noise of the
        surroundings.
    """
    hole = binary_dilation(on_grid(mask.astype(np.float32), *picture.shape[:2]) > 0.1, iterations=2)
    if hole.all() or not hole.any():
        return picture
    place = _around(hole)  # far surroundings would only cost time
    changed = picture.copy()
    layers = changed[place].reshape(*hole[place].shape, -1)
    for number in range(layers.shape[2]):
        filled = _fill(layers[..., number].astype(np.float64), hole[place])
        layers[..., number] = np.clip(filled, 0, 255).round()
    changed[place] = layers.reshape(changed[place].shape)
    return changed


def _around(hole: Bools) -> tuple[slice, slice]:
    """The rows and columns of a place and half its size around it."""
    slices = []
    for axis in (1, 0):
        found = np.flatnonzero(hole.any(axis=axis))
        more = max(8, (int(found[-1]) - int(found[0])) // 2)
        slices.append(slice(max(0, int(found[0]) - more), int(found[-1]) + more + 1))
    return slices[0], slices[1]


def _fill(values: Floats, hole: Bools) -> Floats:
    """Normalised blurs of growing width: each pixel takes the narrowest that reaches something known."""
    known = (~hole).astype(np.float64)
    filled, open_ = values * known, hole.copy()
    width = 1.5
    while open_.any() and width < 4 * max(values.shape):
        weight = gaussian_filter(known, width)
        reached = open_ & (weight > 0.05)
        filled[reached] = (gaussian_filter(values * known, width) / np.maximum(weight, 1e-12))[reached]
        open_ &= ~reached
        width *= 1.6
    filled[open_] = values[~hole].mean()
    smooth = gaussian_filter(filled, 1.5)
    filled[hole] = smooth[hole]
    # Without grain the place would be the smoothest of the picture.
    grain = (values - gaussian_filter(values, 1.5))[~hole]
    filled[hole] += np.random.default_rng(0).choice(grain, int(hole.sum()))
    return filled


def _fall(before: Floats | None, after: Floats | None, mask: Bools | None) -> float:
    """Mean positive heat on the place, before minus after, in parts of the strongest cell before."""
    if before is None or mask is None:
        return float("nan")
    strongest = float(np.abs(before).max())
    if strongest <= 0:
        return float("nan")
    cover = on_grid(mask.astype(np.float32), *before.shape)
    heat = np.maximum(before, 0.0) - (0.0 if after is None else np.maximum(after, 0.0))
    return float((heat * cover).sum() / cover.sum() / strongest)
