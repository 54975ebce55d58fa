"""One project: its journal read into memory, and what may be done to it. Threads may share it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.dataset.label_names import fold_name
from wetread.dataset.table import Row
from wetread.errors import InputError
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.privacy.pseudonyms import Pseudonyms, open_secret
from wetread.studio.changes import plan_change
from wetread.studio.findings import Trainable, find_trainable
from wetread.studio.items import Contents, Edit, Item, ItemClass, KeptTable, Step, new_class
from wetread.studio.journal import Journal
from wetread.studio.names import class_name
from wetread.studio.overview import brief, list_page, summarise
from wetread.studio.patients import find_patients
from wetread.studio.snapshot import snapshot_name, snapshot_rows, snapshot_text
from wetread.studio.tasks import Tasks
from wetread.writing import atomic_write, make_folder

if TYPE_CHECKING:
    from wetread.studio.uploads import Received

MOST_ITEMS = 100_000
#: Seconds after which an upload that was not finished never will be.
_ABANDONED = 3600.0


class Project:
    """The images of a project, their classes and patients, and every change.

    Args:
        folder: PROJECT; its journal is read at the first question.
        decoder: Decodes in child processes.
    """

    def __init__(self, folder: Path, decoder: Decoder) -> None:
        self.folder = folder
        self.id = folder.name
        self.decoder = decoder
        self.tasks = Tasks(folder / "cache" / "tasks")
        self._journal = Journal(folder)
        self._contents = Contents()
        self._lock = threading.RLock()
        self._pseudonyms: Pseudonyms | None = None
        self._patients: tuple[int, dict[str, str], str] | None = None
        self._trainable: tuple[int, Trainable] | None = None
        self._named: tuple[int, str] | None = None
        self._discarded: set[str] = set()
        self._intakes, self._retired = 0, False
        _sweep(folder / "cache" / "uploads")

    @classmethod
    def create(cls, folder: Path, name: str, decoder: Decoder) -> Project:
        """Makes the folder of a new project; raises `OutputError` where that is not possible."""
        make_folder(folder)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        atomic_write(folder / "project.json", json.dumps({"format": 1, "name": name, "created": created}) + "\n")
        return cls(folder, decoder)

    # Reading ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[Contents]:
        """The contents as of now; not to be changed, and not to be kept."""
        with self._lock:
            self._catch_up()
            yield self._contents

    @property
    def name(self) -> str:
        """As the user calls it."""
        try:
            return str(json.loads((self.folder / "project.json").read_text(encoding="utf-8"))["name"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return "Project"

    @property
    def version(self) -> int:
        """Grows with every change."""
        with self.read() as contents:
            return contents.version

    @property
    def pseudonyms(self) -> Pseudonyms:
        """Of this project. Their secret lies beside the project, so that whoever gets its folder cannot undo them."""
        with self._lock:
            if self._pseudonyms is None:
                place = make_folder(self.folder.parent / ".secrets")
                place.chmod(0o700)
                self._pseudonyms = open_secret(place / f"{self.id}.secret")
            return self._pseudonyms

    def summary(self) -> dict[str, Any]:
        """What the page of the project shows, without its images."""
        with self.read() as contents:
            patients, source = self._known_patients()
            return {"id": self.id, "name": self.name, **summarise(contents, patients, source)}

    def items(
        self, class_id: str = "all", query: str = "", offset: int = 0, limit: int = 200, mark: str = "present"
    ) -> dict[str, Any]:
        """One page of items.

        Args:
            class_id: Of a class; ``none`` (without one), ``nothing`` (no finding), ``excluded`` or ``all``.
            query: Part of a name, a patient or a note; case does not count.
            offset: Items to leave out at the beginning.
            limit: Most items.
            mark: Of a finding those images where it is present, absent or unknown.
        """
        with self.read() as contents:
            patients, _ = self._known_patients()
            return list_page(contents, patients, class_id, query, offset, limit, mark)

    def item(self, item_id: str) -> dict[str, Any]:
        """One item with the harmless facts of its file, and whether it is ``here`` or its addition was taken back.

        Raises:
            InputError: There is none (``no-item``).
        """
        with self.read() as contents:
            patients, _ = self._known_patients()
            item = self._find(item_id)
            here = {"here": item_id in contents.items, "modality": item.modality, "facts": dict(item.facts)}
            return {**brief(contents, item, patients.get(item.id, "")), **here}

    def source(self, item_id: str) -> Source:
        """Where the file of an item lies; raises `InputError` (``no-item``) where there is none."""
        with self.read():
            return Source(self.folder / self._find(item_id).file)

    def item_of(self, image: str) -> Item | None:
        """The item that a run knows by the name of its image, such as ``images/0123456789abcdef.png``."""
        stem = image.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]
        with self.read() as contents:
            return contents.items.get(stem) or contents.taken_back.get(stem)  # which the run has read all the same

    # Writing ---------------------------------------------------------------------------------------------------------

    def change(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Does what the user wishes, as one step that can be taken back.

        Args:
            wish: ``op`` and its arguments, see `wetread.studio.changes`. Of ``undo`` and ``redo`` also ``step``: what
                the step is called that is meant; without it, whichever is the last.

        Returns:
            The summary.

        Raises:
            InputError: It cannot be done.
        """
        with self._write() as contents:
            if wish.get("op") in ("undo", "redo"):
                self._append_step(contents, wish)
            else:
                text, edits = plan_change(contents, wish)
                if edits:
                    self._append({"change": text, "do": edits})
        self._discard_lost()
        return self.summary()

    def undo(self) -> dict[str, Any]:
        """Takes the last change back; raises `InputError` where there is none."""
        return self.change({"op": "undo"})

    def record(self, text: str, plan: Callable[[Contents], list[Edit]]) -> int:
        """Makes edits as one step that can be taken back; returns how many items they touch.

        Args:
            text: What the step is called.
            plan: Is given the contents as of now.
        """
        with self._write() as contents:
            edits = plan(contents)
            if edits:
                self._append({"change": text, "do": edits})
        self._discard_lost()
        return sum(len(one.get("items", ())) for one in edits)

    def find_class(self, written: str, *, finding: bool = False) -> str | None:
        """The id of a class, by its id or its name; made where there is none. None for an empty name.

        Args:
            written: Its id or name.
            finding: It is a finding, of which an image may have several.

        Raises:
            InputError: It cannot be the name of a class.
        """
        with self._write() as contents:
            known = contents.classes.get(written)
            if known is not None and not known.gone and known.finding == finding:
                return known.id
            name = class_name(written)
            if not name:
                return None
            edit = class_edit(contents, name, finding)
            if edit is None:
                return next(one.id for one in named_classes(contents, name, finding) if not one.gone)
            self._append({"edit": [edit]})
            return str(edit["class"])

    def find_finding(self, written: str) -> str | None:
        """The id of a finding in use, by its id or its name; None where there is none."""
        with self.read() as contents:
            live = contents.live_classes() if contents.of_findings and written else []
            return next(
                (one.id for one in live if one.id == written or fold_name(one.name) == fold_name(written)), None
            )

    def finding_ids(self, names: Iterable[str]) -> list[str]:
        """The ids of findings by their names; those that are not there are made."""
        with self.read() as contents:
            known = {one.name: one.id for one in contents.live_classes(findings=True)}
        return [known.get(name) or self.find_class(name, finding=True) or "" for name in names]

    def add_file(self, pieces: Iterable[bytes], class_name: str, name: str) -> Received:
        """Takes in a file that comes as pieces of bytes; what cannot be used is listed and answered as rejected."""
        from wetread.studio.receiving import add_stream

        return add_stream(self, pieces, class_name, name)

    def add_item(self, item: Item, batch: str = "") -> bool:
        """Adds an item; False where its bytes are here already.

        Args:
            item: The new one.
            batch: A name for all that is added at once, which Undo takes back together; empty: it is not taken back.

        Raises:
            InputError: The project is full.
        """
        with self._write() as contents:
            if item.id in contents.items:
                return False
            if len(contents.items) >= MOST_ITEMS:
                raise InputError(
                    f"A project holds at most {MOST_ITEMS} images.", remedy="Make another project.", code="full"
                )
            self._append({"add": item.as_line()} | ({"batch": batch} if batch else {}))
            return True

    def give_too(self, item_id: str, class_id: str) -> None:
        """Remembers that the file of an item came under another class than the one it is in."""
        with self._write() as contents:
            item = contents.items.get(item_id)
            if item is not None and class_id not in item.also:
                self._append({"edit": [{"items": [item_id], "set": {"also": [*item.also, class_id]}}]})

    def reject(self, name: str, reason: str, remedy: str, code: str) -> None:
        """Lists a file that cannot be used."""
        with self._write():
            self._append({"reject": {"name": name, "reason": reason, "remedy": remedy, "code": code}})

    def keep_table(self, table: KeptTable) -> None:
        """Remembers what a table says, for files that may still come."""
        further = {"columns": list(table.columns), "findings": list(table.findings)}
        with self._write():
            self._append({"table": table.rows} | {key: names for key, names in further.items() if names})

    def rows(self) -> list[Row]:
        """What a run would read now, of each image that takes part."""
        with self.read() as contents:
            return snapshot_rows(contents, self._known_patients()[0])

    def trainable(self) -> Trainable | None:
        """Of a project of findings those that a run would learn now; None where each image has one class."""
        with self.read() as contents:
            if not contents.of_findings:
                return None
            if self._trainable is None or self._trainable[0] != contents.version:
                self._trainable = (contents.version, find_trainable(self.rows()))
            return self._trainable[1]

    def snapshot(self) -> Path:
        """The table of labels as of now, as a file for `wetread run`; the same contents are the same file.

        Raises:
            InputError: There are not two classes with images, or findings that can be learnt; or a name cannot stand
                in a table.
        """
        with self.read():  # a training and a check may be asked for at the same time, and one file has one writer
            trainable = self.trainable()
            if trainable is not None and trainable.why_not is not None:
                raise trainable.why_not
            text = snapshot_text(self.rows(), findings=trainable is not None)
            place = self.folder / snapshot_name(text)
            return place if place.exists() else atomic_write(place, text)

    def snapshot_name(self) -> str:
        """The name that `snapshot` would give; where a run has another one, the data changed since."""
        with self.read() as contents:
            if self._named is None or self._named[0] != contents.version:
                text = snapshot_text(self.rows(), findings=contents.of_findings, check=False)
                self._named = (contents.version, snapshot_name(text))
            return self._named[1]

    @contextmanager
    def taking_in(self) -> Iterator[None]:
        """While a file comes in, so that the folder does not move meanwhile.

        Raises:
            InputError: It has moved already.
        """
        with self._lock:
            self._check_here()
            self._intakes += 1
        try:
            yield
        finally:
            with self._lock:
                self._intakes -= 1

    def retire(self) -> bool:
        """Takes no change any more, since the folder is about to move; False where files are coming in just now."""
        with self._lock:
            self._retired = not self._intakes and not self.tasks.working
            return self._retired

    # Inside ----------------------------------------------------------------------------------------------------------

    @contextmanager
    def _write(self) -> Iterator[Contents]:
        with self._lock:
            self._check_here()
            with self._journal.writing():
                self._catch_up()
                yield self._contents

    def _check_here(self) -> None:
        if self._retired:  # what was written now would make a folder anew, in the way when the project comes back
            remedy = "Go back to the start page."
            raise InputError("There is no such project any more.", remedy=remedy, code="no-project")

    def _append_step(self, contents: Contents, wish: dict[str, Any]) -> None:
        """Takes the last step back, or makes it again; refused where another one is meant."""
        op = str(wish["op"])
        steps: Sequence[Step] = contents.undo if op == "undo" else contents.redo
        if not steps:
            raise InputError(f"There is nothing to {op}.", code="nothing-to-undo")
        if wish.get("step") not in (None, steps[-1].text):
            said = f"Something else was done since: {steps[-1].text}."
            raise InputError(said, remedy="Take that back first.", code="other-step")
        self._append({op: 1})

    def _append(self, line: dict[str, Any]) -> None:
        self._journal.append(line)
        self._contents.apply(line)

    def _catch_up(self) -> None:
        if self._journal.grown():
            for line in self._journal.news():
                self._contents.apply(line)

    def _discard_lost(self) -> None:
        if self._contents.taken_back:
            from wetread.studio.additions import discard_lost

            discard_lost(self, self._discarded)

    def _find(self, item_id: str) -> Item:
        item = self._contents.items.get(item_id) or self._contents.taken_back.get(item_id)
        if item is None:
            raise InputError("There is no such image.", remedy="Load the page again.", code="no-item")
        return item

    def _known_patients(self) -> tuple[dict[str, str], str]:
        known = self._patients
        if known is None or known[0] != self._contents.version:
            known = self._patients = (self._contents.version, *find_patients(self._contents.items.values()))
        return known[1], known[2]


def _sweep(uploads: Path) -> None:
    """Removes what a killed server left half received; younger files may be on their way now."""
    with contextlib.suppress(OSError):
        for place in uploads.iterdir():
            if time.time() - place.stat().st_mtime > _ABANDONED:
                place.unlink()


def class_edit(contents: Contents, name: str, finding: bool = False) -> Edit | None:
    """The edit that makes a class or finding of a name, or brings a removed one back; None where it is there."""
    same = named_classes(contents, name, finding)
    if any(not one.gone for one in same):
        return None
    if same:
        return {"class": same[0].id, "set": {"gone": False}}
    return {"class": contents.next_class(), "set": new_class(name, finding)}


def named_classes(contents: Contents, name: str, finding: bool = False) -> list[ItemClass]:
    """The classes or findings of a name, removed ones too; a run joins names that differ only in case and spaces."""
    wanted = fold_name(name)
    return [one for one in contents.classes.values() if one.finding == finding and fold_name(one.name) == wanted]
