"""The trust gate: may the number be believed? A light for each way in which it usually may not.

Each light is a plain rule over what the run already wrote down, with its evidence and the one thing to do about it. A
light that could not be judged is ``none``, never green.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wetread.metrics.sample_size import cases_for_half_width
from wetread.outcome import say_share

GREEN, AMBER, RED, NONE = "green", "amber", "red", "none"

#: Patients of the rarest class in the test: 100 events for an external validation (Collins 2016, 10.1002/sim.6787);
#: below 30 an interval says little more than that there is one.
ENOUGH, SCARCE = 100, 30

#: Width of the interval of the AUROC: within 0.1 two models of the literature can be told apart, beyond 0.2 "good"
#: (0.8) cannot be told from "hardly" (0.7).
NARROW, WIDE = 0.1, 0.2

#: A baseline that comes as close as this may have learnt the same thing (design: within 0.05 AUROC).
CLOSE = 0.05

#: Slope of a well calibrated model: beyond this the probabilities are too sure or too shy by a third or more.
SLOPE = (0.75, 1.33)

#: Of the pictures that are none of its kind a model should refuse this share, and of its own no more than that one.
REFUSED, REFUSED_OWN = 0.95, 0.05

#: What to do about heatmaps that pass no test.
AS_PICTURES = "Read them as pictures, not as evidence."

LEAKS = ("WR101", "WR102", "WR103", "WR104", "WR105", "WR106", "WR107")


@dataclass(frozen=True)
class Light:
    """One light of the gate.

    Attributes:
        name: Stable name.
        title: The question in a few words.
        light: green, amber, red, or none where it was not judged.
        evidence: A sentence with the numbers behind it.
        improve: The command or deed that improves it; empty where it is green.
    """

    name: str
    title: str
    light: str
    evidence: str
    improve: str = ""


@dataclass(frozen=True)
class Evidence:
    """What a run folder knows of itself.

    Attributes:
        numbers: Of numbers.json.
        findings: Of findings.json.
        refusal: Of refusal.json; empty where none was fitted.
        explanations: What tests of the heatmaps found; empty where there were none.
        external: Name of each external test set -> its headline; empty where it was never tested elsewhere.
        run: The run folder, as it stands in a command.
    """

    numbers: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    refusal: Mapping[str, Any]
    explanations: Mapping[str, Any]
    external: Mapping[str, str]
    run: str


def judge(evidence: Evidence) -> list[dict[str, str]]:
    """Judges a run by everything that is known of it.

    Args:
        evidence: From the files of the run folder.

    Returns:
        The lights as they stand in trust.json, in the order they are shown.
    """
    rules: tuple[Callable[[Evidence], Light], ...] = (
        judge_leak,
        judge_shortcut,
        judge_baseline,
        judge_size,
        judge_width,
        judge_calibration,
        judge_refusal,
        judge_explanations,
        judge_elsewhere,
    )
    return [asdict(rule(evidence)) for rule in rules]


def judge_leak(evidence: Evidence) -> Light:
    """Patients and copies on both sides of a division."""
    title, numbers = "Patients kept apart", evidence.numbers
    if numbers.get("leak_allowed"):
        said = f"{numbers['leak_allowed']} training images belong to tested patients, and were left in as asked."
        return Light("leak", title, RED, said, "Repeat the run without --allow-leak.")
    found = _worst(evidence.findings, LEAKS)
    if found:
        way = "wetread check DATA --fix" if found["code"] != "WR105" else found["remedy"]
        return Light("leak", title, found["severity"], found["sentence"], way)
    people = numbers["n"].get("patients")
    if not people:
        said = "Nothing in the data says which images belong to one patient."
        return Light("leak", title, AMBER, said, "Add a column patient to the table of labels.")
    return Light("leak", title, GREEN, f"{people} patients, and their copies, each on one side of every division.")


def judge_shortcut(evidence: Evidence) -> Light:
    """Things that are no disease and tell the label."""
    title = "No shortcut found"
    found = _worst(evidence.findings, [one["code"] for one in evidence.findings if one["code"].startswith("WR3")])
    if found and found["severity"] in (RED, AMBER):
        return Light("shortcut", title, found["severity"], found["sentence"], "wetread check DATA --fix")
    said = "Files, headers, borders, corners, source and writing in the pictures do not give the label away."
    return Light("shortcut", title, GREEN, said)


def judge_baseline(evidence: Evidence) -> Light:
    """Better than guessing, and than what sees no anatomy?"""
    title, numbers = "Better than its baselines", evidence.numbers
    headline, chance = numbers["headline"], numbers.get("chance")
    luck = f"guessing does as well in {100 * chance['p']:.2g} % of shuffled labels" if chance else ""
    if (chance and chance["p"] > 0.05) or headline["low"] <= 0.5:
        said = f"Not shown to be better than guessing: AUROC {_span(headline)}" + (f"; {luck}." if luck else ".")
        return Light("baseline", title, RED, said, f"wetread learning-curve {evidence.run}")
    blind = {
        name: row["auroc"]["value"] for name, row in numbers["models"].items() if "sees" in row and row.get("auroc")
    }
    gain = numbers.get("gain_over_file_properties")
    if gain and gain["low"] <= 0:
        said = f"Over file properties alone it gains {gain['value']:+.2f} AUROC "
        said += f"({gain['low']:+.2f} to {gain['high']:+.2f})."
        return Light("baseline", title, RED, said, "wetread check DATA --fix")
    if blind:
        best = max(blind, key=lambda name: blind[name])
        said = f"The best baseline that sees little or no anatomy ({best}) reaches {say_share(blind[best])}; "
        said += f"the model {say_share(headline['value'])}" + (f"; {luck}." if luck else ".")
        if headline["value"] - blind[best] < CLOSE:
            return Light("baseline", title, AMBER, said, "wetread check DATA")
        return Light("baseline", title, GREEN, said)
    return Light("baseline", title, GREEN if chance else NONE, luck[:1].upper() + luck[1:] + "." if luck else "")


def judge_size(evidence: Evidence) -> Light:
    """Patients of the rarest class."""
    title, n = "Enough cases tested", evidence.numbers["n"]
    counts, unit = (n["patients_per_class"], "patients") if n.get("patients_per_class") else (n["per_class"], "images")
    rarest = min(counts, key=lambda name: counts[name])
    said = f"{counts[rarest]} {unit} with {_words(rarest)}, the rarest; {ENOUGH} are asked for."
    light = GREEN if counts[rarest] >= ENOUGH else AMBER if counts[rarest] >= SCARCE else RED
    return Light("size", title, light, said, "" if light == GREEN else f"wetread learning-curve {evidence.run}")


def judge_width(evidence: Evidence) -> Light:
    """How far the interval of the AUROC reaches."""
    title, headline, n = "Interval narrow enough", evidence.numbers["headline"], evidence.numbers["n"]
    width = headline["high"] - headline["low"]
    said = f"AUROC {_span(headline)}: {width:.2f} wide."
    if width <= NARROW:
        return Light("width", title, GREEN, said)
    counts = list((n.get("patients_per_class") or n["per_class"]).values())
    share = min(counts) / max(1, n.get("patients") or n["images"])
    wanted = cases_for_half_width(min(headline["value"], 0.98), min(max(share, 0.01), 0.5), NARROW / 2)
    if wanted:
        said += f" For 0.05 to each side about {wanted:,} patients like these are needed.".replace(",", " ")
    return Light("width", title, AMBER if width <= WIDE else RED, said, f"wetread learning-curve {evidence.run}")


def judge_calibration(evidence: Evidence) -> Light:
    """Do 80 % mean 80 of 100?"""
    title = "Probabilities mean what they say"
    found = list(_calibrations(evidence.numbers["calibration"]))
    if not found:
        return Light("calibration", title, NONE, "Too few cases to say (50 are needed).", "Collect more cases.")
    worst_name, worst = max(found, key=lambda one: abs(_value(one[1]["slope"]) - 1))
    slope, error, luck = _value(worst["slope"]), _value(worst.get("ece")), worst.get("ece_if_perfect")
    said = f"Slope {slope:.2f} (1 is right)" + (f" for {_words(worst_name)}" if worst_name else "")
    if error is not None and luck is not None:
        said += f"; calibration error {error:.2f}, of which {_value(luck):.2f} would be luck"
    right = _covers(worst["slope"], 1.0) or SLOPE[0] <= slope <= SLOPE[1]
    light = GREEN if right else AMBER
    return Light("calibration", title, light, said + ".", "" if right else "wetread run DATA --set calibration=platt")


def judge_refusal(evidence: Evidence) -> Light:
    """Does it know a picture that is none of its kind?"""
    title, known = "Refuses other pictures", evidence.refusal
    if not known:
        return Light("refusal", title, RED, "It calls anything one of its classes.", "Repeat the run with wetread run.")
    own, packs = known["own"]["refused"], known["packs"]
    tried = {name: pack["refused"] for name, pack in packs.items() if name != "mirrored"}
    low = min(tried, key=lambda name: tried[name]) if tried else ""
    said = f"Refuses {_percent(own)} of its own kind"
    said += f", and at least {_percent(tried[low])} of each of {len(tried)} kinds of other pictures." if low else "."
    well = own <= REFUSED_OWN and all(share >= REFUSED for share in tried.values())
    if not well and low and tried[low] < REFUSED:
        said += f" Weakest: {_words(low)}."
    return Light("refusal", title, GREEN if well else AMBER, said, "" if well else "wetread weights list")


def judge_explanations(evidence: Evidence) -> Light:
    """Do the heatmaps depend on model and picture?"""
    title, found = "Heatmaps tested", evidence.explanations
    if not found:
        said = "The heatmaps were not tested: they show what the model reacts to, and prove nothing."
        return Light("explanations", title, NONE, said, "wetread run DATA --preset standard")
    passed, tests = int(found["passed"]), int(found["tests"])
    said = f"The best method passes {passed} of {tests} tests."
    light = GREEN if passed == tests else AMBER if passed * 2 >= tests else RED
    return Light(
        "explanations", title, light, said, "" if light == GREEN else "Read them as pictures, not as evidence."
    )


def judge_elsewhere(evidence: Evidence) -> Light:
    """Data of another place."""
    title = "Tested elsewhere"
    if not evidence.external:
        said = "All images come from one collection; elsewhere numbers usually fall."
        return Light("elsewhere", title, NONE, said, f"wetread evaluate {evidence.run} NEW_DATA")
    said = "; ".join(f"{name}: {headline}" for name, headline in evidence.external.items())
    return Light("elsewhere", title, GREEN, said + ".")


def _worst(findings: Iterable[Mapping[str, Any]], codes: Sequence[str]) -> Mapping[str, Any] | None:
    """The gravest of some findings that is more than a remark."""
    found = [one for one in findings if one["code"] in codes and one["severity"] in (RED, AMBER)]
    return min(found, key=lambda one: (RED, AMBER).index(one["severity"]), default=None)


def _calibrations(calibration: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Name of the finding, or nothing -> its calibration as it is used, after any correction."""
    if "slope" in calibration or "after" in calibration:
        after = calibration.get("after", calibration)
        if after.get("slope") is not None:
            yield "", after
        return
    for name, one in calibration.items():
        if isinstance(one, Mapping):
            yield from ((name, inner) for _, inner in _calibrations(one))


def _value(number: Any) -> Any:
    return number["value"] if isinstance(number, Mapping) else number


def _covers(number: Any, value: float) -> bool:
    return isinstance(number, Mapping) and bool(number["low"] <= value <= number["high"])


def _span(number: Mapping[str, Any]) -> str:
    return f"{say_share(number['value'])} ({say_share(number['low'])} to {say_share(number['high'])})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _words(name: str) -> str:
    return str(name).replace("_", " ")
