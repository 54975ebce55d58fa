"""What a model refuses, beside softmax confidence and energy, which cannot: docs/refusal.md is made by this.

    WETREAD_REAL_DATA=path [WETREAD_WEIGHTS=home] python bench/refusal.py [--sees classical frozen] [--only effusion] \
        --out FOLDER

For each public set three divisions by patient; on each, a linear model and a refusal are fitted, and what becomes of
pictures of new patients (own), of packs of pictures that should be refused, and of the other sets is counted.
Thresholds of confidence and energy are set as that of the refusal is: so that 3 % of the training pictures, predicted
while held out, fall outside.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import logsumexp
from tasks import SEED, TASKS, _read
from threadpoolctl import threadpool_limits

from wetread.dataset.split import group_folds
from wetread.dataset.table import Row
from wetread.metrics.discrimination import auroc
from wetread.model.backbone import Backbone
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearFit
from wetread.training.refusal_packs import generated_packs
from wetread.training.refusal_probes import Copies, make_copies
from wetread.training.refusing import SHARE_OUT, cut_off, fit_refusal_on
from wetread.weights.stored import find_stored, list_stored
from wetread.writing import atomic_write

FOLDS = 3
MOST = 150
STRENGTH = 1e-2
#: Set -> what it shows, so that a set is no pack for a model of the same thing.
SHOWS = {
    "effusion, 2 classes": {"chest radiograph"},
    "head CT, experiment 4": {"head CT"},
    "chest or abdomen": {"chest radiograph", "abdomen radiograph"},
    "brain MRI, 4 classes": {"head MRI", "head CT"},  # its class without a tumour holds CT too
    "NIH 64 pixels": {"chest radiograph"},
    "MedNIST, 6 classes": {"chest radiograph", "head CT", "head MRI", "hand", "breast", "abdomen CT", "chest CT"},
}
#: Classes of a mixed set by what they show, where that is asked for.
PARTS = {
    ("chest or abdomen", "abdomen radiograph"): lambda row: "abd" in row.label.lower(),
    ("MedNIST, 6 classes", "hand, breast, CT"): lambda row: row.label in ("Hand", "BreastMRI", "AbdomenCT", "ChestCT"),
}


@dataclass
class Set:
    """A public set: its pictures, and what the model is taught."""

    name: str
    rows: list[Row]
    inputs: Inputs
    labels: np.ndarray
    groups: np.ndarray


def read_sets(data: Path, backbone: Backbone | None) -> list[Set]:
    sets = []
    for task in TASKS:
        if task.name in SHOWS:
            _, rows = _read(data / task.data, list(task.classes) or None)
            labels = np.unique([row.label for row in rows], return_inverse=True)[1]
            groups = np.unique([row.group for row in rows], return_inverse=True)[1]
            sets.append(Set(task.name, rows, Inputs([row.picture for row in rows], backbone), labels, groups))
    return sets


def phantom_sets(backbone: Backbone | None) -> list[Set]:
    """A few of wetread's own phantoms."""
    from wetread.phantoms.dataset import make_chest_effusion
    from wetread.phantoms.head_dataset import make_head_ct

    found = []
    for name, make in (("chest phantoms", make_chest_effusion), ("head CT phantoms", make_head_ct)):
        with tempfile.TemporaryDirectory() as place:
            make(Path(place), images=60, patients=30, seed=SEED)
            _, rows = _read(Path(place), None)
            pictures = [np.array(row.picture) for row in rows]
        found.append(Set(name, rows, Inputs(pictures, backbone), np.zeros(len(rows)), np.zeros(len(rows))))
    return found


def other_packs(own: Set, sets: list[Set], phantoms: list[Set]) -> dict[str, Inputs]:
    """Pictures of other parts of the body and other modalities, and of the same by others (in brackets)."""
    packs = {}
    for other in sets:
        if other.name == own.name:
            continue
        same = bool(SHOWS[own.name] & SHOWS[other.name])
        parts = {part: chosen for (name, part), chosen in PARTS.items() if name == other.name}
        for part, chosen in parts.items():
            if part not in SHOWS[own.name] and not own.name.startswith("MedNIST"):
                rows = [number for number, row in enumerate(other.rows) if chosen(row)]
                packs[part] = other.inputs.take(np.array(rows[:MOST]))
        if not parts:
            packs[f"({other.name})" if same else other.name] = other.inputs.take(np.arange(min(MOST, len(other.rows))))
    for phantom in phantoms:
        same = phantom.name.startswith("chest") and "chest radiograph" in SHOWS[own.name]
        same |= phantom.name.startswith("head") and "head CT" in SHOWS[own.name]
        packs[f"({phantom.name})" if same else phantom.name] = phantom.inputs
    return packs


def confidence(logits: np.ndarray) -> np.ndarray:
    return -(logits - logsumexp(logits, axis=1, keepdims=True)).max(axis=1)


def energy(logits: np.ndarray) -> np.ndarray:
    return -logsumexp(logits, axis=1)


