"""How often do the 95 % intervals hold the truth? Simulated studies whose truth is known.

    python bench/coverage.py [--out coverage.json] [--studies 2000] [--bootstraps 1000] [--only TEXT] [--table]

A study draws patients of each class, one to four images each, and scores that are normal in both classes, so that the
true AUROC is known; 0.7 of the variance of a score belongs to the patient. Each study gets the interval that wetread
would report, and others beside it: DeLong by image, percentiles of resampled images, BCa of resampled patients. The
table says in what share of the studies the interval held the truth, and in what share it lay too high or too low.

Numbers that move with how common the finding is (Brier score, F1, PPV, kappa, average precision, calibration line) are
tried on studies whose cases come from a population: how many are positive is left to chance, as in the clinic. Beside
the reported interval stands that of resamples which keep the number of positives as it was.

Means over classes and over findings, calibration error, net benefit, the average of several readers and the range of a
conformal promise have studies of their own.

Every cell is written to the file as it ends, so that an interrupted run goes on; ``--table`` prints what is there.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy.special import expit, logit, ndtr, ndtri, softmax
from scipy.stats import binom

from wetread.metrics import counted, counted_calibration, discrimination
from wetread.metrics.average_precision import Question, interval_for_average_precision, interval_for_mean_precision
from wetread.metrics.bootstrap import patient_bootstrap, patient_bootstrap_many
from wetread.metrics.calibration import calibration_slope_intercept
from wetread.metrics.calibration_line import calibration_line_intervals
from wetread.metrics.choice import interval_for_auroc, interval_for_mean_proportion, interval_for_proportion
from wetread.metrics.conformal import class_quantiles, coverage_range
from wetread.metrics.counted import CountedStatistic, OfSums
from wetread.metrics.decision_curve import counted_net_benefit, gain_over_everybody
from wetread.metrics.delong import delong, influence, variance_by_patient
from wetread.metrics.discrimination import auroc
from wetread.metrics.intervals import procedure_interval, wilson
from wetread.metrics.mix import OfSides, sides_by_label
from wetread.metrics.table_auroc import auroc_of_table
from wetread.shapes import Floats, Ints
from wetread.writing import atomic_write

#: Share of the variance that belongs to the patient.
WITHIN_PATIENT = 0.7
#: Resamples of a bootstrap here; the reported ones have 2,000 and differ by noise.
RESAMPLES = 1000

Bounds = tuple[float, float]
#: One study: truth (or successes), score (or probabilities), patient of each image.
Study = tuple[Any, Any, Ints]


@dataclass(frozen=True)
class Cell:
    """One row of the table: how studies are made, what is true, and which intervals are tried.

    Attributes:
        name: For the table, "AUROC | 10 + 90 | 0.85 | 1 to 4".
        truth: What the intervals should hold.
        make: Draws a study.
        closed: Method -> interval from a formula.
        drawn: Method -> interval from a bootstrap; tried on fewer studies.
        seed: Cells with the same one get the same studies; the name if empty.
    """

    name: str
    truth: float
    make: Callable[[Generator], Study]
    closed: dict[str, Callable[[Study], Bounds | None]]
    drawn: dict[str, Callable[[Study], Bounds | None]] = field(default_factory=dict)
    seed: str = ""


def people(random: Generator, patients: int, most: int) -> Ints:
    """The patient of each image: 1 to ``most`` images of each."""
    return np.repeat(np.arange(patients), random.integers(1, most + 1, size=patients))


def noise(random: Generator, patient: Ints, *columns: int) -> Floats:
    """Standard normal numbers, alike within a patient."""
    person = random.normal(size=(int(patient.max()) + 1, *columns))[patient]
    return np.asarray(
        math.sqrt(WITHIN_PATIENT) * person + math.sqrt(1 - WITHIN_PATIENT) * random.normal(size=person.shape)
    )


def binormal(random: Generator, sizes: Bounds, area: float, most: int, wide: float = 1.0) -> Study:
    """Positives and negatives of different patients; the spread of the positives is ``wide``."""
    patient = people(random, int(sum(sizes)), most)
    y = patient < sizes[0]
    x = noise(random, patient)
    return y, np.where(y, math.sqrt(1 + wide**2) * ndtri(area) + wide * x, x), patient


def five_points(random: Generator, sizes: Bounds, area: float, most: int) -> Study:
    """The same on a scale of five points."""
    y, x, patient = binormal(random, sizes, area, most)
    return y, np.digitize(x, FIVE), patient


FIVE = np.array([-0.5, 0.3, 1.0, 1.8])


def area_of_five_points(area: float) -> float:
    """What is left of a binormal AUROC on the scale of five points."""
    shift = math.sqrt(2) * float(ndtri(area))
    negative, positive = (np.diff(np.concatenate([[0.0], ndtr(FIVE - mean), [1.0]])) for mean in (0.0, shift))
    below = np.cumsum(negative) - negative
    return float(positive @ (below + negative / 2))


def both_classes(random: Generator, patients: int, area: float, most: int) -> Study:
    """Patients who have images with the finding and images without."""
    while True:
        patient = people(random, patients, most)
        y = random.random(len(patient)) < 0.5
        if len(set(patient[y].tolist())) > 1 and len(set(patient[~y].tolist())) > 1:
            return y, math.sqrt(2) * ndtri(area) * y + noise(random, patient), patient


def proportion(random: Generator, patients: int, share: float, most: int) -> Study:
    """Successes, trials and patients; nothing is scored."""
    patient = people(random, patients, most)
    return noise(random, patient) < ndtri(share), np.ones(len(patient), dtype=bool), patient


def several_classes(random: Generator, sizes: tuple[int, ...], apart: float, most: int) -> Study:
    """Class numbers and probabilities of as many classes as there are sizes."""
    patient = people(random, sum(sizes), most)
    classes = np.repeat(np.arange(len(sizes)), sizes)[patient]
    x = noise(random, patient, len(sizes)) + apart * np.eye(len(sizes))[classes]
    return classes, softmax(x, axis=1), patient


@cache
def macro_truth(shares: tuple[float, ...], apart: float) -> float:
    """The mean AUROC in a very large study of the same mixture."""
    large = tuple(round(300_000 * share) for share in shares)
    classes, table, _ = several_classes(np.random.default_rng(0), large, apart, 1)
    return float(np.mean([auroc(classes == number, table[:, number]) or 0.0 for number in range(len(large))]))


def bounds(interval: Any) -> Bounds | None:
    """Lower and upper bound of an interval."""
    return None if interval is None else (interval.low, interval.high)


def plain_delong(study: Study) -> Bounds | None:
    """DeLong by image, not on the logit scale, as most programs give it."""
    y, s, _ = study
    found, area = variance_by_patient(influence(y, s), y.astype(int), None), auroc(y, s)
    assert found is not None and area is not None
    half = 1.959964 * math.sqrt(found[0])
    return area - half, area + half


def percentiles_of_images(study: Study) -> Bounds | None:
    """Resampled images, percentiles, as the usual loop does it."""
    y, s, _ = study
    random, ranked, n = np.random.default_rng(0), counted.auroc(y, s), len(y)
    drawn = random.integers(0, n, size=(RESAMPLES, n)) + np.arange(RESAMPLES)[:, None] * n
    values = ranked(np.bincount(drawn.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n).astype(float))
    return tuple(np.nanquantile(values, [0.025, 0.975]))


AREA: dict[str, Callable[[Study], Bounds | None]] = {
    "reported": lambda study: bounds(interval_for_auroc(*study, resamples=RESAMPLES)),
    "DeLong, logit scale, by image": lambda study: bounds(delong(*study[:2])),
    "DeLong, plain, by image": plain_delong,
}
AREA_DRAWN: dict[str, Callable[[Study], Bounds | None]] = {
    "BCa of patients": lambda study: bounds(
        patient_bootstrap(counted.auroc(*study[:2]), study[2], study[0], resamples=RESAMPLES)
    ),
    "percentiles of images": percentiles_of_images,
}
SHARE: dict[str, Callable[[Study], Bounds | None]] = {
    "reported": lambda study: bounds(interval_for_proportion(*study, resamples=RESAMPLES)),
    "Wilson, by image": lambda study: bounds(wilson(int(study[0].sum()), len(study[0]))),
}
SHARE_DRAWN: dict[str, Callable[[Study], Bounds | None]] = {
    "BCa of patients": lambda study: bounds(patient_bootstrap(counted.rate(*study[:2]), study[2], resamples=RESAMPLES)),
}
MACRO: dict[str, Callable[[Study], Bounds | None]] = {
    "reported": lambda study: bounds(auroc_of_table(*study, resamples=RESAMPLES)),
}
MACRO_DRAWN: dict[str, Callable[[Study], Bounds | None]] = {
    "BCa of patients": lambda study: bounds(
        patient_bootstrap(counted.macro_auroc(*study[:2]), study[2], study[0], resamples=RESAMPLES)
    ),
}


def cells() -> Iterator[Cell]:
    """All rows of the table."""
    for most in (1, 4):
        images = "1" if most == 1 else f"1 to {most}"
        for sizes in ((10, 10), (25, 25), (10, 90), (50, 50), (100, 100)):
            for area in (0.7, 0.85, 0.95):
                yield Cell(
                    f"AUROC | {sizes[0]} + {sizes[1]} | {area} | {images}",
                    area,
                    lambda random, a=sizes, b=area, m=most: binormal(random, a, b, m),  # type: ignore[misc]
                    AREA,
                    AREA_DRAWN,
                )
        for patients in (10, 25, 50, 100):
            for share in (0.7, 0.85, 0.95):
                yield Cell(
                    f"proportion | {patients} | {share} | {images}",
                    share,
                    lambda random, a=patients, b=share, m=most: proportion(random, a, b, m),  # type: ignore[misc]
                    SHARE,
                    SHARE_DRAWN if most > 1 else {},
                )
        for several, apart in (((10, 10, 10), 1.5), ((25, 25, 25), 1.5), ((10, 30, 60), 2.2), ((50, 50, 50), 1.5)):
            truth = macro_truth(tuple(round(size / sum(several), 6) for size in several), apart)
            yield Cell(
                f"mean AUROC of 3 classes | {' + '.join(map(str, several))} | {truth:.2f} | {images}",
                truth,
                lambda random, a=several, b=apart, m=most: several_classes(random, a, b, m),  # type: ignore[misc]
                MACRO,
                MACRO_DRAWN,
            )
    yield from harder()
    yield from mixed()
    yield from ranked_cells()
    yield from mean_cells()
    yield from error_cells()
    yield from benefit_cells()
    yield from reader_cells()
    yield from promise_cells()


def harder() -> Iterator[Cell]:
    """Studies that are not what the formulas were chosen on."""
    for sizes in ((25, 25), (10, 90), (90, 10), (100, 100)):
        yield Cell(
            f"positives spread 1.5 times | {sizes[0]} + {sizes[1]} | 0.85 | 1 to 4",
            0.85,
            lambda random, a=sizes: binormal(random, a, 0.85, 4, wide=1.5),  # type: ignore[misc]
            AREA,
            AREA_DRAWN,
        )
    for sizes in ((10, 10), (25, 25)):
        truth = area_of_five_points(0.85)
        yield Cell(
            f"scale of five points | {sizes[0]} + {sizes[1]} | {truth:.2f} | 1",
            truth,
            lambda random, a=sizes: five_points(random, a, 0.85, 1),  # type: ignore[misc]
            AREA,
            AREA_DRAWN,
        )
    for cases in (100, 400):
        yield Cell(
            f"AUROC of a procedure, 5 x 5 folds | {cases} | {learned_area(cases):.2f} | 1",
            learned_area(cases),
            lambda random, a=cases: folds(random, a),  # type: ignore[misc]
            {"reported": procedure, "t, folds as independent": folds_as_independent},
        )
    for patients in (20, 50):
        yield Cell(
            f"patients with both classes | {patients} | 0.85 | 1 to 4",
            0.85,
            lambda random, a=patients: both_classes(random, a, 0.85, 4),  # type: ignore[misc]
            AREA,
            AREA_DRAWN,
        )


#: How far the positives lie above the negatives in :func:`population`, in standard deviations; called from the middle.
ABOVE = 1.5


def population(random: Generator, patients: int, common: float, most: int) -> Study:
    """Patients as they come, each with the finding or without, and calibrated probabilities of their images."""
    while True:
        sick = random.random(patients) < common
        patient = people(random, patients, most)
        y = sick[patient]
        if 2 <= sick.sum() <= patients - 2:
            x = noise(random, patient) + ABOVE * y
            return y, expit(logit(common) + ABOVE * x - ABOVE**2 / 2), patient


def called(p: Floats, common: float) -> Any:
    """Calls at the middle between the classes, which does not depend on the study."""
    return p >= common


#: Name -> statistic of truth, probability and how common the finding is.
MIXED: dict[str, Callable[[Any, Floats, float], CountedStatistic]] = {
    "Brier score": lambda y, p, _: counted_calibration.brier(y, p),
    "F1": lambda y, p, common: counted.f1(y, called(p, common)),
    "PPV": lambda y, p, common: counted.rate(y & called(p, common), called(p, common)),
    "kappa": lambda y, p, common: counted.cohen_kappa(y, called(p, common), 2),
}


@cache
def mixed_truth(common: float) -> dict[str, float]:
    """What the numbers of :data:`MIXED` are in the population."""
    x = np.linspace(-8, 8 + ABOVE, 200_001)
    step, odds = x[1] - x[0], logit(common) + ABOVE * x - ABOVE**2 / 2
    positive, negative = (np.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi) * step for mean in (ABOVE, 0.0))
    p = expit(odds)
    right = float(ndtr(ABOVE / 2))  # sensitivity and specificity
    found, false = common * right, (1 - common) * (1 - right)
    by_chance = common * (found + false) + (1 - common) * (1 - found - false)
    return {
        "Brier score": float(common * positive @ (1 - p) ** 2 + (1 - common) * negative @ p**2),
        "F1": 2 * found / (common + found + false),
        "PPV": found / (found + false),
        "kappa": (right - by_chance) / (1 - by_chance),
    }


@cache
def of_mixed(number: int, patients: int, common: float, most: int, names: tuple[str, ...]) -> dict[str, Bounds | None]:
    """Both intervals of each number in one study; the draws are shared, as in a report.

    Args:
        number: Seed of the study.
        patients: How many there are.
        common: Share of patients with the finding in the population.
        most: Images of a patient.
        names: Keys of :data:`MIXED`.

    Returns:
        "F1, reported": the interval as it stands in a report; "F1, drawn": of resampled patients; "F1, held": of
        resamples within the classes, which keep the number of positives as it was.
    """
    y, p, patient = population(np.random.default_rng(number), patients, common, most)
    statistics = {name: MIXED[name](y, p, common) for name in names}
    sides = sides_by_label(y)  # those of a mean over classes, for which the bootstrap holds the mix
    held: dict[str, CountedStatistic] = {
        name: OfSums(one.blocks, one.finish, sides=sides) if isinstance(one, OfSums) else OfSides(one, sides)
        for name, one in statistics.items()
    }
    both = {f"{name}, drawn": one for name, one in statistics.items()}
    both |= {f"{name}, held": one for name, one in held.items()}
    found = patient_bootstrap_many(both, patient, y, resamples=RESAMPLES)
    found |= {f"{name}, reported": found[f"{name}, drawn"] for name in names}
    if "PPV" in names:
        calls = called(p, common)
        found["PPV, reported"] = interval_for_proportion(y & calls, calls, patient, y, resamples=RESAMPLES)
    return {name: bounds(one) for name, one in found.items()}


#: Patients of a study and the share of them with the finding.
POPULATIONS = ((50, 0.5), (200, 0.15), (200, 0.5))


def mixed() -> Iterator[Cell]:
    """Numbers that move with the mix, in studies whose mix is left to chance."""
    everything = tuple(MIXED)
    for name in MIXED:
        for most in (1, 4):
            for patients, common in POPULATIONS:
                yield mixed_cell(name, patients, common, most, everything)
        if name == "PPV":
            yield mixed_cell(name, 6000, 0.15, 4, ("PPV",))
    for number, (name, truth) in enumerate((("calibration slope", 1.0), ("calibration intercept", 0.0))):
        for most in (1, 4):
            for patients, common in POPULATIONS:
                yield Cell(
                    f"{name}, mix left to chance | {of_population(patients, common)} | {truth:g} | {how_many(most)}",
                    truth,
                    lambda random, a=patients, b=common, m=most: population(random, a, b, m),  # type: ignore[misc]
                    {
                        "reported": partial(line, part=number),
                        "from the likelihood, by image": partial(wald, part=number),
                    },
                )


def of_population(patients: int, common: float) -> str:
    """``about 30 + 170``."""
    return f"about {round(patients * common)} + {patients - round(patients * common)}"


def how_many(most: int) -> str:
    """Images of a patient."""
    return "1" if most == 1 else f"1 to {most}"


def line(study: Study, part: int) -> Bounds | None:
    """The reported interval of the calibration line: 0 slope, 1 intercept."""
    found = calibration_line_intervals(*study)
    return None if found is None else bounds(found[part])


def wald(study: Study, part: int) -> Bounds | None:
    """The same as programs for logistic regression give it: the likelihood's curvature, images as independent."""
    y, p, _ = study
    fitted = calibration_slope_intercept(y, p)
    if fitted is None:
        return None
    x = np.stack([logit(p), np.ones_like(p)], axis=1)
    mu = expit(x @ [fitted.slope, fitted.intercept])
    error = math.sqrt(float(np.linalg.inv(x.T @ (x * (mu * (1 - mu))[:, None]))[part, part]))
    value = (fitted.slope, fitted.intercept)[part]
    return value - 1.959964 * error, value + 1.959964 * error


