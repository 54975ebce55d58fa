"""How often the checks WR301 to WR308 fire where nothing is wrong, and where something is: a table as Markdown.

    python bench/audit.py [--seeds 50] [--power 20] [--keep FOLDER] [--out docs/false_alarms.md]

Sets of 120 phantoms of 80 patients. Honest: all knobs at 0. Traps: the knobs of the phantoms, or, planted into honest
sets after reading, what people do to pictures: a frame, a date, another size, one site per class. A planted trap holds
for 90 % of one class and 10 % of the other. Sets are kept in FOLDER, so that a second run need not draw them.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wetread.checks.finding import AMBER, RED, Audit
from wetread.checks.run_checks import run_checks
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.split import cross_validation, encode
from wetread.outcome import say_percent
from wetread.phantoms.dataset import make_chest_effusion
from wetread.phantoms.knobs import ChestKnobs
from wetread.probes.run_probes import run_probes
from wetread.writing import atomic_write

IMAGES, PATIENTS = 120, 80
CODES = [f"WR30{number}" for number in range(1, 9)]
#: name -> knobs, side of the pictures. Rings round letters need the size that is worked with.
DRAWN = {
    "honest": ({}, 128),
    "shortcut": ({"shortcut_strength": 0.9}, 320),
    "scanner": ({"scanner_mix": 0.9}, 128),
}
STRENGTH = 0.9
#: Row of a planted date: in the air above the shoulder, or white over the white belly, where nobody reads it either.
DATES = {"date above": 4, "date below": 290}


def read(folder, name, seed):
    knobs, size = DRAWN[name]
    place = folder / f"{name}-{size}-{seed}"
    if not (place / "labels.csv").exists():
        make_chest_effusion(place, images=IMAGES, patients=PATIENTS, seed=seed, size=size, knobs=ChestKnobs(**knobs))
    table = scan(place)
    read_images(table)
    assign_patients(table)
    rows = rows_with_pictures(table)
    pairs = find_duplicates(rows)
    assign_groups(rows, pairs)
    return table, rows, pairs


def findings(table, rows, pairs, seed):
    classes = sorted({row.label for row in rows})
    folds = cross_validation(rows, classes, folds=5, repeats=1, seed=seed)
    labels, _ = encode(rows, classes)
    started = time.perf_counter()
    probes = run_probes(rows, labels, len(classes), folds)
    seconds = time.perf_counter() - started
    audit = Audit(table, rows, classes, pairs, "cross-validation", [], [], folds, 0, probes)
    found = {finding.code: finding.severity for finding in run_checks(audit)}
    return {code: found[code] for code in CODES if code in found}, seconds


def plant(rows, kind, seed):
    """Copies of the rows with a trap that follows the label nine times of ten."""
    rng = np.random.default_rng([seed, 77])
    changed = []
    for row in rows:
        has = (row.label == "effusion") == (rng.random() < STRENGTH)
        picture, facts, extra = row.picture.copy(), row.facts, row.extra
        if kind == "site":
            extra = {**extra, "hospital": "north" if has else "south"}
        elif kind == "width" and has:
            facts = dataclasses.replace(facts, width=facts.width + 16, bytes=facts.bytes + 4096)
        elif kind == "frame" and has:
            thick = round(0.03 * len(picture))
            picture[:thick], picture[-thick:], picture[:, :thick], picture[:, -thick:] = (255,) * 4
        elif kind in DATES and has:
            image = Image.fromarray(np.asarray(Image.fromarray(picture).resize((320, 320))))
            font = ImageFont.load_default(14)
            ImageDraw.Draw(image).text((12, DATES[kind]), "12.03.2019 PORTABLE", fill=255, font=font)
            picture = np.asarray(image)
        elif kind in DATES:
            picture = np.asarray(Image.fromarray(picture).resize((320, 320)))
        changed.append(dataclasses.replace(row, picture=picture, facts=facts, extra=extra))
    return changed


def count(folder, name, seeds, kind=""):
    fired, alarms, seconds = Counter(), Counter(), []
    for seed in range(seeds):
        table, rows, pairs = read(folder, name, seed)
        found, spent = findings(table, plant(rows, kind, seed) if kind else rows, pairs, seed)
        seconds.append(spent)
        fired.update(found.keys())
        alarms.update(code for code, severity in found.items() if severity in (AMBER, RED))
        print(f"{name} {kind} {seed}: {found} {spent:.1f} s", flush=True)
    return {code: (alarms[code], fired[code]) for code in CODES}, seeds, float(np.median(seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--power", type=int, default=20)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = options.keep or Path(place)
        counted = [("nothing (all knobs at 0)", *count(folder, "honest", options.seeds))]
        counted += [
            (f"`{knob}` 0.9", *count(folder, name, options.power))
            for name, knob in (("scanner", "scanner_mix"), ("shortcut", "shortcut_strength"))
        ]
        counted += [
            (what, *count(folder, "honest", options.power, kind))
            for kind, what in (
                ("width", "width and bytes, planted"),
                ("frame", "white frame, planted"),
                ("site", "one hospital per class, planted"),
                ("date above", "date and word on dark ground, planted"),
                ("date below", "date and word over the bright belly, planted"),
            )
        ]
    text = table_of(counted)
    print(text)
    if options.out:
        atomic_write(options.out, text.encode())


def table_of(counted):
    lines = [
        "# False alarms and power of the checks WR301 to WR308",
        "",
        f"Made by `bench/audit.py`: sets of {IMAGES} phantoms of {PATIENTS} patients, one seed each. Each cell:",
        "sets in which the check was amber or red, then, where it is more, sets in which it said anything (information",
        "included). A planted trap, like a knob at 0.9, holds for nine images of ten in one class.",
        "",
        "| what is wrong | sets | " + " | ".join(CODES) + " | seconds |",
        "|---|---|" + "---|" * len(CODES) + "---|",
    ]
    for what, cells, seeds, seconds in counted:
        shown = [
            say_percent(alarms / seeds) + (f" ({say_percent(said / seeds)})" if said > alarms else "")
            for alarms, said in (cells[code] for code in CODES)
        ]
        lines.append(f"| {what} | {seeds} | " + " | ".join(shown) + f" | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
