"""Sentences of the methods follow the run, and cite only what it used."""

import re
from dataclasses import replace

import pytest
import yaml

from paper.paper_run import WEIGHTS, build, interval, numbers
from wetread.paper.facts import read_facts
from wetread.paper.methods_data import describe_data
from wetread.paper.methods_model import describe_model
from wetread.paper.methods_statistics import describe_statistics
from wetread.paper.references import KNOWN, References
from wetread.paper.results import describe_results
from wetread.paper.wording import GAP
from wetread.run_folder import HISTORY_COLUMNS
from wetread.training.recipes import recipe_path

NETWORK = {
    "backbone": "resnet18.a1_in1k", "network": "resnet18", "weights": "resnet18.a1_in1k", "network_side": 224,
    "channels": 3, "tuning": "head first", "optimiser": "adamw", "epochs": 20, "batch": 16, "learning_rate": 0.003,
    "schedule": "cosine", "weight_decay": 0.05, "keep": "average", "precision": "float32", "output": "softmax",
    "loss": "plain", "sampling": "as is", "rotation": 7.0, "mirror": 0.0, "flip": 0.0, "test_time_shifts": 4,
}  # fmt: skip


def texts(found, describe, cite=None):
    return {passage.key: passage.text for passage in describe(found, cite or References())}


def made(tmp_path, **options):
    return read_facts(build(tmp_path / "run", **options))


def test_references_are_numbered_as_they_come():
    cite = References()
    assert cite("wilson") == "[1]"
    assert cite("bca", "wilson") == "[1, 2]"
    assert cite.own("Someone [2024].") == "[3]"
    assert cite.texts == (KNOWN["wilson"], KNOWN["bca"], "Someone (2024).")


def test_data(facts):
    told = texts(facts, describe_data)
    assert "9 labelled images of 6 patients, with 2 classes: effusion (5 images, 4 patients)" in told["data"]
    assert "ethics committee" in GAP.findall(told["design"])[0]
    assert "computed tomography" in told["modality"]
    assert "brain: centre 40, width 80" in told["preprocessing"]
    assert "MONOCHROME1, 50" in told["preprocessing"]
    assert "3 outer folds" in told["partition"]
    assert told["disjoint"].startswith("Partitions were disjoint at the level of the patient")
    assert told["table1"] == "Sex, age and view by partition and class are given in Table 1."


def test_pictures_are_said_to_be_as_large_as_they_were_read(facts):
    assert "at most 320 pixels" in texts(facts, describe_data)["preprocessing"]
    larger = replace(facts, run={**facts.run, "view": {"values": "brain", "side": 518}})
    assert "at most 518 pixels" in texts(larger, describe_data)["preprocessing"]


def test_a_split_that_was_not_used_is_told(facts):
    why = "The given test set has no case of at least one class, from which no number can come"
    told = texts(replace(facts, measured={**facts.measured, "split_unused": why}), describe_data)["partition"]
    assert told.startswith(
        "A split came with the data and was not used: the given test set has no case of at least one class, from which "
        "no number can come. Performance was estimated by nested cross-validation"
    )
    assert "came with the data" not in texts(facts, describe_data)["partition"]


def test_calibration_is_claimed_only_where_it_was_fitted(tmp_path):
    few = {"temperature": 1.0, "offset": [], "cases": 30}
    one = {"method": "temperature", "fewest": 50, "folds": [few], "final": few}
    cite = References()
    found = made(tmp_path, stored=numbers(recalibration=one))
    assert texts(found, describe_model, cite)["output"].endswith(
        "Too few cases to calibrate (fewer than 50): probabilities are those of the models."
    )
    assert KNOWN["guo"] not in cite.texts
    found = made(tmp_path / "shipped", stored=numbers(recalibration={**one, "final": {**few, "temperature": 1.4}}))
    told = texts(found, describe_model)["output"]
    assert "temperature scaling" in told and "Only those of the model that is handed over were calibrated." in told
    found = made(
        tmp_path / "all", stored=numbers(recalibration={**one, "folds": [], "final": {**few, "temperature": 2}})
    )
    assert texts(found, describe_model)["output"].endswith("fitted on predictions from inside the training part.")


