"""How often a test set has been opened: a set that is looked at again and again is a training set in slow motion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wetread.dataset.table import Row


def fingerprint_of(rows: Iterable[Row]) -> str:
    """SHA-256 of the files of a test set, whatever their names and order."""
    return hashlib.sha256("\n".join(sorted(row.sha256 for row in rows)).encode("ascii")).hexdigest()


def count_openings(folder: Path, fingerprint: str) -> int:
    """Runs beside a run folder, itself included, that have tested on the same images.

    Args:
        folder: The run folder; the others are looked for beside it, as `wetread run` puts them.
        fingerprint: From `fingerprint_of`.

    Returns:
        At least 1. Runs that were deleted or lie elsewhere are not known.
    """
    others = [path for path in folder.resolve().parent.glob("*/numbers.json") if path.parent != folder.resolve()]
    return 1 + len([path for path in others if _test_set(path).get("fingerprint") == fingerprint])


def _test_set(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("test_set")
    except (OSError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}
