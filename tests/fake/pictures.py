"""Tiny PNG, JPEG, TIFF and BMP files with known pixels.

PNG is written by hand, because Pillow cannot write every bit depth, interlacing, nor headers that lie.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

#: Colour types of PNG by channels.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
#: The seven passes of Adam7: first column, first row, column step, row step.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def write_png(path, array, *, bit_depth=8, palette=None, transparency=None, interlaced=False, orientation=None):
    """Writes a PNG.

    Args:
        path: Where.
        array: ``row column`` or ``row column channel`` (2 grey+alpha, 3 RGB, 4 RGBA); sample values as stored, or
            palette numbers.
        bit_depth: 1, 2, 4, 8 or 16.
        palette: ``entry 3``, makes it a palette picture.
        transparency: Content of tRNS: alpha of the palette entries, or the bytes of the transparent colour.
        interlaced: Adam7.
        orientation: EXIF orientation 1..8.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    rows, columns, channels = array.shape
    colour_type = 3 if palette is not None else _COLOUR_TYPES[channels]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    raw = b"".join(_png_rows(array[top::down, left::right], bit_depth) for left, top, right, down in passes)
    chunks = [_chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, bit_depth, colour_type, 0, 0, int(interlaced)))]
    if palette is not None:
        chunks.append(_chunk(b"PLTE", np.asarray(palette, dtype=np.uint8).tobytes()))
    if transparency is not None:
        chunks.append(_chunk(b"tRNS", bytes(transparency)))
    if orientation is not None:
        chunks.append(_chunk(b"eXIf", exif_bytes(orientation)))
    chunks += [_chunk(b"IDAT", zlib.compress(raw)), _chunk(b"IEND", b"")]
    return _write(path, b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def write_png_bomb(path, width, height):
    """Writes a small PNG that promises ``width`` x ``height`` pixels."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return _write(
        path, b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(bytes(10_000))) + _chunk(b"IEND", b"")
    )


def write_jpeg(path, array, *, orientation=None, quality=95, **options):
    """Writes a JPEG: ``row column`` grey, ``row column 3`` RGB, ``row column 4`` CMYK."""
    array = np.asarray(array, dtype=np.uint8)
    mode = {2: "L", 3: "RGB"}.get(array.ndim if array.ndim == 2 else array.shape[2], "CMYK")
    if orientation is not None:
        options["exif"] = b"Exif\x00\x00" + exif_bytes(orientation)
    Image.fromarray(array, mode=mode).save(path, "JPEG", quality=quality, subsampling=0, **options)
    return Path(path)


def write_tiff(path, array, *, pages=(), mode=None, **options):
    """Writes a TIFF of any array that Pillow knows; ``pages`` are more arrays."""
    images = [Image.fromarray(np.asarray(one), mode=mode) for one in (array, *pages)]
    images[0].save(path, "TIFF", save_all=True, append_images=images[1:], **options)
    return Path(path)


def write_bare_tiff(path, array, *, bits, photometric=1, samples=1, sample_format=1, orientation=1):
    """Writes an uncompressed little-endian TIFF by hand, for tags that Pillow does not write.

    ``array`` holds the packed bytes of the strip, or values whose type fits ``bits``.
    """
    array = np.asarray(array)
    rows, columns = array.shape[:2]
    data = array.tobytes()
    if bits == 12:  # two values in three bytes
        pairs = array.reshape(-1, 2).astype(int)
        data = bytes(b for a, c in pairs for b in (a >> 4, (a & 15) << 4 | c >> 8, c & 255))
    tags = [
        (256, 4, columns), (257, 4, rows), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (273, 4, 0),
        (274, 3, orientation), (277, 3, samples), (278, 4, rows), (279, 4, len(data)), (339, 3, sample_format),
    ]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, start if tag == 273 else value) for tag, kind, value in tags)
    return _write(path, b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(tags)) + entries + bytes(4) + data)


def write_bmp(path, array, *, mode=None):
    """Writes a BMP: ``row column`` grey, ``row column 3`` RGB; ``mode`` "1" for two levels."""
    image = Image.fromarray(np.asarray(array, dtype=np.uint8))
    (image.convert(mode) if mode else image).save(path, "BMP")
    return Path(path)


def exif_bytes(orientation):
    """A minimal EXIF block (TIFF structure) with an orientation."""
    return b"MM\x00*\x00\x00\x00\x08\x00\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)


def _png_rows(part, bit_depth):
    if part.size == 0:
        return b""
    rows = part.shape[0]
    if bit_depth == 16:
        packed = part.astype(">u2").reshape(rows, -1).view(np.uint8)
    elif bit_depth == 8:
        packed = part.astype(np.uint8).reshape(rows, -1)
    else:
        bits = np.unpackbits(part.astype(np.uint8).reshape(rows, -1, 1), axis=2)[..., -bit_depth:]
        packed = np.packbits(bits.reshape(rows, -1), axis=1)
    return b"".join(b"\x00" + row.tobytes() for row in packed)  # filter type 0


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _write(path, data):
    Path(path).write_bytes(data)
    return Path(path)
