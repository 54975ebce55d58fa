"""A run folder written by hand, and its facts."""

import pytest

from paper.paper_run import build
from wetread.paper.facts import read_facts


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "run")


@pytest.fixture
def facts(folder):
    return read_facts(folder)
