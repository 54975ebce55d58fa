"""A network that sees more than 320 pixels gets pictures of its own size, in the run and wherever its model is used."""

import json
import shutil

import numpy as np
import pytest
import torch
import yaml
from fake.pictures import write_png

import wetread
from wetread.dataset.rebuild import rebuild_table
from wetread.dataset.table import WORKING_SIDE
from wetread.explanation.methods import explain
from wetread.explanation.on_files import read_files
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.model.classifier import load_classifier, pack_arrays
from wetread.model.networks import NetworkSpec, build_network
from wetread.progress import Notice, StepStarted
from wetread.run_folder import RunFolder
from wetread.studio.case_files import remembered_picture
from wetread.studio.predictor_answers import Answers
from wetread.weights.stored import Facts, store

pytest.importorskip("openvino")

SIDE = 384
SHORT = ["repeats=1", "folds=2", "resamples=100", "cases=1", "rungs=classical,frozen"]


def write_chequers(root, images=8):
    """Pictures of 768 pixels, a copy among them: a soft blob, in class a under chequers of 2 pixels, 1 of 384."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[: 2 * SIDE, : 2 * SIDE]
    for label in "ab":
        (root / label).mkdir(parents=True)
        for number in range(images):
            middle = random.uniform(200, 570, 2)
            grey = 110 + 50 * np.exp(-((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / random.uniform(4e3, 4e4))
            grey += 60 * ((x // 2 + y // 2) % 2) if label == "a" else 30
            write_png(root / label / f"{number}.png", grey.astype(np.uint8))
    shutil.copy(root / "a" / "0.png", root / "a" / "copy.png")
    return root


@pytest.fixture(scope="module")
def chequers(tmp_path_factory):
    return write_chequers(tmp_path_factory.mktemp("chequers"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A weights home with a tiny network for 384 pixels, and the same for 64."""
    place = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WETREAD_WEIGHTS", str(place))
        torch.manual_seed(1)
        body = build_network(NetworkSpec("test_resnet", 2, side=SIDE)).body.net
        tensors = pack_arrays({name: tensor.numpy() for name, tensor in body.state_dict().items()})
        for name, side in (("large", SIDE), ("tiny", 64)):
            store(Facts(name, "test_resnet", side=side, mean=(0.5,) * 3, deviation=(0.5,) * 3), tensors)
        yield place


def run_with(backbone, data, out):
    told = []
    settings = [*SHORT, "choice=frozen"]
    wetread.run(data, out=out, backbone=backbone, device="cpu", settings=settings, listen=told.append)
    return out, [event.title for event in told if isinstance(event, StepStarted) and event.step == "read again"]


@pytest.fixture(scope="module")
def both(chequers, home, tmp_path_factory):
    """Name of the weights -> run folder, and titles of the steps in which pictures were read once more."""
    place = tmp_path_factory.mktemp("runs")
    return {name: run_with(name, chequers, place / name) for name in ("large", "tiny")}


@pytest.fixture(scope="module")
def run(both):
    return RunFolder.open(both["large"][0])


def contrast(picture):
    """How far neighbouring pixels lie apart; of chequers that are averaged away next to nothing."""
    return np.abs(np.diff(picture.astype(int), axis=1)).mean()


def decided(folder):
    return yaml.safe_load((folder / "plan.yaml").read_text())["working_side"]


def test_the_plan_says_how_large_pictures_are_and_why(run):
    assert decided(run.path) == {"value": SIDE, "reason": "the largest network here sees 384 pixels"}
    assert run.read_json("run.json")["view"]["side"] == SIDE


def test_what_is_fine_survives_until_the_network_sees_it(run, chequers):
    pictures = [row.picture for row in rebuild_table(run).used if row.label == "a"]
    assert {picture.shape for picture in pictures} == {(SIDE, SIDE)}
    with Decoder() as decoder:
        usual = decoder.decode(chequers / "a" / "0.png", max_side=WORKING_SIDE).pixels
    assert min(map(contrast, pictures)) > 55
    assert contrast(usual) < 40


def test_wherever_its_model_is_used_pictures_are_read_as_in_training(run, chequers):
    model = load_classifier(run.path)
    assert model.working_side == SIDE
    file = chequers / "a" / "0.png"
    with Decoder() as decoder:
        seen, blurred = (decoder.decode(file, max_side=side).pixels for side in (SIDE, WORKING_SIDE))
        (explained,) = read_files(model, [Source(file)], decoder)
    right, wrong = model.probabilities([seen, blurred])[:, 0]
    assert abs(right - wrong) > 0.01
    (said,) = wetread.predict(run.path, file)
    assert said["p_a"] == pytest.approx(right, abs=1e-4)
    np.testing.assert_array_equal(explained.picture, seen)
    names = [row["image"] for row in run.read_table("images.csv")]
    np.testing.assert_array_equal(remembered_picture(run.path, names.index("a/0.png")), seen)


