"""The trust gate: may the number be believed? A light for each way in which it usually may not.

Each light is a plain rule over what the run already wrote down, with its evidence and the one thing to do about it. A
light that could not be judged is ``none``, never green.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from wetread.evaluation.advice import check_again, go_on, quote, run_again
from wetread.evaluation.by_division import first_alone
from wetread.evaluation.counts import Side, count_units, find_rarest, find_sides
from wetread.evaluation.shuffled_labels import is_of_this_kind, say_test
from wetread.metrics.sample_size import cases_for_half_width, hanley_mcneil_error
from wetread.outcome import SEE_ANATOMY, in_words, say_percent, say_share
from wetread.run_folder import CASES, HEATMAP_TESTS, REFUSAL

GREEN, AMBER, RED, NONE = "green", "amber", "red", "none"

#: Patients of the rarest class in the test: 100 events for an external validation (Collins 2016, 10.1002/sim.6787);
#: below 30 an interval says little more than that there is one.
ENOUGH, SCARCE = 100, 30

#: Width of the interval of the AUROC: within 0.1 two models of the literature can be told apart, beyond 0.2 "good"
#: (0.8) cannot be told from "hardly" (0.7).
NARROW, WIDE = 0.1, 0.2

#: A baseline that comes as close as this may have learnt the same thing (design: within 0.05 AUROC).
CLOSE = 0.05

#: A shortcut of this AUROC must be able to show, or "none was shown" says nothing: its 95 % interval must then begin
#: above the other, from which on the checks report a probe.
SHORTCUT, REPORTED = 0.70, 0.60

#: Slope of a well calibrated model: beyond this the probabilities are too sure or too shy by a third or more.
SLOPE = (0.75, 1.33)

#: And its intercept, by the same measure: at 0.29 (the logarithm of 1.33) the odds are off by a third, so that of those
#: who are told 50 % it is 57.
INTERCEPT = 0.29

#: An interval of the slope or intercept that reaches beyond these does not say whether odds are right within a factor
#: of two; 0.69 is the logarithm of 2.
TOLD_SLOPE, TOLD_INTERCEPT = (0.5, 2.0), 0.69

#: Images from which on calibration is asked for at all.
FEWEST_IMAGES = 50

#: A method of heatmaps that passed all of fewer tests, of seven, may have met the easy ones only.
FEWEST_TESTS = 3

#: Of the pictures that are none of its kind a model should refuse this share, and of its own no more than that one.
REFUSED, REFUSED_OWN = 0.95, 0.05

#: What to do about heatmaps that pass no test.
AS_PICTURES = "Read them as pictures, not as evidence."

#: WR106 is none of them: parts in which the classes have different shares can still hold different patients.
LEAKS = ("WR101", "WR102", "WR103", "WR104", "WR105", "WR107")


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
        command: The command that made the run, as typed; empty where none did.
        red_external: Names of the external tests whose own checks ended red.
        left_out: What an interruption left out, as `wetread.run_folder` names it.
    """

    numbers: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    refusal: Mapping[str, Any]
    explanations: Mapping[str, Any]
    external: Mapping[str, str]
    run: str
    command: Sequence[str] = ()
    red_external: Sequence[str] = ()
    left_out: Sequence[str] = ()


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
        way = check_again(evidence.command, "--fix") if found["code"] != "WR105" else found["remedy"]
        return Light("leak", title, found["severity"], found["sentence"], way)
    people = numbers["n"].get("patients")
    if not people:
        said = "Nothing in the data says which images belong to one patient."
        return Light("leak", title, AMBER, said, "Add a column patient to the table of labels.")
    return Light("leak", title, GREEN, f"{people} patients, and their copies, each on one side of every division.")


def judge_shortcut(evidence: Evidence) -> Light:
    """Things that are no disease and tell the label."""
    title = "No shortcut found"
    found = _given_away(evidence)
    if found:
        return Light("shortcut", title, found["severity"], found["sentence"], check_again(evidence.command, "--fix"))
    models = evidence.numbers["models"]
    tried = [name for name, row in models.items() if "sees" in row and name not in SEE_ANATOMY]
    if not tried:
        return Light(
            "shortcut", title, NONE, "Nothing was tried that should not tell the label.", check_again(evidence.command)
        )
    said = f"No probe was shown to tell the label. Tried: {', '.join(tried)}."
    unseen = _too_few_for_a_shortcut(evidence.numbers)
    if unseen is None:
        return Light("shortcut", title, GREEN, said)
    said += f" With so few cases one that reaches {SHORTCUT:.2f} could have been missed: {unseen}."
    return Light("shortcut", title, NONE, said, "Collect more cases.")