def one_of_mixed(study: Study, name: str, of: tuple[int, float, int, tuple[str, ...]]) -> Bounds | None:
    """One interval of :func:`of_mixed`; a study is its seed."""
    return of_mixed(study[0], *of).get(name)


def mixed_cell(name: str, patients: int, common: float, most: int, names: tuple[str, ...]) -> Cell:
    """One number in studies that it shares with the others."""
    truth = mixed_truth(common)[name]
    return Cell(
        f"{name}, mix left to chance | {of_population(patients, common)} | {truth:.2f} | {how_many(most)}",
        truth,
        lambda random: (int(random.integers(2**62)), patients, np.arange(1)),
        {},
        {
            title: partial(one_of_mixed, name=f"{name}, {which}", of=(patients, common, most, names))
            for title, which in (
                ("reported", "reported"),
                ("BCa of patients", "drawn"),
                ("BCa of patients, mix held", "held"),
            )
            if which != "drawn" or name == "PPV"  # elsewhere that is what is reported
        },
        f"{patients} {common} {most}",
    )


def ranked(random: Generator, patients: int, common: float, area: float, most: int, wide: float = 1.0) -> Study:
    """Patients as they come and scores of a given AUROC; at least two patients on either side."""
    while True:
        sick = random.random(patients) < common
        if 2 <= sick.sum() <= patients - 2:
            patient = people(random, patients, most)
            y, x = sick[patient], noise(random, patient)
            return y, np.where(y, math.sqrt(1 + wide**2) * ndtri(area) + wide * x, x), patient


