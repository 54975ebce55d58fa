# ---
# title: Clothes, a homework
# minutes: 60
# machine_minutes: 3
# goals:
# - read a binary file by hand, from the description of its format, and check that you read it right
# - build, count and train a dense network on ten classes, with a part for decisions and a part that is opened once
# - read a table of ten by ten confusions, and say which errors are worth a thought
# - find out by experiment whether scaling matters, and how many epochs are enough
# - name what is missing in a set of clothes that every set of patients has
# needs: [1, 2, 3, 4, 5]
# roots: >-
#   Xiao, Rasul and Vollgraf, Fashion-MNIST (https://arxiv.org/abs/1708.07747); TensorFlow, Basic classification:
#   classify images of clothing (https://www.tensorflow.org/tutorials/keras/classification), the homework of many a
#   first course
# where_it_stopped: >-
#   The tutorial trains ten epochs on 60,000 pictures, looks at the test set whenever it likes, and prints an accuracy
#   without an interval. It sees that training does better than testing, calls it overfitting, and goes on.
# our_step_further: >-
#   We choose scaling and epochs on a part of their own, open the test once, put an interval round the result, and then
#   photograph every garment eight times, as patients come with several films, and watch an honest number turn false.
# ---

# %% [markdown]
# # 9. Clothes, a homework
#
# *Research and teaching only. Nothing in this lesson is a patient, and nothing here says how a model does on patients.*
#
# **Afterwards you can**
#
# - read a binary file by hand, from the description of its format, and check that you read it right;
# - build, count and train a dense network on ten classes, with a part for decisions and a part that is opened once;
# - read a table of ten by ten confusions, and say which errors are worth a thought;
# - find out by experiment whether scaling matters, and how many epochs are enough;
# - name what is missing in a set of clothes that every set of patients has.
#
# **The question.** Many who learn this trade train their first network on the same 70,000 small pictures of shirts,
# shoes and bags, called Fashion-MNIST. It takes ten lines and two minutes, and nine of ten guesses are right. What does
# one learn from that, and what does one get *wrong* for years, because clothes are not patients?
#
# This is the homework of the course: you have met every idea before. There is more to do for you, and less to be told.

# %% [markdown]
# ## The switches
#
# As always, `DATA = None` needs no internet: the lesson draws clothes of its own, in the same ten classes, of the same
# size, and stores them in the format of the true set, *IDX*, which is explained below. For the true set, type `wetread
# data get fashion-mnist` in a terminal once (31 MB) and put the folder that it names between quotes behind `DATA =`.
# All cells stay the same.

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: drawn clothes; or the folder of Fashion-MNIST
SEED = 9  # where random numbers start

# %%
import gzip
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw

import wetread
from wetread.metrics.intervals import wilson, wilson_by_patient
from wetread.writing import atomic_write

plt.style.use("wetread.lessons.film")
torch.set_num_threads(1)  # a network this small is done soonest by one
folder = Path(tempfile.mkdtemp(prefix="lesson-09-"))
NAMES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
         "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]  # fmt: skip

# %% [markdown]
# ## Drawing a wardrobe
#
# Each garment is an outline: a list of corners (x, y) in a square of 28 by 28, joined by straight lines. A T-shirt, a
# pullover, a coat and a shirt share one outline and differ in the length of sleeve and hem; a coat has a line down its
# middle, a shirt has a collar and buttons. That they look alike is intended: so they do in the true set.
#
# You need not read this cell line by line. Look at the numbers: each is drawn by chance between two limits, so no two
# garments are the same, and the limits of different classes **overlap**.


# %%
def top(rng, sleeve, length, flare=1.0):
    """A garment with sleeves: the outline of its right half, mirrored to the left."""
    half, slope = rng.uniform(4.2, 5.4), rng.uniform(0.25, 0.6)
    out, down = np.sin(slope), np.cos(slope)
    cuff = (14 + half + sleeve * out, 5 + sleeve * down)
    right = [(16, 4), (14 + half, 5), cuff, (cuff[0] - 2.6 * down, cuff[1] + 2.6 * out), (13.6 + half, 9.5),
             (14 + half * flare, 4 + length)]  # fmt: skip
    return [right + [(28 - x, y) for x, y in reversed(right)]]


def shoe(rng, shaft):
    """A shoe from the side: the sole, the toe on the left, and a shaft of some height on the right."""
    toe, high = rng.uniform(2, 4), 18 - shaft
    return [[(toe, 22), (toe + 1, 18.5), (12, 17), (16, 14.5), (16.5, high), (24, high), (25, 18), (25, 22)]]


# %% [markdown]
# Now the ten classes. `u(4, 8)` is a number drawn between 4 and 8: such are the sleeves of a T-shirt, in pixels. Those
# of a shirt may be anything from 5 to 17, since there are shirts with short sleeves.


