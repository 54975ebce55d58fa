"""The twelve two-dimensional sets of MedMNIST, at 28 and at 224 pixels.

Counts, MD5 sums and licences: ``medmnist/info.py`` of the medmnist package, version 3.0.2; files: Zenodo record
10519652. Traps: what the description of each set implies, and the papers named.
"""

from __future__ import annotations

from dataclasses import dataclass

from wetread.download.remote_file import RemoteFile
from wetread.public_sets.public_set import PublicSet

_RECORD = "https://zenodo.org/records/10519652/files/"
_CITATION = (
    "Yang J et al. MedMNIST v2 - A large-scale lightweight benchmark for 2D and 3D biomedical image classification. "
    "Sci Data 2023, doi 10.1038/s41597-022-01721-8. Cite the source of the images as well, named on its page."
)
_BY = "CC BY 4.0: also commercially, with attribution."
_BY_NC = "CC BY-NC 4.0: not commercially, with attribution."
_NO_IDS = "There are no patient ids, so wetread cannot keep the images of a patient together."

_ORGANS = (
    "bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left", "lung-right",
    "pancreas", "spleen",
)  # fmt: skip
_ORGAN_TRAPS = (
    "Train, val and test come from 115, 16 and 70 scans; a scan gives many images, so intervals by image are too "
    "narrow.",
    "Left and right organs differ by their place in the body, which the crop removes.",
)


@dataclass(frozen=True)
class _Row:
    """One set: samples are train, val and test; channels 1 or 3; the MD5 sums at 28 and at 224 pixels."""

    name: str
    title: str
    task: str
    classes: tuple[str, ...]
    samples: tuple[int, int, int]
    channels: int
    md5: str
    md5_224: str
    traps: tuple[str, ...]
    patients: int | None = None
    licence: str = _BY
    bytes_224: int | None = None


