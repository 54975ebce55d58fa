"""A balanced, seeded folder of simulated chest radiographs: half with pleural effusion, half without.

Whatever could betray the label without a look at the lungs (sex, age, photometric interpretation, marker, exposure,
number of images per patient) is dealt out evenly or drawn without knowledge of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetread.phantoms.chest import DEFAULT_SIZE, render_chest
from wetread.phantoms.collection import check_counts, draw_all, image_counts, write_table
from wetread.phantoms.effusion import draw_effusion
from wetread.phantoms.knobs import ChestKnobs
from wetread.phantoms.patient import draw_patient
from wetread.phantoms.radiograph import Caption, dicom_bytes, mask_bytes
from wetread.phantoms.vendor import model_name
from wetread.writing import atomic_write

COLUMNS = ("image", "label", "patient", "mask", "side", "volume", "view", "sex", "age")
README = """Simulated frontal chest radiographs with and without pleural effusion.

All images are SYNTHETIC: computed from ellipsoids and tubes, no patient was imaged.
Research and teaching only. Not for diagnosis, and no evidence of how a model performs on patients.

Made by wetread.phantoms.dataset.make_chest_effusion
images {images}, patients {patients}, seed {seed}, size {size} x {size}
{knobs}

images/     DICOM (CR, 12 bit); about one in three is MONOCHROME1
masks/      PNG, 255 where pleural fluid is visible; only for images with fluid
labels.csv  image, label, patient, mask, side (of the patient), volume (ml), view, sex, age (years)
"""


@dataclass(frozen=True)
class PlannedImage:
    """What is decided about one image before it is drawn.

    Args:
        patient: Number from 1.
        image: Number of the image of this patient, from 1.
        positive: Whether there is fluid.
        labelled: The label in the table, the same but for label noise.
        inverted: Whether it is stored as MONOCHROME1.
        sex: ``F`` or ``M``.
        age: Years.
    """

    patient: int
    image: int
    positive: bool
    labelled: bool
    inverted: bool
    sex: str
    age: int

    @property
    def name(self) -> str:
        """File name without ending; says nothing about the label."""
        return f"P{self.patient:03d}_{self.image:02d}"


def make_chest_effusion(
    folder: Path,
    *,
    images: int = 200,
    patients: int = 120,
    seed: int = 2026,
    size: int = DEFAULT_SIZE,
    knobs: ChestKnobs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Writes a folder of simulated chest radiographs.

    Args:
        folder: Where ``images/``, ``masks/``, ``labels.csv`` and ``README.txt`` go.
        images: How many images, at least as many as patients and at most three for each.
        patients: How many patients.
        seed: The same seed gives the same bytes (with the same versions of NumPy, SciPy and pydicom).
        size: Pixels along each edge, 64 to 1024.
        knobs: What a teacher may turn; the default is the honest task.
        progress: Called with (images done, images in all), from the calling thread.

    Returns:
        The path of ``labels.csv``.

    Raises:
        InputError: The numbers do not fit together.
        OutputError: The folder cannot be written.

    Example:
        >>> make_chest_effusion(Path("demo"), images=20, patients=12)  # doctest: +SKIP
    """
    check_counts(images, patients, size)
    knobs = knobs or ChestKnobs()
    plan = plan_images(images, patients, seed, knobs)

    def make(item: PlannedImage) -> dict[str, str]:
        return _make_image(folder, item, seed, size, knobs)

    rows = draw_all(plan, make, progress)
    readme = README.format(images=images, patients=patients, seed=seed, size=size, knobs=knobs)
    return write_table(folder, COLUMNS, rows, readme)


