"""A seeded folder of simulated head CTs: one series of axial slices per patient, five of six patients bleed.

Label, masks and table speak of single slices: in a bleeding patient some slices show blood and others do not. Whatever
could betray the label without a look into the head is dealt out evenly or drawn without knowledge of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from wetread.errors import InputError
from wetread.phantoms.collection import deal_evenly, draw_all, write_table
from wetread.phantoms.ct_file import SliceCaption, ct_bytes
from wetread.phantoms.ct_physics import draw_scanner
from wetread.phantoms.head_bleeds import KINDS, draw_bleed, draw_fracture
from wetread.phantoms.head_knobs import HeadKnobs
from wetread.phantoms.head_patient import draw_head
from wetread.phantoms.head_skull import SLICE_THICKNESS
from wetread.phantoms.head_slice import LEAST_AREA, Series, render_slice, slice_masks
from wetread.phantoms.radiograph import mask_bytes
from wetread.shapes import Bools, Floats
from wetread.writing import atomic_write

NORMAL = "normal"
DEFAULT_SIZE = 256
COLUMNS = (
    *("image", "label", "patient", "position", "any_hemorrhage", "mask", "sex", "age"),
    *(f"mask_{kind}" for kind in KINDS),
)
#: Part of the patients who do not bleed, and of the bleeding ones who bleed in two places. Most slices without blood
#: come from patients who bleed elsewhere. Of 60 patients ten are left for each kind, the least that checks accept.
NORMAL_SHARE, TWICE_SHARE = 1 / 6, 0.15
#: What comes along with what: a clot breaks into the ventricle, an aneurysm bleeds backwards, one blow does both.
COMPANIONS = {"EDH": "SAH", "IPH": "IVH", "IVH": "SAH", "SAH": "IVH", "SDH": "SAH"}
#: How often a bleed is drawn again until some slices show it and others show none.
ATTEMPTS = 12
#: Edge of the picture on which that is tried, pixels.
TRIAL_SIZE = 96
README = """Simulated head CT with and without bleeding.

All images are SYNTHETIC: computed from closed forms, no patient was imaged.
Research and teaching only. Not for diagnosis, and no evidence of how a model performs on patients.

Made by wetread.phantoms.head_dataset.make_head_ct
images {images}, patients {patients}, seed {seed}, size {size} x {size}
{knobs}

images/PATIENT/   DICOM (CT, HU + 1024, 12 bit), slices numbered from the base to the vertex
masks/PATIENT/    PNG, 255 where blood is visible: of any kind (03.png) and of each kind (03_SDH.png)
labels.csv        image, label (kinds of bleeding in this slice joined by |, or normal), patient, position in the
                  series, any_hemorrhage (1 or 0), mask, sex, age (years), mask_KIND