def coarse(study: Study) -> Study:
    """The same scores on a scale of five points."""
    return study[0], np.digitize(study[1], FIVE), study[2]


@cache
def precision_truth(common: float, area: float, wide: float = 1.0, *, five: bool = False) -> float:
    """The average precision in the population of :func:`ranked`."""
    shift = math.sqrt(1 + wide**2) * float(ndtri(area))
    cuts = np.concatenate([[-np.inf], FIVE, [np.inf]]) if five else np.linspace(-9, 9 + shift * wide, 200_001)
    hits, called = ndtr((shift - cuts) / wide), ndtr(-cuts)  # shares of the sick and of the well at or above each cut
    precision = common * hits / np.maximum(common * hits + (1 - common) * called, 1e-300)
    each = precision[:-1] if five else (precision[1:] + precision[:-1]) / 2  # tied scores are called together
    return float(-np.diff(hits) @ each)


PRECISION: dict[str, Callable[[Study], Bounds | None]] = {
    "reported": lambda study: bounds(interval_for_average_precision(*study)),
}
PRECISION_DRAWN: dict[str, Callable[[Study], Bounds | None]] = {
    "BCa of patients": lambda study: bounds(
        patient_bootstrap(counted.average_precision(*study[:2]), study[2], resamples=RESAMPLES)
    ),
}


