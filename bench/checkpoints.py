"""What checkpoints cost: the same fit with and without them, in turns, the first epoch of each left out.

    WETREAD_REAL_DATA=path python bench/checkpoints.py --place FOLDER [--network inception_v3] [--epochs 4] [--rounds 3]

InceptionV3 on the 65 training pictures of the tutorial is a hard case: the weights and Adam's two moments are written
after every epoch, and an epoch is short. Prints seconds per epoch and the ratio, and that both end with the same bits.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from wetread_jobs import read_squares

from wetread.model.networks import NetworkSpec, build_network, share_processor
from wetread.model.preprocess import Preprocess
from wetread.training.loop import train
from wetread.training.ranges import Augment
from wetread.training.settings import LoopSettings


def fit(network: str, squares: np.ndarray, labels: np.ndarray, epochs: int, place: Path | None) -> tuple[list, str]:
    """Wall and processor seconds of each epoch after the first, the last checkpoint included; and a sum of the bits."""
    settings = LoopSettings(
        epochs=epochs,
        batch=5,
        learning_rate=1e-4,
        weight_decay=0.0,
        precision="float32",
        device="cpu",
        augment=Augment(20.0, 0.0, 0.2, 0.0, 0.0, 0.0, mirror=0.5, stretch=0.2, shear=11.46),
        optimiser="adam",
        schedule="constant",
        output="sigmoid",
        clip=0.0,
    )
    torch.manual_seed(0)
    built = build_network(NetworkSpec(network, outputs=1, side=squares.shape[-1], hidden=256, dropout=0.5))
    marks: list[tuple[float, float]] = []

    def mark(*_: object) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        marks.append((time.perf_counter(), used.ru_utime + used.ru_stime))

    train(built, squares, labels, Preprocess(squares.shape[-1], 3).scale, settings, 0, place=place, on_epoch=mark)
    mark()  # what was still on its way to the disk
    total = np.diff(np.array([marks[0], marks[-1]]), axis=0)[0] / (epochs - 1)
    bits = sum(int(weight.detach().view(torch.int32).long().sum()) for weight in built.parameters())
    return total.tolist(), f"{bits:x}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--network", default="inception_v3")
    parser.add_argument("--side", type=int, default=299)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data = Path(os.environ["WETREAD_REAL_DATA"]) / "chest-vs-abdomen-openi"
    squares, labels, parts = read_squares(data, options.side)
    fitted = np.array([part in ("", "train") for part in parts])
    share_processor(options.network)
    told: dict[bool, list] = {False: [], True: []}
    for number in range(options.rounds):
        for kept in (False, True) if number % 2 else (True, False):
            place = options.place / "checkpoints" if kept else None
            told[kept].append(fit(options.network, squares[fitted], labels[fitted], options.epochs, place))
            if place is not None:
                size = sum(path.stat().st_size for path in place.iterdir()) / 1e6
                shutil.rmtree(place)
    if len({bits for one in told.values() for _, bits in one}) != 1:
        raise SystemExit("the fits ended with different weights")
    wall, used = ({kept: statistics.median(one[0][at] for one in told[kept]) for kept in told} for at in (0, 1))
    print(f"{options.network}, {int(fitted.sum())} pictures an epoch, {size:.0f} MB of checkpoints kept")
    print(f"seconds per epoch: {wall[False]:.2f} without, {wall[True]:.2f} with, {wall[True] / wall[False] - 1:+.1%}")
    print(f"of processor:      {used[False]:.2f} without, {used[True]:.2f} with, {used[True] / used[False] - 1:+.1%}")


if __name__ == "__main__":
    main()
