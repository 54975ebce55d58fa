# ---
# title: From a line to a neuron
# minutes: 90
# machine_minutes: 2
# goals:
# - read, sort, group and plot a table in Python
# - fit a line by formula and by gradient descent, and read a map of its loss
# - recognise a learning rate that is too small, right or too large, and say what momentum and Adam add
# - explain entropy and cross-entropy, for two classes and for more
# - write down a neuron and a network of two layers, and check their gradients against finite differences
# needs: [1]
# roots: >-
#   A course on deep learning for doctoral researchers, Heine Center for Artificial Intelligence and Data Science,
#   Düsseldorf (https://www.heicad.hhu.de); The Carpentries Incubator, Introduction to artificial neural networks in
#   Python, episode 04 (https://carpentries-incubator.github.io/machine-learning-neural-python/)
# where_it_stopped: >-
#   The Carpentries lesson draws a neuron, says that its weights are adjusted systematically, and leaves the adjusting
#   to a library. Courses that write it out usually show one run from one start.
# our_step_further: >-
#   Every gradient is written out and checked against finite differences, and the network is trained from many random
#   starts, which shows how much of a result is the luck of the start.
# ---

# %% [markdown]
# # 2. From a line to a neuron
#
# *Research and teaching only. All patients in this lesson are simulated, unless you switch to real films below.*
#
# **Afterwards you can**
#
# - read, sort, group and plot a table in Python;
# - fit a line by formula and by gradient descent, and read a map of its loss;
# - recognise a learning rate that is too small, right or too large, and say what momentum and Adam add;
# - explain entropy and cross-entropy, for two classes and for more;
# - write down a neuron and a network of two layers, and check their gradients against finite differences.
#
# **The question.** "The network learns" is said quickly. What exactly changes while it learns? Who says in which
# direction, and how far? We begin with something that you know, a straight line through points, and change it in small
# steps until it is a neural network. Nothing is left to a library: at the end you will have written all of it.
#
# **A word on formulas.** There are some. Each is also said in words, and computed in a cell. Whoever skips the formulas
# loses little; whoever skips the figures loses much.

# %% [markdown]
# ## The switches
#
# As in lesson 1. With `DATA = None` everything comes from phantoms. With the folder of real films
# (`wetread data get carpentries-chest`) one more experiment is done near the end. A line that begins with `assert` is a
# check, as before. New among the tools are those that make a moving picture (`base64`, `animation`).

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of the real public set
SEED = 1  # where random numbers start; the same seed gives the same patients

# %%
import base64
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.animation import FuncAnimation, PillowWriter
from PIL import Image

from wetread.metrics.intervals import wilson
from wetread.phantoms.chest import render_chest
from wetread.phantoms.effusion import Effusion
from wetread.phantoms.patient import draw_patient

plt.style.use("wetread.lessons.film")
folder = Path(tempfile.mkdtemp(prefix="lesson-02-"))
print("Files of this lesson:", folder)

# %% [markdown]
# ## From films to a table
#
# A network that looks at whole films comes in lesson 4. Today each patient is only a few numbers. Two of them are known
# from the construction of the phantom, as if somebody had measured with a perfect ruler:
#
# - the width of the **chest** inside the ribs, and the width of the **heart**, in centimetres.
#
# Two we measure in the picture: **where the right and the left lung end below**. For that we take a narrow strip of the
# film on one side. Going down the strip, the lung is dark, what lies under it is bright. The place of the steepest rise
# from dark to bright is taken as the lower end of the lung, in per cent of the picture's height: 0 is the upper edge.
# Fluid under a lung moves its end up.
#
# Of a *function* (lesson 1), what stands in the brackets goes in, and what stands behind `return` comes out. In this
# one, `mean` takes means, and `argmax` says at which place the largest number stands.


# %%
def lung_end(film, side):
    """Where a lung ends below, in per cent of the height of a film of 64 x 64 pixels."""
    strip = film[:, 9:17] if side == "right" else film[:, -17:-9]  # the picture's left is the patient's right
    profile = strip.mean(axis=1)  # one mean grey value per row
    rows = range(18, 60)
    rises = [profile[row : row + 5].mean() - profile[row - 5 : row].mean() for row in rows]
    return 100 * rows[int(np.argmax(rises))] / 64


rng = np.random.default_rng(SEED)
example = render_chest(draw_patient(rng), rng, size=64, effusion=Effusion(right=900)).pixels

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6))
left.imshow(example, vmin=0, vmax=1, extent=(0, 100, 100, 0))
for side, place, colour in [("right", 14, "C1"), ("left", 73, "C0")]:
    left.add_patch(plt.Rectangle((place, 0), 12.5, 100, fill=False, color=colour, linewidth=2))
    left.plot([place, place + 12.5], [lung_end(example, side)] * 2, color=colour, linewidth=5)
    strip = example[:, 9:17] if side == "right" else example[:, -17:-9]
    right.plot(strip.mean(axis=1), np.arange(64) / 0.64, color=colour, label=f"{side} side of the patient")
    right.axhline(lung_end(example, side), color=colour, linestyle=":")
left.set(title="900 ml of fluid on the right", xlabel="width (%)", ylabel="from the top (%)")
right.set(title="The lung ends where grey rises most", xlabel="mean grey in the strip (0 to 1)", ylim=(100, 0))
right.set_ylabel("from the top (%)")
right.legend(loc="lower left")
plt.show()

# %% [markdown]
# The right lung (orange, in the picture's left) ends higher than the left one. Our ruler is crude: a tilted patient, a
# poor breath, a raised diaphragm all move the lung's end as well. That is intended. Data without such disturbance would
# be no data.
#
# Now 300 patients. For each side a coin is tossed whether there is fluid, and if so, how much: 500 to 1500 ml.

# %%
rng = np.random.default_rng(SEED)
rows = []
for number in range(120 if SMALL else 300):
    patient = draw_patient(rng)
    sides = rng.integers(2, size=2)  # 0 or 1 for right and left: is there fluid?
    right_ml, left_ml = sides * rng.uniform(500, 1500, size=2)
    fluid = Effusion(right=right_ml, left=left_ml) if sides.any() else None
    film = render_chest(patient, rng, size=64, effusion=fluid).pixels
    chest = 2 * patient.cage_width
    rows.append({
        "patient": number, "sex": patient.sex, "age": patient.age,
        "chest_cm": chest, "heart_cm": patient.heart_ratio * chest,
        "right_ml": right_ml, "left_ml": left_ml,
        "right_end": lung_end(film, "right"), "left_end": lung_end(film, "left"),
    })  # fmt: skip
patients = pd.DataFrame(rows)
print(patients.head(5).round(1).to_string(index=False))

# %% [markdown]
# ## Handling a table
#
# `patients` is a *data frame*, the Python word for a table with named columns. One row is one patient. You need five
# movements, and they cover most of a working day:
#
# | you want to | you write |
# |---|---|
# | take a column | `patients["age"]` |
# | compute with it | `patients["age"] / 10` |
# | keep some rows | `patients[patients["age"] > 70]` |
# | sort | `patients.sort_values("age")` |
# | group, and say something of each group | `patients.groupby("sex")["heart_cm"].mean()` |
#
# We add a column that says where the fluid is (`astype(int)` turns yes and no into 1 and 0).

# %%
wet = (patients["right_ml"] > 0).astype(int) + (patients["left_ml"] > 0).astype(int)
patients["fluid"] = wet.map({0: "none", 1: "one side", 2: "both sides"})

print(len(patients[patients["age"] > 70]), "patients are older than 70; the three oldest:")
print(patients.sort_values("age").tail(3)[["patient", "sex", "age"]].to_string(index=False))
print()
print(patients.groupby("fluid")[["age", "heart_cm", "right_end", "left_end"]].mean().round(1))

