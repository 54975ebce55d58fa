"""The page of several findings: each finding, the mean, what is not known, errors; hostile names as text."""

import io
import json

import numpy as np
import pytest
from fake.pictures import write_png

from report.findings_run import build_run
from wetread.outcome import Run, headline
from wetread.probes.file_properties import FILE_PROPERTIES
from wetread.report.finding_rows import find_errors, finding_charts, list_findings
from wetread.report.html import write_page
from wetread.report.page import say_number
from wetread.run_folder import RunFolder

NAMES = ["cardiomegaly", "consolidation", "effusion", "nodule"]
CORNERS = [np.s_[8:32, 8:32], np.s_[8:32, 32:56], np.s_[32:56, 8:32], np.s_[32:56, 32:56]]
NASTY = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def findings_run(tmp_path_factory):
    """60 noisy pictures, some with bright corners; some labels of effusion uncertain, hernia too rare."""
    data = tmp_path_factory.mktemp("findings")
    random = np.random.default_rng(3)
    lines = [",".join(["image", "patient", *NAMES, "hernia"])]
    for number in range(60):
        has = random.random(4) < 0.35
        picture = random.integers(0, 120, (64, 64))
        for corner, there in zip(CORNERS, has, strict=True):
            picture[corner] += max(0, 30 * there + int(random.normal(30, 25)))  # hard to tell, not impossible
        write_png(data / f"{number}.png", picture)
        marks = [str(int(there)) for there in has]
        marks[2] = "?" if number % 20 == 3 else marks[2]
        lines.append(",".join([f"{number}.png", f"P{number // 2}", *marks, "1" if number == 0 else "0"]))
    (data / "labels.csv").write_text("\n".join(lines) + "\n")
    return build_run(data, tmp_path_factory.mktemp("runs") / "run", cases=1, minimum=6, probes=[FILE_PROPERTIES])


@pytest.fixture
def copied(findings_run, tmp_path):
    import shutil

    shutil.copytree(findings_run.path, tmp_path / "run", ignore=shutil.ignore_patterns("lock"))
    return tmp_path / "run"


def change(path, edit):
    stored = json.loads(path.read_text(encoding="utf-8"))
    edit(stored)
    path.write_text(json.dumps(stored), encoding="utf-8")


def test_the_page_tells_the_mean_and_every_finding(findings_run):
    page = (findings_run.path / "report.html").read_text(encoding="utf-8")
    numbers = findings_run.read_json("numbers.json")
    assert f"mean AUROC of {len(numbers['classes'])} findings" in page
    (drawn,) = {one["scale"] for case in findings_run.read_json("heatmaps/index.json")["cases"] for one in case["maps"]}
    assert f"full colour at {say_number(drawn)} logits (Occlusion (mean), classical features)" in page
    for name, row in numbers["per_class"].items():
        assert f"<td>{name}" in page
        assert f"{row['auroc']['value']:.2f}" in page
    assert "Set aside" in page and "hernia" in page
    assert "Not known" in page
    assert "Confusion matrix" not in page
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org", "")


def test_a_calibration_plot_is_drawn_once(findings_run):
    """What is known before and after a correction is drawn under "Do probabilities come true?"."""
    page = (findings_run.path / "report.html").read_text(encoding="utf-8")
    assert 'id="calibrated"' in page and "Calibration plot of effusion" in page
    assert '<h3 class="later">Calibration</h3>' not in page
    numbers = findings_run.read_json("numbers.json")
    assert finding_charts(numbers)["calibration"] == {} and len(finding_charts(numbers)["roc"]) == len(NAMES)
    for line in numbers["calibration"].values():
        for stage in ("before", "after"):  # as a run had it before there was a correction
            line.pop(stage, None)
    assert list(finding_charts(numbers)["calibration"]) == [row["name"] for row in list_findings(numbers)]


def test_figures_are_files_of_their_own(findings_run):
    numbers = findings_run.read_json("numbers.json")
    for number in range(1, len(numbers["classes"]) + 1):
        assert (findings_run.path / "figures" / f"roc-{number:02d}.svg").is_file()


def test_a_finding_that_cannot_be_tested_has_its_reason_and_no_number(copied):
    def forget(numbers):
        row = numbers["per_class"]["nodule"]
        for key in ("auroc", "auprc", "sensitivity", "specificity", "ppv", "npv", "brier"):
            row.pop(key, None)
        row["undefined"] = "no tested image has it"
        numbers["curves"] = [curve for curve in numbers["curves"] if curve["class"] != "nodule"]

    change(copied / "numbers.json", forget)
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "cannot be tested: no tested image has it" in page
    assert list_findings(RunFolder.open(copied).read_json("numbers.json"))[-1]["name"] == "nodule"


def test_names_from_the_data_are_text(copied):
    text = (copied / "numbers.json").read_text().replace('"nodule"', json.dumps(NASTY))
    (copied / "numbers.json").write_text(text)
    table = (copied / "predictions.csv").read_text()
    head, rest = table.split("\n", 1)
    quoted = NASTY.replace('"', '""')
    head = ",".join(f'"{cell.replace("nodule", quoted)}"' if "nodule" in cell else cell for cell in head.split(","))
    (copied / "predictions.csv").write_text(f"{head}\n{rest}")
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    for figure in (copied / "figures").glob("*.svg"):
        assert "<script" not in figure.read_text(encoding="utf-8")


def test_errors_are_surest_first_and_unknown_truth_is_none():
    rows = [
        {"image": "a", "truth_x": "1", "called_x": "0", "p_x": "0.3"},
        {"image": "b", "truth_x": "1", "called_x": "0", "p_x": "0.1"},
        {"image": "c", "truth_x": "", "called_x": "1", "p_x": "0.9"},
        {"image": "d", "truth_x": "0", "called_x": "1", "p_x": "0.6"},
        {"image": "e", "truth_x": "0", "called_x": "1", "p_x": "0.8"},
        {"image": "f", "truth_x": "0", "called_x": "0", "p_x": "0.1"},
    ]
    assert find_errors(rows, ["x"]) == {"x": (["b", "a"], ["e", "d"])}


def test_the_summary_says_what_the_number_is(findings_run):
    run = Run.open(findings_run.path)
    assert run.headline.startswith(f"mean AUROC of {len(run.numbers['classes'])} findings 0.")
    assert headline({**run.numbers, "task": "multiclass"}).startswith("AUROC 0.")


def test_the_terminal_shows_each_finding(findings_run):
    from rich.console import Console

    from wetread.cli.console import result_view

    console = Console(width=140, record=True, file=io.StringIO())
    run = Run.open(findings_run.path)
    console.print(result_view(run))
    shown = console.export_text()
    assert f"Mean AUROC of {len(run.numbers['classes'])} findings" in shown
    assert all(name in shown for name in run.numbers["classes"])


def test_images_without_a_label_are_listed_with_what_was_called(copied):
    path = copied / "predictions.csv"
    rows = path.read_text().splitlines()
    columns = rows[0].split(",")
    cells = dict(zip(columns, rows[1].split(","), strict=True)) | {"image": "new.png", "split": "unlabelled"}
    cells |= {name: "" for name in columns if name.startswith("truth_")}
    path.write_text("\n".join([*rows, ",".join(cells[name] for name in columns)]) + "\n")
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "Images without a label" in page and "new.png" in page
