# ---
# title: CheXNet, read slowly
# minutes: 90
# machine_minutes: 3
# goals:
# - explain why a film with several findings needs several sigmoids, and not one softmax
# - say what "dense" and "121" mean in DenseNet-121, and count its weights
# - read a table of AUROCs per finding with the intervals that belong to it
# - compare readers and a model by F1 in both ways that CheXNet used, and say why the two numbers differ
# - name five objections to "better than radiologists", and show two of them by an experiment
# needs: [1, 3, 5, 7]
# roots: >-
#   Rajpurkar P et al., CheXNet, arXiv 1711.05225 (https://arxiv.org/abs/1711.05225), and its project page
#   (https://stanfordmlgroup.github.io/projects/chexnet); re-implementations https://github.com/jrzech/reproduce-chexnet
#   and https://github.com/arnoweng/CheXNet
# where_it_stopped: >-
#   A table of 14 AUROCs without intervals, an F1 above the average of four radiologists, and the words "exceeding
#   practicing radiologists".
# our_step_further: >-
#   Each AUROC gets an interval, the reader study is repeated with readers whose skill we know, and we show that a model
#   no better than any of its readers still beats their average.
# ---

# %% [markdown]
# # 8. CheXNet, read slowly
#
# *Research and teaching only. All pictures in this lesson are simulated, unless you switch to real ones below; all
# readers are.*
#
# **Afterwards you can**
#
# - explain why a film with several findings needs several sigmoids, and not one softmax;
# - say what "dense" and "121" mean in DenseNet-121, and count its weights;
# - read a table of AUROCs per finding with the intervals that belong to it;
# - compare readers and a model by F1 in both ways that CheXNet used, and say why the two numbers differ;
# - name five objections to "better than radiologists", and show two of them by an experiment.
#
# **The question.** In November 2017 a preprint (a paper put on the web before anybody has reviewed it) announced a
# network that finds pneumonia on chest films "at a level exceeding practicing radiologists". It became one of the
# best-known papers of medical machine learning. What exactly was measured? And would we believe it if we measured it
# again, with everything known?

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: phantoms; or a folder of the real public set
SEED = 8

# %% [markdown]
# With `DATA = None` we use phantoms with five findings. The real set is ChestX-ray14 (Wang 2017), the one of the paper:
# 112,120 films of 30,805 patients, 45 gigabytes. `wetread data get nih-chestxray14` fetches it, whole or in part; put
# the folder `data` with its `labels.csv` behind `DATA =`. We then take the films of 400 patients at random. What the
# text tells of results was seen on phantoms.

# %%
import tempfile
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image
from scipy.stats import norm

import wetread
from wetread.metrics.delong import delong
from wetread.phantoms.findings_dataset import make_chest_findings
from wetread.readers.simulate import Skill, simulate_readers

plt.style.use("wetread.lessons.film")
folder = Path(tempfile.mkdtemp(prefix="lesson-08-"))

# %% [markdown]
# ## One film, many findings
#
# The tasks of earlier lessons had classes that exclude each other: effusion *or* normal. A patient may well have a
# large heart *and* fluid *and* a lump. What is seen on a film is called a *finding*. Each film of ChestX-ray14 carries
# any number of **14 labels**: atelectasis, cardiomegaly, consolidation, edema, effusion, emphysema, fibrosis, hernia,
# infiltration, mass, nodule, pleural thickening, pneumonia, pneumothorax. No radiologist marked them: a program read
# them out of the written reports (*text mining*).
#
# Our phantoms have five of the 14, dealt independently of each other, and a mask for each: a heart that is too large
# (*cardiomegaly*), lung filled with fluid or cells (*consolidation*), effusion, a round lump in the lung (*nodule*),
# air between lung and chest wall (*pneumothorax*). (In a terminal: `wetread data make chest`.)

# %%
images, patients = (60, 46) if SMALL else (400, 260)
if DATA is None:
    films, side = folder / "films", 128 if SMALL else 320
    make_chest_findings(films, images=images, patients=patients, seed=SEED, size=side)
    table = pd.read_csv(films / "labels.csv")
else:
    films = Path(DATA)
    table = pd.read_csv(films / "labels.csv")
    some = np.random.default_rng(SEED).permutation(table["patient"].unique())[:400]
    table = table[table["patient"].isin(some)].copy()
    table["image"] = [str((films / image).absolute()) for image in table["image"]]
    table.to_csv(folder / "labels.csv", index=False)
# "effusion|nodule" becomes a row of 0 and 1, a column for each finding.
said = table["label"].str.get_dummies("|").drop(columns=["no_finding", "No Finding"], errors="ignore")
print(f"{len(table)} films of {table['patient'].nunique()} patients")
print("films with 0, 1, 2 ... findings:", said.sum(axis=1).value_counts().sort_index().to_dict())