def test_divisions_that_were_left_out_are_not_claimed(tmp_path):
    found = made(tmp_path, plan={"repeats": 5}, stored=numbers(repeats={"auroc": [0.9, 0.8]}))
    assert "repeated 2 times with other divisions" in texts(found, describe_data)["partition"]
    found = made(tmp_path / "one", plan={"repeats": 5})
    assert "repeated" not in texts(found, describe_data)["partition"]


def test_unknown_patients_are_a_limit(tmp_path):
    told = texts(made(tmp_path, stored=numbers(grouping="none")), describe_data)
    assert "too good" in told["data"]
    assert "may stand on both sides" in told["disjoint"]
    # Of the nine images three are copies: six keys.
    assert "comprised 9 labelled images of 6 different pictures" in told["data"]
    assert "effusion (5 images, 4 different pictures)" in told["data"]
    assert "so near-identical images were taken as one picture and every picture" in told["data"]
    found = made(tmp_path / "alone", stored=numbers(grouping="none"))
    apart = tuple(replace(image, patient=str(number)) for number, image in enumerate(found.images))
    told = texts(replace(found, images=apart), describe_data)["data"]
    assert "comprised 9 labelled images, with" in told and "so every image was treated as independent" in told


def test_a_test_set_tells_its_sizes_and_how_often_it_was_opened(tmp_path):
    stored = numbers(estimate="given test", test_set={"opened": 3}, leak_allowed=2)
    told = texts(made(tmp_path, splits=["train"] * 5 + ["test"] * 4, stored=stored), describe_data)
    assert "that came with the data" in told["partition"]
    assert "3 times, which makes its result optimistic" in told["partition"]
    assert "training: 5 images of 4 patients; test: 4 images of 3 patients" in told["partition"]
    assert "2 training images shared a patient" in told["partition"]


def test_one_classical_model_needs_no_network_words(facts):
    cite = References()
    told = texts(facts, describe_model, cite)
    assert told["selection"] == "There was one model, so none was selected."
    assert "0.432" in told["threshold"]
    assert "about equally frequent" in told["imbalance"]
    assert "augmentation" not in told
    assert "model_network" not in told
    assert KNOWN["guo"] in cite.texts
    assert KNOWN["adamw"] not in cite.texts


def test_networks_tell_their_training_and_weights_their_source(tmp_path):
    plan = NETWORK | {"rungs": ["classical", "frozen", "network", "ensemble"], "loss": "focal"}
    stored = numbers(weights=[WEIGHTS | {"used_by": ["frozen", "network"]}], chosen={"classical": 1, "network": 2})
    cite = References()
    told = texts(made(tmp_path, plan=plan, stored=stored), describe_model, cite)
    assert "ResNet-18 with pretrained weights (resnet18.a1 in1k)" in told["model_frozen"]
    assert "licence: Apache-2.0: free to use;" in told["model_frozen"]
    assert WEIGHTS["cite"] in cite.texts
    assert "20 epochs with AdamW" in told["training"]
    assert told["augmentation"] == (
        "Training images were augmented by rotation up to 7°; none was mirrored or turned upside down."
    )
    assert "focal loss" in told["imbalance"] and "true frequencies" not in told["imbalance"]
    assert "a network trained on these images in 2 of 3 folds" in told["selection"]
    assert "looked 5 times" in told["ensemble"]


def test_a_recipe_is_named_with_what_was_changed_of_it(tmp_path):
    stored, told = yaml.safe_load(recipe_path("lakhani").read_text()), []
    recipe = {name: entry["value"] for name, entry in stored.items()}
    for number, changed in enumerate(({}, {"epochs": 3, "learning_rate": 0.01})):
        plan = NETWORK | recipe | changed
        found = made(tmp_path / str(number), plan=plan)
        told.append(texts(found, describe_model)["model_network"])
    assert "after the published recipe lakhani, with" in told[0]
    assert "after the published recipe lakhani (changed: learning rate, epochs), with" in told[1]


