"""Additions that were taken back: their images are out of sight, and their files go when nothing can need them.

Until then they stay where they are: Redo brings them back, and a run or an audit that has read them shows them.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from wetread.studio.thumbnails import thumbnail_place
from wetread.studio.uploads import item_lock

if TYPE_CHECKING:
    from wetread.studio.project import Project

_NAMED = re.compile(rb"images/([0-9a-f]{16})\.")


def discard_lost(project: Project, done: set[str]) -> None:
    """Removes the files of images whose addition was taken back and can no longer be made again.

    Those that a table in the project folder names stay: a run or an audit has read it.

    Args:
        project: Not to be locked by this thread: a file that comes again is guarded by a lock that comes first.
        done: Ids that were looked at before; grows.
    """
    with project.read() as contents:
        lost = contents.lost_items()
    done &= lost  # one that came again meanwhile may be taken back again
    lost -= done
    if not lost:
        return
    for one in lost - _read_by_runs(project.folder):
        with item_lock(one):
            with project.read() as contents:
                item = contents.taken_back.get(one) if one in contents.lost_items() else None
            if item is not None:
                for place in (project.folder / item.file, thumbnail_place(project.folder, one)):
                    with contextlib.suppress(OSError):
                        place.unlink(missing_ok=True)
    done |= lost


def _read_by_runs(folder: Path) -> set[str]:
    found: set[str] = set()
    for table in folder.glob("labels-*.csv"):
        with contextlib.suppress(OSError):
            found |= {one.decode("ascii") for one in _NAMED.findall(table.read_bytes())}
    return found
