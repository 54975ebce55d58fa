"""What a run hands over: each file with its kind and size, or why it is not there yet; the model as one zip file."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wetread.dataset.table import quote_formula
from wetread.errors import WetreadError
from wetread.outcome import DISCLAIMER
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal
from wetread.studio.case_files import data_of, remembered_picture
from wetread.studio.cases import read_cases
from wetread.studio.items import Item
from wetread.writing import atomic_zip, make_folder

#: Seconds that writing a Teachable Machine project may take.
PATIENCE = 900.0
#: What a model folder may hold: JSON and tensors. Anything else, a pickled file above all, stays behind.
_MODEL_SUFFIXES = frozenset({".json", ".safetensors", ".onnx", ".md", ".txt"})
#: What the kinds of a download are called by browsers.
TYPES = {
    ".html": "text/html; charset=utf-8", ".csv": "text/csv; charset=utf-8", ".json": "application/json",
    ".yaml": "application/yaml", ".md": "text/markdown; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".zip": "application/zip",
    ".tm": "application/zip",
}  # fmt: skip

PRIVACY = f"""Before you pass this model on

{DISCLAIMER}

A model folder holds no picture, name or identifier, but it is made of patients. To know what is none of its kind,
refusal.safetensors keeps the features of up to 2 000 training pictures as rows without names: the embedding of a
frozen network, or classical features, among them a picture of 12 x 12 pixels. Which row was which image stands in the
run folder alone. model.json lists truncated hashes of training pixels, so that an external test can be refused that
holds the same pictures; from a hash nothing can be drawn, but who has the very same picture can tell that it was
there. If that is too much, pass on a copy without it, which then refuses nothing:

    import wetread
    from pathlib import Path
    model = wetread.load("model")
    model.refusal = None
    model.facts.pop("known_pixels", None)
    model.save(Path("to-pass-on"))

The files are JSON and tensors (safetensors); nothing in them is code. SHA256SUMS has their hashes, for sha256sum -c.
"""

#: Options that make another data set of the same files.
_CHOOSING = frozenset({"--labels", "--label-column", "--classes", "--finding", "--window", "--colour", "--frame"})
#: What is said of an export that is made.
Told = dict[str, Any]


@dataclass(frozen=True)
class Export:
    """One thing to take away.

    Attributes:
        name: In the address, and of the downloaded file.
        title: In words.
        kind: ``page`` (opens in a tab of its own), ``file``, or ``made`` (written when `Preparations` is asked to).
        file: Its place in the run folder; empty for what is made.
        why_not: What is said where it is not there.
        extra: How it is made, where it is not there: learning-curve, paper or look; empty where it cannot be.
    """

    name: str
    title: str
    kind: str
    file: str = ""
    why_not: str = "The run has not finished."
    extra: str = ""


_NO_PAPER = "Nothing was written for a paper yet."
EXPORTS = (
    Export("report.html", "The report, one page with everything in it", "page", "report.html"),
    Export("model.zip", "The model, with hashes of its files and a note on privacy", "made"),
    Export("predictions.csv", "Every held-out prediction", "file", "predictions.csv"),
    Export("numbers.json", "Every number with its interval", "file", "numbers.json"),
    Export("plan.yaml", "Every decision with its reason", "file", "plan.yaml"),
    Export("images.csv", "What became of every file", "file", "images.csv"),
    Export("paper.docx", "Methods, tables and results as a Word file", "file", "paper/paper.docx", _NO_PAPER, "paper"),
    Export("paper.html", "The same as a page", "page", "paper/paper.html", _NO_PAPER, "paper"),
    Export("paper.md", "The same as text", "file", "paper/paper.md", _NO_PAPER, "paper"),
    Export("flow.svg", "Flow of patients, as a drawing", "file", "paper/flow.svg", _NO_PAPER, "paper"),
    Export("flow.png", "Flow of patients, as a picture", "file", "paper/flow.png", _NO_PAPER, "paper"),
    Export("table1.csv", "Table 1: the patients", "file", "paper/table1.csv", _NO_PAPER, "paper"),
    Export("results.csv", "Results as a table", "file", "paper/results.csv", _NO_PAPER, "paper"),
    Export("tripod-ai.csv", "TRIPOD+AI checklist, filled", "file", "paper/tripod-ai.csv", _NO_PAPER, "paper"),
    Export("claim-2024.csv", "CLAIM 2024 checklist, filled", "file", "paper/claim-2024.csv", _NO_PAPER, "paper"),
    Export("stard-ai.csv", "STARD-AI checklist, filled", "file", "paper/stard-ai.csv", _NO_PAPER, "paper"),
    Export(
        "learning_curve.html", "How many more cases would help", "page", "learning_curve.html",
        "No learning curve was drawn yet.", "learning-curve",
    ),
    Export("look.html", "What is inside the model", "page", "look/look.html", "Nobody has looked inside yet.", "look"),
    Export("teachable-machine.tm", "The data as a Teachable Machine project", "made"),
)  # fmt: skip


#: Of a project: which picture of its tables is which of the user's files.
NAMES = Export("names.csv", "Which name in these tables is which of your files", "file")


def names_table(items: Iterable[Item]) -> str:
    """The pictures of a project as CSV: ``image`` as tables of runs call it, ``name`` and ``folder`` as they came.

    Made-up names of de-identified DICOM files stay made up: the true ones were never kept.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("image", "name", "folder"))
    writer.writerows((one.file, quote_formula(one.name), quote_formula(one.path)) for one in items)
    return buffer.getvalue()


