"""A DICOM file -> the bytes of a de-identified one: a new header in front of the old pixels.

The pixel element is copied byte for byte, compressed as it was. Only what no decoder shows is overwritten in it:
comments inside compressed frames, bytes behind the last frame, and bits of overlays that lie above the grey values.
"""

from __future__ import annotations

import re
import uuid
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_dataset, write_file_meta_info
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from wetread.images.codestream import begins_codestream
from wetread.images.dicom_file import PixelElement, read_dataset
from wetread.images.elements import read_integer
from wetread.images.gate import Refused
from wetread.images.layout import Layout, read_layout
from wetread.privacy.blank import Blanked, blank_frames
from wetread.privacy.options import Options
from wetread.privacy.pseudonyms import Pseudonyms
from wetread.privacy.remove import Subject, deidentify_dataset
from wetread.privacy.segments import scrub_codestream

#: Names this program as the writer; the UUID of a name, PS3.5 section B.2.
IMPLEMENTATION = f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, 'wetread').int}"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_PLAIN = (str(ImplicitVRLittleEndian), str(ExplicitVRLittleEndian), str(ExplicitVRBigEndian), _DEFLATED)
#: RLE, plain frames in fragments, deflated frames.
_PACKED = ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1")
#: JPEG, JPEG-LS, JPEG 2000, HTJ2K. Of video and JPEG XL nobody here can see the texts, so they are refused.
_STILL = r"1\.2\.840\.10008\.1\.2\.4\.(?:[5-9]\d|20[1-3])"
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_VRS = {"FloatPixelData": b"OF", "DoubleFloatPixelData": b"OD"}
_TAGS = {"FloatPixelData": 0x7FE00008, "DoubleFloatPixelData": 0x7FE00009, "PixelData": 0x7FE00010}


@dataclass
class CleanDicom:
    """A de-identified file and what may be said about it.

    Attributes:
        data: Its bytes.
        subject: Whose it is.
        counts: Elements kept, changed and removed.
        modality: Of the original, where it is a known word.
        warnings: Short names of what was seen and not changed: ``burned-in-flag``, ``screen``, ``overlay-bits``.
    """

    data: bytes
    subject: Subject
    counts: Counter[str]
    modality: str | None
    warnings: list[str] = field(default_factory=list)


