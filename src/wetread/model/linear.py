"""Standardised features with L2 logistic regression, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.model.inputs import Inputs
from wetread.model.logistic import fit_logistic
from wetread.shapes import Floats

#: Strengths that are tried inside the training folds, in units of scikit-learn's C, strongest penalty first.
STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)

#: Directions shorter than this part of the longest are rounding.
SHORTEST = 1e-6

#: The logit of a class of which nothing was seen.
NEVER = -20.0


@dataclass(frozen=True)
class LinearPart:
    """A linear model of features.

    Attributes:
        sees: Which features: classical, frozen or combined.
        centre: Of each feature over the training pictures.
        scale: Of each feature; 0 where it never varied, so that it is ignored.
        weights: ``feature class`` (or finding).
        bias: ``class``.
    """

    sees: str
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits_of_features(self, features: Floats) -> Floats:
        """``image feature`` -> ``image class``."""
        # einsum, not BLAS: its sums do not depend on how many pictures are asked for at once.
        standard = (features - self.centre) * self.scale
        logits: Floats = np.einsum("if,fc->ic", standard, self.weights) + self.bias
        return logits

    def logits(self, inputs: Inputs) -> Floats:
        """Pictures -> ``image class``."""
        return self.logits_of_features(inputs.features(self.sees))

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """What is stored of it, by name."""
        return {"centre": self.centre, "scale": self.scale, "weights": self.weights, "bias": self.bias}

    def described(self) -> dict[str, Any]:
        """What else must be known to rebuild it."""
        return {"kind": "linear", "sees": self.sees}

    @staticmethod
    def from_arrays(sees: str, arrays: dict[str, NDArray[np.float64]]) -> LinearPart:
        """Rebuilds the part from what `arrays` gave."""
        return LinearPart(sees, arrays["centre"], arrays["scale"], arrays["weights"], arrays["bias"])


class LinearFit:
    """Fits the same training rows at several strengths.

    With more features than rows, L2 logistic regression depends on the rows only through their inner products, so it
    is solved in the space of the rows: a hundred unknowns instead of two thousand. The change of basis comes from the
    eigenvectors of the smaller of the two products of the feature table with itself, ten times as fast as an SVD of the
    table; directions a millionth as long as the longest are left out, since any penalty closes them.

    Args:
        sees: Which features these are.
        features: ``image feature``.
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN (not known).
        classes: Number of classes or findings.
        embedded: How many of the last features are an embedding.
    """

    def __init__(self, sees: str, features: Floats, labels: NDArray[Any], classes: int, *, embedded: int = 0) -> None:
        self._sees, self._labels, self._classes = sees, labels, classes
        self._centre = features.mean(axis=0)
        deviation = features.std(axis=0)
        varies = deviation > 1e-8
        if embedded:
            # An embedding keeps its proportions: what hardly varies says little, and blown up it drowns the rest. On
            # four sets this raised the AUROC by 0.01 to 0.09 (docs/accuracy.md).
            deviation[-embedded:] = np.sqrt(np.mean(deviation[-embedded:] ** 2))
        self._scale = np.where(varies, 1.0 / np.where(varies, np.maximum(deviation, 1e-12), 1.0), 0.0)
        standard = (features - self._centre) * self._scale
        self._rotated, self._back = _rotate(standard)

    def at(self, strength: float) -> LinearPart:
        """The model with penalty 1 / strength."""
        return self.at_each([strength] * self._classes)

    def at_each(self, strengths: Sequence[float]) -> LinearPart:
        """The model with a penalty for each finding; for classes, which are fitted together, the first counts."""
        if self._labels.ndim == 1:
            rotated, bias = self._fit_classes(strengths[0])
        else:
            columns = [self._fit_finding(number, strength) for number, strength in enumerate(strengths)]
            rotated, bias = np.stack([one for one, _ in columns], axis=1), np.array([one for _, one in columns])
        weights = np.asarray(self._back(rotated), dtype=np.float64)
        return LinearPart(self._sees, self._centre, self._scale, weights, np.asarray(bias, dtype=np.float64))

    def _fit_classes(self, strength: float) -> tuple[Floats, Floats]:
        seen, number = np.unique(self._labels, return_inverse=True)
        full, full_bias = np.zeros((self._rotated.shape[1], self._classes)), np.full(self._classes, NEVER)
        if len(seen) == 2:  # one sigmoid, as for a finding, and half of it for each side
            weights, bias = fit_logistic(self._rotated, number[None, :], strength)
            sides = np.array([[-0.5], [0.5]])
            weights, bias = sides * weights, sides[:, 0] * bias
        elif len(seen) > 2:
            weights, bias = fit_logistic(self._rotated, np.eye(len(seen))[number].T, strength)
        else:
            weights, bias = np.zeros((1, len(full))), np.zeros(1)
        full[:, seen], full_bias[seen] = weights.T, bias
        return full, full_bias

    def _fit_finding(self, number: int, strength: float) -> tuple[Floats, float]:
        truth = self._labels[:, number]
        known = ~np.isnan(truth)
        present = truth[known].astype(np.int64)
        if len(set(present.tolist())) < 2:  # only one side was seen: the prevalence, on the scale of log odds
            share = (present.sum() + 0.5) / (len(present) + 1.0)
            return np.zeros(self._rotated.shape[1]), float(np.log(share / (1 - share)))
        # The basis spans all rows, so it spans those whose label is known: the change of basis stays exact.
        weights, bias = fit_logistic(self._rotated[known], present[None, :], strength)
        return weights[0], float(bias[0])


def _rotate(standard: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    """Rows in a basis of their own space, and the way back from weights in that basis to weights of features."""
    rows, columns = standard.shape
    if rows >= columns:
        squares, directions = np.linalg.eigh(standard.T @ standard)
        directions = directions[:, squares > SHORTEST**2 * max(squares[-1], 1e-300)]
        return standard @ directions, lambda weights: directions @ weights
    squares, left = np.linalg.eigh(standard @ standard.T)
    kept = squares > SHORTEST**2 * max(squares[-1], 1e-300)
    left, lengths = left[:, kept], np.sqrt(squares[kept])
    return left * lengths, lambda weights: standard.T @ ((left / lengths) @ weights)
