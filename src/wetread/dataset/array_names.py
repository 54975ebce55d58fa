"""Names of the classes of public array files, which hold numbers only.

MedMNIST: Yang 2023, 10.1038/s41597-022-01721-8, and the file ``info.py`` of its package (version 2.1.0), with commas
and brackets taken out of the names. MNIST and Fashion-MNIST: Xiao 2017, arXiv 1708.07747, table 2.
"""

from __future__ import annotations

import re

_ORGANS = (
    "bladder",
    "femur left",
    "femur right",
    "heart",
    "kidney left",
    "kidney right",
    "liver",
    "lung left",
    "lung right",
    "pancreas",
    "spleen",
)
NAMES: dict[str, tuple[str, ...]] = {
    "pathmnist": (
        "adipose",
        "background",
        "debris",
        "lymphocytes",
        "mucus",
        "smooth muscle",
        "normal colon mucosa",
        "cancer-associated stroma",
        "colorectal adenocarcinoma epithelium",
    ),
    # The eight and six most frequent findings of NIH ChestX-ray14; "pleural" is its Pleural_Thickening.
    "chestmnist": (
        "atelectasis",
        "cardiomegaly",
        "effusion",
        "infiltration",
        "mass",
        "nodule",
        "pneumonia",
        "pneumothorax",
        "consolidation",
        "edema",
        "emphysema",
        "fibrosis",
        "pleural thickening",
        "hernia",
    ),
    "dermamnist": (
        "actinic keratoses and intraepithelial carcinoma",
        "basal cell carcinoma",
        "benign keratosis-like lesions",
        "dermatofibroma",
        "melanoma",
        "melanocytic nevi",
        "vascular lesions",
    ),
    "octmnist": ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    "pneumoniamnist": ("normal", "pneumonia"),
    # Severity of diabetic retinopathy.
    "retinamnist": ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4"),
    "breastmnist": ("malignant", "normal or benign"),
    # Class 3 takes in myelocytes, metamyelocytes and promyelocytes.
    "bloodmnist": (
        "basophil",
        "eosinophil",
        "erythroblast",
        "immature granulocytes",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "platelet",
    ),
    "tissuemnist": (
        "collecting duct and connecting tubule",
        "distal convoluted tubule",
        "glomerular endothelial cells",
        "interstitial endothelial cells",
        "leukocytes",
        "podocytes",
        "proximal tubule segments",
        "thick ascending limb",
    ),
    "organamnist": _ORGANS,
    "organcmnist": _ORGANS,
    "organsmnist": _ORGANS,
    "fashion": (
        "T-shirt or top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    "mnist": tuple("0123456789"),
}
#: Sets whose classes have an order.
ORDINAL = ("retinamnist",)


def find_set(name: str) -> str:
    """The public set that a file or folder name means, a key of `NAMES`; empty if none.

    ``pneumoniamnist_224.npz`` and ``PneumoniaMNIST`` are the same set. Sets of letters and of other scripts, which
    have the same layout, are not taken for digits.
    """
    words = re.split(r"[^a-z0-9]+", name.lower())
    if "fashion" in words or "fashionmnist" in words:
        return "fashion"
    return next((word for word in words if word in NAMES), "")


def name_classes(known: str, count: int, *, several: bool = False) -> list[str]:
    """Names of classes by number.

    Args:
        known: What `find_set` gave.
        count: How many there are, at least; a public set of fewer classes is not believed.
        several: An image can have several of them.
    """
    names = NAMES.get(known, ())
    if len(names) >= count and (not several or len(names) == count):
        return list(names)
    width = len(str(count - 1))  # so that they sort as numbers do
    return [f"{'finding' if several else 'class'} {number:0{width}d}" for number in range(count)]