# %%
def draw_outline(kind, rng):
    """One garment: its outlines and the lines drawn on them, as corners (x, y) from 0 to 28."""
    u, middle = rng.uniform, [(14, 4), (14, 27)]
    if kind in (0, 2, 4, 6):  # T-shirt, pullover, coat, shirt
        sleeve = {0: u(4, 8), 2: u(13, 18), 4: u(14, 18), 6: u(5, 17)}[kind]
        length = {0: u(17, 21), 2: u(17, 21), 4: u(19, 22.5), 6: u(17, 22)}[kind]
        collar = [(12, 4), (14, 7), (16, 4)]
        lines = {0: [], 2: [], 4: [middle] * (u(0, 1) < 0.7), 6: [collar] * (u(0, 1) < 0.7)}[kind]
        return top(rng, sleeve, length), lines
    if kind == 1:  # trouser
        leg, gap = u(9, 10.5), u(0.4, 1.2)
        left = [(leg, 2), (leg - 1, 26), (14 - gap, 26), (14, 10)]
        return [left + [(28 - x, y) for x, y in reversed(left)]], []
    if kind == 3:  # dress
        return top(rng, u(0.5, 6), u(20.5, 23), flare=u(1.0, 1.5)), []
    if kind == 5:  # sandal: a sole and straps
        heel, starts, leans, tops = u(15, 21), (6, 10, 15), u(2, 5, 3), u(13, 16, 3)
        sole = [(2, 21.5), (25, heel), (25, heel + 2), (2, 23)]
        return [sole, *([(x, 21), (x + by, y), (x + by + 1.6, y), (x + 1.6, 21)]
                        for x, by, y in zip(starts, leans, tops, strict=True))], []  # fmt: skip
    if kind == 8:  # bag: a body and three bars for a handle
        wide, high, grip = u(8, 11), u(9, 13), u(3, 6)
        body = [(14 - wide, 12), (14 + wide, 12), (14 + wide, 12 + high), (14 - wide, 12 + high)]
        bars = [[(x, 12), (x, 5), (x + 1.2, 5), (x + 1.2, 12)] for x in (14 - grip, 12.8 + grip)]
        return [body, *bars, [(14 - grip, 5), (14 + grip, 5), (14 + grip, 6.4), (14 - grip, 6.4)]], []
    return shoe(rng, u(0.5, 4) if kind == 7 else u(3.5, 11)), []  # sneaker, ankle boot


# %% [markdown]
# A *garment* is more than its outline: it has a shade and a print, a pattern of light and dark patches that belongs to
# it alone. A *photograph* of a garment adds what chance adds: it lies a little to the side, is turned a little, is lit
# more or less, and the camera is noisy. Keep the two apart: they will be the patient and the film.


# %%
def draw_garment(kind, rng):
    """What stays the same in every photograph of one garment."""
    outlines, lines = draw_outline(kind, rng)
    tiles = rng.normal(0, rng.uniform(0.02, 0.3), (7, 7))
    return {
        "outlines": outlines,
        "lines": lines,
        "shade": rng.uniform(0.45, 0.95),
        "print": np.kron(tiles, np.ones((4, 4))),
    }


def photograph(garment, rng):
    """A picture of 28 x 28 whole numbers from 0 to 255; drawn four times as large, then made smaller."""
    turn, size, shift = rng.normal(0, 0.05), rng.uniform(0.92, 1.06), rng.normal(0, 0.5, 2)
    turned = size * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def place(corners):
        return [tuple(4 * (turned @ (np.array(corner) - 14) + 14 + shift)) for corner in corners]

    cloth, seams = Image.new("L", (112, 112)), Image.new("L", (112, 112))
    for outline in garment["outlines"]:
        ImageDraw.Draw(cloth).polygon(place(outline), fill=255)
    for line in garment["lines"]:
        ImageDraw.Draw(seams).line(place(line), fill=255, width=4)
    cover, seam = (np.asarray(layer.reduce(4)) / 255 for layer in (cloth, seams))
    grey = garment["shade"] * rng.uniform(0.85, 1.1) * (1 + garment["print"]) * (1 - 0.6 * seam)
    return np.clip(255 * cover * (grey + rng.normal(0, 0.03, grey.shape)), 0, 255).astype(np.uint8)


# %% [markdown]
# Ten classes, seven garments of each. **What do you expect?** Cover the names with your hand and sort the rows of the
# figure yourself. Which classes will you mix up?

# %%
rng = np.random.default_rng(SEED)
fig, axes = plt.subplots(7, 10, figsize=(11, 8))
for kind in range(10):
    for row in range(7):
        axes[row, kind].imshow(photograph(draw_garment(kind, rng), rng), vmin=0, vmax=255)
        axes[row, kind].set(xticks=[], yticks=[])
    axes[0, kind].set_title(NAMES[kind], loc="center", size=10)
fig.suptitle("Our wardrobe: 28 × 28 pixels, grey 0 (black) to 255 (white)", x=0.01, ha="left", weight="bold")
plt.show()

