"""Which kind of picture this is, and what may change in it. No torch here.

One table of ranges per modality, each with its reason. Ranges imitate what differs between two examinations of the same
finding: how the patient lay, how far away, which device, which dose. What never differs is never changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wetread.dataset.table import Row
from wetread.shapes import Picture
from wetread.training.ranges import Augment

#: DICOM Modality (PS3.3 section C.7.3.1.1.1) -> our word. Endoscopy is a photograph: it has an up and a down.
CODES = {
    "CR": "radiograph", "DX": "radiograph", "DR": "radiograph", "RG": "radiograph", "RF": "radiograph",
    "XA": "radiograph", "PX": "radiograph", "IO": "radiograph", "MG": "mammography",
    "CT": "ct", "MR": "mri", "US": "ultrasound", "IVUS": "ultrasound", "BDUS": "ultrasound",
    "OP": "fundus", "DMS": "dermoscopy", "SM": "microscopy", "GM": "microscopy", "XC": "photograph", "ES": "photograph",
}  # fmt: skip

#: What people write in a column called modality, beside the codes.
WORDS = {
    "radiograph": "radiograph", "radiography": "radiograph", "x-ray": "radiograph", "xray": "radiograph",
    "x ray": "radiograph", "cxr": "radiograph", "mammography": "mammography", "mammogram": "mammography",
    "computed tomography": "ct", "mri": "mri", "magnetic resonance": "mri", "ultrasound": "ultrasound",
    "sonography": "ultrasound", "fundus": "fundus", "dermoscopy": "dermoscopy", "dermatoscopy": "dermoscopy",
    "histology": "microscopy", "histopathology": "microscopy", "microscopy": "microscopy",
    "photo": "photograph", "photograph": "photograph",
}  # fmt: skip

#: Part of the pictures that must agree: a set of two modalities gets the careful ranges.
AGREE = 0.95
#: Pictures that are looked at where no file says anything.
LOOKED_AT = 64

# Light noise, gamma and contrast everywhere: intensity and quality are what differs most between scanners, and stacking
# such changes carried models to unseen ones far better than moving and turning did (Zhang 2019, arXiv 1906.03347, MRI
# and ultrasound). Moves stay small: over 17 networks, leaving geometric changes out *raised* the score on chest films
# (Elgendi 2021, 10.3389/fmed.2021.629134). No upside-down flip where pictures have an up: fluid levels, acoustic
# shadows and the table lie below.
RANGES = {
    # Patients stand a little tilted; tube, body size and look-up table vary.
    "radiograph": Augment(),
    # Hounsfield units are calibrated: grey varies little once a window is chosen; dose (noise) and kernel (blur) vary.
    "ct": Augment(
        rotation=10.0, zoom=0.10, shift=0.05, gamma=0.10, contrast=0.10, noise=0.03, brightness=0.03, blur=0.003
    ),
    # Grey has no unit at all: sequence, coil and field strength vary.
    "mri": Augment(
        rotation=10.0, zoom=0.10, shift=0.05, gamma=0.30, contrast=0.20, noise=0.02, brightness=0.05, blur=0.002
    ),
    # Gain, depth and probe vary; the fan stays upright, since shadows fall down.
    "ultrasound": Augment(
        rotation=5.0, zoom=0.10, shift=0.05, gamma=0.30, contrast=0.20, noise=0.03, brightness=0.05, blur=0.002
    ),
    # Compression and positioning vary. One breast is the other one mirrored, but markers and burned-in sides are not.
    "mammography": Augment(rotation=7.0, zoom=0.10, shift=0.05, gamma=0.20, contrast=0.15, noise=0.02),
    # Head tilt, focus and flash vary; disc left or right of the macula tells the eye. Cameras and pigment colour the
    # ground: Krause 2018 (10.1016/j.ophtha.2018.01.034) trained with up to 9 degrees of hue and saturation from 0.56
    # to 1.27, without comparing; about half of that.
    "fundus": Augment(
        rotation=15.0, zoom=0.10, shift=0.05, gamma=0.20, contrast=0.15, noise=0.01, brightness=0.05, blur=0.003,
        saturation=0.20, hue=5.0,
    ),
    # A lesion has no up and no left; light, focus and distance vary. Colours are criteria (blue veil, red, brown):
    # Perez 2018 (arXiv 1809.01442) moved saturation by 0.3 and hue by 36 degrees, which makes skin green and violet.
    "dermoscopy": Augment(
        rotation=15.0, zoom=0.15, shift=0.05, gamma=0.15, contrast=0.15, noise=0.01, mirror=0.5, flip=0.5, turns=1.0,
        brightness=0.05, blur=0.003, saturation=0.20, hue=5.0,
    ),
    # Tissue lies on the slide as it fell. Stain varies between laboratories, and changing it gains more than turning
    # does (Tellez 2019, 10.1016/j.media.2019.101544: this is HED-light; HED-strong, 0.2, tints the bare glass).
    "microscopy": Augment(
        rotation=15.0, zoom=0.10, shift=0.05, gamma=0.20, contrast=0.15, noise=0.01, mirror=0.5, flip=0.5, turns=1.0,
        brightness=0.05, blur=0.003, stain=0.05,
    ),
    # A camera is held freely, but upright. Lamps and white balance vary: no evidence for a width, so careful.
    "photograph": Augment(
        rotation=10.0, zoom=0.15, shift=0.05, gamma=0.2, contrast=0.2, noise=0.01, shear=3.0,
        brightness=0.05, blur=0.003, saturation=0.15, hue=3.0,
    ),
    # Nobody said: as a radiograph, the most careful.
    "unknown": Augment(),
}  # fmt: skip

#: Pictures in which nothing has a side: here the modality answers the question.
NO_SIDES = ("dermoscopy", "microscopy")

ARTICLES = {
    "ct": "CT", "mri": "MRI", "unknown": "pictures of unknown kind", "radiograph": "radiographs",
    "photograph": "photographs",
}  # fmt: skip

#: Why saturation and hue may change; careful where nobody compared.
_COLOURS = {
    "fundus": "cameras and pigment vary; about half of what Krause 2018 (10.1016/j.ophtha.2018.01.034) trained with",
    "dermoscopy": "lamps and cameras vary; colours are criteria, so less than Perez 2018 (arXiv 1809.01442) tried",
    "photograph": "lamps and white balance vary; no evidence for how much is good, so careful",
}
_NO_COLOURS = "off: the network sees no colours"

_ASK = "Does it matter which side is left? Answer with --laterality matters or --laterality free"


def modality_of(rows: Sequence[Row]) -> str:
    """The kind of picture of a data set.

    Headers come first, then a column called modality, then colour and shape where these leave no doubt (a round eye
    ground on black, pink and blue tissue). Grey pictures without a header are unknown: nothing in a grey PNG tells a
    radiograph from a slice.

    Args:
        rows: After reading.

    Returns:
        A key of `RANGES`.
    """
    told = [_told(row) for row in rows]
    named = [word for word in told if word]
    if named:
        word, count = Counter(named).most_common(1)[0]
        return word if count >= AGREE * len(rows) else "unknown"
    pictures = [row.picture for row in rows if row.picture is not None]
    looks = Counter(_look(picture) for picture in pictures[:: max(1, len(pictures) // LOOKED_AT)])
    if not looks:
        return "unknown"
    word, count = looks.most_common(1)[0]
    return word if count >= AGREE * looks.total() else "unknown"


def augment_for(
    modality: str, laterality: str = "unknown", *, coloured: bool = False
) -> tuple[Augment, dict[str, str]]:
    """What may change in the training pictures, and why.

    Args:
        modality: As `modality_of` says; anything else counts as unknown.
        laterality: matters, free or unknown: the answer to "does it matter which side is left?"
        coloured: The network sees colours, so that these may change.

    Returns:
        The ranges, and a reason for each of them by its name.
    """
    ranges = RANGES.get(modality, RANGES["unknown"])
    kind = ARTICLES.get(modality, f"{modality} pictures" if modality in RANGES else ARTICLES["unknown"])
    if laterality == "free":
        ranges = replace(ranges, mirror=0.5)
    elif laterality == "matters":
        # A half turn and an upside-down flip together are a mirror image; without flips, turns keep the sides.
        ranges = replace(ranges, mirror=0.0, flip=0.0)
    if not coloured:
        ranges = replace(ranges, saturation=0.0, hue=0.0, stain=0.0)
    return ranges, {
        "rotation": f"degrees: patients and devices are a little tilted ({kind})",
        "zoom": "part of the field of view: distance and size of the patient vary",
        "shift": "part of the side: centring varies",
        "gamma": _say(ranges.gamma, _shades(modality)),
        "contrast": _say(ranges.contrast, _shades(modality)),
        "noise": "dose, gain and detector vary",
        "mirror": _say_mirror(modality, laterality),
        "flip": "nothing in these pictures has an up" if ranges.flip else "off: these pictures have an up and a down",
        "turns": "quarter turns: nothing in these pictures has a direction"
        if ranges.turns
        else "off: these pictures have an up and a down",
        "stretch": "off: proportions are a sign (width of the heart, height of a vertebra)",
        "shear": "degrees: a camera looks from the side" if ranges.shear else "off: no device leans its pictures",
        "brightness": _say(ranges.brightness, _shades(modality)),
        "blur": "part of the side: focus, kernel and detector vary" if ranges.blur else "off: sharpness varies little",
        "erasing": "off: a box can cover the finding, and the label would no longer be true",
        "saturation": ("part of the saturation: " if ranges.saturation else "") + _say_colour(modality, coloured),
        "hue": ("degrees: " if ranges.hue else "") + _say_colour(modality, coloured),
        "stain": _say_stain(ranges.stain, coloured),
    }


def _told(row: Row) -> str:
    """What the header or the user's table says; empty where neither does."""
    code = row.facts.modality if row.facts is not None else None
    column = next((value for name, value in row.extra.items() if name.strip().lower() == "modality"), "").strip()
    return CODES.get(code or "") or CODES.get(column.upper()) or WORDS.get(column.lower(), "")


