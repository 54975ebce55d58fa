"""All pictures of a set as points: near each other where the model finds them alike.

Two ways, both without further packages. PCA (by SVD) is linear: distances mean what they say, as far as two directions
tell. t-SNE (van der Maaten & Hinton 2008, by scikit-learn) keeps neighbours together; distances between its groups,
their sizes and gaps mean nothing. UMAP would bring a compiler as a dependency and answers the same question as t-SNE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetread.model.classifier import Classifier
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearPart
from wetread.shapes import Floats, Picture

#: Pictures for which t-SNE is worth its time: below, PCA says it all; above, it takes minutes.
FEWEST, MOST = 40, 2500
#: Principal components that t-SNE looks at.
_COMPONENTS = 50
BATCH = 32


@dataclass(frozen=True)
class EmbeddingMap:
    """Points.

    Attributes:
        sees: What the model made of the pictures, in words.
        components: First two principal components, ``image 2``.
        shares: Of the variance, two numbers in [0, 1].
        neighbours: By t-SNE, ``image 2``; None where it was left out.
    """

    sees: str
    components: Floats
    shares: tuple[float, float]
    neighbours: Floats | None


def embed(classifier: Classifier, pictures: Sequence[Picture]) -> tuple[Floats, str]:
    """What a model makes of pictures before it decides, ``image feature``, and what that is.

    The part with the largest share counts: the last features of its network, the embedding of its frozen backbone, or
    its classical features in units of their spread.
    """
    shares = classifier.shares or (1.0,) * len(classifier.parts)
    part = classifier.parts[int(np.argmax([np.mean(share) for share in shares]))]
    if isinstance(part, LinearPart) and (part.sees == "classical" or classifier.backbone is None):
        return (Inputs(pictures).classical() - part.centre) * part.scale, "classical features"
    if part.described()["kind"] in ("linear", "head") and classifier.backbone is not None:
        inputs = Inputs(pictures, classifier.backbone, keep=True)
        return inputs.embedding().astype(np.float64), f"frozen features of {classifier.backbone.network}"
    # Imported here: models without a network need no torch.
    import torch

    from wetread.explanation.subject import make_subject

    branch = make_subject(classifier).branches[0]
    found = []
    with torch.no_grad():
        for start in range(0, len(pictures), BATCH):
            features = branch.body(branch.batch(pictures[start : start + BATCH])).flatten(1)
            found.append(features.double().cpu().numpy())
    return np.concatenate(found), f"last features of the network {branch.name}"


def principal_components(features: Floats) -> tuple[Floats, tuple[float, float]]:
    """First two principal components ``image 2``, and the shares of the variance they hold.

    Signs are settled: the feature that weighs most in a component weighs positively.
    """
    centred = np.asarray(features, dtype=np.float64) - features.mean(axis=0)
    left, lengths, right = np.linalg.svd(centred, full_matrices=False)
    count = min(2, len(lengths))
    heaviest = np.abs(right[:count]).argmax(axis=1)
    signs = np.where(right[np.arange(count), heaviest] < 0, -1.0, 1.0)
    points = np.zeros((len(features), 2))
    points[:, :count] = left[:, :count] * lengths[:count] * signs
    total = max(float((lengths**2).sum()), 1e-300)
    shares = [float(lengths[n] ** 2 / total) if n < count else 0.0 for n in range(2)]
    return points, (shares[0], shares[1])


def map_neighbours(features: Floats, seed: int = 0) -> Floats:
    """t-SNE of the first fifty principal components, ``image 2``; starts from PCA, so one seed gives one map."""
    # Imported here: half a second that most calls do without.
    from sklearn.manifold import TSNE

    centred = np.asarray(features, dtype=np.float64) - features.mean(axis=0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    reduced = (left * lengths)[:, :_COMPONENTS]
    perplexity = float(min(30, max(5, len(features) // 6)))
    points: Floats = TSNE(perplexity=perplexity, init="pca", random_state=seed, max_iter=600).fit_transform(reduced)
    return points.astype(np.float64)


def map_pictures(
    classifier: Classifier, pictures: Sequence[Picture], *, neighbours: bool = True, seed: int = 0
) -> EmbeddingMap:
    """Embeds and maps; t-SNE only for 40 to 2500 pictures.

    Args:
        classifier: Any.
        pictures: At least two.
        neighbours: Also by t-SNE.
        seed: Of t-SNE.
    """
    # Imported here: with scikit-learn, a light start does without.
    from threadpoolctl import threadpool_limits

    features, sees = embed(classifier, pictures)
    # One core: on busy ones, threads wait for each other far longer than they work.
    with threadpool_limits(1):
        points, shares = principal_components(features)
        near = map_neighbours(features, seed) if neighbours and FEWEST <= len(pictures) <= MOST else None
    return EmbeddingMap(sees, points, shares, near)
