# ---
# title: Your own data
# minutes: 120
# machine_minutes: 2
# goals:
# - put a research question to pictures in one sentence that could turn out to be wrong
# - describe a data set so that a stranger can judge it, and say how many patients it takes
# - have it audited before anything is trained, and read what the audit says
# - write down risks before the result is known, with what would make you notice each of them
# - hand in a sheet that another group can check
# needs: [1, 3, 5]
# roots: >-
#   Group work as it ends many a course for doctoral researchers, such as those of the Heine Center for Artificial
#   Intelligence and Data Science, HeiCAD (https://www.heicad.hhu.de/en/center): each group plans a study on data of its
#   own.
# where_it_stopped: >-
#   A sheet asks questions; whether the answers are true, and whether the data can answer the question at all, is left
#   to the group and to luck.
# our_step_further: >-
#   The sheet is filled in by the machine where the machine knows, checked for gaps, and compared with an audit. The
#   data that come with it have a hidden flaw, and the lesson measures how much of the result was due to it.
# ---

# %% [markdown]
# # 11. Your own data
#
# *Research and teaching only. Nothing you build here may be used on patients.*
#
# **Afterwards you can**
#
# - put a research question to pictures in one sentence that could turn out to be wrong;
# - describe a data set so that a stranger can judge it, and say how many patients it takes;
# - have it audited before anything is trained, and read what the audit says;
# - write down risks before the result is known, with what would make you notice each of them;
# - hand in a sheet that another group can check.
#
# **The question.** You have pictures, and an idea. Is it a study?
#
# **How to work.** In groups of two to four. Each part of the lesson fills one part of a *sheet*: question, data,
# model, risks, checklist. Answers stand between quotation marks in the code cells; replace ours with yours. At the
# end the sheet is written to a file, and another group reads it. Two hours are enough for a first version.
#
# Until you have data of your own, a stand-in is used: 60 simulated chest films. **It has a hidden flaw**, as data have.
# Try to find it before the audit does.

# %% tags=["parameters"]
import os

SMALL = os.environ.get("WETREAD_SMALL") == "1"  # True: a shortened form for a quick check, without training
DATA = os.environ.get("WETREAD_LESSON_DATA") or None  # None: the stand-in; or the folder of your own pictures
SEED = 3  # where random numbers start

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import wetread

plt.style.use("wetread.lessons.film")
folder = Path(tempfile.mkdtemp(prefix="lesson-11-"))
sheet = {}  # the sheet, part by part

# %% [markdown]
# ## Part 1. The question
#
# A question for pictures has five places to fill:
#
# > In **[these patients]**, can **[this kind of picture]** show **[this finding]**, as decided by **[this reference]**,
# > well enough for **[this purpose]**?
#
# Two places are forgotten most often. The *reference* is how the truth is known: a biopsy, a CT of the same day, two
# radiologists, the text of a report. A model can never be shown to be better than its reference. And *well enough* is a
# number, chosen **before** the result is known; else any result is good enough.
#
# **What do you expect?** Read the example. What would have to happen for the answer to be "no"?

# %%
sheet["question"] = {
    "patients": "adults who get a chest film in the emergency department",
    "picture": "frontal chest radiograph, one per visit",
    "finding": "pleural effusion of more than 200 ml, on either side",
    "reference": "simulated: the volume of fluid is known",
    "purpose": "a thought experiment: could films with an effusion be shown first in the list of films to be read?",
    "good enough if": "the lower end of the 95 % interval of the AUROC is above 0.80",
    "what exists already": "radiologists see it within a day; ultrasound is better (add your sources)",
}
for place, answer in sheet["question"].items():
    print(f"{place:20} {answer}")

# %% [markdown]
# "No" happens if the *lower end* of the interval is 0.80 or less, even if the number itself is 0.86. (The *AUROC*,
# lesson 5, is the chance that a film with an effusion gets the higher score of two films, one with and one without.)
#
# Mind the purpose, too. "It only sorts a list" sounds harmless, but whoever is moved down waits longer. Software that
# does this with real patients is, as a rule, a medical device, with laws of its own (in the European Union, Regulation
# 2017/745). What you plan here is a study on stored pictures.

