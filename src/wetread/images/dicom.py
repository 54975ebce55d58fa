"""The rules for DICOM, in the order of PS3.4 section N.2: modality, then values of interest, then presentation.

pydicom reads the file, cuts out and decodes the frame, and converts colours. Its functions for lookup tables are not
used: in 3.0 they index with the type of the pixels or of the table, which overflows for tables that start below 0 or
have 8-bit entries, and they compute windows for whole pictures in doubles.
"""

from __future__ import annotations

from math import ceil
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from wetread.images.codecs import choose_plugin, register
from wetread.images.codestream import frame_size
from wetread.images.dicom_facts import harmless_facts, patient_key
from wetread.images.dicom_file import read_dataset
from wetread.images.facts import ImageFacts
from wetread.images.gate import Refused, check_size
from wetread.images.grey import show_grey
from wetread.images.intensity import Values
from wetread.images.pictures import merge_equal_channels
from wetread.shapes import Picture

register()

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
#: Photometric interpretations, PS3.3 section C.7.6.3.1.2, and the word for them in `ImageFacts.mode`.
_MODES = {
    "MONOCHROME1": "grey",
    "MONOCHROME2": "grey",
    "PALETTE COLOR": "palette",
    "RGB": "rgb",
    "YBR_FULL": "ybr",
    "YBR_FULL_422": "ybr",
    "YBR_RCT": "ybr",
    "YBR_ICT": "ybr",
}