def judge_baseline(evidence: Evidence) -> Light:
    """Better than guessing, and than what sees no anatomy, in the one division in which that was tried?

    The permutation test asks another model: it counts only where the one reported is of its kind.
    """
    title, numbers = "Better than its baselines", evidence.numbers
    headline, chance = numbers["headline"], numbers.get("chance")
    if not is_of_this_kind(numbers):
        chance = None
    told = f"; {say_test(chance)}" if chance else ""
    if (chance and chance["p"] > 0.05) or headline["low"] <= 0.5:
        said = f"Not shown to be better than guessing: AUROC {_span(headline)}"
        if chance and chance["p"] <= 0.05:
            told = f". There is something to learn, though: {say_test(chance)}"
        return Light("baseline", title, RED, f"{said}{told}.", quote("learning-curve", evidence.run))
    blind = {
        name: row["auroc"]["value"] for name, row in numbers["models"].items() if "sees" in row and row.get("auroc")
    }
    gain, first = numbers.get("gain_over_file_properties"), first_alone(numbers)
    if gain and gain["low"] <= 0:
        where = ", in the first division" if gain.get("division") else ""
        said = f"Over file properties alone it gains {gain['value']:+z.2f} AUROC "
        said += f"({gain['low']:+z.2f} to {gain['high']:+z.2f}){where}."
        return Light("baseline", title, RED, said, _way_over_baselines(evidence, "--fix"))
    if blind:
        best, reached = max(blind, key=lambda name: blind[name]), headline["value"] if first is None else first
        said = f"The best baseline that sees little or no anatomy ({best}) reaches {say_share(blind[best])}; "
        said += f"the model {say_share(reached)}"
        if first is not None:
            said += f" in the same division ({say_share(headline['value'])} averaged over several)"
        said += f"{told}."
        if reached - blind[best] < CLOSE:
            return Light("baseline", title, AMBER, said, _way_over_baselines(evidence))
        return Light("baseline", title, GREEN, said)
    said = f"There is no model that sees no anatomy to compare with{told}."
    return Light("baseline", title, NONE, said, check_again(evidence.command))


def _way_over_baselines(evidence: Evidence, *options: str) -> str:
    """What to do where a model gains little over them: mend what tells the label, else try how cases would help."""
    if _given_away(evidence):
        return check_again(evidence.command, *options)
    return quote("learning-curve", evidence.run)


def judge_size(evidence: Evidence) -> Light:
    """Patients of the rarest class; of findings, those with each and those without it."""
    title, rarest = "Enough cases tested", find_rarest(evidence.numbers["n"])
    if rarest is None:
        return Light("size", title, NONE, "The cases were not counted.", "Repeat the run with wetread run.")
    said = f"{rarest.count} {rarest.unit} {rarest.which}, the fewest; {ENOUGH} are asked for."
    light = GREEN if rarest.count >= ENOUGH else AMBER if rarest.count >= SCARCE else RED
    return Light("size", title, light, said, "" if light == GREEN else quote("learning-curve", evidence.run))


def judge_width(evidence: Evidence) -> Light:
    """How far the interval of the AUROC reaches."""
    title, headline, n = "Interval narrow enough", evidence.numbers["headline"], evidence.numbers["n"]
    width = headline["high"] - headline["low"]
    said = f"AUROC {_span(headline)}: {width:.2f} wide."
    if width <= NARROW:
        return Light("width", title, GREEN, said)
    rarest, wanted, total = find_rarest(n), None, count_units(n)
    if evidence.numbers["task"] != "binary":
        # No formula knows a mean over classes or findings; its error falls with the root of the number of cases.
        wanted = round(total * (width / NARROW) ** 2, -1)
    elif rarest is not None:
        share = min(max(rarest.count / max(1, total), 0.01), 0.5)
        wanted = cases_for_half_width(min(headline["value"], 0.98), share if rarest.has else 1 - share, NARROW / 2)
    if wanted:
        unit = "patients" if n.get("patients") else "cases"
        said += f" For 0.05 to each side about {wanted:,.0f} {unit} like these are needed.".replace(",", " ")
    return Light("width", title, AMBER if width <= WIDE else RED, said, quote("learning-curve", evidence.run))