# %%
together = said.T @ said
fig, ax = plt.subplots(figsize=(7, 5.4))
shown = ax.imshow(together, cmap="Blues")
for row, column in np.ndindex(together.shape):
    dark = together.iloc[row, column] > together.to_numpy().max() / 2
    ax.text(column, row, together.iloc[row, column], ha="center", va="center", color="white" if dark else "black")
ax.set_xticks(range(len(together)), together.columns, rotation=30, ha="right")
ax.set_yticks(range(len(together)), together.index)
ax.set(xlabel="finding", ylabel="finding", title="Findings meet in one film")
fig.colorbar(shown, ax=ax, label="films", shrink=0.8)
plt.show()

# %% [markdown]
# **What do you expect?** A softmax (lesson 2) turns logits into probabilities that add up to 1. What goes wrong if a
# film shows a large heart and fluid, both beyond doubt?

# %%
logits = np.array([4.0, 4.0, -4.0, -4.0, -4.0])  # two findings that are plain, three that are not there
softmax = np.exp(logits) / np.exp(logits).sum()
sigmoid = 1 / (1 + np.exp(-logits))
print("softmax:", softmax.round(2), " adds up to", softmax.sum().round(2))
print("sigmoid:", sigmoid.round(2), " each finding for itself")

# %% [markdown]
# The softmax makes the two findings compete, and is unsure about both. A *sigmoid* for each finding asks 14 separate
# yes or no questions of the same features. That is called *multi-label* (against *multi-class*), and the loss is the
# sum of 14 binary cross-entropies.
#
# In the figure above each number off the diagonal counts films with both findings; a softmax has no answer for them.
#
# ## DenseNet-121
#
# CheXNet's network is DenseNet-121 (Huang 2017). In a plain network each layer reads the layer before it. In a *dense
# block* each layer reads **all** layers before it in the block, laid on top of each other as channels, and adds 32
# channels of its own. (It has nothing to do with the dense layer of lesson 4.) What the first layer found is still at
# hand at the end, and the gradient has a short way back (lesson 4).

# %%
fig, axes = plt.subplots(1, 2, figsize=(12, 2.9), sharey=True)
for ax, dense in zip(axes, (False, True), strict=True):
    for start in range(5):
        ax.add_patch(plt.Rectangle((start - 0.18, -0.3), 0.36, 0.6, color="tab:blue", zorder=3))
        ax.text(start, 0, "input" if start == 0 else start, color="white", ha="center", va="center", size=9, zorder=4)
    for start, end in combinations(range(5), 2):
        if dense or end == start + 1:
            bend = f"arc3,rad={-0.45 if end > start + 1 else 0}"
            arrow = {"arrowstyle": "-|>", "connectionstyle": bend, "color": "tab:orange", "shrinkA": 14, "shrinkB": 14}
            ax.annotate("", xy=(end, 0.1), xytext=(start, 0.1), arrowprops=arrow)
    ax.set(xlim=(-0.4, 4.4), ylim=(-0.45, 1.15))
    ax.axis("off")
axes[0].set_title("Plain: 4 connections")
axes[1].set_title("Dense: 10 connections among the same layers")
plt.show()

# %% [markdown]
# The name counts layers with weights: one convolution at the entrance; four blocks of 6, 12, 24 and 16 steps, each step
# being a convolution of 1 x 1 (which squeezes what has piled up to 128 channels) and one of 3 x 3; a 1 x 1 convolution
# between blocks, which halves the channels; one last layer. Let us count layers and weights by hand. (*BN* is batch
# normalisation, with two weights per channel.)