# %% [markdown]
# Read the last table as a doctor. Age and heart do not differ much between the groups: fluid was dealt by coin. The
# ends of the lungs do, for the fluid pushes them up (a smaller number is higher).
#
# A table is quickly read and quickly believed. **Plot before you compute**, always. A *scatter plot* has one dot per
# patient; a *histogram* counts how many patients fall into each interval.

# %%
fig, (a, b) = plt.subplots(1, 2, figsize=(11, 4.2))
a.scatter(patients["chest_cm"], patients["heart_cm"], s=18, alpha=0.6)
a.set(title="Wide chests have wide hearts", xlabel="width of the chest (cm)", ylabel="width of the heart (cm)")
for wetness, colour in [(False, "C0"), (True, "C1")]:
    group = patients.loc[(patients["right_ml"] > 0) == wetness, "right_end"]
    b.hist(group, bins=np.arange(25, 95, 4), color=colour, alpha=0.6, label="fluid" if wetness else "no fluid")
b.set(title="Fluid lifts the lung, most of the time", xlabel="lower end of the right lung (% from the top)")
b.set_ylabel("patients")
b.legend(title="on the right")
plt.show()

# %% [markdown]
# Look at the lonely bar at 28 %. That is where our ruler ends: it does not search higher. Few lungs really do. The
# others are errors of the ruler: high up, the strip passes from the dark air above the shoulder into the bright
# shoulder, which is a step as well, and where fluid or a raised diaphragm makes the real step soft, the ruler takes
# this one. Without the plot these patients would sit in our means unseen. We keep them, since we know why they are odd
# and would not know it of new patients either.

# %% [markdown]
# ## A line, by hand
#
# How wide do we expect the heart to be, given the chest? The simplest answer is a straight line:
#
# $$ \text{heart} = a + b \cdot \text{chest} $$
#
# $a$ is the *intercept*, where the line meets chest = 0. $b$ is the *slope*: by how many centimetres the heart widens
# when the chest widens by one. $a$ and $b$ are the **parameters**. A large network has millions of them instead of two;
# that is less of a difference than it seems.
#
# **What do you expect?** The *cardiothoracic ratio*, heart divided by chest, is below 0.5 in health (Danzer 1919). What
# slope follows from that, roughly?
#
# Which line is best? For each patient the line says something, and is wrong by some centimetres: the *residual*. We
# square the residuals, so that plus and minus do not cancel and large errors count more, and take their mean. This
# *mean squared error* is our first **loss**: one number that says how bad a set of parameters is. Learning is nothing
# but making a loss small.

# %%
x, y = patients["chest_cm"].to_numpy(), patients["heart_cm"].to_numpy()


def squared_error(a, b, x, y):
    """Mean of the squared residuals of the line a + b x, in square centimetres."""
    return np.mean((a + b * x - y) ** 2)


some = np.arange(0, len(x), 8)  # every eighth patient, or the figure is too full
fig, axes = plt.subplots(1, 3, figsize=(13, 4), sharey=True)
for ax, (a, b) in zip(axes, [(13, 0), (0, 0.47), (-7, 0.70)], strict=True):
    ax.plot([21, 33], [a + b * 21, a + b * 33], color="C1")
    ax.vlines(x[some], y[some], a + b * x[some], color="C1", linewidth=1, alpha=0.6)
    ax.scatter(x[some], y[some], s=20)
    ax.set(title=f"a = {a} cm, b = {b}\nloss {squared_error(a, b, x, y):.2f} cm²", xlabel="width of the chest (cm)")
axes[0].set_ylabel("width of the heart (cm)")
plt.show()
assert squared_error(0, 0.47, x, y) < min(squared_error(13, 0, x, y), squared_error(-7, 0.70, x, y))

# %% [markdown]
# The loss agrees with the eye: the flat line and the steep one are worse than the one between.
#
# For a line there is a formula for the best parameters, found by Legendre and Gauss 200 years ago (*least squares*).
# With a bar for a mean and $\sum$ for a sum over the patients:
#
# $$ b = \frac{\sum (x - \bar x)(y - \bar y)}{\sum (x - \bar x)^2}, \qquad a = \bar y - b \bar x $$
#
# In words: how much do chest and heart vary *together*, divided by how much the chest varies by itself. The line goes
# through the point of means. How sure are we of the slope? We draw 300 patients from our 300 *with replacement* (some
# twice, some not at all) and fit again, a thousand times: the *bootstrap* (Efron 1979). The middle 95 % of the slopes
# are an interval.


# %%
def best_line(x, y):
    """Intercept and slope with the smallest mean squared error."""
    b = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    return y.mean() - b * x.mean(), b


a_best, b_best = best_line(x, y)
draws = [rng.integers(len(x), size=len(x)) for _ in range(1000)]
slopes = [best_line(x[draw], y[draw])[1] for draw in draws]
low, high = np.quantile(slopes, [0.025, 0.975])
print(f"a = {a_best:.2f} cm, b = {b_best:.3f} (95 % interval {low:.3f} to {high:.3f})")
print(f"loss {squared_error(a_best, b_best, x, y):.3f} cm²; ratio heart / chest {np.mean(y / x):.3f} on average")
assert np.allclose([b_best, a_best], np.polyfit(x, y, 1))  # NumPy's own function agrees
assert low < np.mean(y / x) < high

# %% [markdown]
# A line through zero would have the cardiothoracic ratio as its slope. Ours may begin where it likes, and still the
# ratio lies within the interval of the slope. A network has no such formula. So let us solve the same problem in a way
# that needs none.

# %% [markdown]
# ## Downhill in fog: gradient descent
#
# Imagine the loss as a landscape. East–west is $a$, north–south is $b$, the height is the loss. You stand somewhere in
# fog and want to reach the lowest point. You cannot see it, but you feel with your feet how steep the ground is and in
# which direction it falls. So you take a step downhill, feel again, and step again. That is **gradient descent**
# (Cauchy 1847), and it is how every network is trained.
#
# The *gradient* is what your feet feel: for each parameter, by how much the loss rises if this parameter grows a
# little. For our loss it can be worked out on paper. With $r = a + b x - y$ for the residual of a patient:
#
# $$ \frac{\partial\,\text{loss}}{\partial a} = \text{mean of } 2r, \qquad
#    \frac{\partial\,\text{loss}}{\partial b} = \text{mean of } 2 r x $$
#
# (Read $\partial\,\text{loss} / \partial a$ as "how fast the loss rises with $a$".) You need not believe it. We can
# *measure* the same thing: move $a$ a hair to each side and look how the loss changes. That is a *finite difference*.
# Slow, but it cannot be wrong in its algebra. Before the walk we put the chest on a handy scale: $z$ says by how many
# standard deviations (the usual measure of spread) a chest is wider than the mean. Why, you will see in a moment.

# %%
z = (x - x.mean()) / x.std()


def gradient_of_line(a, b, x, y):
    """How fast the mean squared error rises with a and with b."""
    residual = a + b * x - y
    return np.array([np.mean(2 * residual), np.mean(2 * residual * x)])


hair = 1e-5  # 0.00001
a, b = 10.0, -1.0
by_formula = gradient_of_line(a, b, z, y)
measured = [
    (squared_error(a + hair, b, z, y) - squared_error(a - hair, b, z, y)) / (2 * hair),
    (squared_error(a, b + hair, z, y) - squared_error(a, b - hair, z, y)) / (2 * hair),
]
print("by formula:", by_formula.round(6), "  measured:", np.round(measured, 6))
assert np.allclose(by_formula, measured, rtol=1e-6)