def judge_calibration(evidence: Evidence) -> Light:
    """Do 80 % mean 80 of 100? Of several findings the one that is farthest off decides; green takes all of them."""
    title, numbers = "Probabilities mean what they say", evidence.numbers
    stored = list(_calibrations(numbers["calibration"]))
    total = len(numbers["classes"]) if numbers["task"] == "multilabel" else len(stored)
    lines = {name: one for name, one in stored if one.get("slope") is not None}
    no_line = [name for name, one in stored if one.get("slope") is None and one.get("n", 0) >= FEWEST_IMAGES]
    undefined = "; ".join(f"{_for(name)}{_why_no_line(numbers, name)}" for name in no_line)
    if not lines:
        if no_line:
            said = f"Slope not defined: {undefined}."
            return Light("calibration", title, NONE, said, quote("evaluate", evidence.run, "NEW_DATA"))
        said = f"Too few cases to say ({FEWEST_IMAGES} are needed, of several classes or findings 10 on either side)."
        return Light("calibration", title, NONE, said, "Collect more cases.")
    off = {name: (_off(one), abs(_value(one["slope"]) - 1)) for name, one in lines.items()}
    wrong = [name for name in off if off[name][0] > 1]
    unsure = [name for name in off if name not in wrong and _is_unsure(lines[name])]
    told = [name for name in off if name not in unsure]
    worst = max(told or off, key=lambda name: off[name])
    said = _say_line(lines[worst], worst)
    if not told:
        said += f": too uncertain to say{' it for any finding' if total > 1 else ''}."
        return Light("calibration", title, NONE, said, "Collect more cases.")
    if len(told) > 1:
        beyond = f"{len(wrong)} are" if len(wrong) > 1 else "1 is" if wrong else "none is"
        said += f". Of {len(told)} findings it is the farthest off, and {beyond} beyond the limits"
    elif total > 1:
        said += ". It is the only finding that can be judged"
    said += f". Not defined {undefined}" if undefined else ""
    few = total - len(told) - len(no_line)
    said += f". Too few cases to say it for {few} more" if few else ""
    if wrong:
        return Light("calibration", title, AMBER, said + ".", _recalibrate(evidence))
    if len(told) < total:
        way = "Collect more cases." if few else quote("evaluate", evidence.run, "NEW_DATA")
        return Light("calibration", title, NONE, said + ".", way)
    return Light("calibration", title, GREEN, said + ".")


def judge_refusal(evidence: Evidence) -> Light:
    """Does it know a picture that is none of its kind?"""
    title, known = "Refuses other pictures", evidence.refusal
    if not known:
        anything = "It calls anything one of its classes"
        if REFUSAL in evidence.left_out:
            said = f"{anything}: {REFUSAL} was interrupted."
            return Light("refusal", title, RED, said, go_on(evidence.command, evidence.run))
        return Light("refusal", title, RED, f"{anything}.", "Repeat the run with wetread run.")
    own, packs = known["own"]["refused"], known["packs"]
    tried = {name: pack["refused"] for name, pack in packs.items() if name != "mirrored"}
    if not tried and own <= REFUSED_OWN:
        said = f"Refuses {say_percent(own)} of its own kind; on other pictures it was not tried."
        return Light("refusal", title, NONE, said, "Repeat the run with wetread run.")
    low = min(tried, key=lambda name: tried[name]) if tried else ""
    said = f"Refuses {say_percent(own)} of its own kind"
    said += f", and {_at_least(tried[low])} of {_each_of(len(tried))} of other pictures." if low else "."
    well = own <= REFUSED_OWN and all(share >= REFUSED for share in tried.values())
    if not well and low and tried[low] < REFUSED:
        said += f" Weakest: {in_words(low)}."
    if len(tried) < len(packs):
        said += " Mirrored pictures do not count here: they need not be refused."
    return Light("refusal", title, GREEN if well else AMBER, said, "" if well else "wetread weights list")