# %%
layers, weights, channels = 1, 3 * 64 * 7 * 7 + 2 * 64, 64  # entrance: 3 colours -> 64 channels, squares of 7 x 7; BN
for block, steps in enumerate([6, 12, 24, 16]):
    for _ in range(steps):
        weights += 2 * channels + channels * 128  # BN, then 1 x 1: all that has piled up -> 128
        weights += 2 * 128 + 128 * 32 * 3 * 3  # BN, then 3 x 3: 128 -> 32
        channels += 32  # laid on top of what was there
        layers += 2
    if block < 3:
        weights += 2 * channels + channels * (channels // 2)  # BN, then 1 x 1 between blocks
        channels //= 2
        layers += 1
weights += 2 * channels + channels * 14 + 14  # BN, then the last layer: 14 findings
layers += 1
print(f"{layers} layers, {weights:,} weights, {channels} features before the last layer")
assert (layers, weights, channels) == (121, 6_968_206, 1024)

# %% [markdown]
# Is the real one the same? wetread knows the network by its name. Without weights from anywhere it is filled with
# random numbers, and knows nothing. **What do you expect** it to say of a film?

# %%
if not SMALL:  # it takes some seconds to build
    import torch

    from wetread.model.networks import NetworkSpec, build_network

    torch.manual_seed(SEED)
    densenet = build_network(NetworkSpec("densenet121", outputs=14)).eval()
    count = sum(tensor.numel() for tensor in densenet.parameters())
    with torch.no_grad():
        answer = torch.sigmoid(densenet(torch.zeros(1, 3, 224, 224)))[0]
    print(f"{count:,} weights; 14 answers between {answer.min():.2f} and {answer.max():.2f}")
    assert count == weights

# %% [markdown]
# Fourteen times "perhaps". CheXNet did not start from random numbers either, but from weights trained on 1.2 million
# photographs (ImageNet; borrowed eyes, lesson 6). The whole recipe, from the paper:
#
# | Decision | CheXNet |
# |---|---|
# | input | 224 x 224, scaled by the mean and spread of ImageNet |
# | augmentation | mirrored at random, left for right (a heart on the wrong side; lesson 3) |
# | start | ImageNet weights, all layers trained |
# | walk (*optimiser*) | Adam, rate 0.001, a tenth of it whenever the validation loss stalls; 16 films at a time |
# | which epoch | the one with the lowest validation loss |
# | division (version 3) | by patient; 14 findings: 70 % training, 10 % validation, 20 % test |
#
# `wetread run DATA --recipe chexnet` follows it to the letter. On a hundred thousand films that takes hours on a
# graphics card and weeks on your laptop. So here we do something smaller and say what it is:
#
# - Where weights of DenseNet-121 lie on this computer (`wetread weights get densenet121.tv_in1k`), it looks at the
#   films, *frozen*, and a logistic regression (lesson 2) per finding decides on its 1024 features.
# - Where there are none, wetread falls back on *classical features* (measurements of edges, textures and grey levels
#   that somebody designed) with the same regressions. No CheXNet, but the whole way from film to reader study is the
#   same.
#
# ## The run
#
# `wetread.run` does what lesson 5 did by hand. It divides the patients into five parts; each part is predicted by a
# model that has not seen it (*cross-validation*), so that **each film gets a held-out prediction**. From inside the
# training parts it also takes a threshold for each finding, from which on "yes" is called.

# %%
stored = [one.facts.name for one in wetread.list_weights().stored]
eyes = next((name for name in stored if name.startswith("densenet121")), "none")
run = wetread.run(
    films, labels=folder / "labels.csv" if DATA else None, out=folder / "run", preset="quick", backbone=eyes
)
print("looks through:", "classical features" if eyes == "none" else eyes)
print(run.headline)

# %% [markdown]
# ## AUROC per finding, with intervals, beside the published table
#
# **What do you expect?** Which of the five findings is the easiest, which the hardest? Write it down.

# %%
per_finding = pd.DataFrame(
    [
        {
            "finding": name,
            "films with it": one["positive"],
            **{key: one["auroc"][key] for key in ("value", "low", "high")},
        }
        for name, one in run.numbers["per_class"].items()
    ]
).set_index("finding")
print(per_finding.round(2))

# %% [markdown]
# Now the published numbers (arXiv 1711.05225, table 2, as also quoted by arnoweng/CheXNet). They stand there without
# intervals. We add what can be estimated: the paper tested on a fifth of ChestX-ray14, so of each finding there was
# about a fifth of its films in the test. With the formula of Hanley and McNeil (1982) these counts give a standard
# error. It is an *estimate of ours*, a little too narrow, since it takes every film for a separate patient.

# %%
published = pd.DataFrame(
    [
        ["Atelectasis", 0.8094, 11559], ["Cardiomegaly", 0.9248, 2776], ["Consolidation", 0.7901, 4667],
        ["Edema", 0.8878, 2303], ["Effusion", 0.8638, 13317], ["Emphysema", 0.9371, 2516],
        ["Fibrosis", 0.8047, 1686], ["Hernia", 0.9164, 227], ["Infiltration", 0.7345, 19894],
        ["Mass", 0.8676, 5782], ["Nodule", 0.7802, 6331], ["Pleural thickening", 0.8062, 3385],
        ["Pneumonia", 0.7680, 1431], ["Pneumothorax", 0.8887, 5302],
    ],
    columns=["finding", "AUROC", "films in the whole set"],
)  # fmt: skip


def hanley_mcneil(area, ill, well):
    """Half of a 95 % interval of an AUROC, from the counts alone."""
    both, same = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (ill - 1) * (both - area**2) + (well - 1) * (same - area**2)) / (ill * well)
    return 1.96 * np.sqrt(variance)


ill = published["films in the whole set"] / 5
published["half"] = hanley_mcneil(published["AUROC"], ill, 112_120 / 5 - ill)
print(f"mean of the 14: {published['AUROC'].mean():.3f}")
assert round(published["AUROC"].mean(), 3) == 0.841
assert published.loc[published["half"].idxmax(), "finding"] == "Hernia"