# %% [markdown]
# The same numbers. Both are negative: at this place, the loss falls when $a$ or $b$ grows. Now we walk. Each step goes
# against the gradient, times a small number, the **learning rate** (the arrow means "becomes"):
#
# $$ a \leftarrow a - \text{rate} \cdot \frac{\partial\,\text{loss}}{\partial a}, \qquad
#    b \leftarrow b - \text{rate} \cdot \frac{\partial\,\text{loss}}{\partial b} $$
#
# **What do you expect?** We do it twice: with $z$, and with the chest as "centimetres above 24". The lines that can be
# drawn are the same. Will the walk be the same?


# %%
def walk(x, rate, steps, start):
    """All places (a, b) of a walk downhill."""
    places = [np.array(start, dtype=float)]
    for _ in range(steps):
        places.append(places[-1] - rate * gradient_of_line(*places[-1], x, y))
    return np.array(places)


def draw_landscape(ax, x, a_range, b_range):
    """Contours of the loss for all pairs of a and b, darker is lower."""
    aa, bb = np.meshgrid(np.linspace(*a_range, 80), np.linspace(*b_range, 80))
    loss = np.mean((aa[..., None] + bb[..., None] * x - y) ** 2, axis=-1)
    ax.contourf(aa, bb, np.log10(loss), levels=14, cmap="Blues_r")
    ax.plot(*best_line(x, y), marker="*", markersize=16, color="C1", linestyle="none")
    ax.set(xlabel="intercept a (cm)", xlim=a_range, ylim=b_range)


over_24 = x - 24
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6))
for ax, scale, rate, a_range, b_range, start in [
    (left, z, 0.2, (8, 18), (-4, 6), (9, -3)),
    (right, over_24, 0.04, (8, 18), (-1.2, 1.8), (9, -1)),
]:
    draw_landscape(ax, scale, a_range, b_range)
    places = walk(scale, rate, 25, start)
    ax.plot(*places.T, marker="o", markersize=4, color="black", linewidth=1)
left.set(title="Scaled: a round bowl, 25 steps suffice", ylabel="slope b (cm per standard deviation)")
right.set(title="Not scaled: a narrow valley, still far off", ylabel="slope b (cm per cm)")
plt.show()

# %% [markdown]
# The star is the best line; dark is low (the shades follow the logarithm of the loss, or the bottom would be one blot).
# Left, the walk goes straight to it. Right, the landscape is a long, narrow valley: across it the ground is steep,
# along it almost flat. The gradient points across. So the walk jumps from wall to wall and creeps along the floor.
# **That is why inputs are scaled before a network is trained**: it does not change what can be learned, but how fast.

# %%
places = walk(z, 0.2, 25, (9, -3))
print("after 25 steps:", places[-1].round(3), "  by formula:", np.round(best_line(z, y), 3))
assert np.allclose(places[-1], best_line(z, y), atol=1e-3)

# %% [markdown]
# ## How large a step? The learning rate
#
# The gradient says in which direction. It does not say how far. To see what the learning rate does, we hold $a$ at its
# best value and move only $b$, so that the landscape is a single curve.
#
# **What do you expect?** Rates of 0.03, 0.3 and 1.05. One is too small, one right, one too large. What does "too large"
# look like?

# %%
a_fixed, b_goal = best_line(z, y)
curve = np.linspace(b_goal - 5, b_goal + 5, 200)


def draw_steps(ax, rate, steps):
    """The loss against b, and a walk of so many steps from the same start."""
    places = [b_goal - 1.6]
    for _ in range(steps):
        places.append(places[-1] - rate * gradient_of_line(a_fixed, places[-1], z, y)[1])
    ax.plot(curve, [squared_error(a_fixed, b, z, y) for b in curve], color="0.7")
    heights = [squared_error(a_fixed, b, z, y) for b in places]
    ax.plot(places, heights, marker="o", markersize=4, linewidth=1, color="C0")
    ax.plot(places[-1], heights[-1], marker="o", markersize=11, color="C1")
    ax.set(xlim=(b_goal - 5, b_goal + 5), ylim=(0, 25))


rates = {0.03: "too small", 0.3: "right", 1.05: "too large"}
moments = [0, 1, 2, 5, 10]
fig, axes = plt.subplots(3, 5, figsize=(13, 7.5), sharex=True, sharey=True)
for line, (rate, verdict) in zip(axes, rates.items(), strict=True):
    for ax, steps in zip(line, moments, strict=True):
        draw_steps(ax, rate, steps)
    line[0].set_ylabel(f"rate {rate}: {verdict}\nloss (cm²)")
for ax, steps in zip(axes[0], moments, strict=True):
    ax.set_title(f"after {steps} step" + "s" * (steps != 1))
for ax in axes[-1]:
    ax.set_xlabel("slope b (cm per std. dev.)")
plt.show()

# %% [markdown]
# - **Too small**: the direction is right, but after ten steps it is hardly half-way. With a network this means days
#   instead of hours, and the temptation to stop too early.
# - **Right**: a few steps, each shorter than the last. The rate stays the same; the steps get shorter since the ground
#   gets flatter.
# - **Too large**: each step overshoots the bottom and lands *higher* on the other side, where it is steeper, so that
#   the next step is longer still. The loss grows without limit. In practice you see it jump, and then "nan" (not a
#   number).
#
# The same as a moving picture, if your notebook can show one. The strip above holds its most important frames.

# %%
fig, axes = plt.subplots(1, 3, figsize=(11, 3.6))


def draw_frame(steps):
    """All three walks after so many steps."""
    for ax, (rate, verdict) in zip(axes, rates.items(), strict=True):
        ax.clear()
        draw_steps(ax, rate, steps)
        ax.set(title=f"rate {rate}: {verdict}", xlabel="slope b (cm per std. dev.)", ylabel="loss (cm²)")
    fig.suptitle(f"{steps} steps")


film_strip = FuncAnimation(fig, draw_frame, frames=4 if SMALL else 21)
film_strip.save(folder / "learning-rate.gif", writer=PillowWriter(fps=3), dpi=70)
plt.close(fig)
try:
    from IPython.display import HTML, display

    kind, content = "image/gif", base64.b64encode((folder / "learning-rate.gif").read_bytes()).decode()
    display(HTML(f'<img alt="Three walks downhill, step by step" src="data:{kind};base64,{content}">'))
except ImportError:
    print("No moving picture here; it is in", folder / "learning-rate.gif")

# %% [markdown]
# And by your own hand, if `ipywidgets` is installed. Find the largest rate with which the walk still arrives.

# %%
try:
    from ipywidgets import FloatSlider, IntSlider, interact

    @interact(rate=FloatSlider(0.3, min=0.01, max=1.1, step=0.01), steps=IntSlider(10, 0, 30))
    def look(rate, steps):
        """Draws a walk with the chosen rate."""
        ax = plt.figure(figsize=(6, 3.6)).gca()
        draw_steps(ax, rate, steps)
        ax.set(title=f"rate {rate:.2f}, {steps} steps", xlabel="slope b (cm per std. dev.)", ylabel="loss (cm²)")
        plt.show()

except ImportError:
    print("No sliders here: ipywidgets is not installed.")

# %% [markdown]
# On this curve every rate below 1 arrives, every rate above 1 flies away. (The steepness of the gradient grows by 2 per
# unit of $b$, so a rate of 0.5 would hit the bottom in one step, and 1 mirrors you to the other side for ever.) For a
# network nobody knows that number beforehand. One tries several rates, each ten times the last:
# `wetread lab learning-rate` does it on films.

