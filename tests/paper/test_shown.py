"""How grey values came about is told as it was done: pictures of 8 bits know no window."""

import pytest

from paper.paper_run import build
from wetread.paper.facts import read_facts
from wetread.paper.methods_data import describe_data
from wetread.paper.references import References


def preprocessing(tmp_path, planned, **facts):
    folder = build(tmp_path / "run", plan={"view": planned})
    folder.write_status("finished", seed=0, device="cpu", grouping="column", **facts)
    found = read_facts(folder)
    return {passage.key: passage.text for passage in describe_data(found, References())}["preprocessing"]


@pytest.mark.parametrize("view", ["file", "percentiles", "full"])
@pytest.mark.parametrize(
    "facts",
    [
        {"shown": {"as stored": 9}},
        {"view": {"values": "file", "reason": "pictures of 8 bits are shown as stored"}},
    ],
)
def test_pictures_of_8_bits_are_told_as_stored(tmp_path, view, facts):
    told = preprocessing(tmp_path, view, **facts)
    assert told.startswith("Pictures of 8 bits were used as stored")
    assert "percentile" not in told and "look-up table" not in told


def test_some_of_them_are_counted_beside_the_view(tmp_path):
    told = preprocessing(tmp_path, "file", shown={"window": 8, "as stored": 1})
    assert told.startswith("1 picture of 8 bits was used as stored. Stored values were shown with the window")


def test_deeper_files_are_told_by_the_view_alone(tmp_path):
    told = preprocessing(tmp_path, "percentiles", shown={"percentiles": 9})
    assert told.startswith("Grey values were scaled to the range between the 0.5th and 99.5th")