# %%
order = published.sort_values("AUROC")
fig, ax = plt.subplots(figsize=(9, 6))
ax.errorbar(order["AUROC"], order["finding"], xerr=order["half"], fmt="o", color="tab:gray", capsize=3,
            label="CheXNet, as published\n(interval: our estimate)")  # fmt: skip
for name, one in per_finding.iterrows():
    at = [place for place, other in enumerate(order["finding"]) if other.lower().replace(" ", "_") == name.lower()]
    if at:
        error = [[one["value"] - one["low"]], [one["high"] - one["value"]]]
        ax.errorbar(one["value"], at[0] + 0.28, xerr=error, fmt="s", color="tab:orange", capsize=3)
ax.plot([], [], "s", color="tab:orange", label="this lesson, other films:\nnot to be compared")
ax.axvline(0.5, color="black", linewidth=1, linestyle="--")
ax.text(0.505, 0.3, "guessing", size=11)
ax.set(
    xlabel="AUROC with 95 % interval",
    ylabel="finding",
    xlim=(0.4, 1.01),
    title="A table becomes readable with intervals",
)
ax.legend(loc="upper left", bbox_to_anchor=(0.17, 1.0))
plt.show()

# %% [markdown]
# Three lessons in one figure.
#
# 1. **Grey alone.** Hernia has the widest bar: 227 films in all, perhaps 45 in the test. Its third and fourth digits
#    are noise. Where bars overlap, the order of findings in the table is not settled.
# 2. **Orange beside grey.** It is tempting to say "our large hearts are easier than theirs". They are other films,
#    other patients (none at all, here), other definitions. AUROCs compare *models on the same films*, nothing else. The
#    same goes for a second paper with another division of ChestX-ray14: the authors of CheXNet never published theirs.
# 3. **Orange alone.** A large heart can be measured with a ruler; a nodule of one centimetre behind a rib is another
#    matter. One mean over all findings hides that.
#
# ## A heatmap for each finding
#
# CheXNet shows class activation maps (lesson 7) on chosen films. We take the film with the most findings, and ask for
# each finding separately: where does it come from? The method is *occlusion*: hide a patch, see how far the answer
# falls. It asks questions only, so it works for any model.

# %%
findings = list(run.numbers["per_class"])
known = said[findings]
number = int(known.sum(axis=1).to_numpy().argmax())
row = table.iloc[number]
path = row["image"] if DATA else str(films / row["image"])
present = [name for name in findings if known.iloc[number][name]][:3]
asked = present + [name for name in findings if name not in present][:1]  # and one that is not there

fig, axes = plt.subplots(1, len(asked), figsize=(3.6 * len(asked), 5.0), squeeze=False)
for ax, name in zip(axes[0], asked, strict=True):
    found = wetread.explain(run.folder, path, method="occlusion", target=name).images[0]
    heat = found.maps["occlusion"].on_grid(*found.picture.shape[:2])
    most = max(np.abs(heat).max(), 0.5)  # logits; a weak map stays pale instead of being stretched
    ax.imshow(found.picture)
    ax.imshow(heat, cmap="PuOr_r", vmin=-most, vmax=most, alpha=0.6 * np.clip(np.abs(heat) / most, 0, 1))
    if not DATA and name in present:
        mask = np.asarray(Image.open(films / row[f"mask_{name}"]))
        ax.contour(mask > 0, levels=[0.5], colors="tab:green", linewidths=2)
    there = "there" if name in present else "not there"
    ax.set(title=f"{name} ({there})", xticks=[], yticks=[], xlabel=f"p = {found.probabilities[name]:.2f}")
size = " × ".join(str(edge) for edge in found.picture.shape[:2])
fig.suptitle(f"One film ({size} pixels), one question for each finding", fontweight="bold")
plt.show()

# %% [markdown]
# Orange speaks for the finding, purple against it (full colour: the largest fall of the logit on this film, and half a
# logit at least); the green line is the mask, and p the probability. Where does the heat lie, where the mask? A pale
# map says that little was found. Remember lesson 7: this is one film, chosen by us. It may raise an alarm, it proves
# nothing. (A part of the mask without heat tells as much as a part with it.)
#
# ## From probability to F1
#
# Radiologists do not give probabilities; they say yes or no. To compare, the model must do so, too: it calls a finding
# above its threshold. Then there are four kinds of films (lesson 5): found, missed, false alarms, rightly left alone.
# CheXNet sums them up in **F1**:
#
# $$ F_1 = \frac{2 \cdot \text{found}}{2 \cdot \text{found} + \text{missed} + \text{false alarms}} $$
#
# It is a mean of sensitivity ("recall") and positive predictive value ("precision") that leans towards the smaller of
# the two (the *harmonic* mean). Films rightly left alone do not occur in it. And it treats both sides alike: whether
# reader A judges B or B judges A, F1 is the same. That makes it handy where **there is no truth, only opinions**. But
# look:


