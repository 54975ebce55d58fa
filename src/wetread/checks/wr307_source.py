"""WR307: the hospital, device or collection an image comes from tells its class."""

from __future__ import annotations

from collections import Counter

from wetread.checks.finding import AMBER, Audit, Finding
from wetread.checks.given_away import NEVER_ANATOMY, chance_of, judge
from wetread.outcome import counted
from wetread.probes.probe import ProbeResult
from wetread.probes.source import source_columns

#: A source of one class only counts from this part of all cases on, and where chance hardly makes it.
SHARE = 0.10
CHANCE = 0.01


def check(audit: Audit) -> Finding | None:
    """Amber or red as for the files; amber also where a large source has images of one class only."""
    questions = audit.probe_by_question("source")
    found = judge(audit, "source", NEVER_ANATOMY)
    told = [(result, _of_one_class(result, classes, len(questions))) for result, classes, _ in questions]
    pure = [text for _, texts in told for text in texts]
    if found is None and not pure:
        return None
    sentence = ""
    if found is not None:
        sentence = f"A model that saw only {found.probe.looks_at}, reaches {found.measured} "
    if pure:
        sentence += f"Of one class only: {'; '.join(pure[:4])}. "
    return Finding(
        "WR307",
        "The source gives the label away",
        found.severity if found is not None else AMBER,
        f"{sentence}Every source has its look, and a network may tell the sources apart instead of the diseases.",
        "Take every class from every source, or test on a source that was not trained on.",
        found.images if found is not None else next(_images(result, texts) for result, texts in told if texts),
        {**(found.numbers if found is not None else {"probe": "source"}), "of_one_class": pure},
    )


def _of_one_class(result: ProbeResult, classes: list[str], asked: int) -> list[str]:
    """Sources that have images of one class only, in words.

    Args:
        result: Of the probe.
        classes: Their names.
        asked: Questions asked in all, one for each finding.
    """
    groups = [row.group or row.image for row in result.rows]
    total = Counter(label for label, _ in set(zip(result.labels.tolist(), groups, strict=True)))
    told, tests = [], asked * sum(len(set(cells)) for cells in source_columns(result.rows).values())
    for name, cells in source_columns(result.rows).items():
        for value in dict.fromkeys(cells):
            cases = {(int(result.labels[n]), groups[n]) for n, cell in enumerate(cells) if cell == value}
            labels = {label for label, _ in cases}
            if len(labels) != 1 or len(cases) < SHARE * sum(total.values()):
                continue
            label = labels.pop()
            others = sum(count for other, count in total.items() if other != label)
            if chance_of(len(cases), total[label], 0, others) < CHANCE / tests:
                told.append(f"{name} {value or 'empty'} ({counted(len(cases), 'case')}, all {classes[label]})")
    return told


def _images(result: ProbeResult, pure: list[str]) -> tuple[str, ...]:
    columns = source_columns(result.rows)
    return tuple(
        row.image
        for number, row in enumerate(result.rows)
        if any(
            told.startswith(f"{name} {cells[number] or 'empty'} (") for name, cells in columns.items() for told in pure
        )
    )[:12]
