"""The heat lies on the lesion: pointing game (Zhang 2018, 10.1007/s11263-017-1059-x) and relevance mass (Arras 2022).

Lesions of a kind tend to lie in the same place, so the rival is the average of the other pictures' masks: what one
would point at without looking.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wetread.explanation.trials.likeness import on_grid
from wetread.explanation.trials.outcome import Outcome, judge, not_run, say, say_interval
from wetread.explanation.trials.sample import Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.metrics.discrimination import average_precision
from wetread.outcome import say_percent
from wetread.shapes import Bools, Floats

SOURCE = (
    "Zhang 2018, 10.1007/s11263-017-1059-x; Arras 2022, 10.1016/j.inffus.2021.11.008; Arun 2021, "
    "10.1148/ryai.2021200267"
)
#: Grid on which precision and recall are counted, cells of a side.
GRID = 32


class Hit(NamedTuple):
    """What one map achieves on one mask.

    Attributes:
        points: 1 where the hottest cell touches the lesion.
        mass: Part of the positive heat that lies on it.
        precision: Area under the precision-recall curve over the cells of a grid; None where the mask fills it.
    """

    points: float
    mass: float
    precision: float | None


def try_pointing(sample: Sample, method: str) -> Outcome:
    """Compares positive heat with masks of the finding.

    Args:
        sample: With masks.
        method: To test.

    Returns:
        Passed where the part of the heat on the lesion is larger than that of the average mask of other patients, and
        than that of heat spread evenly, by an interval over patients that leaves 0 out.
    """
    if sample.why_no_masks:
        return not_run(sample.why_no_masks)
    rows = sample.masked
    maps = sample.maps(method)
    fine = {int(row): on_grid(np.asarray(sample.masks[row], dtype=np.float32), GRID, GRID) for row in rows}
    own, rival, shares = [], [], []
    for row in rows:
        mask, values = sample.masks[row], maps[row]
        assert mask is not None  # masked says so
        if values is None:
            own.append(Hit(0.0, 0.0, 0.0))
        else:
            own.append(hit(values, mask))
        rows_, columns = (GRID, GRID) if values is None else values.shape
        others = [one for number, one in fine.items() if sample.patients[number] != sample.patients[row]]
        average = np.mean(others, axis=0) if others else np.ones((GRID, GRID))
        rival.append(hit(on_grid(average, rows_, columns), mask))
        shares.append(float(mask.mean()))
    return _judge(sample, rows.tolist(), own, rival, shares)


def hit(values: Floats, mask: Bools) -> Hit:
    """Scores one map, ``row column`` at its own resolution, on one mask of the picture.

    A map without positive heat points nowhere: it gets 0.
    """
    cover = on_grid(mask.astype(np.float32), *values.shape)
    heat = np.maximum(values, 0.0)
    if heat.sum() <= 0:
        return Hit(0.0, 0.0, _precision(values, mask))
    points = float(cover[heat == heat.max()].max() > 0)
    return Hit(points, float((heat * cover).sum() / heat.sum()), _precision(values, mask))


def _precision(values: Floats, mask: Bools) -> float | None:
    fine = on_grid(values, GRID, GRID)
    covered = on_grid(mask.astype(np.float32), GRID, GRID)
    # A small lesion fills no cell: the fullest one then stands for it.
    return average_precision((covered >= min(0.5, float(covered.max()))).ravel(), fine.ravel())


def _judge(sample: Sample, rows: list[int], own: list[Hit], rival: list[Hit], shares: list[float]) -> Outcome:
    people = sample.patients_of(np.array(rows))
    settings = {"resamples": sample.resamples, "seed": sample.seed}
    mass = mean_over_pictures([one.mass for one in own], people, **settings)
    # Where lesions lie all over, the average mask is worse than heat spread evenly, which then is the rival.
    usual = max(([one.mass for one in rival], shares), key=lambda one: float(np.mean(one)))
    usual_mass = float(np.mean(usual))
    gain = mean_over_pictures([a.mass - b for a, b in zip(own, usual, strict=True)], people, **settings)
    points = float(np.mean([one.points for one in own]))
    rival_points = float(np.mean([one.points for one in rival]))
    assert mass is not None and gain is not None  # FEWEST pictures have a number each
    passed = gain.low > 0
    told = "more than" if passed else "less than" if gain.high < 0 else "not clearly more than"
    precisions = [one.precision for one in own if one.precision is not None]
    return Outcome(
        judge(passed),
        f"{say_percent(mass.value)} of the heat lies on the lesion, {told} the {say_percent(usual_mass)} of a map "
        f"that shows where it usually lies (difference {say(gain)}); the hottest place is on it in "
        f"{say_percent(points)} of {len(rows)} pictures (usual place: {say_percent(rival_points)}).",
        gain,
        "above 0: the average mask of other patients, or heat spread evenly",
        SOURCE,
        {
            "heat on the lesion": say_interval(mass),
            "usual place": round(usual_mass, 4),
            "hottest place on it": round(points, 4),
            "usual place on it": round(rival_points, 4),
            "area under precision and recall": round(float(np.mean(precisions)), 4) if precisions else None,
            "lesion, part of the picture": round(float(np.mean(shares)), 4),
            "pictures": len(rows),
        },
    )
