"""Readers of known skill on cases of known truth: for lessons, for planning a study, and for our own tests.

Each case has a difficulty that all readers share and each reading an error of its own; what a reader perceives is their
sum, and he or she calls the finding above a threshold. Sensitivity and specificity are those asked for, whatever the
share of the error that is common: with 0 readers err independently, with 1 on the same cases. This is the probit model
of Roe & Metz 1997 (10.1016/S1076-6332(97)80210-3) with one modality, without its random effect of readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import multivariate_normal


@dataclass(frozen=True)
class Skill:
    """How well somebody reads.

    Attributes:
        sensitivity: Share of cases with the finding that are called, in (0, 1).
        specificity: Share of cases without it that are not called, in (0, 1).
        shared: Share of the variance that all readers have in common, in [0, 1).
    """

    sensitivity: float
    specificity: float
    shared: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.sensitivity < 1 and 0 < self.specificity < 1 and 0 <= self.shared < 1):
            raise ValueError("sensitivity and specificity must lie in (0, 1), shared in [0, 1)")


@dataclass(frozen=True)
class Simulated:
    """Simulated readings.

    Attributes:
        truth: One bool per case.
        patients: Number of the patient of each case.
        called: ``reader case``: 1 called, 0 not, NaN not read.
        confidence: ``reader case``: 0 to 100, how likely the finding is there; NaN likewise.
    """

    truth: NDArray[np.bool_]
    patients: NDArray[np.int64]
    called: NDArray[np.float64]
    confidence: NDArray[np.float64]


def simulate_readers(
    skills: Sequence[Skill],
    *,
    cases: int = 420,
    prevalence: float = 0.3,
    images_per_patient: int = 1,
    missing: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """Simulates a reader study.

    Args:
        skills: One per reader.
        cases: How many images.
        prevalence: Share of patients with the finding, in (0, 1).
        images_per_patient: All of a patient have the same truth and the same difficulty.
        missing: Share of readings that are missing, at random, in [0, 1).
        seed: The same seed gives the same study.

    Raises:
        ValueError: A number is out of its range.
    """
    if cases < 2 or not 0 < prevalence < 1 or not 0 <= missing < 1 or images_per_patient < 1:
        raise ValueError("needs two cases or more, a prevalence in (0, 1) and missing in [0, 1)")
    random = np.random.default_rng(seed)
    patients = np.arange(cases) // images_per_patient
    n = int(patients[-1]) + 1
    ill = random.permutation(n) < max(1, round(prevalence * n))
    truth, difficulty = ill[patients], random.normal(size=n)[patients]
    called, confidence = np.empty((len(skills), cases)), np.empty((len(skills), cases))
    for number, skill in enumerate(skills):
        noise = random.normal(size=cases)
        perceived = np.sqrt(skill.shared) * difficulty + np.sqrt(1 - skill.shared) * noise
        # Above 0 is called: the shift makes the share of called cases what was asked for.
        perceived = perceived + np.where(truth, ndtri(skill.sensitivity), -ndtri(skill.specificity))
        called[number] = perceived > 0
        confidence[number] = np.round(100 / (1 + np.exp(-1.7 * perceived)))
    # Rounding may put a call onto 50, where nobody would say which side it is on.
    confidence = np.where(called == 1, np.maximum(confidence, 51), np.minimum(confidence, 49))
    unread = random.random(called.shape) < missing
    called[unread], confidence[unread] = np.nan, np.nan
    return Simulated(truth, patients, called, confidence)


def expected_cells(one: Skill, other: Skill, prevalence: float) -> NDArray[np.float64]:
    """How two readers share the cases in the long run: ``called by one, called by the other``, adds up to 1.

    Args:
        one: A reader.
        other: Another one.
        prevalence: Share of cases with the finding.
    """
    correlation = float(np.sqrt(one.shared * other.shared))
    both_ill = _both(one.sensitivity, other.sensitivity, correlation)
    both_well = _both(1 - one.specificity, 1 - other.specificity, correlation)
    both = prevalence * both_ill + (1 - prevalence) * both_well
    first = prevalence * one.sensitivity + (1 - prevalence) * (1 - one.specificity)
    second = prevalence * other.sensitivity + (1 - prevalence) * (1 - other.specificity)
    return np.array([[1 - first - second + both, second - both], [first - both, both]])


def expected_f1(one: Skill, other: Skill, prevalence: float) -> float:
    """The F1 of two readers in the long run; arguments as for `expected_cells`."""
    cells = expected_cells(one, other, prevalence)
    return float(2 * cells[1, 1] / (2 * cells[1, 1] + cells[0, 1] + cells[1, 0]))


def expected_kappa(one: Skill, other: Skill, prevalence: float) -> float:
    """Cohen's kappa of two readers in the long run; arguments as for `expected_cells`."""
    cells = expected_cells(one, other, prevalence)
    chance = float(cells.sum(axis=1) @ cells.sum(axis=0))
    return float((np.trace(cells) - chance) / (1 - chance))


def _both(one: float, other: float, correlation: float) -> float:
    """Chance that both of two correlated normal variables stay below their quantiles."""
    covariance = [[1.0, correlation], [correlation, 1.0]]
    return float(multivariate_normal([0, 0], covariance).cdf([ndtri(one), ndtri(other)]))


def as_wide_csv(study: Simulated, finding: str = "effusion", *, with_truth: bool = True) -> str:
    """The study as a wide table: image, patient, one column per reader, truth.

    Args:
        study: From `simulate_readers`.
        finding: What the readers look for.
        with_truth: Add a column with the truth.
    """
    words = {1.0: finding, 0.0: f"no {finding}"}
    readers = [f"reader {number}" for number in range(1, len(study.called) + 1)]
    lines = [",".join(["image", "patient", *readers, *(["truth"] if with_truth else [])])]
    for case, (patient, truth) in enumerate(zip(study.patients, study.truth, strict=True)):
        cells = [words.get(float(call), "") for call in study.called[:, case]]
        cells += [words[float(truth)]] if with_truth else []
        lines.append(",".join([f"case{case + 1:04d}.png", f"P{patient + 1:04d}", *cells]))
    return "\n".join(lines) + "\n"


def as_long_csv(study: Simulated, finding: str = "effusion", *, with_truth: bool = True) -> str:
    """The study as a long table with confidences: image, patient, reader, label, confidence, truth."""
    words = {1.0: finding, 0.0: f"no {finding}"}
    lines = [",".join(["image", "patient", "reader", "label", "confidence", *(["truth"] if with_truth else [])])]
    for case, (patient, truth) in enumerate(zip(study.patients, study.truth, strict=True)):
        for reader, call in enumerate(study.called[:, case]):
            if np.isfinite(call):
                cells = [f"case{case + 1:04d}.png", f"P{patient + 1:04d}", f"reader {reader + 1}", words[float(call)]]
                cells.append(f"{study.confidence[reader, case]:.0f}")
                lines.append(",".join(cells + ([words[float(truth)]] if with_truth else [])))
    return "\n".join(lines) + "\n"