# %% [markdown]
# ## Batches: a gradient from a few patients
#
# With a hundred thousand films it would be a waste to look at all of them for one step. One takes a random handful, a
# **batch**, computes the gradient on it, makes a step, and takes the next batch. When all patients have had their turn,
# an **epoch** is over. The gradient of a batch is a rough estimate of that of everybody, so the walk staggers; but it
# makes many steps in the time of one. This is *stochastic* (random) gradient descent, SGD.
#
# **What do you expect?** Will the staggering stop when the walk has arrived?

# %%
fig, axes = plt.subplots(1, 3, figsize=(13, 4.4), sharey=True)
for ax, size in zip(axes, [len(z), 16, 2], strict=True):
    place, places = np.array([9.0, -3.0]), [np.array([9.0, -3.0])]
    for _ in range(60):
        batch = rng.choice(len(z), size=size, replace=False)
        place = place - 0.1 * gradient_of_line(*place, z[batch], y[batch])
        places.append(place)
    draw_landscape(ax, z, (8, 18), (-4, 6))
    ax.plot(*np.array(places).T, marker="o", markersize=3, color="black", linewidth=1)
    ax.set_title(f"all {size} patients" if size == len(z) else f"batches of {size}")
axes[0].set_ylabel("slope b (cm per standard deviation)")
plt.show()

# %% [markdown]
# It does not stop: near the goal a batch of two points anywhere. A smaller rate towards the end helps, and so do larger
# batches. You will see the same unrest in the training curves of lesson 5, where it is *not* a sign of error.

# %% [markdown]
# ## Walking better: momentum, AdaGrad, RMSProp, Adam
#
# Back to the narrow valley. Four ideas help, and all of them remember something of the steps before:
#
# - **Momentum** (Polyak 1964): like a heavy ball, it keeps 90 % of its speed and adds the new gradient. From wall to
#   wall the pushes cancel; along the valley they add up.
# - **AdaGrad** (Duchi 2011): each parameter gets a rate of its own: the gradient is divided by the root of the sum of
#   all its squares so far. Who had steep ground walks carefully, who had flat ground boldly. But the sum only grows, so
#   all steps get shorter and shorter.
# - **RMSProp** (Hinton 2012, in a lecture): the same, but with a *fading* memory of the squares, so that it does not
#   come to a standstill.
# - **Adam** (Kingma and Ba 2015): momentum and RMSProp together. Both memories start at zero and would be too small at
#   first; Adam corrects that. It is the usual choice for networks today.
#
# Here they are, in full. `g` is the gradient, `memory` what is kept from step to step. Each returns the direction to
# go, which is then multiplied by the rate. (`memory.get("v", 0)` means: what is kept under `"v"`, or 0 if there is
# nothing yet; `1e-8` is 0.00000001, lest we divide by 0.)


# %%
def plain(g, memory):
    return g


def momentum(g, memory):
    memory["v"] = 0.9 * memory.get("v", 0) + g
    return memory["v"]


def adagrad(g, memory):
    memory["s"] = memory.get("s", 0) + g**2
    return g / (np.sqrt(memory["s"]) + 1e-8)


def rmsprop(g, memory):
    memory["s"] = 0.9 * memory.get("s", 0) + 0.1 * g**2
    return g / (np.sqrt(memory["s"]) + 1e-8)


def adam(g, memory):
    memory["t"] = memory.get("t", 0) + 1
    memory["v"] = 0.9 * memory.get("v", 0) + 0.1 * g
    memory["s"] = 0.999 * memory.get("s", 0) + 0.001 * g**2
    v, s = memory["v"] / (1 - 0.9 ** memory["t"]), memory["s"] / (1 - 0.999 ** memory["t"])
    return v / (np.sqrt(s) + 1e-8)


# %% [markdown]
# To be fair, each gets the rate that suits it best, out of the same list of thirteen. (A comparison in which only one
# side was tuned is a frequent error in papers on methods.) And all start at the same place. (`lambda` makes a function
# without a name, here to pick the rate that ends lowest.)
#
# **What do you expect?** Which one arrives first?


# %%
def walk_with(method, rate, steps=100, start=(9, -1)):
    """All places of a walk through the narrow valley; endless where it flew away."""
    place, places, memory = np.array(start, dtype=float), [np.array(start, dtype=float)], {}
    with np.errstate(over="ignore", invalid="ignore"):  # a walk that flies away gives endless numbers
        for _ in range(steps):
            place = place - rate * method(gradient_of_line(*place, over_24, y), memory)
            places.append(place)
    return np.array(places)


