# ---
# title: Other questions to a picture
# minutes: 75
# machine_minutes: 6
# goals:
# - tell whether a question asks for a class, for places, for an outline or for a better picture
# - build a heatmap detector and judge it by free-response curve and average precision
# - build a little U-Net and judge it by Dice and IoU, by slice and pooled
# - build a denoiser, judge it by PSNR and SSIM, and say what these two cannot see
# - name one failure of each that its usual number hides
# needs: [1, 3, 4, 5, 7]
# roots: >-
#   Lakhani et al., Hello World Deep Learning in Medical Imaging (https://doi.org/10.1007/s10278-018-0079-6), and
#   courses that begin with it: they name detection, segmentation and reconstruction as further tasks
# where_it_stopped: >-
#   The originals name the other tasks in a sentence or a slide and train classifiers only, so a beginner tends to see
#   every question as one of classes.
# our_step_further: >-
#   One small working example each, with the measure that belongs to it, and one failure each that this measure does not
#   show.
# ---

# %% [markdown]
# # 10. Other questions to a picture
#
# *Research and teaching only. All pictures in this lesson are simulated, unless you switch to real ones below.*
#
# **Afterwards you can**
#
# - tell whether a question asks for a class, for places, for an outline or for a better picture;
# - build a heatmap detector and judge it by free-response curve and average precision;
# - build a little U-Net and judge it by Dice and IoU, by slice and pooled;
# - build a denoiser, judge it by PSNR and SSIM, and say what these two cannot see;
# - name one failure of each that its usual number hides.
#
# **The question.** So far every model answered with a class: effusion or not, chest or abdomen, bag or boot. Many
# questions of a clinic are of another form. Which are they, what does a network look like that answers them, and how
# does one know whether it is good?
#
# | you ask | the answer is | called | measured by |
# |---|---|---|---|
# | Is there a nodule on this film? | a class for the picture | *classification* | AUROC, sensitivity, specificity |
# | Where are the nodules, how many? | a list of places with scores | *detection* | free response, average precision |
# | Which pixels are blood? | a mask: yes or no for each pixel | *semantic segmentation* | Dice, IoU |
# | What would the scan look like with more dose? | another picture | *reconstruction*, here *denoising* | PSNR, SSIM |
#
# The order of the table is the order of this lesson; the measures in its last column are explained as they come. All
# three networks are small enough to be trained while you wait, and all three are trained by **the same loop**. What
# differs is the target, what the network is asked to put out.

# %% [markdown]
# ## The switches
#
# Parts 1 and 2 need masks, which none of the public sets that wetread fetches brings along; they always use phantoms.
# Part 3 needs none, since each picture is its own truth. With a folder of real films behind `DATA =` (`wetread data get
# carpentries-chest`), part 3 is repeated on them at the end.

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of real films, for part 3
SEED = 10  # where random numbers start

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pydicom
import torch
from PIL import Image
from scipy import ndimage  # tools for pictures as arrays: filters, connected spots
from torch.nn import functional

import wetread
from wetread.metrics.intervals import wilson_by_patient

plt.style.use("wetread.lessons.film")
torch.set_num_threads(1 if SMALL else 2)
folder = Path(tempfile.mkdtemp(prefix="lesson-10-"))

# %% [markdown]
# The one loop, as in lessons 4 and 5: batches of eight pictures, a loss, its slope, a step of Adam. It asks nothing
# about what the target is: a picture goes in, something of the form of the target comes out.


# %%
def train(network, x, target, loss, epochs, rate=2e-3):
    """Trains in place; returns the mean loss of each epoch."""
    shuffle, losses = np.random.default_rng(SEED), []
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    network.train()
    for _ in range(epochs):
        spent = []
        for batch in np.array_split(shuffle.permutation(len(x)), max(len(x) // 8, 1)):
            optimiser.zero_grad()
            value = loss(network(x[batch]), target[batch])
            value.backward()
            optimiser.step()
            spent.append(value.item())
        losses.append(float(np.mean(spent)))
    network.eval()
    return losses


def as_tensor(pictures):
    """Pictures (many, row, column) -> what a network takes: (many, 1 channel, row, column)."""
    return torch.as_tensor(np.asarray(pictures, np.float32))[:, None]


def answer(network, x):
    """What a trained network puts out, one picture at a time, as an array (many, row, column)."""
    with torch.no_grad():
        return np.stack([network(x[item : item + 1])[0, 0].numpy() for item in range(len(x))])


# %% [markdown]
# ## Part 1. Detection: where are the nodules?
#
# A *nodule* is a round lump of lung up to 3 cm across. It may be a scar, it may be cancer; on a film it is easily
# missed. We draw films of different patients, half of them with one to three nodules, and keep the mask. From the
# mask we take a list: for each nodule the row and column of its middle, and its radius in pixels.

# %%
from wetread.phantoms.chest import render_chest
from wetread.phantoms.lesions import Lesions
from wetread.phantoms.nodule import draw_nodules
from wetread.phantoms.patient import draw_patient

SIDE = 64 if SMALL else 128  # pixels along each edge


def draw_film(number):
    """Film `number`: its pixels, its nodules as (row, column, radius) in pixels, and the size of a pixel in mm."""
    rng = np.random.default_rng([SEED, number])
    patient, nodules = draw_patient(rng), draw_nodules(rng)
    film = render_chest(patient, rng, size=SIDE, lesions=Lesions(nodules=nodules if number % 2 else ()))
    spots, count = ndimage.label(film.masks.get("nodule", np.zeros((SIDE, SIDE), bool)))
    places = ndimage.center_of_mass(spots > 0, spots, range(1, count + 1))
    areas = [(spots == spot).sum() for spot in range(1, count + 1)]
    found = [(row, column, np.sqrt(area / np.pi)) for (row, column), area in zip(places, areas, strict=True)]
    return film.pixels, found, 10 * film.facts["pixel"]


sizes = (10, 4, 6) if SMALL else (220, 50, 120)  # films to learn from, to decide on, to test
drawn = [draw_film(number) for number in range(sum(sizes))]
films, nodules, millimetres = (list(part) for part in zip(*drawn, strict=True))
learn, decide, test = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:2])
print(f"{len(films)} films, one for each patient, {sum(map(len, nodules))} nodules")