def download_name(owner: str, name: str) -> str:
    """What a saved file is called: its own name behind that of the project or run, without what folders refuse."""
    plain = re.sub(r"[^\w-]+", "-", owner).strip("-_")[:60]
    return f"{plain}-{name}" if plain else name


def list_exports(run: Path, preparations: Preparations) -> list[dict[str, Any]]:
    """Everything that can be taken away, with ``bytes`` where it lies there, ``ready`` and ``why_not``.

    What is made when it is asked for also has what `Preparations.tell` says.
    """
    return [_tell(run, one) | preparations.tell(run, one.name) for one in (*EXPORTS, *_external_pages(run))]


def _external_pages(run: Path) -> list[Export]:
    """The report of each test on data from elsewhere."""
    places = sorted(run.glob("external/*/report.html"))
    return [
        Export(f"external-{number}.html", f"The test on {place.parent.name}", "page", str(place.relative_to(run)))
        for number, place in enumerate(places, start=1)
    ]


def _tell(run: Path, one: Export) -> dict[str, Any]:
    size = _size(run / one.file) if one.file else None
    missing = (one.why_not if size is None else "") if one.file else _MADE[one.name].why_not(run)
    if one.name == "model.zip" and not missing:
        size = sum(path.stat().st_size for path in _model_files(run))
    if one.kind == "made" and not missing and (kept := _MADE[one.name].kept(run)) is not None:
        size = _size(kept)
    told = {"name": one.name, "title": one.title, "kind": one.kind, "bytes": size, "extra": one.extra}
    return told | {"ready": not missing, "why_not": missing}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def find_export(run: Path, name: str) -> tuple[Export, Path]:
    """The file of an export; nothing is written.

    Raises:
        Refusal: There is no such export (404), or it is not there yet (409).
    """
    one = _known(run, name)
    if one.file:
        return one, run / one.file
    kept = _MADE[name].kept(run)
    if kept is None:
        raise Refusal(409, "It has not been prepared, or the run has changed since.", "Press Save again.", "not-made")
    return one, kept


def _known(run: Path, name: str) -> Export:
    one = next((one for one in (*EXPORTS, *_external_pages(run)) if one.name == name), None)
    if one is None:
        raise Refusal(404, "There is no such file to take away.", "Choose one of the list.", "no-export")
    told = _tell(run, one)
    if not told["ready"]:
        raise Refusal(409, told["why_not"], "", "not-ready")
    return one


class Preparations:
    """Exports that are being made, each in a thread of its own, one at a time.

    What is made lies in the run folder and stays until the run changes. Only what is on its way is known here: a server
    that starts again finds what was made, and what was not is made when it is asked for once more.
    """

    def __init__(self) -> None:
        self._going: dict[tuple[Path, str], threading.Thread] = {}
        self._failed: dict[tuple[Path, str], Told] = {}
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def start(self, run: Path, name: str) -> Told:
        """Begins to make an export, unless it is there or on its way; what `tell` says of it.

        Raises:
            Refusal: There is no such export (404), or it cannot be made (409).
        """
        one = _known(run, name)
        with self._lock:
            if one.kind == "made" and _MADE[name].kept(run) is None and (run, name) not in self._going:
                self._failed.pop((run, name), None)
                thread = threading.Thread(target=self._make, args=(run, name), name="wetread-export", daemon=True)
                self._going[run, name] = thread
                thread.start()
        return self.tell(run, name)

    def tell(self, run: Path, name: str) -> Told:
        """``state``: open, preparing, made or failed, this with ``message`` and ``remedy``; nothing for plain files."""
        if name not in _MADE:
            return {}
        with self._lock:
            if (run, name) in self._going:
                return {"state": "preparing"}
            failed = self._failed.get((run, name))
        if _MADE[name].kept(run) is not None:
            return {"state": "made"}
        return {"state": "failed", **failed} if failed else {"state": "open"}

    def wait(self, seconds: float = 60.0) -> None:
        """Waits until all is made; for tests."""
        for thread in list(self._going.values()):
            thread.join(seconds)

    def _make(self, run: Path, name: str) -> None:
        failed = None
        try:
            with self._turn:
                _MADE[name].make(run)
        except (Refusal, WetreadError) as error:
            failed = {"message": error.message, "remedy": error.remedy}
        except Exception:  # a fault of ours; its text may name a file of a patient
            failed = {"message": "wetread met a fault of its own.", "remedy": "Please report it."}
        with self._lock:
            del self._going[run, name]
            if failed:
                self._failed[run, name] = failed


