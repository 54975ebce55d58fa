"""Measures a data set and this machine: rows in, `Fingerprint` out. No torch here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wetread import hardware
from wetread.dataset.duplicates import Pair
from wetread.dataset.table import Row, Table
from wetread.model.backbone import has_graphs
from wetread.training.fingerprint import Fingerprint, KnownWeights
from wetread.training.modality import modality_of
from wetread.weights.catalogue import CATALOGUE
from wetread.weights.stored import list_stored

#: How timm marks weights trained on everyday photographs: ``resnet34.a1_in1k``.
_PHOTOGRAPHS = re.compile(r"[._](in(1|12|21|22)k|lvd142m)(_|$)")


def measure(
    table: Table,
    rows: Sequence[Row],
    classes: Sequence[str],
    pairs: Sequence[Pair],
    *,
    labels: NDArray[np.float32] | None = None,
    estimate: str = "",
    device: str = "cpu",
    laterality: str | None = None,
    time_limit: float | None = None,
) -> Fingerprint:
    """What is known of a data set before anything is decided.

    Args:
        table: The whole data set.
        rows: Labelled rows that training and testing may use, decoded and grouped.
        classes: Names of the classes or findings in use.
        pairs: Near-identical pictures that were found.
        labels: ``image finding`` where images can have several.
        estimate: ``given test`` where a usable one came with the data.
        device: cpu or cuda:N.
        laterality: matters, free, or None where nobody said.
        time_limit: Seconds that training may take; None where nobody said.
    """
    pictures = [row.picture for row in rows if row.picture is not None]
    facts = [row.facts for row in rows if row.facts is not None]
    sides = sorted(max(one.width, one.height) for one in facts) or [0]
    smallest, imbalance = _rarest(rows, classes, labels)
    return Fingerprint(
        images=len(rows),
        groups=len({row.group for row in rows}),
        classes=tuple(classes),
        smallest_class=smallest,
        colour=round(sum(picture.ndim == 3 for picture in pictures) / max(1, len(pictures)), 4),
        side=sides[len(sides) // 2],
        grouping=table.grouping,
        estimate=estimate,
        split_unused=table.split_unused,
        several=labels is not None,
        unknown=0.0 if labels is None else round(float(np.isnan(labels).mean()), 4),
        imbalance=imbalance,
        modality=modality_of(rows),
        inverted=round(sum(one.photometric == "MONOCHROME1" for one in facts) / max(1, len(facts)), 4),
        laterality=laterality or "unknown",
        copies=len(pairs),
        weights=tuple(known_weights()),
        device=device,
        cores=hardware.cores(),
        memory=hardware.memory_gib(),
        bf16=_has_bf16(device),
        graphs=has_graphs(),
        time_limit=time_limit,
    )


def _has_bf16(device: str) -> bool:
    if device == "cpu":
        return hardware.has_bf16_unit()
    from wetread.training.processor import precision_for  # torch is loaded where another device was found

    return precision_for(device) == "bfloat16"


def known_weights() -> list[KnownWeights]:
    """What lies in the weights home, as far as the rules need to know it."""
    return [
        KnownWeights(
            one.name,
            one.network,
            one.side,
            one.channels,
            round(one.size / 1e6, 1),
            _trained_on(one.name),
            one.options,
        )
        for one in list_stored()
    ]


def _trained_on(name: str) -> str | None:
    """A modality, empty for everyday photographs, or None where the name does not say it: a person brought them."""
    if name in CATALOGUE:
        # Every medical encoder of the catalogue was trained on chest radiographs.
        return "radiograph" if CATALOGUE[name].medical else ""
    return "" if _PHOTOGRAPHS.search(name) else None


def _rarest(rows: Sequence[Row], classes: Sequence[str], labels: NDArray[np.float32] | None) -> tuple[int, float]:
    """Groups of the rarest class, and images of the commonest class for each of the rarest.

    Of findings groups on the rarest side, and for the most uneven finding images on its commoner side (with or without
    it) for each on the other: several rare findings would be as common as each other.
    """
    if labels is None:
        groups = [len({row.group for row in rows if row.label == name}) for name in classes]
        counts = Counter(row.label for row in rows)
        images = [counts[name] for name in classes]
        return min(groups), round(max(images) / max(1, min(images)), 2)
    numbers = np.array([row.group for row in rows], dtype=object)
    sides = [len(set(numbers[labels[:, n] == value])) for n in range(labels.shape[1]) for value in (0, 1)]
    shares = [np.nansum(labels[:, n]) / max(1, np.sum(~np.isnan(labels[:, n]))) for n in range(labels.shape[1])]
    rarest = min(min(share, 1 - share) for share in shares)
    return min(sides), round(float((1 - rarest) / max(rarest, 1e-6)), 2)
