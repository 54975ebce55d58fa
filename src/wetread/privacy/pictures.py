"""PNG, JPEG and BMP files -> the same pictures without metadata; the compressed pixels are copied as they are.

What is kept is listed, what is not listed goes: texts, EXIF with its place and its preview, XMP, IPTC, colour
profiles (they hold texts of their own, and wetread does not use them), times, animation, and bytes behind the end. The
orientation, which turns the picture, is written anew: wherever it stood, it is what a decoder would have made of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from wetread.images.gate import Refused
from wetread.images.pictures import find_orientation
from wetread.privacy.segments import is_side_note, jpeg_segments, says_colour

_PNG_START = b"\x89PNG\r\n\x1a\n"
#: PNG third edition, section 11: what decides how pixels look, with the largest length each can have.
_PNG_KEPT = {
    b"IHDR": 13, b"PLTE": 768, b"IDAT": 1 << 31, b"IEND": 0, b"tRNS": 256, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1,
    b"sBIT": 4, b"pHYs": 9, b"bKGD": 6,
}  # fmt: skip
#: What the others are called in reports.
_PNG_KINDS = {
    b"tEXt": "text", b"zTXt": "text", b"iTXt": "text", b"eXIf": "exif", b"tIME": "time", b"iCCP": "colour-profile",
    b"fdAT": "animation", b"fcTL": "animation", b"acTL": "animation",
}  # fmt: skip
_ORIENTATION, _GPS = 0x0112, 0x8825
#: Lengths of BMP headers without a colour profile.
_BMP_MASKS = 40


def strip_picture(data: bytes, kind: str) -> bytes:
    """Takes the metadata out of a picture.

    Args:
        data: The file.
        kind: PNG, JPEG, TIFF or BMP.

    Raises:
        Refused: ``damaged``, ``truncated`` or ``unsupported``; its metadata cannot be told from its pixels then.
    """
    if kind == "TIFF":
        from wetread.privacy.tiff import strip_tiff

        return strip_tiff(data)
    return {"PNG": _strip_png, "JPEG": _strip_jpeg, "BMP": _strip_bmp}[kind](data)


def strip_metadata(data: bytes, kind: str) -> bytes:
    """As `strip_picture`, but empty where there is nothing to take out, so that such a file may stay as it is."""
    if kind in ("TIFF", "BMP") and not metadata_kinds(data, kind):
        return b""  # it would be laid out anew nevertheless
    stripped = strip_picture(data, kind)
    return stripped if stripped != data else b""


def metadata_kinds(data: bytes, kind: str) -> list[str]:
    """Which kinds of metadata a picture holds, never what they say.

    Returns:
        Some of text, comment, exif, place, preview, xmp, iptc, colour-profile, time, animation, trailer and other.

    Raises:
        Refused: As `strip_picture`.
    """
    if kind == "TIFF":
        from wetread.privacy.tiff import tiff_kinds

        return tiff_kinds(data)
    found = {"PNG": _png_kinds, "JPEG": _jpeg_kinds, "BMP": _bmp_kinds}[kind](data)
    return sorted(set(found))


# PNG -----------------------------------------------------------------------------------------------------------------


#: More chunks than writers make: 500 MB in pieces of 8 KB are 64,000.
_MOST_CHUNKS = 200_000
#: Chunks in which an orientation may stand: EXIF, EXIF written as text, XMP.
_PNG_TURNS = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents up to IEND; then, with the name ``trailer``, what follows."""
    position = len(_PNG_START)
    for _ in range(_MOST_CHUNKS):
        if position + 12 > len(data):
            break
        length = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        if position + 12 + length > len(data):
            raise Refused("truncated")
        yield name, data[position + 8 : position + 8 + length]
        position += 12 + length
        if name == b"IEND":
            if position < len(data):
                yield b"trailer", b""
            return
    raise Refused("truncated")


