"""A seeded folder of simulated chest radiographs with five findings, several of which may meet in one image.

Findings are dealt independently of one another, so that none can be guessed from its company. A large heart and
nodules stay with the patient; effusion, consolidation and pneumothorax come and go from image to image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetread.phantoms.chest import DEFAULT_SIZE, Phantom, render_chest
from wetread.phantoms.collection import check_counts, deal_evenly, draw_all, image_counts, write_table
from wetread.phantoms.consolidation import draw_consolidation
from wetread.phantoms.effusion import Effusion, draw_effusion
from wetread.phantoms.heart import draw_heart_ratio, with_heart
from wetread.phantoms.knobs import ChestKnobs
from wetread.phantoms.lesions import FINDINGS, Lesions
from wetread.phantoms.nodule import draw_nodules
from wetread.phantoms.patient import draw_patient
from wetread.phantoms.pneumothorax import draw_pneumothorax
from wetread.phantoms.radiograph import Caption, dicom_bytes, mask_bytes
from wetread.phantoms.vendor import model_name
from wetread.shapes import Bools
from wetread.writing import atomic_write

NO_FINDING = "no_finding"
COLUMNS = ("image", "label", "patient", "view", "sex", "age", *(f"mask_{finding}" for finding in FINDINGS))
#: Part of all images with each finding; independent of each other they leave about 35 % with none.
SHARES: dict[str, float] = {
    "cardiomegaly": 0.20,
    "consolidation": 0.20,
    "effusion": 0.20,
    "nodule": 0.19,
    "pneumothorax": 0.17,
}
#: What a patient has in every image.
LASTING = ("cardiomegaly", "nodule")
#: How many deals of the findings are compared.
DEALS = 200
README = """Simulated frontal chest radiographs with none, one or several of five findings.

All images are SYNTHETIC: computed from ellipsoids and tubes, no patient was imaged.
Research and teaching only. Not for diagnosis, and no evidence of how a model performs on patients.

Made by wetread.phantoms.findings_dataset.make_chest_findings
images {images}, patients {patients}, seed {seed}, size {size} x {size}
{knobs}

images/            DICOM (CR, 12 bit); about one in three is MONOCHROME1
masks/FINDING/     PNG, 255 where the finding is visible; only for images that have it
labels.csv         image, label (findings joined by |, or no_finding), patient, view, sex, age (years), mask_FINDING

Sizes with the default knobs:
cardiomegaly       cardiothoracic ratio above 0.53; nobody else has more than 0.50; mask: the heart
consolidation      one, 5 to 11 cm, some ending at the minor fissure
effusion           160 to 1400 ml, on one side or both
nodule             one to three, radius 0.5 to 1.6 cm
pneumothorax       air over the apex and along the wall; mask: the rim beyond the pleural line
"""


@dataclass(frozen=True)
class PlannedFindings:
    """What is decided about one image before it is drawn.

    Args:
        patient: Number from 1.
        image: Number of the image of this patient, from 1.
        findings: What there is, in the order of the alphabet.
        labelled: What the table says, the same but for label noise.
        inverted: Whether it is stored as MONOCHROME1.
        sex: ``F`` or ``M``.
        age: Years.
    """

    patient: int
    image: int
    findings: tuple[str, ...]
    labelled: tuple[str, ...]
    inverted: bool
    sex: str
    age: int

    @property
    def name(self) -> str:
        """File name without ending; says nothing about the label."""
        return f"F{self.patient:03d}_{self.image:02d}"


def make_chest_findings(
    folder: Path,
    *,
    images: int = 200,
    patients: int = 120,
    seed: int = 2026,
    size: int = DEFAULT_SIZE,
    knobs: ChestKnobs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Writes a folder of simulated chest radiographs with several findings.

    Args:
        folder: Where ``images/``, ``masks/``, ``labels.csv`` and ``README.txt`` go.
        images: How many images, at least as many as patients and at most three for each.
        patients: How many patients.
        seed: The same seed gives the same bytes (with the same versions of NumPy, SciPy and pydicom).
        size: Pixels along each edge, 64 to 1024.
        knobs: What a teacher may turn; shortcut and scanner mix are tied to whether there is any finding.
        progress: Called with (images done, images in all), from the calling thread.

    Returns:
        The path of ``labels.csv``.

    Raises:
        InputError: The numbers do not fit together.
        OutputError: The folder cannot be written.

    Example:
        >>> make_chest_findings(Path("findings"), images=20, patients=12)  # doctest: +SKIP
    """
    check_counts(images, patients, size)
    knobs = knobs or ChestKnobs()

    def make(item: PlannedFindings) -> dict[str, str]:
        return _make_image(folder, item, seed, size, knobs)

    rows = draw_all(plan_findings(images, patients, seed, knobs), make, progress)
    readme = README.format(images=images, patients=patients, seed=seed, size=size, knobs=knobs)
    return write_table(folder, COLUMNS, rows, readme)


