"""What the checks of the probes have in common: how well a probe does, what it goes by, and on which images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from wetread.checks.finding import AMBER, INFO, RED, Audit
from wetread.metrics.discrimination import midranks
from wetread.metrics.interval import Interval
from wetread.outcome import say_percent
from wetread.probes.probe import ProbeResult
from wetread.shapes import Bools, Floats

#: Images shown per class.
SHOWN = 3
#: Classes whose medians are told one by one; of more the lowest and the highest.
MOST_TOLD = 6


@dataclass(frozen=True)
class Limits:
    """From which lower bound of the AUROC on a probe is worth a finding; above 1 means never."""

    info: float = 2.0
    amber: float = 2.0
    red: float = 2.0

    def severity(self, low: float) -> str | None:
        """The gravest that the bound exceeds."""
        found = ((RED, self.red), (AMBER, self.amber), (INFO, self.info))
        return next((severity for severity, limit in found if low > limit), None)


#: AUROC of the blur from which on the classes are taken to look different all over.
DIFFERENT_EVERYWHERE = 0.995
#: For what can never be anatomy.
NEVER_ANATOMY = Limits(amber=0.60, red=0.70)


@dataclass(frozen=True)
class GivenAway:
    """A probe that predicts the label.

    Attributes:
        probe: What it saw and told.
        area: Its AUROC.
        severity: By the limits of the check.
        strongest: The feature that separates some class best on its own.
        alone: How well, in [0.5, 1].
        medians: Of this feature in each class, in words.
        images: Those whose class it tells most surely.
        finding: Which one it tells best, where images can have several.
        asked: How many findings were asked about.
    """

    probe: ProbeResult
    area: Interval
    severity: str
    strongest: str
    alone: float
    medians: str
    images: tuple[str, ...]
    finding: str = ""
    asked: int = 1

    @property
    def measured(self) -> str:
        """The end of a sentence: the AUROC, and what it comes from."""
        area = f"an AUROC of {self.area.value:.2f} ({self.area.low:.2f} to {self.area.high:.2f})"
        if self.finding:
            area += f" for {self.finding}, the most of {self.asked} findings"
        if not self.strongest:
            return f"{area}."
        return f"{area}. Strongest alone: {self.strongest} ({self.alone:.2f}; {self.medians})."

    @property
    def numbers(self) -> dict[str, object]:
        """As they stand in findings.json."""
        return {
            "probe": self.probe.name,
            **({"finding": self.finding} if self.finding else {}),
            "auroc": self.area.as_dict(),
            "strongest": self.strongest,
            "strongest_auroc": round(self.alone, 4),
        }


def judge(audit: Audit, probe: str, limits: Limits) -> GivenAway | None:
    """Measures a probe; None where it does not apply or its lower bound stays below all limits.

    Of several findings the one with the highest lower bound counts, and bounds are as wide as so many questions need
    (Bonferroni).

    Args:
        audit: With the results of the probes.
        probe: Name of one.
        limits: Of the check.
    """
    questions = audit.probe_by_question(probe)
    found = [
        one
        for result, classes, positive in questions
        if (one := _judge_one(result, classes, positive, limits, len(questions))) is not None
    ]
    return max(found, key=lambda one: one.area.low, default=None)


def _judge_one(
    result: ProbeResult, classes: list[str], positive: int | None, limits: Limits, asked: int
) -> GivenAway | None:
    if asked > 1 and limits.severity(_plain_area(result)) is None:
        return None  # no bound can exceed a limit that the number itself stays below; and bounds take time
    area = result.auroc(positive, level=1 - 0.05 / asked)
    severity = limits.severity(area.low) if area is not None else None
    if area is None or severity is None:
        return None
    name, alone, medians = _strongest(result, classes)
    finding = classes[1] if asked > 1 else ""
    return GivenAway(result, area, severity, name, alone, medians, _typical(result, len(classes)), finding, asked)


def _plain_area(result: ProbeResult) -> float:
    ranks = midranks(result.probabilities[:, 1].astype(np.float64))
    return float(_areas(ranks[:, None], result.labels == 1)[0])


def judge_edges(audit: Audit, probe: str) -> GivenAway | None:
    """Measures a probe of the edges, which are never anatomy unless the classes are different parts of the body.

    Where even a blur to 8 x 8 squares tells the classes without a mistake, they look altogether different, at the
    edges too; whether source or anatomy does that nobody can tell from the edges, so they are amber at most.
    """
    found = judge(audit, probe, NEVER_ANATOMY)
    blur = next(
        (one for one in audit.probe_by_question("blur") if found and (not found.finding or one[1][1] == found.finding)),
        None,
    )
    if found is None or found.severity != RED or blur is None:
        return found
    area = blur[0].auroc(blur[2])
    different = area is not None and area.value >= DIFFERENT_EVERYWHERE
    return replace(found, severity=AMBER) if different else found


def _strongest(result: ProbeResult, classes: list[str]) -> tuple[str, float, str]:
    """The best single feature, how well it does, and its medians (of yes and no: shares) per class."""
    table = result.features.values
    if not table.shape[1]:
        return "", 0.5, ""
    ranks = np.stack([midranks(column) for column in table.T], axis=1)
    areas = np.stack([_areas(ranks, result.labels == number) for number in range(len(classes))])
    column = int(np.maximum(areas, 1 - areas).max(axis=0).argmax())
    alone = float(np.maximum(areas, 1 - areas)[:, column].max())
    values = table[:, column]
    binary = set(np.unique(values).tolist()) <= {0.0, 1.0}
    own = {name: values[result.labels == number] for number, name in enumerate(classes)}
    middles = {name: float(np.mean(some) if binary else np.median(some)) for name, some in own.items() if len(some)}
    told = [f"{name} {say_percent(middle) if binary else _say_plain(middle)}" for name, middle in middles.items()]
    if len(told) > MOST_TOLD:
        order = np.argsort(list(middles.values()), kind="stable")
        told = [f"{told[order[0]]} to {told[order[-1]]}, the lowest and highest of {len(told)} classes"]
    return result.features.names[column], alone, f"{'' if binary else 'median: '}{', '.join(told)}"


def _say_plain(value: float) -> str:
    """Four digits that count, without powers of ten: ``0.01234``, ``25 660``."""
    if not np.isfinite(value):
        return str(value)
    text = f"{Decimal(f'{value:.4g}'):,f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _areas(ranks: Floats, truth: Bools) -> Floats:
    """AUROC of each column for one class against the rest; one half where the class is absent."""
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return np.full(ranks.shape[1], 0.5)
    wins: Floats = ranks[truth].sum(axis=0) - positive * (positive + 1) / 2
    return wins / (positive * negative)


def _typical(result: ProbeResult, classes: int) -> tuple[str, ...]:
    """For each class the images that the probe is surest about."""
    images = []
    for number in range(classes):
        own = np.flatnonzero(result.labels == number)
        surest = own[np.argsort(-result.probabilities[own, number], kind="stable")[:SHOWN]]
        images += [result.rows[place].image for place in surest]
    return tuple(images)


def chance_of(has: int, of: int, other_has: int, other_of: int) -> float:
    """How often chance alone makes two shares differ so much (Fisher's exact test, two-sided).

    Args:
        has: Cases of one group with a property.
        of: All cases of that group.
        other_has: Cases of the other group with it.
        other_of: All cases of the other group.
    """
    # Imported here: it costs half a second that a set without writing or sources need not pay.
    from scipy.stats import fisher_exact

    return float(fisher_exact([[has, of - has], [other_has, other_of - other_has]]).pvalue)
