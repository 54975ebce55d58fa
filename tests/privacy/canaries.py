"""Files full of made-up names, numbers and dates, and a search for them in whatever way bytes can hold them."""

import base64
import gzip
import io
import struct
import zipfile
import zlib

from pydicom._dicom_dict import DicomDictionary

NAME = "Karny"  # in every planted text
UID = "99887766"  # in every planted UID
NUMBER = "7654321"  # in every planted number that is none
DATE, TIME, AGE = "19230417", "131415.926535", "104Y"
MARKS = (NAME, UID, DATE, "1923-04-17", "131415", AGE, NUMBER)

_LONG = ("OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UC", "UR", "UT", "UN", "SV", "UV")
_BYTES = ("OB", "OW", "OF", "OD", "OL", "OV", "UN")
_TEXTS = ("LO", "SH", "ST", "LT", "UT", "UC", "UR", "PN", "AE", "CS", "IS", "DS")
#: What a file needs so that its pixels can be read.
PIXELS = {
    0x00280002: ("US", 1), 0x00280004: ("CS", b"MONOCHROME2 "), 0x00280010: ("US", 8), 0x00280011: ("US", 8),
    0x00280100: ("US", 16), 0x00280101: ("US", 12), 0x00280102: ("US", 11), 0x00280103: ("US", 0),
}  # fmt: skip


_FEW = (0x00080018, 0x00080020, 0x00080060, 0x00080080, 0x00081030, 0x00100010, 0x00100020, 0x00100030, 0x0020000D)


def element(tag, vr, value):
    """One explicit little-endian element, PS3.5 section 7.1.2."""
    if isinstance(value, int):
        value = struct.pack("<H", value)
    value += b"\0" * (len(value) % 2) if vr in (*_BYTES, "UI") else b" " * (len(value) % 2)
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    return head + (struct.pack("<HI", 0, len(value)) if vr in _LONG else struct.pack("<H", len(value))) + value


def sequence(tag, *items):
    """A sequence of items, each of the bytes of its elements."""
    return element(tag, "SQ", b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(item)) + item for item in items))


def planted(vr, number):
    """A value of its own for one element; None for kinds of values that hold no text."""
    if vr in ("CS", "AE"):
        return f"{NAME.upper()}{number:05d}".encode()
    if vr in ("IS", "DS"):
        return f"{NAME}{NUMBER}".encode()
    if vr in _TEXTS:
        return f"{NAME} {number:05d}^Anna".encode()
    fixed = {"DA": DATE, "TM": TIME, "DT": DATE + TIME, "AS": AGE, "UI": f"1.2.{UID}.{number}"}
    if vr in fixed:
        return fixed[vr].encode()
    return f"{NAME} {number:05d} in bytes".encode() if vr in _BYTES else None


def every_element():
    """Tag -> bytes, for every element of the dictionary that can hold a text, and for every sequence."""
    found = {}
    for number, (tag, entry) in enumerate(sorted(DicomDictionary.items())):
        vr = entry[0].split(" or ")[0]
        if tag >> 16 < 8 or not tag & 0xFFFF or tag >> 16 in (0xFFFE, 0x7FE0) or tag in PIXELS:
            continue
        if vr == "SQ":
            inside = element(0x00080018, "UI", planted("UI", number)) + element(0x00080104, "LO", planted("LO", number))
            code = element(0x00080100, "SH", f"{NAME}{number}".encode()) + element(0x00080102, "SH", b"DCM ")
            person = element(0x00100010, "PN", planted("PN", number)) + element(0x00111010, "LO", planted("LO", number))
            deeper = sequence(0x00081140, element(0x00080080, "LO", planted("LO", number)))
            found[tag] = sequence(tag, inside, code, deeper, person)
        elif (value := planted(vr, number)) is not None:
            found[tag] = element(tag, vr, value)
    return found


def other_places():
    """Tag -> bytes for private elements, curves, overlays and elements that no dictionary knows."""
    found = {}
    for group in (0x0009, 0x0011, 0x7053, 0x0029):
        found[group << 16 | 0x10] = element(group << 16 | 0x10, "LO", f"{NAME} MAKER".encode())
        found[group << 16 | 0x1001] = element(group << 16 | 0x1001, "PN", planted("PN", group))
        found[group << 16 | 0x1002] = element(group << 16 | 0x1002, "UN", planted("UN", group))
    for tag, vr in ((0x00089FFF, "LO"), (0x00109998, "UN"), (0x50000022, "LO"), (0x50003000, "OW"), (0x60000022, "LO"),
                    (0x60003000, "OW"), (0x60004000, "LT"), (0x60020045, "SH")):  # fmt: skip
        found[tag] = element(tag, vr, planted(vr, tag & 0xFFFF))
    return found


