"""Held-out predictions of fastai's `vision_learner`, as its first lesson uses it.

    peers/fastai/bin/python bench/peers/accuracy_fastai.py TASK --out FILE [--weights FILE.safetensors]

With ``--weights``, a timm MobileNetV2 0.35 as `wetread weights import` stores it: `fine_tune`, one epoch of the head
and ten of everything. Without, since nothing is fetched here: a ResNet-18 from scratch, `fit_one_cycle`. Batches of 16,
fastai's own augmentation (mirroring included) and rates.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from fastai.vision.all import (
    CategoryBlock,
    ColReader,
    DataBlock,
    ImageBlock,
    IndexSplitter,
    Normalize,
    Resize,
    aug_transforms,
    error_rate,
    resnet18,
    set_seed,
    vision_learner,
)
from pandas import DataFrame
from safetensors.torch import load_file
from task import Fit, Fold, Task, run_task

#: Of the backbone: TensorFlow's padding and the epsilon of its batch norm; pixels from -1 to 1.
OPTIONS = {"pad_type": "same", "bn_eps": 1e-3}


def fit_of(task: Task, options: argparse.Namespace) -> Fit:
    table = DataFrame(
        {"image": [str(path) for path in task.images], "label": [task.classes[label] for label in task.labels]}
    )
    half = ([0.5] * 3, [0.5] * 3)
    blocks = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=task.classes)),
        get_x=ColReader("image"),
        get_y=ColReader("label"),
        splitter=lambda rows: IndexSplitter([n for n, held in enumerate(rows["held"]) if held])(rows),
        item_tfms=Resize(224),
        batch_tfms=[*aug_transforms(), *([Normalize.from_stats(*half)] if options.weights else [])],
    )

    def fit(fold: Fold) -> np.ndarray:
        set_seed(fold.number)
        rows = table.iloc[fold.train].assign(held=np.isin(fold.train, fold.validation)).reset_index(drop=True)
        loaders = blocks.dataloaders(rows, bs=16, num_workers=0)
        if options.weights:
            learner = vision_learner(
                loaders, "mobilenetv2_035", pretrained=False, normalize=False, metrics=error_rate, **OPTIONS
            )
            load_body(learner.model, options.weights)
            learner.freeze()
        else:
            learner = vision_learner(loaders, resnet18, pretrained=False, metrics=error_rate)
            learner.unfreeze()
        epochs = 1 if options.quick else options.epochs
        with learner.no_bar(), learner.no_logging():
            learner.fine_tune(epochs) if options.weights else learner.fit_one_cycle(epochs, 1e-3)
            return learner.get_preds(dl=learner.dls.test_dl(table.iloc[fold.test]))[0].numpy()

    return fit


def load_body(model: torch.nn.Module, path: Path) -> None:
    """Puts the backbone's tensors into the body that fastai cut out of the timm network."""
    arrays = load_file(path)
    body = model[0].model
    left = body.load_state_dict(arrays, strict=False)
    missing = [name for name in left.missing_keys if "num_batches" not in name and not name.startswith("classifier")]
    assert not missing, f"no tensors for {missing[:3]}"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, help="of timm's mobilenetv2_035; without, ResNet-18 from scratch")
    parser.add_argument("--epochs", type=int, default=10)


if __name__ == "__main__":
    run_task("fastai", fit_of, arguments)
