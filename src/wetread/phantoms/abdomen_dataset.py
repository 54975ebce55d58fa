"""A seeded folder of simulated radiographs, half chests and half abdomens: the easiest task there is.

It is the task of "Hello World Deep Learning in Medical Imaging" (Lakhani et al., J Digit Imaging 2018; 31: 283-289). In
the public pictures used there the two kinds differ in width and height, so that a model may answer without having
looked at the anatomy. Here both have the same size, fields from the same range, and a header without body part and
view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetread.phantoms.abdomen import render_abdomen
from wetread.phantoms.chest import DEFAULT_SIZE, render_chest
from wetread.phantoms.collection import check_counts, deal_evenly, draw_all, image_counts, write_table
from wetread.phantoms.knobs import ChestKnobs
from wetread.phantoms.lesions import Lesions
from wetread.phantoms.patient import draw_patient
from wetread.phantoms.radiograph import Caption, dicom_bytes
from wetread.phantoms.vendor import model_name
from wetread.writing import atomic_write

COLUMNS = ("image", "label", "patient", "sex", "age")
ABDOMEN, CHEST = "abdomen", "chest"
README = """Simulated frontal radiographs of the chest (upright) and of the abdomen (lying on the back).

All images are SYNTHETIC: computed from ellipsoids, tubes and outlines, no patient was imaged.
Research and teaching only. Not for diagnosis, and no evidence of how a model performs on patients.

Made by wetread.phantoms.abdomen_dataset.make_chest_abdomen
images {images}, patients {patients}, seed {seed}, size {size} x {size}
{knobs}

images/     DICOM (CR, 12 bit); about one in three is MONOCHROME1; body part and view are left empty
labels.csv  image, label (abdomen or chest), patient, sex, age (years)

All images have the same number of rows and columns. In the public pictures that are often used for this task they
differ between the classes, and that alone tells most of the answers.
"""


@dataclass(frozen=True)
class PlannedRegion:
    """What is decided about one image before it is drawn.

    Args:
        patient: Number from 1.
        image: Number of the image of this patient, from 1.
        abdomen: Whether the abdomen is imaged.
        labelled: Whether the table says so; the same but for label noise.
        inverted: Whether it is stored as MONOCHROME1.
        sex: ``F`` or ``M``.
        age: Years.
    """

    patient: int
    image: int
    abdomen: bool
    labelled: bool
    inverted: bool
    sex: str
    age: int

    @property
    def name(self) -> str:
        """File name without ending; says nothing about the label."""
        return f"A{self.patient:03d}_{self.image:02d}"


def make_chest_abdomen(
    folder: Path,
    *,
    images: int = 80,
    patients: int = 80,
    seed: int = 2026,
    size: int = DEFAULT_SIZE,
    knobs: ChestKnobs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Writes a folder of simulated chest and abdomen radiographs.

    Args:
        folder: Where ``images/``, ``labels.csv`` and ``README.txt`` go.
        images: How many images, at least as many as patients and at most three for each.
        patients: How many patients; one with several images may have both kinds.
        seed: The same seed gives the same bytes (with the same versions of NumPy, SciPy and pydicom).
        size: Pixels along each edge, 64 to 1024, the same for both kinds.
        knobs: What a teacher may turn: noise, label noise, and shortcut or scanner mix, tied to the abdomen.
        progress: Called with (images done, images in all), from the calling thread.

    Returns:
        The path of ``labels.csv``.

    Raises:
        InputError: The numbers do not fit together.
        OutputError: The folder cannot be written.

    Example:
        >>> make_chest_abdomen(Path("regions"), images=20, patients=20)  # doctest: +SKIP
    """
    check_counts(images, patients, size)
    knobs = knobs or ChestKnobs()

    def make(item: PlannedRegion) -> dict[str, str]:
        return _make_image(folder, item, seed, size, knobs)

    rows = draw_all(plan_regions(images, patients, seed, knobs), make, progress)
    readme = README.format(images=images, patients=patients, seed=seed, size=size, knobs=knobs)
    return write_table(folder, COLUMNS, rows, readme)


def plan_regions(images: int, patients: int, seed: int, knobs: ChestKnobs) -> list[PlannedRegion]:
    """Decides who gets how many images of what, by patient and image number; half of them are abdomens.

    Args:
        images: Number of images.
        patients: Number of patients.
        seed: Seed of the data set.
        knobs: For the label noise.
    """
    rng = np.random.default_rng([seed, 20])
    of = np.repeat(np.arange(patients), image_counts(images, patients, rng))
    abdomen = rng.permutation(np.arange(images) % 2 == 0)
    female, age, inverted = deal_evenly(rng, abdomen[:, None], [int(number) for number in of])
    wrong = rng.random(images) < knobs.label_noise
    return [
        PlannedRegion(
            patient=int(patient) + 1,
            image=at - int(np.searchsorted(of, patient)) + 1,
            abdomen=bool(abdomen[at]),
            labelled=bool(abdomen[at] ^ wrong[at]),
            inverted=bool(inverted[at]),
            sex="F" if female[patient] else "M",
            age=int(age[patient]),
        )
        for at, patient in enumerate(of)
    ]


def _make_image(folder: Path, item: PlannedRegion, seed: int, size: int, knobs: ChestKnobs) -> dict[str, str]:
    """Draws and writes one image; returns its row of the table."""
    patient = draw_patient(np.random.default_rng([seed, 21, item.patient]), sex=item.sex, age=item.age)
    rng = np.random.default_rng([seed, 23, item.patient, item.image])
    vendor = knobs.vendor(item.labelled, np.random.default_rng([seed, 24, item.patient, item.image]))
    framed = knobs.framed_chance(item.labelled)
    if item.abdomen:
        phantom = render_abdomen(patient, rng, size=size, vendor=vendor, noise=knobs.noise, framed_chance=framed)
    else:
        phantom = render_chest(
            patient, rng, size=size, lesions=Lesions(), vendor=vendor, noise=knobs.noise, framed_chance=framed
        )
    caption = Caption(
        seed,
        item.patient,
        item.image,
        item.sex,
        item.age,
        float(phantom.facts["pixel"]),
        item.inverted,
        region="",
        view="",
        model=model_name(vendor),
        collection="regions",
    )
    atomic_write(folder / "images" / f"{item.name}.dcm", dicom_bytes(phantom.pixels, caption))
    return {
        "image": f"images/{item.name}.dcm",
        "label": ABDOMEN if item.labelled else CHEST,
        "patient": f"SYN-{item.patient:04d}",
        "sex": item.sex,
        "age": str(item.age),
    }
