"""The page says what the files say, and shows hostile names as text."""

import csv
import html
import io
import json
import re
import shlex
from dataclasses import fields

import pytest

from wetread.errors import InputError
from wetread.outcome import say_share
from wetread.paper.facts import read_facts
from wetread.report.charts import Chart, Series, interval_bar, precision_recall_chart, roc_chart, training_chart
from wetread.report.html import write_check_page, write_page
from wetread.report.page import keep_options_whole, page_environment
from wetread.run_folder import RunFolder
from wetread.training.ranges import Augment

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
    assert page.count("<script") == 1 and "<script>alert" not in page
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


def test_the_ladder_says_why_each_rung_was_used_or_not(finished_run):
    page = (finished_run.folder / "report.html").read_text(encoding="utf-8")
    compared = {gain["rung"] for gain in finished_run.numbers["choices"]["gains"]}
    assert compared and page.count('<tr class="why">') == len(compared) + 1  # the simplest one says what it is for
    assert "excludes zero" in page and "Small network, from scratch" in page
    assert "What was measured" in page and page.count('<details class="group"><summary><b>') == 7


def test_only_a_choice_that_was_made_inside_the_folds_is_said_to_have_been(copied):
    said = "Which model to use was decided inside the training part of every fold."
    assert said in write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    change(copied / "numbers.json", lambda numbers: numbers.update(estimate="given test"))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert said not in page and said.replace(" of every fold", "") in page
    change(copied / "numbers.json", lambda numbers: numbers["choices"].update(rule="network"))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert said not in page and "This plan uses the network, whatever the gain" in page


