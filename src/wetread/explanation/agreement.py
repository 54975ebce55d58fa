"""Whether two maps of one picture say the same."""

from __future__ import annotations

from typing import Any

from wetread.explanation.heatmap import Heatmap
from wetread.explanation.trials.likeness import hottest_overlap, is_flat, on_grid, rank_correlation
from wetread.shapes import Floats

#: Both maps are compared on this grid; finer maps are averaged, coarser ones repeat their cells.
GRID = 16
#: Pixels of a side on which maps are laid out first; no usual map is finer.
_FINE = 28 * GRID


def agree(one: Heatmap, other: Heatmap) -> dict[str, Any]:
    """How far two maps agree.

    Args:
        one: Of a picture.
        other: Of the same picture and class.

    Returns:
        - spearman: rank correlation over the cells, -1 to 1;
        - top10_iou: overlap of the hottest tenth of both, 0 to 1; by chance about 0.05.

        Both are None where a map is empty or the same everywhere: nothing can agree with nothing.
    """
    first, second = _laid_out(one), _laid_out(other)
    if one.is_empty or other.is_empty or is_flat(first) or is_flat(second):
        return {"spearman": None, "top10_iou": None}
    return {
        "spearman": round(rank_correlation(first, second), 4),
        "top10_iou": round(hottest_overlap(first, second), 4),
    }


def _laid_out(heatmap: Heatmap) -> Floats:
    return on_grid(heatmap.on_grid(_FINE, _FINE), GRID, GRID)
