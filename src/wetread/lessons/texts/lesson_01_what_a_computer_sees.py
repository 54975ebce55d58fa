# ---
# title: What a computer sees
# minutes: 60
# machine_minutes: 1
# goals:
# - say what numbers a medical picture is made of, and read some of them off
# - explain bit depth, resolution and colour channels, and what is lost with each of them
# - set a window on Hounsfield units, and say what it hides
# - find in a DICOM header what the pixels mean, and what does not belong in a data set
# - tell a pleural effusion from a normal chest, and say how far ten guesses can be trusted
# needs: []
# roots: >-
#   The Carpentries Incubator, Introduction to artificial neural networks in Python, episodes 01 and 02
#   (https://carpentries-incubator.github.io/machine-learning-neural-python/); RSNA Spotlight Course 2021, Hounsfield
#   units as colours (https://github.com/kitamura-felipe/RSNASpotlight2021)
# where_it_stopped: >-
#   The Carpentries lesson starts with PNG files, so bit depth and window had been decided before; it counts ten guesses
#   without an interval, and it divides each picture by its own spread without asking what that does to the numbers.
# our_step_further: >-
#   We start from the detector's values, put an interval round the ten guesses, and measure what windows and a scaling
#   of each picture by itself do to one and the same tissue.
# ---

# %% [markdown]
# # 1. What a computer sees
#
# *Research and teaching only. All pictures in this lesson are simulated, unless you switch to real ones below.*
#
# **Afterwards you can**
#
# - say what numbers a medical picture is made of, and read some of them off;
# - explain bit depth, resolution and colour channels, and what is lost with each of them;
# - set a window on Hounsfield units, and say what it hides;
# - find in a DICOM header what the pixels mean, and what does not belong in a data set;
# - tell a pleural effusion from a normal chest, and say how far ten guesses can be trusted.
#
# **The question.** A radiologist looks at a chest film and sees lungs, a heart, perhaps a veil of fluid. A computer has
# none of these words. What does it have instead, and what has already been lost when it gets the picture?
#
# **How to read this.** Text and grey boxes with code alternate. A box is called a *cell*. Click into it and press
# Shift + Enter to run it; its result appears below. Run them from top to bottom. Change numbers and run again: nothing
# here can break. You need no knowledge of programming; what stands behind `#` is a remark for people.

# %% [markdown]
# ## The switches
#
# Every lesson begins with this cell. With `DATA = None` it uses simulated pictures, called *phantoms*: drawn from
# geometry and X-ray physics, so that the truth about each of them is known. To use real films instead, type
# `wetread data get carpentries-chest` once in a *terminal* (the window in which one types commands; in JupyterLab:
# File, New, Terminal), and put the folder that it names between quotes behind `DATA =`. (`os.environ` is for setting
# them from outside.)

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of the real public set
SEED = 1  # where random numbers start; the same seed gives the same pictures

# %% [markdown]
# The next cell fetches the tools: `numpy` for tables of numbers, `pandas` for tables with headings, `matplotlib` (here
# `plt`) for figures, `pydicom` for medical files, `PIL` for the usual formats of pictures, and `wetread`. It also makes
# a folder for this lesson, which you may delete later.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pydicom
from PIL import Image

import wetread

plt.style.use("wetread.lessons.film")
folder = Path(tempfile.mkdtemp(prefix="lesson-01-"))
print("Files of this lesson:", folder)

# %% [markdown]
# ## A picture is a table of numbers
#
# Here are 25 numbers in five rows and five columns. Such a table is called an *array*. Each number belongs to one small
# square of a picture, a *pixel* (picture element): 0 stands for black, 9 for white, the others for greys between.
#
# **What do you expect?** Look at the numbers only. Which letter will appear? (In the code, `fig` is a sheet of paper,
# `ax` a field on it, `imshow` shows an array as a picture, `vmin` being black and `vmax` white.)

# %%
letter = np.array([
    [9, 9, 9, 9, 9],
    [9, 0, 0, 0, 0],
    [9, 9, 9, 6, 0],
    [9, 0, 0, 0, 0],
    [9, 0, 0, 0, 0],
])  # fmt: skip

