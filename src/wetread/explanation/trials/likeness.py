"""How alike two maps are: by rank (Spearman), by structure (Wang 2004, 10.1109/TIP.2003.819861), by their hottest part.

All of them are NaN where there is nothing to compare: the first map is the same everywhere.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from wetread.metrics.discrimination import midranks
from wetread.shapes import Floats

#: What counts as the hottest part of a map.
HOTTEST = 0.1
#: Below this part of the largest cell a difference is rounding.
_FLAT = 1e-9


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's correlation of two maps of one size, -1 to 1; 0 where only the second is flat."""
    if is_flat(one):
        return float("nan")
    if is_flat(other):
        return 0.0
    first, second = (midranks(np.asarray(values, dtype=np.float64).ravel()) for values in (one, other))
    return float(np.corrcoef(first, second)[0, 1])


def structural_similarity(one: Floats, other: Floats) -> float:
    """Mean structural similarity of two maps of one size, each over its strongest cell; -1 to 1.

    The window is Gaussian with a deviation of 1.5 cells, as in the paper; its constants are those for a range of 2.
    """
    if is_flat(one):
        return float("nan")
    a, b = (values / max(float(np.abs(values).max()), 1e-300) for values in (one, other))
    smooth = [gaussian_filter(part, 1.5) for part in (a, b, a * a, b * b, a * b)]
    mean_a, mean_b = smooth[0], smooth[1]
    spread_a, spread_b = smooth[2] - mean_a**2, smooth[3] - mean_b**2
    both = smooth[4] - mean_a * mean_b
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))).mean())


def hottest_overlap(one: Floats, other: Floats, share: float = HOTTEST) -> float:
    """Intersection over union of the hottest tenth of two maps of one size, 0 to 1; two random maps give 0.05."""
    if is_flat(one):
        return float("nan")
    count = max(1, round(share * one.size))
    hot = [set(np.argsort(-values.ravel(), kind="stable")[:count].tolist()) for values in (one, other)]
    return len(hot[0] & hot[1]) / len(hot[0] | hot[1])


def on_grid(values: Floats, rows: int, columns: int) -> Floats:
    """A map, or a mask as 0 and 1, averaged over the cells of another grid; a finer grid repeats its values."""
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    # Box: the mean over the area of a cell. Any smoother filter would move heat between cells.
    return np.asarray(image.resize((columns, rows), Image.Resampling.BOX), dtype=np.float64)


def is_flat(values: Floats) -> bool:
    """True where a map says the same of every place."""
    return float(np.ptp(values)) <= _FLAT * max(float(np.abs(values).max(initial=0.0)), 1e-300)