# %% [markdown]
# ## How many patients does it take?
#
# This can be answered before the first picture is collected. Hanley and McNeil (1982) gave a formula for the standard
# error of an AUROC (lesson 5: 1.96 standard errors to each side make a 95 % interval). It asks for two things alone:
# how large the AUROC is, and how many of the patients *tested* have the finding and have not.
#
# **What do you expect?** Guess, before you run the cell: how many patients does an interval of ± 0.05 need, if you
# expect an AUROC of 0.85 and every second patient has the finding? And if only every twentieth has it?

# %%
from wetread.metrics.sample_size import cases_for_half_width, hanley_mcneil_error

EXPECTED = 0.85  # the AUROC that you expect
shares = {"every second": 1 / 2, "every fifth": 1 / 5, "every twentieth": 1 / 20}
patients = np.arange(40, 1001, 20)

fig, ax = plt.subplots()
for name, share in shares.items():
    half = [1.96 * hanley_mcneil_error(EXPECTED, n * share, n * (1 - share)) for n in patients]
    ax.plot(patients, half, label=f"{name} patient has it")
    print(f"{name} patient has it: {cases_for_half_width(EXPECTED, share, 0.05)} patients for ± 0.05")
ax.axhline(0.05, color="black", linewidth=1, linestyle="--")
ax.set(xlabel="patients who are tested", ylabel="half width of the interval (AUROC)", ylim=(0, 0.3))
ax.set_title("The rarer the finding, the more patients")
ax.legend()
plt.show()

# %% [markdown]
# What counts is the *rarer* kind: a thousand patients without the finding do not replace ten who have it. If your
# number is out of reach, that is a result, and the cheapest one you will ever get. Ask a smaller question, look for
# partners, or call the study what it is: a *pilot*, a small one that prepares a larger one.

# %% [markdown]
# ## Part 2. The data
#
# The stand-in consists of films and a table with one line per film. With `DATA` set, your own folder is read instead: a
# folder for each class, or a table beside the pictures (`docs/data.md` shows what is understood).

# %%
from wetread.phantoms.dataset import make_chest_effusion
from wetread.phantoms.knobs import ChestKnobs

IMAGES, PATIENTS, PIXELS = (24, 16, 64) if SMALL else (60, 40, 128)


def make_films(name, **knobs):
    """Simulated films in a folder of that name; the knobs, handed on by name, are what a teacher may turn."""
    place = folder / name
    make_chest_effusion(
        place, images=IMAGES, patients=PATIENTS, seed=SEED, size=PIXELS, knobs=ChestKnobs(**knobs)
    )  # fmt: skip
    return place


mine = Path(DATA) if DATA else make_films("stand-in", shortcut_strength=0.9)
print("files:", sum(path.is_file() for path in mine.rglob("*")))

# %% [markdown]
# Look before you count. **What do you expect?** These are twelve films of the stand-in, six of each class. Apart from
# the fluid: is there anything else by which you could sort them? (With data of your own, `wetread show FOLDER` makes
# such a sheet.)

# %%
if not DATA:
    import pydicom

    table = pd.read_csv(mine / "labels.csv")
    fig, axes = plt.subplots(2, 6, figsize=(13, 5))
    for row, label in zip(axes, ["effusion", "no_effusion"], strict=True):
        for ax, name in zip(row, table.loc[table["label"] == label, "image"], strict=False):
            film = pydicom.dcmread(mine / name)
            grey = film.pixel_array / (2**film.BitsStored - 1)
            ax.imshow(1 - grey if film.PhotometricInterpretation == "MONOCHROME1" else grey, vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[], xlabel=f"{PIXELS} × {PIXELS} pixels")
        row[0].set_ylabel(label)
    fig.suptitle("Effusion above, none below. What else differs?", fontweight="bold")
    plt.show()

# %% [markdown]
# Now the numbers that every report on data needs: pictures and *patients* per class, patients with several pictures,
# patients in both classes. Only patients count as independent (lesson 3).

