"""A file on its way in: its pieces are written to the disk while they are hashed, then it is taken in."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wetread.dataset.labels_file import TABLE_SUFFIXES
from wetread.errors import InputError, OutputError
from wetread.studio.names import split_path
from wetread.studio.uploads import Arrival, Received, take_in
from wetread.writing import PartFile, make_folder

if TYPE_CHECKING:
    from wetread.studio.project import Project

#: Bytes of one file that is dropped; an archive may have more.
MOST_BYTES = 512 << 20
MOST_ARCHIVE_BYTES = 20 << 30
#: Bytes that stay free on the disk.
_SPARE = 512 << 20
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


class Upload:
    """One file on its way: write its pieces, then `finish` or `discard`.

    Args:
        project: Where it goes.
        written: Its name, perhaps with folders.
        class_name: Name or id of its class; empty for none.
        expected: Bytes that are announced; None: not known.
        batch: As in `wetread.studio.project.Project.add_item`.

    Raises:
        OutputError: The disk is full.
        InputError: The project has gone to the trash.
    """

    def __init__(
        self, project: Project, written: str, class_name: str = "", expected: int | None = None, batch: str = ""
    ) -> None:
        self.project, self.class_name, self.batch = project, class_name, batch[:64]
        self.path, self.name = split_path(written)
        with contextlib.ExitStack() as stay:
            stay.enter_context(project.taking_in())
            folder = make_folder(project.folder / "cache" / "uploads")
            if expected and shutil.disk_usage(folder).free < expected + _SPARE:
                raise OutputError(
                    "The disk is nearly full.", remedy="Free some space, then drop it again.", code="disk-full"
                )
            self.file = folder / secrets.token_hex(12)
            self._part = PartFile(self.file)
            self._stay = stay.pop_all()
        self._digest = hashlib.sha256()
        self._start = b""

    def write(self, piece: bytes) -> None:
        """Adds bytes.

        Raises:
            InputError: There are too many (``too-large``).
        """
        self._part.append(piece)
        self._digest.update(piece)
        if len(self._start) < 4:
            self._start = (self._start + piece)[:4]
        if self._part.size > (MOST_ARCHIVE_BYTES if self._start in _ZIP else MOST_BYTES):
            self.discard()
            raise InputError(
                "The file is larger than 512 MB.", remedy="Export it at a smaller size.", code="file-too-large"
            )

    def finish(self) -> Received:
        """Takes the file in, whatever it is; a bad one is listed in the project and answered as rejected."""
        try:
            return self._take()
        finally:
            self.discard()

    def finish_image(self, patient: str = "") -> Received:
        """Takes the file in as an image, whatever its name says; ``patient``: whose it is, where that is known."""
        try:
            file = self._part.commit(durable=False)  # what is kept of it is made to last where it is kept
            digest = self._digest.hexdigest()[:16]
            arrival = Arrival(file, digest, self.path, self.name, self.class_name, patient, self.batch)
            return take_in(self.project, arrival)
        finally:
            self.discard()

    def discard(self) -> None:
        """Forgets it; may be called twice."""
        self._part.discard()
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)
        self._stay.close()

    def _take(self) -> Received:
        from wetread.studio import archives, tables

        is_table = self.name.lower().endswith(TABLE_SUFFIXES)
        if is_table:
            return tables.receive_table(self.project, self._part.commit(), self.name, self.batch)
        if self._start in _ZIP:
            return archives.receive_archive(self.project, self._part.commit(), self.name, self.class_name, self.batch)
        return self.finish_image()


def add_stream(
    project: Project, pieces: Iterable[bytes], class_name: str, name: str, *, patient: str = "", batch: str = ""
) -> Received:
    """Takes in a file that comes as pieces of bytes; see `Upload`. A file that cannot be used is answered as such."""
    upload = Upload(project, name, class_name, batch=batch)
    try:
        for piece in pieces:
            upload.write(piece)
        return upload.finish_image(patient)
    finally:
        upload.discard()