def test_what_a_project_brought_is_not_told_as_a_change_of_its_recipe(tmp_path):
    stored = yaml.safe_load(recipe_path("teachable-machine").read_text())
    recipe = {name: entry["value"] for name, entry in stored.items()}
    found = made(tmp_path, plan=NETWORK | recipe | {"epochs": 15, "batch": 8})
    assert "(changed: epochs, batch)" in texts(found, describe_model)["model_network"]
    found = replace(found, reasons=found.reasons | {"epochs": "as the project file says"})
    told = texts(found, describe_model)["model_network"]
    assert "recipe teachable-machine (changed: batch), with epochs as in the project that the images came in," in told


def test_a_recipe_settles_no_choice_of_model_inside_the_folds(tmp_path):
    plan = {"rungs": ["classical", "network"], "choice": "network", "calibration": "none"} | NETWORK
    plan["rungs"] = ["classical", "network"]
    found = made(tmp_path, plan=plan, stored=numbers(chosen={"classical": 0, "network": 3}))
    assert "Penalty and threshold were settled by 3-fold" in texts(found, describe_data)["partition"]
    assert texts(found, describe_model)["selection"] == (
        "The model was fixed beforehand: a network trained on these images; the others are given for comparison."
    )
    by_gain = replace(found, plan=found.plan | {"choice": "by gain", "calibration": "temperature"})
    told = texts(by_gain, describe_data)["partition"]
    assert "Penalty, calibration, threshold and choice of model were settled" in told
    three = replace(found, numbers=found.numbers | {"positive": None}, plan=found.plan | {"rungs": ["network"]})
    told = texts(three, describe_data)["partition"]
    assert "The models were fitted within each training part; the outer fold" in told and "settled" not in told


def test_the_fit_of_linear_models_is_told_as_it_is_done(tmp_path):
    plan, cite = {"rungs": ["classical", "frozen", "combined"], "backbone": "resnet18"}, References()
    told = texts(made(tmp_path, plan=plan), describe_model, cite)
    assert "each feature standardised, and entered" in told["model_classical"]
    assert "divided by one number for all of its features" in told["model_frozen"]
    assert "standardised" not in told["model_frozen"]
    assert KNOWN["newton"] in cite.texts and KNOWN["sklearn"] not in cite.texts


def test_baselines_that_see_anatomy_are_not_said_to_see_none(tmp_path):
    seen = {"file properties": "sizes", "masked centre": "the rim", "histogram": "grey values", "blur": "8 squares"}
    models = {name: {"auroc": interval(0.6, 0.5, 0.7), "sees": what} for name, what in seen.items()}
    cite = References()
    told = texts(made(tmp_path, stored=numbers(models=models)), describe_statistics, cite)["baselines"]
    assert "models that see no anatomy: file properties (sizes). Further" in told
    assert "see little of the anatomy: masked centre (the rim); histogram (grey values); blur (8 squares)." in told
    assert KNOWN["sklearn"] in cite.texts  # its forests
    models = {"blur": models["blur"]}
    told = texts(made(tmp_path / "one", stored=numbers(models=models)), describe_statistics)["baselines"]
    assert "no anatomy" not in told


def test_the_balance_of_findings_is_not_called_commonest_to_rarest(tmp_path):
    several = made(tmp_path, stored=numbers(task="multilabel", positive=None))
    rare = replace(several, measured={"imbalance": 11.5})
    told = texts(rare, describe_model)["imbalance"]
    assert told.startswith("Imbalance (most uneven finding: 11.5 to 1 between its two sides, with and without it) was")
    assert texts(several, describe_model)["imbalance"].startswith("Each finding was about as often present as absent (")


def test_the_training_that_took_place_is_told_not_the_plan(tmp_path):
    plan = NETWORK | {"rungs": ["network"], "epochs": 40, "head_epochs": 3, "loss": "focal"}
    folder = build(tmp_path / "run", plan=plan)
    runs = {(0, 0): 6, (1, 1): 11, (1, 2): 6, (2, 1): 2}  # of the second division only this much: it does not count
    rows = [(*fit, 1, epoch, 1, 0.1, 0.5, "", "") for fit, last in runs.items() for epoch in range(1, last + 1)]
    folder.write_table("history.csv", HISTORY_COLUMNS, rows)
    cite = References()
    told = texts(read_facts(folder), describe_model, cite)["training"]
    assert re.sub(r" \[\d+\]", "", told).startswith(
        "Networks were trained for 6 to 11 epochs (at most 43 were planned; in the first 3 only the last layer was "
        "trained) with AdamW, focal loss, batches of 16"
    )
    assert KNOWN["focal"] in cite.texts


