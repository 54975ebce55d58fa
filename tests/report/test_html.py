"""The page says what the files say, and shows hostile names as text."""

import json

import pytest

from wetread.errors import InputError
from wetread.outcome import say_share
from wetread.report.charts import Chart, Series, interval_bar, roc_chart
from wetread.report.html import write_page
from wetread.run_folder import RunFolder

NASTY = "<script>alert(1)</script>\"'&.png"


@pytest.fixture
def copied(finished_run, tmp_path):
    import shutil

    shutil.copytree(finished_run.folder, tmp_path / "run", ignore=shutil.ignore_patterns("folds", "lock"))
    return tmp_path / "run"


def change(path, edit):
    stored = json.loads(path.read_text(encoding="utf-8"))
    edit(stored)
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_names_from_the_data_are_text(copied):
    finding = {
        "code": "WR999",
        "title": NASTY,
        "severity": "amber",
        "sentence": NASTY,
        "remedy": NASTY,
        "images": [NASTY],
    }
    (copied / "findings.json").write_text(json.dumps([finding | {"numbers": {}}]))
    change(copied / "heatmaps" / "index.json", lambda index: index["cases"][0].update(image=NASTY))
    change(copied / "numbers.json", lambda numbers: numbers["curves"][0].update({"class": NASTY}))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<script" not in (copied / "figures" / "roc.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("gate", ["green", "amber", "red"])
def test_the_gate_heads_the_page(gate, copied):
    change(copied / "numbers.json", lambda numbers: numbers.update(gate=gate))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert f'<div class="gate {gate}">' in page
    assert page.index("Gate: ") < page.index("The ladder")


def test_unknown_patients_are_said_in_the_headline(copied):
    change(copied / "numbers.json", lambda numbers: numbers["n"].update(patients=None))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert page.index("patients not known") < page.index("Gate: ")


def test_without_pictures_there_is_still_a_page(copied):
    import shutil

    for folder in ("thumbnails", "heatmaps"):
        shutil.rmtree(copied / folder)
    assert "Confusion matrix" in write_page(RunFolder.open(copied)).read_text(encoding="utf-8")


def test_a_run_without_numbers_has_no_page(copied):
    (copied / "numbers.json").unlink()
    with pytest.raises(InputError, match=r"numbers\.json"):
        write_page(RunFolder.open(copied))


def test_points_of_a_chart_stand_where_the_numbers_say():
    chart = Chart("x", "y", (0, 1), (0, 1), "about")
    assert chart.place(0, 0) == (chart.left, chart.height - chart.bottom)
    assert chart.place(1, 1) == (chart.width - chart.right, chart.top)
    x, y = chart.place(0.5, 0.25)
    assert f"{x:.1f},{y:.1f}" in chart.line(Series("one", [(0.5, 0.25), (1, 1)])).svg()


def test_a_legend_appears_from_two_lines_on():
    curve = {"class": "a", "roc": [[0, 0], [1, 1]]}
    assert 'class="legend"' not in roc_chart([curve], None).svg()
    assert 'class="legend"' in roc_chart([curve, curve | {"class": "b"}], None).svg()


def test_an_interval_outside_the_scale_is_drawn_at_its_edge():
    assert 'cx="0.00%"' in interval_bar(0.1, 0.2, 0.4, start=0.3, end=1.0)


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1.00"), (0.9996, "0.9996"), (0.996, "0.996"), (0.994, "0.99"), (0.99999, "0.9999"), (0.5, "0.50")],
)
def test_nearly_perfect_is_not_called_perfect(value, said):
    assert say_share(value) == said