def crowded_file(path, pixels, *, more=None, every=True):
    """Writes a file with everything planted, in the preamble, the meta information and behind the pixels too.

    Args:
        path: Where.
        pixels: 8 x 8, uint16.
        more: Tag -> bytes to put in place of what would stand there.
        every: In every element; else in one of twenty, which takes less time.
    """
    elements = {tag: element(tag, vr, value) for tag, (vr, value) in PIXELS.items()}
    planted_in = every_element()
    chosen = planted_in if every else {tag: value for tag, value in planted_in.items() if tag in _FEW or tag % 20 == 0}
    elements |= chosen | other_places() | (more or {})
    meta = element(0x00020002, "UI", b"1.2.840.10008.5.1.4.1.1.7") + element(0x00020003, "UI", f"1.2.{UID}.1".encode())
    meta += element(0x00020010, "UI", b"1.2.840.10008.1.2.1") + element(0x00020012, "UI", f"1.2.{UID}.2".encode())
    meta += element(0x00020013, "SH", f"{NAME}_1".encode()) + element(0x00020016, "AE", f"{NAME.upper()}_AE".encode())
    meta += element(0x00020100, "UI", f"1.2.{UID}.3".encode()) + element(0x00020102, "OB", f"{NAME} private".encode())
    preamble = f"{NAME} in the preamble".encode().ljust(128, b"\0")
    values = pixels.astype("<u2").tobytes() + f"{NAME} behind the last pixel".encode()
    tail = element(0x7FE00010, "OW", values) + element(0xFFFCFFFC, "OB", f"{NAME} padding".encode())
    body = b"".join(value for _, value in sorted(elements.items()))
    path.write_bytes(preamble + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + body + tail)
    return path


def occurrences(data, marks=MARKS):
    """Which marks occur in bytes: as they are, as UTF-16, hexadecimal or base64, and inside packed parts."""
    return sorted({mark for part in unpacked(data) for mark in marks if any(form in part for form in forms(mark))})


def forms(mark):
    """The ways in which a mark can stand in lower-cased bytes; base64 keeps its case, so it is looked for apart."""
    plain = mark.lower()
    found = [plain.encode(), plain.encode("utf-16-le"), plain.encode("utf-16-be")]
    found += [plain.encode().hex().encode(), mark.encode().hex().encode(), mark.upper().encode().hex().encode()]
    for spelt in {mark, mark.upper()} if len(mark) > 4 else set():  # short ones occur in base64 by chance
        for phase in range(3):
            text = base64.b64encode(b"\0" * phase + spelt.encode())
            # The first and the last letters depend on the neighbours.
            inner = text[(0, 2, 3)[phase] : len(text) - (0 if (phase + len(spelt)) % 3 == 0 else 4)]
            found.append(b"base64:" + inner)
    return found


def unpacked(data, depth=0):
    """Bytes in lower case, a marked copy in their own case, and what is packed in them."""
    yield data.lower()
    yield _Cased(data)
    if depth > 3:
        return
    if data[:2] == b"\x1f\x8b":
        yield from unpacked(gzip.decompress(data), depth + 1)
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for entry in packed.infolist():
                yield entry.filename.lower().encode()
                yield from unpacked(packed.read(entry), depth + 1)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png_parts(data)
    for start in _find_all(data, b"data:image/png;base64,"):
        stop = min((place for quote in b"\"') " if (place := data.find(bytes((quote,)), start)) > 0), default=len(data))
        yield from unpacked(base64.b64decode(data[start:stop] + b"==", validate=False), depth + 1)


class _Cased:
    """Bytes in which only forms that keep their case are looked for."""

    def __init__(self, data):
        self.data = data

    def __contains__(self, form):
        return form.startswith(b"base64:") and len(form) > 12 and form[7:] in self.data


def _png_parts(data):
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        name, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        if name in (b"zTXt", b"iCCP", b"iTXt"):
            for start in range(min(90, len(content))):
                try:
                    yield zlib.decompress(content[start:]).lower()
                    break
                except zlib.error:
                    continue
        position += 12 + length


def _find_all(data, what):
    position = data.find(what)
    while position >= 0:
        yield position + len(what)
        position = data.find(what, position + 1)
