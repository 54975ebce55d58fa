"""Are two models right on the same images? The exact McNemar test, and its mid-p.

Only images on which one model is right and the other is wrong tell them apart; without a difference each of these falls
on either side like a coin. Sources: McNemar 1947; the mid-p, which is less timid than the exact test and hardly ever
too bold: Fagerland, Lydersen & Laake 2013, 10.1186/1471-2288-13-91. Images must be of different patients: several of
one patient are no independent coins, and a bootstrap of patients is needed instead.
"""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import ArrayLike
from scipy.special import bdtr, comb

from wetread.metrics.inputs import as_truth


class McNemar(NamedTuple):
    """The images on which two models disagree, and how surprising their split is.

    Attributes:
        only_first: Images that only the first model got right.
        only_second: Images that only the second one got right.
        p_exact: Two-sided p value of the exact test, in (0, 1].
        p_mid: Its mid-p, in (0, 1].
    """

    only_first: int
    only_second: int
    p_exact: float
    p_mid: float


def mcnemar(first: ArrayLike, second: ArrayLike) -> McNemar:
    """Test whether two models are right equally often on the same images, one image per patient.

    Args:
        first: One bool (or 0/1) per image: was the first model right?
        second: The same of the second model, for the same images in the same order.

    Returns:
        The counts and both p values; 1 where the models never disagree.

    Raises:
        ValueError: Lengths differ, or a value is neither 0 nor 1.
    """
    a, b = as_truth(first, "first"), as_truth(second, "second")
    if len(a) != len(b):
        raise ValueError(f"first has {len(a)} rows and second {len(b)}")
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    n, fewer = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return McNemar(0, 0, 1.0, 1.0)
    exact = min(1.0, 2 * float(bdtr(fewer, n, 0.5)))
    here = float(comb(n, fewer)) * 0.5**n if n < 1000 else float(bdtr(fewer, n, 0.5) - bdtr(fewer - 1, n, 0.5))
    # An even split has its own point in both tails: half of it is what the mid-p takes away.
    mid = 1 - here / 2 if only_first == only_second else exact - here
    return McNemar(only_first, only_second, exact, mid)
