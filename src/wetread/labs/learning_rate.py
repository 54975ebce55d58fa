"""Too small, right, too large: one network, one set, five learning rates."""

from __future__ import annotations

import math
from typing import Any

from wetread.labs.division import divide_by_patient
from wetread.labs.parts import chart, say, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench, read_labels
from wetread.run_folder import RunFolder

SOURCES = (
    "Bengio Y. Practical recommendations for gradient-based training of deep architectures. 2012, arXiv 1206.5533.",
    "Smith LN. Cyclical learning rates for training neural networks. WACV 2017, arXiv 1506.01186.",
    "RSNA Spotlight Course 2021, github.com/kitamura-felipe/RSNASpotlight2021: rates of 0.00002 to 0.00008, 15 to 80 "
    "epochs.",
)
#: Losses above it are drawn at it: two classes guessed cost 0.69 nats.
TOP = 1.5


def learning_rate(bench: Workbench) -> dict[str, Any]:
    """Trains the same small network from the same first weights at several rates."""
    rates = bench.pick((3e-5, 3e-4, 3e-3, 3e-2, 3e-1), (3e-4, 3e-2))
    epochs = bench.pick(12, 2)
    bench.stages = 1 + len(rates)
    folder = bench.phantoms("chest-effusion", "chests", bench.pick(200, 44))
    rows = divide_by_patient(read_labels(folder), bench.pick(0.4, 0.5), bench.seed)
    where = bench.table("one-test-set", rows)
    runs: dict[float, RunResult] = {}
    for rate in rates:
        runs[rate] = bench.run(
            f"rate-{rate:g}",
            f"rate {rate:g}",
            folder,
            labels=where,
            preset="quick",
            backbone="none",
            settings=(
                "rungs=classical,network",
                "choice=network",
                "inner_folds=1",
                "schedule=constant",
                "keep=last",
                f"epochs={epochs}",
                f"learning_rate={rate:g}",
                "cases=0",
            ),
        )
    losses = {rate: _losses(run) for rate, run in runs.items()}
    last = {rate: points[-1][1] for rate, points in losses.items()}
    best = min(last, key=lambda rate: last[rate])
    return {
        "learnt": "A small network, trained from nothing; AdamW at a constant rate, everything else the same.",
        "parts": [
            chart(
                f"Training loss: {best:g} ends lowest after {epochs} epochs",
                "epoch",
                "loss (nats)",
                (1.0, max(2.0, float(epochs))),
                (0.0, TOP),
                lines=[
                    (f"{rate:g}", [(epoch, min(loss, TOP)) for epoch, loss in points])
                    for rate, points in losses.items()
                ],
                guide=math.log(2),
                about="The dashed line, 0.69 nats, is what guessing costs. Larger losses are drawn at the upper edge.",
            ),
            table(
                "The runs",
                ["learning rate", "first loss (nats)", "last loss (nats)", "AUROC", "report"],
                [
                    [
                        f"{rate:g}",
                        f"{losses[rate][0][1]:.3f}",
                        f"{last[rate]:.3f}",
                        run.auroc,
                        {"link": f"{run.name}/report.html"},
                    ]
                    for rate, run in runs.items()
                ],
                about=f"{next(iter(runs.values())).images} films of other patients, the same for all.",
                drawn=(3,),
                scale=(0.3, 1.0),
                chance=0.5,
            ),
        ],
        "see": [
            f"At the smallest, {rates[0]:g}, the loss went from {losses[rates[0]][0][1]:.2f} to "
            f"{last[rates[0]]:.2f} nats in {epochs} epochs. It ended lowest at {best:g}, with {last[best]:.2f}. At the "
            f"largest, {rates[-1]:g}, it ended at {last[rates[-1]]:.2f}.",
            f"On other patients: {'; '.join(f'{rate:g}: AUROC {say(run.auroc)}' for rate, run in runs.items())}. The "
            "rate with the lowest training loss need not be the one with the highest AUROC.",
        ],
        "not": [
            "That this rate is right elsewhere: it belongs to the network, the batch, the optimiser and the epochs.",
            "That the rate should be picked on these test films. Pick it inside the training part, or by the loss.",
        ],
        "sources": SOURCES,
        "losses": {f"{rate:g}": points for rate, points in losses.items()},
    }


def _losses(run: RunResult) -> list[tuple[int, float]]:
    """(epoch, mean training loss in nats over the fits)."""
    found: dict[int, list[float]] = {}
    for row in RunFolder(run.folder).read_history():
        if row["train_loss"]:
            found.setdefault(int(row["epoch"]), []).append(float(row["train_loss"]))
    means = [(epoch, sum(values) / len(values)) for epoch, values in sorted(found.items())]
    return [(epoch, loss if math.isfinite(loss) else 1e9) for epoch, loss in means]