EDH epidural, IPH intraparenchymal, IVH intraventricular, SAH subarachnoid, SDH subdural
"""


@dataclass(frozen=True)
class PlannedPatient:
    """What is decided about a patient before anything is drawn.

    Args:
        number: From 1.
        kinds: What bleeds, maybe nothing.
        slices: How many slices the series has.
        sex: ``F`` or ``M``.
        age: Years.
        second_scanner: On which of the two scanners.
    """

    number: int
    kinds: tuple[str, ...]
    slices: int
    sex: str
    age: int
    second_scanner: bool


@dataclass(frozen=True)
class PlannedSlice:
    """One slice to be drawn.

    Args:
        patient: Its patient.
        series: Head, bleeds and scanner.
        position: Its number in the series, from 1.
        height: z in the standard head, cm.
        spacing: Distance to the next slice in the standard head, cm.
    """

    patient: PlannedPatient
    series: Series
    position: int
    height: float
    spacing: float


def make_head_ct(
    folder: Path,
    *,
    images: int = 240,
    patients: int = 60,
    seed: int = 2026,
    size: int = DEFAULT_SIZE,
    knobs: HeadKnobs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Writes a folder of simulated head CTs.

    Args:
        folder: Where ``images/``, ``masks/``, ``labels.csv`` and ``README.txt`` go.
        images: How many slices in all, 2 to 12 for each patient.
        patients: How many patients; not used where the knobs set the number of slices.
        seed: The same seed gives the same bytes (with the same versions of NumPy, SciPy and pydicom).
        size: Pixels along each edge, 64 to 512.
        knobs: What a teacher may turn; the default is the honest task.
        progress: Called with (images done, images in all), from the calling thread.

    Returns:
        The path of ``labels.csv``.

    Raises:
        InputError: The numbers do not fit together.
        OutputError: The folder cannot be written.

    Example:
        >>> make_head_ct(Path("heads"), images=24, patients=6)  # doctest: +SKIP
    """
    knobs = knobs or HeadKnobs()
    if knobs.slices is not None:
        patients = max(round(images / knobs.slices), 1)
    if not 1 <= 2 * patients <= images <= 12 * patients:
        raise InputError("Slices must number between 2 and 12 per patient.", remedy="Try 240 images, 60 patients.")
    if not 64 <= size <= 512:
        raise InputError("The size must lie between 64 and 512 pixels.", remedy=f"Try {DEFAULT_SIZE}.")
    plan = [
        item for patient in plan_patients(images, patients, seed, knobs) for item in plan_series(patient, seed, knobs)
    ]

    def make(item: PlannedSlice) -> dict[str, str]:
        return _make_slice(folder, item, seed, size, knobs)

    rows = draw_all(plan, make, progress)
    readme = README.format(images=images, patients=patients, seed=seed, size=size, knobs=knobs)
    return write_table(folder, COLUMNS, rows, readme)


def plan_patients(images: int, patients: int, seed: int, knobs: HeadKnobs) -> list[PlannedPatient]:
    """Decides who bleeds where, who they are, and on which scanner; every kind of bleed equally often.

    Args:
        images: Slices in all.
        patients: Number of patients.
        seed: Seed of the data set.
        knobs: For the scanner mix.
    """
    rng = np.random.default_rng([seed, 20])
    healthy = round(NORMAL_SHARE * patients)
    first = int(rng.integers(len(KINDS)))
    kinds = [(KINDS[(first + at) % len(KINDS)],) for at in range(patients - healthy)]
    for at in rng.permutation(len(kinds))[: round(TWICE_SHARE * len(kinds))]:
        kinds[at] = (kinds[at][0], COMPANIONS[kinds[at][0]])  # type: ignore[assignment]
    of_all = [kinds[at] if at < len(kinds) else () for at in rng.permutation(patients)]
    bleeds = np.array([[kind in of_patient for kind in KINDS] for of_patient in of_all])
    female, age, _ = deal_evenly(
        rng, np.concatenate([bleeds, bleeds.any(axis=1, keepdims=True)], axis=1), range(patients)
    )
    second = _deal_scanners(rng, np.array([bool(of_patient) for of_patient in of_all]), knobs)
    extra = set(rng.permutation(patients)[: images % patients].tolist())
    return [
        PlannedPatient(
            at + 1,
            of_all[at],
            images // patients + (at in extra),
            "F" if female[at] else "M",
            int(age[at]),
            bool(second[at]),
        )
        for at in range(patients)
    ]


def plan_series(patient: PlannedPatient, seed: int, knobs: HeadKnobs) -> list[PlannedSlice]:
    """Draws a patient's head, scanner and bleeds, and places the slices from the base to the vertex."""
    head = draw_head(
        np.random.default_rng([seed, 21, patient.number]),
        sex=patient.sex,
        age=patient.age,
        atrophy=knobs.atrophy,
        calcification=knobs.calcification,
    )
    rng = np.random.default_rng([seed, 22, patient.number])
    scanner = draw_scanner(rng, patient.second_scanner)
    heights = np.linspace(rng.uniform(0.0, 1.0), rng.uniform(5.8, 7.0), patient.slices)
    series = Series(head, (), scanner)
    for attempt in range(ATTEMPTS if patient.kinds else 0):
        rng = np.random.default_rng([seed, 23, patient.number, attempt])
        bleeds = tuple(
            draw_bleed(rng, kind, heights.tolist(), knobs.lesion_size, knobs.blood_contrast) for kind in patient.kinds
        )
        fractures = [draw_fracture(rng, bleed) for bleed in bleeds]
        series = replace(series, bleeds=bleeds, fracture=next((one for one in fractures if one), None))
        if _shows_both(series, heights, patient.kinds):
            break
    spacing = float(heights[1] - heights[0])
    return [PlannedSlice(patient, series, at + 1, float(height), spacing) for at, height in enumerate(heights)]