@pytest.mark.parametrize(
    ("plan", "loss"),
    [
        ({"loss": "class weights"}, ", cross-entropy weighted by class, batches"),
        ({"loss": "logit adjustment", "output": "sigmoid"}, ", binary cross-entropy of logits adjusted by the class "),
        ({}, ", cross-entropy, batches"),
    ],
)
def test_the_loss_is_called_what_was_minimised(plan, loss, tmp_path):
    found = made(tmp_path, plan=NETWORK | {"rungs": ["network"], "tuning": "whole"} | plan)
    told = texts(found, describe_model)["training"]
    assert loss in told and "trained for 20 epochs with" in told


@pytest.mark.parametrize("estimate", ["external test", "external test, 3 images left out that were not new"])
def test_a_test_elsewhere_fitted_nothing(tmp_path, estimate):
    folder = build(tmp_path / "run", stored=numbers(estimate=estimate), splits=["test"] * 9)
    left_out = 3 if "3" in estimate else 0
    limit = "Near copies could not be compared: the run kept no thumbnails for that."
    folder.write_json("external.json", {"overlap": {"left_out": left_out, "not_compared": [limit]}})
    found = read_facts(folder)
    told = texts(found, describe_data)
    assert told["design"].startswith("We tested a model") and "developed before" in told["design"]
    assert told["partition"].endswith("came from an earlier run.") and "locked" not in told["partition"]
    assert ("3 images that the model knew were left out" in told["disjoint"]) is bool(left_out)
    assert told["disjoint"].endswith(limit)
    results = {one.key: one.text for one in describe_results(found)}
    assert results["main"].endswith("from elsewhere.")
    assert "no data of another place" not in results["limits"]


def test_what_is_said_of_imbalance_was_done(tmp_path):
    def say(classes, **plan):
        stored = numbers(classes) | ({"positive": None, "task": "multiclass"} if len(classes) > 2 else {})
        return texts(made(tmp_path / str(len(classes)) / "-".join(plan), plan=plan, stored=stored), describe_model)

    skewed = {"rungs": ["combined"], "backbone": "resnet18"}
    assert "frozen network were not changed" in say(("a", "b"), **skewed)["initialisation"]
    weighted = NETWORK | {"rungs": ["network"], "loss": "class weights"}
    assert "true frequencies" in say(("a", "b"), **weighted)["imbalance"]


def test_maps_are_counted_by_the_cases_that_have_any(tmp_path):
    folder = build(tmp_path / "run")
    cases = [{"image": "a.png", "maps": [{"method": "occlusion"}]}, {"image": "b.png", "maps": []}]
    folder.write_json("heatmaps/index.json", {"cases": cases})
    assert texts(read_facts(folder), describe_statistics)["explanations"].startswith("For 1 case ")


@pytest.mark.parametrize("leak", [None, 1, 12])
def test_heatmaps_of_a_run_that_kept_a_leak_are_not_called_held_out(tmp_path, leak):
    folder = build(tmp_path / "run", stored=numbers(leak_allowed=leak))
    folder.write_json("heatmaps/index.json", {"cases": [{"image": "a.png", "maps": [{"method": "occlusion"}]}]})
    told = texts(read_facts(folder), describe_statistics)["explanations"]
    trained = {None: "had not seen the image", 1: "trained on 1 image of tested", 12: "trained on 12 images of tested"}
    assert trained[leak] in told and ("had not seen" in told) is not bool(leak)