# The model -----------------------------------------------------------------------------------------------------------


def _model_files(run: Path) -> list[Path]:
    try:
        files = sorted((run / "model").iterdir())
    except OSError:
        return []
    return [path for path in files if path.suffix in _MODEL_SUFFIXES and path.is_file() and not path.is_symlink()]


def _no_model(run: Path) -> str:
    # golden.json is written last: a folder that has it is whole.
    return "" if (run / "model" / "golden.json").is_file() else "There is no model yet."


def _kept_model(run: Path) -> Path | None:
    place = _model_place(run)
    return place if place.is_file() else None


def _model_place(run: Path) -> Path:
    """Where the zip of just these files lies. By size and date, so that to look for it reads no weights."""
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in _model_files(run)]
    key = hashlib.sha256(repr(facts).encode("ascii", "replace")).hexdigest()[:16]
    return run / "studio" / f"model-{key}.zip"


def _zip_model(run: Path) -> None:
    """The model folder as one file: its parts as they are, SHA256SUMS, and what to know before passing it on."""
    place, files = _model_place(run), _model_files(run)
    hashes = {path.name: _hash(path) for path in files}
    for old in place.parent.glob("model-*.zip"):
        old.unlink(missing_ok=True)
    with atomic_zip(place) as packed:
        for path in files:
            packed.write(path, f"model/{path.name}")  # piece by piece; weights may be larger than the memory
        packed.writestr("PRIVACY.txt", PRIVACY)
        packed.writestr("SHA256SUMS", "".join(f"{digest}  model/{name}\n" for name, digest in hashes.items()))


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


# The data as a project of Teachable Machine -------------------------------------------------------------------------


def _no_project(run: Path) -> str:
    facts = RunFolder(run).find_json("run.json") or {}
    if facts.get("multi"):
        return "There a picture has one class, and here it can have several findings."
    return "" if (run / "predictions.csv").is_file() else "The run has not finished."


def _kept_project(run: Path) -> Path | None:
    place, table = run / "studio" / "teachable-machine.tm", run / "images.csv"
    try:
        return place if place.is_file() and place.stat().st_mtime >= table.stat().st_mtime else None
    except OSError:
        return None


def _write_project(run: Path) -> None:
    """`wetread export --tm` in a child process: of the run, and of its data where the cache has lost its pictures."""
    place = run / "studio" / "teachable-machine.tm"
    make_folder(place.parent)
    facts = RunFolder(run).read_json("run.json")
    plain = not _CHOOSING & {str(word).split("=", 1)[0] for word in facts.get("command") or ()}
    data = next(data_of(facts, (run.parent.parent,)), None) if plain else None
    # The run itself where its pictures can still be had: the data may have changed since.
    sources = [run] if remembered_picture(run, int(read_cases(run).ids[0])) is not None else []
    if not any(_export(one, place) for one in (*sources, data) if one is not None):
        message = "The pictures of this run are no longer in the cache, so no project can be written."
        raise Refusal(409, message, "wetread export DATA --tm writes it from the data.", "no-pictures")


def _export(data: Path, place: Path) -> bool:
    command = [sys.executable, "-P", "-m", "wetread", "export", str(data), "--tm", "--out", str(place), "--quiet"]
    try:
        child = subprocess.run(  # noqa: S603 - our own command, and paths that were checked
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return child.returncode == 0 and place.is_file()


@dataclass(frozen=True)
class _Maker:
    """How an export is made: where the finished one lies, or None; how it is written; why it cannot be, or empty."""

    kept: Callable[[Path], Path | None]
    make: Callable[[Path], None]
    why_not: Callable[[Path], str]


_MADE = {
    "model.zip": _Maker(_kept_model, _zip_model, _no_model),
    "teachable-machine.tm": _Maker(_kept_project, _write_project, _no_project),
}
