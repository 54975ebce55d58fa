"""wetread's side of the races in ``performance.py``: each job says what it did as JSON lines, as the peers do.

    python bench/wetread_jobs.py lakhani DATA [--batch 5] [--work recipe] [--turns 2]
    python bench/wetread_jobs.py teachable-machine PROJECT.tm [--head convex]
    python bench/wetread_jobs.py frozen TASK [--backbone inception_v3]
    python bench/wetread_jobs.py thousand FOLDER

Each function calls the rooms as a run does and chooses nothing that the plan would not choose.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from wetread.images.decoder import Decoder  # noqa: E402
from wetread.main_job.ahead import NEEDED_BY_FITS, import_ahead  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent / "peers"))


def read_squares(
    data: Path, side: int, decoder: Decoder | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[str]]:
    """Labelled pictures of a data set as ``image channel row column``, their class numbers, and the given split."""
    from wetread.dataset.reading import read_images, rows_with_pictures
    from wetread.dataset.scan import scan
    from wetread.model.preprocess import Preprocess

    table = scan(data)
    read_images(table, decoder=decoder)
    rows = rows_with_pictures(table)
    classes = sorted({row.label for row in rows})
    labels = np.array([classes.index(row.label) for row in rows])
    return Preprocess(side, 3).squares([row.picture for row in rows]), labels, [row.given_split for row in rows]


def lakhani(options: argparse.Namespace) -> None:
    """The recipe of that name, an epoch per turn: 65 pictures for training, 10 for validation."""
    import torch
    from turns import take_turns

    from wetread.model.networks import NetworkSpec, build_network, share_processor
    from wetread.model.preprocess import Preprocess
    from wetread.training.loop import train
    from wetread.training.processor import precision_for
    from wetread.training.ranges import Augment
    from wetread.training.settings import LoopSettings

    before = time.perf_counter()
    squares, labels, parts = read_squares(options.data, 299)
    decoding = time.perf_counter() - before  # once in a run of 20 epochs, where the peers decode in each
    fitted = np.array([part in ("", "train") for part in parts])
    numbers = np.flatnonzero(fitted)[: options.images]
    held_out = np.flatnonzero(~fitted)[:10]
    recipe = Augment(20.0, 0.0, 0.2, 0.0, 0.0, 0.0, mirror=0.5, stretch=0.2, shear=11.46)
    settings = LoopSettings(
        epochs=1,
        batch=options.batch,
        learning_rate=1e-4,
        weight_decay=0.0,
        precision=options.precision or precision_for("cpu"),
        device="cpu",
        augment=recipe if options.work == "recipe" else Augment(0, 0, 0, 0, 0, 0),
        optimiser="adam",
        schedule="constant",
        output="sigmoid",
        clip=0.0,
    )
    preprocess = Preprocess(299, 3)
    share_processor("inception_v3")
    torch.manual_seed(0)
    network = build_network(NetworkSpec("inception_v3", outputs=1, side=299, hidden=256, dropout=0.5))
    seed = 0

    def epoch() -> dict:
        nonlocal seed
        seed += 1
        training: list[float] = []
        started = time.perf_counter()
        outcome = train(
            network,
            squares[numbers],
            labels[numbers],
            preprocess.scale,
            settings,
            seed,
            on_epoch=lambda _, seconds, *__: training.append(seconds),
        )
        inputs = preprocess.scale(torch.from_numpy(squares[held_out]).float() / 255)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bfloat16"):
            network(inputs.contiguous(memory_format=torch.channels_last))
        told = {"seconds": time.perf_counter() - started, "images_per_s": len(numbers) / training[0]}
        return told | {"waiting": outcome.waiting}

    facts = {"peer": "wetread", "precision": settings.precision, "batch": options.batch, "work": options.work}
    take_turns(epoch, facts | {"images": len(numbers), "decoding_once": round(decoding, 3)}, options.turns)


def best_linear(features: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64]):
    """L2 logistic regression, its strength by inner folds, as the frozen rung has it."""
    from wetread.dataset.split import group_folds
    from wetread.metrics.temperature import apply_temperature
    from wetread.model.linear import STRENGTHS, LinearFit

    classes = int(labels.max()) + 1
    rows = np.arange(len(labels))
    losses = np.zeros(len(STRENGTHS))
    wide = features.astype(np.float64)
    for part in group_folds(labels, groups, 3, 0):
        rest = np.setdiff1d(rows, part)
        fit = LinearFit("frozen", wide[rest], labels[rest], classes, embedded=wide.shape[1])
        for number, strength in enumerate(STRENGTHS):
            probabilities = apply_temperature(fit.at(strength).logits_of_features(wide[part]), 1.0)
            losses[number] -= np.log(np.clip(probabilities[np.arange(len(part)), labels[part]], 1e-6, 1)).sum()
    return LinearFit("frozen", wide, labels, classes, embedded=wide.shape[1]).at(STRENGTHS[int(np.argmin(losses))])


def load_backbone(name: str):
    from wetread.model.backbone import Backbone
    from wetread.weights.stored import find_stored

    return Backbone.load(find_stored(name))


def teachable_machine(options: argparse.Namespace) -> None:
    """The whole job: import, decode, features, head on 85 %, the other 15 % predicted."""
    stages = {"import": time.perf_counter() - STARTED}

    def lap(name: str) -> None:
        stages[name] = time.perf_counter() - STARTED - sum(stages.values())

    with Decoder() as decoder:
        decoder.start()  # as a run does before anything else
        import_ahead(*NEEDED_BY_FITS)  # as every run does while its files are read
        backbone = load_backbone("teachable-machine")
        lap("weights")
        squares, labels, _ = read_squares(options.data, backbone.side, decoder)
        lap("decode")
    features = backbone.embed(squares)
    lap("features")
    order = np.random.default_rng(0).permutation(len(labels))
    cut = round(0.85 * len(labels))
    train, rest = order[:cut], order[cut:]
    with threadpool_limits(1):  # as fits have it in a run
        if options.head == "convex":
            part = best_linear(features[train], labels[train], train)
            called = part.logits_of_features(features[rest].astype(np.float64)).argmax(axis=1)
        else:
            called = same_head(features, labels, train)[rest].argmax(axis=1)
    lap("head")
    told = {"peer": f"wetread, {options.head} head", "images": len(labels), "seconds": sum(stages.values())}
    stages = {name: round(seconds, 3) for name, seconds in stages.items()}
    print(json.dumps(told | {"stages": stages, "validation_accuracy": float((called == labels[rest]).mean())}))


def same_head(features: NDArray[np.float32], labels: NDArray[np.int64], train: NDArray[np.int64]):
    """100 ReLU units and a softmax without bias for 80 epochs, as the recipe has them on features that are kept.

    Returns logits of all rows.
    """
    from wetread.model.head import HeadPart
    from wetread.training.dense_head import train_dense_head
    from wetread.training.ranges import Augment
    from wetread.training.settings import LoopSettings

    still = Augment(rotation=0, zoom=0, shift=0, gamma=0, contrast=0, noise=0)
    settings = LoopSettings(
        epochs=80, batch=16, learning_rate=2e-5, weight_decay=0.0, precision="float32", device="cpu", augment=still,
        optimiser="adam", schedule="constant", tuning="head", clip=0.0, epsilon=1e-7,
    )  # fmt: skip
    classes = int(labels.max()) + 1
    head = {"hidden": 100, "bias": False, "initial": "fan-in normal"}
    layers = train_dense_head(features[train], labels[train], settings, 0, outputs=classes, **head)
    return HeadPart(layers).logits_of_features(features)


def frozen(options: argparse.Namespace) -> None:
    """Frozen features and a linear head over all folds of a task, whole; predictions for ``performance.py``."""
    from task import read_task, write_result

    from wetread.dataset.reading import read_images, rows_with_pictures
    from wetread.dataset.scan import scan
    from wetread.metrics.temperature import apply_temperature
    from wetread.model.preprocess import Preprocess

    task = read_task(options.data)
    backbone = load_backbone(options.backbone)
    table = scan(options.data / "labels.csv")
    read_images(table)
    pictures = [row.picture for row in rows_with_pictures(table)]
    features = backbone.embed(Preprocess(backbone.side, backbone.channels).squares(pictures))
    groups = np.unique(task.groups, return_inverse=True)[1]
    found = np.full((len(task.labels), len(task.classes)), np.nan)
    for fold in task.folds:
        part = best_linear(features[fold.train], task.labels[fold.train], groups[fold.train])
        logits = part.logits_of_features(features[fold.test].astype(np.float64))
        found[fold.test] = apply_temperature(logits, 1.0)
    seconds = time.perf_counter() - STARTED
    if options.out:
        write_result(options.out, task, "frozen features", found, seconds, quick=False)
    print(json.dumps({"peer": "wetread, frozen features", "seconds": seconds, "backbone": options.backbone}))


def thousand(options: argparse.Namespace) -> None:
    """Writes 1,000 pictures of 512 x 512: two classes, 500 patients, soft shapes and noise as in a radiograph."""
    from intake import picture
    from PIL import Image, ImageFilter

    for number in range(1000):
        label = ("clear", "shadow")[number // 2 % 2]
        values = picture(512, 255, number).astype(np.float32)
        if label == "shadow":
            spot = Image.new("L", (512, 512))
            spot.paste(60, (300, 330, 420, 450))
            values = values + np.asarray(spot.filter(ImageFilter.GaussianBlur(40)), np.float32)
        place = options.data / label
        place.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
        image.save(place / f"{number // 2:05d}_{number % 2:03d}.png")


JOBS = {"lakhani": lakhani, "teachable-machine": teachable_machine, "frozen": frozen, "thousand": thousand}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("data", type=Path)
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--precision", default="", help="else what the plan would choose here")
    parser.add_argument("--work", choices=("recipe", "bare"), default="recipe")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--images", type=int, default=65)
    parser.add_argument("--head", choices=("convex", "same"), default="convex")
    parser.add_argument("--backbone", default="teachable-machine")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    JOBS[options.job](options)


if __name__ == "__main__":
    main()
