"""One epoch of "Hello World Deep Learning in Medical Imaging" in Keras: seconds per epoch, one JSON line each.

    peers/keras/bin/python bench/peers/keras_lakhani.py DATA [--batch 5] [--precision mixed_bfloat16] [--work bare]

As `HelloWorldDeepLearning.ipynb` of paras42/Hello_World_Deep_Learning has it: InceptionV3 at 299 pixels, pooled, 256
ReLU units, dropout, one sigmoid, all weights, Adam at 0.0001; pictures decoded and augmented by ImageDataGenerator in
every epoch, the validation pictures too (the notebook's slip, which costs it time). Weights are random: speed does not
depend on them. ``--work bare`` leaves decoding and augmentation out: the step alone, on arrays in memory.
"""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
from turns import take_turns

SIDE = 299


class Clock(keras.callbacks.Callback):
    """Seconds of an epoch, and of the training in it without its validation."""

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.training = time.perf_counter() - self.started

    def on_epoch_end(self, epoch, logs=None):
        self.whole = time.perf_counter() - self.started


def build_model() -> keras.Model:
    base = keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    top = keras.Sequential(
        [
            keras.Input(base.output_shape[1:]),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.5),
            # In float32 whatever the policy, as the guide to mixed precision asks.
            keras.layers.Dense(1, activation="sigmoid", dtype="float32"),
        ]
    )
    model = keras.Model(base.input, top(base.output))
    adam = keras.optimizers.Adam(1e-4, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    model.compile(adam, "binary_crossentropy", metrics=["accuracy"])
    return model


def flows(data: Path, batch: int):
    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        rescale=1 / 255,
        shear_range=0.2,
        zoom_range=0.2,
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
    )
    options = {"target_size": (SIDE, SIDE), "batch_size": batch, "class_mode": "binary", "seed": 0}
    return (generator.flow_from_directory(str(data / part), **options) for part in ("TRAIN", "VAL"))


def arrays(flow, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of a flow, once."""
    pairs = [flow[number] for number in range(len(flow))]
    return tuple(np.concatenate(one)[:most] for one in zip(*pairs, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with TRAIN and VAL")
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument("--work", choices=("recipe", "bare"), default="recipe")
    parser.add_argument("--turns", type=int, default=2, help="epochs after one to warm up; 0: one per line of input")
    parser.add_argument("--images", type=int, default=65, help="fewer for a smoke test")
    options = parser.parse_args()
    keras.mixed_precision.set_global_policy(options.precision)
    images = min(options.images, 65)
    with contextlib.redirect_stdout(sys.stderr):  # the flows greet
        train, validation = flows(options.data, options.batch)
    model = build_model()
    if options.work == "bare":
        # `fit` on arrays is Keras' fastest way.
        inputs, labels = arrays(train, images)
        known = {"x": inputs, "y": labels, "batch_size": options.batch, "validation_data": arrays(validation, 10)}
    else:
        known = {"x": train, "steps_per_epoch": -(-images // options.batch), "validation_data": validation}

    def epoch() -> dict:
        clock = Clock()
        model.fit(**known, epochs=1, verbose=0, callbacks=[clock])
        return {"seconds": clock.whole, "images_per_s": images / clock.training}

    facts = {
        "peer": f"Keras {keras.__version__}/{keras.backend.backend()} {tf.__version__}",
        "precision": options.precision,
        "batch": options.batch,
        "work": options.work,
        "images": images,
    }
    take_turns(epoch, facts, options.turns)


if __name__ == "__main__":
    main()
