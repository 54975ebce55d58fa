"""What the rungs of the ladder are called in this run, and why each was used or not: one sentence per rung."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

#: What is not among the rungs of a plan keeps its name; the second text says what it is.
BASELINES = {
    "prevalence": ("Prevalence", "always says the commonest class"),
    "file properties": ("Only file properties", "size, shape, bytes and format; never sees the picture"),
    "selected": ("Chosen inside the folds", "the procedure whose number heads this page"),
}

#: Rungs that look at the whole picture; what is not among them is a baseline that should fail.
MODELS = ("classical", "frozen", "combined", "network", "ensemble", "selected")

#: Rungs inside a sentence, whatever network they are made of.
SHORT = {
    "classical": "classical features",
    "frozen": "frozen backbone",
    "combined": "backbone with classical features",
    "network": "network",
    "ensemble": "ensemble",
}

#: The same as what another rung is compared with.
THE_SAME = {name: words if name == "classical" else f"the {words}" for name, words in SHORT.items()}

#: How networks are written in papers; another one keeps its name in timm.
NETWORKS = {
    "small": "Small network",
    "carpentries": "Network of the Carpentries lesson",
    "dense": "Dense layers",
    "inception_v3": "InceptionV3",
    "densenet121": "DenseNet-121",
    "mobilenetv2_035": "MobileNetV2 0.35",
    "mobilenetv3_large_100": "MobileNetV3 large",
    "efficientnet_b0": "EfficientNet-B0",
    "convnext_nano": "ConvNeXt nano",
    "vit_small_patch14_dinov2": "DINOv2 small",
    "vit_base_patch14_dinov2": "DINOv2 base",
}


def name_network(network: str) -> str:
    """``InceptionV3`` for inception_v3, ``ResNet-50`` for resnet50; other names of timm stay."""
    depth = network.removeprefix("resnet")
    return f"ResNet-{depth}" if network != depth and depth.isdigit() else NETWORKS.get(network, network)


def name_rungs(plan: Mapping[str, Any], reasons: Mapping[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """What each model of a run is called, and what it is.

    Args:
        plan: Values of the decisions, by name; what is not there is not told.
        reasons: Of the decisions, by name: they tell what a project brought from what was changed of a recipe.

    Returns:
        Rung -> title and a few words.
    """
    backbone = plan.get("backbone") or ""
    elsewhere = f"{backbone}: trained elsewhere, not changed here" if backbone else "a network trained elsewhere"
    return BASELINES | {
        "classical": ("Classical features", "HOG, LBP, histogram and thumbnail with logistic regression"),
        "frozen": ("Frozen backbone", f"{elsewhere}; logistic regression on what it sees"),
        "combined": (
            "Backbone and classical features",
            f"{backbone or 'the frozen network'} and classical features side by side, with logistic regression",
        ),
        "network": (title_network(plan, reasons), _describe_network(plan, reasons)),
        "ensemble": ("Ensemble", "the mean of the models above" + _looks(plan)),
        "selected": _name_selected(str(plan.get("choice") or "by gain"), str(plan.get("estimate") or "")),
    }


def _name_selected(choice: str, estimate: str) -> tuple[str, str]:
    """The row of what was used, which is nothing new where the plan says which rung that is."""
    title, about = BASELINES["selected"]
    if choice != "by gain":
        return "Used, as the plan says", f"{_name(choice)}, whose number heads this page"
    return (title if estimate in ("cross-validation", "") else "Chosen inside the training part"), about


def title_network(plan: Mapping[str, Any], reasons: Mapping[str, str] | None = None, *, short: bool = False) -> str:
    """``ResNet-18, fine-tuned from resnet18.a1_in1k``; the short form leaves the name of the weights out."""
    if not plan.get("network"):
        return "Network"
    name, weights = name_network(plan["network"]), plan.get("weights")
    if plan.get("recipe"):
        from wetread.training.plan_departures import departures  # the terminal starts with this file

        return f"{name}, recipe {plan['recipe']}" + (", changed" if departures(plan, reasons) else "")
    if not weights:
        return f"{name}, from scratch"
    how, place = ("new head", "on") if plan.get("tuning") == "head" else ("fine-tuned", "from")
    return f"{name}, {how}" if short else f"{name}, {how} {place} {weights}"


def _describe_network(plan: Mapping[str, Any], reasons: Mapping[str, str] | None) -> str:
    """How it was trained, as far as its title does not say so."""
    from wetread.training.plan_departures import say_departures

    weights, tuning = plan.get("weights"), plan.get("tuning")
    start = f", starting from {weights}" if plan.get("recipe") and weights else ""
    changed = say_departures(plan, reasons)
    start += f"; {changed}" if changed else ""
    if not weights:
        return "trained on these images" + (", from scratch" if plan.get("recipe") else "") + start
    if tuning == "head first":
        return f"its head was trained on these images first, then all its layers at lower rates{start}"
    return ("its new head was" if tuning == "head" else "all its layers were") + f" trained on these images{start}"


def _looks(plan: Mapping[str, Any]) -> str:
    shifts = plan.get("test_time_shifts")
    return f"; its networks look {int(shifts) + 1} times, at slightly moved pictures" if shifts else ""


def explain_rungs(numbers: Mapping[str, Any]) -> dict[str, str]:
    """Why each rung was used or not: a sentence for each rung that it was compared with; none where it never was.

    Args:
        numbers: Of numbers.json.
    """
    choices = numbers.get("choices") or {}
    judged = choices.get("rule", "by gain") == "by gain"
    met: dict[str, list[Mapping[str, Any]]] = {}
    for gain in choices.get("gains", ()):
        met.setdefault(gain["rung"], []).append(gain)
    sentences, parted = {}, False
    for rung, gains in met.items():
        sentences[rung] = _explain(gains, judged, parted)
        won, compared = (sum(gain[count] for gain in gains) for count in ("worth_it", "compared"))
        parted = (parted or won > 0) and won < compared
    if sentences and judged:
        first = next((name for name in numbers["models"] if name in SHORT and name not in sentences), None)
        if first is not None:
            sentences[first] = "The simplest one: the others have to beat it."
    return sentences


def _explain(gains: Sequence[Mapping[str, Any]], judged: bool, parted: bool) -> str:
    """A sentence for each opponent that a rung met.

    Args:
        gains: Of this rung, one for each opponent.
        judged: Whether it was used by its gain.
        parted: A rung before it was used in some folds only, so that this one has more than one opponent. Where one is
            told nevertheless, an earlier version wrote the median over all of them, and the name of the commonest.
    """
    folds = sum(gain["compared"] for gain in gains)
    if len(gains) > 1:
        return " ".join(_explain_one(gain, judged, _name(gain["over"]), folds) for gain in gains)
    over = _name(gains[0]["over"])
    return _explain_one(gains[0], judged, f"the simpler one in use, mostly {over}" if parted else over, folds)


def _name(rung: str) -> str:
    return THE_SAME.get(rung, rung)


def _explain_one(gain: Mapping[str, Any], judged: bool, over: str, folds: int) -> str:
    """What a rung gained over one opponent, and what came of it; `folds` counts those with other opponents too."""
    value, compared, won = gain["gain"], gain["compared"], gain["worth_it"]
    if not all(map(math.isfinite, (value, gain["low"], gain["high"]))):
        return f"Too few patients to say what it gains over {over}."
    verb = "Gains" if value >= 0 else "Loses"
    low, high = (gain["low"], gain["high"]) if value >= 0 else (-gain["high"], -gain["low"])
    told = f"{verb} {say_nats(abs(value))} nats ({say_nats(low)} to {say_nats(high)})"
    told += f" over {over}" if value >= 0 else f" against {over}"
    if compared < folds:
        told += f", {'in use' if judged else 'compared'} in {compared} of {folds} folds"
    if not judged:
        return f"{told}."
    where = f" in {compared} of {compared} folds" if 1 < compared == folds else ""
    if not won:
        return f"{told}: the simpler one was kept{where}."
    if won == compared:
        return f"{told}: worth it{where}."
    of = f"{compared} folds" if compared == folds else "them"
    return f"{told}: worth it in {won} of {of}, the simpler one was kept in {compared - won}."


def explain_rule(numbers: Mapping[str, Any]) -> str:
    """By which rule the model was chosen; empty where there was nothing to choose from.

    Args:
        numbers: Of numbers.json.
    """
    choices = numbers.get("choices") or {}
    rule = choices.get("rule", "by gain")
    told = f"This plan uses {_name(rule)}, whatever the gain; the others are shown for comparison."
    if not choices.get("gains"):
        return "" if rule == "by gain" else told
    if rule == "by gain":
        told = "A higher rung is used only where the 95 % interval of its gain over patients excludes zero."
    many = len(numbers["classes"]) if numbers["task"] == "multiclass" else 2
    among = f"among {many}" if many > 2 else "between two"
    several = max(gain["compared"] for gain in choices["gains"]) > 1
    medians = " What is told below are medians over the folds in which the two met." if several else ""
    return (
        f"{told} The gain is the fall of the log loss in nats: 0 is none, and guessing {among} equally frequent "
        f"classes costs {math.log(many):.2f}.{medians}"
    )


def say_nats(value: float) -> str:
    """Two decimals with a true minus sign; three where two would show a small number as zero."""
    text = f"{abs(value):.2f}"
    if float(text) == 0 and round(abs(value), 3):
        text = f"{abs(value):.3f}"
    return f"−{text}" if value < 0 and float(text) else text