# %% [markdown]
# ## A file without a name for anything
#
# The set is stored in a format called *IDX*, made in the 1990s for handwritten digits (the set MNIST, whose successor
# this is). A file is a row of *bytes*, numbers from 0 to 255. In a text file they mean letters; here they mean what
# the format says they mean, and nothing in the file explains it:
#
# | bytes | meaning | in the file of 60,000 training pictures |
# |---|---|---|
# | 0, 1 | always zero | 0, 0 |
# | 2 | what sort of numbers follow: 8 stands for whole numbers from 0 to 255 | 8 |
# | 3 | how many sides the table has: pictures, rows, columns | 3 |
# | 4 to 7 | the first side | 60,000 |
# | 8 to 11 | the second | 28 |
# | 12 to 15 | the third | 28 |
# | all others | the pixels, one byte each, row by row, picture by picture | |
#
# The first sixteen bytes are the *header*, like that of a DICOM file (lesson 1), only that it knows neither patient
# nor machine, nor what the classes are called. The labels lie in a second file with a header of eight bytes.
#
# We write our clothes into such files. `atomic_write` puts bytes into a file, whole or not at all.


# %%
def write_idx(path, array):
    """Stores an array of whole numbers from 0 to 255 as an IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(side.to_bytes(4, "big") for side in array.shape)
    atomic_write(path, header + array.tobytes())


def draw_set(count, rng):
    """Photographs of `count` garments, one of each, and their classes, in random order."""
    kinds = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    return np.stack([photograph(draw_garment(kind, rng), rng) for kind in kinds]), kinds


if DATA is None:
    wardrobe = folder / "fashion-drawn"
    for part, count in [("train", 480 if SMALL else 3000), ("t10k", 300 if SMALL else 2000)]:
        pictures, kinds = draw_set(count, rng)
        write_idx(wardrobe / f"{part}-images-idx3-ubyte", pictures)
        write_idx(wardrobe / f"{part}-labels-idx1-ubyte", kinds)
else:
    wardrobe = Path(DATA)
print(*sorted(path.name for path in wardrobe.iterdir() if "ubyte" in path.name), sep="\n")

# %% [markdown]
# ## Reading it by hand
#
# Bytes are usually written with sixteen digits, 0 to 9 and *a* to *f* (*hexadecimal*): two digits make a byte, `ff` is
# 255, `1c` is 16 + 12 = 28. Some files are packed with `gzip`; such a file begins with `1f 8b`, and is unpacked first.
#
# **What do you expect?** Find in these sixteen bytes, by eye and with the table above: the sort of numbers, the number
# of sides, rows and columns, and the number of pictures.


# %%
def read_bytes(name):
    """The bytes of a file of the set, unpacked where it is packed."""
    path = next(path for path in sorted(wardrobe.iterdir()) if path.name.startswith(name))
    stored = path.read_bytes()
    return gzip.decompress(stored) if stored[:2] == b"\x1f\x8b" else stored


stored = read_bytes("train-images")
print("the first 16 bytes:", stored[:16].hex(" "))
print("bytes in all:      ", len(stored))

# %% [markdown]
# Three zeros and an eight you find at once, and `1c` twice. The number of pictures has four bytes, and needs a rule:
# which of them counts most? Here the first does (*big-endian*, as we write numbers ourselves: in 1234 the 1 stands for
# a thousand). Most of today's computers store numbers the other way round (*little-endian*). Both can be read from the
# same bytes, and the computer will not complain.

# %%
many, rows, columns = (int.from_bytes(stored[start : start + 4], "big") for start in (4, 8, 12))
wrong = int.from_bytes(stored[4:8], "little")
wanted = 16 + many * rows * columns
print(f"most important byte first: {many:,} pictures of {rows} x {columns}")
print(f"most important byte last:  {wrong:,} pictures")
print(f"the header asks for        16 + {many} * {rows} * {columns} = {wanted:,} bytes")
assert len(stored) == wanted

# %% [markdown]
# The last line is how to know that we read it right: **the size of the file follows from its header**. Had we guessed
# the order wrong, the file would be far too short. Look for such a check whenever a format is new to you. Now the whole
# reading, as a function.

# %%


def read_idx(name):
    """An IDX file -> array."""
    stored = read_bytes(name)
    sides = [int.from_bytes(stored[4 + 4 * side : 8 + 4 * side], "big") for side in range(stored[3])]
    assert stored[:3] == b"\0\0\x08" and len(stored) == 4 + 4 * len(sides) + np.prod(sides)
    return np.frombuffer(stored, np.uint8, offset=4 + 4 * len(sides)).reshape(sides)


pictures, kinds = read_idx("train-images"), read_idx("train-labels")
print("pictures", pictures.shape, " labels", kinds.shape)
print(pd.Series(kinds).value_counts().sort_index().rename(index=dict(enumerate(NAMES))).to_string())

# %% [markdown]
# The same bytes with a slip: what if the header is not skipped, or rows and columns are taken for 27 and 28? Nothing
# fails. One sees it, if one looks, and **nobody sees it who does not look**.

# %%
raw = np.frombuffer(stored, np.uint8)
readings = {
    "as it should be": raw[16 : 16 + 784].reshape(28, 28),
    "header not skipped": raw[:784].reshape(28, 28),
    "27 columns instead of 28": raw[16 : 16 + 756].reshape(28, 27),
    "columns before rows": raw[16 : 16 + 784].reshape(28, 28).T,
}
fig, axes = plt.subplots(1, 4, figsize=(12, 3.6))
for ax, (name, picture) in zip(axes, readings.items(), strict=True):
    ax.imshow(picture, vmin=0, vmax=255)
    ax.set(title=name, xlabel="column (pixel)")
axes[0].set_ylabel("row (pixel)")
plt.show()

# %% [markdown]
# The second is the meanest: the picture is shifted by sixteen pixels, every picture by the same sixteen. A network can
# learn from such pictures all the same, and nobody need ever notice, until it meets pictures that were read properly.
#
# wetread reads the files by itself. Does it see the same pixels?

# %%
from wetread.images.arrays import ArrayReader  # wetread's own reader of such files

path = next(path for path in sorted(wardrobe.iterdir()) if path.name.startswith("train-images"))
with ArrayReader(path) as reader:
    same = all(np.array_equal(np.squeeze(reader.picture(item)), pictures[item]) for item in range(50))
print("fifty pictures, read by wetread and by hand, are the same:", same)
assert same

# %% [markdown]
# ## Three parts
#
# The set comes with two parts. Its makers put the pictures of `t10k` aside for the test. We need a third part, on
# which we may decide things as often as we like: a sixth of the training pictures, the **decision part** (also called
# tuning or validation part, lesson 5). The test part stays closed until everything is decided.

# %%
order = np.random.default_rng(SEED).permutation(len(pictures))
cut = len(pictures) // 6
decide, learn = order[:cut], order[cut:]
print(f"{len(learn)} pictures to learn from, {len(decide)} to decide on; the test stays closed")

# %% [markdown]
# ## A dense network
#
# The network of the TensorFlow tutorial, and of the recipe `fashion-mnist` in wetread: the picture is laid out as a
# row of 784 numbers; 128 neurons see all of them and pass on what is above zero (*ReLU*, lesson 4); ten neurons, one
# for each class, see those 128. *Softmax* turns ten numbers into ten probabilities (lesson 2).
#
# **What do you expect?** How many weights is that? Each neuron has one weight for each of its inputs, and one more
# that is added (its *bias*). Work it out on paper first.


# %%
def dense_network():
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))


weights = sum(table.numel() for table in dense_network().parameters())
print(f"128 * (784 + 1) + 10 * (128 + 1) = {weights:,} weights for {len(learn):,} pictures")
assert weights == 128 * (784 + 1) + 10 * (128 + 1) == 101_770

# %% [markdown]
# The training loop is the one of lessons 4 and 5: a handful of pictures (a *batch* of 32), their loss
# (*cross-entropy*), the slope of the loss for each weight, one step of *Adam* with the learning rate 0.001. After
# each epoch, that is each time all pictures have been seen, it notes loss and accuracy on the pictures to learn from
# and on the decision part.


# %%
def train(x, y, x_decide, y_decide, epochs, seed=SEED):
    """Trains a fresh dense network; returns it, and loss and accuracy on both parts after each epoch."""
    torch.manual_seed(seed)
    network, shuffle = dense_network(), np.random.default_rng(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    x, y, x_decide, y_decide = (torch.as_tensor(np.asarray(part)) for part in (x, y, x_decide, y_decide))
    y, y_decide, history = y.long(), y_decide.long(), []
    for _ in range(epochs):
        for batch in np.array_split(shuffle.permutation(len(x)), max(len(x) // 32, 1)):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            told = []
            for pictures, truth in ((x, y), (x_decide, y_decide)):
                answer = network(pictures)
                told += [
                    torch.nn.functional.cross_entropy(answer, truth).item(),
                    (answer.argmax(1) == truth).float().mean().item(),
                ]
        history.append(told)
    names = ["loss, learning", "accuracy, learning", "loss, decision", "accuracy, decision"]
    return network, pd.DataFrame(history, columns=names, index=pd.RangeIndex(1, epochs + 1, name="epoch"))


# %% [markdown]
# ## To scale or not to scale
#
# The tutorial divides all pixels by 255, without saying what would happen otherwise. Three ways:
#
# - **as stored**: 0 to 255;
# - **0 to 1**: divided by 255, as in the tutorial;
# - **mean 0, spread 1**: less the mean of all training pixels, divided by their standard deviation. One mean and one
#   deviation for the whole set, not one per picture (lesson 1).
#
# **What do you expect?** Information is lost in none of them. Will the network care?

# %%
mean, deviation = pictures[learn].mean(), pictures[learn].std()
scalings = {
    "as stored (0 to 255)": lambda x: x.astype(np.float32),
    "0 to 1": lambda x: x.astype(np.float32) / 255,
    "mean 0, spread 1": lambda x: ((x - mean) / deviation).astype(np.float32),
}
EPOCHS = 3 if SMALL else 10
curves = {}
for name, scale in scalings.items():
    _, curves[name] = train(scale(pictures[learn]), kinds[learn], scale(pictures[decide]), kinds[decide], EPOCHS)

fig, (a, b) = plt.subplots(1, 2, figsize=(11, 4.2))
for name, curve in curves.items():
    a.plot(curve["loss, decision"], marker="o", label=name)
    b.plot(curve["accuracy, decision"], marker="o", label=name)
a.set(xlabel="epoch", ylabel="cross-entropy (nats), decision part", title="Large numbers, large losses")
b.set(xlabel="epoch", ylabel="accuracy, decision part (0 to 1)", title="and a ragged way to the goal")
b.legend(loc="lower right")
plt.show()
first = {name: curve["loss, decision"].iloc[0] for name, curve in curves.items()}
assert SMALL or DATA or first["as stored (0 to 255)"] > 2 * max(first["0 to 1"], first["mean 0, spread 1"])

# %% [markdown]
# All three learn; the first starts far behind, and its way is rough. With inputs up to 255, the sums in the first
# layer are hundreds of times as large as the ones that the starting weights and the learning rate of 0.001 are made
# for. The first answers are absurdly sure, so wrong ones cost a great deal, and each step throws the answers about.
# The other two are close to each other: what counts is *that* the numbers are of the order of 1, not how they got
# there. But whatever you did in training, do **exactly the same** to each later picture. See what happens otherwise:

# %%
scale = scalings["0 to 1"]
network, _ = train(scale(pictures[learn]), kinds[learn], scale(pictures[decide]), kinds[decide], EPOCHS)


def answers(network, x):
    """Probabilities of the ten classes, one row for each picture."""
    with torch.no_grad():
        return torch.softmax(network(torch.as_tensor(x)), 1).numpy()


sureness = {}
for name, other in scalings.items():
    p = answers(network, other(pictures[decide]))
    print(f"trained on 0 to 1, asked with {name:21} accuracy {np.mean(p.argmax(1) == kinds[decide]):.2f}, "
          f"mean of its highest probability {p.max(1).mean():.2f}")  # fmt: skip
    sureness[name] = p.max(1).mean()
assert SMALL or DATA or min(sureness, key=sureness.get) == "0 to 1"

# %% [markdown]
# A network that gets its pictures in another scale still answers, and says it is surer than before; its accuracy may
# suffer or not. No error appears on the screen. That is why wetread stores the scaling *inside* the model.
#
# ## How many epochs?
#
# The tutorial takes ten. **What do you expect** if we go on to sixty? Draw two curves on paper first, the loss on
# the pictures to learn from and the loss on the decision part.

# %%
LONG = 8 if SMALL else 60
x_learn, x_decide = scale(pictures[learn]), scale(pictures[decide])
_, long = train(x_learn, kinds[learn], x_decide, kinds[decide], LONG if DATA is None else min(LONG, 30))
best = int(long["loss, decision"].idxmin())

fig, (a, b) = plt.subplots(1, 2, figsize=(11, 4.2))
for part in ("learning", "decision"):
    a.plot(long[f"loss, {part}"], label=f"{part} part")
    b.plot(long[f"accuracy, {part}"], label=f"{part} part")
for ax, what in ((a, "cross-entropy (nats)"), (b, "accuracy (0 to 1)")):
    ax.axvline(best, color="0.6", linestyle="--", linewidth=1)
    ax.set(xlabel="epoch", ylabel=what)
a.set_title(f"The loss turns at epoch {best}")
b.set_title("The accuracy hardly notices")
a.legend()
plt.show()
highest = int(long["accuracy, decision"].idxmax())
print(f"on the decision part: lowest loss after epoch {best}, highest accuracy after epoch {highest}")
assert SMALL or DATA or best < LONG / 2

# %% [markdown]
# On the pictures to learn from everything gets better for as long as you like: 101,770 weights can learn a few thousand
# pictures by heart. On the decision part the loss falls, turns (dashed line) and climbs, slowly and with jolts. That is
# *overfitting* (lesson 5).
#
# The second picture is the more instructive one: the **accuracy does not fall with it**. The network does not get worse
# at saying which class is most likely; it gets worse at saying *how sure* it is. Wrong answers are given with ever more
# conviction, and cross-entropy punishes that, accuracy does not. Whoever looks at accuracy only, stops too late and
# ends with a model whose probabilities mean little. For a clinic the probabilities are what matters.
#
# We take the epoch with the lowest loss on the decision part. It was chosen on that part, so the number there is a
# little too good. The test part was asked nothing so far.

# %% [markdown]
# ## Opening the test, once
#
# All is decided: pixels from 0 to 1, the number of epochs. We train, open the test, and whatever it says is what
# we report. If you do not like the number and change something now, the test part has become a second decision part,
# and there is no test any more.

# %%
network, _ = train(x_learn, kinds[learn], x_decide, kinds[decide], best)
test_pictures, truth = read_idx("t10k-images"), read_idx("t10k-labels")
p = answers(network, scale(test_pictures))
said = p.argmax(1)

found = wilson(int((said == truth).sum()), len(truth))
print(
    f"accuracy {found.value:.3f}, 95 % interval {found.low:.3f} to {found.high:.3f}, {len(truth)} pictures, opened once"
)
assert SMALL or found.value > 0.75

# %% [markdown]
# Runs of the tutorial on the true set end near 0.88. On its 10,000 test pictures the interval reaches from 0.873 to
# 0.886: two models that differ by half a percent there cannot be told apart by their intervals, and rankings of such
# models are long lists of half percents.

# %%
tutorial = wilson(8800, 10_000)
print(f"8800 of 10,000: {tutorial.low:.3f} to {tutorial.high:.3f}")
assert (round(tutorial.low, 3), round(tutorial.high, 3)) == (0.873, 0.886)

# %% [markdown]
# ## What it confuses
#
# With two classes there are two kinds of error; with ten there are ninety. The *confusion matrix* (lesson 2) counts
# them: a row for each true class, a column for each answer. Right answers stand on the diagonal.
#
# **What do you expect?** Which three fields off the diagonal will be the darkest?

# %%
table = np.zeros((10, 10), int)
np.add.at(table, (truth, said), 1)
share = table / np.maximum(table.sum(1, keepdims=True), 1)

fig, ax = plt.subplots(figsize=(8, 7))
shown = ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
for row in range(10):
    for column in range(10):
        if table[row, column]:
            colour = "white" if share[row, column] > 0.5 else "black"
            ax.text(column, row, table[row, column], ha="center", va="center", color=colour, size=10)
ax.set(xticks=range(10), yticks=range(10), yticklabels=NAMES, xlabel="answer of the network", ylabel="truth")
ax.set_xticklabels(NAMES, rotation=45, ha="right")
ax.set_title("Errors stay within families (numbers: pictures)")
fig.colorbar(shown, ax=ax, label="share of the row (0 to 1)", shrink=0.7)
plt.show()
family = np.array([0, 1, 0, 0, 0, 2, 0, 2, 3, 2])  # upper body and dress; trousers; shoes; bags
astray = said != truth
assert SMALL or DATA or (family[said] == family[truth])[astray].mean() > 0.8

# %% [markdown]
# Garments for the upper body (and dresses) are mistaken for each other, shoes for shoes; hardly anybody's trousers
# become a bag. One overall number hides that. Class by class, with its interval, the same result reads differently:

# %%
by_class = [wilson(int(table[kind, kind]), int(table[kind].sum())) for kind in range(10)]
fig, ax = plt.subplots(figsize=(8, 4.5))
for row, one in enumerate(by_class):
    ax.plot([one.low, one.high], [row, row], color="tab:blue")
    ax.plot(one.value, row, "o", color="tab:blue")
ax.axvline(found.value, color="0.6", linestyle="--", linewidth=1)
ax.set(yticks=range(10), yticklabels=NAMES, xlabel="share found, with 95 % interval (0 to 1)", ylim=(9.6, -0.6))
ax.set_title(f"One accuracy of {found.value:.2f} (dashed) describes few of them")
plt.show()

# %% [markdown]
# The share found of one class is its *sensitivity* (lesson 5). Now imagine that the rows were called "no finding",
# "pneumonia" and "tumour". The overall number would still be high while one row is at its bottom, and that row would
# be the one you wanted the model for.
#
# Look at errors, always. Here are those of which the network was surest:

# %%
wrong = np.flatnonzero(said != truth)
surest = wrong[np.argsort(-p[wrong, said[wrong]])][:10]
fig, axes = plt.subplots(2, 5, figsize=(11, 5.4))
for ax in axes.flat:
    ax.set(xticks=[], yticks=[], frame_on=False)
for ax, item in zip(axes.flat, surest, strict=False):
    ax.imshow(test_pictures[item], vmin=0, vmax=255)
    ax.set_title(f"{NAMES[truth[item]]}\nsaid: {NAMES[said[item]]}, {p[item, said[item]]:.2f}", loc="center", size=10)
fig.suptitle("Wrong and sure (28 × 28 pixels; truth, then answer and probability)", x=0.01, ha="left", weight="bold")
plt.show()

# %% [markdown]
# Of some you will say: that one I would not have known either. Then no model can be blamed, and no model can do better:
# the picture does not hold the answer, or the label is arbitrary. In drawn clothes we know that the limits overlap.
# On films of patients it is the rule that experts differ, and "truth" is what was written down (lesson 8).

# %% [markdown]
# ## The same in one line
#
# wetread has the tutorial as a *recipe*: same network, scaling, optimiser, batch and epochs. Around it stand the parts
# that a tutorial leaves out. We give it a smaller wardrobe, so that it takes a minute.

# %%
small_set = folder / "fashion-few"
few = {"train": 120 if SMALL else 900, "t10k": 60 if SMALL else 300}
for part, count in few.items():
    write_idx(small_set / f"{part}-images-idx3-ubyte", read_idx(f"{part}-images")[:count])
    write_idx(small_set / f"{part}-labels-idx1-ubyte", read_idx(f"{part}-labels")[:count])


run = wetread.run(small_set, recipe="fashion-mnist", out=folder / "run", seed=SEED, dry_run=SMALL)
print(run.headline)
for one in run.findings:
    print(f"{one['severity']:6} {one['title']}")

# %% [markdown]
# The headline speaks of *AUROC*, lesson 5's measure that needs no threshold, averaged over the classes, and it says
# that patients are unknown. The findings are what it holds against the set, as if the clothes were patients: nobody
# knows who belongs to whom, some silhouettes are so alike that it takes them for **copies of the same picture**, and
# **the border of the picture gives the label away**. False alarms? As far as pixels go, both are true. Trousers and
# dresses reach the lower border, shoes do not; the network may well look there. For clothes it is part of the task. On
# films it would be a marker or a shutter (the dark rim beside the beam), and the light would be red for good reason. A
# check knows pixels, not sense; the judgement is yours. In the report (`run.report`) you find your confusion matrix
# again, and a row that every network has to beat: simple features without any network.

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# Here the tutorial ends. Let us walk from the wardrobe to the ward.
#
# A patient has more than one film: yesterday's, today's, one after the drain. So we photograph each garment **eight
# times**, each time turned and lit a little differently. We take the four kinds for the upper body only, and few
# garments, as a hospital has few patients with one diagnosis. Then we do what the tutorial does, and what hundreds of
# papers have done (lesson 3): we shuffle all *photographs* and put a quarter of them aside for the test.
#
# **What do you expect?** And what if we put a quarter of the *garments* aside instead, with all their photographs?

# %%
GARMENTS, SHOTS = (24 if SMALL else 64), 8
rng = np.random.default_rng(SEED + 1)
uppers = [0, 2, 4, 6]
owner = np.repeat(np.arange(GARMENTS), SHOTS)
kind_of = np.array(uppers)[np.arange(GARMENTS) % 4]
closet = [draw_garment(kind, rng) for kind in kind_of]
films = scale(np.stack([photograph(closet[who], rng) for who in owner]))
labels = kind_of[owner]


def judge(tested, epochs=5 if SMALL else 40):
    """Trains on all photographs that are not tested; which of the tested ones it got right."""
    network, _ = train(films[~tested], labels[~tested], films[tested], labels[tested], epochs)
    return answers(network, films[tested]).argmax(1) == labels[tested]


by_photograph = rng.random(len(films)) < 0.25
by_garment = np.isin(owner, rng.permutation(GARMENTS)[: GARMENTS // 4])
never_seen = np.stack([photograph(draw_garment(kind, rng), rng) for kind in np.repeat(uppers, 20 if SMALL else 250)])
never_seen_kinds = np.repeat(uppers, 20 if SMALL else 250)

# %% [markdown]
# Beside the two we put what a real hospital never has: a thousand photographs of garments that nobody has seen, one of
# each. That is the truth which the other two numbers claim to estimate.

# %%
right_mixed, right_apart = judge(by_photograph), judge(by_garment)
network, _ = train(films, labels, films, labels, 5 if SMALL else 40)
right_new = answers(network, scale(never_seen)).argmax(1) == never_seen_kinds

results = {
    "split by photograph": wilson(int(right_mixed.sum()), len(right_mixed)),
    "split by garment, photographs counted": wilson(int(right_apart.sum()), len(right_apart)),
    "split by garment, garments counted": wilson_by_patient(right_apart, owner[by_garment]),
    "garments never seen (the truth)": wilson(int(right_new.sum()), len(right_new)),
}
fig, ax = plt.subplots(figsize=(9, 3.6))
colours = ["tab:red", "tab:orange", "tab:blue", "black"]
for row, ((name, one), colour) in enumerate(zip(results.items(), colours, strict=True)):
    ax.plot([one.low, one.high], [row, row], color=colour, linewidth=3)
    ax.plot(one.value, row, "o", color=colour)
    print(f"{name:38} {one.value:.2f}, 95 % interval {one.low:.2f} to {one.high:.2f}")
ax.axvline(results["garments never seen (the truth)"].value, color="0.6", linestyle="--", linewidth=1)
ax.set(yticks=range(4), yticklabels=list(results), ylim=(3.6, -0.6), xlabel="accuracy with 95 % interval (0 to 1)")
ax.set_title("One number is false, and one interval is too short")
plt.show()
assert SMALL or results["split by photograph"].low > results["garments never seen (the truth)"].high

# %% [markdown]
# - **Split by photograph**: the network has seen other photographs of each tested garment. It recognises the *print*,
#   not the kind of garment. Its number is far too high, and its short interval swears to it.
# - **Split by garment, photographs counted**: the division is honest, the interval is not. Eight photographs of one
#   garment are no eight independent witnesses; if one is misjudged, mostly all are. The interval is too short.
# - **Split by garment, garments counted**: an honest number with an honest, long interval, computed as if there were
#   only as many independent photographs as their likeness within a garment allows (Rao and Scott 1992). From sixteen
#   garments one cannot learn more.
#
# There are no eight photographs of one shirt in Fashion-MNIST, at least nobody told us: **IDX has no place to say who
# a picture belongs to**. In lesson 3 you met this on films; wetread asks for the patient first, and says "patients
# unknown" where nobody knows.
#
# What else changes when patients come in:
#
# | | clothes | patients |
# |---|---|---|
# | how many | 7,000 of each class | 40 with the disease, 4,000 without |
# | truth | what the shop called it | what somebody wrote in a report, or what came out later |
# | errors | all cost the same | a missed bleed is no wrong shoe size |
# | pictures | cut out, centred, same size, black background | tubes, markers, four machines, half taken in bed |
# | who | one picture of one thing | several pictures of one person, over years |
# | tomorrow | the same shop | another scanner, another ward, another winter |
# | the test | used in thousands of papers | yours, once |
# | afterwards | nothing happens | somebody is treated |
#
# The makers of Fashion-MNIST never claimed otherwise: they wanted a harder toy than digits. A method that fails here is
# broken. A method that works here has shown that it is *not broken*, no more.

# %% [markdown]
# ## Exercises
#
# 1. The header of another file begins `00 00 08 01 00 00 27 10`. What is in it, and how many bytes does the file have?
# 2. What accuracy does a "network" have that always says *bag*? What if 95 of 100 pictures were bags?
# 3. Train with ten times the learning rate (`lr=1e-2`) and with a tenth. What happens to the curves, and how many
#    epochs would you need?
# 4. Leave out the hidden layer: `torch.nn.Linear(784, 10)` alone. How much does it lose? What does that say about the
#    128 neurons?
# 5. Split by photograph, but with one photograph per garment (`SHOTS = 1`, eight times as many garments). Is the number
#    still false?
#
# <details><summary>Solutions</summary>
#
# 1. Whole numbers from 0 to 255 (`08`), one side (`01`) of `00 00 27 10` = 2 · 4096 + 7 · 256 + 1 · 16 + 0 = 10,000
#    entries: the labels of the test part. 4 + 4 + 10,000 = 10,008 bytes.
# 2. 0.10, as there are ten classes of the same size; and 0.95. An accuracy means nothing without the shares of the
#    classes (lesson 5).
# 3. Ten times: a ragged loss, and a worse end. A tenth: smooth and slow, with several times as many epochs to the same
#    place.
# 4. Little on drawn clothes, some percent on the true ones. A straight boundary in 784 dimensions goes a long way;
#    a simple model belongs beside every complicated one.
# 5. No. With one photograph each, splitting by photograph *is* splitting by garment: the leak comes from repeats.
#
# </details>

# %%
header = bytes.fromhex("00 00 08 01 00 00 27 10")
entries = int.from_bytes(header[4:8], "big")
print(f"{header[3]} side, {entries:,} entries, {len(header) + entries:,} bytes")
assert (header[2], header[3], entries, len(header) + entries) == (8, 1, 10_000, 10_008)

# %% [markdown]
# ## What to take along
#
# A file is bytes and an agreement about them; check the agreement by a number that must come out. A single accuracy
# hides which classes are confused and how sure the wrong answers are, so look at both, choose on one part and test once
# on another. And the most harmful error of all, one patient on both sides of the division, cannot even be made with the
# set on which everybody learns.
#
# ## Sources
#
# - Xiao H, Rasul K, Vollgraf R. *Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms*.
#   2017, doi 10.48550/arXiv.1708.07747. Data: MIT licence.
# - TensorFlow. *Basic classification: classify images of clothing*.
#   <https://www.tensorflow.org/tutorials/keras/classification>
# - LeCun Y, Cortes C, Burges CJC. *The MNIST database of handwritten digits*, with the description of the IDX format.
#   <http://yann.lecun.com/exdb/mnist/>
# - Kingma DP, Ba J. *Adam: a method for stochastic optimization*. 2015, arXiv 1412.6980.
# - Wilson EB. J Am Stat Assoc 1927; 22: 209–212, doi 10.1080/01621459.1927.10502953.
# - Rao JNK, Scott AJ. Biometrics 1992; 48: 577–585 (counting groups instead of single observations).
