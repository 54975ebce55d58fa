# ---
# title: Preparing images
# minutes: 60
# machine_minutes: 2
# goals:
# - divide pictures into parts by patient, and show how much a division by picture inflates a result
# - say what training, tuning and test parts are for
# - choose which changes of a training picture are allowed, for a chest film and for a CT slice
# - explain when mirroring a picture changes what is true of it
# needs: [1, 2]
# roots: >-
#   The Carpentries Incubator, Introduction to artificial neural networks in Python, episode 03: data preparation and
#   augmentation (https://carpentries-incubator.github.io/machine-learning-neural-python/)
# where_it_stopped: >-
#   The Carpentries lesson divides by picture although the names of the NIH files tell the patient, and it augments with
#   ready-made ranges without asking which changes are true to a chest film.
# our_step_further: >-
#   We measure what the division by picture adds to a result, up to labels thrown by a coin, and what mirroring does
#   to a question that has a side.
# ---

# %% [markdown]
# # 3. Preparing images
#
# *Research and teaching only. All pictures in this lesson are simulated, unless you switch to real ones below.*
#
# **Afterwards you can**
#
# - divide pictures into parts by patient, and show how much a division by picture inflates a result;
# - say what training, tuning and test parts are for;
# - choose which changes of a training picture are allowed, for a chest film and for a CT slice;
# - explain when mirroring a picture changes what is true of it.
#
# **The question.** Before any network sees a picture, somebody has made three decisions: which pictures it learns from
# and which it is tested on; in what form it gets them; and which changed copies it may see. They are made in a few
# lines of code, often copied from somewhere. Can such lines make a study wrong?

# %% [markdown]
# ## The switches
#
# `DATA` may be a folder of real films whose names begin with the number of the patient, such as those of the American
# National Institutes of Health (NIH): `wetread data get carpentries-chest`. New tools: `scipy`, which turns and shifts
# pictures, and `sklearn`, which has simple models ready.

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of the real public set
SEED = 3  # where random numbers start; the same seed gives the same pictures

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pydicom
from PIL import Image
from scipy import ndimage
from sklearn.linear_model import RidgeClassifier

import wetread

plt.style.use("wetread.lessons.film")
folder = Path(tempfile.mkdtemp(prefix="lesson-03-"))
print("Files of this lesson:", folder)

# %% [markdown]
# ## Patients come back
#
# In a hospital a patient with an effusion is filmed on Monday, on Wednesday, and again after the drain. In the NIH
# collection, 30 805 patients have 112 120 films (Wang 2017). So we draw 40 virtual patients with **eight films each**.
# Every second patient (`% 2`: the remainder after division by two) has an effusion, of another size on each film, 60 to
# 600 ml, as it comes and goes. How the patient stands, how deeply he breathes and how the film is exposed also differ
# from film to film; ribs, heart and vessels stay his own.


# %%
from wetread.phantoms.chest import render_chest
from wetread.phantoms.effusion import Effusion, draw_effusion
from wetread.phantoms.patient import draw_patient


def halve(picture):
    """64 x 64 pixels become 32 x 32: each square of four is replaced by its mean."""
    return picture.reshape(32, 2, 32, 2).mean(axis=(1, 3))


if DATA:
    paths = sorted(path for path in Path(DATA).rglob("*.png") if path.stem[:8].isdigit())
    films = np.stack([np.asarray(Image.open(path).convert("L").resize((32, 32), Image.Resampling.BOX)) / 255
                      for path in paths])  # fmt: skip
    patient = np.array([path.stem[:8] for path in paths])
    ill = np.array([path.parent.name == "effusion" for path in paths])
else:
    people, each = (12, 4) if SMALL else (40, 8)
    films, patient, ill = [], np.repeat(np.arange(people), each), np.repeat(np.arange(people) % 2 == 1, each)
    for number, (who, sick) in enumerate(zip(patient, ill, strict=True)):
        rng = np.random.default_rng([SEED, 1, number])
        fluid = draw_effusion(rng, volume=(60, 600)) if sick else None
        body = draw_patient(np.random.default_rng([SEED, 0, who]))
        films.append(halve(render_chest(body, rng, size=64, effusion=fluid).pixels))
    films = np.stack(films)
counts = pd.Series(patient).value_counts()
print(len(films), "films of", len(counts), "patients;", (counts > 1).sum(), "of these have more than one film")

