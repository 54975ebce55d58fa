"""What the terminal shows at the widths that people have: names stay, columns go."""

import io
import json
import shutil
from dataclasses import replace

import pytest
from rich.console import Console

from wetread.cli.console import ProgressView, findings_table, ladder_table, plan_table, print_result, result_view
from wetread.cli.trust_view import too_long, trust_view
from wetread.outcome import Run
from wetread.progress import FoldDone, FoldLeftOut, FoldLoaded

SHARE = {"value": 0.77, "low": 0.68, "high": 0.84, "method": "DeLong"}
FINDING = {"positive": 23, "auroc": SHARE, "sensitivity": {"value": 0.65}, "specificity": {"value": 0.40}}
LADDER = {
    "models": {"prevalence": {"auroc": SHARE | {"method": "by definition"}, "seconds": 0.0}}
    | {name: {"auroc": SHARE, "seconds": 128.0} for name in ("classical", "combined", "network", "selected")}
}


def shown(what, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(what)
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("width", [120, 74, 60, 50])
def test_names_of_findings_stay_whole(width):
    names = ["Atelectasis", "Enlarged_Cardiomediastinum", "Pleural_Other"]
    lines = shown(findings_table({"per_class": dict.fromkeys(names, FINDING)}), width)
    assert len(lines) == 1 + len(names)
    assert all(name.replace("_", " ") in line and "0.77" in line for name, line in zip(names, lines[1:], strict=True))


def test_in_a_very_narrow_terminal_long_names_go_over_two_lines():
    lines = shown(findings_table({"per_class": {"Enlarged_Cardiomediastinum": FINDING}}), 40)
    assert lines[1].startswith("Enlarged") and lines[2].startswith("Cardiomediastinum") and "0.77" in lines[1]


def test_the_least_important_columns_go_first():
    numbers = {"per_class": {"Enlarged_Cardiomediastinum": FINDING}}
    heads = {width: shown(findings_table(numbers), width)[0].split() for width in (120, 74, 60)}
    assert heads[120][-4:] == ["0.5", "1.0", "sens.", "spec."]
    assert "0.5" not in heads[74] and heads[74][-2:] == ["sens.", "spec."]
    assert "spec." not in heads[60] and "AUROC" in heads[60]


def test_a_finding_that_was_not_tested_says_so():
    lines = shown(findings_table({"per_class": {"Hernia": {"positive": 1}}}), 80)
    assert lines[1].split() == ["Hernia", "1", "not", "tested"]


def test_the_ladder_fits_a_terminal_with_its_plot():
    lines = shown(ladder_table(LADDER, "ResNet-18, fine-tuned"), 74)  # 80 less the frame
    assert "●" in lines[2] and any("ResNet-18, fine-tuned" in line and "2 min 08 s" in line for line in lines)
    narrow = shown(ladder_table(LADDER, "MobileNetV2 0.35, recipe teachable-machine"), 66)
    assert not any("●" in line for line in narrow)
    assert any("MobileNetV2 0.35, recipe teachable-machine" in line for line in narrow)


def test_the_result_names_the_network_and_says_why_it_was_kept(finished_run):
    run = Run.open(finished_run.folder)
    text = "\n".join(shown(result_view(run), 100))
    assert "small network, from scratch" in text
    assert "nats" in text and "classical features" in text


def test_the_result_of_a_run_without_a_plan_is_shown(finished_run, tmp_path):
    shutil.copytree(finished_run.folder, tmp_path / "run", ignore=shutil.ignore_patterns("folds", "lock"))
    (tmp_path / "run" / "plan.yaml").unlink()
    numbers = json.loads((tmp_path / "run" / "numbers.json").read_text())
    del numbers["choices"]
    (tmp_path / "run" / "numbers.json").write_text(json.dumps(numbers))
    text = "\n".join(shown(result_view(Run.open(tmp_path / "run")), 80))
    assert "network" in text and "nats" not in text


@pytest.mark.parametrize("width", [120, 80])
def test_reasons_of_the_plan_wrap_and_lose_nothing(width):
    reason = "each must beat those before it; the backbone stays frozen: tuning it takes an accelerator"
    rungs = "classical, frozen, combined, network, ensemble"
    text = " ".join(shown(plan_table((("rungs", rungs, reason),)), width))
    assert all(word in text for word in (*reason.split(), *rungs.split()))


def test_the_plan_shows_what_decides_and_that_a_network_starts_fresh():
    plan = [("recipe", "lakhani", ""), ("rungs", "network", ""), ("backbone", "teachable-machine", "best suited of 1")]
    plan += [("network", "inception_v3", ""), ("weights", "", "not in the weights home"), ("positive", "none", "")]
    rows = [line.split()[0] for line in shown(plan_table(tuple(plan)), 100) if line.strip()]
    assert rows == ["Plan", "recipe", "rungs", "network", "weights"]
    (fresh,) = [line for line in shown(plan_table(tuple(plan)), 100) if "none: starts fresh" in line]
    assert fresh.endswith("not in the weights home")
    looked = shown(plan_table((("rungs", "classical, frozen", ""), *plan[2:])), 100)
    assert any("teachable-machine" in line for line in looked)
    assert not any("starts fresh" in line or "inception" in line for line in looked)  # no network is trained


def test_folds_have_a_line_each_and_a_division_that_is_left_out_has_one():
    told = io.StringIO()
    with ProgressView(Console(file=told, width=100)) as view:
        for event in (
            FoldLoaded(1, 1),
            FoldDone(1, 2, "classical", 61.0),
            *(FoldLeftOut(repeat, fold) for repeat in (2, 3) for fold in (1, 2)),
        ):
            view(event)
    assert [" ".join(line.split()) for line in told.getvalue().splitlines() if line.strip()] == [
        "· repeat 1, fold 1 was there",
        "· repeat 1, fold 2 61 s classical features",
        "· repeat 2 left out: too little time is left",
        "· repeat 3 left out: too little time is left",
    ]


COMMAND = "wetread run '/data/experiment1 .tm' --recipe carpentries --set cases=2 --out runs/a --resume"
LIGHTS = [
    {"light": "red", "title": "Refuses other pictures", "improve": COMMAND},
    {"light": "amber", "title": "Enough cases tested", "improve": "wetread learning-curve a"},
    {"light": "none", "title": "Heatmaps tested", "improve": COMMAND},
    {"light": "amber", "title": "Patients kept apart", "improve": "Add a column patient to the table of labels. " * 3},
]


def test_a_command_that_does_not_fit_the_box_stands_whole_below_it(finished_run):
    """A frame breaks it inside a path, and what is pasted then is another command."""
    run = replace(Run.open(finished_run.folder), lights=LIGHTS)
    told = io.StringIO()
    print_result(run, Console(file=told, width=90))
    box, _, below = told.getvalue().rpartition("╯\n")
    assert below == f"Refuses other pictures, Heatmaps tested\n{COMMAND}\n"
    assert box.count("the command below this box") == 2 and "carpentries" not in box.partition("May it be")[2]
    assert "wetread learning-curve a" in box and "Add a column patient" in box
    wide = io.StringIO()
    print_result(run, Console(file=wide, width=160))
    assert wide.getvalue().count(COMMAND) == 2 and wide.getvalue().endswith("╯\n")


def test_what_is_said_to_fit_is_not_broken():
    (least,) = (width for width in range(60, 200) if not too_long(LIGHTS, width) and too_long(LIGHTS, width - 1))
    assert sum(COMMAND in line for line in shown(trust_view(LIGHTS, least), least)) == 2
    assert not any(COMMAND in line for line in shown(trust_view(LIGHTS), least - 1))


def test_the_ladder_says_folds_only_where_folds_chose():
    def told(**numbers):
        return shown(ladder_table({**LADDER, **numbers}), 100)[-1]

    assert "chosen in the folds" in told(estimate="cross-validation")
    assert "chosen in training" in told(estimate="given test")
    assert "used, as the plan says" in told(estimate="cross-validation", choices={"rule": "network"})
    assert "the model" in told(estimate="external test")


def test_the_result_says_what_its_number_is_a_mean_of(finished_run):
    run = Run.open(finished_run.folder)
    several = replace(run, numbers={**run.numbers, "task": "multiclass"})
    assert any("AUROC, mean over the classes 0." in line for line in shown(result_view(several), 100))
    assert not any("mean over" in line for line in shown(result_view(run), 100))
