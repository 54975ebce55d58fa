"""What this installation can do: versions, device, decoders (each is tried), caches, weights, data, disk.

Every decoder reads a picture that was encoded a moment before: what is said to work has just worked.
"""

from __future__ import annotations

import importlib.util
import io
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetread.download.remote_file import say_bytes
from wetread.errors import ImageRejected
from wetread.hardware import cores, has_bf16_unit, memory_gib
from wetread.images.cache import default_cache
from wetread.images.decoder import Decoder
from wetread.model.embeddings import clear_embeddings
from wetread.public_sets.get import data_home
from wetread.run_folder import versions
from wetread.weights.stored import examine_home, weights_home
from wetread.writing import atomic_write

RAMP = (np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 4) % 4096


@dataclass(frozen=True)
class Remark:
    """One line of the examination: what was looked at, what was found, whether it is well, what to do if not."""

    topic: str
    name: str
    found: str
    well: bool = True
    remedy: str = ""


def examine() -> list[Remark]:
    """Looks at everything; takes a few seconds, since decoders are tried and torch is loaded."""
    return [*_versions(), *_device(), *_decoders(), *_weights(), *_places()]


def clear_cache() -> int:
    """Empties the cache of decoded pictures, and that of what frozen backbones saw in them.

    Returns:
        How many pictures there were.
    """
    cache = default_cache()
    clear_embeddings()
    return cache.clear() if cache is not None else 0


def _versions() -> Iterator[Remark]:
    yield Remark("versions", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name, version in versions().items():
        if name not in ("python", "platform"):
            yield Remark("versions", name, version or "missing", bool(version), f"pip install {name}")


def _device() -> Iterator[Remark]:
    number, unit = cores(), "computes in bfloat16" if has_bf16_unit() else "no bfloat16 unit: float32 is used"
    yield Remark("device", "processor", f"{number} core{'s' if number > 1 else ''}, {unit}")
    yield Remark("device", "memory", f"{memory_gib():.0f} GiB")
    graphs = importlib.util.find_spec("openvino") is not None
    found = "present: frozen networks run as graphs" if graphs else "absent: torch runs frozen networks"
    yield Remark("device", "OpenVINO", found)
    import torch

    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(number)
            yield Remark("device", f"cuda:{number}", f"{properties.name}, {properties.total_memory >> 30} GiB")
    else:
        yield Remark("device", "accelerator", "none found; everything runs on the processor")


def _decoders() -> Iterator[Remark]:
    with tempfile.TemporaryDirectory(prefix="wetread-") as place, Decoder(1) as decoder:
        for name, encode in _samples().items():
            path = Path(place) / "sample"
            try:
                atomic_write(path, encode())
                image = decoder.decode(path)
                well = image.pixels.shape == RAMP.shape and int(image.pixels.max()) > int(image.pixels.min())
                yield Remark(
                    "decoders", name, "works" if well else "gives a wrong picture", well, "pip install -U wetread"
                )
            except ImageRejected as error:
                yield Remark(
                    "decoders", name, error.reason, False, "Install wetread anew: pip install --force-reinstall wetread"
                )
            except Exception as error:  # an encoder that is missing says nothing about the decoder
                yield Remark("decoders", name, f"could not be tried ({type(error).__name__})")


def _samples() -> dict[str, Callable[[], bytes]]:
    """An encoder for each kind of file."""

    def picture(kind: str) -> Callable[[], bytes]:
        def encode() -> bytes:
            from PIL import Image

            buffer = io.BytesIO()
            Image.fromarray((RAMP >> 4).astype(np.uint8)).save(buffer, kind)
            return buffer.getvalue()

        return encode

    def dicom(codec: str) -> Callable[[], bytes]:
        return lambda: _dicom_sample(codec)

    names = ("uncompressed", "RLE", "JPEG", "JPEG lossless", "JPEG-LS", "JPEG 2000", "HTJ2K")
    return {kind: picture(kind) for kind in ("PNG", "JPEG", "TIFF", "BMP")} | {
        f"DICOM {name}": dicom(name) for name in names
    }


def _dicom_sample(codec: str) -> bytes:
    import imagecodecs
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import (
        UID,
        HTJ2KLossless,
        JPEG2000Lossless,
        JPEGBaseline8Bit,
        JPEGLosslessSV1,
        JPEGLSLossless,
        RLELossless,
        SecondaryCaptureImageStorage,
    )

    eight = codec == "JPEG"
    values = (RAMP >> 4).astype(np.uint8) if eight else RAMP
    encoders: dict[str, tuple[UID, Callable[[], Any]]] = {
        "JPEG": (JPEGBaseline8Bit, lambda: imagecodecs.jpeg8_encode(values)),
        "JPEG lossless": (JPEGLosslessSV1, lambda: imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=12)),
        "JPEG-LS": (JPEGLSLossless, lambda: imagecodecs.jpegls_encode(values)),
        "JPEG 2000": (JPEG2000Lossless, lambda: imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True)),
        "HTJ2K": (HTJ2KLossless, lambda: imagecodecs.htj2k_encode(values, reversible=True)),
    }
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, "1.2.3"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = *RAMP.shape, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated = 8 if eight else 16
    dataset.BitsStored = 8 if eight else 12
    dataset.HighBit = dataset.BitsStored - 1
    dataset.file_meta = FileMetaDataset()
    if codec in encoders:
        uid, encode = encoders[codec]
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.PixelData = encapsulate([bytes(encode())])
    else:
        dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
        dataset.PixelData = values.tobytes()
        if codec == "RLE":
            dataset.compress(RLELossless)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _weights() -> Iterator[Remark]:
    sound, damaged = examine_home()
    found = f"{len(sound)} in {weights_home()}" if sound else f"none in {weights_home()}; see wetread weights list"
    yield Remark("weights", "home", found)
    for one in sound:
        yield Remark("weights", one.name, f"{one.network}, {say_bytes(one.size)}, {_name_of(one.licence)}")
    for bad in damaged:
        remedy = f"Remove {bad.path}, then fetch or import them again (wetread weights get, wetread weights import)."
        yield Remark("weights", bad.name, f"cannot be used: {bad.reason}", False, remedy)


def _name_of(licence: str) -> str:
    """The name of a licence without what it allows."""
    return licence.split(":", 1)[0].split(";", 1)[0].rstrip(".")


def _places() -> Iterator[Remark]:
    cache = default_cache()
    if cache is None:
        yield Remark("places", "pixel cache", "switched off")
    else:
        yield Remark(
            "places",
            "pixel cache",
            f"{cache.entries()} pictures, {say_bytes(cache.size())} of at most {say_bytes(cache.limit_bytes)} in "
            f"{cache.folder}; empty it with --clear-cache",
        )
    yield Remark("places", "public sets", str(data_home()))
    free = shutil.disk_usage(Path.cwd()).free
    yield Remark("places", "disk", f"{say_bytes(free)} free here", free > 1 << 30, "Free some space.")