def ranked_cells() -> Iterator[Cell]:
    """Average precision; how common the finding is was left to chance."""
    title = "average precision, mix left to chance"
    for most in (1, 4):
        for patients, common in ((20, 0.5), (50, 0.5), (100, 0.1), (100, 0.5), (200, 0.15), (200, 0.5), (500, 0.03)):
            for area in (0.7, 0.85, 0.95):
                truth = precision_truth(common, area)
                yield Cell(
                    f"{title} | {of_population(patients, common)}, AUROC {area} | {truth:.2f} | {how_many(most)}",
                    truth,
                    partial(ranked, patients=patients, common=common, area=area, most=most),
                    PRECISION,
                    PRECISION_DRAWN if patients < 500 else {},
                )
    for patients, common, wide in ((50, 0.5, 1.5), (100, 0.1, 1.5), (100, 0.9, 1.0)):
        truth, kind = precision_truth(common, 0.85, wide), f", spread {wide:g} times" if wide > 1 else ""
        yield Cell(
            f"{title} | {of_population(patients, common)}, AUROC 0.85{kind} | {truth:.2f} | 1 to 4",
            truth,
            partial(ranked, patients=patients, common=common, area=0.85, most=4, wide=wide),
            PRECISION,
            PRECISION_DRAWN,
        )
    for patients, common in ((50, 0.5), (100, 0.1)):
        truth = precision_truth(common, 0.85, five=True)
        yield Cell(
            f"{title} | {of_population(patients, common)}, AUROC 0.85, five points | {truth:.2f} | 1",
            truth,
            lambda random, a=patients, b=common: coarse(ranked(random, a, b, 0.85, 1)),  # type: ignore[misc]
            PRECISION,
            PRECISION_DRAWN,
        )


