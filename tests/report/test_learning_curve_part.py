import pytest

from wetread.report.learning_curve_part import curve_chart, read_learning_curve, write_learning_curve
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder

ODD = "<b>&_class"


def interval(value, low, high):
    return {"value": value, "low": low, "high": high, "method": "by hand", "n": 50, "level": 0.8}


def content(**changes):
    curve = [(10, 0.7), (25, 0.8), (50, 0.85), (75, 0.87), (100, 0.88)]
    return {
        "verdict": "more cases help",
        "sentence": "With <100> patients instead of 50, it rises.",
        "unit": "patients",
        "groups": 50,
        "images": 90,
        "classes": [ODD, "b"],
        "task": "binary",
        "metric": "AUROC",
        "sees": "combined",
        "seed": 0,
        "use": "",
        "draws": 20,
        "left_out": ["rare_thing"],
        "tested_groups": 10,
        "strengths": [0.1, 0.1],
        "level": 0.8,
        "widened": 1.5,
        "points": [
            {"groups": n, "images": 2.0 * n, **interval(v, v - 0.05, v + 0.05), "draws": [v - 0.1, v + 0.1]}
            for n, v in curve[:3]
        ],
        "law": {"rest": 0.05, "span": 1.0, "exponent": 0.5},
        "now": interval(0.85, 0.8, 0.9),
        "twice": interval(0.88, 0.82, 0.93),
        "gain": interval(0.03, 0.01, 0.04),
        "curve": [{"groups": n, "value": v, "low": v - 0.05, "high": v + 0.05} for n, v in curve],
    } | changes


@pytest.fixture
def folder(finished_run, tmp_path):
    for name in ("run.json", "numbers.json"):
        (tmp_path / name).write_bytes((finished_run.folder / name).read_bytes())
    return RunFolder.open(tmp_path)


def test_the_page_says_the_sentence_and_every_point(folder):
    page = write_learning_curve(folder, content(), folder).read_text(encoding="utf-8")
    assert "With &lt;100&gt; patients instead of 50, it rises." in page and "<100>" not in page
    assert page.count("<circle") == 3 and "0.850" in page and "+0.030" in page
    assert "linear head on classical features and what a frozen network sees, not a network" in page
    assert "have or lack them: rare thing." in page
    assert "src=" not in page and "<script" not in page and "Not a medical device" in page


def test_too_few_cases_have_a_page_without_a_chart(folder):
    few = {name: value for name, value in content().items() if name not in ("points", "curve", "law", "now", "gain")}
    page = write_learning_curve(folder, few, folder).read_text(encoding="utf-8")
    assert "it rises." in page and "<svg" not in page and "What was measured" not in page


def test_where_patients_are_not_known_the_page_warns(folder):
    said = write_learning_curve(folder, content(unit="cases"), folder).read_text(encoding="utf-8")
    assert "the curve is too good" in said and "How many more cases?" in said


def test_the_forecast_is_dashed_begins_now_and_ends_at_twice():
    chart = curve_chart(content())
    now, end = chart.place(50, 0.85), chart.place(100, 0.88)
    solid, dashed = chart.svg().split("<polyline")[1:]
    assert "stroke-dasharray" in dashed.split("/>")[0] and "stroke-dasharray" not in solid.split("/>")[0]
    assert f'points="{now[0]:.1f},{now[1]:.1f} ' in dashed and f'{end[0]:.1f},{end[1]:.1f}"' in dashed
    assert chart.place(100, 0)[0] == pytest.approx(chart.width - chart.right)


def test_the_report_shows_it_where_there_is_one(tmp_path):
    folder = RunFolder(tmp_path)
    assert read_learning_curve(folder) == {}
    folder.write_json("learning_curve.json", content())
    macro = page_environment().get_template("learning_curve_part.html.j2").module.learning_curve_part
    assert "it rises." in str(macro(read_learning_curve(folder))) and not str(macro({})).strip()
