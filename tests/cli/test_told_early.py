"""Typing errors are told before a picture is read and before anything is written."""

import csv

import pytest
import yaml
from dataset.rows import write_images

from cli.command import call, dry_run


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("early")
    names = [f"{label}{number:02}.png" for label in "ab" for number in range(12)]
    write_images(root, *names)
    with (root / "labels.csv").open("w", newline="") as file:
        lines = ([name, name[0], f"P{name}", "fm"[number % 2]] for number, name in enumerate(names))
        csv.writer(file).writerows([["image", "label", "patient", "sex"], *lines])
    return root


@pytest.fixture
def unread(monkeypatch):
    def read(*arguments, **options):
        raise AssertionError("pictures are read")

    monkeypatch.setattr("wetread.dataset.reading.read_images", read)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--set", "epoch=3"), "write epochs"),
        (("--set", "epochs"), "--set epochs=40"),
        (("--set", "epochs=none"), "at least 1"),
        (("--plan", "none.yaml"), "There is no plan"),
        (("--recipe", "lakani"), "There is no recipe lakani"),
        (("--subgroups", "sex,sitte"), "no column sitte"),
        (("--subgroups", "sitte", "--subgroups", "sex"), "no column sitte"),
        (("--classes", "a", "--classes", "c"), "no class c"),
        (("--labels", "tabelle_x.csv"), "There is no file"),
    ],
)
def test_on_the_command_line(data, tmp_path, unread, options, told):
    assert told in dry_run(data, tmp_path / "run", *options).message()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epochs: 2\n   folds: 3\n", "line 2"),
        ("epoch: 2\n", "write epochs"),
        ("epochs:\n  value: 0\n  reason: none\n", "at least 1"),
        ("batch: [2, 3]\n", "at least 2"),
    ],
)
def test_in_a_plan(data, tmp_path, unread, text, told):
    (tmp_path / "plan.yaml").write_text(text)
    assert told in dry_run(data, tmp_path / "run", "--plan", tmp_path / "plan.yaml").message()
    assert not (tmp_path / "run").exists()


def test_a_dry_run_refuses_more_folds_than_there_are_patients(data, tmp_path):
    assert "12 patients" in dry_run(data, tmp_path / "run", "--set", "folds=100").message()


def test_a_dry_run_takes_a_column_that_is_there(data, tmp_path):
    assert dry_run(data, tmp_path / "run", "--subgroups", "sex").code in (0, 1)


def test_what_exists_and_is_no_file_is_said_to_be_unreadable(data, tmp_path):
    (tmp_path / "labels.csv").mkdir()
    assert "cannot be read" in call("check", data, "--labels", tmp_path / "labels.csv", "--quiet").message()


@pytest.mark.parametrize("classes", [("--classes", "a,b"), ("--classes", "a", "--classes", "b")])
def test_names_are_listed_with_commas_or_one_option_each(data, tmp_path, classes):
    assert dry_run(data, tmp_path / "run", *classes).code in (0, 1)
    plan = yaml.safe_load((tmp_path / "run" / "plan.yaml").read_text())
    assert plan["classes"]["value"] == ["a", "b"]
