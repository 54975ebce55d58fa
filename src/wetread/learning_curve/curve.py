"""`LearningCurve`: the whole job on the cases of a run, and what learning_curve.json holds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from wetread.errors import InputError
from wetread.learning_curve.cases import Cases
from wetread.learning_curve.divisions import PARTS, choose_sizes, divide, groups_by_side
from wetread.learning_curve.forecast import LEVEL, WIDENED, Forecast, as_dict, make_forecast
from wetread.learning_curve.refits import refit
from wetread.learning_curve.verdict import CANNOT, FEWEST_OF_RAREST, Verdict, judge, too_few
from wetread.outcome import DISCLAIMER
from wetread.progress import Listener, silent

#: Fewest sizes through which a law of three parameters is drawn.
FEWEST_SIZES = 4
MOST_DRAWS = 500


@dataclass(frozen=True)
class LearningCurve:
    """What more cases would bring.

    Attributes:
        verdict: In short and as a sentence.
        content: Of learning_curve.json.
        page: Of the page, where one was written.
    """

    verdict: Verdict
    content: dict[str, Any] = field(repr=False)
    page: Path | None = None

    def __repr__(self) -> str:
        page = f"\n  page: {self.page}" if self.page else ""
        return f"{self.verdict.sentence}{page}\n  {DISCLAIMER}"


def learn_curve(
    cases: Cases,
    *,
    draws: int = 20,
    sizes: Sequence[int] | None = None,
    listen: Listener = silent,
    folder: Path | None = None,
) -> LearningCurve:
    """Refits, fits the law, forecasts, judges.

    Args:
        cases: What the curve is made of.
        draws: Training sets of each size, at least `PARTS`.
        sizes: In groups; by default six, evenly spaced on a logarithmic scale.
        listen: Is told about progress.
        folder: Keeps finished draws until all are there.

    Returns:
        The curve; with too few cases only the verdict that nothing can be said.

    Raises:
        InputError: Sizes or draws that make no curve.
    """
    check_draws(draws)
    cases, left_out = leave_rare_findings_out(cases)
    few = too_few(cases.count, min(groups_by_side(cases.labels, cases.groups)), cases.unit)
    if few is not None:
        return LearningCurve(few, _describe(cases, few))
    chosen = choose_sizes(cases.labels, cases.groups) if sizes is None else _checked(sizes, cases)
    found, strengths = refit(cases, chosen, draws, listen, folder)
    divisions = divide(cases.labels, cases.groups, chosen, draws, cases.seed)
    images = np.mean([[len(train) for train in one.trains] for one in divisions], axis=0)
    forecast = make_forecast(cases, chosen, images.tolist(), found)
    if forecast is None:
        lacking = Verdict(CANNOT, "No test part has cases of every class, so no AUROC is defined.")
        return LearningCurve(lacking, _describe(cases, lacking))
    verdict = judge(forecast, cases.count, cases.unit, _metric(cases))
    settings = {"draws": draws, "tested_groups": -(-cases.count // PARTS), "strengths": list(strengths)}
    settings["left_out"] = left_out
    return LearningCurve(verdict, _describe(cases, verdict) | settings | _numbers(forecast))


def check_draws(draws: int) -> None:
    """Raises `InputError` where so many draws make no curve."""
    if not PARTS <= draws <= MOST_DRAWS:
        raise InputError(
            f"{draws} draws make no learning curve.", remedy=f"Choose {PARTS} to {MOST_DRAWS}.", code="usage"
        )


def check_sizes(cases: Cases, sizes: Sequence[int] | None) -> None:
    """Raises `InputError` where sizes that somebody asked for make no curve; no feature is looked at."""
    cases, _ = leave_rare_findings_out(cases)
    few = too_few(cases.count, min(groups_by_side(cases.labels, cases.groups)), cases.unit)
    if sizes is not None and few is None:
        _checked(sizes, cases)


def leave_rare_findings_out(cases: Cases) -> tuple[Cases, list[str]]:
    """Findings that too few groups have, or lack, would make the mean noise; where all are rare, all stay.

    Returns:
        The cases with the findings that are left, and the names of those that are not.
    """
    if cases.labels.ndim == 1:
        return cases, []
    sides = np.array(groups_by_side(cases.labels, cases.groups)).reshape(-1, 2).min(axis=1)
    kept = np.flatnonzero(sides >= FEWEST_OF_RAREST)
    if len(kept) == 0:
        return cases, []
    names = tuple(cases.classes[column] for column in kept)
    left_out = [name for name in cases.classes if name not in names]
    return replace(cases, labels=cases.labels[:, kept], classes=names), left_out


def _checked(sizes: Sequence[int], cases: Cases) -> tuple[int, ...]:
    """Sizes that somebody asked for, ascending."""
    own = choose_sizes(cases.labels, cases.groups)
    asked = tuple(sorted(set(sizes)))
    if len(asked) < FEWEST_SIZES or asked[0] < own[0] or asked[-1] > own[-1]:
        raise InputError(
            f"These sizes make no learning curve: {', '.join(map(str, asked)) or 'none'}.",
            remedy=f"Give at least {FEWEST_SIZES} different numbers of {cases.unit} from {own[0]} to {own[-1]}, "
            f"such as {','.join(map(str, own))}.",
            code="usage",
        )
    return asked


def _metric(cases: Cases) -> str:
    return {"multilabel": "mean AUROC", "multiclass": "macro AUROC"}.get(cases.task, "AUROC")


def _describe(cases: Cases, verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.short,
        "sentence": verdict.sentence,
        "unit": cases.unit,
        "groups": cases.count,
        "images": len(cases.labels),
        "classes": list(cases.classes),
        "task": cases.task,
        "metric": _metric(cases),
        "sees": cases.sees,
        "seed": cases.seed,
        "use": DISCLAIMER,
    }


def _numbers(forecast: Forecast) -> dict[str, Any]:
    law = forecast.law
    return {
        "level": LEVEL,
        "widened": WIDENED,
        "points": [
            {
                "groups": point.groups,
                "images": round(point.images, 1),
                **as_dict(point.auroc),
                "draws": [round(one, 6) for one in point.spread],
            }
            for point in forecast.points
        ],
        "law": {name: round(float(getattr(law, name)), 6) for name in ("rest", "span", "exponent")},
        "now": as_dict(forecast.now),
        "twice": as_dict(forecast.twice),
        "gain": as_dict(forecast.gain),
        "curve": [
            {"groups": round(n, 2), **{name: round(getattr(band, name), 6) for name in ("value", "low", "high")}}
            for n, band in forecast.curve
        ],
    }