# %%
def f1_in_the_long_run(sensitivity, specificity, prevalence):
    """F1 against a known truth, on endlessly many films."""
    found = prevalence * sensitivity
    return 2 * found / (2 * found + prevalence * (1 - sensitivity) + (1 - prevalence) * (1 - specificity))


share = np.linspace(0.01, 0.6, 60)
fig, ax = plt.subplots(figsize=(8, 4))
ax.plot(100 * share, f1_in_the_long_run(0.8, 0.9, share), color="tab:blue")
ax.set(xlabel="films with the finding (%)", ylabel="F1", ylim=(0, 1))
ax.set_title("The very same reader (sensitivity 0.80, specificity 0.90)")
plt.show()
print(f"F1 at 2 %: {f1_in_the_long_run(0.8, 0.9, 0.02):.2f}, at 20 %: {f1_in_the_long_run(0.8, 0.9, 0.2):.2f}, "
      f"at 50 %: {f1_in_the_long_run(0.8, 0.9, 0.5):.2f}")  # fmt: skip

# %% [markdown]
# A reader of unchanged skill can have nearly any F1. So the F1 of 0.435 that CheXNet reports for pneumonia tells
# nothing by itself; only differences *on the same films* do.
#
# ## Four readers of known skill
#
# CheXNet asked four radiologists to mark 14 findings on 420 films. We simulate four, and know what no study knows: how
# good they are. Each reader perceives a *strength of evidence*: on films with the finding it is higher, on average by
# $d$, than on films without. The spread (standard deviation) is 1. **All four have the same $d$, the same skill.** They
# differ only in how much evidence they want before they say yes, their *strictness*.
#
# `simulate_readers` makes readings of cases; half of each error is shared by all readers, as hard films are hard for
# everybody. We hand readings of ill cases to films with the finding, the others to films without.

# %%
SKILL = {"cardiomegaly": 3.0, "consolidation": 2.2, "effusion": 2.6, "nodule": 1.8, "pneumothorax": 2.4}
STRICTNESS = {"Dr Eager": -0.6, "Dr Even": -0.1, "Dr Careful": 0.4, "Dr Strict": 0.9}


def skill_of(distance, strictness):
    """Skill d and strictness -> sensitivity and specificity; norm.cdf is the part of a bell curve left of a value."""
    return Skill(norm.cdf(distance / 2 - strictness), norm.cdf(distance / 2 + strictness), shared=0.5)


calls = {reader: pd.DataFrame(0, index=table["image"], columns=findings) for reader in STRICTNESS}
for place, name in enumerate(findings):
    there = known[name].to_numpy() == 1
    skills = [skill_of(SKILL.get(name.lower(), 2.0), strictness) for strictness in STRICTNESS.values()]
    study = simulate_readers(skills, cases=len(there), prevalence=there.mean(), seed=SEED + place)
    assert study.truth.sum() == there.sum()
    for reader, called in zip(STRICTNESS, study.called, strict=True):
        column = np.zeros(len(there), dtype=int)
        column[there], column[~there] = called[study.truth], called[~study.truth]
        calls[reader][name] = column
print(calls["Dr Even"].head(3).to_string())

# %% [markdown]
# One caution: what is hard for our readers has nothing to do with what is hard for our model, since the readings know
# nothing of the pictures. In life, hard films are hard for both. So the model will agree with the readers less than a
# real one of its skill.
#
# We write the readings into a table, a row per reading, and let `wetread.compare_readers` do both studies of CheXNet.

# %%
rows = [
    {"image": image, "reader": reader, "label": "|".join(one.index[one == 1]) or "no finding"}
    for reader, marks in calls.items()
    for image, one in marks.iterrows()
]
pd.DataFrame(rows).to_csv(folder / "readings.csv", index=False)
study = wetread.compare_readers(
    folder / "readings.csv", model=run.folder, out=folder / "readers", resamples=200 if SMALL else 2000, seed=SEED
)
print("protocols:", {name: one["title"] for name, one in study["protocols"].items()})

# %% [markdown]
# **Two protocols** stand side by side in CheXNet's own texts, and they are not the same:
#
# - **The paper** (version 3): each reader is scored against each of the other three readers *and the model*, one at a
#   time, and the four F1s are averaged. The model is scored against each reader.
# - **The project page**: the truth is the *majority* of three readers. Each reader is scored against the majority of
#   the other three, the model against each group of three.
#
# **What do you expect?** By which protocol does everybody look better?