def test_a_fine_tuned_network_is_named_with_the_licence_of_its_weights(copied):
    import yaml

    plan = yaml.safe_load((copied / "plan.yaml").read_text(encoding="utf-8"))
    changes = {"network": "resnet18", "weights": "resnet18.a1_in1k", "backbone": NASTY, "tuning": "head first"}
    for name, value in changes.items():
        plan[name]["value"] = value
    (copied / "plan.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    weights = {"name": "resnet18.a1_in1k", "network": "resnet18", "licence": "Apache-2.0.", "source": NASTY}
    weights |= {"cite": "He 2016.", "sha256": "ab" * 32, "used_by": ["frozen", "network"]}
    change(copied / "numbers.json", lambda numbers: numbers.update(weights=[weights]))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "ResNet-18, fine-tuned from resnet18.a1_in1k" in page
    assert "used by frozen backbone, network. Licence: Apache-2.0. Cite: He 2016." in page
    assert page.count("<script") == 1 and "<script>alert" not in page


def test_notices_stand_on_the_page_as_text(copied):
    with open(copied / "events.jsonl", "a", encoding="utf-8") as handle:
        handle.write(json.dumps({"kind": "notice", "text": f"The time limit was reached. {NASTY}"}) + "\n")
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "While it ran" in page and "The time limit was reached." in page and "<script>alert" not in page


def test_a_legend_lies_where_it_hides_no_line():
    def corner(chart):
        box = re.search(r'<rect x="([\d.]+)" y="([\d.]+)"[^>]*class="legend"', chart.svg())
        return float(box[1]) > chart.width / 2, float(box[2]) > chart.height / 2

    rising = {"roc": [[0, 0], [0, 1], [1, 1]], "precision_recall": [[0, 1], [0.9, 0.95], [1, 0.1]]}
    curves = [rising | {"class": name} for name in ("no_finding", "mass")]
    assert corner(roc_chart(curves, None)) == (True, True)
    assert corner(precision_recall_chart(curves)) == (False, True)
    assert ">no finding</text>" in roc_chart(curves, None).svg()


def test_epochs_are_whole_and_a_fit_beyond_the_scale_ends_there():
    row = {"repeat": "1", "fold": "1", "val_loss": ""}
    tame = [row | {"inner": str(fit), "epoch": str(n), "train_loss": "1"} for fit in range(50) for n in (1, 2)]
    wild = [row | {"inner": "wild", "epoch": str(n), "train_loss": loss} for n, loss in ((1, "9"), (2, "0"))]
    chart = training_chart(tame + wild)
    drawn = chart.svg()
    assert re.findall(r'text-anchor="middle" class="tick">([\d.]+)<', drawn) == ["1", "2"]
    assert "1 of 51 fits above the scale" in drawn
    top = 1.05 * (50 + 9) / 51  # the largest mean
    enters, ends = chart.place(1 + (9 - top) / 9, top), chart.place(2, 0)
    assert " ".join(f"{x:.1f},{y:.1f}" for x, y in (enters, ends)) in drawn
    assert "above the scale" not in training_chart(tame).svg()


def test_the_training_loss_is_called_that_of_changed_pictures_only_where_they_were(copied):
    import yaml

    plan = yaml.safe_load((copied / "plan.yaml").read_text(encoding="utf-8"))
    changed = "The training loss is that of the changed pictures."
    assert changed in write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    for field in fields(Augment):
        plan[field.name]["value"] = 0.0
    (copied / "plan.yaml").write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert changed not in page and "training, augmented" not in page


def test_learning_curves_show_each_fit_and_their_mean():
    row = {"repeat": "1", "fold": "1", "val_loss": ""}
    losses = {"1": ("0.6", "0.4"), "2": ("0.8", "0.2")}
    history = [
        row | {"inner": inner, "epoch": str(epoch), "train_loss": loss}
        for inner, pair in losses.items()
        for epoch, loss in enumerate(pair, start=1)
    ]
    chart = training_chart(history)
    drawn = chart.svg()
    assert drawn.count('opacity=".22"') == 2
    mean = [chart.place(1, 0.7), chart.place(2, 0.3)]
    assert " ".join(f"{x:.1f},{y:.1f}" for x, y in mean) in drawn
    assert "held-out" not in drawn  # nothing was measured on it
    assert training_chart(history[:1]) is None


def test_one_wild_loss_does_not_flatten_the_others():
    row = {"repeat": "1", "fold": "1", "val_loss": "0.7"}
    history = [
        row | {"inner": str(fit), "epoch": str(epoch), "train_loss": "900" if fit == epoch == 1 else "0.5"}
        for fit in range(1, 1001)
        for epoch in (1, 2)
    ]
    chart = training_chart(history)
    _, top = chart.place(1, 1.6)
    assert top < chart.top + 0.2  # the mean of the first epoch, 1.4, is the largest that has to fit


def test_a_class_that_was_never_called_has_no_ppv(copied):
    def edit(numbers):
        known = {key: {"value": 0.5, "low": 0.25, "high": 0.75} for key in ("auroc", "sensitivity", "specificity")}
        numbers.update(positive=None, per_class={"never": {"images": 3, **known}})

    change(copied / "numbers.json", edit)
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    row = page[page.index("<tr><td>never</td>") :].partition("</tr>")[0]
    assert row.count("0.50") == 3 and row.endswith("<td><small>not defined</small></td>")


def test_a_run_of_an_earlier_version_has_no_band_of_precision(copied):
    assert "interval of precision" in write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    change(copied / "numbers.json", lambda numbers: numbers["curves"][0].pop("precision_band"))
    assert "interval of precision" not in write_page(RunFolder.open(copied)).read_text(encoding="utf-8")


def test_after_a_leak_no_model_is_said_not_to_have_seen_the_patient(copied):
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert page.count("models that had not seen") == 2
    change(copied / "numbers.json", lambda numbers: numbers.update(leak_allowed=7))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "had not seen" not in page
    assert page.count("that were trained on 7 images of tested patients") == 2


def test_without_probes_nothing_is_said_to_be_clean(copied):
    def without_probes(numbers):
        numbers["models"] = {name: row for name, row in numbers["models"].items() if "sees" not in row}

    (copied / "findings.json").write_text("[]")
    assert "not shown to tell the label: file properties" in write_page(RunFolder.open(copied)).read_text("utf-8")
    change(copied / "numbers.json", without_probes)
    assert "was not tested in this run" in write_page(RunFolder.open(copied)).read_text("utf-8")


def test_a_check_counts_images_of_nobody_one_by_one(copied):
    rows = [
        ("a.png", "x", "P1", "G1"),
        ("b.png", "x", "P1", "G1"),
        ("c.png", "y", "", "G2"),
        ("d.png", "y", "", "G3"),
        ("e.png", "", "P9", ""),
    ]
    lines = ["image,label,patient,group,split,fold,sha256,status,reason"]
    lines += [f"{image},{label},{patient},{group},,,,used," for image, label, patient, group in rows]
    (copied / "images.csv").write_text("\n".join(lines) + "\n")
    page = write_check_page(RunFolder.open(copied), "green").read_text("utf-8")
    assert "of 3 patients" in page
    change(copied / "run.json", lambda run: run.update(grouping="none"))
    assert "patients not known" in write_check_page(RunFolder.open(copied), "green").read_text("utf-8")


def test_a_check_says_the_command_that_does_what_was_planned(copied):
    change(copied / "run.json", lambda run: run.update(command=["wetread", "run", "my data", "--dry-run"]))
    page = write_check_page(RunFolder.open(copied), "green").read_text("utf-8")
    assert "wetread run &#39;my data&#39;</p>" in page


def test_the_command_can_be_pasted_into_a_shell(copied):
    command = ["wetread", "run", "my data", "--set", "operating_point=sensitivity>=0.9"]
    change(copied / "run.json", lambda run: run.update(command=command))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    written = page.split('<p class="command mono">')[1].split("</p>")[0]
    assert written.count('<span class="tight">--set</span>') == 1  # no line ends inside it
    shown = html.unescape(re.sub(r"</?span[^>]*>", "", written))
    assert shlex.split(shown) == command and "'operating_point=sensitivity>=0.9'" in shown


def test_a_command_is_text_and_only_its_options_stay_whole():
    assert keep_options_whole("wetread run '<a>-b' --set x=-1 -q") == (
        'wetread run &#39;&lt;a&gt;-b&#39; <span class="tight">--set</span> x=-1 <span class="tight">-q</span>'
    )


def test_no_line_of_a_note_ends_inside_an_option(copied):
    change(copied / "run.json", lambda run: run.update(notes=["rate 3e-05; --recipe lakhani takes <these> over"]))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert 'rate 3e-05; <span class="tight">--recipe</span> lakhani takes &lt;these&gt; over</p>' in page


@pytest.mark.parametrize("cell", ["nan", "", "often"])
def test_a_run_without_a_probability_has_no_page_and_no_paper(cell, copied):
    path = copied / "predictions.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    name = next(column for column in rows[0] if column.startswith("p_"))
    rows[3][name] = cell
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8")
    for make in (write_page, read_facts):
        with pytest.raises(InputError, match=rf"Line 5 of predictions\.csv holds no probability of {name[2:]}"):
            make(RunFolder.open(copied))


def test_no_number_is_less_than_zero_by_its_sign_alone():
    filters = page_environment().filters
    assert [filters["change"](value) for value in (-0.001, 0.0, -0.126, 0.5)] == ["+0.00", "+0.00", "-0.13", "+0.50"]
    assert filters["signed"](-0.004) == "0.00"


def test_a_baseline_of_one_division_is_not_set_beside_averages(copied):
    def divide(numbers):
        numbers["repeats"] = {"auroc": [0.863, 0.895], "mean": 0.879}
        numbers["gain_over_file_properties"]["division"] = 1

    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "first division" not in page
    change(copied / "numbers.json", divide)
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "tried in the first division of the data only; set them beside the 0.86 that the model reaches there" in page
    assert "on the same patients, in the first division alone)" in page
    assert "usually better than one alone" in page and "better than each" not in page
    change(copied / "numbers.json", lambda numbers: numbers["gain_over_file_properties"].pop("division"))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "on the same patients, the model averaged over its divisions)" in page


def test_the_permutation_test_is_said_to_be_of_another_model(copied):
    test = {"p": 0.002, "statistic": 0.77, "sees": "classical", "permutations": 500}
    change(copied / "numbers.json", lambda numbers: numbers.update(chance=test, procedure={}, chosen={"network": 10}))
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert "a ridge classifier on the classical features reaches an AUROC of 0.77" in page
    assert "the model above was not tested by this" in page and "better than chance" not in page


@pytest.mark.parametrize(("low", "high", "shown"), [(0.3, 0.99, True), (0.8, 0.9, False), (0.3, 1.0, False)])
def test_training_again_is_left_out_where_it_is_too_sure(low, high, shown, copied):
    again = {"value": 0.85, "low": low, "high": high, "method": "corrected t over 5 folds (Nadeau-Bengio)"}
    head = {"value": 0.85, "low": 0.7, "high": 0.95}

    def narrow(numbers):
        numbers["headline"].update(head)
        numbers["procedure"] = {"auroc": again}

    change(copied / "numbers.json", narrow)
    page = write_page(RunFolder.open(copied)).read_text(encoding="utf-8")
    assert ("corrected t over 5 folds" in page, "none is shown: the AUROCs of the folds" in page) == (shown, not shown)


def test_numbers_say_where_training_again_is_too_sure(finished_run):
    from wetread.evaluation.training_again import is_too_sure

    again = finished_run.numbers["procedure"]["auroc"]
    assert again["too_sure"] is is_too_sure(again, finished_run.numbers["headline"])
