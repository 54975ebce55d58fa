"""What `deidentify_folder` did, for the person who asked for it. It names originals and is written to no file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wetread.outcome import counted

#: Said with every outcome.
CAUTION = (
    "This follows a list of rules; it proves nothing about text in the pixels, faces that can be rebuilt from head "
    "scans, or rare findings that somebody may recognise. Look at the pictures before you hand them on."
)


@dataclass
class Outcome:
    """What became of every file.

    Attributes:
        out: The new folder.
        copied: Images written.
        refused: Images that were not copied: name of the original, and a code of `wetread.errors.REJECTIONS`.
        left_out: Other files that were not copied: tables that no labels were found in, texts.
        suspects: Images that may show text in their pixels: new name -> why.
        looked_for_text: Whether the pixels were searched for text.
        tables: New names of tables -> columns that were dropped.
        notes: Sentences about what was decided.
        repeatable: The secret was kept, so a second call gives the same pseudonyms.
    """

    out: Path
    copied: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    suspects: dict[str, list[str]] = field(default_factory=dict)
    looked_for_text: bool = False
    tables: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    repeatable: bool = False

    @property
    def exit_code(self) -> int:
        """0; 1 where files were not copied or may show text."""
        return int(bool(self.refused or self.suspects))

    def __str__(self) -> str:
        lines = [f"{counted(self.copied, 'image')} written to {self.out}."]
        if self.refused:
            was = "was not copied because it" if len(self.refused) == 1 else "were not copied because they"
            lines.append(f"{counted(len(self.refused), 'image')} {was} could not be cleaned.")
        if self.left_out:
            others = "other file was" if len(self.left_out) == 1 else "other files were"
            lines.append(f"{len(self.left_out)} {others} not copied.")
        if self.suspects:
            them = "it" if len(self.suspects) == 1 else "them"
            count = len(self.suspects)
            lines.append(
                f"{counted(count, 'image')} may show text in {'its' if count == 1 else 'their'} pixels; "
                f"ledger.csv names {them}."
            )
        if not self.looked_for_text:
            lines.append("The pixels were not searched for text.")
        lines += self.notes
        lines += [f"{name}: dropped the columns {', '.join(gone)}." for name, gone in self.tables.items() if gone]
        return "\n".join([*lines, CAUTION])