def height(place):
    """Loss above the lowest possible; endless where it cannot be computed."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = squared_error(*place, over_24, y) - squared_error(*best_line(over_24, y), over_24, y)
    return found if np.isfinite(found) else np.inf


methods = [plain, momentum, adagrad, rmsprop, adam]
grid = 10 ** np.arange(-2.5, 0.51, 0.25)
best_rate = {m.__name__: min(grid, key=lambda rate, m=m: height(walk_with(m, rate)[-1])) for m in methods}
walks = {m.__name__: walk_with(m, best_rate[m.__name__]) for m in methods}

fig, axes = plt.subplots(1, 5, figsize=(14, 3.6), sharey=True)
for ax, (name, places) in zip(axes, walks.items(), strict=True):
    draw_landscape(ax, over_24, (8, 18), (-1.2, 1.8))
    ax.plot(*places.T, marker="o", markersize=3, color="black", linewidth=1)
    ax.set_title(f"{name}\nrate {best_rate[name]:.2g}")
axes[0].set_ylabel("slope b (cm per cm)")
plt.show()

# %%
fig, ax = plt.subplots(figsize=(8, 4.5))
for name, places in walks.items():
    ax.plot([max(height(place), 1e-12) for place in places], label=name)
ax.set(yscale="log", ylim=(1e-9, 100), xlabel="step", ylabel="loss above the lowest (cm²)")
ax.set_title("With memory one gets further in 100 steps")
ax.legend(ncols=2)
plt.show()
print("loss above the lowest after 100 steps:")
print(pd.Series({name: height(places[-1]) for name, places in walks.items()}).map("{:.1e}".format).to_string())
assert all(height(walks[name][-1]) < height(walks["plain"][-1]) for name in ["momentum", "adagrad", "rmsprop", "adam"])

# %% [markdown]
# Each of the four beats the plain walk here. Do not take an order among *them* from one valley. AdaGrad, for example,
# does well in ours: steps that get ever shorter do no harm where one lowest point is to be reached soon, and they do
# harm over the many thousand steps of a network. On networks Adam is convenient, since it works with the same rate
# (0.001) for many tasks; that is not the same as being best, and tuned SGD has often ended with the better test results
# (Wilson 2017). **Which method is best depends on the problem, and on who tuned it.**

# %% [markdown]
# ## From how much to whether: logistic regression
#
# Now a question that is answered by yes or no: **is there fluid on the right?** The input is where the right lung ends.
# A straight line would answer 1.4 or −0.3 for some patients; we want a probability, between 0 and 1. So we bend the
# line. The *sigmoid* turns any number, the *score*, into a probability:
#
# $$ \text{score} = a + b z, \qquad q = \frac{1}{1 + e^{-\text{score}}} $$
#
# ($e$ is the number 2.718…, and $\ln$, further below, is the logarithm that undoes it.) Score 0 gives 0.5; large scores
# get close to 1, very negative ones close to 0. You know this model: it is *logistic regression* (Cox 1958), the
# work-horse of clinical scores.
#
# From here on, two thirds of the patients are for learning (*training set*), the others are kept aside to see what it
# is worth (*test set*). Why, and how to do it properly, is lesson 3.


# %%
def sigmoid(score):
    """Any number -> a number between 0 and 1."""
    return 1 / (1 + np.exp(-score))


train = np.arange(len(patients)) < 2 * len(patients) // 3
ends = patients[["right_end", "left_end"]].to_numpy()
inputs = (ends - ends[train].mean(axis=0)) / ends[train].std(axis=0)  # scaled by the training patients
on_right = (patients["right_ml"] > 0).to_numpy().astype(float)

scores = np.linspace(-6, 6, 100)
fig, ax = plt.subplots(figsize=(6, 3.4))
ax.plot(scores, sigmoid(scores))
ax.axhline(0.5, color="0.7", linewidth=1)
ax.set(title="The sigmoid bends a line into a probability", xlabel="score (no unit)", ylabel="probability q")
plt.show()

# %% [markdown]
# ## Surprise, entropy, cross-entropy
#
# For such a model we need another loss than squared centimetres. It comes from a simple thought: *how surprised are you
# by the truth?* If you gave something a probability of $q$ and it happens, your **surprise** is (with $\log_2$, which
# asks: 2 to the power of what?)
#
# $$ -\log_2 q \quad \text{(in bits)} $$
#
# Sure that it would happen (q = 1): 0 bits. A coin (q = 0.5): 1 bit. One in a thousand: 10 bits. Denied altogether (q =
# 0): endlessly surprised.
#
# **Entropy** (Shannon 1948) is the *mean* surprise of somebody who knows the true probabilities. It measures how open a
# matter is. Fluid in half of all patients: 1 bit. Fluid in one of a hundred: 0.08 bits, for mostly you are right.
#
# **Cross-entropy** is the mean surprise of somebody who *believes* $q$ while $p$ is true. It is never smaller than the
# entropy, and equal only for whoever believes the truth. So, as a loss, it rewards honest probabilities.


# %%
def surprise(q):
    """In bits."""
    return -np.log2(q)


p = np.linspace(0.001, 0.999, 400)
fig, (a, b, c) = plt.subplots(1, 3, figsize=(13, 3.9))
a.plot(p, surprise(p))
a.set(title="Surprise", xlabel="probability that was believed", ylabel="surprise (bits)")
b.plot(p, p * surprise(p) + (1 - p) * surprise(1 - p))
b.set(title="Entropy: a coin is the most open", xlabel="true probability of fluid", ylabel="entropy (bits)")
true = 0.2
c.plot(p, true * surprise(p) + (1 - true) * surprise(1 - p))
c.axvline(true, color="0.6", linestyle=":")
c.set(title="Cross-entropy: lowest at the truth", xlabel="believed probability (truth: 0.2)", ylim=(0, 5))
c.set_ylabel("cross-entropy (bits)")
plt.show()
lowest = p[np.argmin(true * surprise(p) + (1 - true) * surprise(1 - p))]
print(f"the cross-entropy is lowest at {lowest:.2f}")
assert abs(lowest - true) < 0.01

# %% [markdown]
# For one patient the truth is known: $y$ is 1 (fluid) or 0 (none). The **binary cross-entropy** of a model is then the
# mean over the patients of
#
# $$ -[ y \ln q + (1 - y) \ln (1 - q) ] $$
#
# Only one of the two terms counts, the one for what really was. With $\ln$ in place of $\log_2$ the unit is the *nat*
# (1 nat is 1.44 bits); networks use that. A model that says 0.5 to everybody gets 0.693 nats, the number at which most
# training curves begin. Remember it.
#
# Why not squared error? Look at the gradient, as it is the gradient that teaches. With cross-entropy, the gradient with
# regard to the score comes out as simple as can be: **what was said minus what was true**, $q - y$. With squared error,
# $(q - y)^2$, it gets multiplied by the steepness of the sigmoid, which is nearly 0 where the model is sure. Whoever is
# *sure and wrong* would learn almost nothing.

# %%
q = sigmoid(scores)
fig, ax = plt.subplots(figsize=(7, 3.8))
ax.plot(scores, np.abs(q - 1), label="cross-entropy: |q − y|")
ax.plot(scores, np.abs(2 * (q - 1) * q * (1 - q)), label="squared error")
ax.set(title="Sure and wrong (left): only cross-entropy corrects it", xlabel="score given to a patient with fluid")
ax.set_ylabel("size of the gradient")
ax.legend()
plt.show()

# %% [markdown]
# Now we fit by gradient descent, as before. The gradient for $a$ is the mean of $q - y$, that for $b$ the mean of
# $(q - y) z$. Compare with the line: the residual has become "said minus true", all else is the same. The function
# takes any number of inputs; `@` multiplies each input by its weight and adds up, `.T` lets rows and columns change
# places.


# %%
def binary_cross_entropy(q, y):
    """Mean surprise in nats; q is kept off 0 and 1, where the logarithm ends."""
    q = np.clip(q, 1e-12, 1 - 1e-12)
    return -np.mean(y * np.log(q) + (1 - y) * np.log(1 - q))


def fit_neuron(x, y, rate=1.0, steps=500):
    """Weights, bias and the loss after each step of gradient descent."""
    weights, bias, losses = np.zeros(x.shape[1]), 0.0, []
    for _ in range(steps):
        said = sigmoid(x @ weights + bias)
        losses.append(binary_cross_entropy(said, y))
        weights = weights - rate * x.T @ (said - y) / len(y)
        bias = bias - rate * np.mean(said - y)
    return weights, bias, losses


one_input = inputs[:, :1]
weights, bias, losses = fit_neuron(one_input[train], on_right[train])
said = sigmoid(one_input @ weights + bias)
right = int(np.sum((said > 0.5)[~train] == on_right[~train]))
found = wilson(right, int(np.sum(~train)))
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f} nats")
print(f"test patients: {right} of {found.n} right, accuracy {found.value:.2f} ({found.low:.2f} to {found.high:.2f})")
assert abs(losses[0] - np.log(2)) < 1e-9

# %%
fig, (a, b) = plt.subplots(1, 2, figsize=(11, 4))
order = np.argsort(ends[:, 0])
a.plot(ends[order, 0], said[order], color="black")
shaken = on_right + rng.uniform(-0.04, 0.04, len(on_right))  # so that dots do not hide each other
a.scatter(ends[:, 0], shaken, c=np.where(on_right > 0, "C1", "C0"), s=14, alpha=0.6)
a.set(title="Each dot a patient, the curve the model", xlabel="lower end of the right lung (% from the top)")
a.set_ylabel("truth (dots), probability of fluid (curve)")
b.plot(losses)
b.set(title="The loss begins at 0.693", xlabel="step", ylabel="binary cross-entropy (nats)", ylim=(0, 0.75))
plt.show()

# %% [markdown]
# Almost all test patients come out right. And yet the curve is flatter than most of the dots suggest: a few healthy
# patients at 28 %, where our ruler failed, forbid the model to be sure of anybody there. Cross-entropy punishes a wrong
# certainty so much that it would rather be careful with all.

# %% [markdown]
# ## This was a neuron
#
# An artificial **neuron** takes some inputs, multiplies each by a **weight**, adds them up together with a **bias**
# (our $a$), and bends the sum by an **activation function**. The logistic regression that you have just fitted is one
# neuron with a sigmoid. There is no more to it; the likeness to a nerve cell (McCulloch and Pitts 1943) is in the
# drawing.

# %%
fig, ax = plt.subplots(figsize=(9, 3.2))
for height_of, name in [(2, "right lung\nends at"), (0, "left lung\nends at")]:
    ax.annotate("", (3.5, 1), (1.1, height_of), arrowprops={"arrowstyle": "->", "color": "C0", "lw": 2})
    ax.text(0.4, height_of, name, ha="center", va="center")
ax.text(2.2, 1.75, "× weight", color="C0", rotation=-18)
ax.text(2.2, 0.02, "× weight", color="C0", rotation=18)
for place, words in [(4.1, "sum\n+ bias"), (6.3, "sigmoid")]:
    ax.text(place, 1, words, ha="center", va="center", bbox={"boxstyle": "circle,pad=0.5", "fc": "white", "ec": "C0"})
ax.annotate("", (5.6, 1), (4.8, 1), arrowprops={"arrowstyle": "->", "color": "C0", "lw": 2})
ax.annotate("", (8.0, 1), (7.1, 1), arrowprops={"arrowstyle": "->", "color": "C0", "lw": 2})
ax.text(8.8, 1, "probability\nof fluid", ha="center", va="center")
ax.set(xlim=(-0.4, 9.6), ylim=(-0.6, 2.6), title="A neuron: weigh, add, bend")
ax.axis("off")
plt.show()

# %% [markdown]
# ## A question that one neuron cannot answer
#
# Is the fluid **on one side only**? Clinicians care: fluid on both sides is often the heart, on one side rather an
# infection or a tumour, and a reason to take a sample (Hooper 2010). We give a neuron both lung ends.
#
# **What do you expect?** A neuron with two inputs divides the plane by a straight line: probability above 0.5 on one
# side of it, below on the other. Look at the dots. Where would you put the line?

# %%
one_sided = (patients["fluid"] == "one side").to_numpy().astype(float)
weights, bias, losses = fit_neuron(inputs[train], one_sided[train])
grid_x, grid_y = np.meshgrid(np.linspace(-3, 2, 120), np.linspace(-3, 2, 120))
plane = np.column_stack([grid_x.ravel(), grid_y.ravel()])


def draw_regions(ax, said):
    """The probability at each place of the plane, blue for one side only, red for none or both."""
    shown = ax.contourf(
        grid_x, grid_y, said.reshape(grid_x.shape), levels=np.linspace(0, 1, 11), cmap="RdBu", alpha=0.5
    )
    for value, colour, name in [(1, "C0", "one side only"), (0, "C1", "none or both")]:
        which = one_sided == value
        ax.scatter(*inputs[which].T, s=14, color=colour, label=name)
    ax.set(
        xlabel="right lung end (scaled; low is high up)", ylabel="left lung end (scaled)", xlim=(-3, 2), ylim=(-3, 2)
    )
    return shown


fig, ax = plt.subplots(figsize=(7, 5))
fig.colorbar(draw_regions(ax, sigmoid(plane @ weights + bias)), label="probability of one side only")
ax.set_title("One neuron, one straight line: no use here")
ax.legend(loc="lower left")
plt.show()
right = int(np.sum((sigmoid(inputs @ weights + bias) > 0.5)[~train] == one_sided[~train]))
alone = wilson(right, int(np.sum(~train)))
print(
    f"loss {losses[-1]:.3f} nats; accuracy on the test patients {alone.value:.2f} ({alone.low:.2f} to {alone.high:.2f})"
)
assert losses[-1] > 0.6  # guessing has 0.693

# %% [markdown]
# There is no such line. One-sided fluid lies in two opposite corners, and the loss stays close to 0.693, that of
# guessing. This is the "exclusive or" by which Minsky and Papert showed in 1969 what a single neuron cannot do. The way
# out had been known for long: several neurons look at the same inputs, and another neuron looks at *them*.

# %% [markdown]
# ## Two layers
#
# Eight neurons each draw a line of their own; they are the *hidden layer*. Their eight results are the inputs of a last
# neuron, the *output layer*. For the hidden ones we use another activation, *tanh*: like the sigmoid, but from −1 to 1.
# (Without any activation, two layers would collapse into one: weighted sums of weighted sums are weighted sums.)
#
# All weights of a layer stand in one table: `W1` has 2 rows (inputs) and 8 columns (neurons). So `x @ W1` gives, for
# each patient, eight sums at once. `squash` is the function that turns the last sum into a probability, here the
# sigmoid. The network is kept as a *dictionary*: tables under their names, `net["W1"]` being the first. The first
# weights are drawn at random. If all were equal, all eight neurons would do and learn the same, for ever.


# %%
def start_network(hidden, answers, seed):
    """Random weights for two inputs, so many hidden neurons and so many answers."""
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(0, 1, (2, hidden)), "b1": np.zeros(hidden),
        "W2": rng.normal(0, 1 / np.sqrt(hidden), (hidden, answers)), "b2": np.zeros(answers),
    }  # fmt: skip


def forward(x, net, squash):
    """From the inputs to the probabilities; returns what the hidden neurons say as well."""
    hidden = np.tanh(x @ net["W1"] + net["b1"])
    return hidden, squash(hidden @ net["W2"] + net["b2"])


network = start_network(hidden=8, answers=1, seed=SEED)
print({name: values.shape for name, values in network.items()})
print("parameters:", sum(values.size for values in network.values()))
assert sum(values.size for values in network.values()) == 2 * 8 + 8 + 8 * 1 + 1

# %% [markdown]
# ## Backpropagation, written out
#
# For gradient descent we need to know for each of the 33 parameters how fast the loss rises with it.
# **Backpropagation** (Rumelhart 1986) finds all of them in one go, by handing the *blame* backwards:
#
# 1. At the output, the blame is "said minus true", as in logistic regression, divided by the number of patients.
# 2. A weight of the second layer connects a hidden neuron with the output. Its gradient: what the hidden neuron said,
#    times the blame, added up over the patients. Who shouted loudly has a large share.
# 3. The blame is handed back to the hidden neurons through the *same weights* that carried the message forward. On its
#    way through tanh it is multiplied by the steepness of tanh, which is $1 - \tanh^2$.
# 4. A weight of the first layer: what the input was, times the blame that arrived.
#
# In mathematics this is the *chain rule*: how fast a thing changes through another is the product of the two speeds.
# With more layers, steps 3 and 4 are repeated. That is all, for any depth.


# %%
def backward(x, y, net, squash):
    """How fast the cross-entropy rises with each parameter, in the same shapes as the parameters."""
    hidden, said = forward(x, net, squash)
    blame = (said - y) / len(x)  # 1. at the output
    gradient = {"W2": hidden.T @ blame, "b2": blame.sum(axis=0)}  # 2. second layer
    blame = (blame @ net["W2"].T) * (1 - hidden**2)  # 3. handed back through the weights and tanh
    gradient |= {"W1": x.T @ blame, "b1": blame.sum(axis=0)}  # 4. first layer; |= adds entries
    return gradient


# %% [markdown]
# A wrong sign in such code is easily made and hard to see, as a network may learn a little in spite of it. So we check
# **every** gradient against a finite difference, as we did with the line: move one parameter a hair up, a hair down,
# and measure. Whoever writes a gradient by hand does this, always.


# %%
def check_gradients(x, y, net, squash, loss, hair=1e-5):
    """A table of each parameter's gradient, by backpropagation and measured."""
    rows, by_formula = [], backward(x, y, net, squash)
    for name, values in net.items():
        for place in np.ndindex(values.shape):
            kept = values[place]
            values[place] = kept + hair
            above = loss(forward(x, net, squash)[1], y)
            values[place] = kept - hair
            below = loss(forward(x, net, squash)[1], y)
            values[place] = kept
            rows.append({"parameter": f"{name}{list(place)}", "backpropagation": by_formula[name][place],
                         "measured": (above - below) / (2 * hair)})  # fmt: skip
    return pd.DataFrame(rows)