def judge_explanations(evidence: Evidence) -> Light:
    """Do the heatmaps depend on model and picture?"""
    title, found = "Heatmaps tested", evidence.explanations
    if not found:
        said = "The heatmaps were not tested: they show what the model reacts to, and prove nothing."
        if HEATMAP_TESTS in evidence.left_out or CASES in evidence.left_out:
            said = said.replace("not tested", "not tested, since that was interrupted")
            return Light("explanations", title, NONE, said, go_on(evidence.command, evidence.run))
        way = run_again(evidence.command, f"{evidence.run}-standard", "--preset", "standard")
        return Light("explanations", title, NONE, said, way)
    passed, tests = int(found["passed"]), int(found["tests"])
    if not tests:
        return Light("explanations", title, NONE, "None of the tests of the heatmaps could be made.", AS_PICTURES)
    said = f"The best method passes {passed} of {tests} tests."
    if passed == tests < FEWEST_TESTS:
        said += f" At least {FEWEST_TESTS} must have been made to say more."
        return Light("explanations", title, NONE, said, AS_PICTURES)
    light = GREEN if passed == tests else AMBER if passed * 2 >= tests else RED
    return Light("explanations", title, light, said, "" if light == GREEN else AS_PICTURES)


def judge_elsewhere(evidence: Evidence) -> Light:
    """Data of another place."""
    title = "Tested elsewhere"
    if not evidence.external:
        said = "All images come from one collection; elsewhere numbers usually fall."
        return Light("elsewhere", title, NONE, said, quote("evaluate", evidence.run, "NEW_DATA"))
    said = "; ".join(f"{name}: {headline}" for name, headline in evidence.external.items())
    if evidence.red_external:
        said += f". The checks of {' and '.join(evidence.red_external)} ended red, so that number may not hold"
        way = "Look at what was found in the data of that test, and test on data without it."
        return Light("elsewhere", title, AMBER, said + ".", way)
    return Light("elsewhere", title, GREEN, said + ".")


def _given_away(evidence: Evidence) -> Mapping[str, Any] | None:
    """The gravest finding by which something else than medicine tells the label."""
    return _worst(evidence.findings, [one["code"] for one in evidence.findings if one["code"].startswith("WR3")])


def _worst(findings: Iterable[Mapping[str, Any]], codes: Sequence[str]) -> Mapping[str, Any] | None:
    """The gravest of some findings that is more than a remark."""
    found = [one for one in findings if one["code"] in codes and one["severity"] in (RED, AMBER)]
    return min(found, key=lambda one: (RED, AMBER).index(one["severity"]), default=None)


def _too_few_for_a_shortcut(numbers: Mapping[str, Any]) -> str | None:
    """For what a probe of the AUROC `SHORTCUT` need not have shown, in words; None where it would have everywhere.

    Of several findings each is asked about with an interval as much wider as the checks make it (Bonferroni).
    """
    n, tested = numbers["n"], numbers["headline"].get("mean_over")
    sides = [side for side in find_sides(n) if not tested or side.name in tested]
    lacks = {side.name: side.count for side in sides if not side.has}
    has = [side for side in sides if side.has]
    total = count_units(n) if tested else sum(side.count for side in has)
    asked = len(has) if tested else 1
    reach = NormalDist().inv_cdf(1 - 0.025 / max(asked, 1))

    def could_hide(side: Side) -> bool:
        others = lacks.get(side.name, total - side.count)
        if side.count < 1 or others < 1:
            return True
        return SHORTCUT - reach * hanley_mcneil_error(SHORTCUT, side.count, others) <= REPORTED

    few = [side for side in has if could_hide(side)]
    if not few:
        return "the cases were not counted" if not has else None
    if not tested:
        rarest = min(few, key=lambda side: side.count)
        return f"{rarest.count} {rarest.unit} {rarest.which}"
    return f"for {len(few)} of {len(has)} findings"