def _look(picture: Picture) -> str:
    """What colour and shape say of one picture: fundus, microscopy or nothing.

    Args:
        picture: ``row column`` or ``row column 3``.
    """
    if picture.ndim != 3:
        return "unknown"
    small = picture[:: max(1, picture.shape[0] // 48), :: max(1, picture.shape[1] // 48)].astype(np.float32)
    rows, columns = small.shape[:2]
    edge = max(1, min(rows, columns) // 12)
    corners = [
        small[top, left] for top in (slice(edge), slice(-edge, None)) for left in (slice(edge), slice(-edge, None))
    ]
    middle = small[rows // 4 : -rows // 4, columns // 4 : -columns // 4].reshape(-1, 3).mean(0)
    red, green, blue = (float(value) for value in middle)
    dark = all(float(corner.mean()) < 20 for corner in corners)
    if dark and red > 1.3 * green and red > 1.6 * blue and red > 50:
        return "fundus"
    # Haematoxylin and eosin: blue and pink, so green is the weakest by far; glass is white, never black.
    red, green, blue = (float(value) for value in small.reshape(-1, 3).mean(0))
    if not dark and green > 60 and red > 1.08 * green and blue > 1.08 * green:
        return "microscopy"
    return "unknown"


def _shades(modality: str) -> str:
    if modality == "ct":
        return "small: Hounsfield units are calibrated, only the window varies"
    if modality == "mri":
        return "grey values of MRI have no unit; sequence and coil vary"
    return "exposure and look-up tables vary between devices"


def _say(value: float, reason: str) -> str:
    return reason if value else "off: gamma and contrast do this already"


def _say_colour(modality: str, coloured: bool) -> str:
    if not coloured:
        return _NO_COLOURS
    if modality == "microscopy":
        return "off: the range stain changes colours already"
    return _COLOURS.get(modality, "off: in such pictures colours may be signs")


def _say_stain(value: float, coloured: bool) -> str:
    if value:
        return "part of the density: laboratories stain differently (Tellez 2019, 10.1016/j.media.2019.101544)"
    return "off: nothing in these pictures is stained" if coloured else _NO_COLOURS


def _say_mirror(modality: str, laterality: str) -> str:
    if laterality == "free":
        return "you said that sides do not matter (--laterality free)"
    if laterality == "matters":
        return "never: you said that sides matter (--laterality matters)"
    if modality in NO_SIDES:
        return f"nothing in {modality} has a side; if it has here, say --laterality matters"
    return f"off until you say so: heart, liver and markers have a side. {_ASK}"
