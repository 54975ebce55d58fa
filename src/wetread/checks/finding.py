"""`Finding`: one pitfall found in a data set, and `Audit`: what the checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wetread.checks.label_errors import LabelExamination
from wetread.dataset.duplicates import Pair
from wetread.dataset.split import Fold
from wetread.dataset.table import Row, Table
from wetread.probes.finding_probes import ProbeOfFindings
from wetread.probes.probe import ProbeResult

INFO, AMBER, RED = "info", "amber", "red"


@dataclass(frozen=True)
class Finding:
    """One pitfall.

    Attributes:
        code: Stable name, such as WR101.
        title: A few words.
        severity: info, amber (read the number with care) or red (do not believe the number).
        sentence: What was found, for a clinician.
        remedy: The way out.
        images: The images concerned, first ones first.
        numbers: What was counted or measured.
        page: Its page, in ``checks/pages``; by default the one named after the code.
    """

    code: str
    title: str
    severity: str
    sentence: str
    remedy: str
    images: tuple[str, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)
    page: str = ""

    def __post_init__(self) -> None:
        if not self.page:
            object.__setattr__(self, "page", f"{self.code}.md")

    def as_dict(self) -> dict[str, Any]:
        """As it stands in findings.json."""
        return {**asdict(self), "images": list(self.images)}


@dataclass(frozen=True)
class Audit:
    """What the checks look at.

    Attributes:
        table: All rows, skipped ones included.
        rows: Labelled rows that were read, before rows were set aside for leaking.
        classes: Names in the order of class numbers.
        pairs: Duplicates among `rows`.
        estimate: cross-validation, locked test, given test or external test.
        leaking: Training rows that were set aside because their group stands in the given test set.
        small_classes: Classes left out for want of cases.
        probes: What was told by things that should not tell the label, by name of the probe; where images can have
            several findings, of each of them.
        positive: Column of the positive class of two, else None.
        label_errors: What an examination of the labels told; None where there was none.
        phi: How many files expose each kind of what may identify a patient; None where nobody looked.
        texts: image -> how many texts were found in its pixels; None where nobody looked.
        run: A model is made from these rows as they are divided now; in a mere check of the data none is, and a given
            split stays what it is.
    """

    table: Table
    rows: list[Row]
    classes: list[str]
    pairs: list[Pair]
    estimate: str
    leaking: list[Row]
    small_classes: list[str]
    folds: list[Fold]
    positive: int | None
    probes: Mapping[str, ProbeResult | ProbeOfFindings] = field(default_factory=dict)
    label_errors: LabelExamination | None = None
    phi: Mapping[str, int] | None = None
    texts: Mapping[str, int] | None = None
    run: bool = False

    @property
    def external(self) -> bool:
        """Whether the model of another run is tested here, so that nothing is divided and nothing learnt."""
        return self.estimate == "external test"

    def probe_by_question(self, name: str) -> list[tuple[ProbeResult, list[str], int | None]]:
        """What a probe told, with the names of the classes and the positive one: a question per finding, or one in all.

        Findings of which the probe saw no image with them, or none without, are left out.
        """
        result = self.probes.get(name)
        if result is None or not result.rows:
            return []
        if isinstance(result, ProbeResult):
            return [(result, self.classes, self.positive)]
        alone = [(result.of_finding(column), finding) for column, finding in enumerate(self.classes)]
        return [(one, [f"no {finding}", finding], 1) for one, finding in alone if len(set(one.labels.tolist())) == 2]