def test_the_studio_shows_predictions_and_maps_of_pictures_as_in_training(run, chequers):
    file = chequers / "a" / "1.png"
    case = [row["image"] for row in run.read_table("images.csv")].index("a/1.png")
    answers = Answers(run.path)
    try:
        told = answers.predict(Source(file))
        drawn = answers.heatmap(Source(file), "", "a", case)
    finally:
        answers.close()
    (said,) = wetread.predict(run.path, file)
    assert told["p"]["a"] == said["p_a"]
    place = run.path / "folds" / f"r1f{drawn['model'].removeprefix('fold ')}" / "frozen"
    fold = load_classifier(place, backbone=load_classifier(run.path).backbone)
    with Decoder() as decoder:
        seen, blurred = (decoder.decode(file, max_side=side).pixels for side in (SIDE, WORKING_SIDE))
    right, wrong = (explain(fold, picture, "a", drawn["method"]).values for picture in (seen, blurred))
    assert np.abs(right - wrong).max() > 0.02 * np.abs(right).max()
    np.testing.assert_allclose(np.ravel(drawn["values"]), right.ravel(), atol=0.005 * np.abs(right).max())


def test_an_external_test_reads_pictures_as_in_training(run, tmp_path):
    random = np.random.default_rng(8)
    for label in "ab":
        (tmp_path / "elsewhere" / label).mkdir(parents=True)
        for number in range(6):
            write_png(tmp_path / "elsewhere" / label / f"{number}.png", random.integers(0, 256, (500, 500)))
    told = wetread.evaluate(run.path, tmp_path / "elsewhere", out=tmp_path / "out")
    view = json.loads((tmp_path / "out" / "run.json").read_text())["view"]
    assert view["side"] == SIDE and told
    assert {row.picture.shape for row in rebuild_table(RunFolder.open(tmp_path / "out")).used} == {(SIDE, SIDE)}


def test_pictures_are_read_once_more_only_for_a_network_that_sees_more(both):
    assert both["large"][1] == ["Reading images at 384 pixels"]
    assert both["tiny"][1] == []
    assert decided(both["tiny"][0])["value"] == WORKING_SIDE


def test_patients_copies_and_findings_are_the_same_whatever_network_looks(both):
    tables, findings = [], []
    for folder in (RunFolder(path) for path, _ in both.values()):
        tables.append([(row["image"], row["group"], row["fold"]) for row in folder.read_table("images.csv")])
        findings.append(folder.read_json("findings.json"))
    assert tables[0] == tables[1]
    assert findings[0] == findings[1]
    assert len({group for _, group, _ in tables[0]}) == 16  # the copy stays with its original


def test_an_earlier_plan_is_followed_and_pictures_are_as_large_as_its_networks_see_them(chequers, home, tmp_path):
    (tmp_path / "plan.yaml").write_text("backbone: large\nrepeats: 1\n")
    out = tmp_path / "check"
    wetread.run(chequers, out=out, plan=tmp_path / "plan.yaml", device="cpu", settings=SHORT, dry_run=True)
    assert decided(out)["value"] == SIDE


@pytest.mark.parametrize(
    ("plan", "settings", "side"),
    [
        ("backbone: tiny\nworking_side: 320\n", [], WORKING_SIDE),
        ("backbone: tiny\nworking_side: 320\n", ["backbone=large"], SIDE),
        ("backbone: large\nworking_side: 384\n", ["backbone=tiny"], WORKING_SIDE),
        ("backbone: tiny\nworking_side: 500\n", ["backbone=large"], 500),
        ("backbone: tiny\n", ["working_side=450"], 450),
        ("backbone: tiny\n", ["rungs=network", "network=small", "network_side=400"], 400),
    ],
)
def test_a_side_that_somebody_wished_for_stays(chequers, home, tmp_path, plan, settings, side):
    (tmp_path / "plan.yaml").write_text(plan)
    asked = {"plan": tmp_path / "plan.yaml", "settings": [*SHORT, *settings]}
    wetread.run(chequers, out=tmp_path / "out", device="cpu", dry_run=True, **asked)
    assert decided(tmp_path / "out")["value"] == side


def test_smaller_pictures_than_a_network_sees_are_told(chequers, home, tmp_path):
    told = []
    asked = {"backbone": "large", "settings": [*SHORT, "working_side=320"], "listen": told.append}
    wetread.run(chequers, out=tmp_path / "out", device="cpu", dry_run=True, **asked)
    (notice,) = [event.text for event in told if isinstance(event, Notice) and "enlarged" in event.text]
    assert "--set working_side=384" in notice


def test_a_run_that_an_earlier_version_began_goes_on_with_the_pictures_it_had(chequers, home, tmp_path):
    out = tmp_path / "out"
    asked = {"out": out, "backbone": "large", "device": "cpu", "settings": SHORT, "dry_run": True}
    wetread.run(chequers, **asked)
    plan = yaml.safe_load((out / "plan.yaml").read_text())
    del plan["working_side"]
    (out / "plan.yaml").write_text(yaml.safe_dump(plan))
    told = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**told, "status": "stopped"}))
    wetread.run(chequers, resume=True, **asked)
    assert decided(out) == {"value": WORKING_SIDE, "reason": "as the run began, with an earlier version"}
