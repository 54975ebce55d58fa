"""Small pictures of a run, so that its report can be written anew without the data."""

from __future__ import annotations

import io
import json

from PIL import Image

from wetread.dataset.table import Table
from wetread.report.finding_rows import ERRORS_SHOWN, find_errors
from wetread.run_folder import RunFolder
from wetread.shapes import Picture

SIDE = 112
QUALITY = 82

#: Most pictures kept; beyond that cells of the confusion matrix and findings list names only.
MOST = 600


def write_thumbnails(folder: RunFolder, table: Table) -> None:
    """Stores thumbnails of the images that the report shows, with an index by image.

    Args:
        folder: Of the run; predictions.csv and findings.json must be there.
        table: With pictures.
    """
    wanted = wanted_images(folder)
    index: dict[str, str] = {}
    for row in table.rows:
        if row.image in wanted and row.picture is not None and len(index) < MOST:
            name = f"{len(index) + 1:04d}.jpg"
            folder.write_bytes(f"thumbnails/{name}", encode_thumbnail(row.picture))
            index[row.image] = name
    folder.write_text("thumbnails/index.json", json.dumps(index, indent=0, ensure_ascii=False) + "\n")


def wanted_images(folder: RunFolder, per_cell: int = 24, per_finding: int = 12) -> set[str]:
    """The images that the report shows: the first of each cell of the confusion matrix and of each finding.

    Of images that can have several findings: the worst errors of each.
    """
    rows = folder.read_table("predictions.csv")
    if rows and "truth" not in rows[0]:
        findings = [column.removeprefix("p_") for column in rows[0] if column.startswith("p_")]
        errors = find_errors(rows, findings)
        wanted = {image for one in errors.values() for images in one for image in images[:ERRORS_SHOWN]}
    else:
        cells: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            cells.setdefault((row["truth"], row["predicted"]), []).append(row["image"])
        wanted = {image for images in cells.values() for image in images[:per_cell]}
    for finding in folder.read_json("findings.json"):
        wanted |= set(finding["images"][:per_finding])
    return wanted


def encode_thumbnail(picture: Picture, side: int = SIDE) -> bytes:
    """A picture within a square of `side` pixels, as JPEG."""
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()