def _strip_png(data: bytes) -> bytes:
    parts, position, written = [_PNG_START], len(_PNG_START), False
    chunks = list(_png_chunks(data))
    orientation = _png_orientation([chunk for chunk in chunks if chunk[0] in _PNG_TURNS])
    for name, content in chunks:
        start, position = position, position + 12 + len(content)
        if len(content) > _PNG_KEPT.get(name, -1):
            continue
        if name == b"IDAT" and not written and orientation != 1:
            parts.append(_png_chunk(b"eXIf", _write_orientation(orientation)))
        written = written or name == b"IDAT"
        parts.append(data[start:position])  # with its old check sum: damage stays to be seen
    return b"".join(parts)


def _png_orientation(chunks: list[tuple[bytes, bytes]]) -> int:
    """What a decoder reads out of these chunks, tried on a picture of one pixel."""
    texts = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")
    if not any(name == b"eXIf" or content.startswith(texts) for name, content in chunks):
        return 1
    pixel = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), *chunks, (b"IDAT", zlib.compress(b"\0\0"))]
    return find_orientation(_PNG_START + b"".join(_png_chunk(*one) for one in [*pixel, (b"IEND", b"")]), "PNG")


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def _png_kinds(data: bytes) -> Iterator[str]:
    for name, content in _png_chunks(data):
        if name == b"trailer":
            yield "trailer"
        elif len(content) > _PNG_KEPT.get(name, -1):
            if name == b"eXIf":
                yield from exif_kinds(content)
            else:
                yield (
                    "xmp"
                    if name == b"iTXt" and content.startswith(b"XML:com.adobe.xmp")
                    else _PNG_KINDS.get(name, "other")
                )


# JPEG ----------------------------------------------------------------------------------------------------------------


def _strip_jpeg(data: bytes) -> bytes:
    parts, copied = [data[:2]], 2
    segments = list(jpeg_segments(data))
    orientation = find_orientation(data, "JPEG") if any(marker == 0xE1 for marker, *_ in segments) else 1
    for marker, start, stop in segments:
        parts.append(data[copied:start])
        copied = stop
        payload = data[start + 4 : stop]
        if marker == 0xE0 and payload[:5] == b"JFIF\0" and len(payload) >= 14:
            parts.append(_segment(0xE0, payload[:12] + b"\0\0"))  # without its thumbnail
        elif not is_side_note(marker) or says_colour(marker, payload):
            parts.append(data[start:stop])  # EOI is empty where it is missing: a cut picture stays one
    if orientation != 1:
        # Behind JFIF where there is one, which must come first (T.871 section 10.1).
        place = 1 + next((number for number, part in enumerate(parts) if part[:2] == b"\xff\xe0"), 0)
        parts.insert(place, _segment(0xE1, b"Exif\0\0" + _write_orientation(orientation)))
    return b"".join(parts)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _jpeg_kinds(data: bytes) -> Iterator[str]:
    for marker, start, stop in jpeg_segments(data):
        payload = data[start + 4 : stop]
        if marker == 0xD9:
            if data[stop:].strip(b"\0"):
                yield "trailer"
        elif marker == 0xFE:
            yield "comment"
        elif is_side_note(marker) and not says_colour(marker, payload):
            yield from _application_kinds(marker, payload)


def _application_kinds(marker: int, payload: bytes) -> Iterator[str]:
    if payload.startswith(b"Exif\0"):
        yield from exif_kinds(payload[6:])
    elif payload.startswith((b"http://ns.adobe.com/xap", b"http://ns.adobe.com/xmp")):
        yield "xmp"
    elif payload.startswith(b"Photoshop"):
        yield "iptc"
    elif payload.startswith(b"ICC_PROFILE"):
        yield "colour-profile"
    elif payload.startswith((b"JFIF", b"JFXX")) or (marker == 0xE2 and payload.startswith(b"MPF")):
        yield "preview"
    else:
        yield "other"


# EXIF ----------------------------------------------------------------------------------------------------------------


