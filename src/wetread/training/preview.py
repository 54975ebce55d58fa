"""What the network sees while it is trained: pictures and their changed copies, by the engine of the training itself.

Copies are computed here and handed over as arrays, since pages know no torch. In a run folder they are
``augmented/NN.png`` (or ``.jpeg``), one strip per picture: the original, then its copies; and
``augmented/index.json``.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.dataset.table import Row
from wetread.model.preprocess import Preprocess
from wetread.outcome import say_percent
from wetread.shapes import Picture
from wetread.training.ranges import Augment

if TYPE_CHECKING:
    from wetread.run_folder import RunFolder
    from wetread.training.augment import Changes
    from wetread.training.plan import Plan

#: Copies of each picture: with the original they fill eight columns.
COPIES = 7
#: Side at which a person looks at the copies; the network's own side is often too small to judge anatomy.
DISPLAY_SIDE = 224
#: Pictures of each class, at most, and of all classes together on a page and in a run folder.
PER_CLASS, MOST, MOST_OF_RUN = 3, 24, 6
#: Largest side of a square in a run folder: a strip of eight is then as wide as a page.
STRIP_SIDE = 128
#: How a reason in a plan begins where its value has a unit; in words the unit is said already.
_UNIT = re.compile(r"^(degrees|part of [a-z ]+): ")
#: In the order of `Changes.stain`.
_STAINS = ("haematoxylin", "eosin", "DAB")


@dataclass(frozen=True)
class Preview:
    """One picture and what training makes of it.

    Attributes:
        image: Its name in the data set.
        label: Its class, or its findings.
        shown: The original and its copies at display side, `COPIES` + 1 squares.
        seen: The same at the side of the network.
        words: What was changed in each copy, the original left out.
    """

    image: str
    label: str
    shown: tuple[Picture, ...]
    seen: tuple[Picture, ...]
    words: tuple[str, ...]


def make_previews(rows: Sequence[Row], plan: Plan, most: int = MOST, display_side: int = DISPLAY_SIDE) -> list[Preview]:
    """Chooses a few pictures of each class by chance and makes their copies.

    Args:
        rows: With pictures; those without one are passed over.
        plan: Holds the ranges, the side and channels of the network, and the seed.
        most: Pictures in all.
        display_side: Of `Preview.shown`, in pixels.

    Returns:
        In the order of the classes.
    """
    chosen = _choose(rows, plan.classes, plan.seed, most)
    pictures = [row.picture for _, _, row in chosen if row.picture is not None]
    if not pictures:
        return []
    numbers = np.array([number for number, _, _ in chosen])
    sides = {
        side: _copy(Preprocess(side, plan.channels).squares(pictures), numbers, plan.augment, plan.seed)
        for side in {display_side, plan.network_side}
    }
    originals = sides[plan.network_side][:, 0]
    coloured = [picture.ndim == 3 and bool(np.ptp(picture, axis=2).any()) for picture in originals]
    words = _say_copies(numbers, plan.augment, plan.seed, plan.network_side, coloured)
    copies = zip(chosen, sides[display_side], sides[plan.network_side], words, strict=True)
    return [
        Preview(row.image, label, tuple(shown), tuple(seen), tuple(said))
        for (_, label, row), shown, seen, said in copies
    ]


def preview_for_run(folder: RunFolder, rows: Sequence[Row], plan: Plan) -> None:
    """Writes into the run folder what the network saw; nothing where no network is trained.

    Args:
        folder: Of the run.
        rows: Of the training set, in its order.
        plan: Of the run.

    Raises:
        OutputError: The folder cannot be written.
    """
    if "network" not in plan.rungs:
        return
    previews = make_previews(rows, plan, MOST_OF_RUN, plan.network_side)
    index: list[dict[str, Any]] = []
    for number, preview in enumerate(previews, start=1):
        kind, strip = _encode_strip(preview.seen)
        name = f"{number:02d}.{kind}"
        folder.write_bytes(f"augmented/{name}", strip)
        index.append({"image": preview.image, "label": preview.label, "file": name, "words": list(preview.words)})
    content = {
        "side": plan.network_side,
        "ranges": [list(entry) for entry in say_ranges(plan.augment, plan.reasons)],
        "rows": index,
    }
    folder.write_json("augmented/index.json", content)


def say_ranges(ranges: Augment, reasons: dict[str, str]) -> list[tuple[str, str, str]]:
    """The ranges in words: (what, how much, why) for each; "how much" is empty for what is off.

    Args:
        ranges: Of the plan.
        reasons: Of the plan, by name.
    """
    said = {
        "rotation": ("Rotation", f"up to {ranges.rotation:g}° either way"),
        "turns": ("Quarter turns", "by 0, 90, 180 or 270 degrees" + _odds(ranges.turns)),
        "mirror": ("Left-right flip", f"{say_percent(ranges.mirror)} of the copies"),
        "flip": ("Upside-down flip", f"{say_percent(ranges.flip)} of the copies"),
        "zoom": ("Zoom", f"up to {say_percent(ranges.zoom)} larger or smaller"),
        "stretch": ("Stretch", f"up to {say_percent(ranges.stretch)} in width and height, each by itself"),
        "shift": ("Shift", f"up to {say_percent(ranges.shift)} of the side"),
        "shear": ("Shear", f"up to {ranges.shear:g}° either way"),
        "gamma": ("Gamma", f"between {np.exp(-ranges.gamma):.2f} and {np.exp(ranges.gamma):.2f}"),
        "contrast": ("Contrast", f"up to {say_percent(ranges.contrast)} more or less"),
        "brightness": ("Brightness", f"up to {255 * ranges.brightness:.0f} grey values of 255 up or down"),
        "noise": ("Noise", f"up to {255 * ranges.noise:.0f} grey values of 255 (standard deviation)"),
        "blur": ("Blur", f"up to {say_percent(ranges.blur)} of the side (standard deviation)"),
        "erasing": ("Erased box", f"up to {say_percent(ranges.erasing)} of the area"),
        "saturation": ("Saturation", f"up to {say_percent(ranges.saturation)} more or less"),
        "hue": ("Hue", f"up to {ranges.hue:g}° either way"),
        "stain": ("Stain", f"each up to {say_percent(ranges.stain)} and {ranges.stain:g} of density more or less"),
    }
    return [
        (title, much if getattr(ranges, name) else "", _UNIT.sub("", reasons.get(name, "")))
        for name, (title, much) in said.items()
    ]


def describe_changes(changes: Changes, number: int, side: int, coloured: bool = True) -> str:
    """What was done to one image of a batch, in a few words; changes too small to be seen are left out.

    Args:
        changes: As drawn.
        number: Of the image in the batch.
        side: Of the network, in pixels.
        coloured: The image has colours: in a grey one none can change.
    """
    angle, wide, high = float(changes.angle[number]), *map(float, changes.zoom[number])
    size = 1 / np.sqrt(wide * high) - 1
    contrast = float(changes.contrast[number])
    grey = 0.5 ** changes.gamma[number] - 0.5 + changes.brightness[number]
    blur = float(changes.blur[number]) * side
    saturation, hue = float(changes.saturation[number]), float(changes.hue[number])
    # Added density of each stain where it is half dense; the one that changes most is named.
    densities = 0.5 * (changes.stain[number, 0] - 1) + changes.stain[number, 1]
    density, stain = max(zip(densities, _STAINS, strict=True), key=lambda pair: abs(pair[0]))
    said = (
        (bool(changes.mirror[number]), "mirrored"),
        (bool(changes.flip[number]), "upside down"),
        (bool(changes.turns[number]), f"turned {90 * int(changes.turns[number])}°"),
        (abs(angle) >= 1, f"{abs(angle):.0f}° {'left' if angle > 0 else 'right'}"),
        (abs(size) >= 0.02, f"{say_percent(round(abs(size), 2))} {'larger' if size > 0 else 'smaller'}"),
        (abs(wide / high - 1) >= 0.03, "narrower" if wide > high else "wider"),
        (abs(float(changes.shear[number])) >= 1, "sheared"),
        (float(np.abs(changes.shift[number]).max()) >= 0.015, "shifted"),
        (abs(grey) >= 0.03, "brighter" if grey > 0 else "darker"),
        (abs(contrast - 1) >= 0.05, f"{'more' if contrast > 1 else 'less'} contrast"),
        (coloured and abs(density) >= 0.02, f"{'more' if density > 0 else 'less'} {stain}"),
        (coloured and abs(saturation - 1) >= 0.05, f"{'more' if saturation > 1 else 'less'} colour"),
        (coloured and abs(hue) >= 1, f"hue {hue:+.0f}°"),
        (float(changes.noise[number]) >= 0.008, "noisier"),
        (blur >= 0.3, "softer"),
        (float(changes.erased[number][0]) >= 0.01, "box erased"),
    )
    return ", ".join(words for is_so, words in said if is_so) or "hardly changed"


def _choose(rows: Sequence[Row], classes: Sequence[str], seed: int, most: int) -> list[tuple[int, str, Row]]:
    """(row number, class, row): up to `PER_CLASS` of each class, fewer where there are many classes."""
    each = max(1, min(PER_CLASS, most // max(1, len(classes))))
    chosen: list[tuple[int, str, Row]] = []
    for name in classes:
        own = [number for number, row in enumerate(rows) if name in row.names and row.picture is not None]
        picked = sorted(random.Random(f"{seed} {name}").sample(own, min(each, len(own))))
        chosen += [(number, name, rows[number]) for number in picked]
    return chosen[:most]


def _copy(squares: NDArray[np.uint8], numbers: NDArray[np.int64], ranges: Augment, seed: int) -> NDArray[np.uint8]:
    """``image copy row column`` (and 3 in colour): the original, then the copy of each epoch."""
    import torch

    from wetread.training.augment import augment

    # A few small pictures: dividing them among threads costs seconds on a busy machine and saves nothing.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        changed = [augment(squares, numbers, ranges, seed, epoch) for epoch in range(COPIES)]
    finally:
        torch.set_num_threads(threads)
    copies = [(255 * copy).round().byte().numpy() for copy in changed]
    stacked = np.stack([squares, *copies], axis=1)
    return stacked[:, :, 0] if stacked.shape[2] == 1 else np.ascontiguousarray(stacked.transpose(0, 1, 3, 4, 2))


def _say_copies(
    numbers: NDArray[np.int64], ranges: Augment, seed: int, side: int, coloured: Sequence[bool]
) -> list[list[str]]:
    from wetread.training.augment import draw_changes

    drawn = [draw_changes(numbers, ranges, seed, epoch) for epoch in range(COPIES)]
    return [
        [describe_changes(changes, number, side, has_colours) for changes in drawn]
        for number, has_colours in enumerate(coloured)
    ]


def _odds(share: float) -> str:
    return "" if share >= 1 else f", {say_percent(share)} of the copies"


def _encode_strip(squares: Sequence[Picture]) -> tuple[str, bytes]:
    """The squares side by side: (png, file) with every pixel where they are small, else (jpeg, file), shrunk."""
    images = [Image.fromarray(square) for square in squares]
    small = images[0].height <= STRIP_SIDE
    if not small:
        images = [image.resize((STRIP_SIDE, STRIP_SIDE), Image.Resampling.LANCZOS) for image in images]
    side = images[0].height
    step = side + max(1, side // 48)  # a thin black line tells the squares apart
    strip = Image.new(images[0].mode, (step * len(images) - (step - side), side))
    for place, image in enumerate(images):
        strip.paste(image, (place * step, 0))
    buffer = io.BytesIO()
    strip.save(buffer, "PNG" if small else "JPEG", optimize=True, **({} if small else {"quality": 88}))
    return "png" if small else "jpeg", buffer.getvalue()