fig, ax = plt.subplots(figsize=(4, 4))
ax.imshow(letter, vmin=0, vmax=9)
for row in range(5):
    for column in range(5):
        ax.text(column, row, letter[row, column], color="tab:orange", ha="center", va="center", size=16)
ax.set(title="25 numbers, shown as grey", xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()

# %% [markdown]
# An F, and one grey pixel in its arm. The position is counted **from the top left corner, starting at 0**, the row
# first: `letter[2, 3]` is the pixel in the third row and the fourth column. The computer never "sees" the F. It has the
# 25 numbers, and the order in which they stand. (A line that begins with `assert` is a check: it stops the lesson if
# what we claim is not true, or no longer after your change.)

# %%
print("shape (rows, columns):", letter.shape)
print("row 2, column 3:      ", letter[2, 3])
assert letter[2, 3] == 6

# %% [markdown]
# ## A chest film is a larger table
#
# Now a film of the chest. We draw one *virtual patient*, and image him twice: once as he is, once with 600
# millilitres of fluid between the right lung and the chest wall, a *pleural effusion*. All else stays the same: how
# he stands, how deeply he breathes, the X-ray dose, even the *noise*, the random grain of every X-ray picture. No
# hospital can do that.
#
# `render_chest` computes how much of the X-ray beam gets through each point of the body. Its result is an array with
# numbers from 0 (black, much radiation arrived) to 1 (white, little arrived). `default_rng(SEED)` are dice that fall
# alike for the same seed; `print(f"...")` puts values where braces stand.

# %%
from wetread.phantoms.chest import render_chest
from wetread.phantoms.effusion import Effusion
from wetread.phantoms.patient import draw_patient

patient = draw_patient(np.random.default_rng(SEED), sex="M", age=55)
normal = render_chest(patient, np.random.default_rng(SEED + 1))
effusion = render_chest(patient, np.random.default_rng(SEED + 1), effusion=Effusion(right=600))

film = normal.pixels
print("shape (rows, columns):  ", film.shape)
print("numbers in all:         ", film.size)
print(f"one pixel of the patient: {10 * normal.facts['pixel']:.2f} mm wide")
print("ten by ten of them:")
print(np.round(film[150:160, 100:110], 2))

# %% [markdown]
# Those hundred numbers are a part of a lung. Nothing in them says "lung". In the next figure they are the orange
# square. Its side in the picture is the *patient's right*: a film is shown as if you faced the patient.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.6))
left.imshow(film, vmin=0, vmax=1)
left.add_patch(plt.Rectangle((99.5, 149.5), 10, 10, fill=False, color="tab:orange", linewidth=2))
left.set(title="What we see", xlabel="column (pixel)", ylabel="row (pixel)")
right.imshow(film, vmin=0, vmax=1)
right.set(xlim=(99.5, 109.5), ylim=(159.5, 149.5), xlabel="column (pixel)", ylabel="row (pixel)")
right.set_title("The orange square, enlarged")
plt.show()

# %% [markdown]
# ## Effusion beside normal
#
# **What do you expect?** Fluid weakens X-rays about as much as muscle, air-filled lung hardly does. Fluid sinks. Where
# will the numbers change, and will they go up or down? Point at the place before you run the cell.

# %%
difference = effusion.pixels - normal.pixels

fig, axes = plt.subplots(1, 3, figsize=(12, 4.4))
axes[0].imshow(normal.pixels, vmin=0, vmax=1)
axes[0].set_title("Normal")
axes[1].imshow(effusion.pixels, vmin=0, vmax=1)
axes[1].set_title("The same patient, 600 ml of fluid")
shown = axes[2].imshow(difference, cmap="RdBu_r", vmin=-0.5, vmax=0.5)
axes[2].contour(effusion.mask, levels=[0.5], colors="black", linewidths=1)
axes[2].set_title("Fluid brightens the base")
fig.colorbar(shown, ax=axes[2], label="change of grey (black 0, white 1)", shrink=0.8)
for ax in axes:
    ax.set(xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()

# %% [markdown]
# The black line is the *mask*: a second table of the same shape that says for each pixel whether fluid lies there. For
# a phantom we know it exactly; on a real film a person would have to draw it. Three signs are in the picture, and
# radiologists look for all three: the sharp angle between diaphragm and ribs (the *costophrenic angle*) is filled, the
# upper border of the fluid climbs along the chest wall (the *meniscus*), the diaphragm is no longer to be seen.
#
# How large is the change, in numbers? (What stands in `[...]` picks the pixels; `~` means *not*, `&` *and*, `|` *or*.)

# %%
inside = difference[effusion.mask].mean()
outside = difference[~effusion.mask].mean()
print(f"mean change where fluid lies:  {inside:+.3f}")
print(f"mean change everywhere else:   {outside:+.3f}")
assert inside > 10 * abs(outside)

# %% [markdown]
# The change elsewhere is small but not nothing: a pale blue in the figure. X-ray machines even a film out before
# anybody sees it; where one part turns bright, its surroundings are darkened a little. A *model* can use such traces,
# though nobody would look there. (A model is a program whose rules nobody wrote: they were found from examples. The
# *neural networks* of the later lessons are models.) It is a first hint that **"where it looks" and "where the disease
# is" are two questions** (lesson 7).

# %% [markdown]
# ## Bit depth: how many greys there are
#
# A computer counts in *bits*, digits that are 0 or 1. With 8 bits there are 2 · 2 · … = 2⁸ = 256 different numbers (in
# Python `2**8`), with 12 bits 4096: the *bit depth*. X-ray detectors deliver 10 to 16 bits; screens, most data sets for
# teaching, and most files in the usual formats of photographs (JPEG, PNG) have 8 only. To save the same film with fewer
# bits, we round each number to the nearest one that exists.
#
# **What do you expect?** From how many bits on will *you* see no difference any more? (`def` gives a piece of code a
# name, to use it again: a *function*. The line in three quotes says what it does.)


# %%
def with_bits(picture, bits):
    """Rounds numbers from 0 to 1 to the 2**bits greys that there are."""
    steps = 2**bits - 1
    return np.round(picture * steps) / steps


depths = [1, 2, 4, 8, 12]
fig, axes = plt.subplots(1, 5, figsize=(13, 3.4))
for ax, bits in zip(axes, depths, strict=True):
    ax.imshow(with_bits(effusion.pixels, bits), vmin=0, vmax=1)
    ax.set(title=f"{bits} bit{'s' * (bits > 1)}: {2**bits} greys", xlabel="column (pixel)")
axes[0].set_ylabel("row (pixel)")
plt.show()

# %% [markdown]
# Most people see no difference between 8 and 12 bits, and none of us would on this screen: the screen itself shows 8.
# For the *computer* there is one. The table counts how many different greys really occur, in the whole film and in a
# dark square of the lung. (`[... for bits in depths]` makes a list.)

# %%
corner = (slice(120, 150), slice(90, 120))
greys = pd.DataFrame(
    {
        "greys that exist": [2**bits for bits in depths],
        "in this film": [np.unique(with_bits(effusion.pixels, bits)).size for bits in depths],
        "in a square of the lung": [np.unique(with_bits(effusion.pixels[corner], bits)).size for bits in depths],
    },
    index=pd.Index(depths, name="bits"),
)
print(greys)
assert greys.loc[12, "in a square of the lung"] > 3 * greys.loc[8, "in a square of the lung"]

# %% [markdown]
# In the square of the lung, 12 bits keep several times as many greys apart as 8. What was rounded away cannot be
# brought back. If your pictures exist as DICOM files, give the model those, not a screenshot of them.

# %% [markdown]
# ## Resolution: how many pixels there are
#
# A film from the hospital has about 2000 to 3000 rows. Models often work with 224 or 320, since computing time grows
# with the number of pixels: half the rows and half the columns is a quarter of the work. We make the film smaller by
# replacing each square of pixels by its mean.
#
# **What do you expect?** At which size does the effusion disappear? And a small lump of 6 mm?


# %%
def shrink(picture, factor):
    """Replaces each square of factor x factor pixels by its mean."""
    rows, columns = picture.shape
    return picture.reshape(rows // factor, factor, columns // factor, factor).mean(axis=(1, 3))


fig, axes = plt.subplots(1, 4, figsize=(12, 3.8))
for ax, factor in zip(axes, [1, 4, 8, 20], strict=True):
    small = shrink(effusion.pixels, factor)
    ax.imshow(small, vmin=0, vmax=1)
    size = 10 * effusion.facts["pixel"] * factor
    ax.set(title=f"{small.shape[0]} × {small.shape[1]}\none pixel: {size:.1f} mm", xlabel="column (pixel)")
axes[0].set_ylabel("row (pixel)")
plt.show()

# %% [markdown]
# A large effusion survives 40 × 40 pixels; at 16 × 16 neither angle nor meniscus is left. A lump of 6 mm is smaller
# than a single pixel of both: it can change one number a little, no more. Which size is enough **depends on the
# question**, not on the model.

# %% [markdown]
# ## Colour: three tables instead of one
#
# A colour picture is three tables on top of each other, the *channels*: how much red, green and blue (RGB). Where all
# three are equal we see grey. Many networks found their rules first (were *trained*) on photographs and expect three
# channels; a film is then handed over three times. It is larger, and says nothing more.
#
# Colour is not only for photographs. We can *choose* what each channel says. Here green and blue are lowered where the
# mask knows of fluid.

# %%
grey_three_times = np.stack([effusion.pixels] * 3, axis=-1)
coloured = grey_three_times.copy()
coloured[effusion.mask, 1:] *= 0.6

fig, axes = plt.subplots(1, 3, figsize=(12, 4.4))
axes[0].imshow(effusion.pixels, vmin=0, vmax=1)
axes[0].set_title(f"One channel {effusion.pixels.shape}")
axes[1].imshow(grey_three_times)
axes[1].set_title(f"Three equal ones {grey_three_times.shape}")
axes[2].imshow(coloured)
axes[2].set_title("Three different ones: fluid in red")
for ax in axes:
    ax.set(xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()
assert np.array_equal(grey_three_times[..., 0], grey_three_times[..., 2])

# %% [markdown]
# Whoever colours the fluid has already found it. If such a picture reaches a model that shall *find* fluid, the
# exercise is over before it has begun. It sounds silly; arrows, circles and letters in published figures do just that.

# %% [markdown]
# ## The file around the picture: DICOM
#
# Hospitals store pictures as *DICOM* files: the numbers, and a *header* that says what they mean. We make a few such
# files and open the first. `labels.csv` is a table with one line per picture, as you might have it from a colleague;
# the *label* is the truth, as far as known, and `NaN` an empty field.

# %%
chest = wetread.make_data("chest-effusion", folder / "chest", images=4 if SMALL else 12, seed=SEED)
table = pd.read_csv(chest / "labels.csv")
print(table[["image", "label", "patient", "side", "sex", "age"]].head(4).to_string(index=False))

opened = pydicom.dcmread(chest / table["image"][0])
wanted = ["PatientName", "PatientID", "PatientAge", "Modality", "ViewPosition", "Rows", "Columns", "BitsStored",
          "PhotometricInterpretation", "WindowCenter", "WindowWidth"]  # fmt: skip
print()
for name in wanted:
    print(f"{opened[name].tag}  {name:26} {opened[name].value}")

# %% [markdown]
# Every entry has a *tag*, two numbers of four digits (0 to 9 and A to F), the same in every hospital of the world. Read
# them in three groups; the window comes further below.
#
# - **What the numbers mean.** 12 bits are stored. `PhotometricInterpretation` says which end is white: `MONOCHROME2`
#   means that large numbers are bright, `MONOCHROME1` that they are dark. A program that forgets to look shows one film
#   in three here as a negative, and learns from it.
# - **How it was taken.** `Modality` CR is *computed radiography*, a digital film. `ViewPosition` PA: the beam went from
#   back to front. Patients too ill to stand are imaged from front to back (AP), and they have effusions more often. So
#   this entry can tell the label, without any picture.
# - **Who it is.** Name, number, dates, a rare age. Nothing by which a patient can be recognised may leave the hospital
#   with the data, and the data themselves only with permission. `wetread deidentify` writes copies without such
#   entries. But names may also be burnt into the pixels, where no header helps: look at the copies before you pass
#   them on.
#
# **What do you expect?** What does a chest film look like if `PhotometricInterpretation` is misread?

# %%
stored = opened.pixel_array
top = 2**opened.BitsStored - 1
bright_is_dense = top - stored if opened.PhotometricInterpretation == "MONOCHROME1" else stored

fig, (a, b) = plt.subplots(1, 2, figsize=(9, 4.4))
a.imshow(bright_is_dense, vmin=0, vmax=top)
a.set(title="As the header says", xlabel="column (pixel)", ylabel="row (pixel)")
b.imshow(top - bright_is_dense, vmin=0, vmax=top)
b.set(title="Read the other way round", xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()
print("stored numbers from", stored.min(), "to", stored.max(), "of", top)

# %% [markdown]
# A negative: air is white, bone is black. You notice; a program that has only the numbers does not.
#
# ## Hounsfield units: numbers that mean something
#
# A grey value of a film has no unit: it depends on dose, detector and processing. In *computed tomography* (CT) it does
# have one. Hounsfield units (HU) are defined by water = 0 and air = −1000; fat is near −100, the brain 25 to 40, fresh
# blood 50 to 80, bone up to 1000 and more (Kamalian 2016). A file mostly stores whole numbers without sign. Two entries
# of the header, the *slope* and the *intercept*, say how to get to HU:
#
# $$ \mathrm{HU} = \text{stored} \cdot \text{slope} + \text{intercept} $$
#
# We make simulated head scans and take the first slice (`iloc[0]`) with blood within the brain (*intraparenchymal*,
# IPH). As brain counts what lies between 15 and 50 HU and is no blood.

# %%
heads = wetread.make_data("head-ct", folder / "heads", images=12, seed=2026)
slices = pd.read_csv(heads / "labels.csv")
one = slices[slices["label"] == "IPH"].iloc[0]

scan = pydicom.dcmread(heads / one["image"])
hu = scan.pixel_array * float(scan.RescaleSlope) + float(scan.RescaleIntercept)
blood = np.asarray(Image.open(heads / one["mask"])) > 0
brain = (hu > 15) & (hu < 50) & ~blood

print(f"stored {scan.pixel_array.min()} to {scan.pixel_array.max()}, slope {scan.RescaleSlope}, "
      f"intercept {scan.RescaleIntercept}")  # fmt: skip
print(f"HU     {hu.min():.0f} to {hu.max():.0f}")
print(f"blood  {hu[blood].mean():.0f} HU on average, brain {hu[brain].mean():.0f} HU")

# %% [markdown]
# **What do you expect?** The next figure counts pixels by their value (a *histogram*; on its upright scale each step is
# ten times the one before, or the few bright pixels would vanish). Where are air, brain and bone? Where is the blood?

# %%
fig, (whole, soft) = plt.subplots(1, 2, figsize=(11, 4))
whole.hist(hu.ravel(), bins=120, range=(-1050, 1600), color="tab:blue")
whole.set(title="Most pixels are air", xlabel="Hounsfield units (HU)", ylabel="pixels", yscale="log")
soft.hist(hu[brain], bins=50, range=(0, 100), color="tab:gray", label="brain (15 to 50 HU)")
soft.hist(hu[blood], bins=50, range=(0, 100), color="tab:red", label="blood (from the mask)")
soft.set(title="Brain and blood overlap", xlabel="Hounsfield units (HU)", ylabel="pixels", yscale="log")
soft.legend()
plt.show()

# %% [markdown]
# The highest bar is air, the next one brain and blood, the hill at the right bone. The head spans 2000 HU and more;
# brain and blood are some 20 to 30 apart, and the noise makes them overlap. Which brings us to the most important
# decision about a CT picture.

# %% [markdown]
# ## Windowing: choosing what may be seen
#
# A usual screen has 256 greys, a CT slice some thousands of values. A *window* picks the range that is spread over
# them. Its **centre** is shown as mid-grey; its **width** is what lies between black and white. All below is black, all
# above is white:
#
# $$ \text{grey} = \frac{\mathrm{HU} - (\text{centre} - \text{width}/2)}{\text{width}}, \quad
# \text{cut off at 0 and 1} $$
#
# (The DICOM standard, PS3.3 C.11.2.1.2, shifts this by half a unit, which nobody would see.) Four usual windows follow;
# the one called *subdural* is for blood between brain and skull.


# %%
def window(hu, centre, width):
    """Hounsfield units -> grey from 0 (black) to 1 (white)."""
    return np.clip((hu - (centre - width / 2)) / width, 0, 1)


windows = {"brain": (40, 80), "subdural": (80, 200), "wide": (60, 300), "bone": (600, 2000)}
fig, axes = plt.subplots(1, 4, figsize=(13, 3.9))
for ax, (name, (centre, width)) in zip(axes, windows.items(), strict=True):
    ax.imshow(window(hu, centre, width), vmin=0, vmax=1)
    ax.set(title=f"{name}: {centre} / {width} HU", xlabel="column (pixel)", xlim=(45, 215), ylim=(220, 25))
axes[0].set_ylabel("row (pixel)")
plt.show()

# %% [markdown]
# Four pictures, **the same numbers behind them**. In the first the blood is plain; in the last it is gone, and the
# skull, white before, shows its layers. Had somebody saved the last one as JPEG for a study of bleeding, no network
# could ever find what was in the scan. How many of the 256 greys lie between blood and brain?

# %%
gap = hu[blood].mean() - hu[brain].mean()
for name, (_, width) in windows.items():
    print(f"{name:9} width {width:4} HU: {255 * gap / width:5.1f} of 256 greys between blood and brain")
assert 255 * gap / windows["brain"][1] > 20 * 255 * gap / windows["bone"][1]
assert 20 < gap < 30

# %% [markdown]
# Try it yourself: if `ipywidgets` is installed, two sliders appear. The four pictures above are the fixed form of it.

# %%
try:
    from ipywidgets import IntSlider, interact

    @interact(centre=IntSlider(40, -200, 800, 10), width=IntSlider(80, 10, 3000, 10))
    def look(centre, width):
        """Draws the slice through the chosen window."""
        plt.imshow(window(hu, centre, width), vmin=0, vmax=1)
        plt.title(f"Window {centre} / {width} HU")
        plt.xlabel("column (pixel)")
        plt.ylabel("row (pixel)")
        plt.show()

except ImportError:
    print("No sliders here: ipywidgets is not installed.")

# %% [markdown]
# Windows need not be grey. The RSNA course of 2021, whose experiments you can repeat later (`wetread lab
# hemorrhage-5`), painted everything from 50 to 95 HU red. Compare it with the mask: what else is red?

# %%
grey = window(hu, 60, 300)
painted = np.stack([grey] * 3, axis=-1)
painted[(hu >= 50) & (hu <= 95)] = [0.9, 0.1, 0.1]

fig, (a, b) = plt.subplots(1, 2, figsize=(9, 4.4))
a.imshow(painted)
a.set(title="50 to 95 HU in red", xlabel="column (pixel)", ylabel="row (pixel)")
b.imshow(blood, vmin=0, vmax=1)
b.set(title="Blood, as the mask knows it", xlabel="column (pixel)", ylabel="row (pixel)")
plt.show()
red = (hu >= 50) & (hu <= 95)
print(f"of the red pixels, {100 * blood[red].mean():.0f} % are blood")
print(f"of the blood, {100 * red[blood].mean():.0f} % is red")

# %% [markdown]
# Noise, the rim of the skull and calcium are red as well. A colour by numbers is a *measurement with errors*, no
# diagnosis; whether it helps a model is a question for an experiment.

# %% [markdown]
# ## Now you: effusion or not?
#
# Six films without their labels. With `DATA` set, they are real ones. Write your answers into the cell below the
# figure: `"e"` for effusion, `"n"` for normal, from left to right, the upper row first.

# %%
rng = np.random.default_rng(SEED)


def show_film(path):
    """A file -> its grey values as displayed, 0 (black) to 1 (white)."""
    if path.suffix != ".dcm":
        return np.asarray(Image.open(path).convert("L")) / 255
    opened = pydicom.dcmread(path)
    grey = opened.pixel_array / (2**opened.BitsStored - 1)
    return 1 - grey if opened.PhotometricInterpretation == "MONOCHROME1" else grey


if DATA:  # a folder for each class; the name of the folder is the label
    films = [(path, path.parent.name) for path in sorted(Path(DATA).rglob("*.png"))]
else:
    films = [(chest / row.image, row.label) for row in table.itertuples()]
chosen = [films[number] for number in rng.permutation(len(films))[:6]]

fig, axes = plt.subplots(2, 3, figsize=(10, 7))
for number, (ax, (path, _)) in enumerate(zip(axes.ravel(), chosen, strict=False), start=1):
    ax.imshow(show_film(path), vmin=0, vmax=1)
    ax.set(title=f"Film {number}", xlabel="column (pixel)", ylabel="row (pixel)")
for ax in axes.ravel()[len(chosen) :]:
    ax.axis("off")
plt.show()

# %%
my_answers = ""  # such as "enneen"

truth = "".join("e" if label == "effusion" else "n" for _, label in chosen)
if my_answers:
    right = sum(mine == true for mine, true in zip(my_answers, truth, strict=True))
    print(f"{right} of {len(truth)} right. The truth: {truth}")
else:
    print("Fill in your answers and run this cell again.")

# %% [markdown]
# The share of right answers is called *accuracy*. The Carpentries lesson asks its readers for ten such guesses and
# gives "5 of 10 are 50 %" as an example. Let us take such a result seriously for a moment.
#
# **What do you expect?** Somebody gets 8 of 10. Between which two values may her true accuracy lie, the one she would
# have on thousands of films? A 95 % *confidence interval* answers that: in 95 of 100 such studies, the interval so
# computed would contain the truth. We use the method of Wilson (1927), and return to it in lesson 5.

# %%
from wetread.metrics.intervals import wilson

for right, of in [(5, 10), (8, 10), (10, 10), (80, 100), (800, 1000)]:
    found = wilson(right, of)
    print(f"{right:4} of {of:4}: accuracy {right / of:.2f}, 95 % interval {found.low:.2f} to {found.high:.2f}")
assert wilson(8, 10).low < 0.5

# %% [markdown]
# Eight of ten is *compatible with guessing*: the interval reaches below 0.50. It needs about a hundred films before
# 80 % means anything definite. A number without its interval is half a result; ask for it from here on, also in this
# course.

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# The Carpentries lesson begins with PNG files, at which point window and bit depth have been decided by somebody else.
# Then it scales the pictures: from each it subtracts that picture's own mean, and divides by that picture's own
# *standard deviation* (a measure of spread). Scaling is reasonable, networks learn better from numbers near zero. But
# *by its own* is a choice with a price, and CT lets us see it, as we know what the numbers should be.
#
# **What do you expect?** We measure the brain in twelve slices of three heads, in HU and after this scaling. Brain is
# brain; will the scaled numbers agree?

# %%
rows = []
for path in slices["image"]:
    scan = pydicom.dcmread(heads / path)
    values = scan.pixel_array * float(scan.RescaleSlope) + float(scan.RescaleIntercept)
    values = np.clip(values, -1000, None)  # what lies outside the round field is stored as a filler
    own = (values - values.mean()) / values.std()
    tissue = (values > 15) & (values < 50)
    name = f"{Path(path).parent.name} {Path(path).stem}"
    rows.append({"slice": name, "brain (HU)": values[tissue].mean(), "brain (own scale)": own[tissue].mean()})
measured = pd.DataFrame(rows).set_index("slice")
print(measured.round(2))
assert (len(slices), slices["patient"].nunique()) == (12, 3)

# %%
fig, (a, b) = plt.subplots(1, 2, figsize=(10, 4.4))
for ax, name, unit in [(a, "brain (HU)", "HU"), (b, "brain (own scale)", "standard deviations")]:
    middle = measured[name].mean()
    ax.bar(measured.index, 100 * (measured[name] / middle - 1), color="tab:blue")
    ax.axhline(0, color="black", linewidth=1)
    ax.set(xlabel="patient and slice", ylabel="off their mean (%)", title=f"Brain in {unit}", ylim=(-40, 40))
    ax.tick_params(axis="x", rotation=90)
plt.show()
spread = measured.std() / measured.mean().abs()
print((100 * spread).round(1).rename("spread, % of the mean").to_string())
assert spread["brain (own scale)"] > 3 * spread["brain (HU)"]

# %% [markdown]
# The same tissue has nearly the same HU in every slice, and different numbers after each slice was scaled by itself:
# they depend on how much air and bone happen to be in the picture. On a film nothing is lost that had a unit, but the
# same happens: a large effusion raises the mean of *its own* picture, and the scaling takes a part of that away again.
# **wetread scales all pictures by the same two numbers**, taken from the training part (the pictures that a model
# learns from) or brought along by a network trained elsewhere, and shows CT through one window.
#
# Neither way is always right. What counts is that it is *written down*, and done to every later picture in the same
# way.

# %% [markdown]
# ## Exercises
#
# 1. Change `letter` so that it becomes an E. Which pixels did you change? Give row and column.
# 2. Draw the difference picture again for 150 ml instead of 600. Can you see the effusion in the film itself?
# 3. Which window shows the scalp (−70 to 60 HU) best? Try with the sliders or with `window(hu, ..., ...)`.
# 4. Invert a film twice. What do you get, and why is that good news?
# 5. A study reports "9 of 10 correct". Somebody says: "so it is better than the other one with 40 of 50." What do you
#    answer?
#
# <details><summary>Solutions</summary>
#
# 1. The last row, columns 1 to 4, become 9: `letter[4, 1:] = 9`. (For a handsome E make the arm equal, too.)
# 2. `effusion = render_chest(patient, np.random.default_rng(SEED + 1), effusion=Effusion(right=150))`. In the
#    difference it is plain; in the film only the costophrenic angle is a little blunted. About 200 ml are needed
#    before people see it from the front (Blackmore 1996). That the computer's *difference* shows it does not mean
#    that a model finds it: nobody has the same patient without fluid.
# 3. Centre near 0, width near 150. The brain is then light grey all over, with little left to see in it: no window
#    shows everything.
# 4. The film itself: `top - (top - x)` is `x`. Inversion loses nothing, so it can be repaired, if one knows about it.
#    Rounding to fewer bits cannot.
# 5. The intervals are 0.60 to 0.98 and 0.67 to 0.89 (`wilson(9, 10)`, `wilson(40, 50)`). They overlap almost wholly:
#    these numbers show no difference.
#
# </details>

# %%
nine, forty = wilson(9, 10), wilson(40, 50)
print(f"9 of 10: {nine.low:.2f} to {nine.high:.2f};  40 of 50: {forty.low:.2f} to {forty.high:.2f}")
assert [round(value, 2) for value in (nine.low, nine.high, forty.low, forty.high)] == [0.60, 0.98, 0.67, 0.89]

# %% [markdown]
# ## What to take along
#
# A picture is a table of numbers, and all meaning is in how they were made: bit depth, resolution, window, and the
# header that tells you. What is lost before the model gets the picture, no model can find; what was added (an arrow,
# a colour, a header entry), it will use. And ten guesses say little, whoever made them.
#
# ## Sources
#
# - The Carpentries Incubator. *Introduction to artificial neural networks in Python*, episodes 01 and 02.
#   <https://carpentries-incubator.github.io/machine-learning-neural-python/>
# - RSNA Spotlight Course 2021, material of F. Kitamura. <https://github.com/kitamura-felipe/RSNASpotlight2021>
# - DICOM PS3.3, C.7.6.3.1.2 (photometric interpretation), C.11.1 (modality), C.11.2 (window).
#   <https://www.dicomstandard.org/current>
# - Kamalian S, Lev MH, Gupta R. Handb Clin Neurol 2016; 135: 3–20, doi 10.1016/B978-0-444-53485-9.00001-5 (Hounsfield
#   units).
# - Blackmore CC et al. Acad Radiol 1996; 3: 103–109 (how much fluid can be seen).
# - Wilson EB. J Am Stat Assoc 1927; 22: 209–212, doi 10.1080/01621459.1927.10502953.
