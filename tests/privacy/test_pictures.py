"""PNG, JPEG, TIFF and BMP lose their metadata and keep their pixels, bit for bit."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from tests.privacy.canaries import NAME, occurrences
from wetread.images.gate import Refused
from wetread.images.read import decode_image
from wetread.privacy.pictures import metadata_kinds, strip_metadata, strip_picture

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 255, (40, 56), np.uint8)
COLOUR = RNG.integers(0, 255, (40, 56, 3), np.uint8)
WIDE = RNG.integers(0, 65535, (40, 56), np.uint16)


def exif(orientation=6):
    block = Image.Exif()
    block[0x010E] = f"{NAME} description"
    block[0x013B] = f"{NAME} artist"
    block[0x0112] = orientation
    block.get_ifd(0x8825)[29] = "1923:04:17"
    return block.tobytes()


def png(pixels, **more):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Patient", f"{NAME}^A")
    texts.add_text("Comment", f"{NAME} packed " * 20, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", f"<x>{NAME}</x>")
    texts.add(b"tIME", bytes(7))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=texts, exif=exif(), icc_profile=profile(), **more)
    return buffer.getvalue() + f"{NAME} behind the end".encode()


def profile():
    return bytes(36) + b"acsp" + bytes(88) + f"{NAME} profile".encode()


def jpeg(pixels, **more):
    buffer = io.BytesIO()
    options = {"comment": f"{NAME} comment", "exif": exif(), "icc_profile": profile(), "quality": 88} | more
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    data = buffer.getvalue()
    notes = [b"\xff\xe1" + length(b"http://ns.adobe.com/xap/1.0/\0" + NAME.encode())]
    notes += [b"\xff\xed" + length(b"Photoshop 3.0\0" + NAME.encode()), b"\xff\xe5" + length(NAME.encode())]
    return data[:2] + b"".join(notes) + data[2:] + f"{NAME} behind the end".encode()


def length(payload):
    return (len(payload) + 2).to_bytes(2, "big") + payload


def tiff(pixels, **more):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in (270, 271, 272, 305, 315, 316, 33432, 37510, 50839, 65000):
        tags[tag] = f"{NAME} {tag}"
        tags.tagtype[tag] = 2
    tags[306] = "1923:04:17 13:14:15"
    buffer = io.BytesIO()
    pages = [Image.fromarray(pixels), Image.fromarray(pixels[::-1])]
    pages[0].save(buffer, "TIFF", tiffinfo=tags, save_all=True, append_images=pages[1:], **more)
    return buffer.getvalue() + f"{NAME} behind the end".encode()


def bmp(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")
    data = bytearray(buffer.getvalue())
    start = struct.unpack_from("<I", data, 10)[0]
    gap = f"{NAME} in a gap".encode()
    struct.pack_into("<I", data, 10, start + len(gap))
    struct.pack_into("<HH", data, 6, 0x614B, 0x6E72)
    return bytes(data[:start]) + gap + bytes(data[start:]) + f"{NAME} behind the end".encode()


CASES = {
    "png": ("PNG", png(GREY)),
    "png-colour": ("PNG", png(COLOUR)),
    "png-16": ("PNG", png(WIDE)),
    "jpeg": ("JPEG", jpeg(GREY)),
    "jpeg-colour": ("JPEG", jpeg(COLOUR)),
    "jpeg-progressive": ("JPEG", jpeg(COLOUR, progressive=True)),
    "tiff": ("TIFF", tiff(GREY)),
    "tiff-16": ("TIFF", tiff(WIDE)),
    "tiff-lzw": ("TIFF", tiff(COLOUR, compression="tiff_lzw")),
    "tiff-jpeg": ("TIFF", tiff(COLOUR, compression="jpeg")),
    "tiff-big": ("TIFF", tiff(GREY, big_tiff=True)),
    "bmp": ("BMP", bmp(GREY)),
    "bmp-colour": ("BMP", bmp(COLOUR)),
}


@pytest.mark.parametrize("case", CASES)
def test_metadata_goes_and_pixels_stay(case, tmp_path):
    kind, data = CASES[case]
    assert NAME in occurrences(data)
    assert metadata_kinds(data, kind)
    clean = strip_picture(data, kind)
    assert occurrences(clean) == []
    assert metadata_kinds(clean, kind) == []
    for name, content in (("a", data), ("b", clean)):
        (tmp_path / name).write_bytes(content)
    before, after = decode_image(tmp_path / "a"), decode_image(tmp_path / "b")
    assert after.pixel_sha256 == before.pixel_sha256
    assert (after.facts.width, after.facts.bit_depth) == (before.facts.width, before.facts.bit_depth)
    # Not a lossy copy: a second pass finds nothing to do.
    assert strip_picture(clean, kind) == clean


def test_the_orientation_stays(tmp_path):
    for kind, data in (("PNG", png(GREY)), ("JPEG", jpeg(GREY))):
        path = tmp_path / "a"
        path.write_bytes(strip_picture(data, kind))
        assert decode_image(path).pixels.shape == (56, 40)
        path.write_bytes(strip_picture(data.replace(exif()[6:], exif(1)[6:]), kind))
        with Image.open(path) as image:
            assert dict(image.getexif()) in ({}, {0x0112: 6})


def test_what_a_jpeg_says_about_its_colours_stays(tmp_path):
    assert strip_picture(jpeg(COLOUR), "JPEG")[2:11] == b"\xff\xe0\x00\x10JFIF\0"
    buffer = io.BytesIO()
    Image.fromarray(COLOUR).convert("CMYK").save(buffer, "JPEG", comment=NAME)
    clean = strip_picture(buffer.getvalue(), "JPEG")
    assert b"Adobe" in clean
    assert occurrences(clean) == []
    with Image.open(io.BytesIO(clean)) as new, Image.open(io.BytesIO(buffer.getvalue())) as old:
        assert np.array_equal(np.asarray(new), np.asarray(old))


def test_all_pages_of_a_tiff_stay_and_its_previews_go():
    with Image.open(io.BytesIO(strip_picture(CASES["tiff"][1], "TIFF"))) as image:
        assert image.n_frames == 2
        assert np.array_equal(np.asarray(image), GREY)
        image.seek(1)
        assert np.array_equal(np.asarray(image), GREY[::-1])


def test_kinds_are_named_and_values_are_not():
    assert metadata_kinds(CASES["png"][1], "PNG") == [
        *("colour-profile", "exif", "place", "text", "time", "trailer", "xmp")
    ]
    assert metadata_kinds(CASES["jpeg"][1], "JPEG") == [
        *("colour-profile", "comment", "exif", "iptc", "other", "place", "trailer", "xmp")
    ]
    assert {"text", "time"} <= set(metadata_kinds(CASES["tiff"][1], "TIFF"))


@pytest.mark.parametrize("case", CASES)
def test_damaged_files_are_refused_and_never_half_cleaned(case):
    kind, data = CASES[case]
    rng = np.random.default_rng(5)
    for _ in range(60):
        broken = bytearray(data[: int(rng.integers(30, len(data)))])
        for place in rng.integers(0, len(broken), 4):
            broken[place] = int(rng.integers(0, 256))
        try:
            clean = strip_picture(bytes(broken), kind)
        except Refused:
            continue
        # Marks may survive only where damage moved them into what is pixels now.
        if kind in ("PNG", "JPEG") and NAME.encode() in clean:
            start = clean.index(b"IDAT") if kind == "PNG" else clean.index(b"\xff\xda")
            assert NAME.encode() not in clean[:start]


def test_a_hidden_chunk_that_is_too_long_goes():
    body = NAME.encode() * 30
    chunk = len(body).to_bytes(4, "big") + b"gAMA" + body + zlib.crc32(b"gAMA" + body).to_bytes(4, "big")
    data = CASES["png"][1]
    assert occurrences(strip_picture(data[:33] + chunk + data[33:], "PNG")) == []


def xmp(orientation):
    return f'<x:xmpmeta by="{NAME}"><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()


def raw_profile(block):
    """EXIF as ImageMagick writes it into a text chunk: name, length, hexadecimal digits."""
    return f"\nexif\n{len(block):8}\n{block.hex()}\n"


def turned(kind, where, orientation):
    """A picture full of marks that says its orientation in one of the places where Pillow looks for it."""
    buffer, picture = io.BytesIO(), Image.fromarray(COLOUR)
    if kind == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[270] = f"{NAME} description"
        tags.update({700: xmp(orientation)} if where == "xmp" else {274: orientation})
        tags.tagtype[700] = 1
        picture.save(buffer, "TIFF", tiffinfo=tags)
        return buffer.getvalue()
    if kind == "JPEG":
        picture.save(buffer, "JPEG", comment=NAME, **({"exif": exif(orientation)} if where == "exif" else {}))
        head, more = buffer.getvalue()[:2], buffer.getvalue()[2:]
        if where == "xmp":
            head += b"\xff\xe1" + length(b"http://ns.adobe.com/xap/1.0/\0" + xmp(orientation))
        return head + more
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Patient", NAME)
    if where == "xmp":
        texts.add_itxt("XML:com.adobe.xmp", xmp(orientation).decode())
    elif where == "text":
        texts.add_text("Raw profile type exif", raw_profile(exif(orientation)), zip=True)
    picture.save(buffer, "PNG", pnginfo=texts, **({"exif": exif(orientation)} if where == "exif" else {}))
    data = buffer.getvalue()
    if where == "exif at the end":
        block = b"eXIf" + exif(orientation)[6:]
        data = (
            data[:-12] + (len(block) - 4).to_bytes(4, "big") + block + zlib.crc32(block).to_bytes(4, "big") + data[-12:]
        )
    return data


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        *(("PNG", where) for where in ("exif", "exif at the end", "text", "xmp")),
        *(("JPEG", where) for where in ("exif", "xmp")),
        *(("TIFF", where) for where in ("tag", "xmp")),
    ],
)
def test_pixels_are_the_same_wherever_the_orientation_stands(kind, where, tmp_path):
    for orientation in range(1, 9):
        data = turned(kind, where, orientation)
        clean = strip_picture(data, kind)
        assert occurrences(clean) == []
        (tmp_path / "a").write_bytes(data)
        (tmp_path / "b").write_bytes(clean)
        before, after = decode_image(tmp_path / "a"), decode_image(tmp_path / "b")
        assert before.pixels.shape[:2] == ((56, 40) if orientation > 4 else (40, 56))
        assert np.array_equal(before.pixels, after.pixels), orientation
        assert strip_metadata(clean, kind) == b""


def test_damage_does_not_heal():
    """A picture that a decoder refuses is refused without its metadata too, and not shown half grey."""
    data = bytearray(CASES["png"][1])
    data[data.index(b"IDAT") + 40] ^= 1
    cut = CASES["jpeg"][1]
    cut = cut[: cut.index(b"\xff\xda") + 500]
    for kind, broken in (("PNG", bytes(data)), ("JPEG", cut)):
        for one in (broken, strip_picture(broken, kind)):
            with Image.open(io.BytesIO(one)) as image, pytest.raises((OSError, SyntaxError)):
                image.load()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_picture_without_metadata_stays_as_it_is(kind):
    buffer = io.BytesIO()
    Image.fromarray(COLOUR).save(buffer, kind)
    assert strip_metadata(buffer.getvalue(), kind) == b""


def test_more_parts_than_any_writer_makes_are_refused():
    empty = b"\0\0\0\0abCd" + zlib.crc32(b"abCd").to_bytes(4, "big")
    data = CASES["png"][1]
    with pytest.raises(Refused):
        strip_picture(data[:33] + empty * 200_001 + data[33:], "PNG")
    with pytest.raises(Refused):
        strip_picture(b"\xff\xd8" + b"\xff\xfe\0\2" * 100_001 + CASES["jpeg"][1][2:], "JPEG")