# %%
fig, axes = plt.subplots(1, 2, figsize=(12, 4), sharex=True, sharey=True)
for ax, (name, protocol) in zip(axes, study["protocols"].items(), strict=True):
    shown = protocol["columns"][study["shown"]]
    entries = [(one["name"], one["f1"]) for one in shown["rows"]]
    entries.insert(-1, ("average of readers", shown["average"]))
    for height, (who, f1) in enumerate(reversed(entries)):
        colour = {"model": "tab:orange", "average of readers": "black"}.get(who, "tab:blue")
        error = [[f1["value"] - f1["low"]], [f1["high"] - f1["value"]]]
        ax.errorbar(f1["value"], height, xerr=error, fmt="o", color=colour, capsize=4)
    ax.set(yticks=range(len(entries)), yticklabels=[who for who, _ in reversed(entries)])
    ax.set_xlabel("F1 over all findings, with 95 % interval")
    ax.set_title({"paper": "Each against each (the paper)", "majority": "Against the majority (project page)"}[name])
    gap = shown["difference"]
    print(f"{name:9} model minus readers' average: {gap['value']:+.3f} (95 % {gap['low']:+.3f} to {gap['high']:+.3f})")
plt.show()

paper, majority = (study["protocols"][name]["columns"][study["shown"]] for name in ("paper", "majority"))
if not SMALL and not DATA:
    pairs = zip(paper["rows"], majority["rows"], strict=True)
    assert all(one["f1"]["value"] < other["f1"]["value"] for one, other in pairs)  # everybody looks better
    assert eyes != "none" or max(paper["difference"]["high"], majority["difference"]["high"]) < 0
    assert eyes != "none" or per_finding.loc["nodule", "value"] < 0.7

# %% [markdown]
# On classical features our model stays below the readers by both protocols: it is no CheXNet, and on nodules it does
# little better than guessing. What matters here is something else. The same readings, the same model, and two sets of
# numbers: everybody's F1 differs between the panels, and so does the gap between model and readers. **Why?**
#
# 1. *The truth is of another quality.* One reader errs alone; a majority of three outvotes single slips. Against a
#    better truth everybody looks better. Nobody has become better.
# 2. *The model sits among the judges.* In the paper's protocol a quarter of each reader's score comes from agreeing
#    with the model. The model is never judged by itself, only by readers. A model that disagrees with everybody drags
#    the readers' average down with it. wetread prints the average with readers as the only judges, too:

# %%
without = paper["without_model"]
for words, one in [("model among the judges", paper), ("readers only", without)]:
    mean, gap = one["average"], one["difference"]
    print(f"{words:23} average {mean['value']:.3f} ({mean['low']:.3f} to {mean['high']:.3f}), "
          f"model minus average {gap['value']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f})")  # fmt: skip
assert SMALL or DATA or without["average"]["value"] > paper["average"]["value"]

# %% [markdown]
# CheXNet's result on pneumonia, by the paper's protocol, was: **model 0.435 (0.387 to 0.481), radiologists on average
# 0.387 (0.330 to 0.442)**. The two intervals overlap, which by itself says nothing, since both come from the same
# films: what counts is the interval of the *difference*, and the authors report that it excluded 0. Now put yourself
# into the place of a reader: your colleagues give you an F1 near 0.4 on pneumonia. With each other, too. Then the films
# or the question must be hard to agree on, and "truth" is a strong word for it.
#
# ## The average reader does not exist
#
# The first version of the preprint (November 2017) said that the model exceeds the *average* radiologist in sensitivity
# **and** specificity: their mean point lay below the model's ROC curve. Our readers all have the same skill. **What do
# you expect** for their mean point, against a model of exactly the same skill?

# %%
distance, prevalence = 2.2, 0.2
strictness = np.linspace(-3, 3, 400)
fig, (roc, bars) = plt.subplots(1, 2, figsize=(12, 4.9))
roc.plot(1 - norm.cdf(distance / 2 + strictness), norm.cdf(distance / 2 - strictness), color="tab:orange",
         label="a model of the same skill")  # fmt: skip
roc.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle="--", label="guessing (the 45° line)")
points = np.array([[1 - norm.cdf(distance / 2 + one), norm.cdf(distance / 2 - one)] for one in STRICTNESS.values()])
roc.plot(*points.T, "o", color="tab:blue", label="four readers of the same skill")
average = points.mean(axis=0)
roc.plot(*average, "X", color="black", markersize=11, label="their average point")
roc.set(
    xlabel="false alarms: 1 − specificity", ylabel="sensitivity", title="The mean of points on a curve lies below it"
)
roc.legend(loc="lower right")