# %% [markdown]
# **What do you expect?** Mark the nodules on the upper row with your finger. The lower row has the answers.

# %%
shown = [number for number in test if nodules[number]][:4]
fig, axes = plt.subplots(2, len(shown), figsize=(3 * len(shown), 6.2), squeeze=False)
for column, number in enumerate(shown):
    for ax in axes[:, column]:
        ax.imshow(films[number], vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    for y, x, radius in nodules[number]:
        axes[1, column].add_patch(plt.Circle((x, y), radius + 3, fill=False, color="tab:orange", linewidth=2))
    axes[0, column].set_xlabel(f"{SIDE} pixels = {SIDE * millimetres[number]:.0f} mm")
fig.suptitle("Nodules hide between vessels, ribs and heart", x=0.01, ha="left", weight="bold")
plt.show()

# %% [markdown]
# ### A target one can draw
#
# How can a network put out a *list*, once with one entry and once with three? A way around it: it puts out a
# **heatmap**, a picture that is 1 in the middle of each nodule and falls to 0 around it like a hill. Afterwards the
# hilltops are the list. (The heatmaps of lesson 7 are something else: they were worked out afterwards from a network
# that had learnt classes. This one is what the network *learns to draw*.)
#
# The network is a row of five convolutions (lesson 4) without any dense layer, so a picture goes in and a picture
# comes out. It works at half the size, which saves three quarters of the time, and enlarges its answer at the end.
# *Dilation* 2 or 4 means: a filter looks at every second or fourth pixel, so it sees a larger neighbourhood with the
# same number of weights. A nodule is told from a vessel by its surroundings: the vessel goes on, the nodule ends.
#
# A hill covers a few dozen of sixteen thousand pixels. If all pixels counted the same, a network that draws nothing
# at all would have a fine loss. So the pixels on a hill count up to thirty times as much. That is a choice, and it
# has a price: the heights are **no probabilities** any more. They only say which mark is surer than which.

# %%
rows, columns = np.mgrid[:SIDE, :SIDE]


def hills(found, width=2.5):
    """The target: a hill of height 1 on each nodule."""
    heights = [np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2)) for y, x, _ in found]
    return np.max(heights, axis=0) if heights else np.zeros((SIDE, SIDE))


def convolution(before, after, dilation=1):
    layer = torch.nn.Conv2d(before, after, 3, padding=dilation, dilation=dilation)
    return torch.nn.Sequential(layer, torch.nn.BatchNorm2d(after), torch.nn.ReLU())


def spot_loss(said, wanted):
    """Cross-entropy for each pixel; the few pixels on a hill count up to thirty times as much as the others."""
    return functional.binary_cross_entropy_with_logits(said, wanted, weight=1 + 30 * wanted)


torch.manual_seed(SEED)
detector = torch.nn.Sequential(
    torch.nn.AvgPool2d(2), convolution(1, 12), convolution(12, 16, 2), convolution(16, 16, 4), convolution(16, 16, 4),
    torch.nn.Conv2d(16, 1, 1), torch.nn.Upsample(scale_factor=2, mode="bilinear"))  # fmt: skip
x, target = as_tensor(films), as_tensor([hills(found) for found in nodules])
losses = train(detector, x[learn], target[learn], spot_loss, 2 if SMALL else 20)
heat = 1 / (1 + np.exp(-answer(detector, x)))
print(f"{sum(table.numel() for table in detector.parameters()):,} weights; loss {losses[0]:.3f} -> {losses[-1]:.3f}")

# %% [markdown]
# What does it draw? On the left a film of the test, in the middle what we would have liked, on the right what came.
# **What do you expect?** Will the hills be the only thing that it draws?

# %%
number = next(number for number in test if nodules[number])
fig, axes = plt.subplots(1, 3, figsize=(11, 4))
panels = {"film": films[number], "wanted": target[number, 0].numpy(), "drawn by the network": heat[number]}
for ax, (name, picture) in zip(axes, panels.items(), strict=True):
    shown = ax.imshow(picture, vmin=0, vmax=1, cmap="gray" if name == "film" else "magma")
    ax.set(title=name, xlabel="column (pixel)")
axes[0].set_ylabel("row (pixel)")
fig.colorbar(shown, ax=axes, label="height of a hill (0 to 1)", shrink=0.8)
plt.show()

# %% [markdown]
# Hills of its own are often found where vessels cross, where a vessel runs towards you and is seen as a disc, and where
# a rib ends. People stumble over the same places. Low hills are everywhere, so somebody has to say from which height on
# one counts.
#
# ### From hills to marks
#
# A *mark* is a pixel that is higher than all its neighbours. Its height is its score. A mark is a *hit* if it lies on
# a nodule, or no more than 10 mm from its middle; otherwise it is a *false mark*. A second mark on a nodule that was
# hit already counts neither way. These rules are decisions, and papers differ in them: with 20 mm instead of 10 the
# same detector looks better. Always look for this sentence.


# %%
def find_marks(numbers):
    """All marks on these films: score, place, and the number of the nodule that was hit (-1: none)."""
    marks = []
    for number in numbers:
        field, taken = heat[number], set()
        tops = np.argwhere((field == ndimage.maximum_filter(field, size=9)) & (field > 0.02))
        for y, x in sorted(tops, key=lambda top: -field[tuple(top)]):
            near = [(np.hypot(y - row, x - column), spot) for spot, (row, column, radius) in enumerate(nodules[number])
                    if np.hypot(y - row, x - column) <= max(radius, 10 / millimetres[number])]  # fmt: skip
            spot = min(near)[1] if near else -1
            if spot not in taken:
                marks.append({"film": number, "row": y, "column": x, "score": field[y, x], "nodule": spot})
            taken |= {spot} - {-1}
    return pd.DataFrame(marks, columns=["film", "row", "column", "score", "nodule"]).sort_values(
        "score", ascending=False
    )