def plan_findings(images: int, patients: int, seed: int, knobs: ChestKnobs) -> list[PlannedFindings]:
    """Decides who gets how many images with which findings, by patient and image number.

    Args:
        images: Number of images.
        patients: Number of patients.
        seed: Seed of the data set.
        knobs: For the label noise.
    """
    rng = np.random.default_rng([seed, 10])
    of = np.repeat(np.arange(patients), image_counts(images, patients, rng))
    truth = _deal_findings(rng, of)
    labels = np.concatenate([truth, ~truth.any(axis=1, keepdims=True)], axis=1)
    female, age, inverted = deal_evenly(rng, labels, [int(number) for number in of])
    told = truth.copy()
    # A wrong label has one finding too many or one too few.
    wrong, which = rng.random(images) < knobs.label_noise, rng.integers(len(FINDINGS), size=images)
    told[wrong, which[wrong]] ^= True
    plan = []
    for at, patient in enumerate(of):
        number = at - int(np.searchsorted(of, patient)) + 1
        sex, years = "F" if female[patient] else "M", int(age[patient])
        plan.append(
            PlannedFindings(
                int(patient) + 1, number, _names(truth[at]), _names(told[at]), bool(inverted[at]), sex, years
            )
        )
    return plan


def _names(present: Bools) -> tuple[str, ...]:
    return tuple(finding for finding, there in zip(FINDINGS, present, strict=True) if there)


def _deal_findings(rng: np.random.Generator, of: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Bools:
    """Findings of each image, ``image finding``: the deal closest to independence among many."""
    images, patients = len(of), int(of[-1]) + 1
    shares = np.array([SHARES[finding] for finding in FINDINGS])
    expected = np.outer(shares, shares)
    best: tuple[float, Bools] | None = None
    for _ in range(DEALS):
        columns = []
        for finding in FINDINGS:
            count, units = (patients, of) if finding in LASTING else (images, np.arange(images))
            columns.append(rng.permutation(np.arange(count) < max(round(SHARES[finding] * count), 1))[units])
        deal = np.stack(columns, axis=1)
        together = deal.T.astype(float) @ deal / images
        off = np.abs(together - expected)
        off[np.diag_indices(len(FINDINGS))] = np.abs(deal.mean(axis=0) - shares)
        uneven = float(off.max()) + abs(float((~deal.any(axis=1)).mean()) - 0.35)
        if best is None or uneven < best[0]:
            best = (uneven, deal)
    assert best is not None
    return best[1]


def _make_image(folder: Path, item: PlannedFindings, seed: int, size: int, knobs: ChestKnobs) -> dict[str, str]:
    """Draws and writes one image and its masks; returns its row of the table."""
    told = bool(item.labelled)
    vendor = knobs.vendor(told, np.random.default_rng([seed, 14, item.patient, item.image]))
    phantom = _render(item, seed, size, knobs, vendor)
    caption = Caption(
        seed,
        item.patient,
        item.image,
        item.sex,
        item.age,
        float(phantom.facts["pixel"]),
        item.inverted,
        model=model_name(vendor),
        collection="findings",
    )
    atomic_write(folder / "images" / f"{item.name}.dcm", dicom_bytes(phantom.pixels, caption))
    row = {
        "image": f"images/{item.name}.dcm",
        "label": "|".join(item.labelled) or NO_FINDING,
        "patient": f"SYN-{item.patient:04d}",
        "view": "PA",
        "sex": item.sex,
        "age": str(item.age),
    }
    for finding in FINDINGS:
        path = f"masks/{finding}/{item.name}.png" if finding in item.findings else ""
        if path:
            atomic_write(folder / path, mask_bytes(phantom.masks[finding]))
        row[f"mask_{finding}"] = path
    return row


def _render(item: PlannedFindings, seed: int, size: int, knobs: ChestKnobs, vendor: str) -> Phantom:
    """Draws the findings of one image and renders it."""
    has, scale = set(item.findings), knobs.lesion_size
    patient = draw_patient(np.random.default_rng([seed, 11, item.patient]), sex=item.sex, age=item.age)
    # One stream per finding: whether there is one changes nothing about the others.
    heart, lumps = np.random.default_rng([seed, 15, item.patient]).spawn(2)
    fluid, airless, air = np.random.default_rng([seed, 12, item.patient, item.image]).spawn(3)
    patient = with_heart(patient, draw_heart_ratio(heart, "cardiomegaly" in has, scale))
    effusion = draw_effusion(fluid, knobs.scaled_volume) if "effusion" in has else None
    if effusion is not None and "pneumothorax" in has:
        effusion = _one_sided(effusion)
    wet = effusion.side if effusion else None
    free = {"right": "left", "left": "right"}.get(wet or "")
    pneumothorax = draw_pneumothorax(air, scale, free) if "pneumothorax" in has else None
    # Where there is a choice, consolidation keeps away from what would hide it.
    busy = wet or (pneumothorax.side if pneumothorax else None)
    lesions = Lesions(
        nodules=draw_nodules(lumps, scale) if "nodule" in has else (),
        consolidation=draw_consolidation(airless, scale, busy) if "consolidation" in has else None,
        pneumothorax=pneumothorax,
        large_heart="cardiomegaly" in has,
    )
    return render_chest(
        patient,
        np.random.default_rng([seed, 13, item.patient, item.image]),
        size=size,
        effusion=effusion,
        lesions=lesions,
        vendor=vendor,
        noise=knobs.noise,
        framed_chance=knobs.framed_chance(bool(item.labelled)),
    )


def _one_sided(effusion: Effusion) -> Effusion:
    """All of the fluid on the fuller side, so that the other is free for air."""
    total = effusion.right + effusion.left
    right = effusion.right >= effusion.left
    return Effusion(total if right else 0.0, 0.0 if right else total, effusion.subpulmonic, effusion.meniscus)