# %%
fig, axes = plt.subplots(3, 4, figsize=(10, 8.4))
for row, who in zip(axes, counts.index[:3], strict=True):
    for ax, number in zip(row, np.flatnonzero(patient == who)[:4], strict=False):
        ax.imshow(films[number], vmin=0, vmax=1)
        ax.set_title(f"patient {who}: {'effusion' if ill[number] else 'normal'}")
        ax.set(xlabel="column (pixel)", ylabel="row (pixel)")
fig.suptitle("One row, one patient: films of a person look alike")
plt.show()

# %% [markdown]
# ## Learning, tuning, testing
#
# Pictures are divided into three parts. From the **training** part a model learns. The **tuning** part (also called
# validation) helps to decide: how long to train, where to cut. The **test** part answers one question, once: how good
# is it on pictures *that it has never met*? In this lesson we need only training and test; lesson 5 uses all three.
#
# The usual line of code shuffles all pictures and puts 30 of 100 aside. Each picture is then on one side only. So
# where is the problem?
#
# **What do you expect?** A patient has eight films. We shuffle all films. How likely is it that a film in the test part
# has a "sister", another film of the same patient, in the training part?


# %%
def divide(rng, by):
    """Training (True) or test (False) for each film; three of ten are tested."""
    if by == "picture":
        return rng.random(len(films)) > 0.3
    names = np.unique(patient)
    return np.isin(patient, rng.permutation(names)[int(0.3 * len(names)) :])


rng = np.random.default_rng(SEED)
for by in ("picture", "patient"):
    train = divide(rng, by)
    met = np.isin(patient[~train], patient[train]).mean()
    print(f"divided by {by}: {100 * met:.0f} % of the test films show somebody whom the model has met in training")
assert met == 0

# %% [markdown]
# ## A model that only remembers
#
# To see what such sisters do, we take the most honest of all models, *nearest neighbour*. It learns nothing. It keeps
# all training films; for a new film it looks for **the most similar one** and repeats its label. "Similar" means: the
# sum of squared differences of all pixels is small, after every pixel was brought to the same mean and spread.
#
# Beside it we put the *linear regression* of lesson 2, with one weight for each of the 1024 pixels: above one half it
# says ill. As there are more weights than films, a brake keeps them small (*ridge*; its strength is called `alpha`).
# Perhaps a model that really learns is above such things?

# %%
flat = films.reshape(len(films), -1)
flat = (flat - flat.mean(axis=0)) / (flat.std(axis=0) + 0.001)  # no label is used here
squares = (flat**2).sum(axis=1)
apart = squares[:, None] + squares[None] - 2 * flat @ flat.T  # squared distance of every film to every other


def remember(train, labels):
    """Nearest neighbour: each test film gets the label of the most similar training film."""
    nearest = np.flatnonzero(train)[apart[np.ix_(~train, train)].argmin(axis=1)]
    return (labels[nearest] == labels[~train]).mean()


def learn(train, labels):
    """Linear regression on the pixels: share of right answers on the test films."""
    return RidgeClassifier(alpha=100).fit(flat[train], labels[train]).score(flat[~train], labels[~train])


np.fill_diagonal(apart, np.inf)
same = patient[apart.argmin(axis=1)] == patient
print(f"the most similar of all other films shows the same patient in {100 * same.mean():.0f} % of cases "
      f"(by luck: about {100 * (counts - 1).mean() / len(films):.1f} %)")  # fmt: skip
assert SMALL or DATA or same.mean() > 3 * (counts - 1).mean() / len(films)

# %% [markdown]
# Far more often than by luck the most similar film shows **the same person**. Now we let both models find effusions,
# fifty times with another division each, by picture and by patient.
#
# **What do you expect?** How large is the difference?

# %%
repeats = 5 if SMALL else 50


def compare(labels_of):
    """Accuracies for both models and both divisions; labels may differ from repeat to repeat."""
    rows = []
    for repeat in range(repeats):
        labels = labels_of(np.random.default_rng([SEED, 2, repeat]))
        for by in ("picture", "patient"):
            train = divide(np.random.default_rng([SEED, 4, repeat]), by)
            found = {"nearest neighbour": remember(train, labels), "linear": learn(train, labels)}
            rows.append({"divided by": by, **found})
    return pd.DataFrame(rows)


