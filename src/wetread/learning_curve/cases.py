"""A run folder -> features, labels and groups, as a linear head sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from numpy.typing import NDArray

from wetread.dataset.findings import label_matrix
from wetread.dataset.rebuild import rebuild_table
from wetread.dataset.split import number_groups
from wetread.errors import InputError
from wetread.model.inputs import SIGHTS, Inputs
from wetread.run_folder import RunFolder
from wetread.shapes import Floats, Ints

if TYPE_CHECKING:
    from wetread.model.backbone import Backbone


@dataclass(frozen=True)
class Cases:
    """What a learning curve is made of.

    Attributes:
        sees: Which features: classical, frozen or combined.
        features: ``row feature``.
        embedded: How many of the last features are an embedding.
        labels: Class number per row, or ``row finding`` of 1, 0 and NaN.
        groups: Group number per row, from 0 without gaps.
        classes: Names of classes or findings.
        task: binary, multiclass or multilabel.
        unit: What a group is called: patients, or cases where patients are not known.
        inner_folds: Of the choice of the penalty.
        seed: Of the draws.
    """

    sees: str
    features: NDArray[np.float32]
    embedded: int
    labels: NDArray[Any]
    groups: Ints
    classes: tuple[str, ...]
    task: str
    unit: str = "cases"
    inner_folds: int = 5
    seed: int = 0

    @property
    def count(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1

    def take(self, rows: Ints) -> Floats:
        """Features of some rows in double precision, as a fit takes them."""
        return self.features[rows].astype(np.float64)


def cases_of(folder: RunFolder, check: Callable[[Cases], None] = lambda _: None) -> Cases:
    """Reads the pictures of a finished run from the cache, and measures them as the linear model of that run did.

    A locked or given test set stays closed: only what the run learnt from is used.

    Args:
        folder: Of the run.
        check: Is shown the cases before their pictures are measured, which takes long, and may refuse them.

    Raises:
        InputError: The run is not finished, its pictures are no longer in the cache, its weights are gone, or fewer
            than two classes are left.
    """
    numbers, plan = folder.read_json("numbers.json"), _read_decisions(folder)
    table = rebuild_table(folder)
    splits = {cells["image"]: cells["split"] for cells in folder.read_table("images.csv")}
    rows = [row for row in table.used if row.picture is not None and splits[row.image] != "test"]
    classes = tuple(str(name) for name in plan["classes"])
    task = str(plan["task"])
    if task == "multilabel":
        labels: NDArray[Any] = label_matrix(rows, classes, str(plan["uncertain"])).astype(np.float64)
    else:
        number = {name: place for place, name in enumerate(classes)}
        rows = [row for row in rows if row.label in number]
        labels = np.array([number[row.label] for row in rows], dtype=np.int64)
    _require_two_sides(labels, folder)
    sees, backbone = choose_sight(numbers, plan), None
    cases = Cases(
        sees,
        np.empty((len(rows), 0), np.float32),
        0,
        labels,
        number_groups(rows),
        classes,
        task,
        unit="cases" if table.grouping == "none" else "patients",
        inner_folds=max(3, int(plan["inner_folds"])),
        seed=int(plan["seed"]),
    )
    check(cases)
    if sees != "classical":
        backbone = _backbone(plan, folder)
    inputs = Inputs([row.picture for row in rows if row.picture is not None], backbone, keep=True)
    features = inputs.features(sees)
    return replace(cases, features=features, embedded=0 if backbone is None else inputs.embedding().shape[1])


def choose_sight(numbers: dict[str, Any], plan: dict[str, Any]) -> str:
    """What the head looks at: that of the model of the run where it is linear, else of its best linear model.

    Args:
        numbers: Of numbers.json.
        plan: Decision -> value.

    Returns:
        classical, frozen or combined; where the run had no linear model, frozen if it looked through weights.
    """
    linear = [rung for rung in plan["rungs"] if rung in SIGHTS]
    if numbers.get("shipped") in linear:
        return str(numbers["shipped"])
    if linear:
        models = numbers.get("models") or {}
        return str(max(linear, key=lambda rung: ((models.get(rung) or {}).get("auroc") or {}).get("value", 0.0)))
    return "frozen" if plan.get("tuning") == "head" and plan.get("weights") else "classical"


def _read_decisions(folder: RunFolder) -> dict[str, Any]:
    """Decision -> value of plan.yaml."""
    path = folder.path / "plan.yaml"
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = {str(name): entry["value"] for name, entry in stored.items()}
        _ = [found[name] for name in ("task", "classes", "rungs", "seed", "inner_folds", "uncertain")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise InputError(
            f"plan.yaml is missing from {folder.path}, or damaged.",
            remedy="Repeat the run.",
            file=path,
            code="no-run",
        ) from error
    return found


def _backbone(plan: dict[str, Any], folder: RunFolder) -> Backbone:
    """The frozen network of the run, from the weights home, else from its model folder."""
    from wetread.model.backbone import Backbone
    from wetread.model.classifier import load_classifier
    from wetread.weights.stored import find_stored

    linear = {"frozen", "combined"} & set(plan["rungs"])
    name = str(plan.get("backbone") if linear else plan.get("weights"))
    try:
        return Backbone.load(find_stored(name), "cpu", str(plan.get("engine") or "graph"))
    except InputError:
        carried = load_classifier(folder.path / "model").backbone
        if carried is None:
            raise
        return carried


def _require_two_sides(labels: NDArray[Any], folder: RunFolder) -> None:
    if labels.ndim == 1 and len(set(labels.tolist())) < 2:
        raise InputError(
            "The run was trained on fewer than two classes, so there is nothing to learn.",
            remedy="Give a run with two classes or more.",
            file=folder.path,
            code="one-class",
        )
