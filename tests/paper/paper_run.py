"""A run folder written by hand, small enough to count on fingers: 6 patients, 8 labelled images, 3 others.

Patients of ``effusion``: A (2 images), B, C, F; of ``no_effusion``: D (2 images), E, F. F has both.
"""

import csv
import io
import json

from wetread.run_folder import RunFolder

CLASSES = ("effusion", "no_effusion")

#: image, class number, patient, sex, age, view
IMAGES = (
    ("scans/MUELLER_1.png", 0, "MUELLER^ANNA", "F", "063Y", "PA"),
    ("scans/MUELLER_2.png", 0, "MUELLER^ANNA", "F", "064Y", "AP"),
    ("scans/b7.png", 0, "P-B", "f", "41", "PA"),
    ("scans/c8.png", 0, "P-C", "M", "55", "PA"),
    ("scans/d9.png", 1, "P-D", "M", "30", "PA"),
    ("scans/d10.png", 1, "P-D", "M", "30", "PA"),
    ("scans/e11.png", 1, "P-E", "", "", "PA"),
    ("scans/f12.png", 0, "P-F", "female", "70", "PA"),
    ("scans/f13.png", 1, "P-F", "female", "70", "PA"),
)


def interval(value, low, high, method="patient bootstrap BCa, 2000 resamples", n=6):
    return {"value": value, "low": low, "high": high, "level": 0.95, "method": method, "n": n}


def numbers(classes=CLASSES, **changes):
    found = {
        "task": "binary",
        "classes": list(classes),
        "positive": classes[0],
        "grouping": "column",
        "estimate": "cross-validation",
        "n": {
            "images": 9,
            "patients": 6,
            "per_class": {classes[0]: 5, classes[1]: 4},
            "patients_per_class": {classes[0]: 4, classes[1]: 3},
        },
        "headline": {"name": "auroc", **interval(0.9, 0.7, 0.97)},
        "metrics": {
            "auroc": interval(0.9, 0.7, 0.97),
            "sensitivity": interval(0.8, 0.4, 0.96, "Wilson", 5),
            "specificity": interval(0.75, 0.3, 0.95, "Wilson", 4),
        },
        "per_class": {},
        "models": {
            "prevalence": {"auroc": {"value": 0.5, "low": 0.5, "high": 0.5, "method": "by definition"}},
            "file properties": {"auroc": interval(0.55, 0.3, 0.7), "sees": "the size of the files"},
            "classical": {"auroc": interval(0.9, 0.7, 0.97)},
            "selected": {"auroc": interval(0.9, 0.7, 0.97)},
        },
        "chosen": {"classical": 3},
        "shipped": "classical",
        "repeats": {"auroc": [0.9]},
        "operating_point": {"rule": "youden", "threshold": 0.4321},
        "calibration": {"slope": 1.2, "intercept": -0.1, "ece": 0.05, "ece_if_perfect": 0.06},
        "confusion": {"classes": list(classes), "matrix": [[4, 1], [1, 3]]},
        "curves": [],
        "subgroups": [],
        "weights": [],
    }
    return found | changes


PLAN = {
    "folds": 3, "repeats": 1, "inner_folds": 3, "rungs": ["classical"], "choice": "by gain", "view": "brain",
    "frame": "middle", "modality": "ct", "seed": 0, "operating_point": "youden", "calibration": "temperature",
    "resamples": 2000, "cases": 2, "uncertain": "leave out",
}  # fmt: skip

WEIGHTS = {
    "name": "resnet18.a1_in1k",
    "network": "resnet18",
    "licence": "Apache-2.0: free to use.",
    "cite": "Wightman R. ResNet strikes back. arXiv 2110.00476.",
    "used_by": ["frozen"],
}


def build(path, classes=CLASSES, *, splits=None, stored=None, plan=None, skipped=(), extra=True):
    """Writes the folder and returns it.

    Args:
        path: Where.
        classes: Names of the two classes.
        splits: One of train and test per image; cv for all by default.
        stored: numbers.json; by default that of `numbers`.
        plan: Decisions other than `PLAN`.
        skipped: (image, reason) of further rows.
        extra: Whether the table has sex, age and view.
    """
    folder = RunFolder.create(path)
    folder.write_status("finished", seed=0, device="cpu", grouping="column", data="secret-folder-name")
    folder.write_json("numbers.json", stored or numbers(classes))
    folder.write_json(
        "fingerprint.json", {"imbalance": 1.25, "cores": 2, "memory": 8.0, "device": "cpu", "inverted": 0.5}
    )
    sentence = "scans/b7.png and c8.png of P-B look alike."
    folder.write_json(
        "findings.json",
        [{"code": "WR102", "severity": "amber", "title": "Copies", "sentence": sentence, "images": ["scans/b7.png"]}],
    )
    decisions = {name: {"value": value, "reason": ""} for name, value in (PLAN | (plan or {})).items()}
    folder.write_text("plan.yaml", json.dumps(decisions))
    folder.write_text("images.csv", _table(classes, splits or ["cv"] * len(IMAGES), skipped, extra))
    folder.close()
    return folder


def add_external(folder, name="Hospital Mueller", *, change=None):
    """A test elsewhere, as `wetread evaluate` leaves it below a run."""
    there = RunFolder(folder.path / "external" / name)
    there.write_json("numbers.json", {"metrics": {"auroc": interval(0.7, 0.5, 0.8)}, "n": {"images": 20}})
    there.write_json("external.json", {"rows": [{"name": "auroc", "difference": change}]})


def _table(classes, splits, skipped, extra):
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    head = ["image", "label", "patient", "group", "split", "fold", "sha256", "status", "reason"]
    writer.writerow(head + (["Sex", "PatientAge", "view"] if extra else []))
    for (image, number, patient, *told), split in zip(IMAGES, splits, strict=True):
        row = [image, classes[number], patient, "G1", split, "1", "ff", "used", ""]
        writer.writerow(row + (told if extra else []))
    rows = (("notes.txt", "companion: no image by its content"), *skipped)
    for image, reason in rows:
        writer.writerow([image, "", "", "", "", "", "", "skipped", reason] + ([""] * 3 if extra else []))
    return buffer.getvalue()
