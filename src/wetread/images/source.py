"""Where one picture lies: a file, a member of an archive, an item of an array file, one frame of several."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """Where the bytes of one picture lie.

    Attributes:
        path: The file on disk.
        member: Name inside the archive (``.zip``, ``.tm``) that ``path`` is; empty for a plain file.
        item: Number inside the array file (``.npz``, IDX) that ``path`` is, from 0; None for a plain file.
        frame: Frame or page, counted from 1; None: as the `wetread.images.view.View` says.
    """

    path: Path
    member: str = ""
    item: int | None = None
    frame: int | None = None

    @classmethod
    def of(cls, place: str | Path | Source) -> Source:
        """A path as a source; a source as it is."""
        return place if isinstance(place, Source) else cls(Path(place))

    @property
    def name(self) -> str:
        """The bare name of the file, of the member where it is one."""
        return (self.member or self.path.name).rsplit("/", 1)[-1]

    def __str__(self) -> str:
        text = f"{self.path}{'/' + self.member if self.member else ''}"
        text += f"[{self.item}]" if self.item is not None else ""
        return f"{text}#{self.frame}" if self.frame is not None else text
