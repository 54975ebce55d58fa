"""What is known of a public data set before anything of it is on this computer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wetread.download.remote_file import RemoteFile, say_bytes


@dataclass(frozen=True)
class PublicSet:
    """A public data set.

    Attributes:
        name: What `wetread data get` calls it.
        title: One line.
        task: What is to be told from what.
        classes: Their names, as the set spells them.
        images: How many.
        patients: How many, or None where nobody states it.
        bytes: Of all files together; an upper limit or an estimate where ``exact`` is False.
        licence: Its name, and what it allows.
        citation: What to cite, with its DOI where it has one.
        homepage: Where a person can read about it.
        files: What is fetched.
        traps: What is wrong with it, one sentence each.
        ready: What `wetread run` takes, relative to the folder of the set; empty: the folder itself.
        options: What else to say to `wetread run`.
        prepare: Is given the folder of the set when all is there, and makes the rest of it.
    """

    name: str
    title: str
    task: str
    classes: tuple[str, ...]
    images: int
    patients: int | None
    bytes: int
    licence: str
    citation: str
    homepage: str
    files: tuple[RemoteFile, ...]
    traps: tuple[str, ...]
    ready: str = ""
    options: str = ""
    prepare: Callable[[Path], Path] | None = None

    @property
    def exact(self) -> bool:
        """True where the size of every file is known to the byte."""
        return all(file.bytes is not None for file in self.files)

    @property
    def size(self) -> str:
        """The size in words, such as ``166 MB`` or ``about 62 MB``."""
        return ("" if self.exact else "about ") + say_bytes(self.bytes)

    def command(self, path: Path) -> str:
        """The `wetread run` line for the set in this place."""
        return " ".join(word for word in ("wetread run", f'"{path}"', self.options) if word)

    def as_dict(self) -> dict[str, Any]:
        """Everything but ``prepare``, in types that JSON knows."""
        shown = {key: value for key, value in vars(self).items() if key not in ("prepare", "files")}
        return {**shown, "exact": self.exact, "files": [asdict(file) for file in self.files]}

    def by_hand(self, folder: Path) -> tuple[str, ...]:
        """What to do where this computer has no internet.

        Args:
            folder: Of the set.

        Returns:
            The steps, one sentence each.
        """
        steps = [f"On a computer with internet, read about the set and its licence: {self.homepage}"]
        steps += [f"Open {file.url} there, and save it as {file.name}." for file in self.files]
        steps.append(f"Copy {'the file' if len(self.files) == 1 else 'these files'} into {folder} on this computer.")
        steps.append(f"Repeat `wetread data get {self.name}`: it checks what is there and goes on.")
        return tuple(steps)
