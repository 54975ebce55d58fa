"""What is refused before anything is decoded."""

import os
import socket

import numpy as np
import pytest
from fake.dicoms import deflate_bomb, write_dicom
from fake.effort import least_seconds
from fake.pictures import write_bmp, write_jpeg, write_png, write_png_bomb, write_tiff

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.gate import Refused, check_size
from wetread.images.read import decode_image

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def code(path):
    told = []

    def work():
        with pytest.raises(ImageRejected) as caught:
            decode_image(path)
        told.append(caught)

    assert least_seconds(work, enough=1.0) < 1.0
    caught = told[-1]
    assert caught.value.code in REJECTIONS and str(path) in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    ("writer", "name", "kind"),
    [
        (write_png, "a.dcm", "PNG"),
        (write_jpeg, "a.png", "JPEG"),
        (write_tiff, "a.jpg", "TIFF"),
        (write_bmp, "a", "BMP"),
        (write_dicom, "a.txt", "DICOM"),
    ],
)
def test_content_beats_the_name(tmp_path, writer, name, kind):
    assert decode_image(writer(tmp_path / name, RAMP)).facts.format == kind


def test_a_dicom_file_whose_preamble_looks_like_a_tiff(tmp_path):
    path = write_dicom(tmp_path / "a.tif", RAMP)
    path.write_bytes(b"II*\x00\x08\x00\x00\x00" + path.read_bytes()[8:])
    assert decode_image(path).facts.format == "DICOM"


@pytest.mark.parametrize(
    "content",
    [
        b"just a text, called .dcm",
        b"BMW is a car, and this no bitmap at all.....",
        b"<html>404</html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"8BPS\x00\x01" + bytes(40),
        b"GIF89a" + bytes(40),
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        b"\x7fELF" + bytes(200),
        bytes(300),
        b"\x08",
    ],
)
def test_what_is_no_image(tmp_path, content):
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    assert code(path) == "not-an-image"


def test_empty_missing_and_unreadable(tmp_path):
    path = tmp_path / "a.png"
    assert code(path) == "unreadable"
    path.write_bytes(b"")
    assert code(path) == "empty-file"
    assert code(tmp_path / "nul\0.png") == "unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_what_would_block_is_not_opened(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo.png")
    assert code(tmp_path / "fifo.png") == "not-a-file"
    assert code(tmp_path) == "not-a-file"
    assert code("/dev/zero") == "not-a-file"
    with socket.socket(socket.AF_UNIX) as unix:
        monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
        unix.bind("s")
        assert code("s") == "not-a-file"
    (tmp_path / "loop").symlink_to("loop")
    assert code(tmp_path / "loop") == "unreadable"


@pytest.mark.parametrize("change", [lambda path: write_png(path, 255 - RAMP), lambda path: os.utime(path, (1, 1))])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    from wetread.images import pictures

    path, decode = write_png(tmp_path / "a.png", RAMP), pictures.decode_picture
    os.utime(path, (2, 2))  # the clock of a file system may be coarse: what is written at once would bear the same time
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "decode_picture", lambda *a, **k: (change(path), decode(*a, **k))[1])
        with pytest.raises(ImageRejected) as caught:
            decode_image(path)
    assert caught.value.code == "changed"
    assert decode_image(path).facts.format == "PNG"


def test_bombs_are_refused_from_the_header(tmp_path):
    assert code(write_png_bomb(tmp_path / "a.png", 30_000, 30_000)) == "too-large"
    assert code(write_png_bomb(tmp_path / "b.png", 13_000, 13_000)) == "too-large"
    assert code(write_png_bomb(tmp_path / "c.png", 2**31 - 1, 2**31 - 1)) == "too-large"
    data = bytearray(write_bmp(tmp_path / "d.bmp", RAMP).read_bytes())
    data[18:26] = (60_000).to_bytes(4, "little") * 2
    (tmp_path / "d.bmp").write_bytes(data)
    assert code(tmp_path / "d.bmp") == "too-large"
    data = write_jpeg(tmp_path / "e.jpg", RAMP).read_bytes()
    (tmp_path / "e.jpg").write_bytes(data.replace(b"\x08\x00\x10\x00\x10", b"\x08\xff\xff\xff\xff"))
    assert code(tmp_path / "e.jpg") == "too-large"


def test_size_zero_is_damaged(tmp_path):
    assert code(write_png_bomb(tmp_path / "a.png", 0, 100)) == "damaged"


def test_a_deflate_bomb_is_not_inflated(tmp_path):
    resource = pytest.importorskip("resource")
    path = deflate_bomb(tmp_path / "a.dcm", 400 << 20)
    decode_image(write_dicom(tmp_path / "warm", RAMP))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert path.stat().st_size < 4 << 20 and code(path) == "too-large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def test_an_oversized_header_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a", RAMP)
    data = path.read_bytes()
    at = data.index(b"\x10\x00\x10\x00PN")
    block = b"\x09\x00\x10\x10OB\x00\x00" + (80 << 20).to_bytes(4, "little") + bytes(80 << 20)
    path.write_bytes(data[:at] + block + data[at:])
    assert code(path) == "too-large"


def test_check_size():
    check_size(10_000, 10_000)
    check_size(1, 60_000)
    for sizes, expected in [
        ((10_001, 10_000), "too-large"),
        ((0, 5), "damaged"),
        ((5, -1), "damaged"),
    ]:
        with pytest.raises(Refused) as caught:
            check_size(*sizes)
        assert caught.value.code == expected
    with pytest.raises(Refused):
        check_size(2000, 2000, bits=16, frames=300)
    with pytest.raises(Refused):
        check_size(20, 20, samples=77)