def decode_dicom(handle: BinaryIO, size: int) -> tuple[Picture, ImageFacts]:
    """Decodes an open DICOM file; of several frames the middle one.

    Args:
        handle: The file, at its start.
        size: Bytes of the file.

    Returns:
        The picture as displayed (``row column``, or ``row column 3`` for colour, 0 black .. 255 white), its facts.

    Raises:
        Refused: With the reason.
    """
    try:
        return _decode(handle, size)
    except (Refused, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except NotImplementedError as error:
        raise Refused("unsupported") from error
    except BaseException as error:  # the RLE plugin panics in Rust with a BaseException
        raise Refused("damaged") from error


def _decode(handle: BinaryIO, size: int) -> tuple[Picture, ImageFacts]:
    dataset, syntax = read_dataset(handle, check_header)
    _require_pixels(dataset)
    check_header(dataset)
    photometric = str(dataset.get("PhotometricInterpretation", "")).strip()
    if photometric not in _MODES:
        raise Refused("unsupported" if photometric else "damaged")
    frames = _frames(dataset)
    index = frames // 2
    _check_bytes(dataset, frames, index)
    # GDCM and Pillow are plugins too; GDCM crashes on damaged files, and one decoder gives one answer everywhere.
    plugin = choose_plugin(dataset.file_meta.TransferSyntaxUID)
    stored = pixel_array(dataset, index=index, decoding_plugin=plugin)
    pixels, intensity = show(stored, dataset, index, photometric)
    header = harmless_facts(dataset)
    facts = ImageFacts(
        format="DICOM",
        width=pixels.shape[1],
        height=pixels.shape[0],
        bit_depth=_bits(dataset),
        mode="float" if np.issubdtype(stored.dtype, np.floating) else _MODES[photometric],
        bytes=size,
        frames=frames,
        frame_used=index + 1,
        intensity=intensity,
        photometric=photometric,
        modality=header.get("Modality"),
        transfer_syntax=syntax,
        header=header,
        patient_key=patient_key(dataset),
    )
    return np.ascontiguousarray(pixels), facts


def check_header(dataset: Dataset) -> int:
    """Refuses sizes that are senseless or too large, PS3.3 section C.7.6.3; returns the bytes of all frames."""
    rows, columns, samples = int(dataset.Rows), int(dataset.Columns), int(dataset.get("SamplesPerPixel") or 1)
    frames, bits = _frames(dataset), int(dataset.BitsAllocated)
    check_size(columns, rows, samples=samples, bits=bits, frames=frames)
    if int(dataset.get("BitsStored") or bits) > bits or bits not in (1, 8, 16, 32, 64):
        raise Refused("damaged")
    return ceil(rows * columns * samples * frames * bits / 8)


def show(stored: Values, dataset: Dataset, index: int, photometric: str) -> tuple[Picture, str]:
    """Decoded values -> picture as displayed, and how that was done.

    Args:
        stored: ``row column`` or ``row column 3``; YBR is RGB already.
        dataset: The header.
        index: Number of the frame, from 0.
        photometric: A key of the photometric interpretations above.
    """
    if photometric.startswith("MONOCHROME"):
        if stored.ndim != 2:
            raise Refused("damaged")
        picture, how = show_grey(stored, dataset, index, inverted=photometric == "MONOCHROME1")
        return picture, how
    if photometric == "PALETTE COLOR":
        return merge_equal_channels(_paint(stored, dataset)), "palette"
    if stored.ndim != 3 or stored.shape[2] != 3:
        raise Refused("damaged")
    bits = _bits(dataset)
    pixels = stored.astype(np.uint8) if bits <= 8 else (stored >> (bits - 8)).astype(np.uint8)
    return merge_equal_channels(pixels), "as stored" if bits <= 8 else f"upper 8 of {bits} bits"


def _paint(stored: Values, dataset: Dataset) -> Picture:
    # PS3.3 sections C.7.6.3.1.5 and C.7.6.3.1.6. Every possible value is looked up once, as in `map_levels`.
    if stored.ndim != 2 or stored.itemsize > 2:
        raise Refused("damaged")
    levels = np.arange(int(stored.min()), int(stored.max()) + 1).astype(stored.dtype)
    colours = apply_color_lut(levels.reshape(1, -1), dataset)[0, :, :3]
    descriptor = dataset.RedPaletteColorLookupTableDescriptor
    if int(descriptor[2]) == 8 and not 0 < int(descriptor[0]) <= 256:
        raise Refused("unsupported")  # pydicom would index such a table modulo 256
    # Tables of 16-bit entries hold values up to 65,535, but some writers put 0..255 into them.
    if colours.dtype != np.uint8 and _brightest(dataset) > 255:
        colours = colours >> 8
    return colours.astype(np.uint8)[stored.astype(np.int64) - int(levels[0])]


def _brightest(dataset: Dataset) -> int:
    if "RedPaletteColorLookupTableData" not in dataset:
        return 65535
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    tables = [getattr(dataset, f"{name}PaletteColorLookupTableData") for name in ("Red", "Green", "Blue")]
    entries: NDArray[Any] = np.frombuffer(b"".join(bytes(table) for table in tables), dtype=f"{order}u2")
    return int(entries.max(initial=0))


def _frames(dataset: Dataset) -> int:
    # PS3.3 section C.7.6.6.1.1; absent, empty and 0 all mean one frame in practice.
    return int(dataset.get("NumberOfFrames") or 1)


def _bits(dataset: Dataset) -> int:
    return int(dataset.get("BitsStored") or dataset.BitsAllocated)


def _require_pixels(dataset: Dataset) -> None:
    if any(name in dataset and dataset[name].value for name in _PIXELS):
        return
    storage = UID(str(dataset.get("SOPClassUID", "")))
    if len(dataset) == 0:
        raise Refused("not-an-image")
    # A header that promises an image and then ends was cut off; a report or a plan never had one.
    promised = storage.name.endswith("Image Storage") or dataset.get("Rows") is not None
    raise Refused("truncated" if promised and not any(name in dataset for name in _PIXELS) else "no-pixels")


def _check_bytes(dataset: Dataset, frames: int, index: int) -> None:
    """Compares the pixel data with the header before a decoder allocates anything."""
    syntax = dataset.file_meta.TransferSyntaxUID
    get_decoder(syntax)  # refuses video, and what is no transfer syntax
    if not syntax.is_encapsulated:
        wanted = check_header(dataset)
        if str(dataset.PhotometricInterpretation).strip() == "YBR_FULL_422":
            wanted = wanted * 2 // 3  # PS3.3 section C.7.6.3.1.2: two pixels share their colour
        if len(next(dataset[name].value for name in _PIXELS if name in dataset)) < wanted:
            raise Refused("truncated")
        return
    if "PixelData" not in dataset or not dataset["PixelData"].is_undefined_length:
        raise Refused("damaged")  # PS3.5 section A.4: encapsulated means undefined length
    try:
        frame = get_frame(dataset.PixelData, index, number_of_frames=frames)
    except (ValueError, EOFError) as error:
        raise Refused("truncated") from error
    found = frame_size(frame)
    if found is None:
        return
    check_size(found.columns, found.rows, samples=found.samples, bits=int(dataset.BitsAllocated))
    if (found.rows, found.columns) != (int(dataset.Rows), int(dataset.Columns)):
        raise Refused("damaged")
