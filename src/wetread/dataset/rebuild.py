"""A run folder -> the table it was made of, with its pictures, as far as the cache still holds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wetread.dataset.table import COLUMNS, NO_FINDING, UNKNOWN_COLUMNS, USED, WORKING_SIDE, Row, Table
from wetread.errors import InputError
from wetread.images.cache import default_cache, entry_key
from wetread.images.source import Source
from wetread.images.view import View
from wetread.run_folder import RunFolder


def side_of(view: Mapping[str, Any]) -> int:
    """Longest side of the pictures of a run, in pixels, from ``view`` in its run.json; earlier versions had one."""
    side = view.get("side")
    return side if isinstance(side, int) else WORKING_SIDE


def rebuild_table(folder: RunFolder) -> Table:
    """Reads images.csv and finds the pictures by their content.

    A run folder holds no path to the images and no copy of them; the cache knows them by the SHA-256 of their files.

    Raises:
        InputError: Pictures are no longer in the cache.
    """
    facts = folder.read_json("run.json")
    stored = facts.get("view") or {"values": "file", "frame": "middle"}
    view, side = View.parse(stored["values"], frame=stored["frame"]), side_of(stored)
    cache = default_cache()
    several = bool(facts.get("multi"))
    taken = {*COLUMNS, *(UNKNOWN_COLUMNS if several else ())}
    rows: list[Row] = []
    missing = 0
    for cells in folder.read_table("images.csv"):
        row = Row(cells["image"], Source(Path(cells["image"])), label=cells["label"])
        row.patient, row.group, row.sha256 = cells["patient"], cells["group"], cells["sha256"]
        row.extra = {name: value for name, value in cells.items() if name not in taken}
        if several:
            row.findings = () if row.label in ("", NO_FINDING) else tuple(row.label.split("|"))
            unknown = (cells.get(name, "").split("|") for name in UNKNOWN_COLUMNS)
            row.uncertain, row.missing = (tuple(filter(None, names)) for names in unknown)
        rows.append(row)
        if cells["status"] != USED:
            row.skip(cells["reason"])
            continue
        number = row.image.rsplit("#", 1)[-1] if row.extra.get("file") else ""
        key = entry_key(row.sha256, view, int(number) if number.isdigit() else None, side)
        image = cache.find(key) if cache is not None and row.sha256 else None
        if image is None:
            missing += 1
        else:
            row.picture, row.facts = image.pixels, image.facts
    if missing:
        raise InputError(
            f"{missing} of the {len(rows)} pictures of this run are not in the cache, and a run folder keeps none.",
            remedy="Give the data set that the run was made of, with the same options.",
            file=folder.path,
            code="no-pictures",
        )
    table = Table(folder.path, "run", rows, grouping=str(facts.get("grouping", "none")), multi=several)
    table.provenance = dict(facts.get("provenance") or {})
    return table
