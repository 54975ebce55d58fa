"""The stage that tests the heatmaps of a run: may they be believed? On a sample, by a model that did not see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wetread.errors import InputError
from wetread.main_job.fitting import Trained
from wetread.main_job.preparation import Prepared
from wetread.main_job.session import step
from wetread.progress import Listener
from wetread.run_folder import RunFolder
from wetread.shapes import Bools, Ints

if TYPE_CHECKING:
    from wetread.dataset.table import Row
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.predictions import Predictions
    from wetread.explanation.trials.labels import Retrain
    from wetread.explanation.trials.run_trials import Trials
    from wetread.model.classifier import Classifier
    from wetread.training.plan import Plan

#: Pictures of the sample, and how many of them show the finding: only those can have a mask.
PICTURES, WITH = 12, 8
#: Methods of which the report shows maps; only their tests count for the run.
SHOWN = ("occlusion", "grad-cam")
#: Seconds of work, as `wetread.explanation.trials.work` counts it, after which no further test is begun that asks the
#: model again; for large networks. A clock would give the same seed other tests on a busy machine.
BUDGET = 30.0
#: Part of that for the network beside.
BUDGET_BESIDE = 8.0
#: Seconds of the clock after which a machine is in such distress that the run should come to its end.
EMERGENCY = 1800.0
#: Part of the work of training that may be spent on training networks again, on labels in random order.
SHARE_AGAIN = 0.05
#: Strength of the penalty in a fit to permuted labels; a map keeps its shape at any.
STRENGTH = 1e-2
FILE = "explanations.json"


class Masks(NamedTuple):
    """Masks of pictures, None where there is none, and the class that each shows."""

    masks: list[Bools | None]
    show: list[int]


def load_what_explains(plan: Plan) -> None:
    """Imports torch, before a stage that Ctrl-C may leave out: an import of it that was cut short cannot be repeated.

    ``quick`` tests no heatmaps, and may end without torch.
    """
    if plan.preset != "quick":
        import wetread.model.network  # noqa: F401


def test_explanations(
    prepared: Prepared,
    trained: Trained,
    predictions: Predictions | FindingPredictions,
    folder: RunFolder,
    tell: Listener,
) -> dict[str, Any]:
    """Tests the two methods of the report; writes explanations.json, unless the run is a quick one.

    Tested is the model of the first fold that is of the kind of the final one, on pictures of that fold's test part:
    what is shipped was fitted by the same procedure, and has seen them all. Where that model is none of layers,
    Grad-CAM of the network of the same fold is tested beside it, and does not count for the run.

    Returns:
        The contents of explanations.json; empty where nothing was tested.
    """
    plan = prepared.plan
    if plan.preset == "quick":
        return {}
    with step(tell, "test explanations", "Testing the heatmaps") as done:
        result = next(one for one in trained.results if one.fold.repeat == 1)
        rows, targets = choose_sample(prepared, predictions, result.fold.test)
        chosen_rows, names = [prepared.rows[row] for row in rows], [plan.classes[target] for target in targets]
        masks = Masks(read_masks(chosen_rows, names), masks_show(chosen_rows, names, plan.classes))
        # Another fold, and so the final model, may have chosen otherwise than the first.
        rung = trained.final.rung if trained.final.rung in result.classifiers else result.chosen
        chosen, network = result.classifiers[rung], result.classifiers.get("network")
        methods, beside = _methods(chosen), {}
        also = network is not None and "grad-cam" not in methods and "grad-cam" in _methods(network)
        left = BUDGET - (BUDGET_BESIDE if also else 0.0)
        found = _try(prepared, trained, chosen, result.fold.train, rows, targets, masks, left, tell, methods)
        if also and network is not None:
            left = max(BUDGET_BESIDE, BUDGET - found.work)
            gradcam = ("grad-cam",)
            tried = _try(prepared, trained, network, result.fold.train, rows, targets, masks, left, tell, gradcam)
            beside = tried.as_dict()["methods"]
        content = found.as_dict(SHOWN)
        content["methods"] = {name: one | {"rung": rung} for name, one in content["methods"].items()}
        content["methods"] |= {name: one | {"rung": "network"} for name, one in beside.items()}
        content["counts"] = list(found.methods)
        if rung != trained.final.rung:  # nothing of it may be said of the model that is handed over
            content |= {"counts": [], "passed": 0, "tests": 0, "best": ""}
        content |= {"model": trained.final.rung, "fold": result.fold.number}
        content["images"] = [one.image for one in chosen_rows]
        folder.write_json(FILE, content)
        best = found.best_of(SHOWN)
        done(f"{best.method} {best.badge} tests" if best else "no method")
    return content


def choose_sample(
    prepared: Prepared, predictions: Predictions | FindingPredictions, tested: Ints
) -> tuple[Ints, list[int]]:
    """Draws test rows, one per patient as far as they last, most of them with the finding; and what is explained there.

    Args:
        prepared: Rows and labels.
        predictions: Held-out predictions.
        tested: Rows of the fold.

    Returns:
        Rows, and for each its target: the positive class of two, the class that was called of more, and of several
        findings one that it has, else the most common.
    """
    random = np.random.default_rng([prepared.plan.seed, 17])
    order, labels = random.permutation(tested), prepared.labels
    if labels.ndim == 2:
        has = (labels[order] == 1).any(axis=1)
        rows = _draw(order[has], order[~has], prepared.groups)
        common = int(np.nansum(labels, axis=0).argmax())
        present = [np.flatnonzero(one == 1) for one in labels[rows]]
        return rows, [int(random.choice(one)) if len(one) else common for one in present]
    if prepared.plan.positive is None:
        rows = _patients_first(order, prepared.groups)[:PICTURES]
        called = dict(zip(predictions.images, _called(predictions), strict=True))
        return rows, [called.get(prepared.rows[row].image, int(labels[row])) for row in rows]
    positive = prepared.plan.classes.index(prepared.plan.positive)
    has = labels[order] == positive
    rows = _draw(order[has], order[~has], prepared.groups)
    return rows, [positive] * len(rows)


def _draw(with_: Ints, without: Ints, groups: Ints) -> Ints:
    chosen = _patients_first(with_, groups)[:WITH]
    return np.concatenate([chosen, _patients_first(without, groups)])[:PICTURES]


def _patients_first(rows: Ints, groups: Ints) -> Ints:
    """One row of each patient, then the others."""
    _, first = np.unique(groups[rows], return_index=True)
    return rows[np.concatenate([np.sort(first), np.setdiff1d(np.arange(len(rows)), first)]).astype(np.int64)]


def read_masks(rows: Sequence[Row], names: Sequence[str]) -> list[Bools | None]:
    """Masks that the table of labels names: in a column of the finding (``mask_effusion``), else in ``mask``.

    A mask that is missing, cannot be read, or lies in an archive counts as not known.
    """
    from wetread.images.decoder import Decoder
    from wetread.images.source import Source

    places = [_mask_of(row, name) for row, name in zip(rows, names, strict=True)]
    wanted = [(number, Source(place)) for number, place in enumerate(places) if place is not None]
    found: list[Bools | None] = [None] * len(places)
    if wanted:
        from wetread.explanation.masks import decode_masks

        with Decoder(workers=2) as decoder:
            for (number, _), mask in zip(wanted, decode_masks([one for _, one in wanted], decoder), strict=True):
                found[number] = mask
    return found


def masks_show(rows: Sequence[Row], names: Sequence[str], classes: Sequence[str]) -> list[int]:
    """The class of which each mask is: that of its column, else what the image itself is labelled with.

    Args:
        rows: With their labels.
        names: What is explained of each.
        classes: Of the model.

    Returns:
        Columns; -1 where an image has several findings and its mask may be of any.
    """
    shown = [name if _cells(row).get(_column(name)) else row.names for row, name in zip(rows, names, strict=True)]
    only = [one if isinstance(one, str) else one[0] if len(one) == 1 else "" for one in shown]
    return [list(classes).index(one) if one in classes else -1 for one in only]


def _cells(row: Row) -> dict[str, str]:
    return {column.lower(): cell for column, cell in row.extra.items()}


def _column(name: str) -> str:
    return f"mask_{name.lower()}"


def _mask_of(row: Row, name: str) -> Any:
    cells = _cells(row)
    cell = cells.get(_column(name)) or cells.get("mask") or cells.get("mask_path") or cells.get("mask_file")
    if not cell or row.source.member:
        return None
    # The table lies at the root of the set: somewhere above its images.
    above = list(row.source.path.parents)[: row.image.count("/") + 1]
    return next((place / cell for place in above if (place / cell).is_file()), None)


def _called(predictions: Predictions | FindingPredictions) -> list[int]:
    from wetread.evaluation.predictions import Predictions

    assert isinstance(predictions, Predictions)
    return [int(one) for one in predictions.predicted]


def _methods(classifier: Classifier) -> tuple[str, ...]:
    """Two of different kinds: what the report shows, and RISE as a witness where the model can only be asked."""
    from wetread.explanation.methods import methods_for

    return SHOWN if "grad-cam" in methods_for(classifier) else ("occlusion", "rise")


def _try(
    prepared: Prepared,
    trained: Trained,
    classifier: Classifier,
    train: Ints,
    rows: Ints,
    targets: list[int],
    masks: Masks,
    budget: float,
    tell: Listener,
    methods: tuple[str, ...],
) -> Trials:
    from wetread.explanation.trials.run_trials import run_trials

    return run_trials(
        classifier,
        [trained.data.pictures[row] for row in rows],
        targets,
        masks.masks,
        shows=masks.show,
        methods=methods,
        retrain=refit_on_permuted(classifier, prepared, trained, train),
        patients=[str(prepared.groups[row]) for row in rows],
        listen=tell,
        seed=prepared.plan.seed,
        quick=True,
        budget=budget,
        seconds=EMERGENCY,
    )


def refit_on_permuted(
    classifier: Classifier, prepared: Prepared, trained: Trained, train: Ints, budget: float = BUDGET
) -> Retrain:
    """Seed -> the classifier fitted to the same pictures with labels in another order.

    Linear parts are fitted anew. Heads on a frozen backbone are replaced by linear parts. All networks of the model are
    replaced by one that is trained on such labels, as often as the budget allows: None where nothing is left of it.

    Args:
        classifier: Of one fold.
        prepared: Labels and plan.
        trained: Pictures, and the folds.
        train: Rows of that fold's training part.
        budget: Seconds of work for training networks, at least.
    """
    from dataclasses import replace

    from wetread.model.head import HeadPart
    from wetread.model.linear import LinearFit, LinearPart
    from wetread.model.network import NetworkPart
    from wetread.training.rungs import fit_network_to
    from wetread.training.training_set import Place

    inputs, classes = trained.data.inputs, len(classifier.classes)
    each, count = work_of_a_network(classifier, trained, len(train))
    left = max(budget, SHARE_AGAIN * each * count)

    def refit(seed: int) -> Classifier | None:
        nonlocal left
        order = np.random.default_rng([seed, 19]).permutation(len(train))
        labels = prepared.labels[train][order]
        network: Any = None
        if any(isinstance(part, NetworkPart) for part in classifier.parts):
            if each > left:
                return None
            left -= each
            network = fit_network_to(labels, trained.data, train, Place(0, seed))
        parts: list[Any] = []
        for part in classifier.parts:
            if isinstance(part, NetworkPart):
                parts.append(network.with_shifts(part.shifts))
            elif isinstance(part, LinearPart | HeadPart):
                sees = part.sees if isinstance(part, LinearPart) else "frozen"
                features = inputs.features(sees)[train]
                embedded = 0 if sees == "classical" else inputs.embedding().shape[1]
                parts.append(LinearFit(sees, features, labels, classes, embedded=embedded).at(STRENGTH))
            else:
                return None
        return replace(classifier, parts=parts)

    return refit


def refit_from_run(classifier: Classifier, run: RunFolder | None) -> tuple[Retrain | None, str]:
    """Seed -> linear parts fitted to labels in random order, from what the cache still holds of the pictures of a run.

    Args:
        classifier: The final model of that run.
        run: Its folder; None where only the model is there.

    Returns:
        None where that is not possible, and why.
    """
    from dataclasses import replace

    from wetread.learning_curve.cases import cases_of
    from wetread.model.head import HeadPart
    from wetread.model.linear import LinearFit, LinearPart

    if run is None:
        return None, "needs the run that made the model, with its training data"
    sights = {part.sees if isinstance(part, LinearPart) else "frozen" for part in classifier.parts}
    if not all(isinstance(part, LinearPart | HeadPart) for part in classifier.parts):
        return None, "a network would have to be trained again, which only wetread run does"
    try:
        cases = cases_of(run)
    except InputError as error:
        return None, f"needs the training data: {error.message.rstrip('.')}"
    if sights != {cases.sees} or cases.classes != classifier.classes:
        return None, "the run keeps what another model looked at"

    def refit(seed: int) -> Classifier:
        labels = cases.labels[np.random.default_rng([seed, 19]).permutation(len(cases.labels))]
        fit = LinearFit(cases.sees, cases.features, labels, len(cases.classes), embedded=cases.embedded)
        return replace(classifier, parts=[fit.at(STRENGTH) for _ in classifier.parts])

    return refit, ""


def work_of_a_network(classifier: Classifier, trained: Trained, rows: int) -> tuple[float, int]:
    """Seconds of work of training one network of this model on so many rows, and how many the folds trained."""
    from wetread.explanation.trials.work import seconds_of_training
    from wetread.model.network import NetworkPart

    network = next((part for part in classifier.parts if isinstance(part, NetworkPart)), None)
    if network is None:
        return 0.0, 0
    plan = trained.data.plan
    return seconds_of_training(network, rows * plan.epochs), len(trained.results) * plan.inner_folds
