"""`wetread predict`: it replaces nothing but what it wrote itself, and says so where nothing could be used."""

import json
import shutil

import pytest
from dataset.rows import write_images

from cli.command import call

EMPTY = {"status": "", "unsure": "", "nearest": "", "reason": ""}
READ = {"predicted": "ill", "p_ill": 0.75, "p_well": 0.25, **EMPTY}
UNREAD = {"predicted": "", "p_ill": "", "p_well": "", **EMPTY, "reason": "the file cannot be opened"}
OF_A_RUN = "image,patient,group,truth,predicted,p_ill,p_well\na.png,,,ill,ill,0.75,0.25\n"


@pytest.fixture
def model(monkeypatch):
    """A model that reads what is there, without any arithmetic."""

    def answer(classifier, sources, *rest, **options):
        return [
            {"image": str(source), **(READ if source.path.suffix == ".png" and source.path.is_file() else UNREAD)}
            for source in sources
        ]

    monkeypatch.setattr("wetread.model.classifier.load_classifier", lambda folder: None)
    monkeypatch.setattr("wetread.model.predict.predict_files", answer)
    return "model"


@pytest.fixture
def picture(tmp_path):
    return write_images(tmp_path, "a.png") / "a.png"


def test_earlier_results_of_predict_are_replaced(model, picture, tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        ending = call("predict", model, picture, "--out", out)
        assert ending.code == 0 and f"{out / 'predictions.csv'} was written" in ending.err
    assert [path.name for path in out.iterdir()] == ["predictions.csv"]


@pytest.mark.parametrize(
    "files",
    [
        {"run.json": "{}", "predictions.csv": OF_A_RUN},
        {"predictions.csv": OF_A_RUN},
        {"predictions.csv": None, "notes.txt": "mine"},
        {"notes.txt": "mine"},
    ],
)
def test_a_run_folder_and_other_files_are_left_alone(model, picture, tmp_path, files):
    out, earlier = tmp_path / "out", tmp_path / "earlier"
    call("predict", model, picture, "--out", earlier)
    out.mkdir()
    for name, text in files.items():
        if text is None:
            shutil.copy(earlier / name, out)
        else:
            (out / name).write_text(text)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert "--out" in call("predict", model, picture, "--out", out).message()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_where_nothing_could_be_used_it_ends_in_a_message(model, tmp_path):
    said = call("predict", model, tmp_path / "missing", "--out", tmp_path / "out").message()
    assert "could not be read" in said and f"{tmp_path / 'out' / 'predictions.csv'} was written" in said
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    ending = call("predict", model, tmp_path / "a.txt", tmp_path / "b.txt", "--json")
    assert "None of the 2 images" in ending.message()
    assert json.loads(ending.out)["error"]["code"] == "no-readable-images"


def test_one_answer_among_several_is_a_success(model, picture, tmp_path):
    ending = call("predict", model, picture, tmp_path / "missing.png")
    assert ending.code == 0 and "not read" in ending.out
