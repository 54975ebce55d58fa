"""Passages of the results, and those of the discussion that a run can begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wetread.evaluation.by_division import first_alone
from wetread.evaluation.counts import find_rarest
from wetread.evaluation.shuffled_labels import say_test
from wetread.paper.facts import Facts, Image
from wetread.paper.flow import say_exclusions
from wetread.paper.partitions import Part, class_names, find_parts, say_class
from wetread.paper.passage import Passage
from wetread.paper.results_table import LADDER, list_numbers
from wetread.paper.table1 import characteristics
from wetread.paper.wording import ask, count, join, say_name, say_value, sentence, span

PEOPLE, PERFORMANCE = "Results, Data", "Results, Model performance"
ERRORS, DISCUSSION = "Results, Errors", "Discussion"

#: Results of the index test at the threshold, in the order they are said.
_RATES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
}


def describe_results(facts: Facts) -> Iterator[Passage]:
    """The passages on data, performance, errors, and limits that the run itself shows.

    Args:
        facts: Of the run.
    """
    yield Passage("flow", PEOPLE, _flow(facts))
    yield Passage("characteristics", PEOPLE, _characteristics(facts))
    yield Passage("main", PERFORMANCE, _main(facts))
    rates = [
        f"the {title} was {span(facts.numbers['metrics'][key])}"
        for key, title in _RATES.items()
        if key in facts.numbers["metrics"]
    ]
    if rates:
        yield Passage("rates", PERFORMANCE, f"At the threshold chosen inside the training part, {join(rates)}.")
    confusion = _confusion(facts)
    if confusion:
        yield Passage("confusion", PERFORMANCE, confusion)
    yield Passage("comparison", PERFORMANCE, _comparison(facts))
    calibration = _calibration(facts)
    if calibration:
        yield Passage("calibration", PERFORMANCE, calibration)
    groups = {number.group for number in list_numbers(facts)}
    if any(group.startswith("AUROC in subgroups") for group in groups):
        yield Passage("subgroups", PERFORMANCE, "Performance in subgroups is given in Table 3.")
    if facts.external:
        yield Passage("external", PERFORMANCE, _external(facts))
    if facts.learning_curve:
        yield from _learning_curve(facts)
    divisions = facts.numbers.get("repeats") or {}
    repeats, mean = divisions.get("auroc") or [], divisions.get("mean")
    if len(repeats) > 1:
        low, high = say_value(min(repeats)), say_value(max(repeats))
        alone = f" (mean {say_value(mean)}); the figures above are of predictions averaged over them" if mean else ""
        yield Passage(
            "robustness",
            PERFORMANCE,
            f"Over {len(repeats)} divisions of the data the AUROC ranged from {low} to {high}{alone}.",
        )
    failures = _failures(facts)
    if failures:
        yield Passage("failures", ERRORS, failures)
    yield Passage("limits", DISCUSSION, _limits(facts))


def _characteristics(facts: Facts) -> str:
    known = characteristics(facts)
    if not known:
        return "Images and patients by partition and class are given in Table 1. " + ask(
            "age, sex and other characteristics of the patients"
        )
    return (
        f"Table 1 gives {join(known)} by partition and class. "
        f"{ask('clinical characteristics that the table of labels does not hold')}"
    )


def _flow(facts: Facts) -> str:
    told = [
        f"{say_exclusions(facts)} The "
        "analysis "
        "comprised "
        f"{count(len(facts.images), 'labelled image')}{_of(facts, facts.images)}"
    ]
    every = Part("", "", facts.images)
    listed = [f"{count(len(every.of(name).images), 'image')} with {say_class(name)}" for name in class_names(facts)]
    told.append(f": {join(listed)}")
    if not facts.crossed:
        parts = [
            f"{count(len(part.images), 'image')}{_of(facts, part.images)} for {part.title.lower()}"
            for part in find_parts(facts)
        ]
        told.append(f"; {join(parts)}")
    return f"{''.join(told)} (Figure 1)."


def _of(facts: Facts, images: tuple[Image, ...]) -> str:
    return f" of {count(Part('', '', images).patients, 'patient')}" if facts.knows_patients else ""


def _main(facts: Facts) -> str:
    shown, n = facts.numbers["headline"], facts.numbers["n"]
    over = len(shown.get("mean_over") or ())
    what = f"a mean AUROC over {count(over, 'finding')}" if facts.several else "an AUROC"
    people = f" of {count(int(n['patients']), 'patient')}" if n.get("patients") else ""
    how = {
        "cross-validation": "in cross-validation",
        "locked test": "in the locked test set",
        "given test": "in the given test set",
    }
    told = (
        f"The model reached {what} of {span(shown)} on "
        f"{count(int(n['images']), 'image')}{people} "
        f"{'from elsewhere' if facts.tests_elsewhere else how.get(facts.numbers['estimate'], '')}"
    )
    leak = facts.numbers.get("leak_allowed")
    return told.rstrip() + (
        f"; {count(int(leak), 'training image')} also stood in the test set, so this number is too good."
        if leak
        else "."
    )


def _confusion(facts: Facts) -> str:
    """How many of each class were called so."""
    matrix = (facts.numbers.get("confusion") or {}).get("matrix")
    if not matrix:
        return ""
    told = [
        f"{counts[number]} of {sum(counts)} with {say_name(name)}"
        for number, (name, counts) in enumerate(zip(facts.classes, matrix, strict=True))
    ]
    return f"Of the images, {join(told)} were classified correctly (Table 4)."


def _comparison(facts: Facts) -> str:
    rows = {
        name: row["auroc"]
        for name, row in facts.numbers["models"].items()
        if isinstance(row, dict) and row.get("auroc")
    }
    models = [
        f"{LADDER[name].lower()} {span(rows[name])}"
        for name in LADDER
        if name in rows and name not in ("prevalence", "file properties", "selected")
    ]
    blind = {name: one for name, one in rows.items() if name not in LADDER or name == "file properties"}
    told = f"AUROC by model: {'; '.join(models)}." if models else ""
    if blind:
        best = max(blind, key=lambda name: blind[name]["value"])
        told += (
            " The best baseline "
            f"({LADDER.get(best, 'only ' + say_name(best)).lower()}) reached "
            f"{span(blind[best])}{_in_first_division(facts)}."
        )
    chance = facts.numbers.get("chance")
    if isinstance(chance, dict) and isinstance(chance.get("p"), int | float):
        told += (
            f" To test whether the labels can be told from the images at all, another model was fitted anew to "
            f"permuted labels: {say_test(chance)}. This is not a test of the model above."
        )
    return told.strip()


def _in_first_division(facts: Facts) -> str:
    """What to compare a negative control with, which was tried in the first division only; empty of one division."""
    first = first_alone(facts.numbers)
    if first is None:
        return ""
    divisions = len(facts.numbers["repeats"]["auroc"])
    return f" in the first of {divisions} divisions, in which alone the model reached {say_value(first)}"


def _calibration(facts: Facts) -> str:
    """In a sentence for one model; many findings are left to the table."""
    stored = facts.numbers.get("calibration") or {}
    own = stored["after"] if isinstance(stored.get("after"), dict) else stored
    if not isinstance(own.get("slope"), int | float | dict):
        return "Calibration of each finding is given in Table 3." if stored and facts.several else ""
    told = f"The calibration slope was {_say(own['slope'])}"
    told += f" and the intercept {_say(own['intercept'])}" if own.get("intercept") is not None else ""
    if own.get("ece") is not None:
        told += f"; the expected calibration error was {_say(own['ece'])}"
        luck = own.get("ece_if_perfect")
        told += f" (a perfectly calibrated model of this size would show {_say(luck)})" if luck is not None else ""
    return f"{told}."


def _say(number: Any) -> str:
    """A number with or without its interval."""
    return span(number) if isinstance(number, dict) else say_value(float(number))


def _external(facts: Facts) -> str:
    told = []
    for number in list_numbers(facts):
        if number.group.startswith("External test") and ("AUROC" in number.name):
            told.append(f"{number.group.lower()}: {number.name} {span(number.value)}")
    listed = sentence("; ".join(told)) if told else "The model was tested on external data."
    return f"{listed} {ask('name and origin of the external data, and how they differ from the training data')}"


def _learning_curve(facts: Facts) -> Iterator[Passage]:
    said = facts.learning_curve.get("sentence") or facts.learning_curve.get("verdict")
    if isinstance(said, str) and said:
        # The headline is of the model that was chosen, tested on held-out cases; "now" is a point of the fitted curve.
        why = (
            " The AUROC now is that of a curve fitted to a linear model trained on parts of the cases, so it need not "
            "equal the AUROC above."
            if "now" in facts.learning_curve
            else ""
        )
        yield Passage("learning_curve", PERFORMANCE, sentence(said) + why)


def _failures(facts: Facts) -> str:
    matrix = (facts.numbers.get("confusion") or {}).get("matrix")
    if not matrix:
        return ""
    names, wrong = facts.classes, []
    for row, counts in enumerate(matrix):
        for column, number in enumerate(counts):
            if row != column and number:
                wrong.append(
                    (number, f"{say_name(names[row])} called {say_name(names[column])} {count(number, 'time')}")
                )
    total = sum(number for number, _ in wrong)
    if not total:
        return "No tested image was misclassified."
    often = [text for _, text in sorted(wrong, key=lambda one: (-one[0], one[1]))[:4]]
    tested = facts.numbers["n"]["images"]
    return (
        f"{total} of {tested} tested images were misclassified, most often: "
        f"{'; '.join(often)}. "
        f"{ask('look at them in the report, and say what they have in common')}"
    )


def _limits(facts: Facts) -> str:
    told = []
    if not facts.external and not facts.tests_elsewhere:
        told.append("the model was tested on no data of another place")
    if not facts.knows_patients:
        told.append("images of one patient could not be told apart from those of others")
    rarest = find_rarest(facts.numbers["n"])
    if rarest is not None and rarest.count < 100:
        side = "of the rarest class" if rarest.has else f"without {say_name(rarest.name)}"
        told.append(f"fewer than 100 cases {side} were tested")
    told += [
        sentence(str(one["evidence"])).rstrip(".")
        for one in facts.trust
        if one.get("light") == "red" and one.get("evidence")
    ]
    told += [
        sentence(str(one.get("title") or "")).rstrip(".").lower()
        for one in facts.findings
        if one.get("severity") in ("red", "amber")
    ]
    told = list(dict.fromkeys(told))
    listed = sentence(f"Limits that the run itself shows: {'; '.join(told)}") if told else ""
    return f"{listed} {ask('further limits, sources of bias, and what they mean for use')}".strip()