_ROWS = (
    _Row(
        "pathmnist",
        "PathMNIST: tissue on slides of colorectal cancer",
        "Nine kinds of tissue, H&E stain.",
        (
            "adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
            "cancer-associated stroma", "colorectal adenocarcinoma epithelium",
        ),
        (89_996, 10_004, 7_180),
        3,
        "a8b06965200029087d5bd730944a56c1",
        "2c51a510bcdc9cf8ddb2af93af1eadec",
        (
            "Mean red, green and blue alone reach 50 % accuracy for nine classes, and JPEG artefacts differ between "
            "classes (Ignatov, Malivenko 2024, arXiv 2409.11546).",
            "Patches of one slide are in train and in val; the test set is from another centre.",
        ),
    ),
    _Row(
        "chestmnist",
        "ChestMNIST: 14 findings on chest radiographs",
        "Several findings per image (NIH ChestX-ray14).",
        (
            "atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia", "pneumothorax",
            "consolidation", "edema", "emphysema", "fibrosis", "pleural", "hernia",
        ),
        (78_468, 11_219, 22_433),
        1,
        "02c8a6516a18b556561a56cbdd36c4a8",
        "45bd33e6f06c3e8cdb481c74a89152aa",
        (
            "Several labels per image; calling everything negative is right in 95 % of all labels.",
            "The labels were read from reports by a program.",
        ),
        patients=30_805,
        bytes_224=3_889_293_042,
    ),
    _Row(
        "dermamnist",
        "DermaMNIST: pigmented skin lesions",
        "Seven diagnoses on dermatoscopic images (HAM10000).",
        (
            "actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma", "benign keratosis-like lesions",
            "dermatofibroma", "melanoma", "melanocytic nevi", "vascular lesions",
        ),
        (7_007, 1_003, 2_005),
        3,
        "0744692d530f8e62ec473284d019b0c7",
        "8974907d8e169bef5f5b96bc506ae45d",
        (
            "The same lesions are in train and test (Abhishek et al. 2025, doi 10.1038/s41597-025-04382-5).",
            "Two thirds are melanocytic nevi: accuracy says little.",
        ),
        licence=_BY_NC,
    ),
    _Row(
        "octmnist",
        "OCTMNIST: optical coherence tomography of the retina",
        "Four diagnoses.",
        ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
        (97_477, 10_832, 1_000),
        1,
        "c68d92d5b585d8d81f7112f81e2d0842",
        "abc493b6d529d5de7569faaef2773ba3",
        (
            "One patient gives many near-identical slices; an improper division of this source inflates accuracy "
            "(Tampu et al. 2022, doi 10.1038/s41597-022-01618-6). Train and val were divided by image.",
        ),
    ),
    _Row(
        "pneumoniamnist",
        "PneumoniaMNIST: chest radiographs of children",
        "Pneumonia or normal.",
        ("normal", "pneumonia"),
        (4_708, 524, 624),
        1,
        "28209eda62fecd6e6a2d98b1501bb15f",
        "d6a3c71de1b945ea11211b03746c1fe1",
        (
            "Children of one hospital in Guangzhou: nothing follows for adults.",
            "Train and val were divided by image, so a patient can be in both.",
        ),
    ),
    _Row(
        "retinamnist",
        "RetinaMNIST: fundus photographs",
        "Five grades of diabetic retinopathy (DeepDRiD).",
        ("0", "1", "2", "3", "4"),
        (1_080, 120, 400),
        3,
        "bd4c0672f1bba3e3a89f0e4e876791e4",
        "eae7e3b6f3fcbda4ae613ebdcbe35348",
        (
            "The grades have an order, which a classifier ignores: 0 for 4 counts as 3 for 4.",
            "Train and val were divided by image; both eyes of a patient can be on both sides.",
        ),
    ),
    _Row(
        "breastmnist",
        "BreastMNIST: ultrasound of the breast",
        "Malignant against normal and benign.",
        ("malignant", "normal, benign"),
        (546, 78, 156),
        1,
        "750601b1f35ba3300ea97c75c52ff8f6",
        "b56378a6eefa9fed602bb16d192d4c8b",
        (
            "The source holds duplicates, images of the axilla and drawn marks (Pawłowska et al. 2023, "
            "doi 10.1016/j.dib.2023.109247); it was divided by image.",
            "156 test images of 780: wide intervals.",
        ),
        patients=600,
    ),
    _Row(
        "bloodmnist",
        "BloodMNIST: single blood cells",
        "Eight kinds of cell of healthy people.",
        (
            "basophil", "eosinophil", "erythroblast",
            "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)", "lymphocyte", "monocyte",
            "neutrophil", "platelet",
        ),
        (11_959, 1_712, 3_421),
        3,
        "7053d0359d879ad8a5505303e11de1dc",
        "b718ff6835fcbdb22ba9eacccd7b2601",
        ("Cells were divided at random: cells of one smear can be in train and in test.",),
    ),
    _Row(
        "tissuemnist",
        "TissueMNIST: cells of the kidney cortex",
        "Eight kinds of cell (BBBC051).",
        (
            "Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule", "Glomerular endothelial cells",
            "Interstitial endothelial cells", "Leukocytes", "Podocytes", "Proximal Tubule Segments",
            "Thick Ascending Limb",
        ),
        (165_466, 23_640, 47_280),
        1,
        "ebe78ee8b05294063de985d821c1c34b",
        "b077128c4a949f0a4eb01517f9037b9c",
        (
            "All 236 386 cells come from three specimens, and each specimen is in train and test.",
            "The source has 32 x 32 pixels: the version at 224 shows nothing more.",
        ),
    ),
    _Row(
        "organamnist",
        "OrganAMNIST: abdominal organs on CT, axial",
        "Eleven organs (Liver Tumor Segmentation Benchmark).",
        _ORGANS,
        (34_561, 6_491, 17_778),
        1,
        "68e3f8846a6bd62f0c9bf841c0d9eacc",
        "50747347e05c87dd3aaf92c49f9f3170",
        _ORGAN_TRAPS,
    ),
    _Row(
        "organcmnist",
        "OrganCMNIST: abdominal organs on CT, coronal",
        "Eleven organs (Liver Tumor Segmentation Benchmark).",
        _ORGANS,
        (12_975, 2_392, 8_216),
        1,
        "b9ceb9546e10131b32923c5bbeaea2b1",
        "050f5e875dc056f6768abf94ec9995d1",
        _ORGAN_TRAPS,
    ),
    _Row(
        "organsmnist",
        "OrganSMNIST: abdominal organs on CT, sagittal",
        "Eleven organs (Liver Tumor Segmentation Benchmark).",
        _ORGANS,
        (13_932, 2_452, 8_827),
        1,
        "9ab87b696fb54e2a387ebe992d6ed5f1",
        "b354719e553fbbb2513d5533f52a4cb1",
        _ORGAN_TRAPS,
    ),
)  # fmt: skip


def _public_set(row: _Row, side: int) -> PublicSet:
    images = sum(row.samples)
    suffix = "" if side == 28 else f"_{side}"
    # No size is published for most files: without compression they would have this one.
    unpacked = images * side * side * row.channels + (4 << 20)
    file = RemoteFile(
        f"{_RECORD}{row.name}{suffix}.npz?download=1",
        f"{row.name}{suffix}.npz",
        bytes=row.bytes_224 if side == 224 else None,
        md5=row.md5 if side == 28 else row.md5_224,
        at_most=unpacked,
    )
    return PublicSet(
        name=row.name if side == 28 else f"{row.name}-{side}",
        title=f"{row.title}, {side} x {side}",
        task=row.task,
        classes=row.classes,
        images=images,
        patients=row.patients,
        bytes=file.bytes or unpacked,
        licence=row.licence,
        citation=_CITATION,
        homepage="https://medmnist.com/",
        files=(file,),
        traps=(*row.traps, _NO_IDS, *((_TINY,) if side == 28 else ())),
        ready=file.name,
    )


_TINY = "At 28 x 28 most of what a reader looks at is gone; results say nothing about full images."

MEDMNIST = tuple(_public_set(row, side) for row in _ROWS for side in (28, 224))
