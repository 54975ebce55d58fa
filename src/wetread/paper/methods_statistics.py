"""Methods, last part: metrics, intervals, audit, explanations, software and hardware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wetread.evaluation.counts import find_rarest
from wetread.outcome import SEE_ANATOMY, in_units
from wetread.paper.facts import Facts
from wetread.paper.passage import Passage
from wetread.paper.references import References
from wetread.paper.wording import ask, count, join, say_name, say_number, sentence

STATISTICS, AUDIT = "Methods, Statistical analysis", "Methods, Data audit"
EXPLAINED, SOFTWARE = "Methods, Explainability", "Methods, Software and hardware"

#: Metric of numbers.json -> its name in a sentence, the key of a reference where it has one.
METRICS = {
    "auroc": ("area under the ROC curve (AUROC)", ""),
    "auprc": ("average precision", "ap"),
    "accuracy": ("accuracy", ""),
    "balanced_accuracy": ("balanced accuracy", ""),
    "sensitivity": ("sensitivity", ""),
    "specificity": ("specificity", ""),
    "ppv": ("positive predictive value", ""),
    "npv": ("negative predictive value", ""),
    "f1": ("F1 score", ""),
    "macro_f1": ("macro F1 score", ""),
    "kappa": ("Cohen's kappa", "kappa"),
    "brier": ("Brier score", "brier"),
    "ece": ("expected calibration error", "guo"),
    "log_loss": ("log loss", ""),
    "right_decisions": ("share of right decisions over all findings", ""),
    "all_right": ("share of images with every finding right", ""),
    "auroc_micro": ("micro-averaged AUROC", ""),
    "auprc_micro": ("micro-averaged average precision", ""),
}

#: A word of an interval's method -> reference and sentence about it.
INTERVALS = {
    "BCa": ("bca", "by bias-corrected and accelerated bootstrap over patients"),
    "Newcombe": ("newcombe", "by Newcombe's score interval for areas, with DeLong's variance"),
    "DeLong": ("delong", "by DeLong's variance on the logit scale"),
    "influence": ("boyd", "by the influence of each patient on average precision, logit scale"),
    "Wilson": ("wilson", "by Wilson's method"),
    "Nadeau": ("nadeau", "by Nadeau and Bengio's corrected t interval over folds"),
}


def describe_statistics(facts: Facts, cite: References) -> Iterator[Passage]:
    """The passages on statistics, audit, explanations, software and hardware.

    Args:
        facts: Of the run.
        cite: Numbers what is cited.
    """
    whom = facts.units
    yield Passage("metrics", STATISTICS, _metrics(facts, cite))
    yield Passage("intervals", STATISTICS, _intervals(facts, cite))
    yield Passage("baselines", STATISTICS, _baselines(facts, cite))
    if facts.numbers.get("calibration"):
        yield Passage(
            "calibration_methods",
            STATISTICS,
            "Calibration was described by slope and intercept of a logistic recalibration (1 and 0 are perfect), the "
            "Brier score and the expected calibration error, beside the error that a perfectly calibrated model of "
            "this size would show.",
        )
    if facts.numbers.get("subgroups"):
        yield Passage(
            "subgroup_methods",
            STATISTICS,
            f"Subgroups were compared with all other images by paired bootstrap of {whom}, or, with fewer than 100 "
            f"{whom} with or without the finding on a side, by square-and-add of the intervals of both sides "
            f"{cite('square-and-add')}, with Holm's correction {cite('holm')}; groups with fewer than ten cases on a "
            "side are not reported.",
        )
    if facts.numbers.get("decision_curves"):
        told = f"Clinical use was examined by decision curves of net benefit {cite('decision')}."
        yield Passage("decision_methods", STATISTICS, told)
    yield Passage("sample_size", STATISTICS, _sample_size(facts))
    yield Passage("audit", AUDIT, _audit(facts))
    explained = _explained(facts, cite)
    if explained:
        yield Passage("explanations", EXPLAINED, explained)
    yield Passage("software", SOFTWARE, _software(facts))
    yield Passage("hardware", SOFTWARE, _hardware(facts))
    yield Passage("predicting", SOFTWARE, _predicting())


def _metrics(facts: Facts, cite: References) -> str:
    names = [METRICS[name] for name in METRICS if name in facts.numbers["metrics"]]
    listed = [f"{title} {cite(key)}" if key else title for title, key in names]
    unit = "patient" if facts.knows_patients else "picture, together with near-identical copies"
    told = f"The primary metric was the {listed[0]}; secondary metrics were {join(listed[1:])}." if listed else ""
    if facts.several:
        told += " AUROC and average precision are means over the findings (macro average) unless named otherwise."
    elif facts.positive is None:
        told += (
            " Of more than two classes, AUROC and average precision are means over the classes, each against the rest."
        )
    return f"{told} The unit of analysis was the image, the unit of resampling the {unit}.".strip()


def _intervals(facts: Facts, cite: References) -> str:
    told, found = [], facts.methods
    resamples = facts.plan.get("resamples")
    for word, (key, words) in INTERVALS.items():
        others = [earlier for earlier in INTERVALS if earlier != word and word in INTERVALS[earlier][1]]
        if any(word in method and not any(other in method for other in others) for method in found):
            drawn = f" ({say_number(int(resamples))} resamples)" if word == "BCa" and resamples else ""
            told.append(f"{in_units(words, facts.knows_patients)}{drawn} {cite(key)}")
    if not told:
        return "95 % confidence intervals (CI) are given where they could be computed."
    return (
        f"95 % confidence intervals (CI) were computed {join(told)}; the method of each is named in the tables. "
        "No interval was computed for what is not defined."
    )


def _baselines(facts: Facts, cite: References) -> str:
    sees = {
        name: str(row["sees"])
        for name, row in facts.numbers["models"].items()
        if isinstance(row, dict) and row.get("sees")
    }
    some = [f"{name} ({what})" for name, what in sees.items() if name in SEE_ANATOMY]
    none = [f"{name} ({what})" for name, what in sees.items() if name not in SEE_ANATOMY]
    told = "As negative controls, the models were compared with one that always gives the class frequencies"
    told += f" and with small models that see no anatomy: {'; '.join(none)}." if none else "."
    if some:
        told += f" Further baselines were small models that see little of the anatomy: {'; '.join(some)}."
    if sees:
        told += f" Each small model was a random forest {cite('sklearn')} or a ridge regression."
    return told


def _sample_size(facts: Facts) -> str:
    headline, rarest = facts.numbers["headline"], find_rarest(facts.numbers["n"])
    width = headline["high"] - headline["low"]
    named = "" if rarest is None else f"the rarest class, {say_name(rarest.name)},"
    if rarest is not None and not rarest.has:
        named = f"the rarest group, those without {say_name(rarest.name)},"
    fewest = "" if rarest is None else f"; {named} had {count(rarest.count, rarest.unit.removesuffix('s'))} in the test"
    return (
        f"The size of the study was given by the data at hand{fewest}, "
        f"and the 95 % CI of the AUROC is {width:.2f} wide. "
        + ask("intended sample size and how it was determined, or that there was none")
    )


def _audit(facts: Facts) -> str:
    told = (
        "Before training, the data were checked for known pitfalls: patients or near-identical images on two sides of "
        "a division, contradicting or suspicious labels, classes that are too small, file properties, header fields, "
        "image borders, corners, blurred images or writing that give the label away, and identifying header fields."
    )
    found = [one for one in facts.findings if one.get("severity") in ("red", "amber")]
    if not found:
        return f"{told} No finding cast doubt on the results."
    listed = " ".join(sentence(str(one.get("sentence") or one.get("title") or "")) for one in found)
    return f"{told} {count(len(found), 'check')} asked for care: {listed}"


def _explained(facts: Facts, cite: References) -> str:
    names = {
        "occlusion": ("occlusion sensitivity", "occlusion"),
        "gradcam": ("Grad-CAM", "gradcam"),
        "grad-cam": ("Grad-CAM", "gradcam"),
    }
    used = [names[method] for method in facts.explained if method in names]
    if not used:
        return ""
    methods = join([f"{title} {cite(key)}" for title, key in dict(used).items()])
    which = "the model that had not seen the image"
    if leak := facts.numbers.get("leak_allowed"):
        which = f"the model that was trained on {count(leak, 'image')} of tested patients or copies of tested images"
    return (
        f"For {count(facts.explained_cases, 'case')} (worst "
        "errors and random ones) heatmaps were "
        f"made by {methods}, with {which}. They show what the model reacts to, not where disease is."
    )


def _software(facts: Facts) -> str:
    versions: Mapping[str, Any] = facts.run.get("versions") or {}
    own = f"wetread {versions['wetread']}" if versions.get("wetread") else "wetread"
    others = [f"{name} {version}" for name, version in versions.items() if name != "wetread"]
    platform = facts.run.get("platform") or {}
    python = f"Python {platform['python']}" if platform.get("python") else "Python"
    system = f" on {platform['system']}" if platform.get("system") else ""
    with_others = f" with {join(others)}" if others else ""
    return f"All steps were done with {own} in {python}{system}{with_others}."


def _hardware(facts: Facts) -> str:
    cores, memory, device = (facts.measured.get(name) for name in ("cores", "memory", "device"))
    parts = [count(int(cores), "processor core")] if cores else []
    parts += [f"{memory:.0f} GiB of memory"] if isinstance(memory, int | float) else []
    parts.append("no accelerator" if (device or facts.run.get("device") or "cpu") == "cpu" else "a graphics processor")
    seconds = (facts.run.get("seconds") or {}).get("total")
    took = f" The whole run took {_duration(float(seconds))}." if isinstance(seconds, int | float) else ""
    return f"The computer had {join(parts)}.{took}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:.1f} hours"


def _predicting() -> str:
    return (
        "The model folder holds weights, preprocessing, calibration and threshold; the command wetread predict applies "
        "it to new images, and plan and seed repeat the run. "
        + ask("where code, model and data are available, and under which conditions")
    )