f1 = f1_in_the_long_run(norm.cdf(distance / 2 - strictness), norm.cdf(distance / 2 + strictness), prevalence)
of_readers = f1_in_the_long_run(points[:, 1], 1 - points[:, 0], prevalence)
names, heights = (
    [*STRICTNESS, "readers'\naverage", "model, best\nthreshold"],
    [*of_readers, of_readers.mean(), f1.max()],
)
bars.bar(names, heights, color=["tab:blue"] * 4 + ["black", "tab:orange"])
bars.set(ylabel=f"F1 against the truth, {100 * prevalence:.0f} % with the finding", ylim=(0, 1))
bars.set_title("Nobody is better, and the model wins")
bars.tick_params(axis="x", labelsize=9, rotation=20)
plt.show()

on_curve = norm.cdf(norm.ppf(average[0]) + distance)
print(f"at the readers' mean false alarm rate ({average[0]:.2f}) the model has sensitivity {on_curve:.2f}, "
      f"their mean point {average[1]:.2f}")  # fmt: skip
print(f"F1: readers on average {of_readers.mean():.3f}, a model no better than any of them {f1.max():.3f}")
assert on_curve > average[1]
assert f1.max() > of_readers.mean()

# %% [markdown]
# **By construction nobody here is better than anybody.** A ROC curve bends towards the upper left, away from the
# diagonal of 45 degrees. The mean of points on a bent curve lies inside the bend, nearer to the diagonal: the "average
# reader" is worse than every single one at his or her own strictness. The same holds for F1, as the model may choose
# the threshold that suits F1 and readers choose one that suits patients. Oakden-Rayner and Palmer (2020) showed that
# averaged sensitivity, specificity and F1 underestimate readers systematically, and propose to summarise them by a
# curve, as in *meta-analyses* (which sum up many studies). The later versions of the preprint dropped the claim about
# sensitivity and specificity and compare F1; the objection applies to that as well.
#
# ## Labels that were read from reports
#
# The 14 labels were mined from text. A radiologist who looked at some 700 films of two public sets found that the
# labels of ChestX-ray14 did not reflect what the films show well, with positive predictive values 10 to 30 % below
# those of the documentation (Oakden-Rayner 2020). What does that do to an AUROC? We take our held-out predictions,
# leave the model as it is, and spoil the labels of the **test**: a share of the films "with effusion" has none.
#
# **What do you expect?** The model is the same. Will its AUROC move?

# %%
predictions = pd.read_csv(run.folder / "predictions.csv")
name = next((one for one in findings if one.lower() == "effusion"), findings[0])
right, probability = predictions[f"truth_{name}"].to_numpy() == 1, predictions[f"p_{name}"].to_numpy()
random = np.random.default_rng(SEED)


def spoil(truth, wrong):
    """As many labels as before, but this share of them sits on films without the finding."""
    spoilt, count = truth.copy(), round(wrong * truth.sum())
    spoilt[random.choice(np.flatnonzero(truth), count, replace=False)] = False
    spoilt[random.choice(np.flatnonzero(~truth), count, replace=False)] = True
    return spoilt


shares = np.linspace(0, 0.5, 6)
areas = np.array(
    [[delong(spoil(right, wrong), probability).value for _ in range(20 if SMALL else 100)] for wrong in shares]
)
fig, ax = plt.subplots(figsize=(8, 4.2))
ax.fill_between(100 * shares, *np.percentile(areas, [2.5, 97.5], axis=1), alpha=0.25, label="95 % of random spoilings")
ax.plot(100 * shares, areas.mean(axis=1), marker="o", label="mean")
ax.set(xlabel=f"wrong labels among the films called {name} (%)", ylabel="AUROC of the unchanged model")
ax.set_title("Wrong labels in the test make a good model look mediocre")
ax.legend()
plt.show()
assert areas[-1].mean() < areas[0].mean()

# %% [markdown]
# Random errors in the test pull the AUROC towards 0.5. Read the figure backwards, too: a published AUROC near 0.80 on
# labels of which a third are wrong may belong to a far better model. That is the kind half of the story. The unkind
# half: **errors are seldom random.** If the labelling program mistakes the same phrases in training and test, a model
# can learn to *agree with the program* and is praised for it. And a label can be right and still mean something else:
# many films with "pneumothorax" in ChestX-ray14 show a patient already treated, with a chest drain, and a model that
# finds the drain has found the label (Oakden-Rayner 2020, who calls it *hidden stratification*: a group inside a class
# that one number hides). No AUROC on such labels tells these apart. A mask, a reader or a look at the data does.
#
# ## What has been criticised since
#
# CheXNet was open about much, and changed after criticism. It helps to know the objections, for they apply to most
# papers of its kind.
#
# - **Labels.** Mined from reports, not read from films; on the films many did not hold (Oakden-Rayner 2017, 2020).
# - **Readers at a disadvantage.** One frontal film, no lateral view, no history, no earlier films. The paper itself
#   names the missing lateral view and history as limits.
# - **Few readers.** Four, of one university; the interval speaks of other *films*, not of other *readers*.
# - **The average reader.** Worse than the readers it is made of (Oakden-Rayner and Palmer 2020, and our figure).
# - **The model among the judges**, and two protocols, one in the paper and one on the project page.
# - **Division.** The first version of the preprint spoke of a random division of the films and not of patients, though
#   many have several; version 3 states that no patient is on two sides. The division itself was not published.
# - **Pneumonia.** A clinical diagnosis. A film alone shows consolidation or infiltration, which are labels of their
#   own.
# - **Another hospital.** Models that had learnt pneumonia in some hospitals did worse elsewhere in three of five
#   comparisons, and could tell the hospital itself from the film (Zech 2018).
# - **Drains and other traces.** The label may be found by its treatment.
#
# None of this says that the network is bad. It says that "better than radiologists" was not what had been measured.

