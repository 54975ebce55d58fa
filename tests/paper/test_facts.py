"""What is read of a run folder, and what is refused."""

import pytest

from paper.paper_run import CLASSES, IMAGES, build, numbers
from wetread.errors import InputError
from wetread.paper.facts import read_facts
from wetread.run_folder import RunFolder


def test_the_counts_of_the_folder(facts):
    assert len(facts.images) == len(IMAGES)
    assert facts.patients == 6
    assert facts.positive == "effusion"
    assert facts.excluded == {}
    assert facts.beside == {"no image by its content": 1}
    assert facts.methods == ["patient bootstrap BCa, 2000 resamples", "Wilson", "by definition"]


def test_a_check_is_refused_with_what_to_do(folder):
    (folder.path / "numbers.json").unlink()
    with pytest.raises(InputError) as caught:
        read_facts(folder)
    assert caught.value.code == "no-numbers"
    assert "wetread run" in caught.value.remedy


@pytest.mark.parametrize(("name", "content"), [("numbers.json", "{}"), ("numbers.json", "[1]"), ("images.csv", "")])
def test_damaged_files_are_refused(name, content, folder):
    (folder.path / name).write_text(content)
    with pytest.raises(InputError):
        read_facts(folder)


def test_optional_files_may_be_missing_or_damaged(folder):
    for name in ("plan.yaml", "fingerprint.json", "findings.json"):
        (folder.path / name).unlink()
    (folder.path / "trust.json").write_text("{not json")
    (folder.path / "readers.json").write_text("[1, 2]")
    found = read_facts(folder)
    assert found.plan == {}
    assert found.trust == found.findings == ()
    assert found.readers == {}


def test_reasons_lose_the_names_they_hold(tmp_path):
    skipped = [("scans/x1.png", "not named in Mueller-labels.csv"), ("scans/x2.png", "'-looks like scans/b7.png")]
    found = read_facts(build(tmp_path / "run", skipped=skipped))
    assert found.excluded == {"-looks like a file": 1, "not named in the table of labels": 1}


def test_findings_of_an_image_are_those_in_question(tmp_path):
    stored = numbers(task="multilabel", positive=None, classes=["a", "b"])
    folder = build(tmp_path / "run", ("a|rare", "rare"), stored=stored)
    found = read_facts(folder)
    assert {image.names for image in found.images} == {("a",), ("no finding",)}


def test_formulas_are_read_as_they_were_written(tmp_path):
    stored = numbers(("=1+1", CLASSES[1]))
    folder = build(tmp_path / "run", ("'=1+1", CLASSES[1]), stored=stored)
    assert {name for image in read_facts(folder).images for name in image.names} == {"=1+1", CLASSES[1]}


def test_external_tests_lie_in_their_own_folders_and_are_not_named(folder):
    for name in ("Hospital Mueller", "broken"):
        (folder.path / "external" / name).mkdir(parents=True)
    there = RunFolder(folder.path / "external" / "Hospital Mueller")
    there.write_json("numbers.json", {"metrics": {"auroc": {"value": 0.7}}, "n": {"images": 20}})
    there.write_json("external.json", {"rows": [{"name": "auroc", "difference": {"value": -0.2}}]})
    (folder.path / "external" / "broken" / "external.json").write_text("{")
    expected = {"metrics": {"auroc": {"value": 0.7}}, "n": {"images": 20}, "change": {"value": -0.2}}
    assert read_facts(RunFolder.open(folder.path)).external == (expected,)