truth = one_sided[:, None]  # a table with one column
table = check_gradients(inputs[train], truth[train], network, sigmoid, binary_cross_entropy)
worst = np.abs(table["backpropagation"] - table["measured"]).max()
print(table.iloc[[0, 1, 16, 24, 32]].to_string(index=False))
print(f"largest difference among {len(table)} parameters: {worst:.1e}")
assert worst < 1e-8

# %% [markdown]
# All 33 agree to eight decimal places at least. Now train, with the Adam that you wrote above; one memory for each
# table of weights.


# %%
def train_network(x, y, net, squash, loss, rate=0.03, steps=800):
    """Changes the network in place; returns the loss after each step."""
    memory, losses = {name: {} for name in net}, []
    for _ in range(steps):
        gradient = backward(x, y, net, squash)
        for name in net:
            net[name] -= rate * adam(gradient[name], memory[name])
        losses.append(loss(forward(x, net, squash)[1], y))
    return losses


steps = 300 if SMALL else 800
losses = train_network(inputs[train], truth[train], network, sigmoid, binary_cross_entropy, steps=steps)
said = forward(inputs, network, sigmoid)[1][:, 0]
right = int(np.sum((said > 0.5)[~train] == one_sided[~train]))
together = wilson(right, int(np.sum(~train)))