# %% [markdown]
# ## Exercises
#
# 1. Make the four readers equally strict (all 0). What happens to the average point and to the model's lead?
# 2. Give one reader less skill than the others (`SKILL` minus 1 for Dr Strict). Which protocol notices it more?
# 3. Change `shared=0.5` to 0.9: the readers now share most of their errors. What happens to their F1s, and are they
#    better?
# 4. Which interval in the figure of 14 findings would shrink most if the test had twice as many films?
# 5. Train on wrong labels: `wetread.make_data("chest", ..., knobs={"label_noise": 0.2})` makes about every fifth one
#    wrong. Run again, and compare the AUROCs with the old ones. Were training or test labels to blame? How would you
#    find out?
#
# <details><summary>Solutions</summary>
#
# 1. The four points fall together, so their mean lies on the curve. The lead in F1 shrinks to what the best threshold
#    for F1 gains over strictness 0, since strictness 0 is not the best choice at 20 %.
# 2. The majority protocol: the slips of the weak reader are outvoted in the truth of the others and show in full in his
#    own score. In the other protocol they also lower the scores of those who are compared with him.
# 3. The F1s rise, as the readers agree more. Their sensitivity and specificity are what they were: *agreement is not
#    truth*. With opinions as the only truth nobody can tell the difference.
# 4. Hernia: an interval shrinks with the square root of the number of ill *and* well, and there are only about 45 ill.
#    It would be about 0.7 times as wide; so would the others, but hernia has the most to lose in absolute terms.
# 5. With wrong labels in both, you cannot tell from the AUROC. Masks stay true under this knob: test against "has a
#    mask" instead of the label. If the AUROC is high there, the test labels were to blame.
#
# </details>

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# CheXNet ended with 14 AUROCs, an F1 above that of four readers, and a sentence for the newspapers. Our step was not a
# better network; ours is a much smaller one. It was to put an interval around every number, to run both reader
# protocols on readers whose skill we had set, and to find that a model no better than its readers beats their average.
# What we could not do offline: test on patients. The phantoms have five findings that never look alike, no text-mined
# labels and no drains. **Nothing here says how any model performs on people.**
#
# ## What to take along
#
# Several findings are several questions, each with its own AUROC, interval and difficulty. A comparison with readers is
# worth what its truth is worth, and "truth" made of opinions rewards agreement. Before you believe "better than
# radiologists", ask: than which readers, given what, averaged how, and against whose labels?
#
# ## Sources
#
# - Rajpurkar P, Irvin J, Zhu K et al. CheXNet: radiologist-level pneumonia detection on chest X-rays with deep
#   learning. arXiv 1711.05225, version 1 (14 November 2017) and version 3 (25 December 2017); project page
#   <https://stanfordmlgroup.github.io/projects/chexnet>.
# - Wang X et al. ChestX-ray8. CVPR 2017, doi 10.1109/CVPR.2017.369 (the data; counts of films per label from its later
#   release with 14 labels).
# - Huang G et al. Densely connected convolutional networks. CVPR 2017, arXiv 1608.06993.
# - Hanley JA, McNeil BJ. Radiology 1982; 143: 29–36, doi 10.1148/radiology.143.1.7063747.
# - Oakden-Rayner L. Exploring large-scale public medical image datasets. Acad Radiol 2020; 27: 106–112, doi
#   10.1016/j.acra.2019.10.006. And the essays *Exploring the ChestXray14 dataset: problems* (18 December 2017) and
#   *CheXNet: an in-depth review* (24 January 2018), <https://laurenoakdenrayner.com>.
# - Oakden-Rayner L, Palmer L. Docs are ROCs. arXiv 2009.11060, 2020.
# - Zech JR et al. PLoS Med 2018; 15: e1002683, doi 10.1371/journal.pmed.1002683. Re-implementations with other
#   divisions: <https://github.com/jrzech/reproduce-chexnet>, <https://github.com/arnoweng/CheXNet>.
