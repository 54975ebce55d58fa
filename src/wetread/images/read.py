"""decode_image, read_values, survey_image: one source -> picture, values or header; the reader is chosen by content.

This decodes in the process that calls it, so a damaged file can take that process down. Only ``worker.py`` and tests
call it; everybody else asks `wetread.images.decoder.Decoder`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wetread.errors import ImageRejected
from wetread.images.cache import PixelCache, entry_key
from wetread.images.containers import Containers
from wetread.images.facts import DecodedImage, Survey, hash_pixels
from wetread.images.gate import Refused, identify, open_plain_file
from wetread.images.shrink import shrink
from wetread.images.source import Source
from wetread.images.values import ValueImage, pack_values, shrink_values, usual_window, value_limits
from wetread.images.view import View
from wetread.shapes import Picture

#: Entered around what takes long and is no fault of a file: loading pydicom, reading the list of a large archive.
Aside = Callable[[], AbstractContextManager[None]]


def decode_image(
    place: str | Path | Source,
    *,
    max_side: int | None = None,
    view: View | None = None,
    cache: PixelCache | None = None,
    containers: Containers | None = None,
    aside: Aside = nullcontext,
) -> DecodedImage:
    """Decodes one image; its name plays no part.

    Args:
        place: A PNG, JPEG, TIFF, BMP or DICOM file, also inside an archive, or an item of an array file.
        max_side: Longest side of the picture that comes back, in pixels; None for full size.
        view: How stored values become 0..255, and which frame is taken; None: as each file says, the middle frame.
        cache: Looked into before anything is decoded; nothing is stored.
        containers: What keeps archives and array files open between calls.
        aside: Entered around what takes long and is no fault of the file.

    Returns:
        The picture (``row column`` or ``row column 3``, 0 black .. 255 white), its facts and two fingerprints.

    Raises:
        ImageRejected: With a code of `wetread.errors.REJECTIONS`.
    """
    source, view = Source.of(place), view or View()
    with _rejections(source):
        containers = containers or Containers(aside)
        image = _item(source, containers) if source.item is not None else None
        if image is None:
            with _opened(source, containers) as (handle, size):
                image = _decode(handle, size, source.frame, view, max_side, cache, aside)
    full = (image.facts.height, image.facts.width)
    return dataclasses.replace(image, pixels=shrink(image.pixels, max_side, full))


def survey_image(
    place: str | Path | Source, *, containers: Containers | None = None, aside: Aside = nullcontext
) -> Survey:
    """Reads the header of one image; no pixel is decoded. Arguments and errors as in `decode_image`."""
    source = Source.of(place)
    with _rejections(source):
        containers = containers or Containers(aside)
        if source.item is not None:
            facts = _item(source, containers).facts
            # 8 bits: an array says by its type how its values are shown, and no view changes that.
            return Survey(facts.format, grey=facts.mode == "grey")
        with _opened(source, containers) as (handle, size):
            kind = identify(handle)
            if kind == "DICOM":
                load_dicom(aside)
                from wetread.images.dicom import survey_dicom

                return survey_dicom(handle, size)
            from wetread.images.pictures import survey_picture

            return survey_picture(handle, kind, size)


def read_values(
    place: str | Path | Source,
    *,
    max_side: int | None = None,
    containers: Containers | None = None,
    aside: Aside = nullcontext,
) -> ValueImage:
    """Reads one image for a viewer that windows by itself. Arguments and errors as in `decode_image`."""
    source = Source.of(place)
    with _rejections(source):
        containers = containers or Containers(aside)
        if source.item is not None:
            pixels, facts = containers.item(source.path, source.member, source.item)
            return _byte_values(pixels, facts.height, facts.width, max_side)
        with _opened(source, containers) as (handle, size):
            kind = identify(handle)
            if kind == "DICOM":
                load_dicom(aside)
                from wetread.images.dicom_values import dicom_values

                image = dicom_values(handle, size, source.frame)
                return dataclasses.replace(image, pixels=shrink_values(image.pixels, max_side))
            from wetread.images.pictures import picture_values

            values, bits, inverted, full = picture_values(handle, kind, size, frame=source.frame, max_side=max_side)
    if bits <= 8:
        return _byte_values(values, full[1], full[0], max_side)
    packed, slope, intercept = pack_values(values)
    window, limits = usual_window(packed, slope, intercept), value_limits(packed, slope, intercept)
    return ValueImage(
        shrink_values(packed, max_side), slope, intercept, window=window, limits=limits, inverted=inverted,
        rows=full[1], columns=full[0],
    )  # fmt: skip


def _byte_values(pixels: Picture, rows: int, columns: int, max_side: int | None) -> ValueImage:
    """A picture of bytes: its values as displayed are all there is."""
    pixels = shrink(pixels, max_side, (rows, columns))
    limits = (float(pixels.min()), float(pixels.max()))
    kept = pixels if pixels.ndim == 3 else pixels.astype(np.int16)
    return ValueImage(kept, limits=limits, rows=rows, columns=columns)


def load_dicom(aside: Aside) -> None:
    """Imports pydicom, which takes longer than a picture to decode, and seconds from a network drive."""
    if "wetread.images.dicom" not in sys.modules:
        with aside():
            importlib.import_module("wetread.images.dicom")


@contextmanager
def _rejections(source: Source) -> Iterator[None]:
    """Adds the source to what is refused, and names what only the operating system knows."""
    try:
        yield
    except Refused as refusal:
        raise ImageRejected(refusal.code, str(source)) from refusal
    except MemoryError as error:
        raise ImageRejected("out-of-memory", str(source)) from error
    except OSError as error:
        raise ImageRejected("unreadable", str(source)) from error


@contextmanager
def _opened(source: Source, containers: Containers) -> Iterator[tuple[BinaryIO, int]]:
    """The bytes of a file or member, and how many they are; what changes meanwhile is refused, whatever came of it."""
    if source.member:
        data = containers.member(source.path, source.member)
        if not data:
            raise Refused("empty-file")
        yield io.BytesIO(data), len(data)
        return
    with open_plain_file(source.path) as handle:
        before = os.fstat(handle.fileno())
        try:
            yield handle, before.st_size
        finally:
            after = os.fstat(handle.fileno())
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise Refused("changed")


def _decode(
    handle: BinaryIO,
    size: int,
    frame: int | None,
    view: View,
    max_side: int | None,
    cache: PixelCache | None,
    aside: Aside,
) -> DecodedImage:
    kind = identify(handle)
    digest = ""
    if cache is not None:
        digest = _hash(handle)
        found = cache.find(entry_key(digest, view, frame, max_side))
        if found is not None:
            return found
    if kind == "DICOM":
        load_dicom(aside)
        from wetread.images.dicom import decode_dicom

        pixels, facts = decode_dicom(handle, size, view, frame)
    else:
        from wetread.images.pictures import decode_picture

        pixels, facts = decode_picture(handle, kind, size, view=view, frame=frame, max_side=max_side)
    # Not earlier without need: what is refused by its header is not read as a whole.
    return DecodedImage(pixels, facts, file_sha256=digest or _hash(handle), pixel_sha256=hash_pixels(pixels))


def _hash(handle: BinaryIO) -> str:
    handle.seek(0)
    digest = hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type,unused-ignore]
    handle.seek(0)
    return digest


def _item(source: Source, containers: Containers) -> DecodedImage:
    assert source.item is not None
    pixels, facts = containers.item(source.path, source.member, source.item)
    digest = hash_pixels(pixels)  # an item has no bytes of its own
    return DecodedImage(pixels, facts, file_sha256=digest, pixel_sha256=digest)