def classes_by_chance(random: Generator, patients: int, shares: tuple[float, ...], apart: float, most: int) -> Study:
    """Class numbers and probabilities, every patient of a class drawn by its share; two patients of each at least."""
    while True:
        of_patient = random.choice(len(shares), size=patients, p=shares)
        if min(np.bincount(of_patient, minlength=len(shares))) >= 2:
            patient = people(random, patients, most)
            classes = of_patient[patient]
            odds = apart * (noise(random, patient, len(shares)) + apart * np.eye(len(shares))[classes])
            return classes, softmax(odds + np.log(shares), axis=1), patient


def table_statistics(study: Study) -> dict[str, CountedStatistic]:
    """What is drawn for more than two classes."""
    truth, table, _ = study
    called = table.argmax(axis=1)
    return {
        "macro F1": counted.macro_f1(truth, called, table.shape[1]),
        "balanced accuracy": counted.balanced_accuracy(truth, called, table.shape[1]),
    }


@cache
def of_many(kind: str, number: int, *settings: Any) -> dict[str, Bounds | None]:
    """The drawn intervals of all numbers of one study, from shared draws as in a report.

    Args:
        kind: Key of :data:`KINDS`.
        number: Seed of the study.
        *settings: What the study is made of.
    """
    make, statistics, by_label = KINDS[kind]
    study = make(np.random.default_rng(number), *settings)
    strata = study[0] if by_label else None
    found = patient_bootstrap_many(statistics(study), study[2], strata, resamples=RESAMPLES)
    return {name: bounds(one) for name, one in found.items()}


def one_of_many(study: Study, name: str, kind: str, settings: tuple[Any, ...]) -> Bounds | None:
    """One interval of :func:`of_many`; a study is its seed."""
    return of_many(kind, study[0], *settings).get(name)


def cell_of_many(title: str, truth: float, name: str, kind: str, settings: tuple[Any, ...]) -> Cell:
    """One number in studies that it shares with the others of its kind."""
    return Cell(
        title,
        truth,
        lambda random: (int(random.integers(2**62)), settings, np.arange(1)),
        {},
        {"reported": partial(one_of_many, name=name, kind=kind, settings=settings)},
        f"{kind} {settings}",
    )


def mean_precision(study: Study) -> Bounds | None:
    """The reported interval of the mean average precision of several classes."""
    truth, table, patient = study
    return bounds(
        interval_for_mean_precision([Question(truth == k, table[:, k], patient) for k in range(len(table.T))])
    )


#: How common each of five findings is, and how far its cases lie above the others.
FINDINGS = ((0.5, 1.0), (0.3, 1.5), (0.2, 1.2), (0.12, 2.0), (0.08, 1.5))


def several_findings(random: Generator, patients: int, most: int) -> Study:
    """``image finding`` truth and calibrated probabilities; findings of a patient go together, and so do scores."""
    common, above = np.array(FINDINGS).T
    while True:
        ill = random.normal(size=(patients, 1)) * math.sqrt(0.3)
        sick = ill + random.normal(size=(patients, len(common))) * math.sqrt(0.7) < ndtri(common)
        if (sick.sum(axis=0) >= 2).all() and (sick.sum(axis=0) <= patients - 2).all():
            patient = people(random, patients, most)
            y = sick[patient]
            x = math.sqrt(0.8) * noise(random, patient, len(common)) + math.sqrt(0.2) * noise(random, patient, 1)
            return y, expit(logit(common) + above * (x + above * y) - above**2 / 2), patient


def finding_statistics(study: Study) -> dict[str, CountedStatistic]:
    """The means over findings that are drawn."""
    y, p, _ = study
    return {
        "AUROC": counted.mean_of([counted.auroc(*one) for one in zip(y.T, p.T, strict=True)]),
        "Brier score": counted.mean_of_columns((p - y) ** 2),
        "log loss": counted.mean_of_columns(-np.log(np.where(y, p, 1 - p))),
        "share of right decisions": counted.mean_of_columns(((p >= 0.5) == y).astype(float)),
    }


def mean_precision_of_findings(study: Study) -> Bounds | None:
    """The reported interval of the mean average precision of several findings."""
    y, p, patient = study
    return bounds(interval_for_mean_precision([Question(*one, patient) for one in zip(y.T, p.T, strict=True)]))


PRECISION_NAME = "average precision"


