"""Held-out predictions of AutoGluon's `MultiModalPredictor` on pictures, offline.

    peers/autogluon/bin/python bench/peers/accuracy_autogluon.py TASK --out FILE --weights FILE.safetensors

AutoGluon fetches its backbones (Swin, CAFormer) from a hub; nothing is fetched here, so it is given the same
MobileNetV2 0.35 as the others, as a folder of the kind that it saves itself. Everything else is its own: rates with
layer decay, augmentation, early stopping on the validation part, averaging of the best checkpoints.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import timm
import torch
from autogluon.multimodal import MultiModalPredictor
from pandas import DataFrame
from safetensors.torch import load_file
from task import Fit, Fold, Task, run_task
from timm.models import register_model


@register_model
def mobilenetv2_035_same(pretrained=False, **options):
    """The backbone with TensorFlow's padding, under a name that AutoGluon can ask timm for."""
    return timm.create_model("mobilenetv2_035", pretrained=False, pad_type="same", bn_eps=1e-3, **options)


def write_checkpoint(weights: Path, folder: Path) -> None:
    model = mobilenetv2_035_same(num_classes=0)
    model.load_state_dict(load_file(weights), strict=False)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    half = [0.5, 0.5, 0.5]
    known = {"input_size": [3, 224, 224], "mean": half, "std": half, "interpolation": "bicubic", "crop_pct": 0.875}
    config = {"architecture": "mobilenetv2_035_same", "num_classes": 0, "num_features": 1280, "pretrained_cfg": known}
    (folder / "config.json").write_text(json.dumps(config))


def fit_of(task: Task, options: argparse.Namespace) -> Fit:
    place = Path(tempfile.mkdtemp())
    write_checkpoint(options.weights, place)
    table = DataFrame(
        {"image": [str(path) for path in task.images], "label": [task.classes[label] for label in task.labels]}
    )

    def fit(fold: Fold) -> np.ndarray:
        predictor = MultiModalPredictor(
            label="label", path=str(place / f"fold{fold.number}"), verbosity=0, enable_progress_bar=False
        )
        predictor.fit(
            table.iloc[fold.fitted],
            tuning_data=table.iloc[fold.validation],
            seed=fold.number,
            hyperparameters={
                "model.names": ["timm_image"],
                "model.timm_image.checkpoint_name": str(place),
                "env.num_gpus": 0,
                "env.num_workers": 0,
                "env.precision": 32,
                **({"optim.max_epochs": 1} if options.quick else {}),
            },
        )
        return predictor.predict_proba(table.iloc[fold.test][["image"]])[task.classes].to_numpy()

    return fit


if __name__ == "__main__":
    run_task("AutoGluon", fit_of, lambda parser: parser.add_argument("--weights", type=Path, required=True))
