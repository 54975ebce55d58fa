"""decode_image: one file -> DecodedImage, with the reader chosen by the content of the file.

This decodes in the process that calls it, so a damaged file can take that process down. Only ``worker.py`` and tests
call it; everybody else asks `wetread.images.decoder.Decoder`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path

from wetread.errors import ImageRejected
from wetread.images.facts import DecodedImage, hash_pixels
from wetread.images.gate import Refused, identify, open_plain_file
from wetread.images.shrink import shrink


def decode_image(path: str | Path, *, max_side: int | None = None) -> DecodedImage:
    """Decodes one image file; its name plays no part.

    Args:
        path: A PNG, JPEG, TIFF, BMP or DICOM file.
        max_side: Longest side of the picture that comes back, in pixels; None for full size.

    Returns:
        The picture (``row column`` or ``row column 3``, 0 black .. 255 white), its facts and two fingerprints.

    Raises:
        ImageRejected: With a code of `wetread.errors.REJECTIONS`.
    """
    try:
        image = _decode(Path(path))
    except Refused as refusal:
        raise ImageRejected(refusal.code, path) from refusal
    return dataclasses.replace(image, pixels=shrink(image.pixels, max_side))


def _decode(path: Path) -> DecodedImage:
    with open_plain_file(path) as handle:
        kind = identify(handle)
        size = os.fstat(handle.fileno()).st_size
        # pydicom takes longer to import than a picture to decode.
        if kind == "DICOM":
            from wetread.images.dicom import decode_dicom

            pixels, facts = decode_dicom(handle, size)
        else:
            from wetread.images.pictures import decode_picture

            pixels, facts = decode_picture(handle, kind, size)
        handle.seek(0)
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return DecodedImage(pixels, facts, file_sha256=digest, pixel_sha256=hash_pixels(pixels))
