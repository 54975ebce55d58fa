"""Held-out predictions of Teachable Machine's image model; see ``teachable_machine.py`` for what is to the letter.

    peers/keras/bin/python bench/peers/accuracy_teachable_machine.py TASK --export FOLDER --out FILE [--variant ...]

``project``: epochs, batch and rate of the project the pictures come from, where there is one, else the web page's own;
``page``: those of the web page in any case; ``all``: as ``page``, on the whole training part instead of 85 % of it.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
from task import Fit, Fold, Task, run_task
from teachable_machine import DEFAULTS, VALIDATION, build_head, divide, load_backbone, squares


def fit_of(task: Task, options: argparse.Namespace) -> Fit:
    base = load_backbone(options.export)
    rows = range(len(task.images))
    features = base.predict(np.stack([squares(task.picture(row)) for row in rows]), batch_size=16, verbose=0)
    settings = {**DEFAULTS, **(task.settings if options.variant == "project" else {})}
    validation = 0.0 if options.variant == "all" else VALIDATION

    def fit(fold: Fold) -> np.ndarray:
        # 85/15 as the page divides what it is given, which is the training part of the fold.
        train, _ = divide(task.labels[fold.train], fold.number, validation)
        inputs, labels = features[fold.train[train]], task.labels[fold.train[train]]
        head = build_head(len(task.classes), settings["learning rate"], fold.number)
        epochs = 1 if options.quick else int(settings["epochs"])
        head.fit(inputs, labels, int(settings["batch size"]), epochs, 0, shuffle=False)
        return head.predict(features[fold.test], verbose=0)

    return fit


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, help="folder with model.json and weights.bin")
    parser.add_argument("--variant", choices=("project", "page", "all"), default="project")


if __name__ == "__main__":
    run_task("Teachable Machine", fit_of, arguments)
