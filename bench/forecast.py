"""Is the forecast of `wetread learning-curve` true? Real sets of which half is hidden, and simulations of known truth.

    WETREAD_REAL_DATA=path python bench/forecast.py --place FOLDER [--halves 12] [--simulated] [--out FILE]

Real sets: 45 % of the groups (patients; copies count once) are drawn, and from them alone the AUROC with twice as many
is forecast. The truth is what the same linear head reaches when it is trained on 90 % of the whole set, ten-fold, four
times over. The drawn part belongs to that set, so this truth is nearer to the forecast than that of new patients.

``--simulated``: normal features, for which the AUROC of a linear model has a closed form; the truth is the mean over
thirty other training sets, so nothing is shared. Prints Markdown. About ten minutes on two busy cores.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from wetread.learning_curve.areas import areas, mean_curve
from wetread.learning_curve.cases import Cases
from wetread.learning_curve.curve import learn_curve
from wetread.learning_curve.divisions import strata_of
from wetread.learning_curve.refits import Draw, fit_head
from wetread.learning_curve.strengths import choose_strengths
from wetread.learning_curve.verdict import CANNOT, HARDLY, HELPS
from wetread.writing import atomic_write, make_folder

SETS = (
    ("effusion, 2 classes", "cxr-nih-effusion", ("effusion", "no_finding")),
    ("head CT, experiment 4", "head-ct-hemorrhage-rsna-tm/experiment4.tm", ()),
    ("brain MRI, 4 classes", "brain-mri-tumor-4class", ()),
)
EXPORT = "teachable-machine-export-melanoma"

#: Patients, images of each, and the AUROC that no number of cases exceeds.
DESIGNS = ((60, 1, 0.90), (60, 3, 0.95), (120, 1, 0.95), (240, 1, 0.90))
FEATURES = 120


@dataclass(frozen=True)
class Trial:
    """Attributes: AUROC forecast for twice the cases, gain over now, verdict, as learning_curve.json holds them."""

    twice: dict
    gain: dict
    verdict: str

    def narrow(self, name: str) -> tuple[float, float]:
        """The band as it was before it was widened."""
        one = getattr(self, name)
        if name == "gain":
            return tuple(one["value"] + (one[end] - one["value"]) / 1.5 for end in ("low", "high"))
        centre, *ends = (np.log(one[end] / (1 - one[end])) for end in ("value", "low", "high"))
        return tuple(1 / (1 + np.exp(-(centre + (end - centre) / 1.5))) for end in ends)


def read_cases(data: Path, classes: tuple[str, ...], home: Path) -> Cases:
    """A public set as the best linear model of a run sees it: classical features and the frozen backbone."""
    from wetread.dataset.duplicates import find_duplicates
    from wetread.dataset.groups import assign_groups, assign_patients
    from wetread.dataset.reading import read_images, rows_with_pictures
    from wetread.dataset.scan import scan
    from wetread.dataset.split import encode
    from wetread.model.backbone import Backbone
    from wetread.model.inputs import Inputs
    from wetread.model.timm_body import explain_mismatch
    from wetread.weights.importing import import_file
    from wetread.weights.stored import find_stored, list_stored

    os.environ["WETREAD_WEIGHTS"] = str(home)
    if not list_stored():
        import_file(Path(os.environ["WETREAD_REAL_DATA"]) / EXPORT, check=explain_mismatch)
    table = scan(data, classes=list(classes) or None)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    assign_groups(rows, find_duplicates(rows))
    names = sorted({row.label for row in rows})
    labels, groups = encode(rows, names)
    inputs = Inputs([row.picture for row in rows], Backbone.load(find_stored("teachable-machine")))
    task = "binary" if len(names) == 2 else "multiclass"
    features = inputs.features("combined")
    return Cases("combined", features, inputs.embedding().shape[1], labels, groups, tuple(names), task)


def part_of(cases: Cases, kept: NDArray[np.int64], seed: int) -> Cases:
    rows = np.flatnonzero(np.isin(cases.groups, kept))
    _, groups = np.unique(cases.groups[rows], return_inverse=True)
    return replace(cases, features=cases.features[rows], labels=cases.labels[rows], groups=groups, seed=seed)


def deal(strata: NDArray[np.int64], parts: int, random: np.random.Generator) -> NDArray[np.int64]:
    """The part of each group, every stratum spread over all parts."""
    part = np.empty(len(strata), dtype=np.int64)
    part[np.lexsort((random.random(len(strata)), strata))] = np.arange(len(strata)) % parts
    return part


def true_auroc(cases: Cases, repeats: int = 4, parts: int = 10) -> float:
    """What the head reaches when trained on nine tenths of all groups."""
    random, strata = np.random.default_rng(5), strata_of(cases.labels, cases.groups)
    strengths, draws = None, []
    for _ in range(repeats):
        part = deal(strata, parts, random)
        for number in range(parts):
            test = np.flatnonzero(part[cases.groups] == number)
            train = np.flatnonzero(part[cases.groups] != number)
            strengths = strengths or choose_strengths(cases, [train])
            draws.append(Draw(test, fit_head(cases, train, strengths).logits_of_features(cases.take(test))[None]))
    return float(mean_curve(areas(cases, draws, np.ones((1, cases.count))))[0, 0])


def forecast(cases: Cases) -> Trial:
    content = learn_curve(cases).content
    return Trial(content["twice"], content["gain"], content["verdict"])


def hide_halves(cases: Cases, halves: int) -> tuple[int, list[Trial]]:
    """Forecasts from 45 % of the groups, drawn anew each time."""
    random, strata = np.random.default_rng(1), strata_of(cases.labels, cases.groups)
    trials, size = [], round(0.45 * cases.count)
    for seed in range(halves):
        # Stratified: spread over 20 parts, of which nine are kept.
        part = deal(strata, 20, random)
        trials.append(forecast(part_of(cases, np.flatnonzero(np.isin(part, random.permutation(20)[:9])), seed)))
    return size, trials


def simulate(groups: int, images: int, ceiling: float, trials: int) -> tuple[float, float, list[Trial]]:
    """Mean AUROC now and with twice the cases, in closed form, and forecasts from independent sets."""
    random = np.random.default_rng(1)
    scale = np.arange(1, FEATURES + 1) ** -0.5
    effect = random.normal(size=FEATURES) * np.arange(1, FEATURES + 1) ** -0.25
    effect *= np.sqrt(2) * norm.ppf(ceiling) / np.linalg.norm(effect)

    def draw(count: int, seed: int) -> Cases:
        own = np.random.default_rng(seed)
        who = np.repeat(np.arange(count), images)
        shared = own.normal(size=(count, FEATURES))[who]
        noise = shared if images == 1 else np.sqrt(0.7) * shared + np.sqrt(0.3) * own.normal(size=shared.shape)
        labels = who % 2
        features = ((noise + labels[:, None] * effect) * scale).astype(np.float32)
        return Cases("frozen", features, FEATURES, labels, who, ("a", "b"), "binary", seed=seed)

    def truth(count: int) -> float:
        found = []
        for number in range(30):
            cases = draw(count, 10_000 + number)
            rows = np.arange(len(cases.labels))
            part = fit_head(cases, rows, choose_strengths(cases, [rows]))
            weights = (part.weights[:, 1] - part.weights[:, 0]) * part.scale * scale
            found.append(norm.cdf(weights @ effect / (np.sqrt(2) * np.linalg.norm(weights))))
        return float(np.mean(found))

    return truth(groups), truth(2 * groups), [forecast(draw(groups, seed)) for seed in range(trials)]


def covered(trials: list[Trial], name: str, truth: float, bounds: Callable[[Trial], tuple[float, float]]) -> str:
    inside = [low <= truth <= high for low, high in map(bounds, trials)]
    return f"{sum(inside)} of {len(inside)}"


def widened(name: str) -> Callable[[Trial], tuple[float, float]]:
    return lambda trial: (getattr(trial, name)["low"], getattr(trial, name)["high"])


def row(title: str, size: int, truth: float, trials: list[Trial], name: str = "twice") -> str:
    values = np.array([getattr(trial, name)["value"] for trial in trials])
    bands = np.array([widened(name)(trial) for trial in trials])
    cells = [
        title,
        str(size),
        f"{truth:.3f}",
        f"{values.mean():.3f} ({values.min():.3f} to {values.max():.3f})",
        f"{np.sqrt(np.mean((values - truth) ** 2)):.3f}",
        f"{bands[:, 0].mean():.3f} to {bands[:, 1].mean():.3f}",
        covered(trials, name, truth, lambda trial: trial.narrow(name)),
        covered(trials, name, truth, widened(name)),
    ]
    said = [sum(trial.verdict == one for trial in trials) for one in (HELPS, HARDLY, CANNOT)]
    return "| " + " | ".join([*cells, " / ".join(map(str, said))]) + " |"


def head(what: str) -> list[str]:
    titles = [what, "seen", "truth", "forecast, mean (range)", "error, RMS", "band, mean", "80 % band held"]
    titles += ["widened held", "said: help / hardly / cannot say"]
    return ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, required=True, help="for the weights")
    parser.add_argument("--halves", type=int, default=12)
    parser.add_argument("--simulated", action="store_true", help="simulations instead of real sets")
    parser.add_argument("--trials", type=int, default=40, help="of each simulation")
    parser.add_argument("--out", type=Path, help="where the table goes; else it is printed")
    options = parser.parse_args()
    make_folder(options.place)
    threadpool_limits(1)
    started = time.perf_counter()
    if options.simulated:
        lines, gains = head("patients x images, ceiling"), head("gain from doubling")
        for groups, images, ceiling in DESIGNS:
            now, twice, trials = simulate(groups, images, ceiling, options.trials)
            title = f"{groups} x {images}, {ceiling:.2f}"
            lines.append(row(title, groups, twice, trials))
            gains.append(row(title, groups, twice - now, trials, "gain"))
            print(lines[-1], gains[-1], sep="\n", flush=True)
        lines += ["", *gains]
    else:
        lines = head("set")
        for title, place, classes in SETS:
            data = Path(os.environ["WETREAD_REAL_DATA"]) / place
            cases = read_cases(data, classes, options.place / "weights")
            size, trials = hide_halves(cases, options.halves)
            lines.append(row(f"{title} ({cases.count} groups)", size, true_auroc(cases), trials))
            print(lines[-1], flush=True)
    lines.append(f"\n{time.perf_counter() - started:.0f} s")
    text = "\n".join(lines) + "\n"
    if options.out:
        atomic_write(options.out, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
