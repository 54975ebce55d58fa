"""A model with a run folder around it, made in a second, and data sets to test it on."""

import numpy as np
from evaluation.fake_runs import predictions as of_two
from fake.pictures import write_png

from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.findings import label_matrix
from wetread.dataset.fingerprints import FILE, known_pixels, pack_fingerprints, take_fingerprints
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.evaluation.evaluate import evaluate
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.findings import evaluate_findings
from wetread.main_job.external_drop import numbers_to_keep
from wetread.model.classifier import Classifier
from wetread.model.features import classical_features
from wetread.model.linear import LinearFit
from wetread.run_folder import FINISHED, RunFolder


def picture(random, *marks):
    """A noisy square; each mark is a bright disc in a corner of its own."""
    y, x = np.mgrid[:48, :48]
    grey = random.normal(90, 12, (48, 48)) + random.normal(0, 12)
    for mark in marks:
        grey += random.uniform(10, 45) * ((x - 14 - 20 * (mark % 2)) ** 2 + (y - 14 - 20 * (mark // 2)) ** 2 < 40)
    return np.clip(grey, 0, 255).astype(np.uint8)


def write_set(root, *, per_class=20, seed=0, classes=("ill", "well"), first_patient=1, patients=True):
    """Class folders, or with patients a table: label.csv with a column patient, two images each."""
    random = np.random.default_rng(seed)
    lines = ["image,label,patient"]
    number = 0
    for column, name in enumerate(classes):
        for place in range(per_class):
            path = root / name / f"{seed}-{place:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_png(path, picture(random, *((column,) if column != 1 else ())))
            lines.append(f"{name}/{path.name},{name},H{first_patient + number // 2}")
            number += 1
    if patients:
        (root / "labels.csv").write_text("\n".join(lines) + "\n")
    return root


def write_findings(root, *, images=40, seed=0, findings=("mass", "nodule"), blank=False):
    """A table with a column for each finding."""
    random = np.random.default_rng(seed)
    lines = [",".join(("image", "patient", *findings))]
    (root / "images").mkdir(parents=True)
    for number in range(images):
        there = [int(random.random() < 0.5) for _ in findings]
        write_png(root / "images" / f"{number:03d}.png", picture(random, *[n for n, one in enumerate(there) if one]))
        marks = ["" if blank and number % 7 == 0 and column else str(one) for column, one in enumerate(there)]
        lines.append(",".join((f"images/{number:03d}.png", f"Q{seed}-{number}", *marks)))
    (root / "labels.csv").write_text("\n".join(lines) + "\n")
    return root


def read(root):
    table = scan(root)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    assign_groups(rows, find_duplicates(rows))
    return table, rows


def make_run(root, out):
    """A run folder with all that an external test asks of one; its numbers come from the images it was fitted on."""
    table, rows = read(root)
    pictures = [row.picture for row in rows]
    features = classical_features(pictures).astype(float)
    classes = tuple(table.findings or table.classes)
    labels = label_matrix(rows, classes) if table.multi else np.array([classes.index(row.label) for row in rows])
    part = LinearFit("classical", features, labels, len(classes)).at(1e-4)
    positive = classes[0] if len(classes) == 2 and not table.multi else None
    task = "multilabel" if table.multi else "binary" if positive else "multiclass"
    cuts = (0.5,) * len(classes) if table.multi else ()
    model = Classifier(
        classes,
        positive,
        "classical",
        [part],
        task,
        thresholds=cuts,
        threshold=0.5 if positive else None,
        points={"youden": cuts or (0.5,)} if cuts or positive else {},
    )
    numbers = {"task": task, "classes": list(classes), "positive": positive, "estimate": "locked test", "gate": "green"}
    numbers |= {"grouping": table.grouping, "n": {"images": len(rows), "patients": 20, "per_class": {}}}
    p = model.probabilities(pictures)
    if table.multi:
        who = [[row.image for row in rows], [row.patient for row in rows], [row.group for row in rows]]
        made = FindingPredictions(classes, *who, ["test"] * len(rows), [""] * len(rows), labels.astype(float), p)
        metrics = evaluate_findings(made, resamples=200)["metrics"]
        numbers["headline"] = {"mean_over": list(classes), **metrics["auroc"]}
    else:
        made = of_two(1 - labels, p[:, 0], images=[row.image for row in rows]) if positive else None
        metrics = evaluate(made, resamples=200)["metrics"] if positive else {"auroc": {"value": 1, "low": 1, "high": 1}}
        numbers["headline"] = metrics["auroc"]
    numbers |= {"metrics": metrics, "operating_point": {"rule": "youden"}}
    model.facts = {"known_pixels": known_pixels(rows), "grouping": table.grouping, "numbers": numbers_to_keep(numbers)}
    folder = RunFolder.create(out)
    folder.write_json("numbers.json", numbers)
    folder.write_json("findings.json", [])
    if made is not None:
        folder.write_text("predictions.csv", made.to_csv())
    for row in rows:
        row.split = "train"
    folder.write_text("images.csv", table.to_csv())
    folder.write_bytes(FILE, pack_fingerprints(take_fingerprints(rows)))
    model.save(folder.path / "model")
    folder.write_status(FINISHED, data="home", seed=0, preset="quick", command=["wetread"])
    folder.close()
    return folder.path
