"""Small JPEG pictures, kept in files that may be deleted at any time."""

from __future__ import annotations

import contextlib
import io
import threading
from pathlib import Path

from PIL import Image

from wetread.errors import OutputError
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.shapes import Picture
from wetread.writing import atomic_write

#: Longest side in pixels.
SIDE = 160
QUALITY = 82
_LOCKS = [threading.Lock() for _ in range(64)]


def thumbnail(decoder: Decoder, source: Source, place: Path, side: int = SIDE) -> bytes:
    """A picture of at most ``side`` pixels on its longest side, as JPEG; from its file, else decoded and kept there.

    Args:
        decoder: Decodes in a child process.
        source: The image.
        place: The file of the thumbnail.
        side: Pixels.

    Raises:
        ImageRejected: The image cannot be read.
    """
    known = _read(place)
    if known is not None:
        return known
    with _LOCKS[hash(place.name) % len(_LOCKS)]:  # a page may ask for one twice at the same time
        known = _read(place)
        if known is not None:
            return known
        data = encode_thumbnail(decoder.decode(source, max_side=side, keep=False).pixels)
        with contextlib.suppress(OutputError):  # on a full disk pictures are still shown
            atomic_write(place, data, durable=False)
        return data


def _read(place: Path) -> bytes | None:
    """What was kept; None where nothing was, or it was cut by a power failure."""
    with contextlib.suppress(OSError):
        data = place.read_bytes()
        if data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9"):
            return data
    return None


def thumbnail_place(project: Path, item_id: str) -> Path:
    """Where the thumbnail of an item lies."""
    return project / "cache" / "thumbs" / item_id[:2] / f"{item_id}.jpg"


def encode_thumbnail(picture: Picture) -> bytes:
    """A picture as JPEG, as it is."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