# %%
def free_response(marks, numbers):
    """For each score as threshold: share of nodules found, false marks per film, share of marks that hit."""
    hit = (marks["nodule"] >= 0).to_numpy()
    total = max(sum(len(nodules[number]) for number in numbers), 1)
    found = hit.cumsum() / total
    return found, (~hit).cumsum() / len(numbers), hit.cumsum() / np.arange(1, len(hit) + 1)


def average_precision(marks, numbers):
    """The share of hits among the marks down to each hit, averaged over all nodules; one never found counts 0."""
    found, _, precision = free_response(marks, numbers)
    return float(np.sum(precision * np.diff(found, prepend=0)))


on_decide, on_test = find_marks(decide), find_marks(test)
found, false_marks, precision = free_response(on_decide, decide)
allowed = np.flatnonzero(false_marks <= 0.5)
threshold = float(on_decide["score"].iloc[allowed[-1]]) if len(allowed) else 0.5
print(f"threshold {threshold:.2f}: half a false mark per film on the part for decisions")

# %% [markdown]
# ### The measures
#
# With a ROC curve (lesson 5) one counts pictures. Here one counts **nodules found** and **false marks**; a film can
# have any number of false marks, so the lower axis has no end. That is the *free-response* curve (FROC; Bunch 1977).
# *Average precision* (AP) sums up another curve, of precision (how many of the marks are hits) over nodules found.
# There is no number of "right negatives": nobody can count the places without a nodule.
#
# **What do you expect?** Which nodules will be missed? Make a guess before you look at the right panel.

# %%
found, false_marks, precision = free_response(on_test, test)
kept = on_test[on_test["score"] >= threshold]
hits = set(zip(kept["film"], kept["nodule"], strict=True))
each = pd.DataFrame([{"film": number, "mm": 2 * radius * millimetres[number], "found": (number, spot) in hits}
                     for number in test for spot, (_, _, radius) in enumerate(nodules[number])])  # fmt: skip
each["size"] = pd.cut(each["mm"], [0, 14, 20, 100], labels=["up to 14", "14 to 20", "above 20"])

fig, (a, b) = plt.subplots(1, 2, figsize=(11, 4.2))
a.plot(false_marks, found)
a.plot(
    (kept["nodule"] < 0).sum() / len(test), each["found"].mean(), "o", color="black", label="threshold, decided before"
)
a.set(xlabel="false marks per film", ylabel="share of nodules found (0 to 1)", xlim=(0, 4), ylim=(0, 1.02))
a.set_title(f"Free response; average precision {average_precision(on_test, test):.2f}")
a.legend(loc="lower right")
for place, (name, group) in enumerate(each.groupby("size", observed=True)):
    one = wilson_by_patient(group["found"], group["film"])
    b.plot([place, place], [one.low, one.high], color="tab:blue", linewidth=3)
    b.plot(place, one.value, "o", color="tab:blue")
    print(f"{name:9} mm: {one.value:.2f} of {len(group)} found, 95 % interval {one.low:.2f} to {one.high:.2f}")
names = list(each["size"].cat.remove_unused_categories().cat.categories)
b.set(xlim=(-0.5, 2.5), xticks=range(len(names)), xticklabels=names)
b.set(
    xlabel="diameter of the nodule (mm)",
    ylabel="share found, with 95 % interval",
    ylim=(0, 1.02),
    title="Small ones are missed",
)
plt.show()
assert SMALL or each.groupby("size", observed=True)["found"].mean().is_monotonic_increasing

# %% [markdown]
# Read the curve from the left. Whoever accepts hardly any false marks finds few nodules; whoever accepts one or two
# for each film finds more. The black dot is our threshold, chosen on other films. That it does not lie at exactly
# half a false mark is no mistake: the threshold was chosen on few films, and these are others. Which point is right
# is no question of mathematics: it depends on what a missed nodule costs, and what a needless CT.
#
# The right panel shows what the average hides. Large nodules are found, and those a person finds as well. For the
# small ones, for which one would like to have help, the detector is worst. And look at the length of the intervals.
#
# *One film for each patient* makes films independent; nodules on one film are not, so the interval counts films, as the
# interval of lesson 9 counted garments. How sure is the average precision? We draw films again and again, with return
# (*bootstrap*, lesson 2), and look how much it moves.

# %%
rng = np.random.default_rng(SEED)
by_film = dict(list(on_test.groupby("film")))
values = []
for _ in range(20 if SMALL else 400):
    again = rng.choice(test, len(test))
    drawn_marks = pd.concat([by_film[number] for number in again if number in by_film])
    drawn_marks = drawn_marks.sort_values("score", ascending=False)
    values.append(average_precision(drawn_marks, again))
low, high = np.percentile(values, [2.5, 97.5])
print(f"average precision {average_precision(on_test, test):.2f}, 95 % interval {low:.2f} to {high:.2f}")

# %% [markdown]
# ### An honest failure: right film, wrong place
#
# A detector can also answer the question of a classifier: a film is called positive if its highest mark reaches the
# threshold. Let us look at the films with nodules that it called positive. **What do you expect:** how often does the
# highest mark lie on a nodule?

# %%
highest = on_test.drop_duplicates("film").set_index("film")
called = highest[highest["score"] >= threshold]
with_nodule = [number for number in called.index if nodules[number]]
beside = [number for number in with_nodule if called.loc[number, "nodule"] < 0]
print(f"{len(with_nodule)} films with nodules are called positive, rightly;")
print(f"on {len(beside)} of them the highest mark lies somewhere else")

shown = (beside + [number for number in called.index if not nodules[number]] + with_nodule)[:4]
fig, axes = plt.subplots(1, 4, figsize=(12, 3.7))
for ax in axes:
    ax.set(xticks=[], yticks=[], frame_on=False)