fig, (a, b) = plt.subplots(1, 2, figsize=(13, 4.8), width_ratios=[1, 1.4])
a.plot(losses)
a.axhline(np.log(2), color="0.7", linestyle=":")
a.set(title="The loss falls far below guessing", xlabel="step", ylabel="binary cross-entropy (nats)", ylim=(0, 0.75))
fig.colorbar(draw_regions(b, forward(plane, network, sigmoid)[1]), label="probability of one side only")
b.set_title("Two layers bend the border")
plt.show()
print(f"one neuron: accuracy {alone.value:.2f} ({alone.low:.2f} to {alone.high:.2f})")
print(f"two layers: accuracy {together.value:.2f} ({together.low:.2f} to {together.high:.2f})")
assert together.value > alone.value + 0.2

# %% [markdown]
# The same patients, the same two numbers of each; what was impossible for one neuron is possible for nine. (The dots in
# a column at the left and in a row at the bottom are those at the end of our ruler.) Where no patient is, the border
# runs anyhow: there the network has an opinion without any experience. Lesson 6 comes back to that.
#
# What do the hidden neurons do? Each draws its line. Here is where they change their mind.

# %%
fig, axes = plt.subplots(2, 4, figsize=(13, 6.4), sharex=True, sharey=True)
hidden_says = forward(plane, network, sigmoid)[0]
for number, ax in enumerate(axes.ravel()):
    shown = ax.contourf(grid_x, grid_y, hidden_says[:, number].reshape(grid_x.shape), levels=np.linspace(-1, 1, 11),
                        cmap="RdBu_r")  # fmt: skip
    ax.set_title(f"neuron {number + 1}, weight {network['W2'][number, 0]:+.1f}")
for ax in axes[-1]:
    ax.set_xlabel("right end (scaled)")
for ax in axes[:, 0]:
    ax.set_ylabel("left end (scaled)")
fig.colorbar(shown, ax=axes, label="what the neuron says (−1 to 1)", shrink=0.7)
plt.show()

# %% [markdown]
# Each has learnt a straight border, soft or sharp. (Where a map has one colour only, the border lies outside, and this
# neuron says the same to everybody.) The output neuron adds them with the weights in the titles. **A network is made of
# lines that are bent and added.** Nobody told a neuron what to look for; the blame shaped it.

# %% [markdown]
# ## Three answers: softmax and categorical cross-entropy
#
# None, one side, or both sides? With three answers there are three output neurons, one score each. **Softmax** turns
# the scores into probabilities that add up to 1: take $e^{\text{score}}$ of each, and divide by their sum. The truth
# becomes a row such as (0, 1, 0), called *one-hot*. The **categorical cross-entropy** is again the surprise at what was
# true: $-\ln$ of the probability given to the true class. With two classes it is the binary one. And the blame at the
# output is, once more, *said minus true*. So `forward` and `backward` stay as they are; only the squash is another.
#
# **What do you expect?** What is the loss of a network that says one third to each?


# %%
def softmax(scores):
    """Any numbers -> probabilities that add up to 1 in each row. Taking off the largest avoids huge numbers."""
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def categorical_cross_entropy(q, y):
    """Mean surprise in nats at the true class."""
    return -np.mean(np.sum(y * np.log(np.clip(q, 1e-12, 1)), axis=1))


names = ["none", "one side", "both sides"]
one_hot = (patients["fluid"].to_numpy()[:, None] == np.array(names)).astype(float)
three = start_network(hidden=8, answers=3, seed=SEED)
table = check_gradients(inputs[train], one_hot[train], three, softmax, categorical_cross_entropy)
worst = np.abs(table["backpropagation"] - table["measured"]).max()
losses = train_network(inputs[train], one_hot[train], three, softmax, categorical_cross_entropy, steps=steps)
answer = forward(inputs, three, softmax)[1].argmax(axis=1)
chosen = pd.Series(np.array(names)[answer[~train]], name="the network says")
confusion = pd.crosstab(patients["fluid"][~train].reset_index(drop=True).rename("truth"), chosen)
print(f"one third for each: {np.log(3):.3f} nats; after training: {losses[-1]:.3f} nats")
print(f"largest difference of a gradient: {worst:.1e}")
print(confusion.reindex(index=names, columns=names, fill_value=0))
assert worst < 1e-8

# %% [markdown]
# The table is a *confusion matrix*: rows are the truth, columns what the network says, and the diagonal is what it got
# right. One third for each gives $\ln 3$ = 1.099 nats. "None" and "both sides" should hardly be mixed up with each
# other: they lie in opposite corners.

# %%
fig, ax = plt.subplots(figsize=(7, 5))
ax.contourf(grid_x, grid_y, forward(plane, three, softmax)[1].argmax(axis=1).reshape(grid_x.shape),
            levels=[-0.5, 0.5, 1.5, 2.5], colors=["C4", "C1", "C2"], alpha=0.3)  # fmt: skip
for number, (name, colour) in enumerate(zip(names, ["C4", "C1", "C2"], strict=True)):
    ax.scatter(*inputs[one_hot[:, number] == 1].T, s=16, color=colour, label=name)
ax.set(xlabel="right lung end (scaled; low is high up)", ylabel="left lung end (scaled)", xlim=(-3, 2), ylim=(-3, 2))
ax.set_title("Three answers share the plane")
ax.legend(loc="lower left", frameon=True)
plt.show()

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# The Carpentries lesson draws a neuron, says that its parameters are adjusted systematically, and hands the adjusting
# to a library. You have now done it yourself. Courses that do the same mostly show *one* training from *one* random
# start. Let us look at many.
#
# **What do you expect?** The line had one lowest point, and every walk ended there. Will networks that start at
# different random weights end at the same loss? What if they have only two or three hidden neurons?

# %%
starts = 6 if SMALL else 30
ended = {}
for hidden in [2, 3, 8]:
    ended[hidden] = []
    for seed in range(starts):
        net = start_network(hidden, 1, seed)
        loss = train_network(inputs[train], truth[train], net, sigmoid, binary_cross_entropy, steps=steps)[-1]
        right = int(np.sum((forward(inputs, net, sigmoid)[1][:, 0] > 0.5)[~train] == one_sided[~train]))
        ended[hidden].append((loss, right / np.sum(~train), net))

fig, (a, b) = plt.subplots(1, 2, figsize=(12, 4.2))
for place, runs in enumerate(ended.values()):
    shake = rng.uniform(-0.15, 0.15, starts)
    a.scatter(place + shake, [run[0] for run in runs], s=22, alpha=0.7)
    b.scatter(place + shake, [run[1] for run in runs], s=22, alpha=0.7)