# %%
if not DATA:
    by_class = table.groupby("label").agg(pictures=("image", "size"), patients=("patient", "nunique"))
    several = int((table.groupby("patient").size() > 1).sum())
    both = int((table.groupby("patient")["label"].nunique() > 1).sum())
    print(by_class)
    print(f"patients in all: {table['patient'].nunique()}, with several pictures: {several}, in both classes: {both}")
    assert by_class["pictures"].sum() == IMAGES

sheet["data"] = {
    "where from": "simulated by wetread, no patient was imaged",
    "who was included, who was not": "drawn at random; no other diseases, no tubes, no implants",
    "when and where": "one simulated hospital, several devices",
    "who labelled, and what they were not told": "nobody: the simulation knows",
    "permission (ethics, data protection)": "not needed for simulated pictures; YOURS: number of the vote",
    "de-identified": "yes, by construction; YOURS: wetread deidentify, and looked at",
    "test data, and who has seen them": "cross-validation by patient; no test in another hospital yet",
}

# %% [markdown]
# ## Part 3. The audit comes first
#
# Before any training, `wetread` looks for known pitfalls: patients on both sides of a division, copies, headers,
# borders or writing that tell the label without a look at the lungs. Each has a code, a severity and a way out.
# Together they set a *gate*, like the lights of lesson 5 green, amber or red: behind a red gate no number may be
# believed.
#
# The same command trains and tests a model. `preset="quick"` means: no network, but a logistic regression (lesson 2) on
# *classical features*, that is measurements of edges, textures and greys which somebody designed. Patients are dealt
# into parts, and each film is predicted by a model that has not seen its patient (*cross-validation*; *nested*, if all
# that is chosen is chosen inside the parts that are learnt from). In the shortened form of this lesson only the audit
# is done.
#
# **What do you expect?** Did you find the flaw? Which colour will the gate have?

# %%
run = wetread.run(mine, out=folder / "run", preset="quick", seed=SEED, dry_run=SMALL)
print("gate:", run.gate)
for finding in run.findings:
    print(f"- {finding['severity']:5} {finding['code']}  {finding['title']}")
    print(f"        {finding['sentence']}")

# %% [markdown]
# The stand-in has a **ring round the side letter** on most films with an effusion, and on hardly any without. Think
# of a ward that puts its own stamp on its films, and that has the sicker patients. A model needs no fluid to be right
# here.

# %%
print(run.headline)
print("report to read in a browser:", run.report)

# %% [markdown]
# ## Where the original stopped, and one honest step further
#
# A sheet on paper ends here: the group has a number and presents it. We have what no group ever has, the same patients
# *without* the flaw. The films below are simulated anew from the same seed; only the ring now comes without regard to
# the label.
#
# **What do you expect?** Will the AUROC rise, fall, or stay? Write your guess down, with a size.

# %%
if not DATA and not SMALL:
    honest = wetread.run(make_films("without-the-flaw"), out=folder / "honest", preset="quick", seed=SEED)
    runs = {"with the ring": run, "without": honest}
    found = pd.DataFrame(
        {
            name: {
                "AUROC": one.numbers["metrics"]["auroc"]["value"],
                "low": one.numbers["metrics"]["auroc"]["low"],
                "high": one.numbers["metrics"]["auroc"]["high"],
            }
            for name, one in runs.items()
        }
    ).T
    found["gate"] = [one.gate for one in runs.values()]
    print(found.round(2))
    assert run.gate == "red"
    assert honest.gate != "red"
    assert found.loc["with the ring", "AUROC"] > found.loc["without", "AUROC"]
    assert (found["low"] < 0.80).all()  # neither is good enough in the sense of part 1
    assert found.loc["without", "high"] > found.loc["with the ring", "low"]  # the intervals overlap

# %%
if not DATA and not SMALL:
    fig, ax = plt.subplots(figsize=(8, 2.8))
    places = np.arange(2)
    errors = [found["AUROC"] - found["low"], found["high"] - found["AUROC"]]
    ax.errorbar(found["AUROC"], places, xerr=errors, fmt="o", capsize=4)
    ax.axvline(0.5, color="gray", linestyle=":", label="guessing")
    ax.axvline(0.8, color="black", linestyle="--", label="good enough (part 1)")
    ax.set(yticks=places, yticklabels=found.index, ylim=(1.6, -0.6), xlim=(0.4, 1), xlabel="AUROC, 95 % interval")
    ax.set_title("With the stamp the number is higher")
    ax.legend(loc="upper left")
    plt.show()

