import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wetread import steps
from wetread.cli.learning_curve_command import learning_curve
from wetread.errors import InputError
from wetread.learning_curve.curve import LearningCurve
from wetread.learning_curve.verdict import HARDLY, Verdict
from wetread.outcome import DISCLAIMER


@pytest.fixture
def typed(monkeypatch):
    """The command with a step that only remembers what it was asked."""
    asked = {}

    def step(run, **named):
        asked.update(named, run=run)
        return LearningCurve(Verdict(HARDLY, "It hardly helps."), {"sentence": "It hardly helps."}, Path("page.html"))

    monkeypatch.setattr(steps, "draw_learning_curve", step, raising=False)
    app = typer.Typer()
    app.command()(learning_curve)
    return lambda *words: (CliRunner().invoke(app, list(words)), asked)


def test_the_sentence_and_the_page_are_said(typed):
    ending, asked = typed("RUN", "--sizes", "20, 40,80", "--draws", "7", "--quiet")
    assert ending.exit_code == 0 and ending.stdout == "It hardly helps.\npage.html\n"
    assert DISCLAIMER in ending.stderr
    assert (asked["run"], asked["sizes"], asked["draws"], asked["out"]) == (Path("RUN"), [20, 40, 80], 7, None)


def test_one_object_with_json(typed):
    ending, asked = typed("RUN", "--json", "--quiet")
    assert json.loads(ending.stdout) == {"sentence": "It hardly helps.", "page": "page.html"}
    assert asked["sizes"] is None and asked["draws"] == 20


@pytest.mark.parametrize("sizes", ["", "a,b", "20,-4", "1.5,3", "²,3", ","])
def test_sizes_that_are_no_numbers_are_refused(typed, sizes):
    ending, _ = typed("RUN", "--sizes", sizes, "--quiet")
    assert isinstance(ending.exception, InputError) and "20,40,80,160" in ending.exception.remedy
