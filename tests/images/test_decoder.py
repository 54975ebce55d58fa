"""The decoder and its child processes: crashes, hangs and noise cost one file, never the run."""

import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fake.dicoms import write_dicom
from fake.pictures import write_jpeg, write_png, write_png_bomb, write_tiff

from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.facts import DecodedImage, Survey, hash_pixels
from wetread.images.shrink import shrink
from wetread.images.source import Source
from wetread.images.view import View
from wetread.images.wire import Task

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
FAULTY = (sys.executable, str(Path(__file__).with_name("faulty_worker.py")))


@pytest.fixture(scope="module")
def decoder():
    with Decoder(2) as one:
        yield one


def faulty(**options):
    return Decoder(1, command=FAULTY, **options)


def code(decoder, path):
    with pytest.raises(ImageRejected) as caught:
        decoder.decode(path)
    return caught.value.code


def test_processes_can_be_started_before_there_is_anything_to_decode(tmp_path):
    path = write_png(tmp_path / "a.png", RAMP)
    with Decoder(3) as one:
        assert not one._crew._alive
        one.start()
        first = set(one._crew._alive)
        assert len(first) == 3
        assert len(list(one.decode_many([path] * 9))) == 9
        one.start()
        assert one._crew._alive == first  # taken, not started anew
    assert all(child._process.poll() is not None for child in first)


def test_decode(decoder, tmp_path):
    import hashlib

    path = write_png(tmp_path / "a.png", RAMP)
    image = decoder.decode(path)
    assert (image.pixels == RAMP).all() and image.pixels.dtype == np.uint8
    assert image.facts.format == "PNG"
    assert image.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert image.pixel_sha256 == hash_pixels(RAMP)


def test_max_side_reduces_and_keeps_the_fingerprint(decoder, tmp_path):
    array = np.repeat(np.repeat(RAMP[:, :8], 4, axis=0), 4, axis=1)
    image = decoder.decode(write_png(tmp_path / "a.png", array), max_side=16)
    assert (image.pixels == RAMP[:, :8]).all() and (image.facts.width, image.facts.height) == (32, 64)
    assert image.pixel_sha256 == hash_pixels(array)
    assert decoder.decode(tmp_path / "a.png", max_side=1000).pixels.shape == (64, 32)


def test_shrink_averages_areas():
    assert shrink(np.array([[0, 100], [100, 200]], dtype=np.uint8), 1).tolist() == [[100]]
    assert shrink(np.zeros((1, 600), np.uint8), 100).shape == (1, 100)
    assert shrink(np.zeros((30, 20, 3), np.uint8), 15).shape == (15, 10, 3)


def test_one_picture_in_three_formats_has_one_pixel_fingerprint(decoder, tmp_path):
    paths = [
        write_png(tmp_path / "a", RAMP),
        write_png(tmp_path / "b", np.stack([RAMP] * 3, axis=-1)),
        write_dicom(tmp_path / "c", RAMP),
    ]
    images = [decoder.decode(path) for path in paths]
    assert len({image.pixel_sha256 for image in images}) == 1 and len({image.file_sha256 for image in images}) == 3


def test_decode_many_returns_every_number_once(decoder, tmp_path):
    paths = [write_jpeg(tmp_path / f"{n}.jpg", np.full((8, 8), n, np.uint8)) for n in range(50)]
    paths[7] = write_png_bomb(tmp_path / "bomb.png", 30_000, 30_000)
    paths[9] = tmp_path / "missing.png"
    results = dict(decoder.decode_many(iter(paths)))
    assert sorted(results) == list(range(50))
    assert results[7].code == "too-large" and results[9].code == "unreadable"
    assert all(abs(int(results[n].pixels[0, 0]) - n) <= 1 for n in range(50) if n not in (7, 9))


def test_decode_many_reads_only_a_little_ahead(decoder, tmp_path):
    path = write_png(tmp_path / "a.png", RAMP)
    taken = []
    results = decoder.decode_many(taken.append(number) or path for number in range(1000))
    for done, _ in zip(range(1, 11), results, strict=False):
        assert len(taken) <= done + 6
    results.close()


