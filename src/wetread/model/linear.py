"""Standardised features with L2 logistic regression, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.model.features import classical_features
from wetread.shapes import Floats, Ints, Picture

#: Strengths that are tried inside the training folds, in units of scikit-learn's C, strongest penalty first.
STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class LinearPart:
    """A linear model of classical features.

    Attributes:
        centre: Of each feature over the training pictures.
        scale: Of each feature; 0 where it never varied, so that it is ignored.
        weights: ``feature class``.
        bias: ``class``.
    """

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

    def logits(self, pictures: Sequence[Picture]) -> Floats:
        """Pictures -> ``image class``."""
        return self.logits_of_features(classical_features(pictures))

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """What is stored of it, by name."""
        return {"centre": self.centre, "scale": self.scale, "weights": self.weights, "bias": self.bias}

    @staticmethod
    def from_arrays(arrays: dict[str, NDArray[np.float64]]) -> LinearPart:
        """Rebuilds the part from what `arrays` gave."""
        return LinearPart(arrays["centre"], arrays["scale"], arrays["weights"], arrays["bias"])


class LinearFit:
    """Fits the same training rows at several strengths.

    With more features than rows, L2 logistic regression depends on the rows only through their inner products, so it
    is solved in the space of the rows (an exact change of basis by SVD): a hundred unknowns instead of two thousand.
    """

    def __init__(self, features: Floats, labels: Ints, classes: int) -> None:
        self._labels, self._classes = labels, classes
        self._centre = features.mean(axis=0)
        deviation = features.std(axis=0)
        varies = deviation > 1e-8
        self._scale = np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0)
        standard = (features - self._centre) * self._scale
        left, singular, self._basis = np.linalg.svd(standard, full_matrices=False)
        self._rotated = left * singular

    def at(self, strength: float) -> LinearPart:
        """The model with penalty 1 / strength."""
        # Imported here: scikit-learn is not needed to use a model.
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=strength, max_iter=500).fit(self._rotated, self._labels)
        weights = self._basis.T @ model.coef_.T
        bias = model.intercept_
        if weights.shape[1] == 1:  # scikit-learn stores one column for two classes
            weights, bias = np.hstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
        full_weights, full_bias = np.zeros((weights.shape[0], self._classes)), np.full(self._classes, -20.0)
        full_weights[:, model.classes_], full_bias[model.classes_] = weights, bias
        return LinearPart(self._centre, self._scale, full_weights, full_bias)
