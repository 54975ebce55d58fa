"""The same question, the same answer: another seed, and a picture moved by two pixels (Arun 2021, repeatability)."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wetread.explanation.trials.likeness import on_grid, rank_correlation
from wetread.explanation.trials.outcome import FEWEST, Outcome, judge, not_run, say
from wetread.explanation.trials.sample import Maps, Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.shapes import Floats, Ints, Picture

SOURCE = "after Arun 2021, 10.1148/ryai.2021200267"
#: Two pixels of what the model sees.
PIXELS = 2
#: Rank correlation from which a map counts as the same; our choice, between 0.7 (half of the ranks explained) and 1.
SAME = 0.8
#: Draw something.
RANDOM = ("smoothgrad", "rise")
#: Cells of a side at most on which maps are compared.
FINEST = 28
#: Pictures asked at most where time is short.
QUICK_PICTURES = 6
#: Down and right.
MOVES = ((1, 0), (0, -1))


def try_repeat(sample: Sample, method: str) -> Outcome:
    """Compares maps of two seeds, and maps of moved pictures once they are moved back.

    Args:
        sample: Pictures and model.
        method: To test.

    Returns:
        Passed where the mean rank correlation, of seeds or of moves, whichever is lower, is at least `SAME`.
    """
    if len(sample.pictures) < FEWEST:
        return not_run(f"needs {FEWEST} pictures")
    rows = np.arange(len(sample.pictures))[:: -(-len(sample.pictures) // QUICK_PICTURES) if sample.quick else 1]
    maps, pictures = [sample.maps(method)[row] for row in rows], [sample.pictures[row] for row in rows]
    moved = [
        _moved_and_back(sample, method, maps, pictures, rows, move) for move in (MOVES[:1] if sample.quick else MOVES)
    ]
    people, settings = sample.patients_of(rows), {"resamples": sample.resamples, "seed": sample.seed}
    values = {"moved by two pixels": mean_over_pictures(np.mean(moved, axis=0), people, **settings)}
    if method in RANDOM:
        others = sample.explain(sample.classifier, pictures, method, rows=rows, seed=1)
        values["another seed"] = mean_over_pictures(_alike(maps, others), people, **settings)
    known = {name: one for name, one in values.items() if one is not None}
    if not known:
        return not_run("every map is empty")
    worst = min(known, key=lambda name: known[name].value)
    passed = known[worst].value >= SAME
    how = "with another seed" if worst == "another seed" else "for a picture moved by two pixels"
    told = "stays" if passed else "does not stay"
    return Outcome(
        judge(passed),
        f"The map {told} the same {how} (rank correlation {say(known[worst])}, {SAME} is asked for).",
        known[worst],
        f"at least {SAME}",
        SOURCE,
        {name: round(one.value, 4) for name, one in known.items()},
    )


def _alike(maps: Maps, others: Maps) -> Floats:
    nothing = float("nan")
    return np.array(
        [
            nothing if one is None else 0.0 if other is None else rank_correlation(_coarse(one), _coarse(other))
            for one, other in zip(maps, others, strict=True)
        ]
    )


def _moved_and_back(
    sample: Sample, method: str, maps: Maps, pictures: list[Picture], rows: Ints, move: tuple[int, int]
) -> Floats:
    """Rank correlation per picture, over the cells that are seen both times."""
    side = sample.classifier.finest
    moved = [_move(_at(picture, side), move) for picture in pictures]
    others = sample.explain(sample.classifier, moved, method, rows=rows)
    back = [None if one is None else move_back(one, move, side) for one in others]
    # The rim that came into sight is made up, so it does not count.
    rims = [None if one is None else _inner(one) for one in maps]
    return _alike(rims, [None if one is None else _inner(one) for one in back])


def _at(picture: Picture, side: int) -> Picture:
    """At the size that the model sees, so that two pixels are two pixels."""
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def _move(picture: Picture, move: tuple[int, int]) -> Picture:
    side = len(picture)
    rows = np.clip(np.arange(side) - PIXELS * move[0], 0, side - 1)
    columns = np.clip(np.arange(side) - PIXELS * move[1], 0, side - 1)
    return picture[rows[:, None], columns[None, :]]


def move_back(values: Floats, move: tuple[int, int], side: int) -> Floats:
    """A map of a picture that was moved, as a map of the picture: a coarse cell takes parts of its neighbours."""
    side = max(side, *values.shape)
    rows, columns = values.shape
    down, right = np.arange(side) + PIXELS * move[0], np.arange(side) + PIXELS * move[1]
    down, right = np.clip(down, 0, side - 1) * rows // side, np.clip(right, 0, side - 1) * columns // side
    return on_grid(values[down[:, None], right[None, :]], rows, columns)


def _coarse(values: Floats) -> Floats:
    """Cells that a reader can tell apart: a map of single pixels would be judged by how pixels were resampled."""
    rows, columns = (min(side, FINEST) for side in values.shape)
    return on_grid(values, rows, columns)


def _inner(values: Floats) -> Floats:
    """Without the rim, where there is something within it."""
    rim = max(1, round(PIXELS * max(values.shape) / 224)) if min(values.shape) > 4 else 0
    return values[rim:-rim, rim:-rim] if rim else values
