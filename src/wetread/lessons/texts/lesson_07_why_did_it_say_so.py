# ---
# title: Why did it say so?
# minutes: 90
# machine_minutes: 2
# goals:
# - make a heatmap by three methods, and say in a sentence what each of them computes
# - put a number with an interval on "the maps agree" and on "the heat lies on the lesion"
# - test a heatmap against shuffled weights and against hiding what it calls important
# - draw what the layers of a network want to see, and say what such pictures do not prove
# - say what a heatmap may be used for, and what it may not
# needs: [1, 4, 5]
# roots: >-
#   The Carpentries Incubator, Introduction to artificial neural networks in Python, episode 06, Explainability
#   (https://carpentries-incubator.github.io/machine-learning-neural-python/06-explainability.html)
# where_it_stopped: >-
#   The episode draws heatmaps by one method and then another, each picture stretched to full colour. They differ,
#   nobody says by how much or which is right, and "use cautiously" is where it ends.
# our_step_further: >-
#   Disagreement becomes a number, and each method sits four examinations against rivals that look at nothing. Then we
#   plant two shortcuts of which we know the place, and see which of them a heatmap finds.
# ---

# %% [markdown]
# # 7. Why did it say so?
#
# *Research and teaching only. All pictures in this lesson are simulated, unless you switch to real ones below.*
#
# **Afterwards you can**
#
# - make a heatmap by three methods, and say in a sentence what each of them computes;
# - put a number with an interval on "the maps agree" and on "the heat lies on the lesion";
# - test a heatmap against shuffled weights and against hiding what it calls important;
# - draw what the layers of a network want to see, and say what such pictures do not prove;
# - say what a heatmap may be used for, and what it may not.
#
# **The question.** A network says "effusion, 93 %". You ask why, and get the film with an orange cloud on it. The cloud
# lies at the lung base, where fluid would be. You are convinced. Should you be?
#
# A *heatmap* (also *saliency map*) gives each place of a film a number: how much this place had to do with the answer.
# The Carpentries lesson ends with ways to make one that do not tell the same story, and leaves its readers puzzled.
# Which of them is right? Is any? We turn the puzzle into an experiment.

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of the real public set
SEED = 7

# %% [markdown]
# With `DATA = None` we use phantoms. For real films, type `wetread data get carpentries-chest` in a terminal, and put
# the folder that it names behind `DATA =`: it holds a folder `effusion` and a folder `normal`. (A name that begins with
# eight digits, as in the NIH collection, begins with the number of the patient, by which we divide; without one, each
# film counts as another patient.) One examination below needs to know where the fluid lies, which nobody has drawn on
# the real films; it is then left out, and says so. What the text tells of results was seen on phantoms; on real films
# your own numbers count.

# %%
import copy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageFilter
from scipy.stats import spearmanr
from torch import nn

from wetread.metrics.delong import delong
from wetread.metrics.intervals import wilson
from wetread.phantoms.chest import render_chest
from wetread.phantoms.effusion import draw_effusion
from wetread.phantoms.patient import draw_patient

plt.style.use("wetread.lessons.film")
torch.set_num_threads(1)  # a network this small is not made faster by more
SIDE = 96  # rows and columns of each picture

# %% [markdown]
# ## Patients who are imaged twice
#
# For training we draw patients, half of them with 250 to 1400 ml of fluid. For the test we do what no hospital can:
# **every test patient is imaged twice**, with fluid and without, all else equal, down to the noise. We call the second
# picture the *twin*. From the simulation we also have the *mask*: which pixels show fluid (lesson 1).


# %%
def image_patient(number, fluid):
    """One patient -> the film and the mask of the fluid; the same number gives the same patient and the same noise."""
    patient = draw_patient(np.random.default_rng([SEED, number]))
    effusion = draw_effusion(np.random.default_rng([SEED, number, 1]), (250, 1400)) if fluid else None
    phantom = render_chest(patient, np.random.default_rng([SEED, number, 2]), size=SIDE, effusion=effusion)
    return phantom.pixels, phantom.mask


def read_film(path):
    """A file -> a square of numbers from 0 (black) to 1 (white)."""
    return np.asarray(Image.open(path).convert("L").resize((SIDE, SIDE)), dtype=np.float32) / 255


many, few = (48, 8) if SMALL else (500, 80)
if DATA is None:
    labels = np.arange(many) % 2
    train = np.stack([image_patient(number, label)[0] for number, label in enumerate(labels)])
    tested = range(10_000, 10_000 + few)
    films, masks = map(np.stack, zip(*[image_patient(number, True) for number in tested], strict=True))
    twins = np.stack([image_patient(number, False)[0] for number in tested])
