"""Cleaner: hands files to the child of ``worker.py`` and survives its death."""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.child import Child, ChildDied
from wetread.images.source import Source
from wetread.images.wire import Task
from wetread.privacy.options import Options
from wetread.privacy.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from wetread.privacy.examine import PhiReport

COMMAND = (sys.executable, "-P", "-m", "wetread.privacy.worker")
_TICK = 0.1


@dataclass(frozen=True)
class CleanFile:
    """A file without what identifies.

    Attributes:
        data: Its bytes.
        format: One of `wetread.images.gate.FORMATS`.
        suffix: The ending that fits.
        patient: Pseudonym; empty where the file does not say whose it is.
        key: The identifier in the original, for the mapping that a user may ask for. Goes nowhere else.
        days: By which its dates were shifted; None for pictures, which keep none.
        modality: Where it is a known word.
        warnings: As `wetread.privacy.dicom_output.CleanDicom`.
        counts: Elements kept, changed and removed.
    """

    data: bytes = field(repr=False)
    format: str
    suffix: str
    patient: str = ""
    key: str = field(default="", repr=False)
    days: int | None = None
    modality: str | None = None
    warnings: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Job(Task):
    """A job for our worker, on the wire of the decoder."""

    job: dict[str, Any] = field(default_factory=dict, repr=False)

    def as_line(self) -> bytes:
        plain = {"path": os.fspath(self.source.path.absolute()), "member": self.source.member, **self.job}
        return (json.dumps(plain) + "\n").encode("ascii")


class Cleaner:
    """Examines and cleans files one after the other in a child process.

    Args:
        seconds: Time limit per file.
    """

    def __init__(self, *, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._child: Child | None = None
        self._closed = threading.Event()
        self._clock: threading.Thread | None = None

    def examine(self, place: str | Path | Source) -> PhiReport:
        """Lists what a file exposes.

        Raises:
            ImageRejected: It cannot be read; ``code`` says why.
        """
        from wetread.privacy.examine import PhiReport  # pydicom, which the child has and a server need not

        header, _ = self._ask(Source.of(place), {"what": "examine"})
        try:
            return PhiReport.from_dict(header["report"])
        except (KeyError, TypeError) as error:
            raise ImageRejected("decoder-crash", str(place)) from error

    def clean(self, place: str | Path | Source, pseudonyms: Pseudonyms, options: Options, fallback: str) -> CleanFile:
        """De-identifies one file.

        Args:
            place: The original.
            pseudonyms: Of the project.
            options: What stays.
            fallback: As in `wetread.privacy.remove.find_subject`.

        Raises:
            ImageRejected: Nothing of it may be copied; ``code`` says why.
        """
        job = {"what": "clean", "secret": pseudonyms.secret.hex(), "options": asdict(options), "fallback": fallback}
        facts, body = self._ask(Source.of(place), job)
        try:
            warnings = tuple(map(str, facts["warnings"]))
            return CleanFile(
                bytes(body), facts["format"], facts["suffix"], facts["patient"], facts.get("key", ""), facts["days"],
                facts.get("modality"), warnings, facts.get("counts", {}),
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise ImageRejected("decoder-crash", str(place)) from error

    def strip(self, place: str | Path | Source) -> bytes:
        """A picture without its metadata, its pixels as they are; empty where it has none.

        Raises:
            ImageRejected: Its metadata cannot be told from its pixels; ``code`` says why.
        """
        return bytes(self._ask(Source.of(place), {"what": "strip"})[1])

    def _ask(self, source: Source, job: dict[str, Any]) -> tuple[dict[str, Any], bytearray]:
        task = _Job(source, job=job)
        for attempt in (1, 2):
            try:
                header, body = self._start().ask(task)
                break
            except ChildDied as death:
                self._child = None
                if not death.started:
                    raise RuntimeError("the process that cleans does not start") from death
                # A first crash may be the late effect of the file before.
                if death.timed_out or attempt == 2:
                    code = "decoder-timeout" if death.timed_out else "decoder-crash"
                    raise ImageRejected(code, str(source)) from death
            except BaseException:
                self._drop()  # Ctrl-C: the answer on its way would be taken for the next one
                raise
        if header.get("status") == "refused":
            code = str(header.get("code"))
            raise ImageRejected(code if code in REJECTIONS else "decoder-crash", str(source))
        return header, body

    def _start(self) -> Child:
        if self._child is None:
            self._child = Child.start(COMMAND, self._seconds)
        if self._clock is None:
            self._clock = threading.Thread(target=self._watch, name="wetread-cleaner-clock", daemon=True)
            self._clock.start()
        return self._child

    def _watch(self) -> None:
        while not self._closed.wait(_TICK):
            child = self._child
            if child is not None:
                child.check_deadline()

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def close(self) -> None:
        """Ends the child; may be called twice."""
        self._closed.set()
        self._drop()

    def __enter__(self) -> Cleaner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def examine_file(place: str | Path | Source) -> PhiReport:
    """Lists what one file exposes; for many files use one `Cleaner`.

    Raises:
        ImageRejected: It cannot be read.
    """
    with Cleaner() as cleaner:
        return cleaner.examine(place)
