"""A forecast of what twice the cases would bring, and then twice the cases."""

from __future__ import annotations

from typing import Any

from wetread import steps
from wetread.labs.parts import Part, as_cell, chart, say, say_apart, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench, read_labels
from wetread.run_folder import RunFolder

#: Bleeds that can be seen, so that there is something to learn.
VISIBLE: dict[str, Any] = {"lesion_size": 1.5, "blood_contrast": 10.0}
SOURCES = (
    "Figueroa RL et al. Predicting sample size required for classification performance. BMC Med Inform Decis Mak "
    "2012;12:8. doi 10.1186/1472-6947-12-8.",
    "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating characteristic curve. "
    "Radiology 1982;143:29-36. doi 10.1148/radiology.143.1.7063747.",
)


def how_many_cases(bench: Workbench) -> dict[str, Any]:
    """Half of a set, its learning curve with a forecast, and then the whole set."""
    patients, slices = bench.pick((160, 3), (44, 2))
    bench.stages = bench.pick(4, 3)
    heads = bench.phantoms("head-ct", "heads", patients * slices, slices=slices, **VISIBLE)
    rows = [
        {
            "image": row["image"],
            "label": "normal" if row["label"] == "normal" else "hemorrhage",
            "patient": row["patient"],
        }
        for row in read_labels(heads)
    ]
    known = sorted({row["patient"] for row in rows})
    few = set(known[: bench.pick(len(known) // 2, len(known))])
    options: dict[str, Any] = {"preset": "quick", "backbone": "none", "settings": ("cases=0",)}
    where = bench.table("half", [row for row in rows if row["patient"] in few])
    half = bench.run("half", f"{len(few)} patients", heads, labels=where, **options)
    curve = _curve(bench, half, bench.pick(20, 5))
    whole = None
    if not bench.small:
        whole = bench.run("whole", f"{len(known)} patients", heads, labels=bench.table("whole", rows), **options)
    runs = [half] + ([whole] if whole else [])
    return {
        "learnt": "Classical features with a logistic regression.",
        "parts": [
            *_curve_chart(curve, whole),
            table(
                "The runs",
                ["run", "images tested", "AUROC", "report"],
                [[run.about, run.images, run.auroc, {"link": f"{run.name}/report.html"}] for run in runs],
                drawn=(2,),
                scale=(0.3, 1.0),
                chance=0.5,
            ),
        ],
        "see": [
            f"From {len(few)} patients: {curve['sentence']}",
            *_held(curve, whole, half),
        ],
        "not": [
            "That the curve goes on: more of the same patients is not what another hospital has.",
            "That the number of cases is the question, where labels are wrong or the images do not show the finding.",
        ],
        "sources": SOURCES,
    }


def _curve(bench: Workbench, run: RunResult, draws: int) -> dict[str, Any]:
    """`wetread learning-curve` on a run, or what it left there before."""
    bench.note("learning-curve", [run.folder], {"draws": draws})
    place = RunFolder(run.folder)
    if not (run.folder / "learning_curve.html").is_file():
        with bench.stage("training on fewer cases"):
            steps.draw_learning_curve(run.folder, draws=draws, listen=bench.listen)
    found: dict[str, Any] = place.read_json("learning_curve.json")
    return found


def _curve_chart(curve: dict[str, Any], whole: RunResult | None) -> list[Part]:
    points = curve.get("points") or []
    if not points:
        return []
    forecast = as_cell(curve["twice"])
    shown = [(float(one["groups"]), as_cell(one) or {}, f"{one['groups']} patients") for one in points]
    if forecast is not None:
        shown.append((2.0 * curve["groups"], forecast, "forecast"))
    if whole is not None and whole.auroc is not None:
        shown.append((2.04 * curve["groups"], whole.auroc, "measured"))
    return [
        chart(
            "Measured, forecast, and measured again",
            "patients",
            curve["metric"],
            (0.0, 2.2 * curve["groups"]),
            (0.4, 1.0),
            lines=[("on fewer cases", [(float(one["groups"]), one["value"]) for one in points])],
            intervals=shown,
            guide=0.5,
            about="The last dots: what was forecast for twice the patients, and, where it was done, what they gave.",
        )
    ]


def _held(curve: dict[str, Any], whole: RunResult | None, half: RunResult) -> list[str]:
    if whole is None or not curve.get("points"):
        return []
    forecast, found = as_cell(curve["twice"]), whole.auroc
    assert forecast is not None and found is not None  # there are points, and the run is finished
    inside = forecast["low"] <= found["value"] <= forecast["high"]
    return [
        f"Forecast for twice as many: {say(forecast)}. Measured with them: {say(found)}, "
        f"{'inside' if inside else 'outside'} the band. One forecast that held, or did not, is one.",
        f"Half and whole: {say(half.auroc)} and {say(found)}; {say_apart(half.auroc, found)}, so that the rise is seen "
        "better in the curve, which uses the same patients many times, than in the two runs.",
    ]
