# ---
# title: A convolutional network
# minutes: 90
# machine_minutes: 6
# goals:
# - say why pictures need another kind of layer than tables, and count the parameters of both
# - compute a convolution and a pooling by hand
# - explain activation functions, dropout, batch normalisation and global average pooling
# - build, count and train a small convolutional network in torch
# - answer "what happens if ...?" by an experiment with repeats and an interval
# needs: [1, 2, 3]
# roots: >-
#   The Carpentries Incubator, Introduction to artificial neural networks in Python, episode 04
#   (https://carpentries-incubator.github.io/machine-learning-neural-python/04-create_net.html)
# where_it_stopped: >-
#   The Carpentries lesson asks what happens with more filters, without pooling or without dropout, and answers from
#   what is generally believed.
# our_step_further: >-
#   We ask the same questions of six independent teams with patients of their own, give the answers with intervals, and
#   compute how many teams the open ones would need.
# ---

# %% [markdown]
# # 4. A convolutional network
#
# *Research and teaching only. All films in this lesson are simulated, unless you switch to real ones below.*
#
# **Afterwards you can**
#
# - say why pictures need another kind of layer than tables, and count the parameters of both;
# - compute a convolution and a pooling by hand;
# - explain activation functions, dropout, batch normalisation and global average pooling;
# - build, count and train a small convolutional network in torch;
# - answer "what happens if ...?" by an experiment with repeats and an interval.
#
# **The question.** In lesson 2 a network of nine neurons looked at two numbers that *we* had measured in the film. Now
# the network shall look at the film itself. Which parts does it need for that? And how would you find out whether one
# of them is of any use?

# %% [markdown]
# ## The switches
#
# As in lesson 1.

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of the real public set
SEED = 1  # where random numbers start

# %% [markdown]
# New among the tools is `torch` (PyTorch), with which most networks in research are written today. It has arrays like
# NumPy, called *tensors*, and it does for any network what you did by hand in lesson 2: it remembers how a number was
# computed, and finds the gradient by backpropagation. (`ThreadPoolExecutor` lets several films be drawn at a time.)

# %%
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy import stats
from torch import nn

from wetread.metrics.intervals import wilson
from wetread.phantoms.chest import render_chest
from wetread.phantoms.effusion import draw_effusion
from wetread.phantoms.patient import draw_patient

plt.style.use("wetread.lessons.film")
torch.set_num_threads(1)  # so little work is not worth sharing out between cores

b = torch.tensor(1.5, requires_grad=True)  # a parameter: torch shall know how the loss changes with it
loss = (3 * b - 2) ** 2
loss.backward()  # backpropagation
print("gradient by torch:", b.grad.item(), "  by hand, 2 · (3b − 2) · 3:", 2 * (3 * 1.5 - 2) * 3)
assert b.grad.item() == 2 * (3 * 1.5 - 2) * 3

# %% [markdown]
# ## The films, and six teams
#
# Every second patient has an effusion of 150 to 1500 ml. One film per patient, so that a split by film is a split by
# patient (lesson 3). The films are reduced to 32 × 32 pixels: coarse, but a network then learns in seconds, and today
# we want to train *many* networks rather than one good one. With real films (`DATA`), up to 1500 are taken and reduced
# in the same way, film by film as in the original. Some of its patients have several films, so the same person may be
# on both sides, and the result may be too good.
#
# We deal the patients to **six teams** of 200 each. No team knows the others' patients. All are judged on the same 300
# patients whom nobody trains on, the test set. What the teams are for, you will see later: think of six hospitals that
# do the same study.

# %%
TEAMS, SIZE, TEST = (2, 24, 24) if SMALL else (6, 200, 300)


def draw_film(number):
    """One patient, 64 x 64 grey values and the truth; every second one has an effusion."""
    rng = np.random.default_rng([SEED, number])
    patient = draw_patient(rng)
    fluid = draw_effusion(rng, (150, 1500)) if number % 2 else None
    return render_chest(patient, rng, size=64, effusion=fluid).pixels, number % 2


def open_film(path):
    """A real film as 64 x 64 grey values, and the name of its folder as the truth."""
    film = Image.open(path).convert("L").resize((64, 64), Image.Resampling.BOX)
    return np.asarray(film, dtype=np.float32) / 255, int(path.parent.name == "effusion")


with ThreadPoolExecutor() as workers:
    if DATA:
        paths = np.random.default_rng(SEED).permutation(sorted(Path(DATA).rglob("*.png")))[: TEST + TEAMS * SIZE]
        drawn = list(workers.map(open_film, paths))
    else:
        drawn = list(workers.map(draw_film, range(TEST + TEAMS * SIZE)))