for ax, number in zip(axes, shown, strict=False):
    ax.imshow(films[number], vmin=0, vmax=1)
    for y, x, radius in nodules[number]:
        ax.add_patch(plt.Circle((x, y), radius + 3, fill=False, color="tab:orange", linewidth=2))
    ax.plot(
        highest.loc[number, "column"],
        highest.loc[number, "row"],
        "x",
        color="tab:cyan",
        markersize=10,
        markeredgewidth=2,
    )
    ax.set_title(
        "film right, place wrong" if number in beside else "no nodule, yet marked" if not nodules[number] else "hit"
    )
fig.suptitle(f"Circle: nodule; cross: highest mark ({SIDE} × {SIDE} pixels)", x=0.01, ha="left", weight="bold")
plt.show()

# %% [markdown]
# Counted as a classifier, such films are successes. A surgeon who follows the cross is not helped. **A number by film
# cannot tell whether the place was right**; if the place matters, measure places. The other way round is true as well:
# a detector with many false marks may still sort films well.

# %% [markdown]
# ## Part 2. Segmentation: which pixels are blood?
#
# How many millilitres? Is it growing? That asks for an outline. *Semantic segmentation* gives each pixel a class, here
# blood or not. (If two bleeds have to be told apart as first and second, it is called *instance* segmentation.) We make
# head CTs with five kinds of bleeding (named below), set a window as in lesson 1, and make them smaller, each 2 × 2
# pixels to their mean.


