"""WR501: labels that the pictures contradict. Some are wrong, some are hard cases: look again."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.outcome import counted, say_percent

#: Labels that are contradicted surely: so many, and such a part of all.
MANY, PART = 3, 0.02
#: From this part of wrong labels on, as the errors of the model tell it, and how unlikely with right labels. A smaller
#: part cannot be told from hard cases: findings too small to see leave 0.03 to 0.05 in phantoms with right labels.
WRONG, CHANCE = 0.075, 0.01
#: Below this many images that part says little: some honest sets of 120 to 200 phantoms were accused (the demo was
#: one), and of those with a tenth of wrong labels only 12 %; at 480 none and all.
ENOUGH = 400


def check(audit: Audit) -> Finding | None:
    """Amber where errors do not die out however sure the model is, and there are enough images to tell; for information
    where it is very sure of some.

    Never red.
    """
    found = audit.label_errors
    if found is None or not found.doubts:
        return None
    many = found.images >= ENOUGH and found.wrong >= WRONG and found.chance < CHANCE
    if not many and found.sure < max(MANY, PART * found.images):
        return None
    first = found.doubts[0]
    sentence = (
        f"The pictures contradict {counted(found.contrary, 'label')} of {found.images}; please look again at the "
        f"{len(found.doubts)} below, the most doubtful first (labelled {first.label}, {first.reason}). Hard cases are "
        "among them, and right labels."
    )
    if many:
        sentence += (
            " Errors do not die out where a small model is sure, as they do with right labels: about "
            f"{say_percent(found.wrong)} of all labels seem to be wrong. In the test such labels lower the number, or "
            "flatter a model that learnt to make the same mistakes."
        )
    return Finding(
        "WR501",
        "Labels to look at again",
        AMBER if many else INFO,
        sentence,
        "wetread check DATA --fix writes label_review.csv: fill in its column decision and hand it back with --review.",
        tuple(doubt.image for doubt in found.doubts),
        {
            "contradicted": found.contrary,
            "surely": found.sure,
            "wrong": found.wrong,
            "p": round(found.chance, 6),
            "suggested": {doubt.image: doubt.suggested for doubt in found.doubts},
        },
    )