def test_members_of_an_archive(decoder, tmp_path):
    names = [f"folder/{n}.png" for n in range(20)]
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for n, name in enumerate(names):
            packed.write(write_png(tmp_path / "one", np.full((4, 4), n)), name)
        packed.writestr("folder/empty.png", b"")
        packed.writestr("folder/text.png", b"just a text")
        packed.write(write_dicom(tmp_path / "one", RAMP), "folder/dicom")
    sources = [Source(tmp_path / "a.zip", member=name) for name in names]
    results = dict(decoder.decode_many(sources))
    assert [int(results[n].pixels[0, 0]) for n in range(20)] == list(range(20))
    assert results[0].facts.bytes == len(write_png(tmp_path / "one", np.full((4, 4), 0)).read_bytes())
    assert (decoder.decode(Source(tmp_path / "a.zip", "folder/dicom")).pixels == RAMP).all()
    for name, expected in [("empty.png", "empty-file"), ("text.png", "not-an-image"), ("no.png", "damaged")]:
        with pytest.raises(ImageRejected) as caught:
            decoder.decode(Source(tmp_path / "a.zip", f"folder/{name}"))
        assert caught.value.code == expected and f"a.zip/folder/{name}" in str(caught.value)
    assert code(decoder, Source(tmp_path / "no.zip", "a.png")) == "unreadable"
    (tmp_path / "b.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:500])
    assert code(decoder, Source(tmp_path / "b.zip", names[0])) == "damaged"


def test_an_archive_that_was_replaced_is_opened_anew(decoder, tmp_path):
    for value in (3, 200):
        write_png(tmp_path / "one", np.full((4, 4 + value), value))
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
            packed.write(tmp_path / "one", "a.png")
        assert decoder.decode(Source(tmp_path / "a.zip", "a.png")).pixels[0, 0] == value


def test_items_of_an_array_file(decoder, tmp_path):
    images = np.stack([np.full((5, 7), n, np.uint8) for n in range(200)])
    np.savez_compressed(tmp_path / "a.npz", train_images=images, test_images=255 - images, labels=np.arange(200))
    for array, sign, start in (("train_images", 1, 0), ("test_images", -1, 255)):
        order = [*range(30), 199, 3, 150]
        results = dict(decoder.decode_many(Source(tmp_path / "a.npz", array, item=n) for n in order))
        assert [int(results[n].pixels[0, 0]) for n in range(33)] == [start + sign * n for n in order]
    facts = results[0].facts
    assert (facts.format, facts.mode, facts.bit_depth, facts.width, facts.height) == ("NPZ", "grey", 8, 7, 5)
    assert results[1].file_sha256 != results[2].file_sha256 and not results[0].cached
    assert code(decoder, Source(tmp_path / "a.npz", "train_images", item=200)) == "no-frame"
    assert dict(decoder.survey([Source(tmp_path / "a.npz", "train_images", item=3)]))[0] == Survey("NPZ")
    assert code(decoder, Source(tmp_path / "b.npz", "train_images", item=0)) == "unreadable"


def test_pages(decoder, tmp_path):
    path = write_tiff(tmp_path / "a.tif", RAMP, pages=[255 - RAMP, RAMP.T])
    image = decoder.decode(Source(path, frame=2))
    assert (image.pixels == 255 - RAMP).all() and (image.facts.frames, image.facts.frame_used) == (3, 2)
    assert (decoder.decode(path, view=View(frame="3")).pixels == RAMP.T).all()
    assert (decoder.decode(Source(path, frame=1), view=View(frame="3")).pixels == RAMP).all()
    with pytest.raises(ImageRejected) as caught:
        decoder.decode(Source(path, frame=4))
    assert caught.value.code == "no-frame" and str(caught.value.file).endswith("a.tif#4")


def test_survey(decoder, tmp_path):
    paths = [
        write_png(tmp_path / "a.png", RAMP.astype(int) * 200, bit_depth=16),
        write_jpeg(tmp_path / "b.jpg", np.stack([RAMP] * 3, axis=-1)),
        write_tiff(tmp_path / "c.tif", RAMP, pages=[RAMP]),
        write_dicom(tmp_path / "d.dcm", RAMP.astype(np.int16), window=([40, 80], [80, 200]), modality="CT"),
        write_png_bomb(tmp_path / "e.png", 30_000, 30_000),
        tmp_path / "missing",
    ]
    found = dict(decoder.survey(iter(paths)))
    assert found[0] == Survey("PNG", bits=16)
    assert found[1] == Survey("JPEG", grey=False)
    assert found[2] == Survey("TIFF", frames=2)
    dicom = found[3]
    assert (dicom.format, dicom.modality, dicom.bits, dicom.grey) == ("DICOM", "CT", 16, True)
    assert dicom.windows == ((40, 80), (80, 200))
    assert [found[n].code for n in (4, 5)] == ["too-large", "unreadable"]


def test_a_survey_decodes_nothing(decoder, tmp_path):
    data = write_jpeg(tmp_path / "a.jpg", np.random.default_rng(0).integers(0, 256, (64, 64))).read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    assert dict(decoder.survey([tmp_path / "a.jpg"]))[0] == Survey("JPEG")
    assert code(decoder, tmp_path / "a.jpg") == "truncated"


def test_a_survey_survives_a_crash(tmp_path):
    with faulty() as decoder:
        paths = [write_png(tmp_path / f"{name}.png", RAMP) for name in ("good", "crash", "good2")]
        found = dict(decoder.survey(paths))
    assert found[0] == found[2] == Survey("PNG") and found[1].code == "decoder-crash"


def test_tasks_survive_the_wire():
    source = Source(Path(os.fsdecode(b'/a\xff\n"/b.zip')), member="Müller ✓/1.png", item=3, frame=2)
    for view in (View(), View.parse("brain+subdural+600/2800", frame="all"), View.parse("60/300; red 50..95")):
        task = Task(source, view, 320, "/cache", True)
        line = task.as_line()
        assert line.count(b"\n") == 1 and Task.from_line(line) == task


def test_decode_many_may_be_left_early(decoder, tmp_path):
    paths = [write_png(tmp_path / f"{n}.png", RAMP) for n in range(30)]
    for number, _ in decoder.decode_many(paths):
        if number:
            break
    assert decoder.decode(paths[0]).pixels.shape == (16, 16)


def test_threads_share_a_decoder(decoder, tmp_path):
    paths = [write_png(tmp_path / f"{n}.png", np.full((4, 4), n)) for n in range(24)]
    wrong = []

    def work(numbers):
        wrong.extend(n for n in numbers if decoder.decode(paths[n]).pixels[0, 0] != n)

    threads = [threading.Thread(target=work, args=(range(start, 24, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
def test_odd_file_names(decoder, tmp_path):
    odd = [b"new\nline.png", b"\xff\xfe.png", "Müller ✓.png".encode(), b" -x 'q'.png", b'"].png']
    for name in odd:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        assert decoder.decode(write_png(path, RAMP)).pixels.shape == (16, 16)


def test_relative_paths_follow_the_parent(decoder, tmp_path, monkeypatch):
    decoder.decode(write_png(tmp_path / "a.png", RAMP))  # the child runs already, elsewhere
    monkeypatch.chdir(tmp_path)
    assert decoder.decode("a.png").pixels.shape == (16, 16)


def test_a_crash_a_panic_and_too_much_memory(tmp_path):
    with faulty() as decoder:
        for name, expected in [("crash", "decoder-crash"), ("panic", "damaged"), ("nonsense", "decoder-crash")]:
            assert code(decoder, write_png(tmp_path / f"{name}.png", RAMP)) == expected
            assert decoder.decode(write_png(tmp_path / "good.png", RAMP)).pixels.shape == (16, 16)
        if sys.platform == "linux":
            assert code(decoder, write_png(tmp_path / "memory.png", RAMP)) == "out-of-memory"
        assert (decoder.decode(write_png(tmp_path / "noise.png", RAMP)).pixels == RAMP).all()


def test_a_crash_counts_only_when_it_comes_twice(tmp_path):
    with faulty() as decoder:
        assert decoder.decode(write_png(tmp_path / "once.png", RAMP)).pixels.shape == (16, 16)


def test_a_hang_ends_at_the_limit(tmp_path):
    with faulty(seconds=60.0) as decoder:
        decoder.decode(write_png(tmp_path / "good.png", RAMP))
        (child,) = decoder._crew._alive
        child._seconds = 0.5  # for the one that hangs; a busy machine may need longer for the others
        start = time.monotonic()
        assert code(decoder, write_png(tmp_path / "hang.png", RAMP)) == "decoder-timeout"
        assert time.monotonic() - start < 60  # which is the limit of all others
        assert decoder.decode(tmp_path / "good.png").pixels.shape == (16, 16)


def test_crashes_in_a_folder_cost_only_themselves(tmp_path):
    names = [f"{'crash' if n in (3, 11) else 'good'}{n}.png" for n in range(16)]
    paths = [write_png(tmp_path / name, RAMP) for name in names]
    with Decoder(2, command=FAULTY) as decoder:
        results = dict(decoder.decode_many(paths))
    assert {n for n, result in results.items() if isinstance(result, ImageRejected)} == {3, 11}
    assert len(results) == 16


def test_a_child_that_cannot_start_is_no_fault_of_the_file(tmp_path):
    with (
        Decoder(1, command=(*FAULTY, "--stillborn")) as decoder,
        pytest.raises(RuntimeError, match="does not start"),
    ):
        decoder.decode(write_png(tmp_path / "a.png", RAMP))


def test_close_ends_the_children_and_what_they_do(tmp_path):
    decoder = faulty()
    decoder.decode(write_png(tmp_path / "good.png", RAMP))
    caught = []

    def work():
        try:
            decoder.decode(write_png(tmp_path / "hang.png", RAMP))
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    end = time.monotonic() + 120
    while not (tmp_path / "hang.hangs").exists() and time.monotonic() < end:
        time.sleep(0.02)
    decoder.close()
    thread.join(120)
    assert caught == ["the Decoder was closed"]
    with pytest.raises(RuntimeError):
        decoder.decode(tmp_path / "good.png")


_PROGRAM = """
import os, sys, time
from wetread.images.decoder import Decoder
decoder = Decoder(2)
image = decoder.decode(sys.argv[1])
print(image.pixels.shape, [c._process.pid for c in decoder._crew._alive], sorted(
    name for name in sys.modules if name.split(".")[0] in
    ("torch", "sklearn", "pydicom", "PIL", "imagecodecs", "pylibjpeg", "openjpeg", "rle")), flush=True)
if len(sys.argv) > 2:
    time.sleep(3600)
"""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pids, seconds=120.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(is_running(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("way", ["exit", "SIGINT", "SIGKILL"])
def test_children_end_with_the_program_and_print_nothing(tmp_path, way):
    import signal

    path = write_png(tmp_path / "a.png", RAMP)
    command = [sys.executable, "-c", _PROGRAM, str(path), *(["wait"] if way != "exit" else [])]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}, start_new_session=True,
    )  # fmt: skip
    shape, rest = process.stdout.readline().split(") ", 1)
    pids, modules = rest.strip().split("] [")
    pids = json.loads(pids + "]")
    assert shape == "(16, 16" and len(pids) == 1 and modules == "]"  # the parent loads no decoder at all
    if way != "exit":
        os.killpg(process.pid, getattr(signal, way))
    _, errors = process.communicate(timeout=240)
    assert gone(pids)
    assert errors.count("Traceback") == (1 if way == "SIGINT" else 0)  # the parent's own


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_children_are_limited_and_leave_no_core(decoder, tmp_path):
    decoder.decode(write_png(tmp_path / "a.png", RAMP))
    for child in decoder._crew._alive:
        limits = Path(f"/proc/{child._process.pid}/limits").read_text()
        soft = {line[:26].strip(): line[26:47].strip() for line in limits.splitlines()}
        assert soft["Max core file size"] == "0" and soft["Max address space"] == str(4 << 30)


def test_results_are_plain(decoder, tmp_path):
    image = decoder.decode(write_dicom(tmp_path / "a", RAMP, window=(100, 200)))
    assert isinstance(image, DecodedImage) and json.dumps(image.facts.as_dict())
    assert image.facts.intensity == "VOI window 100/200"