def tell(table):
    """Mean over the repeats, and the range that holds 95 of 100 of them."""
    for by, rows in table.groupby("divided by"):
        for model in ("nearest neighbour", "linear"):
            low, high = np.percentile(rows[model], [2.5, 97.5])
            print(f"divided by {by:8} {model:18} {rows[model].mean():.2f}   95 of 100 repeats {low:.2f} to {high:.2f}")


honest = compare(lambda rng: ill)
tell(honest)
found = honest.groupby("divided by")[["nearest neighbour", "linear"]].mean()
assert SMALL or DATA or (found.loc["picture"] > found.loc["patient"]).all()

# %% [markdown]
# Divided by picture, both models look better than divided by patient. Much of what they seemed to know of effusions was
# that they recognised the *patient*, and repeated what was known of him. On the ward, where every patient is new, only
# the lower number will be seen, which for these two, on so few films, is not far from guessing. (The ranges come from
# dividing the same patients again and again. They show the luck of the division; other patients would add more.)
#
# ## The proof: labels from a coin
#
# One might object that films of a patient are simply easier. So we take **all meaning out**. For each patient we throw
# a coin: heads is "disease X", tails is "healthy". Disease X does not exist; nothing in any film can show it. A
# correct study must arrive at one half.
#
# **What do you expect?** Which accuracy will the division by picture report for a disease that does not exist?


# %%
def throw_coins(rng):
    """A label for each patient, the same on all his films, that has nothing to do with him."""
    names, number = np.unique(patient, return_inverse=True)
    return rng.permutation(np.arange(len(names)) % 2 == 1)[number]


coins = compare(throw_coins)
tell(coins)
found = coins.groupby("divided by")[["nearest neighbour", "linear"]].mean()
assert SMALL or DATA or found.loc["picture", "linear"] > found.loc["patient", "linear"] + 0.1

# %%
fig, axes = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True)
for ax, table, title in [(axes[0], honest, "Effusion"), (axes[1], coins, "A disease that does not exist")]:
    for place, model in enumerate(("nearest neighbour", "linear")):
        for step, by, colour in [(-0.18, "picture", "tab:orange"), (0.18, "patient", "tab:blue")]:
            values = table.loc[table["divided by"] == by, model]
            spots = place + step + np.random.default_rng(0).uniform(-0.09, 0.09, len(values))
            ax.plot(spots, values, "o", color=colour, alpha=0.4, label=f"divided by {by}" if place == 0 else None)
            ax.plot([place + step - 0.13, place + step + 0.13], [values.mean()] * 2, color="black")
    ax.axhline(0.5, color="tab:gray", linestyle=":")
    ax.set(title=title, xticks=[0, 1], xticklabels=["nearest neighbour", "linear regression"], xlabel="model")
axes[0].set_ylabel("accuracy on test films")
axes[1].legend()
plt.show()

# %% [markdown]
# Each dot is one division, each black line a mean; the dotted line is guessing. The division by picture "finds" a
# disease that does not exist. Nothing in the code looks wrong, nothing crashes, and the number is beautiful. It is
# called *leakage*: knowledge about the test has leaked into the training. A review found it behind the results of
# hundreds of papers in seventeen fields (Kapoor and Narayanan 2023). A large network that was trained to tell whether
# two chest films show the same person is right more than 95 times of 100 (Packhäuser 2022): expect it to leak more than
# our two small models, not less.
#
# (By patient, the means may lie a little *below* one half. Half of the patients got heads, exactly; so where the
# training part has more heads, the test part has fewer. It is no sign of knowledge.)
#
# The same holds for slices of one scan, for two eyes of a person, for tiles of one tissue section, and for copies of a
# picture under two names. The rule: **whatever belongs together stays on one side.** wetread looks for the patient in
# a column of your table, in the DICOM header, in the file name; finds copies; and says it aloud where it cannot know.

# %% [markdown]
# ## Changed copies: augmentation
#
# A patient never stands exactly the same way twice. So one may show a model each training film in slightly changed
# copies, a little turned, nearer, darker, so that it learns the effusion and not the pose. This is *augmentation*, a
# usual remedy against learning by heart. It does not always help: looking for COVID-19, seventeen networks did better
# without turning, shifting and the like (Elgendi 2021). One rule decides what is allowed:
#
# > **Would a colleague who sees the copy still give it the same label, and believe that it was taken like this?**
#
# **What do you expect?** Here are twelve copies of one film with an effusion. Which would you allow? Decide before you
# read the titles' colours: green is allowed, red is not. (*Gamma* raises every grey from 0 to 1 to a power: middle
# greys change, black and white stay.)