def plan_images(images: int, patients: int, seed: int, knobs: ChestKnobs) -> list[PlannedImage]:
    """Decides who gets how many images with which label; half of all images are positive.

    Args:
        images: Number of images.
        patients: Number of patients.
        seed: Seed of the data set.
        knobs: For the label noise.

    Returns:
        One entry per image, by patient and image number.
    """
    rng = np.random.default_rng([seed, 0])
    counts = image_counts(images, patients, rng)
    fluid = _fluid_by_image(counts, rng)
    # Sex, age and inversion are dealt like cards within each kind of patient or image, so that chance cannot tie
    # them to the label in a small set.
    share = np.array([np.mean(of_patient) for of_patient in fluid])
    group = np.where(share == 0, 0, np.where(share == 1, 1, 2))
    sexes, ages = np.empty(patients, dtype="<U1"), np.zeros(patients, dtype=int)
    for kind in range(3):
        members = rng.permutation(np.flatnonzero(group == kind))
        ages[members] = 24 + (np.arange(len(members)) + rng.uniform()) * 64 / max(len(members), 1)
        # Shuffled again, or the sexes would alternate along the ages.
        members = rng.permutation(members)
        sexes[members] = np.where(np.arange(len(members)) % 2 == int(rng.integers(2)), "F", "M")
    flat = np.concatenate([np.array(of_patient, dtype=bool) for of_patient in fluid])
    inverted = np.zeros(images, dtype=bool)
    for value in (False, True):
        members = rng.permutation(np.flatnonzero(flat == value))
        inverted[members[: round(len(members) / 3)]] = True
    wrong = rng.random(images) < knobs.label_noise
    plan: list[PlannedImage] = []
    for patient, of_patient in enumerate(fluid):
        for image, positive in enumerate(of_patient):
            at = len(plan)
            plan.append(
                PlannedImage(
                    patient=patient + 1,
                    image=image + 1,
                    positive=positive,
                    labelled=positive != bool(wrong[at]),
                    inverted=bool(inverted[at]),
                    sex=str(sexes[patient]),
                    age=int(ages[patient]),
                )
            )
    return plan


def _fluid_by_image(counts: list[int], rng: np.random.Generator) -> list[list[bool]]:
    """Fluid or none for each image: half of those with several images change, the others stay; half is positive."""
    several = rng.permutation([at for at, count in enumerate(counts) if count > 1])
    single = rng.permutation([at for at, count in enumerate(counts) if count == 1])
    fluid: list[list[bool]] = [[] for _ in counts]
    wanted, given = round(sum(counts) / 2), 0
    left = sum(counts)
    for place, at in enumerate([*several, *single]):
        count = counts[int(at)]
        short = (wanted - given) > left / 2 or ((wanted - given) == left / 2 and rng.random() < 0.5)
        if count > 1 and place % 2 == 0:
            # Fluid that comes or goes between two images of one patient.
            change = int(rng.integers(1, count))
            first = bool(rng.random() < 0.5)
            states = [first if number < change else not first for number in range(count)]
        else:
            states = [short] * count
        fluid[int(at)] = states
        given += sum(states)
        left -= count
    return fluid


def _make_image(folder: Path, item: PlannedImage, seed: int, size: int, knobs: ChestKnobs) -> dict[str, str]:
    """Draws and writes one image and its mask; returns its row of the table."""
    patient = draw_patient(np.random.default_rng([seed, 1, item.patient]), sex=item.sex, age=item.age)
    effusion = draw_effusion(np.random.default_rng([seed, 2, item.patient, item.image]), knobs.scaled_volume)
    vendor = knobs.vendor(item.labelled, np.random.default_rng([seed, 4, item.patient, item.image]))
    phantom = render_chest(
        patient,
        np.random.default_rng([seed, 3, item.patient, item.image]),
        size=size,
        effusion=effusion if item.positive else None,
        vendor=vendor,
        noise=knobs.noise,
        framed_chance=knobs.framed_chance(item.labelled),
    )
    pixel = float(phantom.facts["pixel"])
    caption = Caption(
        seed, item.patient, item.image, item.sex, item.age, pixel, item.inverted, model=model_name(vendor)
    )
    atomic_write(folder / "images" / f"{item.name}.dcm", dicom_bytes(phantom.pixels, caption))
    if item.positive:
        atomic_write(folder / "masks" / f"{item.name}.png", mask_bytes(phantom.mask))
    return {
        "image": f"images/{item.name}.dcm",
        "label": "effusion" if item.labelled else "no_effusion",
        "patient": f"SYN-{item.patient:04d}",
        "mask": f"masks/{item.name}.png" if item.positive else "",
        "side": str(phantom.facts["side"]),
        "volume": f"{float(phantom.facts['volume']):.0f}" if item.positive else "",
        "view": "PA",
        "sex": item.sex,
        "age": str(item.age),
    }