films = np.stack([film for film, _ in drawn]).reshape(-1, 32, 2, 32, 2).mean(axis=(2, 4))  # 64 x 64 to 32 x 32
truth = torch.tensor([label for _, label in drawn], dtype=torch.float32)
test = np.arange(len(films))[: min(TEST, len(films) // 3)]
teams = np.array_split(np.arange(len(test), len(films)), TEAMS)
print(len(films), "films of", films.shape[1:], "pixels; test set", len(test), "; teams", [len(team) for team in teams])

# %%
fig, axes = plt.subplots(2, 6, figsize=(13, 5))
for row, label in zip(axes, (0, 1), strict=True):
    for ax, number in zip(row, [n for n in teams[0] if truth[n] == label], strict=False):
        ax.imshow(films[number], vmin=0, vmax=1)
        ax.set(xticks=[0, 31], yticks=[0, 31])
    row[0].set_ylabel("effusion\nrow (pixel)" if label else "no effusion\nrow (pixel)")
for ax in axes[1]:
    ax.set_xlabel("column (pixel)")
fig.suptitle("What the network gets: 1024 numbers for each patient")
plt.show()

# %% [markdown]
# ## Why not go on as in lesson 2?
#
# In lesson 2 each neuron was connected with every input. Such a layer is called **dense** (or fully connected). It
# could take a film, too: a weight for each pixel.
#
# **What do you expect?** How many weights has a dense layer of 128 neurons for a film of 256 × 256 pixels? Estimate
# before you compute: one neuron needs one weight per pixel and one bias.


# %%
def dense_parameters(pixels, neurons):
    """One weight for each pixel and neuron, and one bias for each neuron."""
    return pixels * neurons + neurons


def convolution_parameters(size, maps_in, filters):
    """A little square of weights for each map that comes in and each filter, and one bias for each filter."""
    return size * size * maps_in * filters + filters


sides = np.array([32, 64, 128, 256, 512, 1024, 2048])
fig, ax = plt.subplots(figsize=(8, 4.2))
ax.plot(sides, dense_parameters(sides**2, 128), marker="o", label="dense layer, 128 neurons")
ax.plot(sides, [convolution_parameters(3, 1, 128)] * len(sides), marker="o", label="convolution, 128 filters of 3 × 3")
ax.set(xscale="log", yscale="log", xlabel="side of the film (pixels)", ylabel="parameters", xticks=sides)
ax.set_xticklabels(sides)
ax.minorticks_off()
ax.set_title("A dense layer grows with the film, a convolution does not")
ax.legend()
plt.show()
print(f"dense, 256 x 256: {dense_parameters(256**2, 128):,}; convolution: {convolution_parameters(3, 1, 128):,}")
assert dense_parameters(256**2, 128) == 8_388_736
assert convolution_parameters(3, 1, 128) == 1280

# %% [markdown]
# Eight million weights for one layer, and with a few hundred patients to learn them from. That is not even the worst. A
# dense layer has *no idea that pixels have neighbours*: if you shuffled the pixels of all films in the same way, it
# would learn equally well. And what it has learnt at one place it does not know at another. Move the patient by a
# centimetre, and it sees other numbers.
#
# A **convolution** uses two things that we know about pictures: what belongs together lies close together, and an edge
# is an edge wherever it is.

# %% [markdown]
# ## A convolution by hand
#
# Take a small table of weights, say 3 × 3, the **filter** (or *kernel*). Lay it on the upper left corner of the
# picture. Multiply each weight by the pixel under it, and add up: that is one number of the result. Move the filter one
# pixel to the right and do it again, then the next row. The result is a new picture, the **feature map**.
#
# It is a neuron of lesson 2 (weigh, add, and later bend), but one that sees only nine pixels, and **the same one at
# every place**. Nine weights instead of one per pixel.
#
# **What do you expect?** Here is the letter F of lesson 1 and a filter with −1 above, +1 below. Where will the result
# be large, where negative, where 0?

# %%
letter = np.array([
    [9, 9, 9, 9, 9],
    [9, 0, 0, 0, 0],
    [9, 9, 9, 6, 0],
    [9, 0, 0, 0, 0],
    [9, 0, 0, 0, 0],
])  # fmt: skip
kernel = np.array([
    [-1, -1, -1],
    [0, 0, 0],
    [1, 1, 1],
])  # fmt: skip

print("upper left corner of the F:\n", letter[:3, :3])
print("times the filter:\n", letter[:3, :3] * kernel)
print("added up:", (letter[:3, :3] * kernel).sum())


# %%
def convolve(picture, kernel):
    """Slides the filter over all places where it fits into the picture."""
    size = len(kernel)
    rows, columns = picture.shape[0] - size + 1, picture.shape[1] - size + 1
    result = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            result[row, column] = (picture[row : row + size, column : column + size] * kernel).sum()
    return result


feature_map = convolve(letter, kernel)
fig, axes = plt.subplots(1, 3, figsize=(12, 4.2), width_ratios=[5, 3, 3.6])
for ax, values, title, limit in [
    (axes[0], letter, "The picture, 5 × 5", 9),
    (axes[1], kernel, "The filter, 3 × 3", 1),
    (axes[2], feature_map, "The feature map, 3 × 3", 27),
]:
    shown = ax.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, alpha=0.7)
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", size=14)
    ax.set(title=title, xlabel="column", ylabel="row", xticks=range(values.shape[1]), yticks=range(values.shape[0]))
axes[0].add_patch(plt.Rectangle((-0.5, -0.5), 3, 3, fill=False, linewidth=3))
axes[2].add_patch(plt.Rectangle((-0.5, -0.5), 1, 1, fill=False, linewidth=3))
plt.show()

# torch wants a film and a map in front of rows and columns: [None, None] adds one of each
by_torch = nn.functional.conv2d(torch.tensor(letter)[None, None].float(), torch.tensor(kernel)[None, None].float())
assert np.array_equal(by_torch[0, 0].numpy(), feature_map)
assert feature_map[0, 0] == feature_map.max() == 0

# %% [markdown]
# The black squares belong together. Rows 0 and 2 of the F are equally bright at the left, so the result there is 0;
# negative (blue) means "gets darker downwards", positive would mean "gets brighter", which an F does nowhere inside
# this small picture. The filter answers one question everywhere: *is there an edge that runs across?* torch gives the
# same numbers.
#
# Two remarks. First, the result is smaller, as the filter must fit in; with a rim of zeros around the picture
# (*padding*) it keeps its size. Second, in mathematics a convolution turns the filter around first. Networks do not
# bother, since they *learn* their filters.

# %% [markdown]
# ## Filters on a film
#
# **What do you expect?** Four filters. Which one finds the upper border of the fluid? Which one finds the ribs?

# %%
rng = np.random.default_rng([SEED, 5])
sharp = render_chest(draw_patient(rng), rng, size=128, effusion=draw_effusion(rng, (700, 800))).pixels
filters = {
    "blur": np.ones((3, 3)) / 9,
    "edge running across": kernel,
    "edge running down": kernel.T,
    "centre minus surround": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
}
fig, axes = plt.subplots(1, 5, figsize=(15, 3.8))
axes[0].imshow(sharp, vmin=0, vmax=1)
axes[0].set_title("film")
for ax, (name, weights) in zip(axes[1:], filters.items(), strict=True):
    found = convolve(sharp, weights)
    limit = np.quantile(np.abs(found), 0.99)
    ax.imshow(found, cmap="gray" if name == "blur" else "RdBu_r", vmin=0 if name == "blur" else -limit, vmax=limit)
    ax.set_title(name)
for ax in axes:
    ax.set(xlabel="column (pixel)")
axes[0].set_ylabel("row (pixel)")
plt.show()

# %% [markdown]
# Blurring takes away noise and detail. The second filter shows the diaphragm, the border of the fluid and, fainter, the
# ribs, the third the sides of the lungs and of the heart, the last small things and noise. (In the coloured maps red is
# positive, blue negative, white zero.) Radiography has used such filters for decades, designed by hand. **A
# convolutional network does not get them; it learns the weights**, by gradient descent, so that its loss falls.
#
# A layer has not one filter but several, and each makes a map of its own. In the *next* layer a filter reaches through
# **all** maps of the layer before, so it can ask for combinations: "an edge across, *and* bright below". That is why
# the number of maps that come in counts: 12 filters of 3 × 3 on 8 maps have 3 · 3 · 8 · 12 weights and 12 biases.
# (`Conv2d` is what torch calls a convolution; `numel` counts the elements of a tensor.)

# %%
layer = nn.Conv2d(in_channels=8, out_channels=12, kernel_size=3, padding=1)
print("shape of the weights:", tuple(layer.weight.shape), "  of the biases:", tuple(layer.bias.shape))
print("parameters:", sum(p.numel() for p in layer.parameters()), "=", convolution_parameters(3, 8, 12))
assert sum(p.numel() for p in layer.parameters()) == convolution_parameters(3, 8, 12) == 876

# %% [markdown]
# ## Pooling
#
# After a convolution the maps are made smaller. **Max pooling** takes the largest number of each 2 × 2 square: "was the
# feature found *somewhere* here?" *Average pooling* takes the mean. Rows and columns are halved, so the next layer has
# a quarter of the work, and its 3 × 3 filter reaches over twice the distance.
#
# **What do you expect?** Below, the same map is moved by one pixel to the right. What happens to the pooled map?

# %%
found_here = np.zeros((6, 6))
found_here[[1, 2, 4], [0, 2, 4]] = [5, 8, 3]


def max_pool(values):
    """The largest number of each square of 2 x 2."""
    rows, columns = values.shape
    return values.reshape(rows // 2, 2, columns // 2, 2).max(axis=(1, 3))


moved = np.roll(found_here, 1, axis=1)
fig, axes = plt.subplots(1, 4, figsize=(13, 3.8), width_ratios=[6, 3, 6, 3])
panels = {
    "a feature map": found_here,
    "pooled": max_pool(found_here),
    "moved by one": moved,
    "pooled too": max_pool(moved),
}
for ax, (title, values) in zip(axes, panels.items(), strict=True):
    ax.imshow(values, vmin=0, vmax=9, cmap="Blues")
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", size=12, color="white" if value > 5 else "black")
    ax.set(title=title, xlabel="column", ylabel="row", xticks=range(values.shape[1]), yticks=range(values.shape[0]))
plt.show()
assert np.array_equal(max_pool(found_here), max_pool(moved))

# %% [markdown]
# The pooled map has not changed. That is tolerance of small shifts, and it is bought with precision: the network no
# longer knows where exactly it was. (We chose a fair example. Move by one more, and the pooled map does change.)
#
# How far can one number deep in the network see? We ask torch: it computes by backpropagation which pixels of the film
# have any influence on a number in the middle of the last map. This area is the **receptive field**.


# %%
def receptive_field(layers):
    """Which pixels of a film of 32 x 32 change the middle of the last feature map."""
    film = torch.zeros(1, 1, 32, 32, requires_grad=True)
    maps = film
    for number in range(layers):
        maps = nn.functional.conv2d(maps, torch.ones(1, 1, 3, 3), padding=1)
        if number < layers - 1:
            maps = nn.functional.avg_pool2d(maps, 2)
    maps[0, 0, maps.shape[2] // 2, maps.shape[3] // 2].backward()
    return (film.grad[0, 0] != 0).numpy()


fig, axes = plt.subplots(1, 3, figsize=(11, 3.9))
example = films[next(n for n in teams[0] if truth[n] == 1)]
for ax, layers in zip(axes, (1, 2, 3), strict=True):
    field = receptive_field(layers)
    ax.imshow(example, vmin=0, vmax=1)
    ax.imshow(np.ma.masked_where(~field, field), cmap="autumn", alpha=0.5)
    ax.set(title=f"{layers} layer{'s' * (layers > 1)}: {field.any(0).sum()} × {field.any(1).sum()} pixels")
    ax.set(xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()
assert [receptive_field(n).any(0).sum() for n in (1, 2, 3)] == [3, 8, 18]

# %% [markdown]
# One layer sees an edge. Three layers with pooling between them see most of a lung. **Depth and pooling make the field
# large**: a first answer to a question of the original, what several layers are good for.
#
# ## Global average pooling
#
# At the end there may be 32 maps of 8 × 8. **Global average pooling** takes the mean of each map. 32 numbers are left,
# each saying *how much* of a feature there is in the film, not where. Then a small dense part decides. Two
# consequences: few parameters, and films of any size fit in. A third one matters for lesson 7: since the decision is
# made from means of maps, one can ask which places of the maps contributed.

# %% [markdown]
# ## Activation functions
#
# After each convolution the numbers are bent, as in lesson 2. Without that, ten layers would be one.

# %%
x = torch.linspace(-5, 5, 200, requires_grad=True)
bends = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": torch.relu,
    "leaky ReLU": lambda x: nn.functional.leaky_relu(x, 0.1),
}
fig, (a, b) = plt.subplots(1, 2, figsize=(12, 4))
for name, bend in bends.items():
    y = bend(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    dashes = "--" if name == "leaky ReLU" else "-"  # or it would hide the ReLU
    a.plot(x.detach(), y.detach(), dashes, label=name)
    b.plot(x.detach(), slope, dashes, label=name)
a.set(title="What comes out", xlabel="sum that goes in", ylabel="output", ylim=(-1.5, 3))
b.set(title="How much of the blame passes back", xlabel="sum that goes in", ylabel="steepness", ylim=(-0.05, 1.1))
a.legend()
plt.show()
print(f"steepest place of the sigmoid: {0.25}; through five layers at most {0.25**5:.4f} of the blame arrives")

# %% [markdown]
# The right figure is the important one. In backpropagation the blame is multiplied by the steepness at every layer. A
# sigmoid lets at most a quarter through, and next to nothing where it is *saturated*, far to the left or right.
# **ReLU** (rectified linear unit: negative becomes 0, the rest stays) lets all or nothing through. It is quickly
# computed, and it helped to make deep networks trainable (Glorot 2011). Its weakness: a neuron that is negative for all
# films gets no blame and never wakes up again. *Leaky* ReLU leaves it a little.

# %% [markdown]
# ## Dropout
#
# A network with many parameters can learn its patients by heart: it gets them right and new ones wrong. This is
# *overfitting* (lesson 5). **Dropout** (Srivastava 2014) hinders it: at each training step, a random part of the
# neurons (here 60 %) is silenced. None can rely on a certain other one being there. The remaining ones are made louder,
# so that the sum stays the same on average. When the network is *used*, nobody is silenced.

# %%
torch.manual_seed(SEED)
drop = nn.Dropout(0.6)
neurons = torch.ones(10)
drop.train()
print("training, step 1:", [round(value, 1) for value in drop(neurons).tolist()])
print("training, step 2:", [round(value, 1) for value in drop(neurons).tolist()])
drop.eval()
print("in use:          ", [round(value, 1) for value in drop(neurons).tolist()])
drop.train()
many = drop(torch.ones(100_000))
print(f"silenced: {(many == 0).float().mean():.3f}; mean of all: {many.mean():.3f}")
assert abs(many.mean().item() - 1) < 0.02

# %% [markdown]
# `train()` and `eval()` switch between learning and use. **To forget `eval()` is a classic**: the same film then gets
# another answer each time.
#
# ## Batch normalisation
#
# While a network learns, every layer gets its input from layers that change as well. **Batch normalisation** (Ioffe and
# Szegedy 2015) keeps the scale in order: for each map it takes the batch (the handful of films of one step), subtracts
# the mean, divides by the standard deviation, and then applies two learnt parameters, a factor and a shift. You know
# from lesson 2 how much scaling helps a walk downhill.
#
# **What do you expect?** In training, the numbers of a film depend on which *other* films are in the batch. In use,
# means that were remembered from training are taken. What follows for one film, given together with different
# neighbours?

# %%
torch.manual_seed(SEED)
norm = nn.BatchNorm2d(1)
pictures = torch.tensor(films[teams[0]], dtype=torch.float32)[:, None]
for _ in range(100):
    norm(pictures)  # remembers mean and spread
one, dark, bright = pictures[:1], 0.5 * pictures[1:5], pictures[1:5] + 0.5
for mode in ("train", "eval"):
    answers = []
    getattr(norm, mode)()
    for others in (dark, bright):
        answers.append(norm(torch.cat([one, others]))[0].mean().item())
    print(f"{mode:5}: mean of the film afterwards {answers[0]:+.3f} (dark neighbours), {answers[1]:+.3f} (bright)")
assert abs(answers[0] - answers[1]) < 1e-6

# %% [markdown]
# In training the neighbours matter, in use they do not. If a network is good in training and useless afterwards, look
# here first: `eval()` forgotten, or batches of one or two films.

# %% [markdown]
# ## The original's network, counted
#
# The Carpentries lesson builds seven convolutions, six times max pooling, global average pooling, and three dense
# layers, for films of 256 × 256 pixels. Its table says **54,627 parameters**. We build it in torch. `nn.Sequential`
# passes a film through a list of layers, one after the other (`*` takes them out of the list); `nn.Linear` is a dense
# layer, and `Flatten` makes one row of numbers of the maps.


# %%
def original(first=8):
    """The network of the Carpentries lesson, with a chosen number of filters in its first layer."""
    layers, maps_in = [], 1
    for number, (filters, size) in enumerate([(first, 3), (8, 3), (12, 3), (12, 3), (20, 5), (20, 5), (50, 5)]):
        layers += [nn.Conv2d(maps_in, filters, size, padding="same"), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number < 6 else []
        maps_in = filters
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]  # global average pooling; 50 maps become 50 numbers
    layers += [nn.Linear(50, 128), nn.ReLU(), nn.Dropout(0.6), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 1)]
    return nn.Sequential(*layers)


def count(network):
    """How many parameters a network has."""
    return sum(parameter.numel() for parameter in network.parameters())


rows, maps = [], torch.zeros(1, 1, 256, 256)
for layer in original():
    maps = layer(maps)
    rows.append(
        {"layer": type(layer).__name__, "result": " × ".join(map(str, maps.shape[1:])), "parameters": count(layer)}
    )
table = pd.DataFrame(rows)
print(table[~table["layer"].isin(["ReLU", "Flatten"])].to_string(index=False))
print("in all:", count(original()), "  with 16 filters in the first layer:", count(original(16)))
assert count(original()) == 54_627
assert count(original(16)) - count(original()) == 80 + 576

# %% [markdown]
# The same number. And one of the original's exercises is answered already: *how does the number of parameters change
# with 16 instead of 8 filters in the first layer?* By 656, or 1.2 per cent: 80 in the first layer and 576 in the
# second, whose filters must now reach through 16 maps. Nearly half of all parameters sit in the last convolution.
# Whether 16 filters also *help* is another question.

# %% [markdown]
# ## Our network, and the loop in the open
#
# For the experiments we take a smaller relative: three convolutions of 8, 16 and 32 filters. Every part has a switch,
# so that we can leave it out later. All films are scaled by the same two numbers, mean and standard deviation of the
# first team's films (lesson 1). What `print` shows is the list of layers, with settings that you may skip.


# %%
def build(filters=(8, 16, 32), size=3, pool=True, dropout=0.6, norm=True, bend=nn.ReLU):
    """A small convolutional network; what comes out is a score, as in lesson 2."""
    layers, maps_in = [], 1
    for number, maps_out in enumerate(filters):
        layers.append(nn.Conv2d(maps_in, maps_out, size, padding="same"))
        layers += [nn.BatchNorm2d(maps_out)] if norm else []
        layers.append(bend())
        layers += [nn.MaxPool2d(2)] if pool and number < len(filters) - 1 else []
        maps_in = maps_out
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    layers += [nn.Linear(maps_in, 32), bend(), nn.Dropout(dropout), nn.Linear(32, 1)]
    return nn.Sequential(*layers)


scale = films[teams[0]].mean(), films[teams[0]].std()
inputs = torch.tensor((films - scale[0]) / scale[1], dtype=torch.float32)[:, None]  # films, 1 map, rows, columns
print(build())
print("parameters:", count(build()))

# %% [markdown]
# And the training. Read it line by line: it is lesson 2 again. An *epoch* is once through all films, in batches of 16;
# for each batch: scores, loss (the binary cross-entropy, with the sigmoid inside), gradients, one step of Adam. From
# epoch to epoch the learning rate gets smaller, so that the walk comes to rest (lesson 2, batches).


# %%
def train(network, numbers, epochs, seed):
    """Trains on the films of these numbers; returns the mean loss of each epoch."""
    generator = torch.Generator().manual_seed(seed)
    steps = torch.optim.Adam(network.parameters(), lr=0.005)
    slower = torch.optim.lr_scheduler.LinearLR(steps, 1.0, 0.02, epochs)  # the rate falls to a fiftieth
    measure = nn.BCEWithLogitsLoss()
    numbers, losses = torch.as_tensor(numbers), []
    for _ in range(epochs):
        network.train()
        total = 0.0
        for batch in numbers[torch.randperm(len(numbers), generator=generator)].split(16):
            steps.zero_grad()  # forget the gradients of the last batch
            loss = measure(network(inputs[batch])[:, 0], truth[batch])
            loss.backward()  # backpropagation
            steps.step()  # against the gradient
            total += loss.item() * len(batch)
        slower.step()
        losses.append(total / len(numbers))
    return losses


def hits(network, numbers, films=inputs):
    """For each of these films, whether the network is right."""
    network.eval()
    with torch.no_grad():  # no gradients needed; a score above 0 is a probability above one half
        return ((network(films[numbers])[:, 0] > 0) == (truth[numbers] > 0.5)).numpy()


EPOCHS = 2 if SMALL else 20
torch.manual_seed(SEED)
network = build()
losses = train(network, teams[0], EPOCHS, SEED)
known, new = hits(network, teams[0]), hits(network, test)
for name, right in [("its own patients", known), ("new patients", new)]:
    found = wilson(int(right.sum()), len(right))
    print(f"{name:17} accuracy {found.value:.2f} (95 % interval {found.low:.2f} to {found.high:.2f})")
assert SMALL or DATA or (found.low > 0.5 and known.mean() > new.mean() + 0.05)

# %%
fig, (a, b) = plt.subplots(1, 2, figsize=(11, 3.9))
a.plot(range(1, EPOCHS + 1), losses, marker="o")
a.axhline(np.log(2), color="0.7", linestyle=":")
a.set(
    title="The loss falls below guessing (0.693)", xlabel="epoch", ylabel="binary cross-entropy (nats)", ylim=(0, 0.85)
)
b.bar(["its own\npatients", "new\npatients"], [known.mean(), new.mean()], color=["C0", "C1"])
b.axhline(0.5, color="0.4", linestyle=":")
b.set(title="Known patients are easier than new ones", ylabel="accuracy", ylim=(0, 1))
plt.show()

# %% [markdown]
# It has learnt something that holds for new patients, from 200 films of 32 × 32 pixels. It also knows its own patients
# better than new ones, in spite of dropout. What has it learnt to look for? The filters of the first layer can be
# shown; what they make of a film says more.

# %%
weights = network[0].weight.detach()[:, 0]
maps = network[:3](inputs[[n for n in teams[0] if truth[n] == 1][:1]]).detach()[0]  # convolution, normalisation, ReLU
fig, axes = plt.subplots(2, 8, figsize=(14, 4.2))
for number in range(8):
    limit = weights.abs().max()
    axes[0, number].imshow(weights[number], cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes[0, number].set(title=f"filter {number + 1}", xlabel="column", xticks=[0, 2], yticks=[0, 2])
    axes[1, number].imshow(maps[number])
    axes[1, number].set(xlabel="column (pixel)", xticks=[0, 31], yticks=[0, 31])
axes[0, 0].set_ylabel("weights\nrow")
axes[1, 0].set_ylabel("feature map\nrow (pixel)")
fig.suptitle("First layer: learnt filters (red positive, blue negative) and what they find")
plt.show()

# %% [markdown]
# Some find edges, as our handmade filters did, others mere brightness or darkness. Do not read too much into nine
# weights. Lesson 7 looks deeper.

# %% [markdown]
# ## What happens if ...?
#
# The original asks its readers four questions:
#
# 1. What happens if dropout is reduced or left out?
# 2. What are several convolutional layers good for?
# 3. What happens without pooling?
# 4. What happens with 16 filters instead of 8 in the first layer?
#
# It answers from what is generally believed: without dropout more overfitting, several layers see more complex things,
# without pooling more computing and more overfitting, with more filters more capacity (room to learn) *and* more
# overfitting. All plausible. But "plausible" is where an experiment begins. We add five questions: filters of 1 × 1 and
# of 5 × 5; no batch normalisation; sigmoid instead of ReLU; and a dense network without any convolution.
#
# **What do you expect?** Write it down before you go on: for each line, better, worse, or no difference on new
# patients?
#
# **How we compare.** One training is one draw (lesson 2). So each of the six teams trains *every* variant on its own
# patients, and each time we look at the **difference** to the full network of the *same* team. From the six differences
# $d$ we take the mean and a 95 % interval:
#
# $$ \bar d \pm t \cdot \frac{s}{\sqrt{n}} $$
#
# with $s$ for their standard deviation and $n = 6$. $t$ = 2.57 comes from Student (1908), a brewer who had few samples
# as well: with so few teams it has to be larger than the usual 1.96. (*Per cent* of a difference means points: from
# 0.80 to 0.83 is +3 %.)


# %%
def dense_only():
    """A network without convolution: a weight for every pixel."""
    return nn.Sequential(nn.Flatten(), nn.Linear(1024, 32), nn.ReLU(), nn.Dropout(0.6), nn.Linear(32, 1))


variants = {
    "the full network": build,
    "no dropout": lambda: build(dropout=0.0),
    "one convolution only": lambda: build(filters=(8,)),
    "no pooling": lambda: build(pool=False),
    "16 filters in the first layer": lambda: build(filters=(16, 16, 32)),
    "filters of 1 × 1": lambda: build(size=1),
    "filters of 5 × 5": lambda: build(size=5),
    "no batch normalisation": lambda: build(norm=False),
    "sigmoid instead of ReLU": lambda: build(bend=nn.Sigmoid),
    "dense, no convolution": dense_only,
}
rows = []
for name, make in variants.items():
    for number, team in enumerate(teams):
        torch.manual_seed(number)
        network, began = make(), time.perf_counter()
        train(network, team, EPOCHS, seed=number)
        seconds = time.perf_counter() - began
        right = {"own patients": hits(network, team).mean(), "new patients": hits(network, test).mean()}
        rows.append({"variant": name, "team": number, "parameters": count(network), "seconds": seconds} | right)
runs = pd.DataFrame(rows)
summary = runs.groupby("variant", sort=False)[["parameters", "seconds", "own patients", "new patients"]].mean()
print(summary.round({"parameters": 0, "seconds": 1, "own patients": 2, "new patients": 2}).to_string())

# %%
accuracy = runs.pivot(index="team", columns="variant", values="new patients")
factor = stats.t.ppf(0.975, TEAMS - 1) / np.sqrt(TEAMS)


def compared(differences):
    """Mean of the teams' differences, and a 95 % interval by Student's t."""
    mean, half = differences.mean(), factor * differences.std(ddof=1)
    return mean, mean - half, mean + half


names = list(variants)[1:]
found = {name: compared(accuracy[name] - accuracy["the full network"]) for name in names}
fig, ax = plt.subplots(figsize=(10, 5.4))
for place, name in enumerate(names):
    mean, low, high = found[name]
    differences = accuracy[name] - accuracy["the full network"]
    ax.scatter(100 * differences, [place + 0.22] * TEAMS, s=16, color="0.6")
    ax.plot([100 * low, 100 * high], [place, place], color="C0")
    ax.plot(100 * mean, place, marker="o", markersize=9, color="C0")
ax.axvline(0, color="black", linewidth=1)
ax.set(
    yticks=range(len(names)), yticklabels=names, xlabel="accuracy on new patients, difference to the full network (%)"
)
ax.set_title(f"{TEAMS} teams: mean with 95 % interval; each grey dot is a team")
ax.invert_yaxis()
plt.show()
for name, (mean, low, high) in found.items():
    verdict = "better" if low > 0 else "worse" if high < 0 else "not told apart"
    print(f"{name:30} {100 * mean:+5.1f} % ({100 * low:+5.1f} to {100 * high:+5.1f})  {verdict}")

# %% [markdown]
# Compare with what you wrote down. How to read such a figure:
#
# - **An interval that crosses 0 does not mean "no difference".** It means that six teams cannot tell. Look at its ends:
#   all values between them are compatible with what we saw.
# - Where the grey dots of the teams lie on both sides of 0, a single team would have published either answer, depending
#   on which team it was. That is the usual way to contradictory papers.
# - Of intervals of 95 %, one in twenty misses the truth, and here are nine: do not be surprised by one.
# - The teams share the test patients. The intervals speak of other teams, judged on *these* patients.
#
# And what the variants *cost*:

# %%
fig, (a, b) = plt.subplots(1, 2, figsize=(13, 4.8), sharey=True)
places = np.arange(len(summary))
a.barh(places, summary["seconds"], color="C0")
a.set(
    title="What a training costs",
    xlabel="seconds per training (this computer)",
    yticks=places,
    yticklabels=summary.index,
)
b.barh(places - 0.2, summary["own patients"], height=0.4, color="C0", label="its own patients")
b.barh(places + 0.2, summary["new patients"], height=0.4, color="C1", label="new patients")
b.axvline(0.5, color="0.4", linestyle=":")
b.set(title="The gap between the bars is overfitting", xlabel="accuracy, mean of the teams", xlim=(0.4, 1))
b.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
a.invert_yaxis()
plt.show()
assert SMALL or summary.loc["no pooling", "seconds"] > summary.loc["the full network", "seconds"]

# %% [markdown]
# The original's four questions, with our answers beside its own. The sentences are put together from the numbers above,
# so they stay true if you change something and run again.


# %%
def tell(name):
    """A sentence about one variant, from the numbers of the experiment."""
    mean, low, high = found[name]
    verdict = "was better" if low > 0 else "was worse" if high < 0 else "could not be told apart"
    own, new, seconds = (summary[column] for column in ("own patients", "new patients", "seconds"))
    gap, gap_full = (100 * (own[key] - new[key]) for key in (name, "the full network"))
    times = seconds[name] / seconds["the full network"]
    return (
        f"{name}: {verdict} on new patients ({100 * mean:+.1f} %, {100 * low:+.1f} to {100 * high:+.1f}).\n"
        f"   Gap between own and new patients {gap:.0f} % (full network {gap_full:.0f} %); {times:.1f} times its time."
    )


print("1.", tell("no dropout"))
print("2.", tell("one convolution only"))
print("3.", tell("no pooling"))
print("4.", tell("16 filters in the first layer"))
if not SMALL and not DATA:  # what the text below says of the phantoms
    assert found["one convolution only"][2] < 0
    assert found["no batch normalisation"][2] < 0
    assert summary.loc["no pooling", "own patients"] < summary.loc["the full network", "own patients"]

# %% [markdown]
# With the phantoms, our run said this (yours may differ a little, since computers add in different orders):
#
# - **Several layers**: needed, and by far. One convolution sees 3 × 3 pixels, and hardly does better than guessing.
# - **Pooling**: without it the network was worse and slower, as the original expected. But *not* for the expected
#   reason. The gap to the own patients did not grow: the network was worse on its *own* patients, too. One switch had
#   changed two things. Three layers of 3 × 3 without pooling see 7 × 7 pixels instead of 18 × 18, and that view is too
#   small.
# - **Dropout** and **16 filters**: open. The intervals reach from several per cent worse to several per cent better.
# - Of our own questions, **ReLU** and **batch normalisation** made large differences. The interval of **5 × 5** lies
#   almost wholly on the better side: a candidate for the next study, not a result.
#
# None of this is a law. It holds for 200 phantoms of 32 × 32 pixels and a small network after 20 epochs. With more
# patients, larger films or longer training other parts may matter. In particular, a part that *speeds up* learning,
# such as batch normalisation, looks indispensable if one stops early. **The way of asking carries over, the answers do
# not.**

# %% [markdown]
# ## Moved patients
#
# At the beginning we said that a dense layer does not know at one place what it has learnt at another. So a
# convolutional network should suffer less when patients are moved. Is that so? The first three teams train both kinds
# of network; then all test films are moved sideways by up to five pixels (one is about a centimetre).
#
# **What do you expect?** What will the two curves look like?

# %%
shifts = range(-5, 6)
fig, ax = plt.subplots(figsize=(8, 4.2))
for name in ["the full network", "dense, no convolution"]:
    curves = []
    for number, team in enumerate(teams[:3]):
        torch.manual_seed(number)
        network = variants[name]()
        train(network, team, EPOCHS, seed=number)
        curves.append([hits(network, test, torch.roll(inputs, shift, dims=3)).mean() for shift in shifts])
    ax.plot(shifts, np.mean(curves, axis=0), marker="o", label=name)
    ax.fill_between(shifts, np.min(curves, axis=0), np.max(curves, axis=0), alpha=0.15)
ax.axhline(0.5, color="0.7", linestyle=":")
ax.set(xlabel="shift of the test films (pixels)", ylabel="accuracy on new patients", ylim=(0.4, 1))
ax.set_title(f"Moved patients (mean and range of {min(3, TEAMS)} teams)")
ax.legend()
plt.show()

# %% [markdown]
# Did you expect a flat line for the convolutions? Many texts promise it. In our run the convolutional network stayed
# ahead (the coloured bands run from the worst team to the best), but lost about as much as the dense one, near 0.1 for
# five pixels. A convolution *as such* is the same everywhere. The whole network is not: pooling cuts the picture into
# fixed squares, the rim of zeros tells where the edge is, and it has never seen a patient who stands like this. (What
# is moved out on one side comes in again on the other, which is unnatural and adds to it.) That trained networks are
# more sensitive to small shifts than one believes has been found with photographs as well (Azulay and Weiss 2019). The
# remedy is in the data: show moved patients in training, the augmentation of lesson 3.

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# The original asks good questions and answers them with what one would expect. We let six teams try, and several
# answers stayed open. The honest next question is: **how many teams would it take?** If the teams' differences scatter
# with a standard deviation of $s$, an interval of $\pm 2$ per cent needs about $n = (2 s / 2\,\%)^2$ teams.

# %%
needed = {}
for name in names:
    scatter = 100 * (accuracy[name] - accuracy["the full network"]).std(ddof=1)
    needed[name] = max(2, int(np.ceil((2 * scatter / 2) ** 2)))
table = pd.DataFrame({"interval now (±, %)": [100 * (found[name][2] - found[name][0]) for name in names],
                      "teams for ± 2 %": list(needed.values())}, index=names)  # fmt: skip
print(table.round(1).to_string())

# %% [markdown]
# In our run it would take 43 to 71 of them. Many a paper claims an improvement of one or two per cent from one training
# each. You now know how many repeats such a claim costs, and what to ask the authors. `wetread` therefore gives every
# number with an interval, and trains on several divisions of the patients (*folds*) before it recommends anything.

# %% [markdown]
# ## Exercises
#
# 1. **By hand.** Compute the feature map of the letter F for the filter `kernel.T`. Which number stands in its upper
#    left corner, and why?
# 2. **Count.** How many parameters has a layer of 64 filters of 5 × 5 on 32 maps? And a dense layer from 32 maps of 8 ×
#    8 to 64 neurons?
# 3. **Receptive field.** How many layers of 3 × 3 *without* pooling are needed to see 18 pixels?
# 4. **Experiment.** Is it dropout that keeps the gap small, or too few epochs? Compare dropout 0, 0.3 and 0.6 with 20
#    and 60 epochs. Decide beforehand how many teams you need.
# 5. **Think.** A student trains the full network and "no dropout" once each. The second is 3 per cent better. She
#    writes: "dropout harms". What do you answer?
#
# <details><summary>Solutions</summary>
#
# 1. `convolve(letter, kernel.T)`: right column minus left column of each 3 × 3 square. Upper left: (9 + 0 + 9) − (9 + 9
#    + 9) = −9. The upright of the F is bright, what is right of it darker.
# 2. 5 · 5 · 32 · 64 + 64 = 51,264. Dense: 32 · 8 · 8 · 64 + 64 = 131,136. Global average pooling in between would leave
#    32 · 64 + 64 = 2,112.
# 3. Each layer adds 2 pixels to the 3 of the first: 3, 5, 7, ..., so 9 layers see 19. With pooling, 3 suffice.
# 4. Change `build(dropout=...)` and `EPOCHS`, use all teams, look at differences. There is no number to give here: that
#    is the point of it. The table above tells how many teams ± 2 per cent take.
# 5. Ask for repeats. In our figure the differences of single teams scatter by several per cent, so a single one of 3
#    per cent says next to nothing about dropout.
#
# </details>

# %%
assert convolve(letter, kernel.T)[0, 0] == -9
assert convolution_parameters(5, 32, 64) == 51_264
assert dense_parameters(32 * 8 * 8, 64) == 131_136
scatter = 100 * (accuracy["no dropout"] - accuracy["the full network"])
print("no dropout minus full network, team by team (%):", scatter.round(1).tolist())

# %% [markdown]
# ## What to take along
#
# A convolution is a small neuron that is applied everywhere: few weights, and what it learnt at one place holds at all.
# Pooling and depth widen its view; activation, normalisation and dropout make it trainable and keep it modest. Which of
# them you need is a question for an experiment with repeats, and an answer without an interval is an anecdote.
#
# ## Sources
#
# - The Carpentries Incubator. *Introduction to artificial neural networks in Python*, episode 04 (exercises, parameter
#   count). <https://carpentries-incubator.github.io/machine-learning-neural-python/04-create_net.html>
# - Student. The probable error of a mean. Biometrika 1908; 6: 1–25, doi 10.2307/2331554.
# - LeCun Y et al. Gradient-based learning applied to document recognition. Proc IEEE 1998; 86: 2278–2324, doi
#   10.1109/5.726791 (convolutional networks).
# - Azulay A, Weiss Y. Why do deep convolutional networks generalize so poorly to small image transformations? J Mach
#   Learn Res 2019; 20 (184): 1–25, <https://arxiv.org/abs/1805.12177>.
# - Glorot X, Bordes A, Bengio Y. Deep sparse rectifier neural networks. AISTATS 2011 (ReLU).
# - Lin M, Chen Q, Yan S. Network in network. ICLR 2014, <https://arxiv.org/abs/1312.4400> (global average pooling).
# - Srivastava N et al. Dropout. J Mach Learn Res 2014; 15: 1929–1958.
# - Ioffe S, Szegedy C. Batch normalization. ICML 2015, <https://arxiv.org/abs/1502.03167>.