else:
    paths = sorted(Path(DATA).rglob("*.png"))
    person = np.array([path.stem[:8] if path.stem[:8].isdigit() else path.stem for path in paths])
    people = np.random.default_rng(SEED).permutation(np.unique(person))
    held = np.isin(person, people[: len(people) // 4])
    labels = np.array([path.parent.name == "effusion" for path in paths]).astype(int)
    every = np.stack([read_film(path) for path in paths])
    films, twins = every[held & (labels == 1)][:few], every[held & (labels == 0)][:few]  # other people, not twins
    learnt = np.random.default_rng(SEED).permutation(np.flatnonzero(~held))[:many]
    train, labels, masks = every[learnt], labels[learnt], None
print(f"{len(train)} films to learn from, {len(films)} with fluid and {len(twins)} without to be tested on")

# %%
fig, axes = plt.subplots(1, 3, figsize=(12, 4.3))
axes[0].imshow(films[0], vmin=0, vmax=1)
axes[0].set_title("With fluid")
axes[1].imshow(twins[0], vmin=0, vmax=1)
axes[1].set_title("Without" if DATA else "The twin: the same patient without")
axes[2].imshow(films[0], vmin=0, vmax=1)
axes[2].set_title("Where the fluid is visible (orange)" if masks is not None else "No mask for real films")
if masks is not None:
    axes[2].contour(masks[0], levels=[0.5], colors="tab:orange", linewidths=2)
for ax in axes:
    ax.set(xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()

# %% [markdown]
# ## The network that we will question
#
# A small convolutional network as in lesson 4, this time written as a *class*, a plan by which Python makes things that
# hold numbers and functions together (`self` is the thing itself): four layers of convolution, batch normalisation and
# ReLU, then *global average pooling* (each map is replaced by its mean) and one last layer. Its answer is a *logit*: a
# number above 0 for "effusion", below 0 for "none", which the sigmoid of lesson 2 turns into a probability. We keep two
# halves apart: `maps` goes as far as the **last maps**, 48 small pictures of 12 x 12 cells; `logit` does the rest.
# Heatmaps of the CAM family (*class activation mapping*) are all made from these last maps.


# %%
def layer(before, after, stride):
    """Convolution of 3 x 3, batch normalisation, ReLU; a stride of 2 halves rows and columns."""
    convolution = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(layer(1, 12, 2), layer(12, 24, 2), layer(24, 48, 2), layer(48, 48, 1))
        self.last = nn.Linear(48, 1)

    def maps(self, pictures):
        return self.layers((pictures - 0.5) / 0.25)  # the same scaling for all pictures

    def logit(self, maps):
        return self.last(maps.mean(dim=(2, 3)))[:, 0]  # the mean of each map, then a weighted sum

    def forward(self, pictures):
        return self.logit(self.maps(pictures))


def as_batch(pictures):
    """Pictures -> what a network takes: image, channel, row, column."""
    return torch.from_numpy(np.asarray(pictures, dtype=np.float32))[:, None]


# %%
def fit(pictures, labels, epochs, seed=SEED):
    """Trains a network with Adam, 32 films at a time, which are moved together by up to four pixels."""
    torch.manual_seed(seed)
    network, truth = Network(), torch.from_numpy(labels).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.003, weight_decay=1e-4)  # the decay keeps weights small
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)  # smaller steps towards the end
    batch = as_batch(pictures)
    for _ in range(epochs):
        network.train()
        for rows in torch.randperm(len(batch)).split(32):
            down, right = torch.randint(-4, 5, (2,)).tolist()
            loss = nn.functional.binary_cross_entropy_with_logits(
                network(batch[rows].roll((down, right), dims=(2, 3))), truth[rows]
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return network.eval()


def ask(network, pictures):
    """The logit of each picture."""
    with torch.no_grad():
        return network(as_batch(pictures)).numpy()


network = fit(train, labels, epochs=3 if SMALL else 24)
logits = np.concatenate([ask(network, films), ask(network, twins)])
truth = np.repeat([1, 0], [len(films), len(twins)])
area = delong(truth, logits)
print(f"AUROC on films that it has not learnt from: {area.value:.2f}, 95 % interval {area.low:.2f} to {area.high:.2f}")
assert SMALL or DATA or area.low > 0.75

# %% [markdown]
# It does its work, as far as 160 films can tell. A network that hardly works has no believable heatmap; so this line
# comes first, always. (The interval, by the formula of DeLong 1988, treats film and twin as two patients, which makes
# it a little too wide here.)
#
# ## A map that adds up: CAM
#
# The simplest of all heatmaps needs no theory. The logit is a weighted sum of means of maps. Write out the mean, change
# the order, and it is a sum over *places*:
#
# $$ \text{logit} = b + \sum_{\text{maps } k} w_k \cdot \frac{1}{144} \sum_{\text{cells}} A_k(\text{cell})
#    = b + \sum_{\text{cells}} \Big( \frac{1}{144} \sum_k w_k A_k(\text{cell}) \Big) $$
#
# $A_k$ is the $k$-th of the 48 last maps, $w_k$ its weight in the last layer, $b$ a constant. What stands in the large
# brackets belongs to one cell. That is CAM (Zhou 2016): what each of the 144 cells **adds to the answer**. Positive
# cells speak for effusion, negative ones against it, and with $b$ they add up exactly. We check that.


# %%
def cam(network, pictures):
    """Class activation map: what each cell adds to the logit. -> picture, row, column"""
    with torch.no_grad():
        maps = network.maps(as_batch(pictures))
        weighted = network.last.weight[0][:, None, None] * maps  # each of the 48 maps times its weight
        return weighted.sum(dim=1).numpy() / maps[0, 0].numel()


sums = cam(network, films).sum(axis=(1, 2)) + network.last.bias.item()
print("largest difference between sum of cells and logit:", f"{np.abs(sums - ask(network, films)).max():.6f}")
assert np.allclose(sums, ask(network, films), atol=1e-3)

# %% [markdown]
# CAM works only for networks that end in this very way. Two general methods follow; they are the two of the Carpentries
# lesson.
#
# **Grad-CAM++** (Chattopadhay 2018) also takes a weighted sum of the last maps. Its weights come from the *gradient*:
# how fast the logit would rise if a cell of a map rose (lesson 2). Only positive gradients count, and each is divided
# by how much its map is lit in all, so that a small spot may count as much as a large one.
#
# **Score-CAM** (Wang 2020) uses no gradient. It lays each last map over the film as a stencil (here also called a
# *mask*): where the map is dark, the film is blacked out. The network is asked about each of the 48 masked films. Maps
# whose film still gets a high logit receive a large weight.


# %%
def grad_cam_plus(network, pictures):
    """Grad-CAM++ (equation 19 of Chattopadhay 2018). -> picture, row, column"""
    with torch.no_grad():
        maps = network.maps(as_batch(pictures))
    maps.requires_grad_(True)
    (gradient,) = torch.autograd.grad(network.logit(maps).sum(), maps)
    maps = maps.detach()
    below = 2 * gradient**2 + maps.sum(dim=(2, 3), keepdim=True) * gradient**3
    alpha = torch.where(below != 0, gradient**2 / below, 0.0)
    weights = (alpha * gradient.relu()).sum(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1).relu().numpy()


def score_cam(network, pictures):
    """Score-CAM (Wang 2020): each last map is laid over the film as a mask. -> picture, row, column"""
    found = []
    for picture in as_batch(pictures):
        with torch.no_grad():
            maps = network.maps(picture[None])[0]
            large = nn.functional.interpolate(maps[:, None], size=(SIDE, SIDE), mode="bilinear")
            low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
            masked = picture * (large - low) / (high - low).clamp(min=1e-6)
            weights = torch.softmax(network(masked), dim=0)  # positive, and 1 in all
            found.append((weights[:, None, None] * maps).sum(dim=0).relu().numpy())
    return np.stack(found)


# %% [markdown]
# ## The puzzle
#
# **What do you expect?** Same network, same film, same question. How alike will the maps be? Guess a number between 0
# (nothing in common) and 1 (the same).
#
# To draw them we stretch each map to its own full colour, from pale (0) to orange (its own maximum), as the original
# does and as many papers do. (You will see what is wrong with that.) The films: the one of which the network is surest,
# a usual one, a doubtful one.


# %%
def show(ax, film, heat, most, title):
    """A film with a heatmap over it, cells as large as they are: orange for, purple against, pale for little."""
    ax.imshow(film, vmin=0, vmax=1, extent=(0, SIDE, SIDE, 0))
    strength = np.clip(np.abs(heat) / most, 0, 1)
    ax.imshow(heat, cmap="PuOr_r", vmin=-most, vmax=most, alpha=0.65 * strength, extent=(0, SIDE, SIDE, 0))
    ax.set(title=title, xticks=[], yticks=[])


chosen = np.argsort(-ask(network, films))[[0, len(films) // 3, 2 * len(films) // 3]]
maps = {name: method(network, films) for name, method in
        {"CAM": cam, "Grad-CAM++": grad_cam_plus, "Score-CAM": score_cam}.items()}  # fmt: skip

fig, axes = plt.subplots(3, 4, figsize=(12, 9.6))
for row, number in zip(axes, chosen, strict=True):
    row[0].imshow(films[number], vmin=0, vmax=1, extent=(0, SIDE, SIDE, 0))
    row[0].set(title=f"logit {ask(network, films[[number]])[0]:+.1f}", xticks=[], yticks=[])
    if masks is not None:
        row[0].contour(masks[number], levels=[0.5], colors="tab:orange", extent=(0, SIDE, 0, SIDE), linewidths=2)
    for ax, (name, heat) in zip(row[1:], maps.items(), strict=True):
        positive = np.maximum(heat[number], 0)
        show(ax, films[number], positive, positive.max() + 1e-9, name)
fig.suptitle(f"One network, one question, three answers (orange line: fluid; {SIDE} × {SIDE} pixels)", weight="bold")
plt.show()

# %% [markdown]
# All of them have something to do with the lung bases, and the darkest cells are often the same. Elsewhere they differ,
# and any of them could be talked into an explanation. Is that "much the same", or "quite different"? Two people looking
# at this figure will not agree. Here looking ends and measuring begins.
#
# ## First examination: do they agree?
#
# We rank the 144 cells of each map from coldest to hottest and ask how far the two orders agree: *Spearman's rank
# correlation*, 1 for the same order, 0 for orders that have nothing to do with each other, −1 for opposite ones. Ranks
# do not care how a map was stretched. Each film gives one number.
#
# **What do you expect?** What correlation would you ask for before you call two methods two witnesses of one fact?


# %%
def likeness(one, other):
    """Spearman's rank correlation of two maps, film by film."""
    pairs = zip(one.reshape(len(one), -1), other.reshape(len(other), -1), strict=True)
    return np.array([0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else spearmanr(a, b).statistic for a, b in pairs])


def mean_with_interval(numbers, draws=2000):
    """Mean and its 95 % interval: patients are drawn with replacement, again and again (the bootstrap, lesson 2)."""
    drawn = np.random.default_rng(SEED).choice(numbers, (draws, len(numbers))).mean(axis=1)
    return np.mean(numbers), *np.percentile(drawn, [2.5, 97.5])


pairs = [("Grad-CAM++", "Score-CAM"), ("CAM", "Grad-CAM++"), ("CAM", "Score-CAM")]

fig, ax = plt.subplots(figsize=(8, 3.6))
for height, (one, other) in enumerate(pairs):
    alike = likeness(maps[one], maps[other])
    mean, low, high = mean_with_interval(alike)
    jitter = np.random.default_rng(SEED).uniform(-0.15, 0.15, len(alike))
    ax.scatter(alike, height + jitter, s=14, color="tab:gray", alpha=0.6, linewidths=0)
    ax.errorbar(mean, height, xerr=[[mean - low], [high - mean]], fmt="o", color="tab:orange", capsize=5, zorder=3)
    print(f"{one} and {other}: mean rank correlation {mean:.2f}, 95 % interval {low:.2f} to {high:.2f}")
ax.set(yticks=range(3), yticklabels=[f"{one}\nand {other}" for one, other in pairs], xlim=(-1.05, 1.05))
ax.set(xlabel="rank correlation of two maps (grey: one film each; orange: mean, 95 %)")
ax.set_title("Agreement is a number, and differs from film to film")
ax.axvline(0, color="black", linewidth=1)
plt.show()
assert SMALL or DATA or likeness(maps["CAM"], maps["Score-CAM"]).mean() < 0.6

# %% [markdown]
# Now the puzzle has a size. CAM, which adds up exactly, and Score-CAM are far from telling the same. Look at the grey
# points as well: a *mean* may look fine while on single films the methods say different things, and it is a single film
# that you hold in your hand.
#
# Agreement alone proves little, for two witnesses may share a mistake. All three weigh the same 48 maps, so they are
# not independent. Only a comparison with something *outside* the methods can tell which is right.
#
# ## Second examination: does the heat lie on the fluid?
#
# Here the phantom pays. In the *pointing game* (Zhang 2018) each map names one cell, its hottest; it wins if any fluid
# is visible there. Chance alone wins sometimes, and somebody who *knows anatomy and does not look* wins often: fluid
# sinks. So we add two rivals that never see the film: a random map, and the **usual place**, the mean mask of other
# patients.
#
# **What do you expect?** How well does the usual place do, against methods that look?


# %%
def shrink(pictures, cells):
    """Pictures -> the mean in each of cells x cells squares."""
    step = SIDE // cells
    return np.asarray(pictures, dtype=float).reshape(len(pictures), cells, step, cells, step).mean(axis=(2, 4))


side = maps["CAM"].shape[1]
rivals = {"random": np.random.default_rng(SEED).random((len(films), side, side))}
if masks is not None:
    fluid = shrink(masks, side)
    # The mean mask of the others: everybody's sum without one's own.
    rivals["usual place"] = (fluid.sum(axis=0) - fluid) / (len(fluid) - 1)
    rows = []
    for name, heat in (maps | rivals).items():
        hottest = heat.reshape(len(heat), -1).argmax(axis=1)
        won = fluid.reshape(len(fluid), -1)[np.arange(len(fluid)), hottest] > 0
        positive = np.maximum(heat, 0)
        share = (positive * fluid).sum(axis=(1, 2)) / np.maximum(positive.sum(axis=(1, 2)), 1e-12)
        found = wilson(int(won.sum()), len(won))
        rows.append([name, won.mean(), found.low, found.high, *mean_with_interval(share)])
    columns = ["map", "hits", "hits low", "hits high", "heat on fluid", "heat low", "heat high"]
    pointing = pd.DataFrame(rows, columns=columns).set_index("map")
    print(pointing.round(2))
    print(f"fluid covers {100 * fluid.mean():.0f} % of a film")
    own, usual = pointing.loc[list(maps)], pointing.loc["usual place"]
    assert SMALL or own["hits"].min() > usual["hits"]
    assert SMALL or (own["heat on fluid"].max() < 0.5 and own["heat on fluid"].max() < usual["heat on fluid"] + 0.1)
else:
    print("Left out: nobody has drawn where the fluid lies on the real films.")

# %%
if masks is not None:
    fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), sharey=True)
    colours = ["tab:blue"] * 3 + ["tab:gray"] * 2
    headings = {"hits": "Hottest cell on the fluid", "heat on fluid": "Share of the heat on the fluid"}
    for ax, (name, heading) in zip(axes, headings.items(), strict=True):
        low, high = (pointing[f"{name.split()[0]} {end}"] for end in ("low", "high"))
        error = [(100 * (pointing[name] - low)).clip(lower=0), (100 * (high - pointing[name])).clip(lower=0)]
        ax.barh(pointing.index, 100 * pointing[name], xerr=error, color=colours, capsize=4)
        ax.set(title=heading, xlim=(0, 100))
    axes[0].set(xlabel="films (%), with 95 % interval (Wilson)")
    axes[1].set(xlabel="of the positive heat (%), with 95 % interval")
    axes[0].invert_yaxis()
    plt.show()

# %% [markdown]
# Read the grey bars first. What a method gains over *them* is what its looking was worth. The bar of the usual place is
# tall, because anatomy alone is a good guess: **a map that lies on the lesion has not thereby shown that the network
# looked there.** Pointing asks about one cell only, and there the methods win. The right-hand panel asks about all of
# the heat: most of it lies where no fluid is, and the lead over a map that *never saw the film* is small or none. Arun
# (2021) found the same on real films. They drew, cell by cell, how many of the hot places are lesion (*precision*)
# against how much of the lesion is hot (*recall*), and took the area under that curve, 1 at best: for pneumothorax, the
# best of eight methods reached 0.224, a network trained to *draw* the lesion 0.404. Who wants to know where something
# is should ask a network for that (lesson 10).
#
# ## Third examination: other weights, other map?
#
# Adebayo (2018) had a beautifully simple idea. Destroy what the network has learnt by shuffling its weights like a deck
# of cards: all numbers stay, their order goes. Such a network knows nothing. **A method that still gives the same map
# was showing the film, not the network.** We go from the end to the beginning, a layer more each time.
#
# One detail: batch normalisation remembers the mean and spread of its inputs, which no longer fit; we let it measure
# them again on training films, else the signal might die out for a reason of no interest.


# %%
def shuffled(network, depth, seed):
    """A copy of the network; the weights of the last layer and of the `depth` layers before it are shuffled."""
    random, other = np.random.default_rng([SEED, seed]), copy.deepcopy(network)
    with torch.no_grad():
        for part in [other.last, *other.layers[len(other.layers) - depth :]]:
            for tensor in part.parameters():
                order = torch.from_numpy(random.permutation(tensor.numel()))
                tensor.copy_(tensor.flatten()[order].view_as(tensor))
        for part in other.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.reset_running_stats()
                part.momentum = None  # the plain mean over what comes
        other.train()
        other(as_batch(train[:64]))
    return other.eval()


methods = {"CAM": cam, "Grad-CAM++": grad_cam_plus, "Score-CAM": score_cam}
some = slice(0, 8 if SMALL else 30)
course = {name: [np.ones(len(films[some]))] for name in methods}
for depth in range(5):
    others = [shuffled(network, depth, seed) for seed in range(1 if SMALL else 3)]
    for name, method in methods.items():
        # Without signs: half of all shuffles turn the sign of the answer round, which says nothing here.
        alike = [likeness(np.abs(maps[name][some]), np.abs(method(other, films[some]))) for other in others]
        course[name].append(np.mean(alike, axis=0))

# %%
fig, ax = plt.subplots(figsize=(8, 4.2))
steps = ["nothing", "last layer", "+ layer 4", "+ layer 3", "+ layer 2", "all"]
for shift, (name, numbers) in zip((-0.08, 0, 0.08), course.items(), strict=True):
    found = np.array([mean_with_interval(one) for one in numbers])
    error = [found[:, 0] - found[:, 1], found[:, 2] - found[:, 0]]
    ax.errorbar(np.arange(6) + shift, found[:, 0], yerr=error, marker="o", capsize=4, label=name)
    for step in (1, 5):
        mean, low, high = found[step]
        print(f"{name:10} {steps[step]:10} shuffled: likeness {mean:.2f}, 95 % interval {low:.2f} to {high:.2f}")
if not SMALL and not DATA:
    assert max(np.mean(numbers[-1]) for numbers in course.values()) < 0.2
    assert np.mean(course["Score-CAM"][1]) > 0.9
ax.axhline(0.2, color="black", linewidth=1, linestyle="--")
ax.text(-0.15, 0.17, "changed enough", va="top", size=11)
ax.set(xticks=range(6), xticklabels=steps, xlabel="what was shuffled", ylabel="rank correlation with the true map")
ax.set_title("A map that survives the shuffling did not show the network")
ax.legend()
plt.show()

# %% [markdown]
# A good explanation falls steeply: other weights, other map. Where a line stays up, the map is mostly a picture of
# *where the film has structure*, and would look as convincing for a network that has learnt nothing at all. With all
# weights shuffled our three pass (`wetread explain RUN --test`, with the folder of a run for RUN, makes this test and
# others, and asks for a likeness below 0.2, the dashed line). But look at the second points. The last layer alone
# decides which of the 48 maps speaks for effusion and which against it; it has been shuffled, and Score-CAM hardly
# noticed. (Keep that in mind. CAM stays high there as well, but it says for and against by its *signs*, which this
# comparison leaves out; Score-CAM has none to leave out.)
#
# To see with your own eyes what a shuffled network "explains", here is one film for the trained network and for one
# that knows nothing, each map stretched to its own full colour.

# %%
clueless = shuffled(network, 4, seed=0)
number = chosen[0]
fig, axes = plt.subplots(2, 3, figsize=(9, 6.6))
for column, (name, method) in enumerate(methods.items()):
    for row, one in enumerate((network, clueless)):
        heat = method(one, films[[number]])[0]
        show(axes[row, column], films[number], heat, np.abs(heat).max() + 1e-9, name)
axes[0, 0].set_ylabel("trained")
axes[1, 0].set_ylabel("knows nothing")
fig.suptitle(f"A network without knowledge has heatmaps, too ({SIDE} × {SIDE} pixels)", weight="bold")
plt.show()

# %% [markdown]
# ## Fourth examination: do the hot places matter?
#
# If a place is important, the answer should fall when the place is hidden. We hide the hottest cells first, then the
# next, and watch the logit sink: the *deletion curve* (Petsiuk 2018). Hidden cells are blurred, not blackened, since a
# black hole is itself something to see. A good map makes the curve fall fast. Its rivals: a random order, and a **map
# of the centre** that always says "the middle", whatever the film.
#
# **What do you expect?** Will the methods beat the centre? All of them?


# %%
def blur(film):
    """The film as seen through frosted glass."""
    image = Image.fromarray((255 * np.clip(film, 0, 1)).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(SIDE / 10)), dtype=np.float32) / 255


def deletion(heat, film, shares):
    """Logits while a growing share of the cells, hottest first, is hidden."""
    order = np.argsort(-heat.ravel(), kind="stable")
    rank = np.empty(heat.size)
    rank[order] = np.arange(heat.size)
    rank = rank.reshape(heat.shape).repeat(SIDE // side, axis=0).repeat(SIDE // side, axis=1)
    hidden = blur(film)
    return ask(network, [np.where(rank < share * heat.size, hidden, film) for share in shares])


place = (np.arange(side) + 0.5) / side - 0.5
centre = np.exp(-(place[:, None] ** 2 + place[None, :] ** 2) / (2 * 0.25**2))
rivals["centre"] = np.repeat(centre[None], len(films), axis=0)
shares = np.linspace(0, 1, 5 if SMALL else 11)
curves = {
    name: np.array([deletion(one, film, shares) for one, film in zip(heat, films, strict=True)])
    for name, heat in (maps | rivals).items()
}

# %%
fig, ax = plt.subplots(figsize=(8, 4.6))
for name, curve in curves.items():
    line = "--" if name in rivals else "-"
    ax.plot(100 * shares, curve.mean(axis=0), line, marker="o", markersize=4, label=name)
ax.set(xlabel="share of the film that is hidden, hottest cells first (%)", ylabel="mean logit (effusion above 0)")
ax.set_title("The faster a curve falls, the more its hot places matter")
ax.legend()
plt.show()

area_under = {name: curve.mean(axis=1) for name, curve in curves.items()}
for name in methods:
    for rival in ("random", "centre"):
        mean, low, high = mean_with_interval(area_under[rival] - area_under[name])
        verdict = "better" if low > 0 else "worse" if high < 0 else "not told apart"
        print(
            f"{name:10} against {rival:6}: mean of the curve {mean:+.2f} logits lower "
            f"(95 % {low:+.2f} to {high:+.2f}): {verdict}"
        )
if not SMALL and not DATA:
    assert curves["usual place"][:, 2].mean() > curves["usual place"][:, 0].mean()  # it rises first
    areas = {name: numbers.mean() for name, numbers in area_under.items()}
    assert max(areas["CAM"], areas["Grad-CAM++"]) < min(areas["random"], areas["centre"])
    assert areas["random"] < areas["Score-CAM"]

# %% [markdown]
# CAM and Grad-CAM++ beat both rivals: the answer does hang on their hot places. Score-CAM does not. The answer sinks
# *slower* along its order than along a random one. Together with the shuffled last layer that settles which side of the
# puzzle to doubt, **for this network**. But why? We ask Score-CAM itself: how much weight does its favourite among the
# 48 maps get, and how like is its heatmap to the plain mean of all 48, with no weights whatever?

# %%
heaviest, plain = [], []
with torch.no_grad():
    for picture in as_batch(films):
        lit = network.maps(picture[None])[0]
        large = nn.functional.interpolate(lit[:, None], size=(SIDE, SIDE), mode="bilinear")
        low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
        answers = network(picture * (large - low) / (high - low).clamp(min=1e-6))
        heaviest.append(torch.softmax(answers, dim=0).max().item())
        plain.append(lit.mean(dim=0).numpy())
mean, low, high = mean_with_interval(likeness(maps["Score-CAM"], np.stack(plain)))
print(f"weight of the heaviest map: {np.mean(heaviest):.3f} on average; if all counted the same: {1 / 48:.3f}")
print(f"likeness of Score-CAM and the plain mean of the maps: {mean:.2f}, 95 % interval {low:.2f} to {high:.2f}")
assert SMALL or DATA or (np.mean(heaviest) < 0.1 and mean > 0.8)

# %% [markdown]
# All maps weigh nearly the same. A film with black holes is strange to this network, and it gives much the same answer
# whatever the holes leave over. So Score-CAM draws, more or less, **the mean of everything**: maps that speak against
# effusion along with those that speak for it. That is why it failed here, and why it had not noticed the shuffled last
# layer. (We had guessed the opposite, that it would listen to one map only. Measuring was quicker than arguing.) No
# heatmap would have told you.
#
# And now the strangest line of the figure. Hide the **usual place** of fluid, and at first the answer does not fall but
# *rises*. A blurred diaphragm looks like fluid: **the hiding itself has made the sign.** Whatever one puts in place of
# the hidden part (blur, black, grey) is something to see. So deletion curves have rivals, and are read beside them.
#
# This examination needs no mask and can be held on real films, too. Mark what it asks: whether hot places matter **to
# the model**. A model that looks at a pacemaker gets full marks with a map of the pacemaker. (And CAM has an advantage
# here: it *is* the sum that makes the answer of this network.)
#
# ## A map exists even where nothing was found
#
# Now the twins. Same patients, no fluid. **What do you expect** of their heatmaps, each stretched to its own full
# colour?

# %%
of_twins = cam(network, twins)
number = chosen[0]
own = [np.abs(maps["CAM"][number]).max(), np.abs(of_twins[number]).max()]
fig, axes = plt.subplots(2, 2, figsize=(7.4, 8))
for column, (film, heat, name) in enumerate(
    [(films[number], maps["CAM"][number], "with fluid"), (twins[number], of_twins[number], "without")]
):
    show(axes[0, column], film, np.maximum(heat, 0), np.maximum(heat, 0).max() + 1e-9, f"{name}: own scale")
    show(axes[1, column], film, heat, max(own), f"{name}: one scale, with signs")
    axes[1, column].set_xlabel(f"logit {ask(network, film[None])[0]:+.1f}; full colour: {max(own):.2f} a cell")
fig.suptitle(f"Stretched, every film has its cloud ({SIDE} × {SIDE} pixels)", weight="bold")
plt.show()

# %% [markdown]
# In the upper row the healthy film gets its cloud as well: stretching makes the largest of many small numbers look like
# a finding, and dropping the negative part hides what spoke *against* it. In the lower row both films share one scale
# and keep their signs. wetread always draws the second way, and says of an empty map that it is empty.
#
# ## What does the network want to see?
#
# So far we asked about films. One can also ask the network itself: *feature visualization* (Olah 2017). Start from
# noise, and change the picture, step by step along the gradient, so that one *channel* (one map of a layer) is lit as
# much as possible. It is training turned round: the weights stay, the picture learns.
#
# `maximise` of `wetread.insight` does the steps. It works on waves instead of pixels (any picture is a sum of coarse
# and fine waves) and shakes the picture a little at each step; otherwise one gets noise that no eye can read. Below
# each drawing stands the place in a film that lights the channel most, cut out as large as the layer can see. (A cell
# of the first layer sees 3 pixels, one of the last 31: its *receptive field*.)

# %%
from wetread.insight.frequency import draw_spectra
from wetread.insight.maximise import maximise


def look_at(network, pictures, depth):
    """The maps behind the first `depth` layers."""
    return network.layers[:depth]((pictures - 0.5) / 0.25)


def draw_favourites(network, depth, channels, size):
    """For each channel a picture that lights it as much as possible."""

    def excitement(pictures, places):
        lit = look_at(network, pictures, depth).mean(dim=(2, 3))
        return lit[torch.arange(len(places)), torch.as_tensor(channels)[places]]

    starts = draw_spectra([(SEED, int(channel)) for channel in channels], 1, size)
    seeds = [(SEED, int(channel)) for channel in channels]
    return maximise(excitement, starts, size, seeds, steps=16 if SMALL else 96).pictures[:, 0]


SEES = {1: 3, 2: 7, 3: 15, 4: 31}  # pixels across that one cell of a layer depends on: its receptive field


def cut_out(pictures, lit, depth):
    """From the film that holds the most lit cell, the part around it that this layer sees (12 pixels at least)."""
    inner = lit[:, 1:-1, 1:-1]  # the rim of a map also reacts to the edge of the film
    film, row, column = np.unravel_index(inner.argmax(), inner.shape)
    size, stride = max(12, SEES[depth] + 1), SIDE // lit.shape[1]
    corner = [min(max(0, int((place + 1.5) * stride) - size // 2), SIDE - size) for place in (row, column)]
    return pictures[film, corner[0] : corner[0] + size, corner[1] : corner[1] + size]


drawn, best = {}, {}
for depth in range(1, 5):
    with torch.no_grad():
        lit = look_at(network, as_batch(train[:200]), depth).numpy()
    channels = np.sort(np.argsort(-lit.mean(axis=(2, 3)).std(axis=0))[:6])  # the six that differ most between films
    drawn[depth] = channels, draw_favourites(network, depth, channels, size=48)
    best[depth] = [cut_out(train, lit[:, channel], depth) for channel in channels]

# %%
fig, axes = plt.subplots(8, 6, figsize=(9, 12.4))
for depth in range(1, 5):
    channels, pictures = drawn[depth]
    for column in range(6):
        upper, lower = axes[2 * depth - 2, column], axes[2 * depth - 1, column]
        upper.imshow(pictures[column], vmin=0, vmax=255)
        upper.set_title(f"channel {channels[column]}", size=10, weight="normal", pad=4)
        lower.imshow(best[depth][column], vmin=0, vmax=1)
    axes[2 * depth - 2, 0].set_ylabel(f"layer {depth}\ndrawn, 48 px", size=11)
    axes[2 * depth - 1, 0].set_ylabel(f"from a film,\n{len(best[depth][0])} px", size=11)
for ax in axes.ravel():
    ax.set(xticks=[], yticks=[])
fig.suptitle("What the layers want to see: edges first, then stripes and borders", fontweight="bold")
plt.show()

# %% [markdown]
# The first layer wants edges and flat brightness, as in lesson 4. Further on come stripes of a certain direction and
# width, then borders with something dark above and something bright below. The cut-outs help to read the drawings:
# early channels are lit by whatever is sharp, in our run often by the **side letter** (the L or R on the film);
# channels of the last layer by a lung base that ends in something bright. Read with care:
#
# - **What lights a channel is not what it detects.** The drawing is a picture that no detector ever took. A channel may
#   answer to several unlike things, and from one start we find one of them.
# - The names are yours. Nothing in the network says "rib".
# - These pictures say what the network *could* react to, never why *this* patient was called ill.
#
# `wetread look RUN` draws the same for any model that wetread has trained, as a page to browse.
#
# ## What a heatmap is good for: two planted shortcuts
#
# Is it all useless, then? No. We train two more networks on films with a *shortcut*, a harmless sign that goes with the
# label (the trap of lesson 6). In the first, films with fluid carry a small bright tag in a corner. In the
# second, they are a trace brighter all over, as from another device. The fluid is there all the same, so both networks
# could do without the sign.
#
# **What do you expect?** Which of the two shortcuts will a heatmap give away?


# %%
def tagged(films, ill):
    """A bright tag of 8 x 8 pixels at the lower left of films with fluid."""
    changed = films.copy()
    changed[np.asarray(ill, dtype=bool), -14:-6, 6:14] = 1.0
    return changed


def brightened(films, ill):
    """Films with fluid are a trace brighter, everywhere."""
    return np.clip(films + 0.08 * np.asarray(ill)[:, None, None], 0, 1).astype(np.float32)


cheats = {"a tag in the corner": tagged, "a brighter film": brightened}
trained = {name: fit(plant(train, labels), labels, epochs=2 if SMALL else 8) for name, plant in cheats.items()}
skill_left = {}
for name, plant in cheats.items():
    honest = delong(truth, np.concatenate([ask(trained[name], films), ask(trained[name], twins)]))
    with_sign = np.concatenate([ask(trained[name], plant(films, np.ones(len(films)))), ask(trained[name], twins)])
    cheating = delong(truth, with_sign)
    print(f"{name}: AUROC {cheating.value:.2f} (95 % {cheating.low:.2f} to {cheating.high:.2f}) with the sign, "
          f"{honest.value:.2f} ({honest.low:.2f} to {honest.high:.2f}) without it")  # fmt: skip
    skill_left[name] = honest.value
assert SMALL or DATA or skill_left["a brighter film"] < skill_left["a tag in the corner"] - 0.1

# %%
number = chosen[0]
fig, axes = plt.subplots(1, 3, figsize=(11, 4.2))
show(axes[0], films[number], maps["CAM"][number], own[0], "No shortcut")
for ax, (name, plant) in zip(axes[1:], cheats.items(), strict=True):
    film = plant(films[[number]], [1])
    heat = cam(trained[name], film)[0]
    show(ax, film[0], heat, np.abs(heat).max(), f"Shortcut: {name}")
for ax in axes:
    ax.set_xlabel(f"CAM: orange for, purple against\n(each on its own scale; {SIDE} × {SIDE} pixels)")
plt.show()

hottest = cam(trained["a tag in the corner"], tagged(films, np.ones(len(films)))).reshape(len(films), -1).argmax(axis=1)
row, column = hottest // side, hottest % side
at_tag = int(((row >= side - 3) & (column <= 2)).sum())
found = wilson(at_tag, len(films))
print(f"hottest cell at the tag: {at_tag} of {len(films)} films, 95 % interval {found.low:.2f} to {found.high:.2f}")

# %% [markdown]
# The tag is a **place**, and a place is what a heatmap can show: heat where no disease can be is a reason to stop and
# look at the data. (On how many films it is the hottest place, the last line says. Who looks at one film only may miss
# it.) Brightness has no place. The map of the second network lies over the body like any other, somebody would find it
# plausible, and this network is worse off than the first: without its sign little of its skill is left. So:
#
# **A heatmap can raise an alarm. It can never give the all-clear.** For that, take the sign away and measure again, as
# the two columns of numbers above did.
#
# ## The results together

# %%
table = pd.DataFrame(index=list(methods))
if masks is not None:
    table["hits (%)"] = (100 * pointing["hits"]).round().astype(int)
    table["heat on fluid, over the usual place (points)"] = (
        100 * (pointing["heat on fluid"] - pointing.loc["usual place", "heat on fluid"])
    ).round(1)
table["likeness with all weights shuffled"] = [round(float(np.mean(course[name][-1])), 2) for name in methods]
table["deletion, gain over the centre (logits)"] = [
    round(float(np.mean(area_under["centre"] - area_under[name])), 2) for name in methods
]
print(table.T.to_string())

# %% [markdown]
# Another seed or another network may order the methods otherwise. That is the finding: **which method passes depends on
# the model**, so trust belongs to a pair of model and method, and has to be measured for it. The manual of wetread
# (docs/explanations.md) has ten methods on several models. Methods that passed all tests with one model failed some
# with the next.
#
# | A heatmap may be used | A heatmap may not be used |
# |---|---|
# | to find a shortcut that has a place (tag, tube, border) | to show that there is no shortcut |
# | to choose which errors to look at first | to prove that the model "looks at the right thing" |
# | to compare with a mask, in a study, with numbers | to outline or measure a lesion: cells are coarse |
# | beside its test results, for this model | to convince a clinician of a single diagnosis |
#
# The evidence: all eight methods of Arun (2021) failed at least one test; in Saporta (2022) all seven localised
# significantly worse than radiologists, most so where findings were small or of complex shape; in Adebayo (2018) some
# methods gave the same map for a network that knew nothing. The question whether heatmaps help anybody to read better
# is a different one, and needs a study with readers (lesson 8 tells how one is made, and how it goes wrong).

# %% [markdown]
# ## Exercises
#
# 1. Leave out `.relu()` at the end of `grad_cam_plus`. Does anything change? Why not?
# 2. Shuffle the *labels* instead of the weights: train on `np.random.default_rng(0).permutation(labels)` and compare
#    the maps with the true ones. What should come out, and why is this a harder test than shuffled weights?
# 3. Use squares of 8 x 8 pixels filled with black instead of blur in `deletion`. What happens to the random order?
# 4. A vendor shows you three films with perfect heatmaps. Which three questions do you ask?
# 5. Make the planted brightness smaller (0.08, 0.04, 0.02). Down to where does the network still cheat?
#
# <details><summary>Solutions</summary>
#
# 1. Nothing: the last maps have passed a ReLU and are never negative, and the weights are sums of positive numbers. So
#    Grad-CAM++ cannot show here what speaks *against* a finding, whether you cut it off or not.
# 2. A network with shuffled labels has learnt *something* (it has memorised), only nothing about effusion. Its map
#    should differ, too. It is harder since its filters are those of a trained network and the film shines through them
#    more clearly.
# 3. The curve of the random order falls sharply as well: black squares are strange to the network, and the answer
#    changes because of the damage, not because of what was hidden. A test must not bring in what it wants to measure.
# 4. Which films were chosen, and by whom (the worst errors, or the prettiest)? Is the scale one for all films, and what
#    does a healthy film look like on it? Which tests did the method pass *with this model*, with what intervals?
# 5. Try it. The network cheats as long as the sign is easier to learn than the fluid; the map hardly tells you when it
#    stops.
#
# </details>

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# The Carpentries lesson draws maps, finds them puzzling, quotes Adebayo, and advises caution. Caution without numbers
# turns into habit: people look at maps anyway. Our step was to let each method sit examinations in which rivals that
# look at nothing take part, and to plant shortcuts, so that the limits have a size. What remains open, here as
# everywhere: masks tell where the *fluid* is, not where the *network* looked; nobody has a mask for that. The
# examinations can fail a map. None can pass one for good.
#
# ## What to take along
#
# A heatmap always shows something, for a network that knows nothing, too, and on a film where nothing is. Ask of each:
# does it change when the weights do, does the answer hang on its hot places, does it beat the usual place, all with
# intervals. Let it raise alarms, never give the all-clear.
#
# ## Sources
#
# - The Carpentries Incubator. *Introduction to artificial neural networks in Python*, episode 06.
#   <https://carpentries-incubator.github.io/machine-learning-neural-python/>
# - Zhou B et al. CVPR 2016, arXiv 1512.04150 (CAM). Chattopadhay A et al. WACV 2018, arXiv 1710.11063 (Grad-CAM++).
#   Wang H et al. CVPR Workshops 2020, arXiv 1910.01279 (Score-CAM).
# - DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics 1988; 44: 837–845, doi 10.2307/2531595 (interval of an AUROC).
# - Adebayo J et al. Sanity checks for saliency maps. NeurIPS 2018, arXiv 1810.03292.
# - Petsiuk V et al. RISE. BMVC 2018, arXiv 1806.07421 (deletion). Zhang J et al. Int J Comput Vis 2018, doi
#   10.1007/s11263-017-1059-x (pointing game).
# - Arun N et al. Assessing the trustworthiness of saliency maps for localizing abnormalities in medical imaging.
#   Radiology: Artificial Intelligence 2021, doi 10.1148/ryai.2021200267.
# - Saporta A et al. Benchmarking saliency methods for chest X-ray interpretation. Nature Machine Intelligence 2022, doi
#   10.1038/s42256-022-00536-x.
# - Olah C, Mordvintsev A, Schubert L. Feature visualization. Distill 2017, doi 10.23915/distill.00007.
