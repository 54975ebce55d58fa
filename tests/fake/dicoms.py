"""Tiny DICOM files with known pixels and any header."""

import io
import zlib
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import write_file_meta_info
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

_CT, _SC = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"


def write_dicom(
    path,
    array,
    *,
    photometric="MONOCHROME2",
    bits_stored=None,
    window=None,
    function=None,
    rescale=None,
    modality_lut=None,
    voi_lut=None,
    padding=None,
    palette=None,
    frames=None,
    planar=0,
    syntax=ExplicitVRLittleEndian,
    encoded=None,
    pixel_data=None,
    label=None,
    remove=(),
    preamble=True,
    meta=True,
    patient_id="P1",
    patient_name="Test^Person",
    birth_date="19600101",
    modality="OT",
    **elements,
):
    """Writes a DICOM file.

    Args:
        path: Where.
        array: ``row column``, ``row column 3``, or with ``frames`` first; integers as stored, or floats.
        photometric: Photometric Interpretation.
        bits_stored: Default: all bits of the type of the array (1 for bool).
        window: Center and width; lists for several.
        function: VOI LUT Function.
        rescale: Slope and intercept.
        modality_lut: First input value, bits and entries of a table.
        voi_lut: The same.
        padding: Pixel Padding Value, or it and the range limit.
        palette: ``entry 3``, 8-bit colours from input 0 on; stored as 16-bit entries.
        frames: Number of Frames; the array then has one more axis in front.
        planar: Planar Configuration.
        syntax: Transfer syntax UID.
        encoded: Compressed frames (bytes each) that replace the array's own bytes.
        pixel_data: Bytes that replace them as they are, with a stated length.
        label: Transfer syntax that the file names instead of the one it is written in.
        remove: Keywords of elements that are left out in the end.
        preamble: Write the 128 bytes and DICM.
        meta: Write the file meta information (group 0002).
        patient_id, patient_name, birth_date, modality: As named.
        elements: More elements by keyword.
    """
    array = np.asarray(array)
    ds = Dataset()
    ds.SOPClassUID = elements.pop("SOPClassUID", _CT if modality == "CT" else _SC)
    ds.SOPInstanceUID = elements.pop("SOPInstanceUID", "1.2.3.4")
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.Modality = patient_id, patient_name, birth_date, modality
    _describe(ds, array, photometric, bits_stored, frames, planar)
    if window is not None:
        ds.WindowCenter, ds.WindowWidth = window
    if function is not None:
        ds.VOILUTFunction = function
    if rescale is not None:
        ds.RescaleSlope, ds.RescaleIntercept = rescale
        ds.RescaleType = "US"
    signed = bool(ds.get("PixelRepresentation", 0))
    if modality_lut is not None:
        ds.ModalityLUTSequence = Sequence([_table(*modality_lut, signed)])
    if voi_lut is not None:
        ds.VOILUTSequence = Sequence([_table(*voi_lut, signed)])
    if padding is not None:
        first, *rest = np.atleast_1d(padding).tolist()
        vr = "SS" if signed else "US"
        ds.add_new("PixelPaddingValue", vr, first)
        if rest:
            ds.add_new("PixelPaddingRangeLimit", vr, rest[0])
    if palette is not None:
        for channel, name in enumerate(("Red", "Green", "Blue")):
            entries = np.asarray(palette)[:, channel].astype("<u2") * 257
            ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [len(entries) % 65536, 0, 16])
            ds.add_new(f"{name}PaletteColorLookupTableData", "OW", entries.tobytes())
    _add_pixels(ds, array, planar, syntax, encoded)
    if pixel_data is not None:
        ds["PixelData"].value = pixel_data
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    for keyword in remove:
        delattr(ds, keyword)
    return _save(path, ds, syntax, preamble, meta, label)


