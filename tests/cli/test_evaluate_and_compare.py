"""What is typed after `wetread evaluate` and `wetread compare`."""

import io
import json

import pytest
import typer
from evaluation.fake_runs import predictions, two_models, write_run
from rich.console import Console
from typer.testing import CliRunner

import wetread.steps
from wetread.cli import evaluate_command
from wetread.cli.compare_command import compare, comparison_view
from wetread.cli.evaluate_command import evaluate, read_names
from wetread.errors import InputError
from wetread.steps.compare import compare as compare_step


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(wetread.steps, "compare", compare_step, raising=False)
    shell = typer.Typer()
    shell.command()(compare)
    shell.command()(evaluate)
    return shell


def test_a_comparison_is_one_object(app, tmp_path):
    truth, good, poor = two_models(40)
    runs = [str(write_run(tmp_path / name, predictions(truth, p))) for name, p in (("a", poor), ("b", good))]
    ending = CliRunner().invoke(app, ["compare", *runs, "--out", str(tmp_path / "out"), "--json", "--margin", "0.02"])
    assert ending.exit_code == 0
    found = json.loads(ending.stdout)
    assert found["margin"] == 0.02 and found["page"].endswith("compare.html")
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(comparison_view(found))
    said = console.export_text()
    assert "b is better by" in said and "AUROC" in said and "Not a medical device" in said


def test_names_are_handed_on(app, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        wetread.steps, "evaluate", lambda *given, **more: asked.update(more, given=given), raising=False
    )
    monkeypatch.setattr(evaluate_command, "show_run", lambda work, quiet, as_json: work(None))
    typed = ["evaluate", "run", "away", "--map", "normal=no effusion", "--map", "a = b", "--other-patients"]
    assert CliRunner().invoke(app, typed).exit_code == 0
    assert asked["names"] == {"normal": "no effusion", "a": "b"}
    assert asked["other_patients"] and not asked["without_overlap"]


@pytest.mark.parametrize("text", ["normal", "=well", "normal=", ""])
def test_what_is_no_pair_of_names(text):
    with pytest.raises(InputError, match="no pair of names"):
        read_names([text])
