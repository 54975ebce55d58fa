"""The child process that examines and cleans: ``python -m wetread.privacy.worker``.

Headers from anywhere are parsed here and not in the program itself, for the reasons of `wetread.images.worker`: a
damaged file may crash a decoder, fill the memory or never end. It answers one line of JSON with one message of
`wetread.images.wire`.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from wetread.images.containers import Containers
from wetread.images.gate import Refused, identify, open_plain_file
from wetread.images.pictures import decode_picture
from wetread.images.view import View
from wetread.images.wire import send
from wetread.images.worker import arm_fuse, limit_process, take_pipes
from wetread.privacy.blank import Rectangle, blank_rectangles
from wetread.privacy.options import Options
from wetread.privacy.pictures import strip_metadata, strip_picture
from wetread.privacy.pseudonyms import Pseudonyms

_SUFFIXES = {"DICOM": ".dcm", "PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "BMP": ".bmp"}


def main() -> None:
    """Answers requests until the input ends. The first argument is the time limit per file in seconds."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    requests, replies = take_pipes()
    limit_process()

    @contextmanager
    def aside() -> Iterator[None]:
        send(replies, {"status": "loading"})
        arm_fuse(0)
        yield
        arm_fuse(seconds)
        send(replies, {"status": "ready"})

    containers = Containers(aside)
    send(replies, {"status": "ready"})
    while line := requests.readline():
        arm_fuse(seconds)
        header, body = answer(json.loads(line), containers)
        arm_fuse(0)
        send(replies, header, body)
    os._exit(0)


def answer(job: dict[str, Any], containers: Containers) -> tuple[dict[str, Any], bytes]:
    """Does one job and never raises.

    Args:
        job: ``path``, ``member``, ``what`` (examine, clean or strip) and, to clean, ``secret``, ``options``,
            ``fallback``.
        containers: Archives that are open.

    Returns:
        Header and body of the reply.
    """
    try:
        with _opened(Path(job["path"]), job["member"], containers) as handle:
            if job["what"] == "strip":
                return {"status": "decoded"}, strip_open(handle)
            if job["what"] == "examine":
                from wetread.privacy.examine import examine_open  # pydicom, which pictures need not

                return {"status": "surveyed", "report": examine_open(handle).as_dict()}, b""
            facts, data = clean_open(handle, job)
            return {"status": "decoded", **facts}, data
    except Refused as refusal:
        return {"status": "refused", "code": refusal.code}, b""
    except MemoryError:
        return {"status": "refused", "code": "out-of-memory"}, b""
    except NotImplementedError:
        return {"status": "refused", "code": "unsupported"}, b""
    except BaseException:  # no text of anybody is passed on, it may name a patient
        return {"status": "refused", "code": "damaged"}, b""


def strip_open(handle: BinaryIO) -> bytes:
    """An open picture without its metadata; empty where it has none.

    Raises:
        Refused: It cannot be read, or is none.
    """
    kind = identify(handle)
    if kind == "DICOM":
        raise Refused("unsupported")
    return strip_metadata(handle.read(), kind)


def clean_open(handle: BinaryIO, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """De-identifies one open file.

    Returns:
        What may be said about it, and its new bytes.

    Raises:
        Refused: Nothing of it may be copied.
    """
    kind = identify(handle)
    options = read_options(job["options"])
    facts: dict[str, Any] = {"format": kind, "suffix": _SUFFIXES[kind], "patient": "", "days": None, "warnings": []}
    if kind == "DICOM":
        from wetread.privacy.dicom_output import deidentify_dicom

        clean = deidentify_dicom(handle, Pseudonyms(bytes.fromhex(job["secret"])), options, fallback=job["fallback"])
        facts |= {"patient": clean.subject.patient, "days": clean.subject.days, "counts": dict(clean.counts)}
        facts |= {"modality": clean.modality, "warnings": clean.warnings, "key": clean.subject.key}
        return facts, clean.data
    data = handle.read()
    if options.blank:
        return {**facts, "format": "PNG", "suffix": ".png"}, _blank_picture(data, kind, options.blank)
    return facts, strip_picture(data, kind)


def read_options(plain: dict[str, Any]) -> Options:
    """`Options` out of JSON."""
    blank = tuple(tuple(int(side) for side in one) for one in plain["blank"])
    return Options(**{**plain, "blank": blank})


def _blank_picture(data: bytes, kind: str, rectangles: tuple[Rectangle, ...]) -> bytes:
    """The picture as displayed, upright and without alpha, with black rectangles, as PNG."""
    pixels, facts = decode_picture(io.BytesIO(data), kind, len(data), view=View())
    if facts.bit_depth > 8:
        raise Refused("unsupported")  # it would lose its lower bits
    pixels = np.array(pixels)
    blank_rectangles(pixels, rectangles, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def _opened(path: Path, member: str, containers: Containers) -> Iterator[BinaryIO]:
    if member:
        data = containers.member(path, member)
        if not data:
            raise Refused("empty-file")
        yield io.BytesIO(data)
        return
    with open_plain_file(path) as handle:
        before = os.fstat(handle.fileno())
        yield handle
        after = os.fstat(handle.fileno())
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise Refused("changed")


if __name__ == "__main__":
    main()
