"""What each channel and each class wants to see: pictures that excite it as much as possible.

What excites a channel is not what it detects: a picture is found that no file holds, and a channel may answer to
several things of which one is drawn. So each is shown with what noise and real pictures bring about in the channel.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor

from wetread.explanation.subject import Branch, Subject
from wetread.insight.frequency import draw_spectra, to_pictures
from wetread.insight.layers import Layer, look_at
from wetread.insight.maximise import MOST_STEPS, Maximised, Objective, maximise, one_step
from wetread.model.preprocess import Preprocess
from wetread.shapes import Floats, Ints, Picture

#: Channels maximised at once.
AT_ONCE = 8
#: Random pictures among which each channel finds its start: from one that it does not see no gradient leads away.
CANDIDATES = 24
#: Places of a map that a drawn picture has across, and the smallest and largest side that follow from it.
PLACES, SMALLEST, LARGEST = 16, 48, 160
#: Steps that a picture needs to be of use; where there is no time for so many, fewer channels are drawn.
GOOD_STEPS = 40
#: Contrast of the candidates, in turn.
_CONTRASTS = (0.3, 0.8, 1.6)


@dataclass(frozen=True)
class Favourite:
    """A picture that excites a channel or a class.

    Attributes:
        number: Of the channel or class.
        picture: As displayed.
        value: What it brings about: the mean of the channel's map, or the class margin.
        noise: What random pictures bring about, on average.
        steps: Of gradient ascent.
        cut: The time was over before it was finished.
    """

    number: int
    picture: Picture
    value: float
    noise: float
    steps: int
    cut: bool

    @property
    def is_silent(self) -> bool:
        """Nothing was found that excites it more than noise does."""
        return not self.value > self.noise


@dataclass(frozen=True)
class Noise:
    """Random pictures as a layer sees them.

    Attributes:
        side: Rows and columns of what is drawn for this layer.
        spectra: ``candidate colour row column 2``.
        means: Mean of each channel's map, ``candidate channel``.
    """

    side: int
    spectra: Tensor
    means: Floats


def see_noise(branch: Branch, layer: Layer, colours: int, seed: int) -> Noise:
    """Shows random pictures of several contrasts to a layer.

    Args:
        branch: Whose network.
        layer: Of it.
        colours: 1 for grey pictures, 3 for colour.
        seed: Of the draws.
    """
    side = drawing_side(branch, layer)
    spectra = draw_spectra([(seed, number) for number in range(CANDIDATES)], colours, side)
    contrasts = torch.tensor([_CONTRASTS[number % len(_CONTRASTS)] for number in range(CANDIDATES)])
    spectra = spectra * contrasts[:, None, None, None, None]
    means = []
    with torch.no_grad():
        for start in range(0, CANDIDATES, AT_ONCE):
            shown = to_pictures(spectra[start : start + AT_ONCE], side)
            batch = to_input(shown, branch.preprocess, side).to(branch.device)
            means.append(look_at(branch.body, layer, batch).mean(dim=(2, 3)).double().cpu().numpy())
    return Noise(side, spectra, np.concatenate(means))


def drawing_side(branch: Branch, layer: Layer) -> int:
    """Rows and columns of what is drawn for a layer, at most those of the input.

    A convolution sees a small part of a picture. Drawn at sixteen places of its map across, what it wants is large
    enough to be seen, and made in a fraction of the time. Networks that are bound to one size get that.
    """
    side = branch.preprocess.side
    smaller = min(side, LARGEST, max(SMALLEST, PLACES * side // max(1, layer.rows)))
    if layer.kind != "maps" or not layer.keeps_places or smaller == side:
        return side
    try:
        with torch.no_grad():
            branch.body(torch.zeros(1, branch.preprocess.channels, smaller, smaller, device=branch.device))
    except (RuntimeError, AssertionError, ValueError):
        return side
    return smaller


def choose_channels(means: Floats, most: int) -> Ints:
    """The channels that differ most between pictures, in the order of their numbers.

    Args:
        means: Mean of each channel's map, ``image channel``.
        most: How many.
    """
    strongest = np.argsort(-means.std(axis=0), kind="stable")[:most]
    return np.sort(strongest)


def favourites_of_channels(
    branch: Branch,
    layer: Layer,
    channels: Ints,
    noise: Noise,
    *,
    seed: int = 0,
    steps: int = MOST_STEPS,
    deadline: float = float("inf"),
) -> list[Favourite]:
    """Maximises the mean of each channel's map.

    Args:
        branch: Whose network.
        layer: Of it.
        channels: Numbers.
        noise: From `see_noise`.
        seed: Of the disturbances; the same gives the same pictures.
        steps: Most steps.
        deadline: By `time.monotonic`. Batches that were not begun by then are left out.

    Returns:
        One for each channel, in order; fewer where the time was over.
    """
    if not len(channels):
        return []
    # Few that are clear say more than many that are not.
    affordable = _affordable(branch, layer, channels, noise, deadline, steps)
    channels = channels[np.linspace(0, len(channels) - 1, affordable).round().astype(int)]
    found: list[Favourite] = []
    for start in range(0, len(channels), AT_ONCE):
        if start and time.monotonic() > deadline:
            break
        # The time that is left goes to the batches that are left, not all of it to this one.
        left = -(-(len(channels) - start) // AT_ONCE)
        until = time.monotonic() + max(0.0, deadline - time.monotonic()) / left
        chosen = channels[start : start + AT_ONCE]
        found += _one_batch(branch, layer, chosen, noise, seed, steps, until)
    return found


def _affordable(branch: Branch, layer: Layer, channels: Ints, noise: Noise, deadline: float, steps: int) -> int:
    """How many channels can be drawn until then, by the time that one step of one channel takes; at least one."""
    if deadline == float("inf"):
        return len(channels)
    excite = _excitement(branch, layer, channels[:1], noise.side)
    started = time.monotonic()
    one_step(excite, noise.spectra[:1], noise.side)
    seconds = max(time.monotonic() - started, 1e-6) * min(steps, GOOD_STEPS)
    return int(np.clip((deadline - time.monotonic()) / seconds, 1, len(channels)))


def _excitement(branch: Branch, layer: Layer, channels: Ints, side: int) -> Objective:
    """Mean of the map of each channel, as an objective."""
    numbers = torch.from_numpy(np.asarray(channels, dtype=np.int64)).to(branch.device)

    def excitement(pictures: Tensor, places: Tensor) -> Tensor:
        maps = look_at(branch.body, layer, to_input(pictures, branch.preprocess, side).to(branch.device))
        return maps.mean(dim=(2, 3)).gather(1, numbers[places.to(branch.device)][:, None])[:, 0]

    return excitement


def _one_batch(
    branch: Branch, layer: Layer, channels: Ints, noise: Noise, seed: int, steps: int, deadline: float
) -> list[Favourite]:
    starts = noise.spectra[torch.from_numpy(noise.means[:, channels].argmax(axis=0))]
    excitement = _excitement(branch, layer, channels, noise.side)
    seeds = [(seed, int(channel)) for channel in channels]
    made = maximise(excitement, starts, noise.side, seeds, steps=steps, deadline=deadline)
    with torch.no_grad():
        values = excitement(torch.from_numpy(made.pictures).float() / 255, torch.arange(len(channels)))
    usual = noise.means[:, channels].mean(axis=0)
    return _collect(channels, made, values.double().cpu().numpy(), usual)


def favourites_of_classes(
    subject: Subject,
    classes: Sequence[int],
    colours: int,
    *,
    versions: int = 2,
    seed: int = 0,
    steps: int = MOST_STEPS,
    deadline: float = float("inf"),
) -> list[Favourite]:
    """Maximises the margin of classes, through all networks of a classifier.

    Classical features have no gradient and are held as for a grey picture while ascending; `value` and `noise` are the
    margins of the whole classifier.

    Args:
        subject: The classifier, taken apart.
        classes: Their numbers.
        colours: 1 for grey pictures, 3 for colour.
        versions: Pictures per class, each from a start of its own.
        seed: Of starts and disturbances.
        steps: Most steps.
        deadline: By `time.monotonic`. Classes that were not begun by then are left out.

    Returns:
        `versions` for each class, one class after the other; one for each where time is short.
    """
    # The model's own second looks at moved pictures would cost their number; disturbances do the same.
    branches = [replace(branch, shifts=0) for branch in subject.branches]
    side = max(branch.preprocess.side for branch in branches)
    grey = np.full((side, side) if colours == 1 else (side, side, 3), 128, dtype=np.uint8)
    held = subject.held_logits([grey])
    found: list[Favourite] = []
    hurried = False
    for done, target in enumerate(classes):
        if done and time.monotonic() > deadline:
            break
        until = time.monotonic() + max(0.0, deadline - time.monotonic()) / (len(classes) - done)
        seeds = [(seed, 1000 + target, version) for version in range(1 if hurried else versions)]
        starts = 0.3 * draw_spectra(seeds, colours, side)

        def margins(pictures: Tensor, places: Tensor, target: int = target) -> Tensor:
            batches = [to_input(pictures, one.preprocess).to(one.device) for one in branches]
            logits = [one.logits(batch) for one, batch in zip(branches, batches, strict=True)]
            return subject.margins(logits, held.expand(len(places), -1), torch.full((len(places),), target))

        if not done and deadline < float("inf"):
            started = time.monotonic()
            one_step(margins, starts[:1], side)
            needed = versions * len(classes) * min(steps, GOOD_STEPS) * (time.monotonic() - started)
            hurried = needed > deadline - started
            starts, seeds = (starts[:1], seeds[:1]) if hurried else (starts, seeds)
        made = maximise(margins, starts, side, seeds, steps=steps, deadline=until)
        with torch.no_grad():
            first = (255 * to_pictures(starts, side)).round().to(torch.uint8).numpy()
        values, noise = (
            subject.classifier.margin([as_picture(one) for one in shown], target) for shown in (made.pictures, first)
        )
        count = len(made.pictures)
        found += _collect(np.full(count, target), made, values, np.full(count, noise.mean()))
    return found


def _collect(numbers: Ints, made: Maximised, values: Floats, noise: Floats) -> list[Favourite]:
    return [
        Favourite(int(number), as_picture(made.pictures[row]), float(values[row]), float(noise[row]), steps, made.cut)
        for row, (number, steps) in enumerate(zip(numbers, made.steps, strict=True))
    ]


def to_input(pictures: Tensor, preprocess: Preprocess, side: int | None = None) -> Tensor:
    """Pictures ``image colour row column`` in [0, 1] -> the input of a network, as `Preprocess` makes it of files.

    Args:
        pictures: To be shown.
        preprocess: Of the network.
        side: Rows and columns, where other than those of the network's usual input.
    """
    side = side or preprocess.side
    if pictures.shape[-1] != side:
        size = [side, side]
        pictures = functional.interpolate(pictures, size, mode="bilinear", antialias=True)
    if preprocess.channels == 3 and pictures.shape[1] == 1:
        pictures = pictures.expand(-1, 3, -1, -1)
    elif preprocess.channels == 1 and pictures.shape[1] == 3:
        # ITU-R 601-2, as Pillow turns colours grey.
        pictures = (pictures * pictures.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(dim=1, keepdim=True)
    # Colours innermost: on a processor convolutions take half the time.
    return preprocess.scale(pictures).contiguous(memory_format=torch.channels_last)


def as_picture(channels: NDArray[np.uint8]) -> Picture:
    """``colour row column`` -> ``row column`` or ``row column 3``."""
    return channels[0] if len(channels) == 1 else np.ascontiguousarray(channels.transpose(1, 2, 0))
