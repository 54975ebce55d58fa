"""Every error a user can meet. Each says what happened, to which file, and what to do next.

The tree::

    WetreadError                 never raised itself
    ├── InputError         (2)   the data or the command line cannot be used as it is
    │   ├── ImageRejected  (2)   one image file cannot be read; a folder scan lists it and goes on
    │   └── ModelRejected  (2)   a model folder is damaged, incomplete or from another version
    ├── OutputError        (2)   a result cannot be written where it was asked for
    └── Stopped          (130)   interrupted by the user; what was finished is kept

The number is the exit code of the command line (the README lists them all). Anything else that escapes
is a fault of ours and ends with exit code 3.
"""

from __future__ import annotations

from pathlib import Path


class WetreadError(Exception):
    """Base of all errors that a user can cause or meet.

    Args:
        message: What happened, one sentence, no patient data.
        remedy: What to do next, one sentence.
        file: The file or folder it happened to.
        code: A short stable name for scripts, such as ``no-labels``.
    """

    exit_code = 2
    default_code = "error"

    def __init__(self, message: str, *, remedy: str = "", file: str | Path | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.file = str(file) if file is not None else None
        self.code = code or self.default_code

    def __str__(self) -> str:
        parts = [self.message]
        if self.file and self.file not in self.message:
            parts.append(f"File: {self.file}.")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(parts)


class InputError(WetreadError):
    """The data or the command line cannot be used as it is."""

    default_code = "input"


#: Why one image file was refused: the code, what it means, what to do. A closed list: decoder texts never reach a
#: log, since a damaged header can spill patient data into them.
REJECTIONS: dict[str, tuple[str, str]] = {
    "empty-file": ("the file has 0 bytes", "Copy it again from its source."),
    "not-an-image": (
        "its content is no image format that wetread reads",
        "GIF, WebP, HEIC and SVG are not read: export it as PNG, JPEG, TIFF, BMP or DICOM.",
    ),
    "not-a-file": ("it is a folder, a pipe or a device", "Give a file."),
    "volume": ("it is a NIfTI volume, which wetread does not read", "Export its slices as DICOM or PNG."),
    "truncated": ("the file ends too early", "Copy it again from its source."),
    "damaged": ("the file is damaged and cannot be decoded", "Copy or export it again."),
    "too-large": ("the image is larger than the limit of 100 megapixels", "Export it at a smaller size."),
    "no-pixels": ("the DICOM object holds no picture", "Leave reports, structures and presentation states out."),
    "incomplete": ("its header does not say how large the picture is", "Export it again from its source."),
    "unsupported": ("its encoding is not supported", "Export it uncompressed, or as PNG."),
    "decoder-crash": ("the decoder stopped while reading it", "The file is probably damaged; export it again."),
    "decoder-timeout": (
        "it could not be decoded within the time limit",
        "The file is probably damaged; export it again.",
    ),
    "out-of-memory": ("decoding it needs more memory than the limit of 4 GB", "Export it at a smaller size."),
    "changed": ("the file changed while it was read", "Wait until it is complete, then repeat the command."),
    "no-frame": ("it has no frame of that number", "Choose another frame, or middle."),
    "unreadable": ("the file cannot be opened", "Check that it exists and that you may read it."),
}


class ImageRejected(InputError):  # noqa: N818 - a verdict on a file, named as users meet it
    """One image file cannot be read; ``code`` is a key of `REJECTIONS`."""

    default_code = "damaged"

    def __init__(self, code: str, file: str | Path) -> None:
        reason, remedy = REJECTIONS[code]
        super().__init__(f"Cannot read {file}: {reason}.", remedy=remedy, file=file, code=code)
        self.reason = reason


class ModelRejected(InputError):  # noqa: N818 - a verdict on a model folder, named as users meet it
    """A model folder is damaged, incomplete, or written by a version this one cannot read."""

    default_code = "model"


class OutputError(WetreadError):
    """A result cannot be written where it was asked for."""

    default_code = "output"


class Stopped(WetreadError):  # noqa: N818 - the user's own decision, not a fault; named as users meet it
    """The user interrupted the work; the run folder is valid and can be resumed."""

    exit_code = 130
    default_code = "stopped"


class AskedToStop(KeyboardInterrupt):
    """SIGTERM, as a scheduler or the studio sends it: stop at once, where Ctrl-C may end a run early instead."""
