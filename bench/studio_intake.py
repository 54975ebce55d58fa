"""How fast the studio takes in a folder, and how fast it shows one.

    python bench/studio_intake.py [--files 1200] [--items 10000] [--dicom]

A server process, a browser's way of asking (four requests at a time): files go in, all thumbnails and some pixels come
out. Then a project of many items is written straight into its journal, and a new server is asked for its first page.
The memory is that of the server alone; its decoders are child processes.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]


class Server:
    """A studio, and a signed-in way to ask it."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-m", "wetread", "studio", str(home), "--port", "0", "--no-browser"]
        started = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://(127\.0\.0\.1:(\d+))(/open\?t=\S+)", line)
        assert found, line
        self.place, self.started = found[1], time.perf_counter() - started
        connection = http.client.HTTPConnection(self.place)
        connection.request("GET", found[3])
        self.cookie = connection.getresponse().headers["set-cookie"].split(";")[0]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        connection = http.client.HTTPConnection(self.place, timeout=120)
        named = {"X-" + key.capitalize(): value for key, value in headers.items()}
        connection.request(method, "/api" + path, body, {"Cookie": self.cookie, "X-Wetread": "1", **named})
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status < 300, data
        return data

    def memory(self) -> float:
        """Resident megabytes of the server itself."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def pictures(count: int, side: int, dicom: bool = False) -> list[tuple[str, bytes]]:
    """Soft shapes with a little noise: half of them PNG, half JPEG; or all DICOM of 12 bits with a patient's name."""
    random = np.random.default_rng(0)
    coarse = random.normal(size=(count, 12, 12)).astype(np.float32)
    noise = random.normal(0, 3, (side, side))
    made = []
    for number in range(count):
        soft = np.asarray(Image.fromarray(coarse[number]).resize((side, side), Image.Resampling.BICUBIC))
        if dicom:
            made.append((f"IM{number:06d}", dicom_file(np.clip(2048 + 640 * soft + 16 * noise, 0, 4095), number)))
            continue
        picture = Image.fromarray(np.clip(128 + 40 * soft + noise, 0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        picture.save(buffer, "PNG" if number % 2 else "JPEG", compress_level=1)
        made.append((f"{number // 3:08d}_{number % 3:03d}.{'png' if number % 2 else 'jpg'}", buffer.getvalue()))
    return made


def dicom_file(pixels: np.ndarray, number: int) -> bytes:
    """A radiograph as a detector writes it, explicit little endian."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    told = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    told.SOPClassUID, told.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    told.StudyInstanceUID, told.SeriesInstanceUID = generate_uid(), generate_uid()
    told.PatientName, told.PatientID, told.PatientBirthDate = f"Doe^{number // 3}", f"{number // 3:07d}", "19500101"
    told.StudyDate, told.Modality, told.ViewPosition = "20260102", "DX", "PA"
    told.Rows, told.Columns = pixels.shape
    told.SamplesPerPixel, told.PhotometricInterpretation, told.PixelRepresentation = 1, "MONOCHROME2", 0
    told.BitsAllocated, told.BitsStored, told.HighBit = 16, 12, 11
    told.WindowCenter, told.WindowWidth = "2048", "4096"
    told.PixelData = pixels.astype("<u2").tobytes()
    buffer = io.BytesIO()
    told.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def intake(home: Path, files: int, side: int, dicom: bool) -> None:
    made = pictures(files, side, dicom)
    total = sum(len(data) for _, data in made) / 2**20
    server = Server(home)
    print(f"server ready after {server.started:.1f} s, {server.memory():.0f} MB")
    project = json.loads(server.ask("POST", "/projects", b'{"name":"bench"}'))["id"]

    def put(one: tuple[int, tuple[str, bytes]]) -> str:
        number, (name, data) = one
        answer = server.ask("PUT", f"/projects/{project}/items", data, name=quote(name), **{"class": f"c{number % 3}"})
        return str(json.loads(answer)["status"])

    with ThreadPoolExecutor(4) as threads:
        began = time.perf_counter()
        states = list(threads.map(put, enumerate(made)))
        seconds = time.perf_counter() - began
        assert states == ["added"] * files, set(states)
        print(f"{files} files of {side} x {side} ({total:.0f} MB): {seconds:.1f} s, {server.memory():.0f} MB")
        items = [one["id"] for one in json.loads(server.ask("GET", f"/projects/{project}/items?limit=1000"))["items"]]
        for what, some in (("thumbs", items), ("pixels", items[:100])):
            began = time.perf_counter()
            list(threads.map(lambda item, what=what: server.ask("GET", f"/projects/{project}/{what}/{item}"), some))
            print(f"{len(some)} {what}: {time.perf_counter() - began:.2f} s, {server.memory():.0f} MB")
    server.close()


def write_items(home: Path, items: int) -> str:
    """A project of many items, straight into its journal; returns its id. Their pictures are not there."""
    folder = home / "p-00000000"
    folder.mkdir(parents=True)
    (folder / "project.json").write_text('{"format":1,"name":"many","created":""}')
    facts = {"bit_depth": 8, "mode": "grey", "bytes": 300000, "frames": 1, "frame_used": 1, "intensity": "as stored"}
    lines: list[dict[str, object]] = [{"edit": [{"class": f"c-{n}", "set": {"name": f"class {n}"}}]} for n in (1, 2, 3)]
    lines += [
        {
            "add": {
                "id": f"{n:016x}", "name": f"{n // 3:08d}_{n % 3:03d}.png", "suffix": ".png", "kind": "PNG",
                "class_id": f"c-{1 + n % 3}", "width": 1024, "height": 1024, "facts": facts,
            }
        }
        for n in range(items)
    ]  # fmt: skip
    (folder / "items.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder.name


def first_page(home: Path, items: int) -> None:
    write_items(home, items)
    server = Server(home)
    for what, path in (("summary", ""), ("first items", "/items?limit=200"), ("search", "/items?q=00000123")):
        for turn in ("first", "again"):
            began = time.perf_counter()
            server.ask("GET", "/projects/p-00000000" + path)
            print(f"{items} items, {what}, {turn}: {1000 * (time.perf_counter() - began):.0f} ms")
    print(f"{server.memory():.0f} MB")
    server.close()


def arguments(about: str | None) -> argparse.ArgumentParser:
    """How much goes in, and how much is there already."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1200)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--dicom", action="store_true")
    return parser


def main() -> None:
    asked = arguments(__doc__).parse_args()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        intake(Path(folder) / "a", asked.files, asked.side, asked.dicom)
        first_page(Path(folder) / "b", asked.items)


if __name__ == "__main__":
    main()
