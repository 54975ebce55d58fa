"""Traps of the encoding: transfer syntaxes, missing preambles, cut and empty files."""

from __future__ import annotations

import io

from pydicom import Dataset
from pydicom.uid import (
    BasicTextSRStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from wetread.phantoms.traps_file import Trap, encode, expect, grey_file, linear, ramp


def encoding_traps(seed: int) -> list[Trap]:
    """One picture in every encoding; all must look alike."""
    stored = ramp()
    shown = expect(stored, linear(2048, 4096))

    def fresh(name: str) -> Dataset:
        return grey_file(seed, name, stored, WindowCenter="2048", WindowWidth="4096")

    whole = encode(fresh("cut"))
    return [
        Trap(
            "no_preamble.dcm",
            "the 128 bytes and DICM are missing",
            "recognises the data set by its first elements",
            encode(fresh("bare"))[132:],
            shown,
        ),
        Trap(
            "implicit_vr.dcm",
            "Implicit VR Little Endian",
            "takes value representations from the dictionary",
            encode(fresh("implicit"), ImplicitVRLittleEndian),
            shown,
        ),
        Trap(
            "big_endian.dcm",
            "Explicit VR Big Endian (retired)",
            "swaps bytes of header and pixels",
            encode(fresh("big"), ExplicitVRBigEndian),
            shown,
        ),
        Trap(
            "deflated.dcm",
            "Deflated Explicit VR Little Endian",
            "inflates everything behind the file meta information",
            encode(fresh("deflated"), DeflatedExplicitVRLittleEndian),
            shown,
        ),
        Trap("rle.dcm", "RLE Lossless", "decodes the byte planes", _run_length(fresh("rle")), shown),
        Trap(
            "dicom_named.png",
            "a DICOM file named .png",
            "goes by the content and not by the name",
            encode(fresh("misnamed")),
            shown,
        ),
        Trap(
            "truncated.dcm",
            "the file ends in the middle of the pixels",
            "refuses instead of filling up with black",
            whole[:-200],
            rejection="truncated",
        ),
        Trap("zero_bytes.dcm", "an empty file", "refuses", b"", rejection="empty-file"),
        Trap(
            "text.dcm",
            "a text named .dcm",
            "refuses",
            b"This is a shopping list and no image: eggs, milk, bread. " * 4,
            rejection="not-an-image",
        ),
        Trap("report.dcm", "a structured report", "refuses: it holds no picture", _report(seed), rejection="no-pixels"),
    ]


def _run_length(header: Dataset) -> bytes:
    # pydicom's own encoder is always there; others would give other bytes.
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    buffer = io.BytesIO()
    header.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _report(seed: int) -> bytes:
    header = grey_file(seed, "report", ramp())
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(header, keyword)
    del header.SamplesPerPixel, header.PhotometricInterpretation
    header.Modality = "SR"
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    return encode(header)
