"""Teachable Machine image projects (``.tm``): read as a data set, and written so that its web page opens them.

The format is not published; this follows projects that the web page saved. A project is a zip file of stored members
``<class>-!-<number>.jpg`` and, last, ``manifest.json`` of the form::

    {"type":"image","version":"2.4.1","appdata":{"publishResults":{},"trainEpochs":50,"trainBatchSize":16,
    "trainLearningRate":0.001}}

Classes are listed nowhere: they stand in the order of their first member. The page has already cropped every picture
to a square of 224 pixels, so what lay outside and the original grey values are lost.
"""

from __future__ import annotations

import io
import json
import math
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wetread.archive import Archive
from wetread.errors import InputError, OutputError
from wetread.shapes import Picture
from wetread.writing import atomic_zip

MANIFEST = "manifest.json"
#: Pixels on each side of a picture in a project.
SIDE = 224
#: What a canvas of the browser uses for JPEG when nothing else is asked for, 0.92.
QUALITY = 92
#: What the web page trains with if nobody changes it.
DEFAULTS: dict[str, float] = {"epochs": 50, "batch size": 16, "learning rate": 0.001}

#: Our name of a setting -> the one in the manifest, and whether it is a whole number.
_SETTINGS = {
    "epochs": ("trainEpochs", True),
    "batch size": ("trainBatchSize", True),
    "learning rate": ("trainLearningRate", False),
}
_MAX_MANIFEST_BYTES = 1 << 20
# The last mark counts: a class may hold one in its name.
_SAMPLE = re.compile(r"(.+)-!-[0-9]+\.(?:jpe?g|png)", re.IGNORECASE | re.DOTALL)
#: Characters that would make a class look like a folder, or a reader refuse the file.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True)
class Project:
    """What is in a project.

    Attributes:
        classes: In the order of the web page.
        members: Member of the archive -> its class.
        skipped: Members that belong to no class; the manifest is none of them.
        settings: What it was trained with: epochs, batch size, learning rate, as far as they are known, and the version
            of the format. The recipe teachable-machine takes them over; else wetread trains by its own plan.
        notes: Sentences for the report.
    """

    classes: tuple[str, ...]
    members: dict[str, str]
    skipped: tuple[str, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_project(archive: Archive) -> Project:
    """Lists the pictures of a project with their classes.

    Args:
        archive: The ``.tm`` file, open.

    Raises:
        InputError: It has no sound manifest, is a project of sounds or poses, or holds no pictures.
    """
    manifest = _read_manifest(archive)
    kind = manifest.get("type")
    if kind != "image":
        what = kind if kind in ("audio", "pose") else "unknown"
        raise InputError(
            f"{archive.path.name} is a Teachable Machine project of the kind {what}, not of images.",
            remedy="Save an image project with Download project as file.",
            file=archive.path,
            code="teachable-machine",
        )
    members: dict[str, str] = {}
    skipped = []
    for member in archive.members:
        matched = _SAMPLE.fullmatch(member.name)
        if matched:
            members[member.name] = unicodedata.normalize("NFC", matched[1])
        elif member.name != MANIFEST:
            skipped.append(member.name)
    if not members:
        raise _refuse(archive, "holds no pictures")
    settings = _read_settings(manifest)
    classes = tuple(dict.fromkeys(members.values()))
    return Project(classes, members, tuple(skipped), settings, tuple(_say(settings, len(skipped))))


def _read_manifest(archive: Archive) -> dict[str, Any]:
    size = next((member.size for member in archive.members if member.name == MANIFEST), None)
    if size is None:
        raise _refuse(archive, f"has no {MANIFEST}")
    if size > _MAX_MANIFEST_BYTES:
        raise _refuse(archive, f"has a {MANIFEST} of more than 1 MB")
    try:
        manifest = json.loads(archive.read(MANIFEST).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _refuse(archive, f"has a {MANIFEST} that is no JSON text") from error
    if not isinstance(manifest, dict):
        raise _refuse(archive, f"has a {MANIFEST} without entries")
    return manifest


def _read_settings(manifest: dict[str, Any]) -> dict[str, object]:
    """Settings that make sense; anything else in the manifest is left alone."""
    data = manifest.get("appdata")
    settings: dict[str, object] = {}
    for name, (key, whole) in _SETTINGS.items():
        value = data.get(key) if isinstance(data, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9:
            settings[name] = int(value) if whole else float(value)
    version = manifest.get("version")
    if isinstance(version, str) and re.fullmatch(r"[0-9.]{1,20}", version):
        settings["version"] = version
    return settings


def _say(settings: dict[str, object], skipped: int) -> list[str]:
    said = ", ".join(f"{name} {value}" for name, value in settings.items() if name != "version")
    notes = [f"A Teachable Machine project: its pictures were cropped to squares of {SIDE} pixels when it was made."]
    if said:
        notes.append(
            f"In Teachable Machine it was trained with {said}; --recipe teachable-machine takes these over, else the "
            "plan decides."
        )
    if skipped:
        notes.append(f"Files of the project that belong to no class: {skipped}.")
    return notes


def _refuse(archive: Archive, reason: str) -> InputError:
    return InputError(
        f"{archive.path.name} is no Teachable Machine project that can be used: it {reason}.",
        remedy="Save it again in Teachable Machine with Download project as file.",
        file=archive.path,
        code="teachable-machine",
    )


def write_project(
    path: Path, pictures: Iterable[tuple[str, Picture]], *, settings: Mapping[str, float] | None = None
) -> Path:
    """Writes a project, one picture after the other.

    Args:
        path: Where the ``.tm`` file goes.
        pictures: Class and picture (``row column`` or ``row column 3``); classes appear in the web page in the order in
            which they come first. Slashes, backslashes and control characters in a class become ``_``.
        settings: ``epochs``, ``batch size``, ``learning rate``; else `DEFAULTS`.

    Returns:
        The same path.

    Raises:
        OutputError: The place cannot be written, or two classes would get one name.
    """
    numbers: Counter[str] = Counter()
    spellings: dict[str, str] = {}
    with atomic_zip(path) as packed:
        for label, picture in pictures:
            name = _safe_name(label)
            if spellings.setdefault(name.casefold(), label) != label:
                raise OutputError(
                    f"The classes {spellings[name.casefold()]} and {label} cannot stand in one project.",
                    remedy="Rename one of them.",
                    file=path,
                    code="class-names",
                )
            _add(packed, f"{name}-!-{numbers[name]}.jpg", encode_sample(picture))
            numbers[name] += 1
        _add(packed, MANIFEST, _manifest({**DEFAULTS, **(settings or {})}).encode("ascii"))
    return path


def encode_sample(picture: Picture) -> bytes:
    """A picture as the web page keeps it: a square of 224 pixels, JPEG, RGB.

    The page scales the shorter side to 224 pixels and takes the middle of the longer one, rounding as
    ``libraries/image/src/utils/canvas.ts`` of teachablemachine-community does. Its browser smooths in its own way; here
    smaller pictures come from area averaging, larger ones from interpolation.

    Args:
        picture: ``row column`` or ``row column 3``, 0..255.
    """
    image = Image.fromarray(np.ascontiguousarray(picture)).convert("RGB")
    shorter = min(image.size)
    scale = SIDE / shorter
    width, height = (math.ceil(side * SIDE / shorter) for side in image.size)
    left, top = (width - SIDE) // 2, (height - SIDE) // 2
    # Only the square is scaled; its edges in pixels of the original.
    box = (left / scale, top / scale, min((left + SIDE) / scale, image.width), min((top + SIDE) / scale, image.height))
    method = Image.Resampling.BOX if shorter > SIDE else Image.Resampling.BILINEAR
    buffer = io.BytesIO()
    image.resize((SIDE, SIDE), method, box=box).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _safe_name(label: str) -> str:
    """A class name that survives as the beginning of a file name."""
    name = unicodedata.normalize("NFC", label.encode("utf-8", "replace").decode("utf-8"))
    name = _UNSAFE.sub("_", name)
    name = re.sub(r"^([A-Za-z]):", r"\1_", name)  # not the letter of a drive
    while len(name.encode()) > 200:
        name = name[:-1]
    return name or "_"


def _add(packed: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Adds a member as the web page does, but for one fixed date: so equal projects are equal files."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.extract_version = 0, 10
    packed.writestr(entry, data)
    entry.external_attr = 0  # afterwards, since `zipfile` puts permissions of its own in the place of none


def _manifest(settings: Mapping[str, float]) -> str:
    data: dict[str, object] = {"publishResults": {}}
    for name, (key, whole) in _SETTINGS.items():
        data[key] = int(settings[name]) if whole else float(settings[name])
    return json.dumps({"type": "image", "version": "2.4.1", "appdata": data}, separators=(",", ":"))