# %% [markdown]
# The number falls when the flaw goes, and neither of the two meets what part 1 asked for. Notice also how *wide* both
# intervals are: with 40 patients they overlap, so the difference of these two numbers alone proves little. What shows
# the flaw is the audit, which asked what else tells the classes apart. That is why it comes first. (A gate that is no
# longer red is not "all clear", either: so few patients are a warning of their own.)

# %% [markdown]
# ## Part 4. The model, in five lines
#
# What matters to a reader is less the *architecture* (which layers, how many) than what was decided *before*, and what
# it is compared with.

# %%
sheet["model"] = {
    "what it gets and gives": "one film, 128 x 128; a probability of effusion",
    "what it is compared with": "guessing; age and sex; file properties; classical features (all by wetread run)",
    "how it is tested": "nested cross-validation by patient; intervals over patients",
    "the number that decides": "AUROC, fixed in part 1; all others are reported too",
    "what is tried, and how often": "preset quick, once; seed 3. Each further try is counted and told",
}

# %% [markdown]
# ## Part 5. The risks
#
# For each risk: how likely, what would make us *notice*, and what we do then. A risk without the third column is a
# worry; a risk without the second is a surprise. Replace the examples, and keep at least six lines.

# %%
risks = pd.DataFrame(
    [
        (
            "something beside the finding tells the class",
            "high",
            "audit; model on masked pictures",
            "mend or leave out",
        ),
        ("one patient on both sides of a division", "medium", "patient column; audit WR101", "divide by patient"),
        ("the reference is wrong in part", "medium", "two readers on 50 pictures", "report their agreement"),
        ("too few patients with the finding", "high", "interval wider than in part 1", "call it a pilot"),
        ("works here, fails elsewhere", "high", "a second hospital: wetread evaluate", "say so in the title"),
        ("worse for one group (sex, age, device)", "medium", "numbers by group", "report; collect more"),
        ("somebody uses it on patients", "low", "who has the files?", "keep 'research only' on every page"),
        ("patients can be recognised in the data", "low", "wetread deidentify; look at 50", "stop sharing at once"),
    ],
    columns=["risk", "how likely", "noticed by", "then we"],
)
print(risks.to_string(index=False))
sheet["risks"] = {row["risk"]: f"{row['how likely']}; noticed by: {row['noticed by']}; then: {row['then we']}"
                  for _, row in risks.iterrows()}  # fmt: skip

# %% [markdown]
# ## Part 6. The checklist
#
# Before you present. `True` only where you could show it to somebody. Reporting guidelines, the lists of what a paper
# has to tell, ask for more: CLAIM for studies of images, TRIPOD+AI for prediction models, STARD-AI for diagnostic
# tests. `wetread paper RUN` fills in of them what a run knows.

# %%
checklist = {
    "the question names patients, picture, finding, reference and purpose": True,
    "'good enough' was a number before the result was known": True,
    "patients are counted, not only pictures": True,
    "no patient is on two sides of a division": True,
    "the audit was read, each finding answered": False,
    "every number has an interval": True,
    "the model was compared with something simple": True,
    "errors were looked at, picture by picture": False,
    "tested on pictures from elsewhere": False,
    "labels and test data were not touched after the first result": True,
    "ethics and data protection have agreed": False,
    "'research and teaching only' stands on every page": True,
}
sheet["checklist"] = {point: "yes" if done else "NOT YET" for point, done in checklist.items()}
print(f"{sum(checklist.values())} of {len(checklist)} done. Still open:")
print("\n".join(f"- {point}" for point, done in checklist.items() if not done))

# %% [markdown]
# ## The sheet
#
# The last cell adds what the machine knows, looks for gaps, and writes one page of Markdown (text with simple marks).
# Answers with `YOURS` in them, and empty ones, count as gaps.

