"""How the pictures of a data set are shown: one choice for all of them, from what their headers say.

Chosen per data set and never per image: if half of the files brought a window and the other half did not, brightness
would tell which scanner or which department a picture came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wetread.errors import InputError
from wetread.images.facts import Survey
from wetread.images.view import View, Window

#: Modalities whose values have no unit: windows in the header are the taste of whoever sat at the console.
UNITLESS = ("MR", "PT", "NM", "OP", "OPT")
#: Part of the files that must share a window for it to be taken as the one of the set.
MOST = 0.9
#: Windows for body parts of CT where the files do not agree on one (Body Part Examined, PS3.16 annex L).
BODY_WINDOWS = {"HEAD": "brain", "BRAIN": "brain", "SKULL": "brain", "CHEST": "mediastinum", "LUNG": "lung"}
#: Where nothing is known: soft tissue.
SOFT_TISSUE = "abdomen"


def choose_view(surveys: Sequence[Survey], asked: str | None, frame: str) -> tuple[View, str]:
    """Decides how values become grey.

    Args:
        surveys: Headers of the data set, or of a sample of it.
        asked: What the user or the plan asks for, as `View.parse` reads it; None: decide. What would be decided anyway
            keeps its reason, so that an unedited plan does.
        frame: middle, all or a number.

    Returns:
        The view, and the reason in words.

    Raises:
        InputError: The text is no view, or a window is asked for where no file has values to apply it to.
    """
    deep = [survey for survey in surveys if survey.grey and (survey.format == "DICOM" or survey.bits > 8)]
    chosen, reason = _decide(deep, len(surveys))
    decided = View.parse(chosen, frame=frame) if isinstance(chosen, str) else View(*chosen, frame=frame)
    if asked is None:
        return decided, reason
    view = View.parse(asked, frame=frame)
    if view.mode == "window" and surveys and not deep:
        raise InputError(
            f"The window {asked} cannot be applied: these pictures hold 256 grey values as displayed, no "
            "Hounsfield units.",
            remedy="Export the original DICOM files, or leave --window out.",
            code="window",
        )
    return view, reason if view == decided else "asked for"


def _decide(deep: list[Survey], total: int) -> tuple[str | tuple[str, tuple[Window, ...]], str]:
    if not deep:
        return "file", "pictures of 8 bits are shown as stored"
    dicom = [survey for survey in deep if survey.format == "DICOM"]
    modalities = {survey.modality for survey in dicom}
    if len(dicom) == len(deep) and modalities == {"CT"} and all(survey.physical for survey in dicom):
        return _decide_ct(dicom)
    if modalities and modalities <= set(UNITLESS):
        return "percentiles", f"values of {' and '.join(sorted(map(str, modalities)))} have no unit"
    told = sum(bool(survey.windows) or survey.table for survey in deep)
    if told == len(deep):
        every = "the file" if told == 1 else f"each of the {told} files"
        return "file", f"{every} looked at brings its window or table"
    narrow = all(survey.windows or survey.table or survey.bits <= 8 for survey in deep)
    if narrow:
        return "file", "files bring a window, or have 8 bits and are shown as stored"
    if told == 0:
        none = "the one file of more than 8 bits does not say"
        if len(deep) > 1:
            none = f"none of the {len(deep)} files of more than 8 bits says"
        return "percentiles", f"{none} how it wants to be shown"
    return (
        "percentiles",
        f"only {told} of {total} files bring a window: all are shown alike, or the header would tell them apart",
    )


def _decide_ct(files: list[Survey]) -> tuple[str | tuple[str, tuple[Window, ...]], str]:
    first = Counter(survey.windows[0] for survey in files if survey.windows)
    if first:
        (center, width), count = first.most_common(1)[0]
        if count >= MOST * len(files) and width >= 1:
            return (
                "window",
                (Window("", center, width),),
            ), f"CT: the window of {count} of {len(files)} files looked at"
    parts = Counter(survey.body_part for survey in files if survey.body_part)
    if parts:
        part, count = parts.most_common(1)[0]
        if part in BODY_WINDOWS and count >= MOST * len(files):
            return BODY_WINDOWS[part], f"CT of the {part.lower()}; the files do not agree on a window"
    return SOFT_TISSUE, "CT whose files do not agree on a window: soft tissue for all; --window chooses another"
