"""Image files of every kind, and ways to damage them: bytes at random, and DICOM elements on purpose."""

import io

import numpy as np
from imagecodecs import jpeg8_encode, jpegls_encode
from PIL import Image
from pydicom import Dataset, config, dcmread
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from fake.dicoms import write_dicom
from fake.pictures import write_bare_tiff, write_png

RAMP = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32)
GREY = (RAMP // 4).astype(np.uint8)
COLOURS = np.stack([GREY, GREY[::-1], GREY.T], axis=-1)


def samples(folder):
    """Yields sound files of every format: a name and bytes. ``folder`` is for files that are written on the way."""
    path = folder / "sample"
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        yield kind, saved(Image.fromarray(GREY), kind)
        yield f"{kind}-rgb", saved(Image.fromarray(COLOURS), kind)
        yield f"{kind}-bilevel", saved(Image.fromarray(GREY).convert("1"), kind)
    yield "PNG-palette", saved(Image.fromarray(GREY).convert("P"), "PNG")
    yield "PNG-rgba", saved(Image.fromarray(np.dstack([COLOURS, GREY])), "PNG")
    yield "PNG-16", write_png(path, RAMP * 60, bit_depth=16).read_bytes()
    yield "PNG-interlaced", write_png(path, GREY, interlaced=True, orientation=6).read_bytes()
    yield "JPEG-progressive", saved(Image.fromarray(COLOURS), "JPEG", progressive=True)
    yield "JPEG-cmyk", saved(Image.fromarray(COLOURS).convert("CMYK"), "JPEG")
    for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        yield f"TIFF-{packing}", saved(Image.fromarray(GREY), "TIFF", compression=packing)
    pages = [Image.fromarray(page) for page in (RAMP, RAMP.T.copy(), RAMP)]
    yield "TIFF-pages", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    yield "TIFF-float", saved(Image.fromarray(RAMP.astype(np.float32)), "TIFF")
    yield "TIFF-12", write_bare_tiff(path, RAMP, bits=12).read_bytes()
    yield from dicom_samples(path)


def dicom_samples(path):
    """Yields sound DICOM files; ``path`` is where they are written on the way."""
    for name, options in {
        "window": {"window": (500, 900), "rescale": (2, -100), "padding": 3},
        "implicit": {"syntax": ImplicitVRLittleEndian, "voi_lut": (0, 12, list(range(0, 4000, 40)))},
        "big": {"syntax": ExplicitVRBigEndian, "modality_lut": (0, 16, list(range(1024)))},
        "bare": {"preamble": False, "meta": False},
        "deflated": {"syntax": DeflatedExplicitVRLittleEndian},
        "frames": {"array": np.stack([RAMP] * 3), "frames": 3},
        "palette": {"array": GREY, "photometric": "PALETTE COLOR", "palette": np.arange(768).reshape(256, 3) % 256},
        "rgb": {"array": COLOURS, "photometric": "RGB", "planar": 1},
        "ybr": {"array": COLOURS, "photometric": "YBR_FULL"},
        "float": {"array": RAMP.astype(np.float32)},
        "bits": {"array": RAMP > 500},
        "signed": {"array": RAMP.astype(np.int16) - 500, "bits_stored": 12, "photometric": "MONOCHROME1"},
    }.items():
        yield f"dicom-{name}", write_dicom(path, options.pop("array", RAMP), **options).read_bytes()
    for name, (syntax, stream, array) in streams().items():
        options = {"photometric": "RGB"} if array.ndim == 3 else {}
        yield f"dicom-{name}", write_dicom(path, array, syntax=syntax, encoded=[stream], **options).read_bytes()
    _, stream, _ = streams()["j2k"]
    many = write_dicom(path, np.stack([GREY] * 4), frames=4, syntax=JPEG2000Lossless, encoded=[stream] * 4)
    yield "dicom-j2k-frames", many.read_bytes()


def streams():
    """Compressed frames by name: transfer syntax, bytes, the array within."""
    rle = RLELosslessEncoder.encode(
        GREY.tobytes(), rows=32, columns=32, samples_per_pixel=1, number_of_frames=1, bits_allocated=8, bits_stored=8,
        pixel_representation=0, photometric_interpretation="MONOCHROME2", encoding_plugin="pydicom",
    )  # fmt: skip
    wave = saved(Image.fromarray(GREY), "JPEG2000", no_jp2=True)
    return {
        "rle": (RLELossless, bytes(rle), GREY),
        "jpeg": (JPEGBaseline8Bit, saved(Image.fromarray(GREY), "JPEG"), GREY),
        "jpeg-rgb": (JPEGBaseline8Bit, saved(Image.fromarray(COLOURS), "JPEG"), COLOURS),
        "jp2": (JPEG2000Lossless, saved(Image.fromarray(GREY), "JPEG2000"), GREY),
        "j2k": (JPEG2000Lossless, wave, GREY),
        "j2k-named-htj2k": (HTJ2KLossless, wave, GREY),
        "lossless": (JPEGLosslessSV1, jpeg8_encode(GREY, lossless=True, predictor=1, bitspersample=8), GREY),
        "lossless-16": (JPEGLosslessSV1, jpeg8_encode(RAMP, lossless=True, predictor=1, bitspersample=16), RAMP),
        "jpeg-ls": (JPEGLSLossless, jpegls_encode(GREY), GREY),
    }


def saved(image, kind, **options):
    """The bytes of a Pillow image in a format."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def damage(data, random):
    """A damaged copy: DICOM elements on purpose in half of the DICOM files, else `mutate`."""
    if random.random() < 0.5 and (data[128:132] == b"DICM" or data[:2] == b"\x08\x00"):
        try:
            return operate(data, random)
        except Exception:  # pydicom will not write everything
            return mutate(data, random)
    return mutate(data, random)


def mutate(data, random):
    """Flips, overwrites, cuts out, doubles or cuts off some bytes; mostly in the first kilobyte, where headers are."""
    data = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        reach = len(data) if random.random() < 0.4 else min(len(data), 1000)
        at = int(random.integers(0, reach))
        size = int(random.integers(1, 9))
        match int(random.integers(0, 6)):
            case 0:
                data[at] ^= 1 << int(random.integers(0, 8))
            case 1:
                data[at : at + size] = random.bytes(size)
            case 2:
                data[at : at + size] = b"\xff" * size if random.random() < 0.5 else bytes(size)
            case 3:
                del data[at : at + size]
            case 4:
                data[at:at] = data[at : at + 8 * size]
            case 5:
                if random.random() < 0.3:
                    del data[max(at, 20) :]
        if not data:
            return b"\x00"
    return bytes(data)


_NUMBERS = (0, 1, 2, 3, 7, 8, 12, 16, 31, 32, 33, 64, 127, 255, 256, 4096, 65535)
_TEXTS = ("", "0", "-1", "1e308", "1e-308", "nan", "inf", "abc", "2147483647", "4294967296", "1\\2\\3", "40", "\x00")
_WORDS = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "ARGB", "", "X")
_SYNTAXES = (
    ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless,
    JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, HTJ2KLossless, "1.2.840.10008.1.2.4.100", "1",
)  # fmt: skip
_US = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation",
       "PlanarConfiguration", "PixelPaddingValue", "SmallestImagePixelValue", "PixelPaddingRangeLimit")  # fmt: skip
_DS = ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "NumberOfFrames")


def operate(data, random):
    """Gives up to four elements of a DICOM file values that nobody expects, and writes it anew."""
    config.settings.writing_validation_mode = config.IGNORE
    ds = dcmread(io.BytesIO(data), force=True)
    for _ in range(int(random.integers(1, 5))):
        _operations[int(random.integers(0, len(_operations)))](ds, random)
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=False)
    written = buffer.getvalue()
    return mutate(written, random) if random.random() < 0.1 else written


def one_of(random, values):
    return values[int(random.integers(0, len(values)))]


def _number(ds, random):
    ds.add_new(one_of(random, _US), one_of(random, ("US", "US", "US", "SS", "UL")), one_of(random, _NUMBERS) & 0x7FFF)


def _text(ds, random):
    name = one_of(random, _DS)
    ds.add_new(name, "IS" if name == "NumberOfFrames" else "DS", None)
    ds[name]._value = one_of(random, _TEXTS)


def _word(ds, random):
    ds.PhotometricInterpretation = one_of(random, _WORDS)


def _syntax(ds, random):
    ds.file_meta.TransferSyntaxUID = one_of(random, _SYNTAXES)


def _drop(ds, random):
    tags = [tag for tag in ds.keys() if tag != 0x7FE00010]  # noqa: SIM118 - else elements
    del ds[one_of(random, tags)]


def _pixels(ds, random):
    data = bytes(ds.PixelData)
    at = int(random.integers(0, len(data) + 1))
    ds.PixelData = one_of(random, (data[:at], data[at:], data + data, b"", mutate(data or b"\0", random)))


def _table(ds, random):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [one_of(random, _NUMBERS) for _ in range(int(random.integers(0, 4)))])
    item.add_new("LUTData", "OW", random.bytes(one_of(random, (0, 1, 2, 7, 512, 8192))))
    ds.add_new(one_of(random, ("VOILUTSequence", "ModalityLUTSequence")), "SQ", Sequence([item]))


def _palette(ds, random):
    name = one_of(random, ("Red", "Green", "Blue"))
    ds.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", [one_of(random, _NUMBERS) for _ in range(3)])
    ds.add_new(f"{name}PaletteColorLookupTableData", "OW", random.bytes(one_of(random, (0, 2, 6, 512))))


def _groups(ds, random):
    inner = Dataset()
    inner.add_new(one_of(random, ("WindowCenter", "WindowWidth", "RescaleSlope")), "DS", None)
    group = Dataset()
    group.add_new(one_of(random, ("FrameVOILUTSequence", "PixelValueTransformationSequence")), "SQ", Sequence([inner]))
    name = one_of(random, ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"))
    ds.add_new(name, "SQ", Sequence([group] * int(random.integers(0, 3))))


def _depth(ds, random):
    for _ in range(one_of(random, (1, 5, 60))):
        outer = Dataset()
        outer.add_new("ReferencedImageSequence", "SQ", Sequence([ds.copy()] if "Rows" not in ds else []))
        ds.add_new("ReferencedImageSequence", "SQ", Sequence([outer]))


_operations = (
    _number, _number, _number, _text, _text, _word, _syntax, _drop, _pixels, _pixels, _table, _palette, _groups, _depth,
)  # fmt: skip
