"""What was fitted to correct the probabilities, fold by fold: with too few cases the plan's method does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Correction = Mapping[str, Any]


def describe_recalibration(
    method: str, folds: Sequence[Correction], final: Correction, fewest: int
) -> dict[str, Any] | None:
    """``recalibration`` of numbers.json.

    Args:
        method: Of the plan.
        folds: What each fold's chosen model got: ``repeat``, ``fold``, ``temperature``, ``offset`` and ``cases``, the
            inner predictions that it was fitted on, or would have been.
        final: ``temperature`` and ``offset`` of the model that is handed over.
        fewest: Cases that a correction is fitted on at least.

    Returns:
        None where the plan asks for no correction.
    """
    if method == "none":
        return None
    return {"method": method, "fewest": fewest, "folds": [dict(one) for one in folds], "final": dict(final)}


def was_fitted(correction: Correction) -> list[bool]:
    """Whether anything was fitted: one answer, or one for each finding."""
    temperature, offset = correction["temperature"], list(correction.get("offset") or ())
    if not isinstance(temperature, list | tuple):
        return [temperature != 1 or any(offset)]
    offset = offset or [0.0] * len(temperature)
    return [one != 1 or moved != 0 for one, moved in zip(temperature, offset, strict=True)]


def say_uncorrected(stored: Mapping[str, Any] | None) -> str:
    """What is to be said where less was corrected than the plan asks for; empty where all was, or nothing is known.

    Args:
        stored: ``recalibration`` of numbers.json.
    """
    if not stored:
        return ""
    folds = [was_fitted(one) for one in stored["folds"]]
    tested = [one for fold in folds for one in fold]
    final = was_fitted(stored["final"])
    if all(tested) and all(final):
        return ""
    few = any(
        one["cases"] < stored["fewest"] for one, fitted in zip(stored["folds"], folds, strict=True) if not all(fitted)
    )
    why = f"Too few cases to calibrate (fewer than {stored['fewest']})" if few else "No correction could be fitted"
    if not any(tested):
        told = f"{why}: probabilities are those of the models."
        return f"{told} Only those of the model that is handed over were calibrated." if any(final) else told
    what = "findings, counted over all folds" if len(final) > 1 else "folds"
    missing = tested.count(False)
    told = (
        f"{why} in {missing} of {len(tested)} {what}: there probabilities are those of the models." if missing else ""
    )
    if not all(final):
        whose = "some findings of the model" if any(final) else "the model"
        told += f" Nothing could be fitted for {whose} that is handed over."
    return told.strip()