# %%
body = draw_patient(np.random.default_rng(SEED), sex="F", age=60)
film = render_chest(body, np.random.default_rng(8), size=256, effusion=Effusion(right=350)).pixels
noise = np.random.default_rng(SEED).standard_normal(film.shape)
covered = film.copy()
covered[150:, :128] = film.mean()

copies = {
    "as it is": (film, True),
    "turned by 6°": (ndimage.rotate(film, 6, reshape=False, order=1, mode="nearest"), True),
    "nearer by 10 %": (ndimage.zoom(film, 1.1, order=1)[12:268, 12:268], True),
    "shifted by 4 %": (ndimage.shift(film, (6, -10), order=1, mode="nearest"), True),
    "darker (gamma 1.3)": (film**1.3, True),
    "a little noise": (np.clip(film + 0.03 * noise, 0, 1), True),
    "mirrored": (film[:, ::-1], False),
    "upside down": (film[::-1], False),
    "turned by 90°": (np.rot90(film), False),
    "stretched by 40 %": (ndimage.zoom(film, (1, 1.4), order=1)[:, 51:307], False),
    "drowned in noise": (np.clip(film + 0.5 * noise, 0, 1), False),
    "effusion covered": (covered, False),
}
fig, axes = plt.subplots(3, 4, figsize=(12, 9.6))
for ax, (name, (picture, allowed)) in zip(axes.ravel(), copies.items(), strict=True):
    ax.imshow(picture, vmin=0, vmax=1)
    ax.set_title(f"{name}: {'yes' if allowed else 'NO'}", color="#007A55" if allowed else "#B3261E")
    ax.set(xticks=[], yticks=[], xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()

# %% [markdown]
# - **Upside down, turned by 90°**: fluid sinks. A film on which it climbs shows no patient.
# - **Stretched**: the width of the heart against that of the chest is a sign in itself.
# - **Noise**: a little is what a low dose looks like; too much hides the finding, and the label becomes a lie.
# - **Covered**: the label says effusion, and the effusion is gone.
# - **Mirrored**: looks harmless, and is the most disputed of all. It gets a section of its own, below.
#
# What leaves the picture at one side has to be replaced at the other. Here the last row is repeated. Filled with
# black, the corners would tell the model by how much it was turned.
#
# ## The same question for CT
#
# CT is measured in Hounsfield units (lesson 1): a number is a statement about tissue. Blood is only some 20 to 30 HU
# denser than brain. **What do you expect** of a change that would be harmless on a film: everything a little brighter?
# (The slices are shown through the brain window of lesson 1.)

# %%
heads = wetread.make_data("head-ct", folder / "heads", images=6 if SMALL else 12, seed=2026)
listed = pd.read_csv(heads / "labels.csv")
bleeding = listed[listed["label"] == "IPH"]
scan = pydicom.dcmread(heads / (bleeding if len(bleeding) else listed).iloc[0]["image"])
hu = np.clip(scan.pixel_array * float(scan.RescaleSlope) + float(scan.RescaleIntercept), -1000, 3000)
brain = (hu > 20) & (hu < 45)

grain = np.random.default_rng(SEED).standard_normal(hu.shape)
changed = {
    "as it is": (hu, True), "turned by 8°": (ndimage.rotate(hu, 8, reshape=False, order=1, cval=-1000), True),
    "noise of 4 HU": (hu + 4 * grain, True), "brighter by 2 HU": (hu + 2, True),
    "brighter by 25 HU": (hu + 25, False), "contrast × 1.6": ((hu - 35) * 1.6 + 35, False),
    "blurred": (ndimage.gaussian_filter(hu, hu.shape[0] / 60), False), "upside down": (hu[::-1], False),
}  # fmt: skip
fig, axes = plt.subplots(2, 4, figsize=(12, 6.8))
for ax, (name, (picture, allowed)) in zip(axes.ravel(), changed.items(), strict=True):
    ax.imshow(np.clip(picture / 80, 0, 1), vmin=0, vmax=1)  # window: centre 40, width 80 HU
    ax.set_title(f"{name}: {'yes' if allowed else 'NO'}", color="#007A55" if allowed else "#B3261E")
    ax.set(xticks=[], yticks=[], xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()
print(f"brain in the original: {hu[brain].mean():.0f} HU; 25 HU brighter: {hu[brain].mean() + 25:.0f} HU, as blood has")

# %% [markdown]
# Twenty-five units brighter, and the whole brain has the density of blood. What was a change of exposure on a film is
# a false statement on a CT. Scanners differ by a few units, so a few are allowed. Blurring takes away what is thin: a
# rim of blood under the skull.
#
# wetread keeps such ranges for nine kinds of pictures, each with its reason. Here are three of them. (Rotation is in
# degrees to either side; zoom, shift and blur are parts of the size, contrast is a part of itself, 0.1 being a tenth.
# Gamma, brightness and noise are on greys from 0 to 1; *mirror* and *flip* are the chances of a copy with left and
# right exchanged, or upside down.)

# %%
from wetread.training.modality import RANGES

shown = ["rotation", "zoom", "shift", "gamma", "contrast", "brightness", "noise", "blur", "mirror", "flip"]
ranges = pd.DataFrame({kind: {name: getattr(RANGES[kind], name) for name in shown}
                       for kind in ("radiograph", "ct", "microscopy")})  # fmt: skip
print(ranges.to_string())
assert (ranges.loc[["mirror", "flip"], ["radiograph", "ct"]] == 0).all(axis=None)
print("\nTo see them on your own pictures: wetread show FOLDER --augmented")

# %% [markdown]
# Of the three, only tissue under a microscope, which has no up and no left, is mirrored or turned over.
#
# ## Left and right: why mirroring is no harmless change
#
# Many recipes mirror half of all training films, that of CheXNet (lesson 8) among them. It seems to double the data.
# But a mirrored chest has its heart on the right, the gastric bubble under the wrong dome, and the letter on the film
# back to front. Such patients exist (*situs inversus*), about one in ten thousand (Torgersen 1950). Does it matter?
# **It depends on the question.** We try two:
#
# 1. *Is there an effusion?*
# 2. *On which side is it?*
#
# For each we train the linear model once on the films as they are, and once with a mirrored copy of every film **that
# keeps the label**, as a recipe does that does not know the question. In the table, and as black lines in the figure,
# *low* to *high* holds 95 of 100 repeats.
#
# **What do you expect?**


# %%
def take_side(number, kind):
    """A film without fluid (0), or with fluid on the patient's right (1) or left (2)."""
    rng = np.random.default_rng([SEED, 7, number])
    fluid = {0: None, 1: Effusion(right=500), 2: Effusion(left=500)}[kind]
    return halve(render_chest(draw_patient(rng), rng, size=64, effusion=fluid).pixels)


amount = 30 if SMALL else 240
side = np.arange(amount) % 4  # half without fluid
side = np.where(side == 3, 0, side)
taken = np.stack([take_side(number, kind) for number, kind in enumerate(side)])
print({name: int((side == kind).sum()) for kind, name in enumerate(["no fluid", "right", "left"])})


# %%
def accuracy(pictures, labels, copies, rng):
    """Linear model; half of the films to learn from, half to test; mirrored copies: none, same, swapped."""
    order = rng.permutation(len(labels))
    learnt, tested = order[: len(order) // 2], order[len(order) // 2 :]
    x, y = pictures[learnt], labels[learnt]
    if copies != "none":
        x, y = np.concatenate([x, x[:, :, ::-1]]), np.concatenate([y, y if copies == "same" else ~y])
    model = RidgeClassifier(alpha=5).fit(x.reshape(len(x), -1), y)
    return model.score(pictures[tested].reshape(len(tested), -1), labels[tested])


has_fluid, fluid = side > 0, side > 0
questions = {"is there fluid?": (taken, has_fluid), "right or left?": (taken[fluid], side[fluid] == 1)}
rows = []
for question, (pictures, labels) in questions.items():
    for copies in ("none", "same", "swapped") if question == "right or left?" else ("none", "same"):
        scores = [accuracy(pictures, labels, copies, np.random.default_rng([SEED, n])) for n in range(repeats)]
        low, high = np.percentile(scores, [2.5, 97.5])
        rows.append([question, copies, np.mean(scores), low, high])
mirrored = pd.DataFrame(rows, columns=["question", "label of mirrored copies", "accuracy", "low", "high"])
print(mirrored.round(2).to_string(index=False))

# %%
fig, ax = plt.subplots(figsize=(9, 4.4))
for place, row in mirrored.iterrows():
    colour = {"none": "tab:gray", "same": "tab:red", "swapped": "tab:green"}[row["label of mirrored copies"]]
    ax.bar(place, row["accuracy"], color=colour)
    ax.plot([place, place], [row["low"], row["high"]], color="black")
ax.axhline(0.5, color="black", linestyle=":")
named = {"none": "no mirrored\ncopies", "same": "mirrored,\nlabel kept", "swapped": "mirrored,\nlabel swapped"}
ax.set_xticks(mirrored.index, [f"{one.question}\n{named[one[2]]}" for one in mirrored.itertuples()])
ax.set_title("Mirroring destroys a question that has a side")
ax.set(xlabel="question and copies", ylabel="accuracy on new films", ylim=(0, 1.02))
plt.show()
by_copies = mirrored[mirrored["question"] == "right or left?"].set_index("label of mirrored copies")["accuracy"]
assert by_copies["none"] > by_copies["same"] + 0.1

# %% [markdown]
# For the question about the side, the mirrored copies with the old label teach that right is left: the model can do
# little more than guess. (With its label *swapped* the copy is true again, and does no harm.) For "is there fluid?"
# little changes; fluid is fluid on either side.
#
# So mirroring may be harmless there. Two costs remain: the model has been taught that a heart on the right is nothing
# special, and it can never notice that somebody mirrored a film by mistake. wetread mirrors nothing until you say that
# sides do not matter (`--laterality free`).

# %% [markdown]
# ## Exercises
#
# 1. Give each patient two films instead of eight (`people, each = 160, 2`). Does the division by picture inflate more
#    or less? Why?
# 2. Your collection has one film per patient, but from two hospitals. Which question does a division by *hospital*
#    answer that one by patient does not?
# 3. For each, allow mirroring or not: a mammogram, for cancer; a mole on the skin; the question whether a stomach tube
#    lies correctly; a hand, for bone age.
# 4. A colleague augments first, then divides into training and test. What is wrong?
# 5. Which of the changes to the CT slice would be allowed if the question were "is this a head or a chest"?
#
# <details><summary>Solutions</summary>
#
# 1. Less: fewer test films have a sister in training, and there are fewer sisters to be found.
# 2. Whether the model works elsewhere. By patient, films of both hospitals are on both sides, and the model may use
#    what is special to each.
# 3. Mammogram: the breast may be mirrored, if marker and side are not used (wetread asks). Mole: yes, and turned as
#    well. Tube: no, the stomach has a side. Hand: a mirrored right hand is a left hand; usually allowed, since bone
#    age is the same, unless the marker is in the picture.
# 4. Copies of one film land on both sides: leakage, by one's own hand. And test pictures should not be changed at all.
# 5. Nearly all: what matters depends on the question, not on the modality alone.
#
# </details>
#
# ## Where the original stopped, and one honest step further
#
# The Carpentries lesson shuffles 700 films of NIH and divides by picture, though the first eight digits of every file
# name are the patient. How many of its films have a sister, you can count yourself with `DATA` set: the first lines of
# this lesson print it. Its augmentation takes ranges from an example. Our step was to measure both: what a wrong
# division adds, down to a disease that does not exist, and what a mirrored copy does to a question with a side. What
# our phantoms cannot tell is how *much* your own films leak; that depends on how alike the films of a patient are. So
# compare both divisions on your data, once, and report the honest one.
#
# ## What to take along
#
# Whatever belongs together (films of a patient, slices of a scan, copies) stays on one side of every division;
# otherwise a model gets credit for recognising people. A changed copy is allowed if a colleague would still give it
# the same label and believe it. And whether left and right may be exchanged depends on the question, so somebody has
# to answer it.
#
# ## Sources
#
# - The Carpentries Incubator. *Introduction to artificial neural networks in Python*, episode 03.
#   <https://carpentries-incubator.github.io/machine-learning-neural-python/>
# - Wang X et al. *ChestX-ray8*. CVPR 2017, doi 10.1109/CVPR.2017.369 (as released later, ChestX-ray14: 112 120 films of
#   30 805 patients).
# - Kapoor S, Narayanan A. *Leakage and the reproducibility crisis in machine-learning-based science*. Patterns 2023;
#   4: 100804, doi 10.1016/j.patter.2023.100804.
# - Packhäuser K et al. Sci Rep 2022; 12: 14851, doi 10.1038/s41598-022-19045-3 (the same person on two films).
# - Torgersen J. Am J Hum Genet 1950; 2: 361–370 (situs inversus).
# - Elgendi M et al. Front Med 2021; 8: 629134, doi 10.3389/fmed.2021.629134 (geometric changes of chest films).