def deidentify_dicom(handle: BinaryIO, pseudonyms: Pseudonyms, options: Options, *, fallback: str = "") -> CleanDicom:
    """De-identifies an open DICOM file.

    Args:
        handle: The file, at its start.
        pseudonyms: Of the project.
        options: What stays.
        fallback: As in `wetread.privacy.remove.find_subject`.

    Raises:
        Refused: ``no-pixels``, ``unsupported``, ``truncated``, ``damaged`` and the like; nothing of it may be copied.
    """
    dataset, syntax, element = read_dataset(handle)
    if element is None or element.length == 0:
        raise Refused("no-pixels")
    if syntax not in (*_PLAIN, *_PACKED) and not re.fullmatch(_STILL, syntax):
        raise Refused("unsupported")
    implicit, little = (bool(one) for one in dataset.original_encoding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom quotes values
        dataset = _settle(dataset, little=little) if implicit else dataset
        result, subject, counts = deidentify_dataset(dataset, pseudonyms, options, fallback=fallback)
        seen = _look(dataset)
        if options.blank:
            if not little:
                raise Refused("unsupported")
            blanked = blank_frames(dataset, element, syntax, options.blank)
            pixels = _announce_blanked(result, blanked)
            syntax, implicit = str(ExplicitVRLittleEndian), False
        else:
            pixels, more = _copy_pixels(dataset, element, implicit=implicit)
            seen += more
            syntax = str(ExplicitVRLittleEndian) if syntax == _DEFLATED else syntax
        if options.no_text_left:
            seen = [one for one in seen if one not in ("burned-in-flag", "screen")]
        _check_offsets(result, element, blanked=bool(options.blank))
        data = _write(result, syntax, implicit=implicit, little=little) + pixels
    # Out of the new header: in the old one a name may stand where a modality belongs.
    modality = str(result.get("Modality") or "") or None
    return CleanDicom(data, subject, counts, modality, seen)


def _settle(dataset: Dataset, *, little: bool) -> Dataset:
    """Chooses between signed and unsigned where a header without value representations leaves it open."""
    try:
        return correct_ambiguous_vr(dataset, little)
    except Exception:  # what stays ambiguous is removed later
        return dataset


def _look(dataset: Dataset) -> list[str]:
    """What hints at text in the pixels."""
    seen = []
    if str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        seen.append("burned-in-flag")
    kinds = str(dataset.get("ImageType") or "").upper()
    if any(word in kinds for word in ("SCREEN", "CAPTURE")) or dataset.get("ConversionType") in ("WSD", "SI", "SD"):
        seen.append("screen")
    return seen


def _copy_pixels(dataset: Dataset, element: PixelElement, *, implicit: bool) -> tuple[bytes, list[str]]:
    """The pixel element as it was, head included; and what could not be taken out of it."""
    bits = _overlay_bits(dataset)
    if element.length is None:
        return _copy_fragments(dataset, element), ["overlay-bits"] * bool(bits)
    layout = read_layout(dataset, keyword=element.keyword, size=element.length)
    whole = -(-layout.frame_bits * layout.frames // 8)
    if element.length < whole:
        # A codestream with a stated length: against PS3.5 section A.4, and rare.
        raise Refused("unsupported" if begins_codestream(element.read(0, min(16, element.length))) else "truncated")
    if not element.little and element.words and layout.allocated <= 8:
        whole += whole % 2  # PS3.5 section 7.3: the last byte stands in the upper half of a word
    values = bytearray(element.read(0, element.length))
    values[whole:] = bytes(len(values) - whole)
    _clear_bits(values, whole, layout, bits, little=element.little)
    if len(values) % 2:
        values += b"\0"
    vr = _VRS.get(element.keyword, b"OW" if element.words or layout.allocated > 8 else b"OB")
    return _head(element, vr, len(values), implicit=implicit) + bytes(values), []


def _head(element: PixelElement, vr: bytes, length: int, *, implicit: bool) -> bytes:
    order = "little" if element.little else "big"
    tag = _TAGS[element.keyword]
    names = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)  # type: ignore[arg-type]
    return names + (b"" if implicit else vr + b"\0\0") + length.to_bytes(4, order)  # type: ignore[arg-type]


def _overlay_bits(dataset: Dataset) -> set[int]:
    """Bits of the pixels that hold overlays, PS3.3 section C.9.2 (retired in 2004, and still met)."""
    bits = set()
    for group in range(0x6000, 0x6020, 2):
        try:
            holder = (group << 16 | 0x3000) not in dataset and (group << 16 | 0x0100) in dataset
            position = int(dataset[group << 16 | 0x0102].value) if holder else 0
        except (KeyError, TypeError, ValueError):
            continue
        if position > 0:
            bits.add(position)
    return bits


def _clear_bits(values: bytearray, whole: int, layout: Layout, bits: set[int], *, little: bool) -> None:
    bits = {bit for bit in bits if layout.stored <= bit < layout.allocated or bit < layout.high + 1 - layout.stored}
    if not bits or layout.allocated not in (8, 16, 32):
        return
    size = layout.allocated // 8
    cells = np.frombuffer(values, f"{'<' if little else '>'}u{size}", whole // size)
    cells &= np.array((1 << layout.allocated) - 1 - sum(1 << bit for bit in bits), cells.dtype)


def _copy_fragments(dataset: Dataset, element: PixelElement) -> bytes:
    """Encapsulated pixels (PS3.5 section A.4) with the texts in their codestreams overwritten."""
    fragments = _read_fragments(element)
    frames = read_integer(dataset, "NumberOfFrames") or 1
    group: list[bytearray] = []
    for fragment in fragments[1:]:
        begins = begins_codestream(bytes(fragment[:16]))
        if begins and group and frames > 1:
            _scrub(group)
            group = []
        if begins or group:
            group.append(fragment)
    _scrub(group)
    parts = [_head(element, b"OB", 0xFFFFFFFF, implicit=False)]
    for fragment in fragments:
        parts += [_ITEM, len(fragment).to_bytes(4, "little"), bytes(fragment)]
    return b"".join((*parts, _END))


def _scrub(fragments: list[bytearray]) -> None:
    """Overwrites the texts of one frame that lies in one or several fragments."""
    if not fragments:
        return
    whole = bytearray().join(fragments)
    scrub_codestream(whole)
    start = 0
    for fragment in fragments:
        fragment[:] = whole[start : start + len(fragment)]
        start += len(fragment)


def _read_fragments(element: PixelElement) -> list[bytearray]:
    handle = element.handle
    handle.seek(element.start)
    fragments = []
    while (head := handle.read(8))[:4] == _ITEM:
        length = int.from_bytes(head[4:8], "little")
        if length == 0xFFFFFFFF:
            raise Refused("damaged")
        fragments.append(bytearray(handle.read(length)))
        if len(fragments[-1]) < length:
            raise Refused("truncated")
    if len(fragments) < 2:
        raise Refused("truncated")
    if begins_codestream(bytes(fragments[0][:16])):
        fragments.insert(0, bytearray())  # a file without the table of offsets that the standard asks for
    return fragments


def _announce_blanked(result: Dataset, blanked: Blanked) -> bytes:
    """Describes decoded pixels in the new header; returns their element."""
    for keyword, value in blanked.header.items():
        setattr(result, keyword, value)
    vr = b"OW" if blanked.header["BitsAllocated"] > 8 else b"OB"
    values = blanked.data + b"\0" * (len(blanked.data) % 2)
    return b"\xe0\x7f\x10\x00" + vr + b"\0\0" + len(values).to_bytes(4, "little") + values


def _check_offsets(result: Dataset, element: PixelElement, *, blanked: bool) -> None:
    """Keeps the tables of where frames begin (PS3.3 section C.7.6.3.1.8) where they can be that."""
    frames = read_integer(result, "NumberOfFrames") or 1
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "EncapsulatedPixelDataValueTotalLength"):
        table = result.get(keyword)
        odd = isinstance(table, bytes) and len(table) != 8 * frames
        if keyword in result and (blanked or odd or element.length is not None):
            del result[keyword]


def _write(result: Dataset, syntax: str, *, implicit: bool, little: bool) -> bytes:
    """Preamble, file meta information and header; the preamble is empty (it may hold anything, PS3.10 section 7.1)."""
    meta = FileMetaDataset()
    classes, instance = str(result.get("SOPClassUID") or ""), str(result.get("SOPInstanceUID") or "")
    # Both are asked for by PS3.10; a file without them gets the class of captures and a UID of its own.
    meta.MediaStorageSOPClassUID = UID(classes or "1.2.840.10008.5.1.4.1.1.7")
    meta.MediaStorageSOPInstanceUID = UID(instance or f"2.25.{uuid.uuid4().int}")
    meta.TransferSyntaxUID = UID(syntax)
    meta.FileMetaInformationVersion = b"\0\1"
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(IMPLEMENTATION), "WETREAD"
    buffer = DicomBytesIO()
    buffer.write(bytes(128) + b"DICM")
    write_file_meta_info(buffer, meta)
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
    write_dataset(buffer, result)
    return bytes(buffer.getvalue())
