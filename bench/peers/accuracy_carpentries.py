"""Held-out predictions of the network of the Carpentries' "Introduction to artificial neural networks in Python".

    peers/keras/bin/python bench/peers/accuracy_carpentries.py TASK --out FILE

Episodes 2 to 5 of carpentries-incubator/machine-learning-neural-python: grey, 256 pixels, mean 0 and deviation 1 per
picture; seven convolutions; Adam, batches of 32, 10 epochs, no augmentation (all its ranges are 0), the epoch with the
lowest validation loss. Theirs is a question with two answers; for more, the last layer is a softmax. ``--epochs 100``
asks what patience would bring.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPool2D
from PIL import Image
from task import Fit, Fold, Task, run_task

SIDE = 256


def build_model(classes: int) -> keras.Model:
    layers = [keras.Input((SIDE, SIDE, 1))]
    for filters, size in ((8, 3), (8, 3), (12, 3), (12, 3), (20, 5), (20, 5)):
        layers += [Conv2D(filters, size, padding="same", activation="relu"), MaxPool2D()]
    layers += [Conv2D(50, 5, padding="same", activation="relu"), GlobalAveragePooling2D()]
    layers += [Dense(128, activation="relu"), Dropout(0.6), Dense(32, activation="relu")]
    last, loss = (1, "binary_crossentropy") if classes == 2 else (classes, "sparse_categorical_crossentropy")
    model = keras.Sequential([*layers, Dense(last, activation="sigmoid" if classes == 2 else "softmax")])
    model.compile(keras.optimizers.Adam(), loss, metrics=["acc"])
    return model


class Best(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss."""

    def on_train_begin(self, logs=None):
        self.loss, self.weights = np.inf, None

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_loss"] < self.loss:
            self.loss, self.weights = logs["val_loss"], self.model.get_weights()


def fit_of(task: Task, options: argparse.Namespace) -> Fit:
    def square(row: int) -> np.ndarray:
        values = np.asarray(task.picture(row, "L").resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32)
        return (values - values.mean()) / max(float(values.std()), 1e-6)

    inputs = np.stack([square(row) for row in range(len(task.images))])[..., None]

    def fit(fold: Fold) -> np.ndarray:
        keras.utils.set_random_seed(42)
        model, best = build_model(len(task.classes)), Best()
        rest = (inputs[fold.validation], task.labels[fold.validation])
        epochs = 1 if options.quick else options.epochs
        model.fit(inputs[fold.fitted], task.labels[fold.fitted], 32, epochs, 0, [best], validation_data=rest)
        model.set_weights(best.weights)
        found = model.predict(inputs[fold.test], verbose=0)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    return fit


if __name__ == "__main__":
    run_task("Carpentries", fit_of, lambda parser: parser.add_argument("--epochs", type=int, default=10))
