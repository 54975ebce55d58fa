"""Teachable Machine's image model in Keras: its frozen backbone from an export, and its head, to the letter.

The letter is `libraries/image/src` of googlecreativelab/teachablemachine-community: the middle square of a picture,
divided by 127 less 1 (`utils/tf.ts`); MobileNetV2 0.35 to its last activation and global average pooling
(`custom-mobilenet.ts`); 100 ReLU units, softmax without bias, variance scaling, Adam, 15 % of each class kept for
validation, which nothing is chosen by, and one order of the samples for all epochs (`teachable-mobilenet.ts`).
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import keras
import numpy as np
from PIL import Image

SIDE = 224
#: What the web page trains with if nobody changes it.
DEFAULTS = {"epochs": 50, "batch size": 16, "learning rate": 0.001}
VALIDATION = 0.15
#: TensorFlow.js cuts a normal distribution at two deviations and leaves it so; Keras widens what is left to the asked
#: deviation again, by this factor.
WIDENED = 0.87962566103423978


def load_backbone(export: Path) -> keras.Model:
    """The frozen part of an export (``model.json``, ``weights.bin``): pictures in -1..1 -> 1280 features.

    Keras pads stride-2 layers below and to the right and takes 0.001 in batch norm, as the export does, so the layers
    are the same ones and every tensor finds its place by name.
    """
    base = keras.applications.MobileNetV2((SIDE, SIDE, 3), alpha=0.35, include_top=False, weights=None, pooling="avg")
    arrays = _read_arrays(export)
    used = set()
    for layer in base.layers:
        values = []
        for weight in layer.weights:
            name = f"{layer.name}/{_TFJS_NAMES.get(weight.name, weight.name)}"
            used.add(name)
            values.append(arrays[name].reshape(weight.shape))
        layer.set_weights(values)
    left = [name for name in arrays if name not in used and not name.startswith("dense")]
    assert not left, f"tensors of the export without a place: {left[:3]}"
    base.trainable = False
    return base


#: Keras 3 calls the kernel of a depthwise convolution plainly a kernel.
_TFJS_NAMES = {"kernel": "kernel"}


def _read_arrays(export: Path) -> dict[str, np.ndarray]:
    manifest = json.loads((export / "model.json").read_text(encoding="utf-8"))["weightsManifest"]
    arrays = {}
    for part in manifest:
        data = b"".join((export / path).read_bytes() for path in part["paths"])
        start = 0
        for entry in part["weights"]:
            count = math.prod(entry["shape"])
            values = np.frombuffer(data, "<f4", count, start).reshape(entry["shape"])
            arrays[entry["name"].replace("depthwise_kernel", "kernel")] = values
            start += 4 * count
    return arrays


def squares(image: Image.Image) -> np.ndarray:
    """The middle square at 224 pixels as the network takes it: ``row column 3``, -1..1.008 (127 is no misprint)."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size != (SIDE, SIDE):
        method = Image.Resampling.BOX if side > SIDE else Image.Resampling.BILINEAR
        image = image.resize((SIDE, SIDE), method, box=(left, top, left + side, top + side))
    return np.asarray(image, np.float32) / 127 - 1


def build_head(classes: int, learning_rate: float, seed: int, features: int = 1280) -> keras.Model:
    keras.utils.set_random_seed(seed)
    first, last = (keras.initializers.VarianceScaling(WIDENED**2) for _ in range(2))  # one draws the same each time
    head = keras.Sequential(
        [
            keras.Input((features,)),
            keras.layers.Dense(100, activation="relu", kernel_initializer=first),
            keras.layers.Dense(classes, activation="softmax", use_bias=False, kernel_initializer=last),
        ]
    )
    head.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return head


def divide(labels: np.ndarray, seed: int, validation: float = VALIDATION) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and validation, each class divided alone, in the one order that all epochs keep."""
    random = np.random.default_rng(seed)
    train, held_out = [], []
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        cut = len(rows) - math.ceil(validation * len(rows))
        train.append(rows[:cut])
        held_out.append(rows[cut:])
    return random.permutation(np.concatenate(train)), random.permutation(np.concatenate(held_out))