@cache
def mean_truths(shares: tuple[float, ...] = (), apart: float = 0.0) -> dict[str, float]:
    """Means over classes (given shares) or over findings in a very large study."""
    random, size, rounds = np.random.default_rng(0), 200_000, 5
    found: list[dict[str, float]] = []
    for _ in range(rounds):
        one = np.ones((1, size))
        if shares:
            study = classes_by_chance(random, size, shares, apart, 1)
            sides = [(study[0] == k, study[1][:, k]) for k in range(len(shares))]
            statistics = table_statistics(study)
        else:
            study = several_findings(random, size, 1)
            sides, statistics = list(zip(study[0].T, study[1].T, strict=True)), finding_statistics(study)
        values = {name: float(statistic(one)[0]) for name, statistic in statistics.items()}
        values[PRECISION_NAME] = float(np.mean([discrimination.average_precision(*side) for side in sides]))
        found.append(values)
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def mean_cells() -> Iterator[Cell]:
    """Means over classes and over findings."""
    for most in (1, 4):
        for patients, shares in (
            (30, (1 / 3,) * 3),
            (75, (1 / 3,) * 3),
            (100, (0.1, 0.3, 0.6)),
            (300, (0.1, 0.3, 0.6)),
        ):
            truths, sizes = mean_truths(shares, 1.5), " + ".join(f"{patients * share:.0f}" for share in shares)
            for name, truth in truths.items():
                title = (
                    f"means over 3 classes, mix left to chance | about {sizes}, {name} | {truth:.2f} | {how_many(most)}"
                )
                settings = (patients, shares, 1.5, most)
                if name == PRECISION_NAME:
                    make = partial(classes_by_chance, patients=patients, shares=shares, apart=1.5, most=most)
                    yield Cell(title, truth, make, {"reported": mean_precision})
                else:
                    yield cell_of_many(title, truth, name, "classes", settings)
        for patients in (50, 100, 300):
            for name, truth in mean_truths().items():
                title = f"means over 5 findings | {patients}, {name} | {truth:.2f} | {how_many(most)}"
                if name == PRECISION_NAME:
                    make = partial(several_findings, patients=patients, most=most)
                    yield Cell(title, truth, make, {"reported": mean_precision_of_findings})
                else:
                    yield cell_of_many(title, truth, name, "findings", (patients, most))


def too_sure(random: Generator, patients: int, common: float, most: int, times: float) -> Study:
    """The population with logits multiplied: calibrated for 1, too sure above."""
    y, p, patient = population(random, patients, common, most)
    return y, expit(times * logit(p)), patient


@cache
def error_truth(common: float, times: float, bins: int = 10) -> float:
    """The calibration error in the population, in as many bins of equal share."""
    x = np.linspace(-8, 8 + ABOVE, 400_001)
    odds = logit(common) + ABOVE * x - ABOVE**2 / 2
    share = common * np.exp(-((x - ABOVE) ** 2) / 2) + (1 - common) * np.exp(-(x**2) / 2)
    share /= share.sum()
    number = np.minimum((np.cumsum(share) * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(number, weights=share * (expit(odds) - expit(times * odds)))).sum())