def judge_set(own: Set, sees: str, packs: dict[str, Inputs], copies: Copies) -> dict:
    """Counts of each pack over all divisions."""
    counted: dict[str, dict[str, list]] = {}
    seconds, probes = [], {}
    for test in group_folds(own.labels, own.groups, FOLDS, SEED):
        train = np.setdiff1d(np.arange(len(own.rows)), test)
        started = time.perf_counter()
        refusal = fit_refusal_on(own.inputs, train, own.groups, copies, sees, SEED)
        seconds.append(time.perf_counter() - started)
        probes = {probe.name: round(probe.auroc, 3) for probe in refusal.probes}
        fit, cuts = rivals(own, train, sees)
        here = np.flatnonzero(np.isin(copies.rows, test))
        changed = {name: one.take(here) for name, one in copies.inputs.items()}
        scores_of_own = None
        for name, inputs in {"own": own.inputs.take(test), **changed, **packs}.items():
            answers = refusal.answers(inputs)
            logits = fit.logits_of_features(inputs.features(sees).astype(np.float64))
            scores = {
                "refusal": (refusal.deviations(inputs) - refusal.out).max(axis=1),
                "confidence": confidence(logits),
                "energy": energy(logits),
            }
            scores_of_own = scores_of_own or scores
            entry = counted.setdefault(name, {"out": [], "noted": [], "sure": [], "confidence": [], "energy": []})
            entry["out"] += [answer.status == "out" for answer in answers]
            entry["noted"] += [bool(answer.note) for answer in answers]
            entry["sure"] += (np.exp(-scores["confidence"]) > 0.9).tolist()
            for rival, cut in cuts.items():
                entry[rival] += (scores[rival] > cut).tolist()
            for way, values in scores.items():
                truth = np.repeat([False, True], [len(scores_of_own[way]), len(values)])
                found = auroc(truth, np.concatenate([scores_of_own[way], values]))
                entry.setdefault(f"auroc {way}", []).append(found)
    table = {
        name: {"n": len(entry["out"]), **{key: round(float(np.mean(values)), 4) for key, values in entry.items()}}
        for name, entry in counted.items()
    }
    return {"packs": table, "probes": probes, "seconds": round(float(np.mean(seconds)), 2)}


def rivals(own: Set, train: np.ndarray, sees: str):
    """The linear model, and where confidence and energy are cut."""
    features, labels, classes = own.inputs.features(sees).astype(np.float64), own.labels, int(own.labels.max()) + 1
    embedded = 0 if sees == "classical" else features.shape[1]
    held = np.zeros((len(train), classes))
    for part in group_folds(labels[train], own.groups[train], 5, SEED):
        rest = np.setdiff1d(np.arange(len(train)), part)
        inner = LinearFit(sees, features[train[rest]], labels[train[rest]], classes, embedded=embedded).at(STRENGTH)
        held[part] = inner.logits_of_features(features[train[part]])
    fit = LinearFit(sees, features[train], labels[train], classes, embedded=embedded).at(STRENGTH)
    cuts = {}
    for name, score in (("confidence", confidence(held)), ("energy", energy(held))):
        deviation = max(float(score.std()), 1e-9)
        cuts[name] = (
            float(cut_off(score[:, None] / deviation, SHARE_OUT, len(np.unique(own.groups[train])))[0]) * deviation
        )
    return fit, cuts


def as_markdown(found: dict) -> str:
    lines = []
    for sees, sets in found.items():
        for name, result in sets.items():
            lines += [
                f"\n**{name}**, {sees} features; probes: "
                + (", ".join(f"{probe} {value:.3f}" for probe, value in result["probes"].items()) or "none"),
                "",
                "| pictures | n | refused | by confidence | by energy | p > 0.9 | AUROC | confidence | energy |",
                "|---|---|---|---|---|---|---|---|---|",
            ]
            for pack, one in result["packs"].items():
                shares = " | ".join(f"{100 * one[key]:.1f} %" for key in ("out", "confidence", "energy", "sure"))
                areas = " | ".join(
                    "-" if pack == "own" else f"{one[f'auroc {key}']:.3f}"
                    for key in ("refusal", "confidence", "energy")
                )
                lines.append(f"| {pack} | {one['n']} | {shares} | {areas} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sees", nargs="+", default=["classical", "frozen"], choices=["classical", "frozen"])
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    data = Path(os.environ["WETREAD_REAL_DATA"])
    found: dict[str, dict] = {}
    for sees in asked.sees:
        stored = list_stored() if sees == "frozen" else []
        backbone = Backbone.load(find_stored(stored[0].name)) if stored else None
        if sees == "frozen" and backbone is None:
            print("no weights at home: frozen features are left out")
            continue
        sets, phantoms = read_sets(data, backbone), phantom_sets(backbone)
        generated = {name: Inputs(made, backbone) for name, made in generated_packs(80, SEED).items()}
        for own in sets:
            if asked.only and not any(own.name.startswith(name) for name in asked.only):
                continue
            with threadpool_limits(1):
                copies = make_copies(own.inputs, sees, SEED)
                packs = {**generated, **other_packs(own, sets, phantoms)}
                found.setdefault(sees, {})[own.name] = judge_set(own, sees, packs, copies)
            atomic_write(asked.out / "refusal.json", json.dumps(found, indent=1) + "\n")
            atomic_write(asked.out / "refusal.md", as_markdown(found))
            print(sees, own.name, found[sees][own.name]["packs"]["own"], flush=True)


if __name__ == "__main__":
    main()
