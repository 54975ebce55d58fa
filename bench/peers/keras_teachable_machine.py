"""A Teachable Machine job in Keras, whole: import, decode, features, head; wall time by stages as one JSON line.

    peers/keras/bin/python bench/peers/keras_teachable_machine.py PROJECT.tm --export FOLDER [--variant cached]

``cached``: features once, in batches (the best script); ``one at a time``: features once, picture by picture, as the
web page does; ``naive``: the frozen network runs again in every epoch, timed for a few epochs and extrapolated.
"""

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import statistics  # noqa: E402
import zipfile  # noqa: E402
from pathlib import Path  # noqa: E402

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from teachable_machine import build_head, divide, load_backbone, squares  # noqa: E402


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, its validation included."""

    def on_train_begin(self, logs=None):
        self.seconds, self.last = [], time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


def read_project(path: Path) -> tuple[list[Image.Image], np.ndarray, dict]:
    with zipfile.ZipFile(path) as project:
        names = [name for name in project.namelist() if "-!-" in name]
        settings = json.loads(project.read("manifest.json"))["appdata"]
        pictures = [Image.open(io.BytesIO(project.read(name))).convert("RGB") for name in names]
    classes = list(dict.fromkeys(name.split("-!-")[0] for name in names))
    return pictures, np.array([classes.index(name.split("-!-")[0]) for name in names]), settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--export", type=Path, required=True, help="folder with model.json and weights.bin")
    parser.add_argument("--variant", choices=("cached", "one at a time", "naive"), default="cached")
    parser.add_argument("--epochs", type=int, help="instead of the project's")
    parser.add_argument("--slice", type=int, default=3, help="epochs that are timed of the naive variant")
    options = parser.parse_args()
    stages = {"import": time.perf_counter() - STARTED}

    def lap(name: str) -> None:
        stages[name] = time.perf_counter() - STARTED - sum(stages.values())

    pictures, labels, settings = read_project(options.project)
    epochs = options.epochs or settings["trainEpochs"]
    batch, rate = settings["trainBatchSize"], settings["trainLearningRate"]
    inputs = np.stack([squares(picture) for picture in pictures])
    lap("decode")
    base = load_backbone(options.export)
    lap("build")
    train, validation = divide(labels, seed=0)
    head = build_head(int(labels.max()) + 1, rate, seed=0)
    clock = Clock()
    extrapolated = 0.0
    if options.variant == "naive":
        model = keras.Sequential([base, head])
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        rest = (inputs[validation], labels[validation])
        timed = min(options.slice + 1, epochs)
        history = model.fit(inputs[train], labels[train], batch, timed, 0, [clock], validation_data=rest, shuffle=False)
        extrapolated = statistics.median(clock.seconds[1:] or clock.seconds) * (epochs - timed)
    else:
        if options.variant == "cached":
            features = base.predict(inputs, batch_size=16, verbose=0)
        else:
            features = np.concatenate([base.predict(one[None], verbose=0) for one in inputs])
        lap("features")
        rest = (features[validation], labels[validation])
        history = head.fit(
            features[train], labels[train], batch, epochs, 0, [clock], validation_data=rest, shuffle=False
        )
    lap("head")
    told = {
        "peer": f"Keras {keras.__version__}/{keras.backend.backend()}, {options.variant}",
        "images": len(labels),
        "epochs": epochs,
        "seconds": sum(stages.values()) + extrapolated,
        "extrapolated": options.variant == "naive",
        "stages": {name: round(seconds, 3) for name, seconds in stages.items()},
        "validation_accuracy": history.history["val_accuracy"][-1],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