def _deal_scanners(rng: np.random.Generator, bleeding: Bools, knobs: HeadKnobs) -> Bools:
    """The second scanner for its share of the bleeding and of the others, exactly."""
    second = np.zeros(len(bleeding), dtype=bool)
    for state in (False, True):
        members = rng.permutation(np.flatnonzero(bleeding == state))
        second[members[: round(knobs.second_scanner_chance(state) * len(members))]] = True
    return second


def _shows_both(series: Series, heights: Floats, kinds: tuple[str, ...]) -> bool:
    """Whether each kind is seen in some slice, and some slice shows no blood."""
    seen = [slice_masks(series, float(height), TRIAL_SIZE) for height in heights]
    area = (series.scanner.field / TRIAL_SIZE) ** 2
    # With some to spare, since pixels of another size will be drawn.
    clear = {kind for masks in seen for kind, mask in masks.items() if mask.sum() * area > 1.5 * LEAST_AREA[kind]}
    return set(kinds) <= clear and not all(seen)


def _make_slice(folder: Path, item: PlannedSlice, seed: int, size: int, knobs: HeadKnobs) -> dict[str, str]:
    """Draws and writes one slice and its masks; returns its row of the table."""
    patient, head = item.patient, item.series.head
    streams = np.random.default_rng([seed, 24, patient.number, item.position]).spawn(2)
    made = render_slice(
        item.series,
        item.height,
        streams[0],
        size=size,
        noise=knobs.noise,
        halo=knobs.halo,
        tube_chance=(knobs.tube_chance(False), knobs.tube_chance(True)),
    )
    stretch = 10 * head.stretch[2]
    caption = SliceCaption(
        seed,
        patient.number,
        item.position,
        patient.sex,
        patient.age,
        pixel=10 * made.pixel,
        height=item.height * stretch,
        spacing=item.spacing * stretch,
        thickness=SLICE_THICKNESS * 10,
        model=item.series.scanner.model,
        kernel="SHARP" if patient.second_scanner else "SOFT",
    )
    name, stem = f"P{patient.number:03d}", f"{item.position:02d}"
    atomic_write(folder / "images" / name / f"{stem}.dcm", ct_bytes(made.hu, caption))
    labelled = _told(sorted(made.masks), streams[1], knobs)
    row = {
        "image": f"images/{name}/{stem}.dcm",
        "label": "|".join(labelled) or NORMAL,
        "patient": f"SYN-CT-{patient.number:04d}",
        "position": str(item.position),
        "any_hemorrhage": str(int(bool(labelled))),
        "mask": "",
        "sex": patient.sex,
        "age": str(patient.age),
    }
    if made.masks:
        row["mask"] = f"masks/{name}/{stem}.png"
        atomic_write(folder / row["mask"], mask_bytes(np.any(list(made.masks.values()), axis=0)))
    for kind in KINDS:
        row[f"mask_{kind}"] = f"masks/{name}/{stem}_{kind}.png" if kind in made.masks else ""
        if kind in made.masks:
            atomic_write(folder / row[f"mask_{kind}"], mask_bytes(made.masks[kind]))
    return row


def _told(seen: list[str], rng: np.random.Generator, knobs: HeadKnobs) -> list[str]:
    """What the table says of a slice: the truth, or with label noise the opposite."""
    wrong, which = rng.random() < knobs.label_noise, str(rng.choice(KINDS))
    if not wrong:
        return seen
    return [] if seen else [which]