def write_report(path):
    """Writes a structured report, which has no picture."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.3.5", "SR"
    ds.PatientID, ds.PatientName = "P1", "Test^Person"
    return _save(path, ds, ExplicitVRLittleEndian, True, True)


def _describe(ds, array, photometric, bits_stored, frames, planar):
    shape = array.shape[1:] if frames is not None else array.shape
    if frames is not None:
        ds.NumberOfFrames = frames
    ds.SamplesPerPixel = shape[2] if len(shape) == 3 else 1
    ds.PhotometricInterpretation = photometric
    ds.Rows, ds.Columns = shape[:2]
    if ds.SamplesPerPixel > 1:
        ds.PlanarConfiguration = planar
    ds.BitsAllocated = 1 if array.dtype == bool else 8 * array.dtype.itemsize
    if array.dtype.kind != "f":
        ds.BitsStored = bits_stored or ds.BitsAllocated
        ds.HighBit = ds.BitsStored - 1
        ds.PixelRepresentation = int(array.dtype.kind == "i")


def _add_pixels(ds, array, planar, syntax, encoded):
    if encoded is not None:
        ds.add_new("PixelData", "OB", encapsulate(list(encoded)))
        ds["PixelData"].is_undefined_length = True
        return
    if planar:
        array = np.moveaxis(array, -1, -3)
    little = syntax != ExplicitVRBigEndian
    if array.dtype == bool:
        data = np.packbits(array.ravel(), bitorder="little").tobytes()
    else:
        data = array.astype(array.dtype.newbyteorder("<" if little else ">")).tobytes()
    data += bytes(len(data) % 2)
    keyword, vr = {"f4": ("FloatPixelData", "OF"), "f8": ("DoubleFloatPixelData", "OD")}.get(
        array.dtype.str[1:], ("PixelData", "OW" if array.dtype.itemsize > 1 else "OB")
    )
    # pydicom swaps nothing in bytes, so big-endian OW is swapped above.
    ds.add_new(keyword, "OW" if syntax == ImplicitVRLittleEndian and vr == "OB" else vr, data)


def _table(first, bits, entries, signed):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed or first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, dtype="<u2").tobytes())
    return item


def _save(path, ds, syntax, preamble, meta, label=None):
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.ImplementationClassUID = "1.2.3.6"
    buffer = io.BytesIO()
    if meta:
        dcmwrite(buffer, ds, enforce_file_format=True)
    else:
        ds.file_meta = FileMetaDataset()
        implicit = syntax == ImplicitVRLittleEndian
        dcmwrite(buffer, ds, implicit_vr=implicit, little_endian=syntax != ExplicitVRBigEndian)
    data = buffer.getvalue()
    if label is not None:
        ds.file_meta.TransferSyntaxUID = label
        named = io.BytesIO()
        write_file_meta_info(named, ds.file_meta)
        data = data[:132] + named.getvalue() + data[144 + int.from_bytes(data[140:144], "little") :]
    if not preamble and data[128:132] == b"DICM":
        data = data[132:]
    Path(path).write_bytes(data)
    return Path(path)


def deflate_bomb(path, size):
    """Writes a deflated DICOM file whose header is fine and whose data set goes on for ``size`` bytes of zeros."""
    write_dicom(path, np.zeros((16, 16), np.uint8), syntax=DeflatedExplicitVRLittleEndian)
    data = Path(path).read_bytes()
    end = 144 + int.from_bytes(data[140:144], "little")  # behind the group length of the file meta information
    plain = zlib.decompress(data[end:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    # Rows and Columns of the largest size the element can hold, so the bomb looks like an image.
    plain = plain.replace(b"\x28\x00\x10\x00US\x02\x00\x10\x00", b"\x28\x00\x10\x00US\x02\x00\xff\xff")
    plain = plain.replace(b"\x28\x00\x11\x00US\x02\x00\x10\x00", b"\x28\x00\x11\x00US\x02\x00\xff\xff")
    packed = packer.compress(plain)
    for _ in range(size >> 20):
        packed += packer.compress(bytes(1 << 20))
    Path(path).write_bytes(data[:end] + packed + packer.flush())
    return Path(path)


def nested_sequences(path, depth):
    """Writes a DICOM file of sequences inside sequences, which goes on to the end of the file."""
    write_dicom(path, np.zeros((16, 16), np.uint8))
    data = Path(path).read_bytes()
    end = 144 + int.from_bytes(data[140:144], "little")
    level = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    Path(path).write_bytes(data[:end] + level * depth)
    return Path(path)
