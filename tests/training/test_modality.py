"""Which kind of picture this is, and what may change in it."""

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from wetread.dataset.table import Row
from wetread.images.facts import ImageFacts
from wetread.training.modality import RANGES, augment_for, modality_of
from wetread.training.ranges import Augment


def row(code=None, picture=None, **extra):
    facts = ImageFacts("DICOM" if code else "PNG", 64, 64, 8, "grey", 100, modality=code)
    return Row("a.png", "a.png", label="a", facts=facts, picture=picture, extra=extra)


def disc(colour, ground):
    """A round picture on a ground, as a fundus camera makes it."""
    row, column = np.mgrid[-1:1:96j, -1:1:96j]
    return np.where((row**2 + column**2 < 0.9)[..., None], colour, ground).astype(np.uint8)


@pytest.mark.parametrize(
    ("code", "word"),
    [("CR", "radiograph"), ("DX", "radiograph"), ("CT", "ct"), ("MR", "mri"), ("US", "ultrasound"),
     ("MG", "mammography"), ("OP", "fundus"), ("SM", "microscopy"), ("XC", "photograph"), ("PT", "unknown")],
)  # fmt: skip
def test_the_header_tells(code, word):
    assert modality_of([row(code)] * 3) == word


def test_a_column_of_the_table_tells_where_there_is_no_header():
    assert modality_of([row(Modality="X-ray")] * 3) == "radiograph"
    assert modality_of([row(modality="MR")] * 3) == "mri"
    assert modality_of([row(modality="site 3")] * 3) == "unknown"


def test_a_mixed_set_gets_the_careful_ranges():
    assert modality_of([row("CT")] * 9 + [row("MR")]) == "unknown"
    assert modality_of([row("CT")] * 39 + [row("MR")]) == "ct"
    # One header among many files without one says nothing about these.
    assert modality_of([row("CT")] + [row(picture=np.zeros((8, 8), np.uint8))] * 9) == "unknown"


def test_colour_and_shape_tell_an_eye_ground_and_stained_tissue_and_nothing_else():
    red, black, white = (170, 80, 30), (0, 0, 0), (255, 255, 255)
    assert modality_of([row(picture=disc(red, black))] * 4) == "fundus"
    assert modality_of([row(picture=disc((200, 120, 190), (235, 215, 235)))] * 4) == "microscopy"
    assert modality_of([row(picture=disc((200, 150, 130), (190, 140, 120)))] * 4) == "unknown"  # skin
    assert modality_of([row(picture=disc(red, white))] * 4) == "unknown"
    assert modality_of([row(picture=disc(red, black)[..., 0])] * 4) == "unknown"  # grey
    assert modality_of([]) == "unknown"


@pytest.mark.parametrize("modality", RANGES)
def test_sides_are_mixed_up_only_where_the_question_was_answered(modality):
    sideless = modality in ("dermoscopy", "microscopy")
    for laterality in ("matters", "unknown", "free"):
        ranges, reasons = augment_for(modality, laterality)
        assert set(reasons) == {entry.name for entry in fields(Augment)} and all(reasons.values())
        assert bool(ranges.mirror) == (laterality == "free" or (sideless and laterality == "unknown"))
        # Upside down and turned is mirrored: flips go with the sides, turns keep them.
        assert bool(ranges.flip) == (sideless and laterality != "matters")
        assert bool(ranges.turns) == sideless
        assert ranges.erasing == 0


@pytest.mark.parametrize("modality", RANGES)
def test_colours_change_only_where_there_are_any_and_where_somebody_said_which(modality):
    colours = ("saturation", "hue", "stain")
    grey, reasons = augment_for(modality, "free")
    assert not grey.recolours and all("sees no colours" in reasons[name] for name in colours)
    seen, reasons = augment_for(modality, "free", coloured=True)
    on = {name for name in colours if getattr(seen, name)}
    assert on == (
        {"stain"}
        if modality == "microscopy"
        else {"saturation", "hue"}
        if modality in ("fundus", "dermoscopy", "photograph")
        else set()
    )
    assert all(reasons[name].startswith("off: ") == (name not in on) for name in colours)


def test_the_reason_says_how_to_answer():
    assert "--laterality" in augment_for("radiograph")[1]["mirror"]
    assert "you said" in augment_for("radiograph", "free")[1]["mirror"]
    assert "off" not in augment_for("microscopy")[1]["turns"]


def test_what_nobody_names_is_treated_as_a_radiograph():
    assert augment_for("unknown")[0] == augment_for("something else")[0] == augment_for("radiograph")[0] == Augment()


def test_planning_loads_no_torch():
    code = "import sys, wetread.training.modality, wetread.training.recipes; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.parametrize("kind", RANGES)
def test_a_range_is_a_number_with_a_point(kind):
    """A whole number as the planned value would refuse `rotation=0.0`, which every recipe says."""
    for one in fields(Augment):
        planned, usual = getattr(RANGES[kind], one.name), getattr(Augment(), one.name)
        assert type(planned) is type(usual), one.name
