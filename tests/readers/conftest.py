"""A run as far as `readers` looks into it: its numbers and its held-out predictions."""

import json

import pytest


@pytest.fixture
def write_run(tmp_path):
    """Writes a run folder from rows of (image, truth, called, p of the positive class)."""

    def write(rows, classes=("effusion", "normal"), positive="effusion", split="cv"):
        folder = tmp_path / "run"
        folder.mkdir()
        (folder / "run.json").write_text('{"status": "finished"}')
        numbers = {"task": "binary", "classes": list(classes), "positive": positive}
        numbers["operating_point"] = {"rule": "youden", "threshold": 0.5}
        (folder / "numbers.json").write_text(json.dumps(numbers))
        lines = [f"image,patient,split,fold,truth,predicted,p_{classes[0]},p_{classes[1]},threshold,group,status"]
        for number, (image, truth, called, p) in enumerate(rows):
            lines.append(f"{image},P{number},{split},1,{truth},{called},{p},{1 - p},0.5,G{number},")
        (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
        return folder

    return write


@pytest.fixture
def write_findings_run(tmp_path):
    """Writes a run with several findings from rows of (image, {finding: p}); called from 0.5 on."""

    def write(rows, findings):
        folder = tmp_path / "run"
        folder.mkdir()
        (folder / "run.json").write_text('{"status": "finished"}')
        numbers = {"task": "multilabel", "classes": findings, "positive": None, "operating_point": {"rule": "f1"}}
        (folder / "numbers.json").write_text(json.dumps(numbers))
        columns = [f"{kind}_{name}" for name in findings for kind in ("truth", "p", "called", "threshold")]
        lines = [",".join(["image", "patient", "split", "fold", *columns, "group", "status"])]
        for number, (image, chances) in enumerate(rows):
            cells = [str(cell) for name in findings for cell in (0, chances[name], int(chances[name] >= 0.5), 0.5)]
            lines.append(",".join([image, f"P{number}", "test", "", *cells, f"G{number}", ""]))
        (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
        return folder

    return write