a.axhline(np.log(2), color="0.7", linestyle=":")
a.set(title="Same patients, other random starts", ylabel="loss on the training patients (nats)", ylim=(0, 0.75))
b.set(title="The test result differs as well", ylabel="accuracy on the test patients", ylim=(0.4, 1))
for ax in (a, b):
    ax.set(xticks=range(3), xticklabels=ended, xlabel="hidden neurons", xlim=(-0.5, 2.5))
plt.show()
for hidden, runs in ended.items():
    low, high = min(run[1] for run in runs), max(run[1] for run in runs)
    print(f"{hidden} hidden neurons: test accuracy {low:.2f} to {high:.2f} over {starts} starts")

# %% [markdown]
# A network's landscape has many valleys. With two hidden neurons it depends on the start in which of them the walk
# ends, and some are dead ends. With eight nearly all end low, yet not at the same place. Walk in a straight line from
# one solution to another, and you can see the hill between them.

# %%
first, second = ended[8][0][2], ended[8][1][2]
way = np.linspace(0, 1, 60)
heights = []
for part in way:
    between = {name: (1 - part) * first[name] + part * second[name] for name in first}
    heights.append(binary_cross_entropy(forward(inputs[train], between, sigmoid)[1], truth[train]))
fig, ax = plt.subplots(figsize=(8, 3.8))
ax.plot(way, heights)
ax.set(title="Two solutions, and a hill between them", xlabel="part of the way from the first to the second network")
ax.set_ylabel("loss (nats)")
plt.show()
print(f"loss at the ends {heights[0]:.2f} and {heights[-1]:.2f}, at its highest between them {max(heights):.2f} nats")
assert max(heights) > 1.5 * max(heights[0], heights[-1])

# %% [markdown]
# Both networks are good, and their mean is bad. The honest consequence for every paper that you read: **one training is
# one draw**. Ask from how many starts a result comes and how far they lie apart. `wetread lab repeat` does it with
# films.

# %% [markdown]
# ## With real films
#
# Our crude ruler was made for phantoms. With `DATA` set, we measure real films with it and ask a neuron the simpler
# question "fluid or not?". Do not hope for much: real patients lie, turn, have tubes, and the picture is cut as it
# pleases somebody.

# %%
if DATA:
    real = []
    for path in sorted(Path(DATA).rglob("*.png")):
        film = np.asarray(Image.open(path).convert("L").resize((64, 64), Image.Resampling.BOX)) / 255
        real.append((lung_end(film, "right"), lung_end(film, "left"), path.parent.name == "effusion"))
    real = np.array(real, dtype=float)[np.random.default_rng(SEED).permutation(len(real))]
    first_part = np.arange(len(real)) < 2 * len(real) // 3
    scaled = (real[:, :2] - real[first_part, :2].mean(axis=0)) / real[first_part, :2].std(axis=0)
    weights, bias, losses = fit_neuron(scaled[first_part], real[first_part, 2])
    hits = (sigmoid(scaled @ weights + bias) > 0.5)[~first_part] == real[~first_part, 2]
    found = wilson(int(hits.sum()), len(hits))
    print(f"{len(real)} real films; accuracy on {found.n}: {found.value:.2f} ({found.low:.2f} to {found.high:.2f})")
else:
    print("DATA is None: phantoms only.")

# %% [markdown]
# ## Exercises
#
# 1. **Table.** What is the mean age of the women whose heart is wider than half of their chest? How many are they?
# 2. **Learning rate.** In `draw_steps`, what happens at a rate of exactly 1? And at 0.5? Say it before you try.
# 3. **Break it.** Turn a sign around in `backward`, for example `(1 + hidden**2)`. Does the check notice? Does the
#    network still learn?
# 4. **Surprise.** Two models see a patient with fluid. One said 0.9, the other 0.6. The next patient has none; they
#    said 0.9 and 0.6 again. Which one has the lower cross-entropy? And the higher accuracy?
# 5. **Fewer neurons.** How many hidden neurons does "on one side only" need at least? Think of borders, then look at
#    the last but one figure.
#
# <details><summary>Solutions</summary>
#
# 1. `large = patients[(patients["sex"] == "F") & (patients["heart_cm"] > 0.5 * patients["chest_cm"])]`, then
#    `large["age"].mean()` and `len(large)`. If they are older than the others: the phantoms' hearts widen a little with
#    age.
# 2. At 1 the walk jumps to the mirror image of its place and back, for ever at the same height. At 0.5 it is at the
#    bottom after one step. (Both hold for this curve only.)
# 3. The check notices at once. What the network does depends on its start: from most it hardly gets away from guessing,
#    from some it gets rather far. Whoever sees one of those never looks for the error.
# 4. Mean of $-\ln 0.9$ and $-\ln 0.1$ is 1.20 nats; of $-\ln 0.6$ and $-\ln 0.4$ it is 0.71. The careful one has the
#    lower cross-entropy. Both are right once in two: accuracy 0.50. Accuracy does not see how sure somebody was.
# 5. Two: one border that cuts off one corner, one that cuts off the opposite corner. Two suffice, but from many starts
#    they are not found; a few neurons to spare make the landscape easier.
#
# </details>

# %%
bold, careful = -np.mean(np.log([0.9, 0.1])), -np.mean(np.log([0.6, 0.4]))
print(f"exercise 4: {bold:.2f} and {careful:.2f} nats")
assert [round(bold, 2), round(careful, 2)] == [1.20, 0.71]

# %% [markdown]
# ## What to take along
#
# Learning means making one number, the loss, small, by many small steps against its gradient; backpropagation finds the
# gradient, the learning rate sets the step, and everything else is refinement. A neuron weighs, adds and bends; layers
# of them answer what a straight line cannot. One training is one draw from many: check your gradients, and repeat your
# runs.
#
# ## Sources
#
# - The Carpentries Incubator. *Introduction to artificial neural networks in Python*, episode 04.
#   <https://carpentries-incubator.github.io/machine-learning-neural-python/>
# - Cauchy A. C R Acad Sci Paris 1847; 25: 536–538 (gradient descent).
# - Legendre AM. *Nouvelles méthodes pour la détermination des orbites des comètes*. Paris 1805; Gauss CF. *Theoria
#   motus corporum coelestium*. Hamburg 1809 (least squares).
# - Efron B. Ann Stat 1979; 7: 1–26, doi 10.1214/aos/1176344552 (bootstrap).
# - Danzer CS. Am J Med Sci 1919; 157: 513–521 (cardiothoracic ratio).
# - McCulloch WS, Pitts W. Bull Math Biophys 1943; 5: 115–133, doi 10.1007/BF02478259.
# - Shannon CE. Bell Syst Tech J 1948; 27: 379–423, doi 10.1002/j.1538-7305.1948.tb01338.x.
# - Cox DR. J R Stat Soc B 1958; 20: 215–242 (logistic regression).
# - Polyak BT. USSR Comput Math Math Phys 1964; 4: 1–17, doi 10.1016/0041-5553(64)90137-5 (momentum).
# - Minsky M, Papert S. *Perceptrons*. MIT Press 1969.
# - Rumelhart DE, Hinton GE, Williams RJ. Nature 1986; 323: 533–536, doi 10.1038/323533a0 (backpropagation).
# - Hooper C et al. Thorax 2010; 65 Suppl 2: ii4–ii17, doi 10.1136/thx.2010.136978 (pleural effusion on one side).
# - Duchi J, Hazan E, Singer Y. J Mach Learn Res 2011; 12: 2121–2159 (AdaGrad).
# - Hinton G. *Neural networks for machine learning*, lecture 6e, 2012 (RMSProp).
# - Kingma DP, Ba J. Adam. ICLR 2015, <https://arxiv.org/abs/1412.6980>.
# - Wilson AC et al. The marginal value of adaptive gradient methods. NeurIPS 2017, <https://arxiv.org/abs/1705.08292>.