def exif_kinds(exif: bytes) -> list[str]:
    """exif, and place and preview where it has them; nothing where it holds the orientation alone."""
    tags = list(_exif_tags(exif))
    if tags == [_ORIENTATION] and len(exif) <= len(_write_orientation(1)):
        return []
    # The preview is in the second directory, whose offset stands behind the first.
    order = "<" if exif[:2] == b"II" else ">"
    place = _first_directory(exif, order)
    behind = place + 2 + 12 * len(tags)
    second = struct.unpack_from(f"{order}I", exif, behind)[0] if place and behind + 4 <= len(exif) else 0
    return ["exif"] + ["place"] * (_GPS in tags) + ["preview"] * bool(second)


def _first_directory(exif: bytes, order: str) -> int:
    if exif[:4] not in (b"II\x2a\0", b"MM\0\x2a") or len(exif) < 8:
        return 0
    place = int(struct.unpack_from(f"{order}I", exif, 4)[0])
    return place if place + 2 <= len(exif) else 0


def _exif_tags(exif: bytes) -> Iterator[int]:
    order = "<" if exif[:2] == b"II" else ">"
    place = _first_directory(exif, order)
    count = struct.unpack_from(f"{order}H", exif, place)[0] if place else 0
    for number in range(min(count, 500)):
        at = place + 2 + 12 * number
        if at + 12 > len(exif):
            return
        yield struct.unpack_from(f"{order}H", exif, at)[0]


def _write_orientation(orientation: int) -> bytes:
    """The smallest EXIF block: one directory of one entry, CIPA DC-008 section 4.6."""
    return b"MM\0\x2a" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


# BMP -----------------------------------------------------------------------------------------------------------------


def _bmp_parts(data: bytes) -> tuple[bytes, bytes, bytes, int]:
    """Header, masks with palette, pixels, and where the pixels end in the file."""
    if len(data) < 26:
        raise Refused("truncated")
    start, size = struct.unpack_from("<I", data, 10)[0], struct.unpack_from("<I", data, 14)[0]
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing, stated, colours, entry = 0, 0, (1 << bits if bits <= 8 else 0), 3
    elif size >= _BMP_MASKS and len(data) >= 14 + size:
        width, height, _, bits, packing, stated, _, _, colours = struct.unpack_from("<iiHHIIiiI", data, 18)
        colours, entry = colours or (1 << bits if bits <= 8 else 0), 4
    else:
        raise Refused("damaged")
    if packing not in (0, 1, 2, 3, 6) or bits not in (1, 4, 8, 16, 24, 32) or colours > 256:
        raise Refused("unsupported")
    masks = {3: 12, 6: 16}.get(packing, 0) if size == _BMP_MASKS else 0
    head = 14 + size
    length = stated if packing in (1, 2) else -(-abs(width) * bits // 32) * 4 * abs(height)
    if start < head + masks + colours * entry:
        colours = max(0, (start - head - masks) // entry)
    if start + length > len(data) or length <= 0:
        raise Refused("truncated")
    table = data[head : head + masks + colours * entry]
    return data[:head], table, data[start : start + length], start + length


def _strip_bmp(data: bytes) -> bytes:
    head, table, pixels, _ = _bmp_parts(data)
    changed = bytearray(head)
    size = len(head) + len(table) + len(pixels)
    struct.pack_into("<IHHI", changed, 2, size, 0, 0, len(head) + len(table))
    if len(head) >= 14 + 124:
        # Version 5: a linked or embedded colour profile becomes sRGB.
        if bytes(changed[14 + 56 : 14 + 60]) in (b"KNIL", b"DEBM"):
            changed[14 + 56 : 14 + 60] = b"BGRs"
        changed[14 + 112 : 14 + 124] = bytes(12)
    return bytes(changed) + table + pixels


def _bmp_kinds(data: bytes) -> Iterator[str]:
    head, table, pixels, end = _bmp_parts(data)
    if len(head) >= 14 + 124 and head[14 + 56 : 14 + 60] in (b"KNIL", b"DEBM"):
        yield "colour-profile"
    elif data[end:].strip(b"\0"):
        yield "trailer"
    if len(data) - len(head) - len(table) - len(pixels) - (len(data) - end) > 16:
        yield "other"  # a gap in front of the pixels