# %%
def halve(picture):
    """Replaces each square of 2 x 2 pixels by its mean."""
    return picture.reshape(picture.shape[0] // 2, 2, picture.shape[1] // 2, 2).mean(axis=(1, 3))


def every_second(picture):
    """Keeps every second pixel of every second row; nothing is averaged, so the noise stays."""
    return picture[::2, ::2]


def read_slices(place, shrink=halve):
    """A folder of head CTs -> pictures from 0 (-20 HU) to 1 (140 HU), masks of blood, and the table."""
    table, pictures, masks = pd.read_csv(place / "labels.csv"), [], []
    for row in table.itertuples():
        scan = pydicom.dcmread(place / row.image)
        hu = scan.pixel_array * float(scan.RescaleSlope) + float(scan.RescaleIntercept)
        bleeds = isinstance(row.mask, str)
        blood = np.asarray(Image.open(place / row.mask)) > 0 if bleeds else np.zeros(hu.shape)
        pictures.append(np.clip((shrink(hu) + 20) / 160, 0, 1))
        masks.append(shrink(blood.astype(float)) > 0.5)
    return np.array(pictures), np.array(masks), table


heads = wetread.make_data("head-ct", folder / "heads", images=12 if SMALL else 160, seed=SEED)
slices, blood, table = read_slices(heads)
people = np.random.default_rng(SEED).permutation(table["patient"].unique())
tested = np.array(table["patient"].isin(people[: max(len(people) // 3, 1)]))
print(f"{len(slices)} slices of {len(people)} patients, {blood.any(axis=(1, 2)).sum()} with blood")
print(f"of all pixels, {100 * blood.mean():.2f} % are blood")

# %% [markdown]
# **What do you expect?** A "network" that says *no blood* for every pixel of every slice: how many per cent of the
# pixels does it get right? Whoever measures segmentation by the share of right pixels gives this network an excellent
# mark.
#
# ### Two measures of overlap
#
# Take two outlines, the true one and the drawn one. Their common part is the *overlap*.
#
# $$ \mathrm{IoU} = \frac{\text{overlap}}{\text{all that belongs to either}}, \qquad
# \mathrm{Dice} = \frac{2 \cdot \text{overlap}}{\text{size of the one} + \text{size of the other}} $$
#
# Both are 1 when the outlines agree and 0 when they do not touch. *IoU* stands for intersection over union, also called
# Jaccard index (1901); Dice is from 1945. They carry the same information, $\mathrm{Dice} = 2\,\mathrm{IoU} / (1 +
# \mathrm{IoU})$, and Dice is the larger number. Both ignore the pixels that are rightly empty, as it should be. Here a
# square is moved (red: the true one alone; blue-green: the moved one alone; light grey: both).


# %%
def overlap(truth, said):
    """Dice and IoU of two masks; not a number where both are empty."""
    common, either = (truth & said).sum(), (truth | said).sum()
    if either == 0:
        return np.nan, np.nan
    return 2 * common / (truth.sum() + said.sum()), common / either


square = np.zeros((40, 40), bool)
square[10:30, 4:24] = True
fig, axes = plt.subplots(1, 4, figsize=(12, 3.6))
for ax, step in zip(axes, [0, 2, 6, 12], strict=True):
    moved = np.roll(square, step, axis=1)
    dice, iou = overlap(square, moved)
    ax.imshow(np.stack([square, moved, moved], axis=-1) * 0.8)
    ax.set(title=f"Dice {dice:.2f}, IoU {iou:.2f}", xlabel=f"moved by {step} of 20 pixels", xticks=[], yticks=[])
plt.show()
assert np.isclose(dice, 2 * iou / (1 + iou))

# %% [markdown]
# ### A little U-Net
#
# To call a pixel blood one has to see it sharply *and* know where in the head it is. The U-Net (Ronneberger 2015)
# does both: on the way down pictures are made smaller twice, so filters see ever larger surroundings; on the way up
# they are made larger again, and at each size the sharp picture from the way down is laid beside it (a *skip
# connection*). Drawn on paper, the way down and up has the shape of a U.


# %%
def double(before, after):
    return torch.nn.Sequential(convolution(before, after), convolution(after, after))


class UNet(torch.nn.Module):
    """Two steps down, two steps up, 8 filters at full size."""

    def __init__(self, width=8):
        super().__init__()
        self.fine, self.middle, self.coarse = double(1, width), double(width, 2 * width), double(2 * width, 4 * width)
        self.join_middle, self.join_fine = double(6 * width, 2 * width), double(3 * width, width)
        self.pixel = torch.nn.Conv2d(width, 1, 1)

    def forward(self, x):
        fine = self.fine(x)
        middle = self.middle(functional.max_pool2d(fine, 2))
        coarse = self.coarse(functional.max_pool2d(middle, 2))
        middle = self.join_middle(torch.cat([functional.interpolate(coarse, scale_factor=2), middle], 1))
        fine = self.join_fine(torch.cat([functional.interpolate(middle, scale_factor=2), fine], 1))
        return self.pixel(fine)


def outline_loss(said, wanted):
    """Cross-entropy for each pixel, plus one minus a Dice of probabilities, which does not mind that blood is rare."""
    p = torch.sigmoid(said)
    dice = (2 * (p * wanted).sum() + 1) / (p.sum() + wanted.sum() + 1)
    return functional.binary_cross_entropy_with_logits(said, wanted) + 1 - dice


# %%
torch.manual_seed(SEED)
unet = UNet()
x, target = as_tensor(slices), as_tensor(blood)
losses = train(unet, x[~tested], target[~tested], outline_loss, 2 if SMALL else 18, rate=6e-3)
said = answer(unet, x) > 0  # above 0 is a probability above 0.5

plt.figure(figsize=(7, 3.6))
plt.plot(range(1, len(losses) + 1), losses, marker="o")
plt.xticks(range(1, len(losses) + 1, 3))
plt.title(f"A U-Net of {sum(one.numel() for one in unet.parameters()):,} weights learns outlines")
plt.xlabel("epoch")
plt.ylabel("loss (cross-entropy + 1 − Dice)")
plt.show()

# %% [markdown]
# What this loss says: the first part is the one you know, pixel by pixel. With it alone a network learns first of all
# that blood is rare, and may draw nothing. The second part asks how well the *outline* agrees, and there drawing
# nothing is the worst of all answers. In the course of training both fall together.
#
# Beside it we put what a person without a network would try: everything from 50 to 95 HU is blood, the colour rule of
# lesson 1. All numbers are from patients that the U-Net has never seen.

# %%
hu = slices * 160 - 20
rule = (hu >= 50) & (hu <= 95)
pooled = {name: overlap(blood[tested], mask[tested]) for name, mask in [("U-Net", said), ("50 to 95 HU", rule)]}
for name, (dice, iou) in pooled.items():
    right = (({"U-Net": said, "50 to 95 HU": rule}[name] == blood)[tested]).mean()
    print(f"{name:12} Dice {dice:.2f}, IoU {iou:.2f}, right pixels {100 * right:.1f} %")
print(f"{'no blood':12} Dice 0.00, IoU 0.00, right pixels {100 * (~blood[tested]).mean():.1f} %")
assert SMALL or pooled["U-Net"][0] > pooled["50 to 95 HU"][0]

bleeding = np.flatnonzero(tested & blood.any(axis=(1, 2)))
each = np.array([overlap(blood[number], said[number])[0] for number in bleeding])
chosen = bleeding[np.argsort(each)[[0, len(each) // 3, -1]]]
fig, axes = plt.subplots(1, 3, figsize=(11, 4.7))
for ax, number in zip(axes, chosen, strict=True):
    ax.imshow(slices[number], vmin=0, vmax=1)
    ax.contour(blood[number], levels=[0.5], colors="tab:orange", linewidths=2)
    if said[number].any():
        ax.contour(said[number], levels=[0.5], colors="tab:cyan", linewidths=1.5)
    ax.set(title=f"{table['label'][number]}: Dice {overlap(blood[number], said[number])[0]:.2f}", xticks=[], yticks=[])
    ax.set_xlabel(f"{slices.shape[1]} × {slices.shape[2]} pixels")
fig.suptitle("Orange: truth; blue: U-Net. The worst, one in between, the best", x=0.01, ha="left", weight="bold")
plt.show()

# %% [markdown]
# The rule by Hounsfield units is not bad for one line of code. It marks blood, and with it noise, the rim of the
# skull and calcium: it does not know *where in the head* it is. The U-Net does. Look also at the last column: by
# right pixels all three are excellent, and the one that never finds anything is among them. In the figure, look where
# the blue line leaves the orange one: mostly by a pixel or two. With large bleeds that costs little, with thin ones
# nearly everything.
#
# ### An honest failure: one Dice is not a Dice
#
# The Dice above was *pooled*: all pixels of all slices in one pot. Large bleeds fill the pot. A paper might as well
# give the mean over slices. And what about slices without any blood? If nothing is drawn there, Dice is 0/0,
# undefined; if the network draws a single pixel, it is 0. Some programs write 1 for the first case, some leave such
# slices out.
#
# **What do you expect?** One network, one test, four ways to count. How far apart are the results?

# %%
empty = np.flatnonzero(tested & ~blood.any(axis=(1, 2)))
spoilt = np.array([said[number].any() for number in empty])
people_tested = table["patient"].to_numpy()[tested]
by_patient = [overlap(blood[tested][people_tested == who], said[tested][people_tested == who])[0]
              for who in np.unique(people_tested)]  # fmt: skip
ways = {
    "all pixels pooled": pooled["U-Net"][0],
    "mean of patients": np.nanmean(by_patient),
    "mean of slices with blood": each.mean(),
    "mean of all slices, empty and right = 1": np.r_[each, 1.0 - spoilt].mean(),
}
fig, ax = plt.subplots(figsize=(8, 3))
ax.barh(list(ways), list(ways.values()), color="tab:blue")
ax.invert_yaxis()
ax.set(xlabel="Dice (0 to 1)", xlim=(0, 1), title="Four Dice of the same masks")
for place, value in enumerate(ways.values()):
    ax.text(value + 0.01, place, f"{value:.2f}", va="center")
plt.show()
print(f"slices without blood: {len(empty)}; blood drawn on {spoilt.sum()} of them")

# %% [markdown]
# If blood was drawn on slices without any, it was often a handful of pixels, and the fourth way punishes each such
# slice with a full zero. None of the four is wrong, they answer different questions, and a paper that says "Dice" and
# no more has said little. Now look at what all four hide: how Dice depends on the size and kind of the bleed. (In the
# right figure a box holds the middle half of the slices of a kind, the line in it is the *median*, the value in the
# middle, and the whiskers reach over the others but for far outliers.)

# %%
area = np.array([blood[number].sum() for number in bleeding])
kind = table["label"].to_numpy()[bleeding]
fig, (a, b) = plt.subplots(1, 2, figsize=(11, 4.2))
a.scatter(area, each, alpha=0.8)
a.set(xlabel="true size of the bleed (pixels)", ylabel="Dice of the slice (0 to 1)", xlim=(0, None), ylim=(-0.03, 1.03))
a.set_title("Small bleeds tend to small Dice")
kinds = [one for one in ("EDH", "IPH", "IVH", "SAH", "SDH") if (kind == one).any()]
b.boxplot([each[kind == one] for one in kinds])
b.set_xticklabels([f"{one}\n({(kind == one).sum()})" for one in kinds])
b.set(
    xlabel="kind of bleeding (slices)",
    ylabel="Dice of the slice (0 to 1)",
    ylim=(-0.03, 1.03),
    title="Thin ones are the hardest",
)
plt.show()
missed = each == 0
medians = [np.median(each[kind == one]) for one in kinds]
assert SMALL or (np.corrcoef(np.log(area), each)[0, 1] > 0 and kinds[int(np.argmin(medians))] == "SAH")
print(f"bleeds of which not one pixel was found: {missed.sum()} of {len(each)} slices")

# %% [markdown]
# *EDH* and *SDH* lie between skull and brain (epidural, subdural), *IPH* within the brain, *IVH* in its ventricles (the
# chambers of fluid inside it), *SAH* (subarachnoid) in thin layers between its folds. A thin layer is nearly all
# border, and one pixel of border more or less can halve its Dice. That may be harmless. A missed bleed is not, and *in
# the pooled Dice it hardly counts*, as it is small. If the question is "does he bleed?", ask it as classification, and
# measure it as such.

# %% [markdown]
# ## Part 3. Reconstruction: what would the scan have looked like?
#
# Less dose means more noise: a CT with a twenty-fifth of the dose is five times as noisy. Here the answer of the
# network is a picture, and the truth is the same picture without noise. No patient can deliver that; phantoms can. We
# make the same heads twice, same seed, with bleeds of half the usual size, once without noise and once with five times
# the usual. To stay with *reconstruction* in the strict sense one would start from the scanner's measurements, before
# there is a picture; cleaning a finished picture is its little sister.
#
# **We train on slices without blood only**, as somebody would who collected scans of healthy volunteers for this
# purpose.

# %%
count = 8 if SMALL else 80
clean_set = wetread.make_data(
    "head-ct", folder / "clean", images=count, seed=SEED + 1, knobs={"noise": 0, "lesion_size": 0.5}
)
noisy_set = wetread.make_data(
    "head-ct", folder / "noisy", images=count, seed=SEED + 1, knobs={"noise": 5, "lesion_size": 0.5}
)
clean, bled, _ = read_slices(clean_set, every_second)
noisy, _, lists = read_slices(noisy_set, every_second)
healthy = ~bled.any(axis=(1, 2))
people = np.random.default_rng(SEED).permutation(lists["patient"].unique())
new = np.array(lists["patient"].isin(people[: max(len(people) // 3, 1)]))
print(f"{(healthy & ~new).sum()} slices without blood to learn from; tested on {new.sum()} slices of other patients")

# %% [markdown]
# ### Two measures of likeness
#
# *PSNR*, peak signal-to-noise ratio, starts from the mean squared error (lesson 2), the mean of the squared differences
# between two pictures. For grey values from 0 to 1:
#
# $$ \mathrm{PSNR} = 10 \cdot \log_{10} \frac{1}{\text{mean squared error}} \ \text{decibel (dB)} $$
#
# Ten decibels more are a tenth of the squared error, three about half of it. *SSIM*, structural similarity (Wang
# 2004), compares small neighbourhoods: do they have the same mean, the same spread, do they go up and down together?
# 1 means alike.


# %%
def psnr(truth, picture):
    return 10 * np.log10(1 / np.mean((truth - picture) ** 2))


def ssim(truth, picture, blur=1.5):
    """Mean structural similarity of two pictures with values from 0 to 1."""
    a, b = ndimage.gaussian_filter(truth, blur), ndimage.gaussian_filter(picture, blur)
    spread_a = ndimage.gaussian_filter(truth**2, blur) - a**2
    spread_b = ndimage.gaussian_filter(picture**2, blur) - b**2
    together = ndimage.gaussian_filter(truth * picture, blur) - a * b
    likeness = (2 * a * b + 0.01**2) * (2 * together + 0.03**2)
    return np.mean(likeness / ((a**2 + b**2 + 0.01**2) * (spread_a + spread_b + 0.03**2)))


# %% [markdown]
# The network has four convolutions and learns to draw **the noise**, which is then subtracted (Zhang 2017): easier
# than drawing a head. The rival without a network is a blur with a Gaussian filter, whose width is chosen on the part
# that the network learns from, so that both had the same chance.


# %%
class Denoiser(torch.nn.Module):
    """Picture minus the noise that four convolutions see in it."""

    def __init__(self, width=16):
        super().__init__()
        self.noise = torch.nn.Sequential(
            convolution(1, width), convolution(width, width, 2), convolution(width, width),
            torch.nn.Conv2d(width, 1, 3, padding=1))  # fmt: skip

    def forward(self, x):
        return x - self.noise(x)


def compare(clean, noisy, learned, asked, epochs):
    """Trains a denoiser and chooses a blur on `learned`; returns the pictures `asked`, cleaned in three ways."""
    torch.manual_seed(SEED)
    network, x = Denoiser(), as_tensor(noisy)
    train(network, x[learned], as_tensor(clean)[learned], functional.mse_loss, epochs, rate=4e-3)
    widths = [0.5, 0.75, 1, 1.5, 2]
    errors = [
        np.mean((clean[learned] - ndimage.gaussian_filter(noisy[learned], (0, width, width))) ** 2) for width in widths
    ]
    width = widths[int(np.argmin(errors))]
    blurred = ndimage.gaussian_filter(noisy[asked], (0, width, width))
    cleaned = np.clip(answer(network, x[asked]), 0, 1)
    return {"as it is": noisy[asked], f"blur ({width} pixels)": blurred, "network": cleaned}


def print_likeness(clean, ways):
    """Prints mean PSNR and SSIM of each way of cleaning, and returns them."""
    means = []
    for name, pictures in ways.items():
        pairs = list(zip(clean, pictures, strict=True))
        means.append((np.mean([psnr(*pair) for pair in pairs]), np.mean([ssim(*pair) for pair in pairs])))
        print(f"{name:18} PSNR {means[-1][0]:.1f} dB, SSIM {means[-1][1]:.3f} (means of {len(pairs)} pictures)")
    return means


# %%
ways = compare(clean, noisy, healthy & ~new, new, 2 if SMALL else 30)
as_it_is, blurred, cleaned = print_likeness(clean[new], ways)
assert SMALL or (cleaned[0] > blurred[0] + 1 and abs(cleaned[1] - blurred[1]) < 0.05)

# %% [markdown]
# **What do you expect?** Look for the blood in the noisy picture first, then in the cleaned ones. Then look at the
# border between brain and skull.

# %%
bleeds = np.flatnonzero(bled[new].any(axis=(1, 2)))
number = bleeds[np.argsort([bled[new][item].sum() for item in bleeds])[len(bleeds) // 2]] if len(bleeds) else 0
fig, axes = plt.subplots(1, 4, figsize=(13, 4))
for ax, (name, picture) in zip(axes, {"without noise": clean[new], **ways}.items(), strict=True):
    ax.imshow(picture[number], vmin=0, vmax=1)
    ax.contour(bled[new][number], levels=[0.5], colors="tab:orange", linewidths=0.8)
    likeness = "" if name == "without noise" else f"\n{psnr(clean[new][number], picture[number]):.1f} dB"
    ax.set(title=name + likeness, xticks=[], yticks=[], xlabel="128 × 128 pixels, −20 to 140 HU")
plt.show()

# %% [markdown]
# ### An honest failure: beautiful, and a little less blood
#
# By PSNR the network wins clearly; by SSIM it and the blur lie close together. But neither asks what the scan was made
# for. So ask directly: **how much brighter than its surroundings is the blood?** Without noise this *contrast* is
# known. We measure what is left of it after cleaning, in percent, for small and for larger bleeds. The surroundings are
# a ring of two pixels around the mask, of which only what is no bone counts.


# %%
def contrast(picture, mask, usable):
    """Mean inside the mask less mean in a ring around it, in HU."""
    ring = ndimage.binary_dilation(mask, iterations=3) & ~ndimage.binary_dilation(mask) & usable
    return 160 * (picture[mask].mean() - picture[ring].mean()) if ring.any() else np.nan


lines = []
for item in bleeds:
    usable = (clean[new][item] > 0.15) & (clean[new][item] < 0.65)
    spots, found = ndimage.label(bled[new][item])
    for spot in range(1, found + 1):
        mask = spots == spot
        true = contrast(clean[new][item], mask, usable)
        if mask.sum() >= 3 and true > 5:
            kept = {name: 100 * contrast(pictures[item], mask, usable) / true for name, pictures in ways.items()}
            lines.append({"pixels": mask.sum(), **kept})
kept = pd.DataFrame(lines, columns=["pixels", *ways])
kept["bleeds"] = np.where(kept["pixels"] < kept["pixels"].median(), "smaller half", "larger half")
print(f"{len(kept)} bleeds, half of them below {kept['pixels'].median():.0f} pixels;")
print("contrast that is left, % of the true one (median):")
halves = kept.groupby("bleeds")[list(ways)].median()
print(halves.round(0).to_string())
assert SMALL or (halves["network"] < halves[list(ways)[1]]).all()  # less is left than after the blur

# %%
fig, ax = plt.subplots(figsize=(8, 4.2))
for name in list(ways)[1:]:
    ax.scatter(kept["pixels"], kept[name], alpha=0.7, label=name)
ax.axhline(100, color="0.4", linestyle="--", linewidth=1)
ax.set(xlabel="size of the bleed (pixels)", ylabel="contrast left (% of the true one)", xlim=(0, None), ylim=(0, 160))
ax.set_title("Some of the blood's contrast goes with the noise")
ax.legend()
plt.show()

# %% [markdown]
# The picture with the highest PSNR is the one in which the blood has become palest. A head has 16,384 pixels, a small
# bleed a few dozen. Lower their contrast by a fifth, and PSNR does not move in its first decimal. **A measure that
# averages over the picture cannot see what is small, and disease is often small.** The reason is in the training: where
# the network is not sure whether a bright spot is noise, the squared error is smallest if it splits the difference, and
# it has been shown heads without blood only. It can also go the other way: in the fastMRI challenge of 2020,
# radiologists noted in some reconstructions structures that the network had made up (Muckley 2021).
#
# The right question is the one of the clinic: is a bleed *found* more often, or sooner, in the cleaned picture? Let us
# ask the U-Net of part 2, to which nobody said that its pictures would be noisy.

# %%
of_unet = {}
for name, pictures in {"without noise": clean[new], **ways}.items():
    drawn_there = answer(unet, as_tensor(pictures)) > 0
    dice, iou = overlap(bled[new], drawn_there)
    print(f"{name:18} Dice of the U-Net {dice:.2f}, IoU {iou:.2f}")
    of_unet[name] = dice
assert SMALL or of_unet["network"] > of_unet["as it is"]

# %% [markdown]
# This is a *task-based* measure: it judges a picture by what can be done with it. And its verdict is a third one.
# Paler blood or not, for *this reader* cleaning was a help: the U-Net never saw such noise in its training and is
# lost in it, and the cleaned picture is at least of the kind that it knows. For a person, who reads through noise
# quite well, it may be otherwise; only a study with people would tell. Such a measure needs a task, a reader and the
# truth. It is more work, and it is the only one of the three that a patient would care for.

# %% [markdown]
# ## On real films
#
# With `DATA` set, the comparison is repeated on real films, to which we add noise ourselves. A film has noise of its
# own, so the "truth" is not clean, and no network can be better than that. What the noise of a real machine looks
# like at low dose is a question for a physicist, not for `rng.normal`.

# %%
if DATA:
    paths = sorted(path for path in Path(DATA).rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))[:300]
    real = np.stack([np.asarray(Image.open(path).convert("L").resize((128, 128))) / 255 for path in paths])
    worse = np.clip(real + np.random.default_rng(SEED).normal(0, 0.1, real.shape), 0, 1)
    asked = np.arange(len(real)) % 4 == 0
    print_likeness(real[asked], compare(real, worse, ~asked, asked, 2 if SMALL else 20))
else:
    print("DATA is not set: phantoms only.")

# %% [markdown]
# ## Which question is it?
#
# | failure of this lesson | the number that hid it | what shows it |
# |---|---|---|
# | film right, place wrong | sensitivity by film | marks counted as hits by a rule that is written down |
# | small bleed missed, or drawn where none is | pooled Dice | Dice by slice and size; "found at all?" counted apart |
# | blood made paler | PSNR, SSIM | contrast; a task, with readers |
#
# wetread classifies, and does nothing else. If your question is one of the others, it is the wrong tool, and the
# right ones have names: nnU-Net (Isensee 2021) for segmentation, nnDetection (Baumgartner 2021) for detection. What
# you have learnt here about patients, parts, intervals and looking at errors holds for all of them.

# %% [markdown]
# ## Exercises
#
# 1. Which of the four questions is it? (a) The width of the heart divided by the width of the chest. (b) Does this
#    mammogram need a second reading? (c) Count the metastases in the brain. (d) A CT from an MRI, to plan radiotherapy.
# 2. Two masks of 100 pixels each share 50. Work out Dice and IoU on paper, then check with `overlap`.
# 3. Allow 20 mm instead of 10 for a hit (in `find_marks`). What happens to the average precision? Is the detector
#    better?
# 4. A detector makes 0.5 false marks per film and finds 80 % of the nodules. One film in a hundred has a nodule,
#    never more than one. Of 100 marks, how many are nodules?
# 5. Train the denoiser on *all* slices of the learning part, with blood. Is more of the contrast of small bleeds left?
#
# <details><summary>Solutions</summary>
#
# 1. (a) Segmentation, or landmarks (single points, to be found): two outlines, then a division. (b) Classification. (c)
#    Detection: a count is the length of a list. (d) Reconstruction in the wide sense (*synthesis*): a picture is asked
#    for, and all warnings of part 3 hold.
# 2. Dice = 2 · 50 / (100 + 100) = 0.50; IoU = 50 / (100 + 100 − 50) = 0.33. Same masks, two numbers: ask which one.
# 3. It rises, or stays. Nothing about the detector has changed; the ruler has. So the ruler belongs beside the number.
# 4. In 100 films there is 1 nodule, found 0.8 times, and there are 50 false marks: 0.8 of 50.8, less than 2 of 100
#    marks. The share of true marks depends on how rare the disease is, as with predictive values in lesson 5.
# 5. In `compare(...)` put `~new` for `healthy & ~new`. Usually somewhat more is left, since blood is no longer
#    unheard of. The smallest still lose: nothing in the squared error rewards keeping thirty pixels.
#
# </details>

# %%
one, other = np.zeros(200, bool), np.zeros(200, bool)
one[:100], other[50:150] = True, True
dice, iou = overlap(one, other)
print(f"exercise 2: Dice {dice:.2f}, IoU {iou:.2f}; exercise 4: {100 * 0.8 / 50.8:.1f} of 100 marks")
assert (round(dice, 2), round(iou, 2)) == (0.5, 0.33)

# %% [markdown]
# ## What to take along
#
# Before choosing a network, say what form the answer has: a class, places, an outline, a picture. Each form has
# measures of its own, each measure has a rule that must be written down, and each averages something away, most often
# what is small. So ask at the end what the clinic asked at the beginning, and count that.
#
# ## Sources
#
# - Lakhani P, Gray DL, Pett CR et al. J Digit Imaging 2018; 31: 283–289, doi 10.1007/s10278-018-0079-6.
# - Bunch PC, Hamilton JF, Sanderson GK, Simmons AH. A free response approach to the measurement and characterization of
#   radiographic observer performance. Proc SPIE 1977; 127: 124–135.
# - Ronneberger O, Fischer P, Brox T. U-Net. MICCAI 2015, arXiv 1505.04597.
# - Dice LR. Ecology 1945; 26: 297–302. Jaccard P. 1901 (the same idea, in botany).
# - Wang Z, Bovik AC, Sheikh HR, Simoncelli EP. Image quality assessment. IEEE Trans Image Process 2004; 13: 600–612.
# - Zhang K et al. Beyond a Gaussian denoiser. IEEE Trans Image Process 2017; 26: 3142–3155, arXiv 1608.03981.
# - Muckley MJ et al. Results of the 2020 fastMRI challenge. IEEE Trans Med Imaging 2021; 40: 2306–2317, arXiv
#   2012.06318.
# - Maier-Hein L, Reinke A et al. Metrics reloaded. Nat Methods 2024; 21: 195–212, doi 10.1038/s41592-023-02151-z.
# - Isensee F et al. nnU-Net. Nat Methods 2021; 18: 203–211. Baumgartner M et al. nnDetection. MICCAI 2021, arXiv
#   2106.00817.
