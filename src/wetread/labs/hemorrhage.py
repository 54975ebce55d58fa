"""The five experiments of the RSNA lesson: head CT with and without bleeding, on phantoms, and on the original slices.

Experiments 1 to 3 ask for any bleeding; 4 and 5 for two kinds of it, through a window in which blood is nearly as grey
as brain, and with colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wetread.labs.head_slices import (
    HARD,
    SEPARABLE,
    Teacher,
    choose_teacher,
    commonest_share,
    draw_slices,
    find_original,
    run_original,
    tell_drawn,
)
from wetread.labs.parts import Part, matrices, one_matrix, say, say_apart, table
from wetread.labs.published import EXPERIMENTS, Experiment, fisher, judge_order
from wetread.labs.run_result import RunResult, rates_of
from wetread.labs.workbench import Workbench, read_labels
from wetread.run_folder import RunFolder

#: Through it, centre 60 and width 300, blood and brain are a tenth of the greys apart.
WIDE, PAINTED = "60/300", "red 50..95"
SOURCES = (
    "RSNA Spotlight Course 2021, github.com/kitamura-felipe/RSNASpotlight2021: five experiments, their matrices.",
    "Flanders AE et al. Construction of a machine learning dataset through collaboration: the RSNA 2019 Brain CT "
    "Hemorrhage Challenge. Radiol Artif Intell 2020;2(3):e190211. doi 10.1148/ryai.2020190211.",
    "Google Teachable Machine, github.com/googlecreativelab/teachablemachine-community: MobileNetV2 0.35, frozen.",
    "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 1927;22:209-212.",
)


def first(bench: Workbench) -> dict[str, Any]:
    """30 and 30: three draws, to see how much of a number is luck."""
    published = EXPERIMENTS[1]
    teacher, count, draws = choose_teacher(bench, published), bench.pick(30, 12), bench.pick(3, 1)
    original = find_original(bench, 1)
    bench.stages = 1 + draws + bool(original)
    heads = bench.phantoms("head-ct", "heads", bench.pick(270, 48), **HARD)
    rows, used, runs = read_labels(heads), frozenset[str](), []
    for number in range(1, draws + 1):
        drawn = draw_slices(rows, {"hemorrhage": count, "normal": count}, bench.seed + 100 * number, used)
        used |= {row["image"] for row in drawn}
        tag = f"draw-{number}"
        where = bench.table(tag, drawn)
        runs.append(bench.run(tag, f"draw {number}, {tell_drawn(drawn)}", heads, labels=where, **teacher.options))
    runs += run_original(bench, 1, original, teacher)
    spread = [run.accuracy()["value"] for run in runs[:draws]]
    see = [
        f"As published: {say(published.accuracy)} right, of {_tested(published)} test images. Here, with every image "
        f"tested once by a model that did not learn from its patient: {_list(runs)}."
    ]
    if draws > 1:
        see.append(
            f"The draws differ in nothing but which slices came: {min(spread):.2f} to {max(spread):.2f}. Whoever "
            "does this once and stops has measured luck."
        )
    never = [
        "That a model of 60 slices works, or that it does not: the intervals allow both.",
        "That more epochs, or another rate, helped, when one such number was higher than another.",
    ]
    return _page(bench, published, runs[:1] + runs[draws:], runs, teacher, see, never)


def second(bench: Workbench) -> dict[str, Any]:
    """30 and 1000: right 97 times of 100 and blind."""
    published = EXPERIMENTS[2]
    teacher = choose_teacher(bench, published)
    bench.stages = 2
    heads = bench.phantoms("head-ct", "heads", bench.pick(1750, 96), **HARD)
    wanted = bench.pick({"hemorrhage": 30, "normal": 1000}, {"hemorrhage": 8, "normal": 56})
    drawn = draw_slices(read_labels(heads), wanted, bench.seed)
    where = bench.table("imbalanced", drawn)
    run = bench.run("imbalanced", tell_drawn(drawn), heads, labels=where, **teacher.options)
    plain, chosen = run.rates(), run.rates(True)
    always = commonest_share(drawn)
    blind = plain["sensitivity"]
    see = [
        f"Accuracy {say(plain['accuracy'])}; a program that says normal every time has {always:.3f} and looks at "
        f"nothing. With the likelier class called, as Teachable Machine calls it, the sensitivity is {say(blind)}.",
        f"At the threshold that was chosen inside the training part the same model has a sensitivity of "
        f"{say(chosen['sensitivity'])} at a specificity of {say(chosen['specificity'])}, and its AUROC is "
        f"{say(run.auroc)}. " + _blind_or_weak(run),
    ]
    never = [
        "That the model is good because it is right so often: with 3 % bleeding, accuracy measures normal heads.",
        "That rare classes need re-weighting: moving the threshold does that, and keeps the probabilities honest.",
    ]
    extra = matrices(
        "The same model at the threshold chosen inside the training part",
        [run.shown_matrix("here, moved threshold", "Youden's J on predictions from inside the training part.", True)],
    )
    return _page(bench, published, [run], [run], teacher, see, never, [extra])


def _blind_or_weak(run: RunResult) -> str:
    area = run.auroc
    if area is not None and area["low"] > 0.5:
        return "It had learnt something; the threshold of one half hid it."
    return "That interval includes 0.5: besides the threshold, the model itself has not learnt much from so few bleeds."


def third(bench: Workbench) -> dict[str, Any]:
    """1000 and 1000, and 30 and 30 of the same slices beside them."""
    published = EXPERIMENTS[3]
    teacher = choose_teacher(bench, published)
    bench.stages = 3
    heads = bench.phantoms("head-ct", "heads", bench.pick(2400, 80), **HARD)
    rows = read_labels(heads)
    runs = []
    for tag, count in (("few", bench.pick(30, 12)), ("many", bench.pick(1000, 30))):
        drawn = draw_slices(rows, {"hemorrhage": count, "normal": count}, bench.seed)
        where = bench.table(tag, drawn)
        runs.append(bench.run(tag, tell_drawn(drawn), heads, labels=where, **teacher.options))
    few, many = runs
    rose = many.accuracy()["value"] - few.accuracy()["value"]
    see = [
        f"As published: {say(published.accuracy)} of {_tested(published)}. Here: {say(many.accuracy())} with all "
        f"slices, {say(few.accuracy())} with few of them: {rose:+.2f}, and "
        f"{say_apart(many.accuracy(), few.accuracy())}.",
        f"What grew for certain is the knowledge about the model: the interval went from {_width(few):.2f} wide to "
        f"{_width(many):.2f}.",
    ]
    never = [
        "How much of the original 0.72 stands on patients seen in training: the slices came without patient numbers.",
        "That more slices of the same patients would help as much as more patients do.",
    ]
    return _page(bench, published, [many], runs, teacher, see, never)


def fourth(bench: Workbench) -> dict[str, Any]:
    """3 x 80, grey through a wide window."""
    published = EXPERIMENTS[4]
    teacher, original = choose_teacher(bench, published), find_original(bench, 4)
    bench.stages = 2 + bool(original)
    run = _three_kinds(bench, teacher, "grey", {})
    runs = [run, *run_original(bench, 4, original, teacher)]
    see = [
        f"As published: {say(published.accuracy)} of {_tested(published)}. Here: {_list(runs)}. Guessing gives 0.33.",
        f"Blood differs from brain by about 25 HU; in a window of 300 HU that is a twelfth of the greys. "
        f"{_most_confused(run)}",
    ]
    never = [
        "That the three kinds cannot be told apart on CT: a radiologist would first choose another window.",
        "That the classes of the original and these are equally hard: the knobs were chosen to come near.",
    ]
    return _page(bench, published, runs, runs, teacher, see, never)


def fifth(bench: Workbench) -> dict[str, Any]:
    """The same slices with 50 to 95 HU painted red; and, one step further, a window that suits them."""
    published, before = EXPERIMENTS[5], EXPERIMENTS[4]
    teacher = choose_teacher(bench, published)
    original = find_original(bench, 5)
    bench.stages = 5 + bool(original)
    grey = _three_kinds(bench, teacher, "grey", {})
    colour = _three_kinds(bench, teacher, "colour", {"colour": (PAINTED,)})
    narrow = _three_kinds(bench, teacher, "narrow", {"window": "40/80"})
    compared = bench.compare("compared", [grey, colour, narrow])
    runs = [grey, colour, narrow, *run_original(bench, 5, original, teacher)]
    p = fisher(_right_wrong(before), _right_wrong(published))
    change = colour.accuracy()["value"] - grey.accuracy()["value"]
    see = [
        f"As published, colour raised the accuracy from {say(before.accuracy)} to {say(published.accuracy)}: 36 test "
        f"images each, p = {p:.3f} (Fisher), from one division. Other slices held out might have said otherwise.",
        f"Here the same slices were tested three times: grey {say(grey.accuracy())}, red {say(colour.accuracy())} "
        f"({change:+.2f}; {say_apart(grey.accuracy(), colour.accuracy())}), and grey through a narrow window, 40/80, "
        f"{say(narrow.accuracy())}. Pair by pair: {_verdicts(compared)}",
        f"Paint adds nothing that the HU did not hold. {_window_or_colour(colour.accuracy(), narrow.accuracy())}",
    ]
    never = [
        "That colour helps a network: ask first whether the grey picture showed what the colour shows.",
        "Anything from one comparison of two test sets of 36: the next split may turn it round.",
    ]
    return _page(bench, published, [colour, *runs[3:]], runs, teacher, see, never)


def _window_or_colour(colour: Mapping[str, float], narrow: Mapping[str, float]) -> str:
    if narrow["high"] < colour["low"]:
        return (
            "Yet here a window that suits the blood does not do as well: a network that was taught on coloured "
            "photographs reads a colour more easily than a shade of grey."
        )
    return "A window that suits the blood does as well, within the intervals: colour repaired a badly chosen one."


def _three_kinds(bench: Workbench, teacher: Teacher, name: str, view: Mapping[str, Any]) -> RunResult:
    heads = bench.phantoms("head-ct", "heads", bench.pick(1500, 160), **SEPARABLE)
    count = bench.pick(80, 9)
    drawn = draw_slices(read_labels(heads), dict.fromkeys(EXPERIMENTS[4].classes, count), bench.seed)
    where = bench.table("three-kinds", drawn)
    seen = {"window": WIDE, **view}
    told = {"grey": "grey, window 60/300", "colour": "50 to 95 HU in red", "narrow": "grey, window 40/80"}[name]
    return bench.run(name, f"{told}, {tell_drawn(drawn)}", heads, labels=where, **seen, **teacher.options)


def _page(
    bench: Workbench,
    published: Experiment,
    beside: Sequence[RunResult],
    runs: Sequence[RunResult],
    teacher: Teacher,
    see: list[str],
    never: list[str],
    extra: Sequence[Part] = (),
) -> dict[str, Any]:
    """What all five pages hold: how it was learnt, matrices beside the published one, all runs, the ordering."""
    order = _ordering(bench, published.number, beside[0], _learnt_by(teacher))
    theirs = one_matrix(
        "as published",
        published.classes,
        published.matrix,
        rates_of(published.matrix, published.classes, published.positive),
        f"{_tested(published)} images held out once; Wilson intervals, each image taken for a case of its own.",
    )
    ours = [run.shown_matrix(f"here: {run.about}", _how_tested(run)) for run in beside]
    return {
        "learnt": teacher.told + f" {_used(runs[0])}",
        "parts": [
            matrices("Called right and wrong", [theirs, *ours], "Rows are the truth; the likelier class is called."),
            *extra,
            run_table(runs),
            _order_table(order),
        ],
        "see": [*see, order["verdict"], *_stands_in(order, teacher)],
        "not": never,
        "sources": SOURCES,
        "ordering": order,
        "experiment": published.number,
        "teacher": _learnt_by(teacher),
        "accuracy": beside[0].accuracy(),
    }


def _learnt_by(teacher: Teacher) -> str:
    """What only experiments done alike have in common."""
    return str(teacher.options.get("recipe", "quick"))


def _how_tested(run: RunResult) -> str:
    if run.numbers["n"].get("patients"):
        return "Each image predicted once, its patient held out; patients are the units."
    return "Each image predicted once; patients are not known, so slices of one may be on both sides."


def _stands_in(order: Mapping[str, Any], teacher: Teacher) -> list[str]:
    if teacher.root or not order["pairs"]:
        return []
    return ["Another model stands in for the original network here, which by itself can change the ordering."]


def _ordering(bench: Workbench, number: int, run: RunResult, teacher: str) -> dict[str, Any]:
    """The experiment beside those that lie finished in the same folder, in the same form and by the same model."""
    found = {number: run.accuracy()}
    for other in EXPERIMENTS:
        place = RunFolder(bench.out.parent / bench.out.name.replace(f"-{number}", f"-{other}", 1))
        told = place.find_json("lab.json") if other != number else None
        alike = {"small": bench.small, "experiment": other, "teacher": teacher}
        if isinstance(told, dict) and all(told.get(name) == value for name, value in alike.items()):
            found[other] = told["accuracy"]
    return {"accuracy": {str(key): value for key, value in sorted(found.items())}, **judge_order(found)}


def _order_table(order: Mapping[str, Any]) -> Part:
    rows = []
    for number, experiment in EXPERIMENTS.items():
        ours = order["accuracy"].get(str(number))
        rows.append([f"{number}: {experiment.title}", experiment.accuracy, ours or "not done here yet"])
    return table(
        "The five experiments by accuracy",
        ["experiment", "as published", "here"],
        rows,
        about="Those that lie beside this lab's folder are taken in when it is done again with the same command.",
        drawn=(1, 2),
    )


def run_table(runs: Sequence[RunResult]) -> Part:
    """All runs of a lab: AUROC and accuracy with intervals, gate, report."""
    several = len(runs[0].classes) > 2
    rows = [
        [run.about, run.images, run.auroc, run.accuracy(), run.gate, {"link": f"{run.name}/report.html"}]
        for run in runs
    ]
    area = "AUROC, mean over pairs of classes" if several else "AUROC"
    columns = ["run", "images tested", area, "accuracy", "gate", "report"]
    return table("The runs", columns, rows, drawn=(2,), scale=(0.3, 1.0), chance=0.5)


def _used(run: RunResult) -> str:
    chosen = run.numbers["shipped"]
    names = {
        "classical": "classical features with a logistic regression",
        "frozen": "a frozen network with a logistic regression",
        "combined": "classical features and a frozen network with a logistic regression",
        "network": "the network",
    }
    return f"Used in the end: {names.get(chosen, chosen)}. The test is ours: patients kept apart, every image tested."


def _tested(published: Experiment) -> int:
    return sum(map(sum, published.matrix))


def _list(runs: Sequence[RunResult]) -> str:
    return "; ".join(f"{say(run.accuracy())} ({run.about})" for run in runs)


def _width(run: RunResult) -> float:
    cell = run.accuracy()
    return cell["high"] - cell["low"]


def _right_wrong(published: Experiment) -> tuple[int, int]:
    right = sum(published.matrix[at][at] for at in range(len(published.classes)))
    return right, _tested(published) - right


def _most_confused(run: RunResult) -> str:
    counts = run.matrix()
    worst = max(
        ((row, column) for row in range(len(counts)) for column in range(len(counts)) if row != column),
        key=lambda at: counts[at[0]][at[1]],
    )
    return (
        f"Most often, {counts[worst[0]][worst[1]]} times, {run.classes[worst[0]]} was called {run.classes[worst[1]]}."
    )


def _verdicts(compared: Mapping[str, Any]) -> str:
    return " ".join(f"{pair['verdict']}." for pair in compared["pairs"])
