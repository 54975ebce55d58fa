"""Files and names that mean harm, through the same door as all others: each is refused, or is text and nothing else."""

import io
import stat
import struct
import zipfile
import zlib
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data=b""):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def picture(seed=0):
    grey = np.random.default_rng(seed).integers(0, 255, (48, 48), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


def packed(members, **settings):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, **settings)
    return file.getvalue()


def linked():
    entry = zipfile.ZipInfo("sick/link.png")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed([(entry, "/etc/passwd"), ("sick/a.png", picture())])


def nested():
    return packed([("sick/b.zip", packed([("x.png", picture(1))])), ("sick/a.png", picture())])


def encrypted():
    data = bytearray(packed([("sick/a.png", picture())]))
    # Bit 0 of the flags, in the local header and in the directory.
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.fixture
def project(studio):
    (studio.home.path / "secret.png").write_bytes(picture(99))
    return studio.post("/api/projects", json={"name": "files"}).json()["id"]


def put(studio, project, body, name="a.png", label="sick"):
    headers = {"X-Name": quote(name, safe=""), "X-Class": quote(label, safe="")}
    return studio.put(f"/api/projects/{project}/items", content=body, headers=headers)


def outcome(studio, project, reply):
    """Waits for what the request began; returns the summary and the state of the task."""
    task = reply.json().get("task")
    opened = studio.studio.project(project)
    opened.tasks.wait(600)
    return opened.summary(), opened.tasks.state(task) if task else None


FAKES = {
    "nothing": b"",
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a program": b"MZ" + b"\0" * 200,
    "an ELF program": b"\x7fELF" + b"\0" * 200,
    "a pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "GIF": b"GIF89a" + b"\0" * 40,
    "PDF": b"%PDF-1.7\n" + b"\0" * 40,
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file",
    "only the beginning of a PNG": PNG,
    "a PNG cut off": picture()[:200],
    "a PNG of 10 gigapixels": png(100_000, 100_000),
    "a PNG of no size": png(0, 0),
    "a JPEG that ends at once": b"\xff\xd8\xff\xd9",
    "a TIFF whose pages go round": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "DICOM without anything": b"\0" * 128 + b"DICM",
    "DICOM with an endless element": b"\0" * 128 + b"DICM" + b"\x02\0\0\0UL\x04\0\xff\xff\xff\xff" + b"\xff" * 400,
    "gzip": b"\x1f\x8b\x08" + b"\0" * 40,
    "RAR": b"Rar!\x1a\x07\x01\0" + b"\0" * 40,
    "7z": b"7z\xbc\xaf\x27\x1c" + b"\0" * 40,
}


@pytest.mark.parametrize("body", FAKES.values(), ids=FAKES)
def test_what_is_no_image_is_listed_and_not_kept(studio, project, body):
    for name in ("a.png", "a.dcm"):
        reply = put(studio, project, body, name)
        assert reply.status_code < 500, reply.text
        assert reply.status_code >= 400 or reply.json()["status"] == "rejected", reply.text
    summary, _ = outcome(studio, project, reply)
    assert summary["counts"]["items"] == 0
    images = studio.home.path / project / "images"
    assert not images.exists() or not list(images.iterdir())