def test_where_patients_are_not_known_different_pictures_were_resampled(tmp_path):
    for grouping, whom, others in (
        ("column", "patients", "different pictures"), ("none", "different pictures", "patients"),
    ):  # fmt: skip
        column = {"column": "site", "groups": []}
        found = read_facts(build(tmp_path / grouping, stored=numbers(grouping=grouping, subgroups=[column])))
        told = texts(found, describe_statistics)
        assert f"bootstrap of {whom}" in told["subgroup_methods"]
        assert f"bootstrap over {whom}" in told["intervals"]
        assert f"bootstrap over {others}" not in told["intervals"]
        assert ("the picture, together with near-identical copies." in told["metrics"]) is (grouping == "none")


def test_weights_without_a_source_are_asked_for(tmp_path):
    told = texts(made(tmp_path, plan={"rungs": ["frozen"], "backbone": "mine"}), describe_model)
    assert "[AUTHOR: origin, licence and citation" in told["model_frozen"]


@pytest.mark.parametrize(
    "stored",
    [
        {"own": {"refused": 0.02}, "packs": {"noise": {"refused": 1.0}}},
        {
            "own": {"out": interval(0.02, 0.0, 0.05)},
            "facts": {"packs": [{"name": "noise", "refused": interval(1, 0.8, 1)}]},
        },
    ],
)
def test_refusal_is_told_as_it_was_measured(stored, folder):
    folder.write_json("refusal.json", stored)
    told = texts(read_facts(folder), describe_model)["refusal"].replace("\N{NO-BREAK SPACE}", " ")
    assert "2 % of images of its own kind were refused, and of others 100 % of noise." in told


def test_a_model_that_refuses_nothing_says_so(facts):
    assert "does not refuse" in texts(facts, describe_model)["refusal"]


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ({"rule": "sensitivity>=0.9"}, "chosen by a sensitivity of at least 0.9 on predictions"),
        ({"rule": "cost=5", "title": "the least cost"}, "chosen by the least cost on predictions"),
        ({"rule": "my own"}, "chosen by my own on predictions"),
    ],
)
def test_rules_of_the_threshold(point, said, tmp_path):
    assert said in texts(made(tmp_path, stored=numbers(operating_point=point)), describe_model)["threshold"]


def test_intervals_are_cited_by_the_methods_that_were_used(facts, tmp_path):
    cite = References()
    told = texts(facts, describe_statistics, cite)
    assert (
        "bootstrap over patients (2\N{NARROW NO-BREAK SPACE}000 resamples) [1] and by Wilson's method [2]"
        in told["intervals"]
    )
    assert KNOWN["delong"] not in cite.texts
    stored = numbers(metrics={"auroc": interval(0.9, 0.8, 0.95, "DeLong, logit scale")})
    told = texts(made(tmp_path / "other", stored=stored), describe_statistics)
    assert "DeLong" in told["intervals"]


def test_one_held_out_part_is_that_of_networks_unless_the_run_is_an_earlier_one(tmp_path):
    plan = {"inner_folds": 1, "rungs": ["classical", "network"], "initial": "torch"}
    told = texts(made(tmp_path / "now", plan=plan), describe_data)["partition"]
    assert "settled by 3-fold inner cross-validation (for networks: by a held-out part) within" in told
    del plan["initial"]
    told = texts(made(tmp_path / "before", plan=plan), describe_data)["partition"]
    assert "settled by a held-out part within" in told


def test_the_audit_names_no_file(facts):
    told = texts(facts, describe_statistics)["audit"]
    assert "1 check asked for care: A file and a file of (withheld) look alike." in told


def test_a_run_without_plan_or_measurements_still_has_methods(folder):
    for name in ("plan.yaml", "fingerprint.json"):
        (folder.path / name).unlink()
    found = read_facts(folder)
    told = texts(found, describe_data) | texts(found, describe_model) | texts(found, describe_statistics)
    assert "None" not in " ".join(text for key, text in told.items() if key != "software")


def test_a_folder_without_a_plan_claims_no_training(folder):
    (folder.path / "plan.yaml").unlink()
    told = texts(read_facts(folder), describe_model)
    assert "made by an earlier run" in told["ladder"]
    assert not {"training", "selection", "initialisation", "imbalance"} & told.keys()
