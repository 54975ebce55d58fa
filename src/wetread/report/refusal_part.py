"""What the report says of refusal: what in, edge and out mean, what was tried, and what the sets promise."""

from __future__ import annotations

from typing import Any

from wetread.errors import InputError
from wetread.run_folder import RunFolder

#: Pack -> how it is said.
PACKS = {
    "noise": "Noise",
    "photographs": "Photographs (drawn by chance)",
    "grey photographs": "The same without colours",
    "inverted": "Own pictures, black and white exchanged",
    "rotated 90": "Own pictures, turned by 90 degrees",
    "rotated 180": "Own pictures, upside down",
    "rotated 270": "Own pictures, turned by 270 degrees",
    "mirrored": "Own pictures, left and right exchanged",
}
SEES = {"frozen": "what a frozen network sees", "classical": "classical features"}
#: Images of a class without which no set is given: `wetread.evaluation.finding_sets.FEWEST`, which would bring SciPy
#: into the studio's server.
FEWEST_OF_A_CLASS = 9
#: What is counted of the sets of a class, and its head in the table.
SET_COLUMNS = (("covered", "Held in folds"), ("unsure", "Unsure"), ("empty", "No class"))
#: Tested images that are named at most.
NAMED = 12


def read_refusal(folder: RunFolder) -> dict[str, Any]:
    """What `refusal_part` shows.

    Args:
        folder: Of the run.

    Returns:
        ``fitted`` is False where the model cannot refuse, and nothing else is there; else the rates, the packs in the
        order in which they are shown, the probes, the tested images that are out, and the sets.

    Raises:
        InputError: refusal.json is damaged. That says nothing about the model, so the page must not say it refuses
            nothing.
    """
    known = folder.find_json("refusal.json")
    if known is None:
        return {"fitted": False}
    try:
        return _describe(known, folder.read_table("refusal.csv"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"refusal.json of {folder.path} is damaged: it holds something else than a run writes there.",
            remedy="Repeat the run.",
            file=folder.path / "refusal.json",
            code="no-run",
        ) from error


def _describe(known: dict[str, Any], rows: list[dict[str, str]]) -> dict[str, Any]:
    packs = [{"title": PACKS[name], "name": name, **known["packs"][name]} for name in PACKS if name in known["packs"]]
    tried = [pack for pack in packs if pack["name"] != "mirrored"]
    out = [row for row in rows if row.get("status") == "out"]
    sets = known["sets"]
    return {
        "fitted": True,
        "sees": SEES[known["sees"]],
        "own": known["own"],
        "packs": packs,
        "weak": [pack["title"].lower() for pack in tried if pack["refused"] < 0.95],
        "probes": known["probes"],
        "mirror_told": any(probe["name"] == "mirrored" for probe in known["probes"]),
        "facts": known["facts"],
        "out": out[:NAMED],
        "more_out": max(0, len(out) - NAMED),
        "sets": sets,
        # Of a single test set nothing is known of them: its limits come from those very images.
        "set_columns": SET_COLUMNS if any(one[key] is not None for one in sets for key, _ in SET_COLUMNS) else (),
        # Sets are given from nine images of each class on; how far they reach is told from nine patients on.
        "sets_promise": bool(sets) and all(one["n"] >= FEWEST_OF_A_CLASS for one in sets),
        **_finding_sets(known.get("finding_sets", [])),  # runs of before had none
    }


def _finding_sets(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows of findings, those of which nothing can be said by reason, and those that fall short of the promise."""
    told = [one for one in found if "why" not in one]
    silent: dict[str, list[str]] = {}
    for one in found:
        if "why" in one:
            silent.setdefault(one["why"], []).append(one["class"])
    short = [one["class"] for one in told if any(one[side] and one[side]["short"] for side in ("with", "without"))]
    return {"finding_sets": told, "finding_silent": silent, "finding_short": short}
