"""WR602: text may be burned into the pixels, where no header tells and no cleaning of headers removes it."""

from __future__ import annotations

from wetread.checks.finding import INFO, Audit, Finding
from wetread.outcome import counted


def check(audit: Audit) -> Finding | None:
    """For information, where a header says so (0028,0301) or text was found in the pixels."""
    said = [
        row.image
        for row in audit.rows
        if row.facts is not None and str(row.facts.header.get("BurnedInAnnotation", "")).strip().upper() == "YES"
    ]
    seen = [image for image, number in (audit.texts or {}).items() if number]
    if not said and not seen:
        return None
    parts = []
    if said:
        parts.append(f"{counted(len(said), 'header')} of {len(audit.rows)} say that text is burned into the picture")
    if seen:
        parts.append(f"in {counted(len(seen), 'picture')} something that looks like text was found")
    sentence = "; ".join(parts)
    return Finding(
        "WR602",
        "Text in the pictures",
        INFO,
        f"{sentence[0].upper()}{sentence[1:]}. It may be a side marker, and it may be a name. The search misses some, "
        "so where it finds nothing pictures need not be clean.",
        "Look at these pictures before you pass anything on, thumbnails and heatmaps included; wetread deidentify "
        "blanks the rectangles you name.",
        tuple(dict.fromkeys([*said, *seen])),
        {"header": len(said), "found": len(seen)},
    )