def _calibrations(calibration: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Name of the finding, or nothing -> its calibration as it is used, after any correction; with ``n``."""
    if "slope" in calibration or "after" in calibration:
        yield "", {"n": calibration.get("n", 0), **calibration.get("after", calibration)}
        return
    for name, one in calibration.items():
        if isinstance(one, Mapping):
            yield from ((name, inner) for _, inner in _calibrations(one))


def _off(line: Mapping[str, Any]) -> float:
    """How far slope or intercept are off, in units of what is let pass; 0 where the interval holds what is right."""
    slope, intercept = line["slope"], line.get("intercept")
    value = _value(slope)
    found = [0.0]
    if not _covers(slope, 1.0):
        found.append((1 - value) / (1 - SLOPE[0]) if value < 1 else (value - 1) / (SLOPE[1] - 1))
    if intercept is not None and not _covers(intercept, 0.0):
        found.append(abs(_value(intercept)) / INTERCEPT)
    return max(found)


def _recalibrate(evidence: Evidence) -> str:
    """The command that moves the probabilities by more than this run did; more cases where none would."""
    stored = evidence.numbers.get("recalibration") or {}  # none where nothing was to be corrected
    few = any(fold["cases"] < stored["fewest"] for fold in stored.get("folds", ()))
    several = evidence.numbers["task"] == "multiclass"  # these take a temperature only
    method = "temperature" if several else "platt"
    if few or stored.get("method") == method or (several and "recalibration" not in evidence.numbers):
        return "Collect more cases."
    return run_again(evidence.command, f"{evidence.run}-{method}", "--set", f"calibration={method}")


def _is_unsure(line: Mapping[str, Any]) -> bool:
    """Whether the intervals are so wide that they say next to nothing."""
    limits = ((line["slope"], TOLD_SLOPE), (line.get("intercept"), (-TOLD_INTERCEPT, TOLD_INTERCEPT)))
    return any(isinstance(one, Mapping) and (one["low"] < low or one["high"] > high) for one, (low, high) in limits)


def _say_line(line: Mapping[str, Any], name: str) -> str:
    said = f"Slope {_against(line['slope'], '1 is right')}"
    if line.get("intercept") is not None:
        said += f", intercept {_against(line['intercept'], '0 is right')}"
    said += f" for {in_words(name)}" if name else ""
    error, luck = _value(line.get("ece")), _value(line.get("ece_if_perfect"))
    if error is not None and luck is not None:
        said += f"; calibration error {error:.2f}, luck alone gives {luck:.2f}"
    return said


def _why_no_line(numbers: Mapping[str, Any], name: str) -> str:
    """Why no line of calibration can be drawn: it is infinitely steep, or its probabilities are all alike."""
    if numbers["task"] == "multiclass":  # asked is whether the call was right, which no AUROC here tells
        right = _value((numbers.get("metrics") or {}).get("accuracy"))
        return "every call was right" if right == 1 else "calls that were right and wrong do not overlap"
    area = _value(numbers["per_class"][name].get("auroc") if name else numbers["headline"])
    if area is not None and 0.01 < area < 0.99:
        return "the probabilities are all but alike"
    return "the classes do not overlap" if area in (None, 0, 1) else "the classes hardly overlap"


def _for(name: str) -> str:
    return f"for {in_words(name)}, since " if name else ""


def _value(number: Any) -> Any:
    return number["value"] if isinstance(number, Mapping) else number


def _covers(number: Any, value: float) -> bool:
    return isinstance(number, Mapping) and bool(number["low"] <= value <= number["high"])


def _span(number: Mapping[str, Any]) -> str:
    return f"{say_share(number['value'])} ({say_share(number['low'])} to {say_share(number['high'])})"


def _against(number: Any, right: str) -> str:
    """``0.60 (0.50 to 0.70; 1 is right)``; without the interval where there is none."""
    interval = f"{number['low']:.2f} to {number['high']:.2f}; " if isinstance(number, Mapping) else ""
    return f"{_value(number):.2f} ({interval}{right})"


def _at_least(share: float) -> str:
    """``all``, ``at least 97 %``, rounded down so that it holds."""
    return "all" if share >= 1 else f"at least {math.floor(100 * share + 1e-9)} %"


def _each_of(kinds: int) -> str:
    return f"each of {kinds} kinds" if kinds > 1 else "one kind"