def error_statistic(y: Any, p: Floats, bins: int = 10) -> CountedStatistic:
    """The calibration error of every resample, its bins drawn anew as they would be in new data; no two p are alike."""
    rising = np.argsort(p)
    gap = (p - y)[rising]

    def statistic(counts: Floats) -> Floats:
        drawn = counts[:, rising]
        upto = np.cumsum(drawn, axis=1)
        n = upto[:, -1:]
        number = np.minimum((2 * upto - drawn) * bins // (2 * n), bins - 1).astype(int)
        number += np.arange(len(counts))[:, None] * bins
        sums = np.bincount(number.ravel(), weights=(drawn * gap).ravel(), minlength=len(counts) * bins)
        return np.asarray(np.abs(sums.reshape(-1, bins)).sum(axis=1) / n[:, 0])

    return statistic


def error_bounds(study: Study) -> Bounds | None:
    """BCa of the calibration error."""
    y, p, patient = study
    return bounds(patient_bootstrap(error_statistic(y, p), patient, resamples=RESAMPLES))


def error_cells() -> Iterator[Cell]:
    """Calibration error of a model that is calibrated, and of one that is twice too sure."""
    for times in (1.0, 2.0):
        kind = "calibrated" if times == 1 else "twice too sure"
        for patients, common in POPULATIONS:
            truth = error_truth(common, times)
            yield Cell(
                f"calibration error, mix left to chance | {of_population(patients, common)}, {kind} | {truth:.2f} | 1",
                truth,
                partial(too_sure, patients=patients, common=common, most=1, times=times),
                {},
                {"BCa of patients": error_bounds},
            )


def benefit_truth(common: float, threshold: float) -> tuple[float, float]:
    """Net benefit in the population, and what it gains over treating everybody."""
    cut = (logit(threshold) - logit(common) + ABOVE**2 / 2) / ABOVE
    odds = threshold / (1 - threshold)
    benefit = float(common * ndtr(ABOVE - cut) - (1 - common) * ndtr(-cut) * odds)
    return benefit, benefit - (common - (1 - common) * odds)


#: Probabilities from which one would act.
ACT_FROM = (0.1, 0.3, 0.6)


def benefit_statistics(study: Study) -> dict[str, CountedStatistic]:
    """Net benefit at each of these thresholds."""
    return counted_net_benefit(*study[:2], ACT_FROM)


def drawn_gain(study: Study, threshold: float) -> Bounds | None:
    """BCa of the gain over treating everybody."""
    y, p, patient = study
    odds = threshold / (1 - threshold)
    each = np.where(p >= threshold, 0.0, np.where(y, -1.0, odds))
    return bounds(patient_bootstrap(counted.mean_of_columns(each[:, None]), patient, resamples=RESAMPLES))


def benefit_cells() -> Iterator[Cell]:
    """Three points of a decision curve."""
    for most in (1, 4):
        for patients, common in POPULATIONS:
            for at, threshold in enumerate(ACT_FROM):
                truth = benefit_truth(common, threshold)[0]
                who = f"{of_population(patients, common)}, acting from {threshold}"
                title = f"net benefit, mix left to chance | {who} | {truth:.3f} | {how_many(most)}"
                yield cell_of_many(title, truth, str(at), "benefit", (patients, common, most))
    for most in (1, 4):
        for patients, common in POPULATIONS:
            for threshold in ACT_FROM:
                truth = benefit_truth(common, threshold)[1]
                who = f"{of_population(patients, common)}, acting from {threshold}"
                yield Cell(
                    f"gain over treating everybody, mix left to chance | {who} | {truth:.3f} | {how_many(most)}",
                    truth,
                    partial(population, patients=patients, common=common, most=most),
                    {
                        "reported": lambda study, at=threshold: bounds(
                            gain_over_everybody(*study[:2], [at], study[2])[0]
                        )
                    },  # type: ignore[misc]
                    {"BCa of patients": partial(drawn_gain, threshold=threshold)},
                )


#: Kind -> how its studies are made, what is drawn of them, and whether their labels are strata, as in a report.
KINDS: dict[str, tuple[Callable[..., Study], Callable[[Study], dict[str, CountedStatistic]], bool]] = {
    "classes": (classes_by_chance, table_statistics, True),
    "findings": (several_findings, finding_statistics, False),
    "benefit": (population, benefit_statistics, False),
}


def readings(random: Generator, patients: int, shares: tuple[float, ...], most: int, unread: float) -> Study:
    """``reader image``: won, and read; half of what makes an image hard is the same for all readers."""
    patient = people(random, patients, most)
    hard = noise(random, patient)
    own = random.normal(size=(len(shares), len(patient)))
    won = math.sqrt(0.5) * hard + math.sqrt(0.5) * own < ndtri(np.array(shares))[:, None]
    read = random.random(won.shape) >= unread
    read[:, 0] |= ~read.any(axis=1)
    return won & read, read, patient


def as_pairs(study: Study) -> list[Any]:
    """Successes and trials of each reader."""
    return list(zip(*study[:2], strict=True))


READERS: dict[str, Callable[[Study], Bounds | None]] = {
    "reported": lambda study: bounds(interval_for_mean_proportion(as_pairs(study), study[2])),
    "Wilson, every reading a case": lambda study: bounds(wilson(int(study[0].sum()), int(study[1].sum()))),
}
READERS_DRAWN: dict[str, Callable[[Study], Bounds | None]] = {
    "BCa of patients": lambda study: bounds(
        patient_bootstrap(
            counted.mean_of([counted.rate(*pair) for pair in as_pairs(study)]), study[2], resamples=RESAMPLES
        )
    ),
}


def reader_cells() -> Iterator[Cell]:
    """The mean share of these readers on other patients."""
    for readers, unread, most in ((3, 0.0, 1), (6, 0.0, 1), (3, 0.3, 1), (3, 0.0, 4)):
        for patients in (10, 25, 50):
            for share in (0.7, 0.85, 0.95):
                shares = tuple(np.linspace(share - 0.04, share + 0.04, readers).round(6).tolist())
                kind = f"{readers} readers" + (", 3 of 10 unread" if unread else "")
                yield Cell(
                    f"average of readers | {patients}, {kind} | {share} | {how_many(most)}",
                    share,
                    partial(readings, patients=patients, shares=shares, most=most, unread=unread),
                    READERS,
                    READERS_DRAWN,
                )


def promise(random: Generator, patients: int, most: int) -> Study:
    """Scores of a class that are even between 0 and 1, so that a quantile is its own coverage."""
    patient = people(random, patients, most)
    return np.zeros(len(patient), dtype=int), ndtr(noise(random, patient)), patient


def promise_bounds(study: Study, *, by_patient: bool) -> Bounds | None:
    """The range of realised coverage, seen from the coverage that this calibration has."""
    truth, score, patient = study
    quantile = class_quantiles(truth, np.stack([1 - score, score], axis=1))[0]
    reach = coverage_range(len(np.unique(patient)) if by_patient else len(patient))
    return None if reach is None or quantile is None else (reach.low - quantile, reach.high - quantile)


def promise_cells() -> Iterator[Cell]:
    """The range in which the coverage of a conformal set should lie in 90 of 100 calibrations."""
    for most in (1, 4):
        for patients in (20, 50, 200):
            yield Cell(
                f"conformal coverage of a class (range of 90 %) | {patients} | 0.9 | {how_many(most)}",
                0.0,
                partial(promise, patients=patients, most=most),
                {
                    "reported": partial(promise_bounds, by_patient=True),
                    "by image": partial(promise_bounds, by_patient=False),
                },
            )


#: Dimensions of the cases in :func:`folds`, and how far each class lies from the middle along every one.
DIMENSIONS, APART = 10, 0.25


def folds(random: Generator, cases: int) -> Study:
    """The AUROC of each fold of five times five, of a linear classifier trained in it; cases, and no patients."""
    y = np.arange(cases) % 2 == 0
    x = random.normal(size=(cases, DIMENSIONS)) + np.where(y[:, None], APART, -APART)
    areas = []
    for _ in range(5):
        part = np.empty(cases, dtype=int)
        for of_class in (y, ~y):
            part[of_class] = random.permutation(int(of_class.sum())) % 5
        for number in range(5):
            weights = fit(x[part != number], y[part != number])
            areas.append(auroc(y[part == number], x[part == number] @ weights))
    return areas, cases, np.arange(1)


def fit(x: Floats, y: Floats) -> Floats:
    """Ridge regression on the classes."""
    return np.asarray(np.linalg.solve(x.T @ x + np.eye(DIMENSIONS), x.T @ np.where(y, 1.0, -1.0)))


@cache
def learned_area(cases: int) -> float:
    """The mean true AUROC of such classifiers, each trained on fresh data of four fifths of the cases."""
    random, size, areas = np.random.default_rng(0), cases * 4 // 5, []
    y = np.arange(size) % 2 == 0
    for _ in range(4000):
        weights = fit(random.normal(size=(size, DIMENSIONS)) + np.where(y[:, None], APART, -APART), y)
        areas.append(float(ndtr(2 * APART * weights.sum() / math.sqrt(2 * float(weights @ weights)))))
    return float(np.mean(areas))


def procedure(study: Study) -> Bounds | None:
    """Nadeau and Bengio."""
    areas, cases, _ = study
    return bounds(procedure_interval(areas, 5, 5, cases * 4 / 5, cases / 5))


def folds_as_independent(study: Study) -> Bounds | None:
    """Student's t over the folds, as if each were a study of its own."""
    areas = np.array(study[0])
    half = 2.0639 * float(areas.std(ddof=1)) / math.sqrt(len(areas))
    return float(areas.mean()) - half, float(areas.mean()) + half


def cover(cell: Cell, studies: int, bootstraps: int) -> dict[str, Any]:
    """Tries every interval of a cell.

    Args:
        cell: Which studies, and which intervals.
        studies: How many for intervals from formulas.
        bootstraps: How many of them for bootstraps, and for the reported interval where it is one.

    Returns:
        Method -> ``studies``, ``covered``, ``too_high`` (lower bound above the truth), ``too_low``, mean ``width``.
    """
    random = np.random.default_rng(zlib.crc32((cell.seed or cell.name).encode()))
    methods = cell.closed | cell.drawn
    found: dict[str, list[Bounds]] = {name: [] for name in methods}
    slow = set(cell.drawn)
    for number in range(studies if cell.closed else min(studies, bootstraps)):
        study = cell.make(random)
        for name, method in methods.items():
            if number >= bootstraps and name in slow:
                continue
            started = time.perf_counter()
            limits = method(study)
            if number == bootstraps // 2 and time.perf_counter() - started > 0.02:
                slow.add(name)
            if limits is not None:
                found[name].append(limits)
    table = {}
    for name, limits in found.items():
        low, high = np.array(limits).T
        table[name] = {
            "studies": len(limits),
            "covered": round(float(np.mean((low <= cell.truth) & (cell.truth <= high))), 4),
            "too_high": round(float(np.mean(low > cell.truth)), 4),
            "too_low": round(float(np.mean(high < cell.truth)), 4),
            "width": round(float(np.mean(high - low)), 4),
        }
    return table


def as_tables(found: dict[str, Any]) -> str:
    """Markdown: a table for each thing, a row per cell, a column per method that was tried on it."""
    kinds: dict[str, list[str]] = {}
    for name in found:
        kinds.setdefault(name.split(" | ")[0], []).append(name)
    tables = []
    for kind, names in kinds.items():
        methods = list(dict.fromkeys(method for name in names for method in found[name]))
        lines = [f"### {kind}", "", f"| patients | truth | images each | {' | '.join(methods)} |"]
        lines.append("|---" * (3 + len(methods)) + "|")
        for name in names:
            shares = [f"{found[name][method]['covered']:.3f}" if method in found[name] else "–" for method in methods]
            lines.append(f"| {' | '.join([*name.split(' | ')[1:], f'**{shares[0]}**', *shares[1:]])} |")
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


def wilson_exactly(n: int, share: float) -> float:
    """The coverage of Wilson's interval for n cases, from all n + 1 results there can be."""
    won = np.arange(n + 1)
    limits = [wilson(int(k), n) for k in won]
    holds = [one is not None and one.low <= share <= one.high for one in limits]
    return float(binom.pmf(won, n, share) @ np.array(holds))


def wilson_table() -> str:
    """Markdown: at one share the coverage jumps, since few results are possible; around it the jumps even out."""
    lines = ["| patients | true share | coverage, exact | mean over shares within 0.05 |", "|---|---|---|---|"]
    for n in (10, 25, 50, 100):
        for share in (0.7, 0.85, 0.95):
            around = np.mean([wilson_exactly(n, float(p)) for p in np.linspace(share - 0.049, share + 0.049, 99)])
            lines.append(f"| {n} | {share} | {wilson_exactly(n, share):.3f} | {around:.3f} |")
    return "\n".join(lines)


def main() -> None:
    """Fills the file and prints the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=Path("coverage.json"))
    options.add_argument("--studies", type=int, default=2000)
    options.add_argument("--bootstraps", type=int, default=1000)
    options.add_argument("--only", default="", help="cells whose name holds this")
    options.add_argument("--table", action="store_true")
    given = options.parse_args()
    found = json.loads(given.out.read_text()) if given.out.exists() else {}
    for cell in () if given.table else cells():
        if cell.name in found or given.only not in cell.name:
            continue
        started = time.perf_counter()
        found[cell.name] = cover(cell, given.studies, given.bootstraps)
        atomic_write(given.out, json.dumps(found, indent=1))
        shares = {name: one["covered"] for name, one in found[cell.name].items()}
        print(f"{cell.name}: {shares}, {time.perf_counter() - started:.0f} s", flush=True)
    print(as_tables(found), wilson_table(), sep="\n\n")


if __name__ == "__main__":
    main()
