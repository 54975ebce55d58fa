"""Held-out predictions of Lakhani's recipe in Keras: all layers of a backbone, Adam at 0.0001, batches of 5, 20 epochs.

    peers/keras/bin/python bench/peers/accuracy_finetune.py TASK --out FILE --export FOLDER

The notebook's backbone, InceptionV3 with weights of ImageNet, is not there without internet; this one is the
MobileNetV2 0.35 that the others get. Head, augmentation, rates and epochs are the notebook's (``keras_lakhani.py``);
the last epoch counts, as there. More than two classes: a softmax instead of the sigmoid.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
from keras.layers import Dense, Dropout
from task import Fit, Fold, Task, run_task
from teachable_machine import load_backbone, squares


def build_model(export: Path, classes: int) -> keras.Model:
    base = load_backbone(export)
    base.trainable = True
    last, loss = (1, "binary_crossentropy") if classes == 2 else (classes, "sparse_categorical_crossentropy")
    top = [Dense(256, activation="relu"), Dropout(0.5), Dense(last, activation="sigmoid" if last == 1 else "softmax")]
    model = keras.Sequential([base, *top])
    model.compile(keras.optimizers.Adam(1e-4, epsilon=1e-8), loss, metrics=["accuracy"])
    return model


def fit_of(task: Task, options: argparse.Namespace) -> Fit:
    inputs = np.stack([squares(task.picture(row)) for row in range(len(task.images))])
    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        shear_range=0.2,
        zoom_range=0.2,
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
    )

    keras.utils.set_random_seed(0)
    model = build_model(options.export, len(task.classes))
    model.optimizer.build(model.trainable_variables)
    fresh = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]

    def fit(fold: Fold) -> np.ndarray:
        # Weights and moments are put back: a new model for each fold would compile its graph anew, which is slow.
        for variable, value in zip((*model.variables, *model.optimizer.variables), fresh, strict=True):
            variable.assign(value)
        flow = generator.flow(inputs[fold.train], task.labels[fold.train], batch_size=5, seed=fold.number)
        model.fit(flow, epochs=1 if options.quick else options.epochs, verbose=0)
        found = model.predict(inputs[fold.test], verbose=0)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    return fit


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", type=Path, required=True, help="folder with model.json and weights.bin")
    parser.add_argument("--epochs", type=int, default=20)


if __name__ == "__main__":
    run_task("Keras, all layers", fit_of, arguments)