NAMES = {
    "script": "<script>alert(1)</script>.png",
    "handler": '"><img src=x onerror=alert(1)>.png',
    "upwards": "../../../evil.png",
    "backwards": "..\\..\\evil.png",
    "absolute": "/etc/evil.png",
    "drive": "C:\\evil.png",
    "share": "\\\\evil.example\\x\\evil.png",
    "NUL": "evil\0.png",
    "lines": "evil\r\nSet-Cookie: a=b.png",
    "device": "CON.png",
    "formula": "=HYPERLINK(1).png",
    "turned round": "evil\u202egnp.exe",
    "escape": "\x1b[2Jevil.png",
    "long": "e" * 3000 + ".png",
    "dots": "....png",
    "stream": "evil.png:hidden",
    "blank": " ",
    "tilde": "~root/evil.png",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_only_shown(studio, project, name):
    outside = _outside(studio, project)
    reply = put(studio, project, picture(), name, label=name)
    assert reply.status_code < 500, reply.text
    assert "set-cookie" not in reply.headers
    stored = [path.name for path in (studio.home.path / project).rglob("*") if path.is_file()]
    assert not [one for one in stored if "evil" in one or "script" in one or "alert" in one]
    assert _outside(studio, project) == outside
    listed = studio.get(f"/api/projects/{project}/items")
    assert listed.headers["content-type"] == "application/json"
    for item in listed.json()["items"]:
        assert "/" not in item["name"] and "\\" not in item["name"] and item["name"].isprintable()
        thumb = studio.get(f"/api/projects/{project}/thumbs/{item['id']}")
        assert (thumb.headers["content-type"], thumb.headers["cache-control"]) == ("image/jpeg", "no-store")


def _outside(studio, project):
    inside = studio.home.path / project
    every = studio.home.path.parent.rglob("*")
    return {path for path in every if inside not in path.parents and ".secrets" not in path.parts}


ARCHIVES = {
    "upwards": (lambda: packed([("../../evil.png", picture(1)), ("sick/a.png", picture())]), 1),
    "absolute": (lambda: packed([("/tmp/evil.png", picture(1)), ("sick/a.png", picture())]), 1),
    "backslashes": (lambda: packed([("..\\..\\evil.png", picture(1)), ("sick/a.png", picture())]), 1),
    "drive": (lambda: packed([("C:/evil.png", picture(1)), ("sick/a.png", picture())]), 1),
    "symbolic link": (linked, 1),
    "encrypted": (encrypted, 0),
    "archive in the archive": (
        lambda: packed([("sick/b.zip", packed([("x.png", picture(1))])), ("sick/a.png", picture())]),
        1,
    ),
    "bomb": (lambda: packed([("sick/bomb.png", b"\0" * 120_000_000)]), 0),
    "bomb with the head of a PNG": (lambda: packed([("sick/bomb.png", PNG + b"\0" * 120_000_000)]), 0),
    "too many files": (lambda: packed([(f"sick/{number}.png", b"x") for number in range(20_001)]), 0),
    "nothing in it": (lambda: packed([]), 0),
    "cut off": (lambda: packed([("sick/a.png", picture())])[:-40], 0),
    "only the beginning": (lambda: b"PK\x03\x04" + b"\0" * 30, 0),
}


@pytest.mark.parametrize(("make", "most"), ARCHIVES.values(), ids=ARCHIVES)
def test_an_archive_does_no_harm(studio, project, make, most):
    outside = _outside(studio, project)
    reply = put(studio, project, make(), "set.zip", label="")
    assert reply.status_code < 500, reply.text
    summary, task = outcome(studio, project, reply)
    assert summary["counts"]["items"] <= most
    said = task is not None and (task["error"] or task["rejected"] or task["ignored"])
    assert said or reply.status_code >= 400 or reply.json()["status"] == "rejected", (reply.text, task)
    assert not list(studio.home.path.parent.rglob("evil*"))
    assert _outside(studio, project) == outside


@pytest.mark.parametrize("name", ("X-Name", "X-Class"))
@pytest.mark.parametrize("value", ("%00", "%0d%0aa:b", "%ff%fe", "%", "%zz", "a" * 9000, ""))
def test_odd_headers_of_an_upload_cause_no_fault(studio, project, name, value):
    headers = {"X-Name": "a.png", "X-Class": "sick"} | {name: value}
    reply = studio.put(f"/api/projects/{project}/items", content=picture(), headers=headers)
    assert reply.status_code < 500, reply.text
    assert studio.get(f"/api/projects/{project}").status_code == 200
