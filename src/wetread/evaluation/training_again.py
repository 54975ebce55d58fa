"""Whether the interval for training again may be shown: near an AUROC of 1 it promises too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_too_sure(again: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Whether an interval for training again on other patients is narrower than that for these ones, or touches 1.

    Training again adds doubt and takes none away. But the t interval knows only how far the folds differ, and where
    their AUROCs crowd at 1 they hardly can; what it reaches beyond 1 was cut off.

    Args:
        again: The interval over the folds, with ``low`` and ``high``.
        shown: That of the headline.
    """
    return bool(again["high"] >= 1 or again["high"] - again["low"] < shown["high"] - shown["low"])
