"""What is hot matters: deletion and insertion (Petsiuk 2018, arXiv 1806.07421), against chance and against the centre.

A lesion often lies near the middle, so a map that always says "the middle" deletes well without having looked: that is
what a method has to beat.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image, ImageFilter

from wetread.explanation.trials.likeness import on_grid
from wetread.explanation.trials.outcome import FEWEST, Outcome, judge, not_run, say, say_interval
from wetread.explanation.trials.sample import Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.shapes import Bools, Floats, Picture

SOURCE = "Petsiuk 2018, arXiv 1806.07421; centre map after Bylinskii 2019, 10.1109/TPAMI.2018.2815601"
#: Cells of a side of the grid on which pixels are removed: all methods and baselines play on the same one.
GRID = 14
#: Parts of the picture that are removed, or put back.
STEPS, QUICK_STEPS = 12, 6
#: Orders drawn by chance.
ORDERS, QUICK_ORDERS = 3, 1
#: Width of the centre map, as a part of the side.
CENTRE = 0.25


def try_deletion(sample: Sample, method: str) -> Outcome:
    """Removes the hottest places first, and puts them back first, and watches the class margin.

    What is removed is blurred, not blackened: a black hole is itself something to see.

    Args:
        sample: Pictures and model.
        method: To test.

    Returns:
        The score of a map is the mean margin while hot places are put back minus that while they are removed. Passed
        where it is larger than that of a Gaussian in the middle and than that of a random order, each by an interval
        over patients that leaves 0 out.
    """
    if len(sample.pictures) < FEWEST:
        return not_run(f"needs {FEWEST} pictures")
    orders = QUICK_ORDERS if sample.quick else ORDERS
    grids = [None if one is None else on_grid(one, GRID, GRID) for one in sample.maps(method)]

    def one(row: int) -> tuple[float, float, float]:
        grid = grids[row]
        if grid is None:
            return (float("nan"),) * 3
        random = np.random.default_rng([sample.seed, 13, row])
        drawn = [random.random((GRID, GRID)) for _ in range(orders)]
        scores = _scores(sample, row, [grid, centre_map(), *drawn], random)
        return scores[0], scores[1], float(np.mean(scores[2:]))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        own, centre, chance = np.array(list(pool.map(one, range(len(grids))))).T
    settings = {"resamples": sample.resamples, "seed": sample.seed}
    over_centre = mean_over_pictures(own - centre, sample.patients, **settings)
    over_chance = mean_over_pictures(own - chance, sample.patients, **settings)
    if over_centre is None or over_chance is None:
        return not_run("there is no map")
    passed = over_centre.low > 0 and over_chance.low > 0
    rival = "a spot in the middle" if over_centre.low <= 0 else "a random order"
    told = (
        "the answer hangs on the hot places more than on the middle of the picture"
        if passed
        else f"the hot places do not matter more than {rival}"
    )
    return Outcome(
        judge(passed),
        f"When places are hidden, {told} (gain over the middle {say(over_centre)}, over chance {say(over_chance)}, in "
        "logits).",
        over_centre,
        "above 0: a Gaussian in the middle, and a random order",
        SOURCE,
        {"over a random order": say_interval(over_chance)},
    )


def centre_map() -> Floats:
    """A Gaussian in the middle: what one would say without looking."""
    place = (np.arange(GRID) + 0.5) / GRID - 0.5
    return np.exp(-(place[:, None] ** 2 + place[None, :] ** 2) / (2 * CENTRE**2))


def _scores(sample: Sample, row: int, grids: list[Floats], random: np.random.Generator) -> list[float]:
    """Insertion minus deletion of each map, in logits."""
    side = sample.classifier.finest
    small = np.asarray(Image.fromarray(sample.pictures[row]).resize((side, side), Image.Resampling.BILINEAR))
    hidden = np.asarray(Image.fromarray(small).filter(ImageFilter.GaussianBlur(side / 10)))
    steps = QUICK_STEPS if sample.quick else STEPS
    copies: list[Picture] = []
    for grid in grids:
        # Ties, as among the pixels of one native cell, are broken by chance: no order of ours may help a map.
        order = np.lexsort((random.random(grid.size), -grid.ravel()))
        rank = np.empty(grid.size, dtype=np.int64)
        rank[order] = np.arange(grid.size)
        for step in range(1, steps):
            hot = (rank < round(step * grid.size / steps)).reshape(grid.shape)
            mask = _spread_over(hot, side)
            mask = mask[..., None] if small.ndim == 3 else mask
            copies += [np.where(mask, hidden, small), np.where(mask, small, hidden)]
    margins = sample.margins(sample.classifier, copies, np.full(len(copies), row)).reshape(len(grids), -1, 2)
    return [float(one) for one in (margins[:, :, 1] - margins[:, :, 0]).mean(axis=1)]


def _spread_over(cells: Bools, side: int) -> Bools:
    number = np.arange(side) * len(cells) // side
    return cells[number[:, None], number[None, :]]
