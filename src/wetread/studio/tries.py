"""Pictures that are only tried: kept until they are cleared, and never part of the data.

    PROJECT/tries/<id>/picture      the bytes as they came; what they are is told from the content, in a child process
    PROJECT/tries/<id>/about.json   {"name", "bytes"}
    PROJECT/tries/<id>/heat/        heatmaps

``<id>`` are the first 16 hexadecimal digits of the SHA-256 of the bytes. Runs made in the terminal have no project:
their tries lie in the home of the studio.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from pathlib import Path
from typing import Any

from wetread.dataset.label_names import clean_name
from wetread.images.source import Source
from wetread.studio.answers import Refusal
from wetread.studio.cases import Cases
from wetread.studio.places import TERMINAL, Home
from wetread.writing import PartFile, atomic_write, make_folder, remove_folder

#: Characters of a name that are kept; it is shown and never used.
LONGEST_NAME = 200
#: Tries that are kept at a time; beyond, the user clears them.
MOST = 500

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)

#: How a run can know a picture, in words.
KNOWN = {
    "file": "This very file is",
    "pixels": "A file with the same pixels is",
    "near": "Nearly the same picture is",
}


class Tries:
    """The tries of one project.

    Args:
        home: Of the studio.
        project: Its id, or ``terminal``.

    Raises:
        Refusal: There is no such project (404).
    """

    def __init__(self, home: Home, project: str) -> None:
        owner = home.cache_folder(project) if project == TERMINAL else home.project_folder(project)
        self.folder = owner / "tries"

    def all(self) -> list[dict[str, Any]]:
        """``try``, ``name`` and ``bytes`` of each, the latest first."""
        found = [place for place in self.folder.glob("*/about.json") if _ID.fullmatch(place.parent.name)]
        found.sort(key=lambda place: place.stat().st_mtime_ns, reverse=True)
        return [{"try": place.parent.name, **_about(place)} for place in found]

    def source(self, number: str) -> Source:
        """Where a try lies; raises `Refusal` (404) where there is none of that id."""
        place = self.folder / number / "picture"
        if not _ID.fullmatch(number) or not place.is_file():
            raise Refusal(404, "This picture was cleared.", "Drop it again.", "no-try")
        return Source(place)

    def heat_folder(self, number: str) -> Path:
        """Where heatmaps of a try are kept."""
        return self.folder / number / "heat"

    def remove(self, number: str) -> None:
        """Removes one try with everything that was made of it."""
        if _ID.fullmatch(number):
            remove_folder(self.folder / number)

    def clear(self) -> None:
        """Removes all of them."""
        remove_folder(self.folder)


class Incoming:
    """One picture on its way in: hashed while it is written, kept under its hash when it is whole.

    Args:
        tries: Of the project.

    Raises:
        OutputError: The disk is full, or cannot be written.
        Refusal: There are too many tries (409).
    """

    def __init__(self, tries: Tries) -> None:
        if len(tries.all()) >= MOST:
            raise Refusal(409, f"{MOST} pictures have been tried.", "Clear them first.", "too-many-tries")
        self._tries = tries
        self._hash = hashlib.sha256()
        self._part = PartFile(tries.folder / f"incoming-{secrets.token_hex(8)}")

    @property
    def size(self) -> int:
        """Bytes that came."""
        return self._part.size

    def append(self, piece: bytes) -> None:
        """Adds bytes."""
        self._hash.update(piece)
        self._part.append(piece)

    def keep(self, name: str) -> str:
        """Keeps it; returns its id. Raises `Refusal` (400) where not a byte came."""
        if not self._part.size:
            raise Refusal(400, "The file is empty.", "Copy it again from its source.", "empty-file")
        number, size = self._hash.hexdigest()[:16], self._part.size
        folder = self._tries.folder / number
        about = {"name": clean_name(name)[:LONGEST_NAME], "bytes": size}
        self._part.path = make_folder(folder) / "picture"
        self._part.commit()
        # Afterwards: of a picture that was cleared while it came in, none may be listed.
        atomic_write(folder / "about.json", json.dumps(about, ensure_ascii=False), durable=False)
        return number

    def discard(self) -> None:
        """Gives it up; nothing happens where it was kept."""
        self._part.discard()


def tell_prediction(found: dict[str, Any], cases: Cases | None) -> dict[str, Any]:
    """What the page is told of a prediction.

    Args:
        found: From the predictor.
        cases: Of the run; None where they cannot be read.

    Returns:
        The same with the labels of the nearest cases, and ``seen`` in words. Of a refused picture neither a class nor
        a probability is told, the labels of its neighbours included: they would be read as an answer.
    """
    refused = found["status"] == "out"
    told = {key: value for key, value in found.items() if not refused or key not in ("predicted", "p", "unsure")}
    told["nearest"] = [one if refused else label_case(one, cases) for one in found["nearest"]]
    told["seen"] = _tell_seen(found.get("seen"))
    return told


def label_case(near: dict[str, Any], cases: Cases | None) -> dict[str, Any]:
    """A near case with its label."""
    place = cases.place.get(near["case"]) if cases is not None else None
    return near | {"label": cases.say_truth(place) if cases is not None and place is not None else ""}


def _tell_seen(seen: dict[str, Any] | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    if not seen["training"]:
        text = f"{KNOWN[seen['how']]} in the data of this run, which was not trained on it."
        return seen | {"badge": "in the data of this run", "text": text}
    text = f"{KNOWN[seen['how']]} among the training pictures: the answer shows memory, not skill."
    return seen | {"badge": "seen in training", "text": text}


def _about(place: Path) -> dict[str, Any]:
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return {"name": str(found["name"]), "bytes": int(found["bytes"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"name": "", "bytes": 0}