# %%
sheet["what the machine found"] = {
    "gate": run.gate,
    "result": run.headline,
    "findings": "; ".join(f"{one['code']} {one['title']}" for one in run.findings) or "none",
    "wetread": wetread.__version__,
}
lines = ["# Study plan", ""]
gaps = []
for part, answers in sheet.items():
    lines += [f"## {part.capitalize()}", ""]
    for place, answer in answers.items():
        lines.append(f"- **{place}**: {answer}")
        if not answer.strip() or "YOURS" in answer or answer == "NOT YET":
            gaps.append(f"{part}: {place}")
    lines.append("")
lines.append("Research and teaching only. Not a medical device.")
(folder / "sheet.md").write_text("\n".join(lines), encoding="utf-8")
print(f"{folder / 'sheet.md'}: {len(gaps)} gaps")
print("\n".join(f"- {gap}" for gap in gaps) or "Ready to be read by another group.")

# %% [markdown]
# ## Presenting it in five minutes
#
# One minute each: the question, and what would have been a "no"; the data, with patients and the worst flaw; the number
# with its interval, beside the simple comparison; three errors, shown as pictures; what you would do with another year.
# The other groups ask one question each from this list: *How do you know the labels are right? What else differs
# between the classes? How often did you look at the test data? Whom does it fail?*

# %% [markdown]
# ## Exercises
#
# 1. Somebody's question: "Can AI detect pneumonia on X-rays?" Fill the five places for them. Which one is hardest?
# 2. You have 500 patients; 25 have the finding. How wide will the interval be at an AUROC of 0.85? Use
#    `hanley_mcneil_error`.
# 3. Spoil the labels: `make_films("noisy", label_noise=0.2)`. Does the audit notice? What happens to the AUROC?
# 4. Exchange sheets with another group. Find one sentence that could not turn out to be wrong, and one risk that is
#    missing.
# 5. Your gate is red, and the deadline is tomorrow. What do you present?
#
# <details><summary>Solutions</summary>
#
# 1. Mostly the reference: pneumonia is a clinical diagnosis, a film alone rarely decides it. Labels read from reports
#    repeat what somebody saw on the same film.
# 2. `1.96 * hanley_mcneil_error(0.85, 25, 475)` is about 0.10: the interval reaches from 0.75 to 0.95. The 475 without
#    the finding help little.
# 3. At 20 % wrong labels of so few films the audit can at most point at single ones (WR501), and the AUROC is measured
#    against wrong labels, so it falls even for a model that is right. With 60 films a single comparison may also go
#    the other way: look at the intervals.
# 4. Typical: "AI can support radiologists" (always true). Missing: nearly always who labelled, and what they knew.
# 5. The audit. "Our data cannot answer the question, here is why, and this is how we would collect them" is a
#    finding that saves others a year. A number from behind a red gate is not.
#
# </details>

# %%
half = 1.96 * hanley_mcneil_error(0.85, 25, 475)
print(f"exercise 2: 0.85 ± {half:.2f}")
assert round(half, 2) == 0.10

# %% [markdown]
# ## What to take along
#
# A study is decided before training: by a question that can fail, by patients enough to see it fail, and by data in
# which nothing but the finding tells the classes apart. Have the data audited first, and believe the audit rather
# than the number. And write down what you would accept as "no" while you still do not know.
#
# ## Sources
#
# - Heine Center for Artificial Intelligence and Data Science (HeiCAD), Heinrich Heine University Düsseldorf: further
#   education and workshops for scientists. <https://www.heicad.hhu.de/en/center>
# - Hanley JA, McNeil BJ. Radiology 1982; 143: 29–36, doi 10.1148/radiology.143.1.7063747.
# - Zech JR et al. PLoS Med 2018; 15: e1002683, doi 10.1371/journal.pmed.1002683 (a model that learnt the hospital).
# - Mongan J, Moy L, Kahn CE. Radiol Artif Intell 2020; 2: e200029, doi 10.1148/ryai.2020200029 (CLAIM); its update of
#   2024: Tejani AS et al. Radiol Artif Intell 2024, doi 10.1148/ryai.240300.
# - Collins GS et al. BMJ 2024; 385: e078378, doi 10.1136/bmj-2023-078378 (TRIPOD+AI).
# - Sounderajah V et al. Nat Med 2025; 31: 3283–3289, doi 10.1038/s41591-025-03953-8 (STARD-AI).
