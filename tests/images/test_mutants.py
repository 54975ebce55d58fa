"""Files with random damage: no crash of this process, and every file is accounted for."""

import io

import numpy as np
import pytest
from fake.dicoms import write_dicom
from imagecodecs import jpeg8_encode, jpegls_encode
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.decoder import Decoder

RAMP = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32)
SHARE = 40


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


def samples(folder):
    grey = (RAMP // 4).astype(np.uint8)
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, kind)
        yield kind, buffer.getvalue()
    palette = io.BytesIO()
    Image.fromarray(grey).convert("P").save(palette, "PNG")
    yield "palette", palette.getvalue()
    path = folder / "sample"
    colours = np.stack([grey] * 3, axis=-1)
    for name, options in {
        "window": {"window": (500, 900), "rescale": (2, -100), "padding": 3},
        "implicit": {"syntax": ImplicitVRLittleEndian, "voi_lut": (0, 12, list(range(0, 4000, 40)))},
        "bare": {"preamble": False, "meta": False},
        "deflated": {"syntax": DeflatedExplicitVRLittleEndian},
        "frames": {"array": np.stack([RAMP] * 3), "frames": 3},
        "palette": {"array": grey, "photometric": "PALETTE COLOR", "palette": np.arange(768).reshape(256, 3) % 256},
        "rgb": {"array": colours, "photometric": "RGB", "planar": 1},
        "float": {"array": RAMP.astype(np.float32)},
    }.items():
        yield f"dicom-{name}", write_dicom(path, options.pop("array", RAMP), **options).read_bytes()
    from pydicom.encoders import RLELosslessEncoder

    rle = RLELosslessEncoder.encode(
        grey.tobytes(), rows=32, columns=32, samples_per_pixel=1, number_of_frames=1, bits_allocated=8, bits_stored=8,
        pixel_representation=0, photometric_interpretation="MONOCHROME2", encoding_plugin="pydicom",
    )  # fmt: skip
    streams = {RLELossless: rle}
    for kind, syntax in (("JPEG", JPEGBaseline8Bit), ("JPEG2000", JPEG2000Lossless)):
        buffer = io.BytesIO()
        Image.fromarray(grey).save(buffer, kind)
        streams[syntax] = buffer.getvalue()
    streams[JPEGLosslessSV1] = jpeg8_encode(grey, lossless=True, predictor=1, bitspersample=8)
    streams[JPEGLSLossless] = jpegls_encode(grey)
    for syntax, stream in streams.items():
        yield f"dicom-{syntax}", write_dicom(path, grey, syntax=syntax, encoded=[bytes(stream)]).read_bytes()


@pytest.mark.parametrize("seed", [1])
def test_mutants(tmp_path, seed):
    random = np.random.default_rng(seed)
    paths = []
    for name, data in samples(tmp_path):
        for number in range(SHARE):
            path = tmp_path / f"{name}-{number}"
            path.write_bytes(data if number == 0 else mutate(data, random))
            paths.append(path)
    with Decoder(2) as decoder:
        results = dict(decoder.decode_many(paths, max_side=64))
    assert sorted(results) == list(range(len(paths)))
    codes = [result.code for result in results.values() if isinstance(result, ImageRejected)]
    assert set(codes) <= set(REJECTIONS)
    # CharLS may count to the end of its integers in damaged data before it gives up; nothing else may take that long.
    slow = [paths[n].name for n, result in results.items() if getattr(result, "code", "") == "decoder-timeout"]
    assert all(JPEGLSLossless in name for name in slow), slow
    untouched = [n for n, path in enumerate(paths) if path.name.endswith("-0")]
    assert not [paths[n].name for n in untouched if isinstance(results[n], ImageRejected)]
    assert len(codes) > len(paths) // 10 and len(codes) < len(paths)
