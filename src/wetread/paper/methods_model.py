"""Methods, second half: the models, how they were trained and chosen, and what comes out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wetread.evaluation.recalibration import say_uncorrected
from wetread.metrics.point_rule import read_rule
from wetread.paper.facts import BY_GAIN, Facts
from wetread.paper.passage import Passage
from wetread.paper.references import References
from wetread.paper.wording import ask, count, join, percent, say_name, sentence
from wetread.training.plan_departures import departures, say_departures

MODEL, TRAINING, OUTPUT = "Methods, Model", "Methods, Training", "Methods, Model output"

#: Rungs inside a sentence.
RUNGS = {
    "classical": "classical image features with logistic regression",
    "frozen": "a frozen pretrained network with logistic regression",
    "combined": "frozen network and classical features together with logistic regression",
    "network": "a network trained on these images",
    "ensemble": "the mean of all these models",
}

#: How networks are written; another one keeps its name in timm.
NETWORKS = {
    "small": "a small convolutional network",
    "carpentries": "the network of the Carpentries lesson on medical images",
    "dense": "a network of dense layers",
    "inception_v3": "Inception-v3",
    "densenet121": "DenseNet-121",
    "mobilenetv2_035": "MobileNetV2 0.35",
}

#: What was minimised, by the decision `loss`; ``{}`` is the cross-entropy of the outputs.
MINIMISED = {
    "class weights": "{} weighted by class",
    "focal": "focal loss",
    "logit adjustment": "{} of logits adjusted by the class frequencies",
}

LOSSES = {
    "class weights": "the loss was weighted by class",
    "focal": "the focal loss was used",
    "logit adjustment": "logits were adjusted by the class frequencies",
}

#: Up to this ratio of the commonest to the rarest class nobody would speak of imbalance.
BALANCED = 1.5

#: Range of augmentation -> its words with the value, or with the value as per cent.
CHANGES = {
    "rotation": "rotation up to {value:g}°",
    "zoom": "zoom up to {percent}",
    "shift": "shift up to {percent} of the side",
    "stretch": "stretch up to {percent}",
    "shear": "shear up to {value:g}°",
    "gamma": "gamma within ±{value:g} on a log scale",
    "contrast": "contrast within ±{percent}",
    "brightness": "brightness within ±{percent}",
    "noise": "added noise up to {value:g} of the grey range",
    "blur": "blur up to {value:g} of the side",
    "erasing": "erased boxes up to {percent} of the area",
    "saturation": "saturation within ±{percent}",
    "hue": "hue within ±{value:g}°",
    "stain": "haematoxylin, eosin and DAB scaled within ±{percent} and shifted within ±{value:g} of optical density",
    "mirror": "left-right mirroring with probability {value:g}",
    "flip": "upside-down flips with probability {value:g}",
    "turns": "quarter turns with probability {value:g}",
}


def describe_model(facts: Facts, cite: References) -> Iterator[Passage]:
    """The passages on models, training, selection, output and refusal.

    Args:
        facts: Of the run.
        cite: Numbers what is cited.
    """
    rungs = list(facts.plan.get("rungs") or [])
    yield from _made(facts, rungs, cite) if rungs else _made_elsewhere()
    yield Passage("output", OUTPUT, _output(facts, cite))
    if facts.positive is not None or facts.several:
        yield Passage("threshold", OUTPUT, _threshold(facts, cite))
    yield from _refusal(facts, cite)
    yield Passage(
        "blinding",
        OUTPUT,
        "The model saw nothing but the image: no clinical information, and no reference standard of a tested image.",
    )
    yield Passage(
        "stored",
        OUTPUT,
        "Probability, threshold and class given for every tested image are stored with the run, so that each number "
        "can be recomputed.",
    )
    yield Passage(
        "use",
        OUTPUT,
        "Images are read as they are exported; the user marks nothing in them. "
        + ask("intended users and their training"),
    )


def _made_elsewhere() -> Iterator[Passage]:
    """For a folder without a plan: a test of a model that another run made."""
    told = "The model was made by an earlier run, whose own paper kit describes its training. "
    yield Passage("ladder", MODEL, told + ask("model and training, from there"))


def _made(facts: Facts, rungs: list[str], cite: References) -> Iterator[Passage]:
    """Models, training and selection of a run that has a plan."""
    yield Passage("ladder", MODEL, _ladder(rungs))
    if {"classical", "combined"} & set(rungs):
        yield Passage("model_classical", MODEL, _classical(cite))
    if {"frozen", "combined"} & set(rungs):
        yield Passage("model_frozen", MODEL, _frozen(facts, cite))
    if "network" in rungs:
        yield Passage("model_network", MODEL, _network(facts, cite))
    yield Passage("initialisation", TRAINING, _initialisation(facts, rungs))
    yield from _training(facts, rungs, cite)
    yield Passage("imbalance", TRAINING, _imbalance(facts, cite))
    yield Passage("selection", TRAINING, _selection(facts, rungs))
    yield Passage("ensemble", TRAINING, _ensemble(facts, rungs))


def _ladder(rungs: list[str]) -> str:
    models = [RUNGS.get(rung, rung) for rung in rungs]
    if len(models) < 2:
        return f"One kind of model was used: {join(models) or 'the plan does not describe it'}."
    return f"Models of increasing complexity were compared: {join(models)}."


def _classical(cite: References) -> str:
    return (
        "Classical features were histograms of oriented gradients "
        f"{cite('hog')}, "
        "uniform "
        "local binary "
        f"patterns {cite('lbp')}, a "
        "grey-value histogram and a 12 by 12 thumbnail, measured on images of 128 by 128 pixels, "
        "each feature standardised, and entered into L2-penalised logistic regression, fitted by a truncated Newton "
        f"method {cite('newton')}, whose penalty was chosen by inner cross-validation."
    )


def _frozen(facts: Facts, cite: References) -> str:
    used = _weights_of(facts, "frozen")
    name = facts.plan.get("backbone") or "a pretrained network"
    told = (
        f"The frozen network was {_network_name(used.get('network') or name)} with "
        f"pretrained weights ({say_name(str(name))})"
    )
    return (
        f"{told}{_origin(used, cite)}; its output was centred, divided by one number for all of its features, so that "
        "they kept their proportions, and entered into L2-penalised logistic regression, fitted by a truncated Newton "
        f"method {cite('newton')}."
    )


def _origin(used: Mapping[str, Any], cite: References) -> str:
    """Citation and licence of weights, as the run has them."""
    if not used.get("cite"):
        return f" {ask('origin, licence and citation of these weights')}"
    licence = f"; licence: {str(used['licence']).rstrip('.')}" if used.get("licence") else ""
    return f" {cite.own(str(used['cite']))}{licence}"


def _weights_of(facts: Facts, rung: str) -> Mapping[str, Any]:
    weights = facts.numbers.get("weights") or ()
    return next((one for one in weights if rung in (one.get("used_by") or ())), {})


def _network_name(name: Any) -> str:
    depth = str(name).removeprefix("resnet")
    return f"ResNet-{depth}" if depth.isdigit() else NETWORKS.get(str(name), str(name))


def _network(facts: Facts, cite: References) -> str:
    plan, used = facts.plan, _weights_of(facts, "network")
    side, channels = plan.get("network_side"), plan.get("channels")
    size = (
        f" with an input of {side} by {side} pixels and {count(int(channels), 'channel')}" if side and channels else ""
    )
    told = f"The trained network was {_network_name(plan.get('network'))}{size} {cite('torch')}"
    if plan.get("network") not in NETWORKS:
        told += f", as implemented in timm {cite('timm')}"
    if plan.get("recipe"):
        changed = say_departures(plan, facts.reasons)
        told += f", trained after the published recipe {say_name(str(plan['recipe']))}" + (changed and f" ({changed})")
        of_project = [say_name(name) for name in departures(plan) if name not in departures(plan, facts.reasons)]
        told += f", with {join(of_project)} as in the project that the images came in" if of_project else ""
    if plan.get("hidden"):
        told += f", with a hidden layer of {plan['hidden']} units"
    if plan.get("dropout"):
        told += f", dropout {plan['dropout']:g}"
    return sentence(
        told + (f", starting from {say_name(str(plan['weights']))}{_origin(used, cite)}" if plan.get("weights") else "")
    )


def _initialisation(facts: Facts, rungs: list[str]) -> str:
    told = []
    if "network" in rungs:
        how = {"whole": "all layers were trained", "head": "only a new last layer was trained"}
        start = "pretrained weights" if facts.plan.get("weights") else "random weights"
        told.append(
            f"The network started from {start}; "
            f"{how.get(str(facts.plan.get('tuning')), 'the last layer was trained first, then all layers')}."
        )
    if {"frozen", "combined"} & set(rungs):
        told.append("The weights of the frozen network were not changed.")
    if not told:
        told.append("Logistic regression has one optimum and needs no initialisation; no pretrained weights were used.")
    return " ".join(told) + f" All random draws followed from the seed {facts.plan.get('seed', facts.run.get('seed'))}."


def _training(facts: Facts, rungs: list[str], cite: References) -> Iterator[Passage]:
    plan = facts.plan
    if "network" not in rungs:
        yield Passage(
            "training",
            TRAINING,
            "No network was trained; the logistic regression was fitted to convergence. No data were augmented.",
        )
        return
    name = str(plan.get("optimiser"))
    optimiser = {
        "adamw": f"AdamW {cite('adamw')}",
        "adam": f"Adam {cite('adam')}",
        "sgd": "stochastic gradient descent",
    }.get(name, name)
    kept = {
        "last": "The weights of the last epoch were used.",
        "average": "The mean of the weights of the last five epochs was used; no epoch was picked by its score.",
        "ema": "A running mean of the weights was used; no epoch was picked by its score.",
        "best": "The epoch with the least loss on the held-out inner fold was used.",
    }.get(str(plan.get("keep")), "")
    yield Passage(
        "training",
        TRAINING,
        f"Networks were trained for {_epochs(facts)} with {optimiser}, {_loss(plan, cite)}, batches of "
        f"{plan.get('batch')}, a learning rate of {plan.get('learning_rate'):g} ({plan.get('schedule')} schedule), "
        f"weight decay "
        f"{plan.get('weight_decay'):g} and {plan.get('precision')} arithmetic. {kept}".strip(),
    )
    changes = [
        text.format(value=plan[key], percent=percent(plan[key], 1)) for key, text in CHANGES.items() if plan.get(key)
    ]
    still = [word for key, word in (("mirror", "mirrored"), ("flip", "turned upside down")) if not plan.get(key)]
    told = f"Training images were augmented by {join(changes)}" if changes else "Training images were not augmented"
    yield Passage("augmentation", TRAINING, told + (f"; none was {join(still, 'or')}." if still else "."))


def _epochs(facts: Facts) -> str:
    """``6 to 11 epochs (at most 40 were planned)``: those that were run, and in how many only the head learnt."""
    head = int(facts.plan.get("head_epochs") or 0) if facts.plan.get("tuning") == "head first" else 0
    planned = int(facts.plan.get("epochs") or 0) + head
    fewest, most = min(facts.epochs, default=planned), max(facts.epochs, default=planned)
    told = count(most, "epoch") if fewest == most else f"{fewest} to {count(most, 'epoch')}"
    notes = [f"at most {planned} were planned"] if fewest < planned else []
    notes += [f"in the first {head if head > 1 else 'one'} only the last layer was trained"] if head else []
    return told + (f" ({'; '.join(notes)})" if notes else "")


def _loss(plan: Mapping[str, Any], cite: References) -> str:
    entropy = "binary cross-entropy" if plan.get("output") == "sigmoid" else "cross-entropy"
    kind = str(plan.get("loss"))
    return MINIMISED.get(kind, "{}").format(entropy) + (f" {cite('focal')}" if kind == "focal" else "")


def _imbalance(facts: Facts, cite: References) -> str:
    plan, ratio = facts.plan, facts.measured.get("imbalance")
    how = [LOSSES[str(plan["loss"])]] if plan.get("loss") in LOSSES else []
    if plan.get("sampling") == "balanced":
        how.append("images were drawn so that classes were equally frequent")
    size = _say_ratio(ratio, facts.several) if isinstance(ratio, int | float) else ""
    kind = "imbalance" if facts.several else "class imbalance"
    if "network" not in (plan.get("rungs") or ()) or not how:
        if isinstance(ratio, int | float) and ratio <= BALANCED:
            even = "Each finding was about as often present as absent"
            even = even if facts.several else "The classes were about equally frequent"
            return f"{even}{size}; nothing was done about imbalance."
        return (
            f"{kind.capitalize()}{size} was not corrected by weights or resampling, which harms calibration "
            f"{cite('imbalance')}"
            + ("; the threshold was moved instead." if facts.positive is not None or facts.several else ".")
        )
    source = {"focal": f" {cite('focal')}", "logit adjustment": f" {cite('menon')}"}.get(str(plan.get("loss")), "")
    told = f"Against {kind}{size} {join(how)}{source}"
    if plan.get("loss") == "focal" and plan.get("sampling") != "balanced":
        return f"{told}."  # it leaves the frequencies as they are
    return f"{told}; predictions were brought back to the true frequencies afterwards."


def _say_ratio(ratio: float, several: bool) -> str:
    """Of findings the sides are compared, since several of them can all be rare."""
    if several:
        return f" (most uneven finding: {ratio:g} to 1 between its two sides, with and without it)"
    return f" (commonest to rarest {ratio:g} to 1)"


def _selection(facts: Facts, rungs: list[str]) -> str:
    if len(rungs) < 2:
        return "There was one model, so none was selected."
    if facts.rule != BY_GAIN:
        fixed = RUNGS.get(facts.rule, facts.rule)
        return f"The model was fixed beforehand: {fixed}; the others are given for comparison."
    text = (
        "Inside each training part, a more complex model replaced the simpler one only if the 95 % interval over "
        f"{facts.units} of its gain in log loss on inner held-out predictions excluded zero."
    )
    chosen = {name: number for name, number in (facts.numbers.get("chosen") or {}).items() if number}
    folds = sum(chosen.values())
    if folds > 1:
        text += (
            " Chosen were "
            f"{join([f'{RUNGS.get(name, name)} in {number} of {folds} folds' for name, number in chosen.items()])}."
        )
    return text


def _ensemble(facts: Facts, rungs: list[str]) -> str:
    if "ensemble" not in rungs:
        return "Different kinds of models were not combined in an ensemble."
    shifts = facts.plan.get("test_time_shifts") or 0
    looks = f"; each network looked {int(shifts) + 1} times at slightly shifted copies" if shifts else ""
    return f"The ensemble was the mean of the calibrated logits of all models above{looks}."


def _output(facts: Facts, cite: References) -> str:
    kind = "one probability per finding" if facts.several else "one probability per class, adding up to one"
    told = f"The output is {kind}."
    recalibration = facts.numbers.get("recalibration") or {}
    uncorrected = say_uncorrected(recalibration)
    if uncorrected and not facts.calibrated:
        return f"{told} {uncorrected}"
    method = str(facts.plan.get("calibration") or "none")
    if method.startswith("temperature"):
        told += (
            f" Probabilities were calibrated by temperature scaling {cite('guo')} fitted "
            "on predictions from inside the training part."
        )
    elif method.startswith("platt"):
        told += (
            f" Probabilities were calibrated by Platt scaling {cite('platt')} fitted on "
            "predictions from inside the training part."
        )
    elif method == "none":
        told += " Probabilities were not recalibrated."
    else:
        told += f" Probabilities were calibrated ({say_name(method)}) on predictions from inside the training part."
    return f"{told} {uncorrected}".strip()


def _threshold(facts: Facts, cite: References) -> str:
    point = facts.numbers.get("operating_point") or {}
    rule = str(point.get("rule") or facts.plan.get("operating_point") or "")
    source = f" {cite('youden')}" if rule == "youden" else ""
    whose = "For each finding the" if facts.several else "The"
    told = f"{whose} threshold was chosen by {_rule_title(rule, point)}{source} on predictions from inside the "
    told += "training part, never on tested images"
    if facts.positive is not None:
        told += f"; positive means {say_name(facts.positive)}"
    cut = point.get("threshold")
    if isinstance(cut, int | float):
        told += f", and the threshold of the handed-over model is {cut:.3f}"
    return f"{told}. {ask('why this operating point suits the intended use')}"


def _rule_title(rule: str, point: Mapping[str, Any]) -> str:
    """A rule in words, as the run says it or as rules are spelt."""
    if point.get("title"):
        return say_name(str(point["title"]))
    try:
        return read_rule(rule).title
    except ValueError:
        return say_name(rule) or "the rule of the plan"


def _refusal(facts: Facts, cite: References) -> Iterator[Passage]:
    if not facts.refusal:
        yield Passage("refusal", OUTPUT, "The model does not refuse images unlike those it was trained on.")
        return
    told = (
        "Images unlike the training images are refused by their distance to the nearest training "
        "images in feature space "
        f"{cite('knn')}, with a threshold from training images compared with "
        f"{'those of other patients' if facts.knows_patients else 'the others'}."
    )
    own = facts.refusal.get("own") or {}
    refused = _share(own.get("refused", own.get("out")))
    if refused is not None:
        told += f" In test, {percent(refused, 1)} of images of its own kind were refused"
        packs = [f"{percent(share, 1)} of {name}" for name, share in _packs(facts.refusal).items()]
        told += f", and of others {join(packs)}." if packs else "."
    yield Passage("refusal", OUTPUT, told)


def _packs(refusal: Mapping[str, Any]) -> dict[str, float]:
    """Kind of other pictures -> share that was refused."""
    packs = refusal.get("packs") or (refusal.get("facts") or {}).get("packs") or {}
    named = packs.items() if isinstance(packs, Mapping) else [(one.get("name"), one) for one in packs]
    shares = {say_name(str(name)): _share(one.get("refused")) for name, one in named}
    return {name: share for name, share in shares.items() if share is not None}


def _share(one: Any) -> float | None:
    """A share that may stand with its interval or alone."""
    value = one.get("value") if isinstance(one, Mapping) else one
    return float(value) if isinstance(value, int | float) else None
