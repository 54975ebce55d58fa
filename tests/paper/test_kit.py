"""The kit as a whole: its files, what is not in them, and that they can be made again."""

import csv
import json
import zipfile

import pytest

from paper.paper_run import CLASSES, build, numbers
from wetread.errors import InputError
from wetread.paper.kit import write_paper
from wetread.run_folder import RunFolder

FILES = {
    "paper.md", "paper.html", "paper.docx", "flow.svg", "flow.png", "table1.csv", "results.csv",
    "claim-2024.csv", "tripod-ai.csv", "stard-ai.csv",
}  # fmt: skip


KAPPA = {"value": 0.6, "low": 0.5, "high": 0.7, "level": 0.95, "method": "x"}


def everything(place):
    """All text of the kit, that of the Word file included."""
    texts = {}
    for path in sorted(place.iterdir()):
        if path.suffix == ".docx":
            with zipfile.ZipFile(path) as packed:
                texts[path.name] = packed.read("word/document.xml").decode("utf-8")
        elif path.suffix != ".png":
            texts[path.name] = path.read_text(encoding="utf-8")
    return texts


def test_all_files_and_no_name_of_file_or_patient(folder):
    place = write_paper(folder)
    assert {path.name for path in place.iterdir()} == FILES
    for name, text in everything(place).items():
        for secret in ("MUELLER", "ANNA", "P-B", "scans", "b7", "c8.png", "secret-folder-name", "notes.txt"):
            assert secret not in text, (name, secret)


def test_twice_the_same_bytes(folder):
    first = {path.name: path.read_bytes() for path in write_paper(folder).iterdir()}
    again = {path.name: path.read_bytes() for path in write_paper(RunFolder.open(folder.path)).iterdir()}
    assert first == again


def test_names_of_classes_stay_text(tmp_path):
    names = ("<script>alert(1)</script>", "=1+[AUTHOR: x]|*_")
    stored = numbers(names)
    place = write_paper(build(tmp_path / "run", (names[0], "'" + names[1]), stored=stored))
    texts = everything(place)
    assert "<script" not in texts["paper.html"] + texts["paper.docx"] + texts["flow.svg"]
    assert "<script" not in texts["paper.md"].replace("\\<script", "")
    assert "[AUTHOR: x]" not in "".join(texts.values())
    for name in ("table1.csv", "results.csv", "claim-2024.csv"):
        with (place / name).open(encoding="utf-8", newline="") as handle:
            assert not [cell for row in csv.reader(handle) for cell in row if cell[:1] in "=+@\t\r" and cell]


def test_the_text_counts_its_own_gaps(folder):
    text = (write_paper(folder) / "paper.md").read_text(encoding="utf-8")
    body = text[text.index("## Methods") : text.index("## Figure and tables")]
    discussion = text[text.index("## Discussion") : text.index("## Reporting checklists")]
    gaps = body.count("[AUTHOR: ") + discussion.count("[AUTHOR: ")
    assert f"{gaps} places in the text are left for you." in text


def test_small_counts_are_shown_when_asked_for(folder):
    hidden = (write_paper(folder) / "table1.csv").read_text(encoding="utf-8")
    shown = (write_paper(folder, small_counts=True) / "table1.csv").read_text(encoding="utf-8")
    assert "<5" in hidden
    assert "<5" not in shown


def test_a_check_has_no_paper(folder):
    (folder.path / "numbers.json").unlink()
    with pytest.raises(InputError, match="no model was tested"):
        write_paper(folder)
    assert not (folder.path / "paper").exists()


def test_later_files_of_a_run_are_used(folder):
    trust = [
        {"name": "size", "title": "Enough", "light": "red", "evidence": "3 patients of scans/b7.png.", "improve": "x"}
    ]
    folder.write_json("trust.json", trust)
    folder.write_json("learning_curve.json", {"sentence": "Twice the cases may give an AUROC of 0.92"})
    folder.write_json(
        "readers.json", {"n": {"readers": 4}, "agreement": {"effusion": {"fleiss": KAPPA, "pairs": [{"a": "MUELLER"}]}}}
    )
    text = (write_paper(folder) / "paper.md").read_text(encoding="utf-8")
    assert "3 patients of a file" in text
    assert "Twice the cases may give an AUROC of 0.92." in text
    assert "Agreement between 4 readers was: effusion Fleiss' kappa 0.60 (95 % CI 0.50 to 0.70)" in text


def test_a_real_run(finished_run, tmp_path):
    import shutil

    copied = tmp_path / "run"
    shutil.copytree(finished_run.folder, copied, ignore=shutil.ignore_patterns("folds", "lock", "paper"))
    text = (write_paper(RunFolder.open(copied)) / "paper.md").read_text(encoding="utf-8")
    stored = json.loads((copied / "numbers.json").read_text(encoding="utf-8"))
    assert f"{stored['n']['images']} labelled images of {stored['n']['patients']} patients" in text
    assert "SYN-0" not in text
    assert ".dcm" not in text
    assert CLASSES[0] in text
